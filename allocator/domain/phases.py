"""Which phases a school needs, and whether somebody serves them (domain D8, 3.2; contract 2)."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.domain.case import School
from allocator.domain.policy import PhaseRule

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
    """Each phase for itself: all-through lets by all-through schools only (contract 2); a middle school's deemed
    phase counts."""
    able = {STANDS_FOR.get(p, p) for p in phases}
    if school.phase == "all_through" and "all_through" in able:
        return True
    return all(able & one for one in wanted(school, part))
