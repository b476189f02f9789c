"""Every switch, number and weight, with its default, meaning and source (domain part 5): the settings of each rule and
the policy that they make; days and the steps of a plan have files of their own.

Keys are dotted (`tenure.limit`), the same in `policy.toml`, on a workbook's `policy` sheet and in
`{policy: {key, value}}` changes. A weight is one whole number, or one for each need.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel

from allocator.domain.case import Need
from allocator.domain.policy.days import Budget, Capacity, Days, Portfolio
from allocator.domain.policy.days import YearPart as YearPart
from allocator.domain.policy.steps import Fixes, Repair
from allocator.domain.policy.steps import RoundRules as RoundRules
from allocator.domain.policy.values import PolicyPart, switch, val, weight
from allocator.domain.policy.values import Weight as Weight


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


class TravelRule(PolicyPart):
    on: bool = switch("distance limits and points", "domain J2")
    max_km: float = val(60.0, "farthest, where the SIP gives no limit", "domain J2", ge=0)
    soft_km: float = val(25.0, "kilometres from which a journey counts against a pair", "domain J2", ge=0)
    weight: Weight = weight(3, "domain part 5 order")


class Separation(PolicyPart):
    on: bool = switch("support kept apart from validation", "domain G1-G4")
    needs: list[Need] = val(["top"], "needs that get a separate support SIP", "domain G3")


class Tenure(PolicyPart):
    on: bool = switch("a limit on consecutive years", "domain F5")
    review: int = val(3, "years after which both sides are asked", "domain F5", ge=1)
    limit: int = val(5, "most consecutive years without an extension", "domain F5", ge=1)
    first_year_amnesty: bool = switch("limits do not bite in a programme's first run", "contract 2", False)
    sole_specialist: Literal["extend", "rotate"] = val(
        "extend", "when nobody else may take the school", "contract 2, practice"
    )


class CoolingOff(PolicyPart):
    on: bool = switch("no return soon after a rotation", "domain F5, F7")
    years: int = val(2, "years before a SIP who reached the limit may return", "ours", ge=0)


class Protection(PolicyPart):
    on: bool = switch("schools changed against their will are not changed again", "domain F13")
    months: int = val(24, "how long a school is protected", "domain F13", ge=0)


class Continuity(PolicyPart):
    on: bool = switch("keep what works", "domain F4, F5, F12")
    by_year: dict[str, int] = val(
        {"2": 60, "3": 100, "4": 100, "5": 100, "6": 60, "7": 20},
        "how much it counts to keep a SIP into that year, of 100; later years as the last",
        "ours: the shape is domain F4, F5",
    )
    weight: Weight = weight({"low": 10, "standard": 10, "raised": 9, "high": 7, "top": 7}, "domain part 5 order")


class WishRule(PolicyPart):
    on: bool = switch("what schools and SIPs asked for", "domain E6, F3")
    weight: Weight = weight({"low": 8, "standard": 8, "raised": 7, "high": 5, "top": 5}, "domain part 5 order")


class Experience(PolicyPart):
    on: bool = switch("experience that fits the school's context", "domain E1, E12")
    small_pupils: int = val(120, "a school with at most this many pupils is small", "ours", ge=0)
    large_pupils: int = val(900, "a school with at least this many pupils is large", "ours", ge=0)
    high_fsm_percent: float = val(35.0, "free meals at or above this are high", "ours", ge=0)
    weight: Weight = weight({"low": 5, "standard": 5, "raised": 7, "high": 10, "top": 10}, "domain part 5 order")


class Focus(PolicyPart):
    on: bool = switch("the head's focus against the SIP's specialisms", "domain E1")
    weight: Weight = weight({"low": 5, "standard": 5, "raised": 6, "high": 8, "top": 8}, "domain part 5 order")


class Local(PolicyPart):
    on: bool = switch("known locally or fresh eyes, as the school asked", "domain C10")
    weight: Weight = weight(5, "domain part 5 order")


class FormerTie(PolicyPart):
    on: bool = switch("a past good working tie counts for", "domain F15, X6")
    weight: Weight = weight(2, "ours")


class Churn(PolicyPart):
    on: bool = switch("churn-hit schools are kept from newcomers", "domain F14")
    newcomer_months: int = val(12, "a SIP who joined within this time is a newcomer", "ours", ge=0)
    weight: Weight = weight(4, "domain part 5 order")


class Diary(PolicyPart):
    on: bool = switch("flexible diaries for schools in their inspection window", "domain B20")
    weight: Weight = weight(2, "ours")


class Balance(PolicyPart):
    on: bool = switch("load is evened out", "domain A11")
    price: int = val(8, "points for each quarter-day above a SIP's fair share", "ours", ge=0)


class Spread(PolicyPart):
    on: bool = switch("strong and needy schools are spread", "domain E9")
    price: int = val(60, "points for each needy or each strong school above the share", "ours", ge=0)


class Together(PolicyPart):
    on: bool = switch("kept with one SIP where it can be", "domain I1, practice")
    price: int = val(300, "points for each further SIP", "ours", ge=0)


class Cost(PolicyPart):
    on: bool = switch("cheaper day rates preferred", "domain L1", False)
    weight: Weight = weight(2, "domain part 5 order: last")


class Objective(PolicyPart):
    worst_first: bool = switch(
        "the school whose lead fits it least is served as well as can be, before the whole is made best",
        "contract 2",
        False,
    )
    floor: int | None = val(
        None,
        (
            "a school stays empty rather than have a lead who fits it less than this, counted as the weights "
            "are; blank = none"
        ),
        "contract 2",
    )


class Policy(PolicyPart):
    """The policy in force. `name` is one of the three shipped, or the manager's own."""

    name: str = val("balanced", "the policy's name", "ours")
    year: str | None = val(None, "the academic year planned, as 2026/27", "contract 1")
    require_training: bool = switch("training must be on record", "domain D5")
    require_board_approval: bool = switch("board approval must be on record", "domain D3")
    require_dbs: bool = switch("a valid DBS check must be on record", "domain D4")
    days: Days = Days()
    calendar: YearPart = YearPart()
    participation: Switch = Switch()
    phase: PhaseRule = PhaseRule()
    availability: Switch = Switch()
    eligibility: Eligibility = Eligibility()
    need: NeedRule = NeedRule()
    interest: Interests = Interests()
    own_ties: OwnTies = OwnTies()
    reciprocal: Switch = Switch()
    shared_head: Switch = Switch()
    refusal: Switch = Switch()
    parting: Parting = Parting()
    capacity: Capacity = Capacity()
    portfolio: Portfolio = Portfolio()
    travel: TravelRule = TravelRule()
    authority: Switch = Switch()
    decision: Switch = Switch()
    appraisal: Switch = Switch()
    separation: Separation = Separation()
    tenure: Tenure = Tenure()
    cooling_off: CoolingOff = CoolingOff()
    protection: Protection = Protection()
    continuity: Continuity = Continuity()
    wish: WishRule = WishRule()
    experience: Experience = Experience()
    focus: Focus = Focus()
    local: Local = Local()
    former_tie: FormerTie = FormerTie()
    churn: Churn = Churn()
    diary: Diary = Diary()
    balance: Balance = Balance()
    spread: Spread = Spread()
    halves: Together = Together()
    cluster: Together = Together(price=200)
    same_appraiser: Together = Together(price=150)
    cost: Cost = Cost()
    objective: Objective = Objective()
    repair: Repair = Repair()
    budget: Budget = Budget()
    fixes: Fixes = Fixes()
    round: RoundRules = RoundRules()


SHIPPED: dict[str, dict[str, Any]] = {
    "balanced": {},
    "steady": {
        "continuity": {"weight": {"low": 14, "standard": 14, "raised": 13, "high": 11, "top": 11}},
        "wish": {"weight": 6},
        "balance": {"price": 4},
        "spread": {"price": 30},
    },
    "need-first": {
        "days": {"model": "graduated"},
        "continuity": {"weight": {"low": 6, "standard": 6, "raised": 5, "high": 3, "top": 3}},
        "experience": {"weight": {"low": 4, "standard": 5, "raised": 9, "high": 14, "top": 14}},
        "focus": {"weight": {"low": 4, "standard": 5, "raised": 8, "high": 12, "top": 12}},
        "spread": {"price": 120},
    },
}


def shipped(name: str) -> Policy:
    """One of the three named policies: *steady*, *balanced*, *need-first*."""
    return Policy.model_validate({"name": name, **SHIPPED[name]})


def settings(policy: Policy) -> Iterator[tuple[str, Any, Any, str, str]]:
    """(key, value, default, meaning, source) of every setting, in reading order."""

    def walk(part: BaseModel, base: BaseModel, prefix: str) -> Iterator[tuple[str, Any, Any, str, str]]:
        for field, info in type(part).model_fields.items():
            value = getattr(part, field)
            if isinstance(value, BaseModel):
                yield from walk(value, getattr(base, field), f"{prefix}{field}.")
            else:
                extra = info.json_schema_extra
                source = str(extra.get("source", "")) if isinstance(extra, dict) else ""
                yield f"{prefix}{field}", value, getattr(base, field), info.description or "", source

    yield from walk(policy, Policy(), "")


def by_need(w: Weight, need: Need) -> int:
    """The weight that applies at a school of this need; a need not named weighs 0."""
    return w if isinstance(w, int) else w.get(need, 0)
