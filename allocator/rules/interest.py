"""A declared interest that is not cleared bars the pair (domain D9)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.interests import concerns, declarers
from allocator.rules.base import Rule
from allocator.words import words


class Interest(Rule):
    id = "interest"
    law = "domain D9"
    title = "Declared interests"
    meaning = "A declared interest that is not cleared bars the pair."
    barred = "have an interest not cleared"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        return declarers(facts, facts.schools[post.urn])

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        for row in facts.interests.get(sip.sip, ()):
            if row.kind != "former_adviser" and row.outcome != "cleared" and concerns(facts, row, school):
                if row.kind == "family":  # only barred or cleared is kept in words (practice)
                    return f"{sip.name} has a declared interest at {school.name} that bars the pair"
                state = "barred" if row.outcome == "barred" else "not decided yet, and bars until it is cleared"
                scope = "the school" if row.urn else f"the trust {row.trust}" if row.trust else f"{row.la}"
                return f"{sip.name} declared an interest ({words(row.kind)}) in {scope}: {state}"
        return None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if audience != "manager":
            return None
        school = facts.schools[post.urn]
        cleared = [r for r in facts.interests.get(sip.sip, ()) if r.outcome == "cleared" and concerns(facts, r, school)]
        if not cleared:
            return None
        by = f" by {cleared[0].decided_by}" if cleared[0].decided_by else ""
        return f"{sip.name} declared an interest here; it was cleared{by}"
