"""Whether a SIP's own days reach for a post at all, with nothing else beside it (rules.md, "Claims", no_room)."""

from __future__ import annotations

from typing import Literal

from allocator.allocate import Setup
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


def holds_if_locked(ready: Setup, at: Post, sip: str) -> bool:
    """Whether a lock could hold this SIP at a part beside what is fixed already, were the limit of years lifted:
    nobody else is locked there, and the SIP's own days and number of schools reach for it and for whatever they
    are locked to."""
    facts, row = ready.facts, ready.facts.sips.get(sip)
    if row is None or no_room(facts, at, row):
        return False
    fixed = [(urn, slot, who) for s in ready.structures if s.kind == "fixed" for urn, slot, who in s.pairs]
    if any((urn, slot) == at.key and who != sip for urn, slot, who in fixed):
        return False
    keys = dict.fromkeys([at.key, *((urn, slot) for urn, slot, who in fixed if who == sip)])
    if any(s.kind == "different" and set(s.posts) <= keys.keys() for s in ready.structures):
        return False
    posts = [ready.parts.by_key[k] for k in keys]
    if facts.policy.portfolio.on and len({p.urn for p in posts if p.kind == "lead"}) > facts.most_schools(row):
        return False
    if not facts.policy.capacity.on:
        return True
    spent, *_ = facts.spent(sip)
    least = [facts.load(p, row)[0] - max((q for q, _ in p.trims), default=0) for p in posts]
    return sum(least) <= max(0, facts.capacity(row) - spent)
