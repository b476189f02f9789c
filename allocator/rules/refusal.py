"""A used refusal bars the pair this year and next; a breakdown bars it until cleared (domain F1, F16)."""

from __future__ import annotations

from allocator.domain.calendar import first_year
from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Refused(Rule):
    id = "refusal"
    law = "domain F1, F16"
    setting = "refusal.on"

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school, year = facts.schools[post.urn], facts.year.start_year
        for row in facts.refusals(post.urn, sip.sip):
            if row.kind == "veto" and first_year(row.year) in (year, year - 1):
                return f"{school.name} used its refusal of {sip.name} in {row.year}; it stands for two years"
        broke = any(r.kind == "breakdown" for r in facts.refusals(post.urn, sip.sip)) or any(
            h.sip == sip.sip and h.ended == "breakdown" for h in facts.history(post.urn)
        )
        if broke and not facts.decisions("clear_breakdown", post.urn, sip.sip):
            return f"the work of {sip.name} with {school.name} broke down; it has not been cleared (clear_breakdown)"
        return None
