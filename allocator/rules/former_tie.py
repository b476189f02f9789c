"""A past good working tie counts for, not against (domain F15, X6)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.calendar import first_year
from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.interests import concerns, declarers
from allocator.rules.base import Rule


class FormerTie(Rule):
    id = "former_tie"
    law = "domain F15, X6"
    title = "A past good tie"
    meaning = "A past good working tie counts for, not against."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        if post.kind != "lead":
            return ()
        return {row.sip for row in facts.history(post.urn)} | declarers(facts, facts.schools[post.urn])

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        if post.kind != "lead" or facts.incumbent(post.urn) == sip.sip:
            return 0
        school = facts.schools[post.urn]
        if any(r.kind == "former_adviser" and concerns(facts, r, school) for r in facts.interests.get(sip.sip, ())):
            return 100
        rows = [r for r in facts.history(post.urn) if r.sip == sip.sip and first_year(r.year) < facts.year.start_year]
        if not rows:
            return 0
        latest = max(first_year(r.year) for r in rows)
        good = all(r.ended in (None, "end_of_year", "rotation") for r in rows if first_year(r.year) == latest)
        return 100 if good else 0

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points:
            return None
        return {
            "school": f"{sip.name} knows your school from earlier work",
            "sip": "you know the school from earlier work",
            "manager": f"{sip.name} knows the school from earlier work",
        }[audience]
