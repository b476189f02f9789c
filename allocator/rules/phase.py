"""A SIP must serve the school's phase (domain D8, E3; mapping of phases 3.2)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from allocator.domain.case import School, Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import PhaseRule
from allocator.rules.base import Rule

STANDS_FOR = {
    "middle_primary": ("primary",),
    "middle_secondary": ("secondary",),
    "all_through": ("primary", "secondary"),
}


def competence(phases: Iterable[str]) -> set[str]:
    """Phases as competence: a middle school's deemed phase counts, all-through counts as both."""
    return {c for p in phases for c in STANDS_FOR.get(p, (p,))}


def wanted(school: School, part: PhaseRule) -> tuple[set[str], ...]:
    """What the school needs: every set must be met by at least one phase of it."""
    if school.phase == "all_through":
        choice = school.phase_choice
        return ({choice},) if choice in ("primary", "secondary") else ({"primary"}, {"secondary"})
    if school.phase == "nursery":
        return ({"nursery", "primary"} if part.nursery_as_primary else {"nursery"},)
    if school.phase == "sixteen_plus":
        return ({"sixteen_plus", "secondary"} if part.sixteen_plus_as_secondary else {"sixteen_plus"},)
    return ({STANDS_FOR.get(school.phase, (school.phase,))[0]},)


def serves(phases: Iterable[str], school: School, part: PhaseRule) -> bool:
    able = competence(phases)
    return all(able & one for one in wanted(school, part))


class PhaseMatch(Rule):
    id = "phase"
    law = "domain D8, E3, 3.2"
    setting = "phase.on"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        school = facts.schools[post.urn]
        return school.phase, school.phase_choice

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        if serves(sip.phases, school, facts.policy.phase):
            return None
        have = ", ".join(p.replace("_", " ") for p in sip.phases)
        need = " and ".join(" or ".join(sorted(one)).replace("_", " ") for one in wanted(school, facts.policy.phase))
        return f"{sip.name} works in {have}; {school.name} needs {need}"
