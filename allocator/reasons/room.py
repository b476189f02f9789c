"""Whether a SIP's own days reach for a post at all, with nothing else beside it (rules.md, "Claims", no_room)."""

from __future__ import annotations

from typing import Literal

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post

Period = Literal["autumn_1", "autumn_2", "spring", "summer", "year", "schools"]
PERIODS: tuple[Period, ...] = ("autumn_1", "autumn_2", "spring", "summer")


def no_room(facts: Facts, post: Post, sip: Sip) -> Period | None:
    """Where the days do not reach, however few the post is given: a period, the year, or `schools` for one who
    leads none."""
    if facts.policy.portfolio.on and post.kind == "lead" and facts.most_schools(sip) == 0:
        return "schools"
    if not facts.policy.capacity.on:
        return None
    whole, *load = facts.load(post, sip)
    spent, *past = facts.spent(sip.sip)
    ways = [(0, (0, 0, 0, 0)), *post.trims]
    for n, most in enumerate(facts.period_hard(sip)):
        if most is not None and all(load[n] - less[n] > max(0, most - past[n]) for _, less in ways):
            return PERIODS[n]
    room = max(0, facts.capacity(sip) - spent)
    return "year" if all(whole - short > room for short, _ in ways) else None
