"""A SIP must serve the school's phase (domain D8, E3; mapping of phases 3.2)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from allocator.domain.case import School, Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import PhaseRule
from allocator.rules.base import Rule
from allocator.words import listed

STANDS_FOR = {"middle_primary": "primary", "middle_secondary": "secondary"}


def wanted(school: School, part: PhaseRule) -> tuple[set[str], ...]:
    """What the school needs: every set must be met by at least one phase of it."""
    if school.phase == "all_through":
        choice = school.phase_choice
        return ({choice},) if choice in ("primary", "secondary") else ({"primary"}, {"secondary"})
    if school.phase == "nursery":
        return ({"nursery", "primary"} if part.nursery_as_primary else {"nursery"},)
    if school.phase == "sixteen_plus":
        return ({"sixteen_plus", "secondary"} if part.sixteen_plus_as_secondary else {"sixteen_plus"},)
    return ({STANDS_FOR.get(school.phase, school.phase)},)


def serves(phases: Iterable[str], school: School, part: PhaseRule) -> bool:
    """Each phase for itself: all-through lets by all-through schools only (contract 2); a middle school's deemed phase counts."""
    able = {STANDS_FOR.get(p, p) for p in phases}
    if school.phase == "all_through" and "all_through" in able:
        return True
    return all(able & one for one in wanted(school, part))


class PhaseMatch(Rule):
    id = "phase"
    law = "domain D8, E3, 3.2; contract 2"
    setting = "phase.on"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        school = facts.schools[post.urn]
        return school.phase, school.phase_choice

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        if serves(sip.phases, school, facts.policy.phase):
            return None
        have = ", ".join(p.replace("_", " ") for p in sip.phases)
        return f"{sip.name} works in {have}; {school.name} needs {_needed(facts, school)}"

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        school = facts.schools[post.urn]
        if audience == "sip" or serves(sip.headship_phases, school, facts.policy.phase):
            return None
        if sip.ever_head is False:
            return f"{sip.name} has not been a headteacher"
        if sip.headship_phases:
            had = listed(sorted(p.replace("_", " ") for p in sip.headship_phases))
            return f"{sip.name} was a headteacher in {had}, not in {_needed(facts, school)}"
        return None  # not recorded: nothing is known, so nothing is said


def _needed(facts: Facts, school: School) -> str:
    return " and ".join(" or ".join(sorted(one)).replace("_", " ") for one in wanted(school, facts.policy.phase))
