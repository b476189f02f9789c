"""Settings of what happens to a plan: repairs, fixes, the steps of a round."""

from typing import Literal

from allocator.domain.case import Need
from allocator.domain.policy.values import PolicyPart, val


class Repair(PolicyPart):
    release: Literal["fewest", "never"] = val(
        "fewest", "may other schools move so that a post is filled", "domain F12, contract 2"
    )
    days_first: Literal["auto", "always", "never"] = val(
        "auto",
        "may a school be moved to save days short? auto: only where the change takes no days and asks for none, "
        "as a refusal does",
        "contract 2 order; auto: domain F12",
    )
    handover: int = val(
        300,
        "points that each further person costs at a post that several hold within the year",
        "ours (domain F12)",
        ge=0,
    )
    need_of_category: dict[str, Need] = val(
        {"SM": "top", "SWK": "high", "RSI": "high"},
        "need is raised at least to this when a category comes in the year",
        "ours (domain B13, G3)",
    )


class Fixes(PolicyPart):
    menu: list[str] = val(
        [
            "days",
            "budget",
            "max_schools",
            "min_schools",
            "extend_tenure",
            "accept_local_head",
            "decide_interest",
            "ask_lead_appraisal",
            "renew_check",
            "unlock",
            "new_sip",
        ],
        "what may be suggested to fill an empty post",
        "ours",
    )
    most_days: float = val(10.0, "most extra days suggested for one SIP", "ours", ge=0)


class RoundRules(PolicyPart):
    mode: Literal["assign_with_veto", "agree_with_school"] = val(
        "assign_with_veto", "the school may refuse once, or head and chair agree", "domain F1, F2, X2"
    )
    vetoes: int = val(1, "refusals a school may make in a round", "domain F1", ge=0)
    silence: Literal["accepts", "waits"] = val("accepts", "what no answer by the deadline means", "practice")
    answer_days: int = val(14, "days a school has to answer", "ours", ge=1, le=366)
    remind_days: int = val(4, "a reminder is due this many days before", "ours", ge=0, le=366)
    concern_veto: Literal["manager_decides", "counts"] = val(
        "manager_decides", "a concern school's refusal is a representation", "practice"
    )
    query_days: int = val(10, "days within which a query is answered", "domain 3.7", ge=1, le=366)
    sips_first: bool = val(False, "a school is told only once its SIP has said yes or let the date pass", "practice")
    ladder: list[str] = val(
        ["SIP manager", "assistant director"], "who hears a second refusal, in turn", "practice, domain M1"
    )
