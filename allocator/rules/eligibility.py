"""Who may be a SIP at all: headship in the phase (domain C3); serving heads' all-of / one-of (domain D1)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.clause import Clause
from allocator.domain.facts import Facts, Post, plain
from allocator.domain.phases import serves
from allocator.rules.base import Rule


class Eligibility(Rule):
    id = "eligibility"
    law = "domain D1, C3, C13"
    title = "Who may be a SIP"
    meaning = "Who may be a SIP at all: headship in the phase, and what a serving head must show."
    barred = "are not eligible"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        school = facts.schools[post.urn]
        return school.phase, school.phase_choice

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        part, school = facts.policy.eligibility, facts.schools[post.urn]
        if part.headship_in_phase and not (sip.ever_head and serves(sip.headship_phases, school, facts.policy.phase)):
            return f"{sip.name} has no headship on record in the phase of {school.name}"
        if sip.kind != "serving_head":
            return None
        if part.governor_release and not sip.governor_release:
            return f"no release by {sip.name}'s governors on record"
        failed = [c for c in part.serving_head_all_of if not Clause(c).met(sip)]
        if failed:
            return f"{sip.name}, a serving head, does not meet: {'; '.join(failed)}"
        if part.serving_head_one_of and not evidence_met(facts, sip):
            return f"{sip.name}, a serving head, has none of: {', '.join(part.serving_head_one_of)}"
        return None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        part = facts.policy.eligibility
        if audience != "manager" or sip.kind != "serving_head":
            return None
        met = [*part.serving_head_all_of, *evidence_met(facts, sip)]
        return f"{sip.name} meets: {'; '.join(met)}" if met else None


def evidence_met(facts: Facts, sip: Sip) -> list[str]:
    """Which of the one-of list this SIP has, so that a manager sees the clause met (domain X12)."""
    held = {plain(e) for e in sip.evidence}
    return [e for e in facts.policy.eligibility.serving_head_one_of if plain(e) in held]
