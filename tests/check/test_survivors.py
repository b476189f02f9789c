"""The auditor where mutants of it lived: what is stretched of a period used up already, and who takes a post on."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from allocator.check.audit import audit
from allocator.check.team import Team, team_costs
from allocator.domain.policy import Policy
from allocator.questions.scenario import scenario
from allocator.reasons.answer import solve, world
from tests import make


@pytest.mark.parametrize(
    ("limit", "spent", "days", "over"), [(4, 0, 3, 0), (4, 0, 6, 2), (4, 4, 2, 2), (4, 6, 2, 2), (4, 3, 2, 1)]
)
def test_days_beyond_what_is_left_of_a_period_are_stretched(limit: int, spent: int, days: int, over: int) -> None:
    book: Any = SimpleNamespace(policy=make.policy(), sips={"A": make.sip("A")}, limits=lambda _: (limit,))
    stand: Any = SimpleNamespace(b=book, spent=lambda _: (spent,))
    price = book.policy.capacity.stretch_price
    assert price > 0
    assert team_costs(Team(stand, {}, [], []), {}, {"A": [days]}) == ({"stretch": over * price} if over else {})


def test_whoever_may_not_hold_a_post_and_takes_it_on_within_the_year_is_named_with_the_day() -> None:
    """A plan gone on from, with another SIP written into the row that somebody takes over."""
    bars = [{"sip": "B", "urn": "1", "kind": "family"}]
    sips = [make.sip("A"), make.sip("B"), make.sip("C")]
    start = make.case([make.school("1")], sips, interests=bars, history=make.led("1", "A", "2025/26"))
    gone = [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}]
    plan = scenario(solve(start, Policy()), gone, on=dt.date(2026, 10, 1)).plan()
    (row,) = [a for a in plan.assignments if a.sip == "C"]
    rows = tuple(a.model_copy(update={"sip": "B", "name": "Sip B"}) if a is row else a for a in plan.assignments)
    found = audit(*world(plan), plan.model_copy(update={"assignments": rows}))
    told = f"Sip B (B) may not hold lead at School 1 (1) on {row.from_}: interest."
    assert told in [b.text for b in found if b.rule == "interest"]
