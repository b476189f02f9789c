"""Settings of rules that bar a pair, or bind several posts."""

from __future__ import annotations

from typing import Literal

from allocator.domain.case import Need
from allocator.domain.policy.values import PolicyPart, switch, val


class Switch(PolicyPart):
    on: bool = switch("this rule is in force", "domain part 5")


class PhaseRule(PolicyPart):
    on: bool = switch("a SIP must serve the school's phase", "domain D8, E3")
    nursery_as_primary: bool = switch("a primary SIP may take a nursery school", "ours")
    sixteen_plus_as_secondary: bool = switch("a secondary SIP may take 16-plus", "ours")


class Eligibility(PolicyPart):
    on: bool = switch("who may be a SIP at all", "domain D1, C3")
    headship_in_phase: bool = switch("every SIP must have been a head in the phase", "domain C3", False)
    governor_release: bool = switch("serving heads need governors' release", "domain C13", False)
    serving_head_all_of: list[str] = val(
        [], "clauses a serving head must all meet, e.g. `headship_years >= 5`", "domain D1"
    )
    serving_head_one_of: list[str] = val(
        [], "evidence of which a serving head must have at least one", "domain D1, X12"
    )


class NeedRule(PolicyPart):
    on: bool = switch("a school's position demands experience", "domain E10, 3.1")
    requires: dict[str, list[str]] = val(
        {
            "special_measures": ["special_measures"],
            "significant_improvement": ["special_measures", "ri_to_good"],
            "top_need": ["special_measures", "ri_to_good"],
        },
        "what a school's position asks for: experience, any one of which is enough",
        "ours (domain E10 makes it a choice)",
    )


class Interests(PolicyPart):
    on: bool = switch("a declared interest not cleared bars the pair", "domain D9")


class OwnTies(PolicyPart):
    on: bool = switch("a SIP's own school, trust and cluster are barred", "domain C8, C12, E1")
    serving_head_same_la: Literal["off", "notice", "needs_yes"] = val(
        "needs_yes", "a serving head in the school's authority", "domain C8, part 5"
    )
    near_km: float = val(
        3.0,
        "a serving head's own school nearer than this, same phase, is a competitor",
        "ours (domain C12)",
        ge=0,
    )


class Tenure(PolicyPart):
    on: bool = switch("a limit on consecutive years", "domain F5")
    review: int = val(3, "years after which both sides are asked", "domain F5", ge=1)
    limit: int = val(5, "most consecutive years without an extension", "domain F5", ge=1)
    first_year_amnesty: bool = switch("limits do not bite in a programme's first run", "contract 2", False)
    sole_specialist: Literal["extend", "rotate"] = val(
        "extend", "when nobody else may take the school", "contract 2, practice"
    )


class Parting(PolicyPart):
    on: bool = switch(
        "a strong wish to part is kept, and a pair that one side ended does not return soon", "practice, domain F6"
    )
    years: int = val(
        3,
        "years for which a pair that the school or the SIP asked to end may not lead again; `allow_return` lifts it",
        "contract 2",
        ge=0,
    )


class CoolingOff(PolicyPart):
    on: bool = switch("no return soon after a rotation", "domain F5, F7")
    years: int = val(2, "years before a SIP who reached the limit may return", "ours", ge=0)


class Separation(PolicyPart):
    on: bool = switch("support kept apart from validation", "domain G1-G4")
    needs: list[Need] = val(["top"], "needs that get a separate support SIP", "domain G3")


class Protection(PolicyPart):
    on: bool = switch("schools changed against their will are not changed again", "domain F13")
    months: int = val(24, "how long a school is protected", "domain F13", ge=0)
