"""Settings of rules that give points, and of the aim."""

from __future__ import annotations

from allocator.domain.policy.values import PolicyPart, Weight, switch, val, weight


class TravelRule(PolicyPart):
    on: bool = switch("distance limits and points", "domain J2")
    max_km: float = val(60.0, "farthest, where the SIP gives no limit", "domain J2", ge=0)
    soft_km: float = val(25.0, "kilometres from which a journey counts against a pair", "domain J2", ge=0)
    weight: Weight = weight(3, "domain part 5 order")


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
