"""Days and capacity: what a school is due, the year's parts, what a SIP can give."""

from typing import Literal

from allocator.domain.case import Kind, Need
from allocator.domain.policy.values import PolicyPart, switch, val


class Days(PolicyPart):
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


class YearPart(PolicyPart):
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
        "10-31",
        "a SIP joining by this month-day may take a whole year's post",
        "ours",
        pattern=r"^\d\d-\d\d$",
    )


class Capacity(PolicyPart):
    on: bool = switch("year and period days are limits", "domain B9, J1")
    overhead: float = val(4.0, "days a year off the top of a full-timer", "domain B11", ge=0)
    full_time_days: float = val(
        75.0,
        "days at which the whole overhead is taken; less for part-timers",
        "domain A5 x B1: 15 schools x 5 days",
        gt=0,
    )
    reserve_percent: float = val(5.0, "percent of a SIP's days kept free", "domain B19", ge=0, le=50)
    period_stretch: float = val(1.1, "a period limit may be stretched by this factor, at a price", "contract 2", ge=1)
    stretch_price: int = val(20, "points for each quarter-day over a period limit", "ours", ge=0)
    max_schools: dict[Kind, int] = val(
        {"la_adviser": 15, "serving_head": 3, "retired_head": 10, "consultant": 10},
        "most schools as lead, by kind, where the row is blank",
        "domain A5-A7, C13",
    )
    min_schools: dict[Kind, int] = val(
        {"la_adviser": 0, "serving_head": 0, "retired_head": 0, "consultant": 0},
        "fewest schools as lead if any, by kind, where the row is blank",
        "domain A7 (not hard)",
    )


class Portfolio(PolicyPart):
    on: bool = switch("most and fewest schools a SIP leads are limits", "domain A5-A7")


class Budget(PolicyPart):
    """A cap on all days together, the service's own extra time counted (domain L5)."""

    days: float | None = val(None, "most days in all, new pairings included; blank = no cap", "domain L5", ge=0)
