"""Every switch, number and weight, with its default, meaning and source (domain part 5).

Keys are dotted (`tenure.limit`), the same in `policy.toml`, on a workbook's `policy` sheet and in
`{policy: {key, value}}` changes. A weight is one whole number, or one for each need.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case import Kind, Need

Weight = int | dict[Need, int]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def val(default: Any, meaning: str, source: str, **kw: Any) -> Any:
    """One setting: default, meaning in a manager's words, and where the default comes from."""
    if isinstance(default, dict | list):
        return Field(
            default_factory=lambda: type(default)(default),
            description=meaning,
            json_schema_extra={"source": source},
            **kw,
        )
    return Field(default, description=meaning, json_schema_extra={"source": source}, **kw)


def switch(meaning: str, source: str, default: bool = True) -> Any:
    return val(default, meaning, source)


def weight(default: int | dict[str, int], source: str) -> Any:
    return val(default, "how much this counts: a whole number, or one for each need", source)


class Days(Part):
    model: Literal["flat", "graduated"] = val("flat", "the same days for every school, or by need", "domain B1, B14")
    flat: float = val(5.0, "days a school is due under *flat*", "domain B1", gt=0)
    graduated: dict[Need, float] = val(
        {"low": 3.0, "standard": 5.0, "raised": 8.0, "high": 12.0, "top": 12.0},
        "days a school is due by need under *graduated*; top is bespoke, give it in `days`",
        "domain part 5 (B13-B16); top: ours",
    )
    face_to_face: float = val(3.0, "of which in school, shown in letters", "domain B3, X1", ge=0)
    floor: float = val(2.0, "no school is given fewer days than this", "domain B15", ge=0)
    trim_step: float = val(0.5, "days are trimmed in steps of this", "contract 2", gt=0)
    support: float = val(3.0, "days of a support post", "ours", ge=0)
    appraisal: float = val(0.5, "days of an appraisal post", "domain B6", ge=0)
    new_pairing: float = val(0.5, "extra days a new pairing costs the service", "domain B10", ge=0)
    new_head: float = val(0.5, "extra days for a head's first year", "domain B18", ge=0)


class YearPart(Part):
    autumn_1: int = val(15, "percent of a post's days, September and October", "domain B5, B7", ge=0)
    autumn_2: int = val(35, "percent, November and December (the peak)", "domain B7, B9", ge=0)
    spring: int = val(25, "percent, January to mid-April", "domain B7", ge=0)
    summer: int = val(25, "percent, from mid-April", "domain B7", ge=0)
    last_day: str = val("07-31", "month-day of the last planned day", "ours", pattern=r"^\d\d-\d\d$")
    appraisal_by: str = val("12-31", "month-day by which an appraisal is done", "domain 3.4", pattern=r"^\d\d-\d\d$")
    spring_starts: str = val("01-01", "month-day on which spring begins", "ours", pattern=r"^\d\d-\d\d$")
    summer_starts: str = val("04-16", "month-day on which summer begins", "ours", pattern=r"^\d\d-\d\d$")
    autumn_2_starts: str = val(
        "11-01", "month-day on which the second half of the autumn begins", "domain B7", pattern=r"^\d\d-\d\d$"
    )
    latest_start: str = val(
        "10-31", "a SIP joining by this month-day may take a whole year's post", "ours",
        pattern=r"^\d\d-\d\d$",
    )  # fmt: skip


class Capacity(Part):
    on: bool = switch("year and period days are limits", "domain B9, J1")
    overhead: float = val(4.0, "days a year off the top of a full-timer", "domain B11", ge=0)
    full_time_days: float = val(
        75.0, "days at which the whole overhead is taken; less for part-timers",
        "domain A5 x B1: 15 schools x 5 days", gt=0,
    )  # fmt: skip
    reserve_percent: float = val(5.0, "percent of a SIP's days kept free", "domain B19", ge=0, le=50)
    period_stretch: float = val(1.1, "a period limit may be stretched by this factor, at a price", "contract 2", ge=1)
    stretch_price: int = val(20, "points for each quarter-day over a period limit", "ours", ge=0)
    max_schools: dict[Kind, int] = val(
        {"la_adviser": 15, "serving_head": 3, "retired_head": 10, "consultant": 10},
        "most schools as lead, by kind, where the row is blank", "domain A5-A7, C13",
    )  # fmt: skip
    min_schools: dict[Kind, int] = val(
        {"la_adviser": 0, "serving_head": 0, "retired_head": 0, "consultant": 0},
        "fewest schools as lead if any, by kind, where the row is blank", "domain A7 (not hard)",
    )  # fmt: skip


class Portfolio(Part):
    on: bool = switch("most and fewest schools a SIP leads are limits", "domain A5-A7")


class Switch(Part):
    on: bool = switch("this rule is in force", "domain part 5")


class PhaseRule(Part):
    on: bool = switch("a SIP must serve the school's phase", "domain D8, E3")
    nursery_as_primary: bool = switch("a primary SIP may take a nursery school", "ours")
    sixteen_plus_as_secondary: bool = switch("a secondary SIP may take 16-plus", "ours")


class Eligibility(Part):
    on: bool = switch("who may be a SIP at all", "domain D1, C3")
    headship_in_phase: bool = switch("every SIP must have been a head in the phase", "domain C3", False)
    governor_release: bool = switch("serving heads need governors' release", "domain C13", False)
    serving_head_all_of: list[str] = val(
        [], "clauses a serving head must all meet, e.g. `headship_years >= 5`", "domain D1"
    )
    serving_head_one_of: list[str] = val(
        [], "evidence of which a serving head must have at least one", "domain D1, X12"
    )


class NeedRule(Part):
    on: bool = switch("a school's position demands experience", "domain E10, 3.1")
    requires: dict[str, list[str]] = val(
        {
            "special_measures": ["special_measures"],
            "significant_improvement": ["special_measures", "ri_to_good"],
            "top_need": ["special_measures", "ri_to_good"],
        },
        "flag -> experience tags, any one of which is enough", "ours (domain E10 makes it a choice)",
    )  # fmt: skip


class Interests(Part):
    on: bool = switch("a declared interest not cleared bars the pair", "domain D9")


class OwnTies(Part):
    on: bool = switch("a SIP's own school, trust and cluster are barred", "domain C8, C12, E1")
    serving_head_same_la: Literal["off", "notice", "needs_yes"] = val(
        "needs_yes", "a serving head in the school's authority", "domain C8, part 5"
    )
    near_km: float = val(
        3.0, "a serving head's own school nearer than this, same phase, is a competitor",
        "ours (domain C12)", ge=0,
    )  # fmt: skip


class Tenure(Part):
    on: bool = switch("a limit on consecutive years", "domain F5")
    review: int = val(3, "years after which both sides are asked", "domain F5", ge=1)
    limit: int = val(5, "most consecutive years without an extension", "domain F5", ge=1)
    first_year_amnesty: bool = switch("limits do not bite in a programme's first run", "contract 2", False)
    sole_specialist: Literal["extend", "rotate"] = val(
        "extend", "when nobody else may take the school", "contract 2, practice"
    )


class CoolingOff(Part):
    on: bool = switch("no return soon after a rotation", "domain F5, F7")
    years: int = val(2, "years before a SIP who reached the limit may return", "ours", ge=0)


class TravelRule(Part):
    on: bool = switch("distance limits and points", "domain J2")
    max_km: float = val(60.0, "farthest, where the SIP gives no limit", "domain J2", ge=0)
    soft_km: float = val(25.0, "kilometres from which a journey counts against a pair", "domain J2", ge=0)
    weight: Weight = weight(3, "domain part 5 order")


class Separation(Part):
    on: bool = switch("support kept apart from validation", "domain G1-G4")
    needs: list[Need] = val(["top"], "needs that get a separate support SIP", "domain G3")


class Protection(Part):
    on: bool = switch("schools changed against their will are not changed again", "domain F13")
    months: int = val(24, "how long a school is protected", "domain F13", ge=0)


class Continuity(Part):
    on: bool = switch("keep what works", "domain F4, F5, F12")
    by_year: dict[str, int] = val(
        {"2": 60, "3": 100, "4": 100, "5": 100, "6": 60, "7": 20},
        "points (-100 to 100) for keeping a SIP into that year; later years as the last",
        "ours: the shape is domain F4, F5",
    )
    weight: Weight = weight({"low": 10, "standard": 10, "raised": 9, "high": 7, "top": 7}, "part 5 order")


class WishRule(Part):
    on: bool = switch("what schools and SIPs asked for", "domain E6, F3")
    weight: Weight = weight({"low": 8, "standard": 8, "raised": 7, "high": 5, "top": 5}, "part 5 order")


class Experience(Part):
    on: bool = switch("experience that fits the school's context", "domain E1, E12")
    small_pupils: int = val(120, "a school with at most this many pupils is small", "ours", ge=0)
    large_pupils: int = val(900, "a school with at least this many pupils is large", "ours", ge=0)
    high_fsm_percent: float = val(35.0, "free meals at or above this are high", "ours", ge=0)
    weight: Weight = weight({"low": 5, "standard": 5, "raised": 7, "high": 10, "top": 10}, "part 5 order")


class Focus(Part):
    on: bool = switch("the head's focus against the SIP's specialisms", "domain E1")
    weight: Weight = weight({"low": 5, "standard": 5, "raised": 6, "high": 8, "top": 8}, "part 5 order")


class Local(Part):
    on: bool = switch("known locally or fresh eyes, as the school asked", "domain C10")
    weight: Weight = weight(5, "domain part 5 order")


class FormerTie(Part):
    on: bool = switch("a past good working tie counts for", "domain F15, X6")
    weight: Weight = weight(2, "ours")


class Churn(Part):
    on: bool = switch("churn-hit schools are kept from newcomers", "domain F14")
    newcomer_months: int = val(12, "a SIP who joined within this time is a newcomer", "ours", ge=0)
    weight: Weight = weight(4, "domain part 5 order")


class Diary(Part):
    on: bool = switch("flexible diaries for schools in their inspection window", "domain B20")
    weight: Weight = weight(2, "ours")


class Balance(Part):
    on: bool = switch("load is evened out", "domain A11")
    price: int = val(8, "points for each quarter-day above a SIP's fair share", "ours", ge=0)


class Spread(Part):
    on: bool = switch("strong and needy schools are spread", "domain E9")
    price: int = val(60, "points for each needy or each strong school above the share", "ours", ge=0)


class Together(Part):
    on: bool = switch("kept with one SIP where it can be", "domain I1, practice")
    price: int = val(300, "points for each further SIP", "ours", ge=0)


class Cost(Part):
    on: bool = switch("cheaper day rates preferred", "domain L1", False)
    weight: Weight = weight(2, "domain part 5 order: last")


class Objective(Part):
    worst_first: bool = switch(
        "the school whose lead fits it least is served as well as can be, before the whole is made best", "contract 2", False
    )  # fmt: skip
    floor: int | None = val(
        None, "a school stays empty rather than have a lead who fits it less than this, counted as the weights are; blank = none", "contract 2"
    )  # fmt: skip


class Repair(Part):
    release: Literal["fewest", "never"] = val(
        "fewest", "may other schools move so that a post is filled", "domain F12, contract 2"
    )
    days_first: Literal["auto", "always", "never"] = val(
        "auto", "may a school be moved to save days short? auto: only where the change takes no days and asks for none, "
        "as a refusal does", "contract 2 order; auto: domain F12",
    )  # fmt: skip
    need_of_category: dict[str, Need] = val(
        {"SM": "top", "SWK": "high", "RSI": "high"}, "need is raised at least to this when a category comes in the year",
        "ours (domain B13, G3)",
    )  # fmt: skip


class Budget(Part):
    """A cap on all days together, the service's own extra time counted (domain L5)."""

    days: float | None = val(None, "most days in all, new pairings included; blank = no cap", "domain L5", ge=0)


class Fixes(Part):
    menu: list[str] = val(
        ["days", "max_schools", "extend_tenure", "accept_local_head", "unlock", "new_sip"],
        "what may be suggested to fill an empty post", "ours",
    )  # fmt: skip
    most_days: float = val(10.0, "most extra days suggested for one SIP", "ours", ge=0)


class RoundRules(Part):
    mode: Literal["assign_with_veto", "agree_with_school"] = val(
        "assign_with_veto", "the school may refuse once, or head and chair agree", "domain F1, F2, X2"
    )
    vetoes: int = val(1, "refusals a school may make in a round", "domain F1", ge=0)
    silence: Literal["accepts", "waits"] = val("accepts", "what no answer by the deadline means", "practice")
    answer_days: int = val(14, "days a school has to answer", "ours", ge=1)
    remind_days: int = val(4, "a reminder is due this many days before", "ours", ge=0)
    concern_veto: Literal["manager_decides", "counts"] = val(
        "manager_decides", "a concern school's refusal is a representation", "practice"
    )
    query_days: int = val(10, "days within which a query is answered", "domain 3.7", ge=1)
    sips_first: bool = val(False, "a school is told only once its SIP has said yes or let the date pass", "practice")
    ladder: list[str] = val(
        ["SIP manager", "assistant director"], "who hears a second refusal, in turn", "practice, M1"
    )


class Policy(Part):
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
    parting: Switch = Switch()
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
