"""Keep what works: points for keeping last year's SIP, by tenure year (domain F4, F5, F8, F12)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule
from allocator.words import years


class Continuity(Rule):
    id = "continuity"
    law = "domain F4, F5, F12"
    title = "Continuity"
    meaning = "Keep what works: last year's SIP stays where it can, most of all in the third to fifth year."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        was = facts.incumbent(post.urn) if post.kind == "lead" else None
        return (was,) if was else ()

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        if post.kind != "lead" or facts.incumbent(post.urn) != sip.sip:
            return 0
        table = {int(k): v for k, v in facts.policy.continuity.by_year.items()}
        year = facts.tenure_year(post.urn, sip.sip)
        return table.get(year, table[max(table)] if table and year > max(table) else 0)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points:
            return None
        held = years(facts.tenure_year(post.urn, sip.sip) - 1)
        if audience == "school":
            return f"{sip.name} has been your partner for {held}"
        if audience == "sip":
            return f"you have been with the school for {held}"
        return f"{sip.name} has led this school for {held}"
