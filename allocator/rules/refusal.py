"""A used refusal bars the pair this year and next; a breakdown bars it until cleared (domain F1, F16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from allocator.domain.calendar import first_year
from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Refusal(Rule):
    id = "refusal"
    law = "domain F1, F16"
    title = "Refusals"
    meaning = (
        "A school is not offered again, this year or next, someone it has refused; after a breakdown, not "
        "until it is cleared."
    )
    barred = "have been refused"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        broke = {row.sip for row in facts.history(post.urn) if row.ended == "breakdown"}
        refused = facts.once("refused", lambda: refused_by(facts))
        return broke.union(*(refused.get(old, ()) for old in facts.predecessors(post.urn)))

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school, year = facts.schools[post.urn], facts.year.start_year
        for row in facts.refusals(post.urn, sip.sip):
            if row.kind == "veto" and first_year(row.year) in (year, year - 1):
                return f"{school.name} used its refusal of {sip.name} in {row.year}; it stands for two years"
        broke = any(r.kind == "breakdown" for r in facts.refusals(post.urn, sip.sip)) or any(
            h.sip == sip.sip and h.ended == "breakdown" for h in facts.history(post.urn)
        )
        if broke and not facts.decisions("clear_breakdown", post.urn, sip.sip):
            return f"the work of {sip.name} with {school.name} broke down; it has not been cleared"
        return None


def refused_by(facts: Facts) -> dict[str, set[str]]:
    """URN -> SIPs it has ever refused."""
    out: dict[str, set[str]] = defaultdict(set)
    for row in facts.case.refusals:
        out[row.urn].add(row.sip)
    return out
