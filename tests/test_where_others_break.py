"""Three small cases on which matchers are known to stumble: a forced pair dropped, zero scores, and infeasibility."""

from __future__ import annotations

from allocator.domain.plan import Plan
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from scenarios.tables import HERE


def plan_of(name: str) -> Plan:
    reading = read_case(HERE / name)
    assert reading.case is not None
    return solve(reading.case, reading.policy)


def leads(plan: Plan) -> dict[str, str]:
    return {a.urn: a.sip for a in plan.assignments}


def test_a_lock_on_the_pair_with_fewer_points_is_kept() -> None:
    plan = plan_of("kept-lock")
    assert leads(plan) == {"920001": "ben", "920002": "amy"}
    locked = next(a for a in plan.assignments if a.urn == "920001")
    assert locked.locked
    assert locked.runner_up is not None
    assert locked.runner_up.points > locked.points


def test_with_every_weight_zero_a_declared_interest_still_bars() -> None:
    plan = plan_of("zero-weights")
    assert leads(plan) == {"920001": "ben", "920002": "amy"}
    assert plan.summary.points == 0


def test_a_school_in_conflict_with_everybody_is_named_and_the_others_are_served() -> None:
    plan = plan_of("no-one")
    assert set(leads(plan)) == {"920001", "920002"}
    empty = plan.unfilled[0]
    assert {(c.rule, c.sip) for c in empty.clash} == {("interest", "amy"), ("interest", "ben")}
    assert empty.fixes
