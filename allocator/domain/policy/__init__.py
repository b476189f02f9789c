"""Every switch, number and weight, with its default, meaning and source (domain part 5).

Keys are dotted (`tenure.limit`), the same in `policy.toml`, on a workbook's `policy` sheet and in
`{policy: {key, value}}` changes. A weight is one whole number, or one for each need.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from allocator.domain.case import Need
from allocator.domain.policy.bars import CoolingOff as CoolingOff
from allocator.domain.policy.bars import Eligibility as Eligibility
from allocator.domain.policy.bars import Interests as Interests
from allocator.domain.policy.bars import NeedRule as NeedRule
from allocator.domain.policy.bars import OwnTies as OwnTies
from allocator.domain.policy.bars import Parting as Parting
from allocator.domain.policy.bars import PhaseRule as PhaseRule
from allocator.domain.policy.bars import Protection as Protection
from allocator.domain.policy.bars import Separation as Separation
from allocator.domain.policy.bars import Switch as Switch
from allocator.domain.policy.bars import Tenure as Tenure
from allocator.domain.policy.days import Budget as Budget
from allocator.domain.policy.days import Capacity as Capacity
from allocator.domain.policy.days import Days as Days
from allocator.domain.policy.days import Portfolio as Portfolio
from allocator.domain.policy.days import YearPart as YearPart
from allocator.domain.policy.points import Balance as Balance
from allocator.domain.policy.points import Churn as Churn
from allocator.domain.policy.points import Continuity as Continuity
from allocator.domain.policy.points import Cost as Cost
from allocator.domain.policy.points import Diary as Diary
from allocator.domain.policy.points import Experience as Experience
from allocator.domain.policy.points import Focus as Focus
from allocator.domain.policy.points import FormerTie as FormerTie
from allocator.domain.policy.points import Local as Local
from allocator.domain.policy.points import Objective as Objective
from allocator.domain.policy.points import Spread as Spread
from allocator.domain.policy.points import Together as Together
from allocator.domain.policy.points import TravelRule as TravelRule
from allocator.domain.policy.points import WishRule as WishRule
from allocator.domain.policy.steps import Fixes as Fixes
from allocator.domain.policy.steps import Repair as Repair
from allocator.domain.policy.steps import RoundRules as RoundRules
from allocator.domain.policy.values import PolicyPart, switch, val
from allocator.domain.policy.values import Weight as Weight


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
