"""A plan's inputs are sealed: altered ones, and those of before the seal, are refused by whatever goes on from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.check.audit import audit
from allocator.check.trust import taken
from allocator.domain import canon
from allocator.domain.plan import Plan, plan_text
from allocator.domain.seal import sealed, unbroken
from allocator.errors import UsageError
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve, world
from tests.make import case, policy, school, sip

FACTS = case([school("1", days=3)], [sip("A"), sip("B", max_schools=1)])
RULES = policy()


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(FACTS, RULES)


def test_equal_cases_have_equal_hashes() -> None:
    """The auditor takes a case equal to the plan's own as having its hash."""
    zero, minus = (case([school("1", support_days=x, easting=x)], [sip("A", max_km=x)]) for x in (0.0, -0.0))
    assert zero == minus
    assert canon.case_sha256(zero) == canon.case_sha256(minus)


def altered(plan: Plan) -> Plan:
    """The plan with B's most schools raised by hand in its own case."""
    rows = [{**s, "max_schools": 9} if s["sip"] == "B" else s for s in plan.inputs.case["sips"]]
    return plan.model_copy(
        update={"inputs": plan.inputs.model_copy(update={"case": {**plan.inputs.case, "sips": rows}})}
    )


def test_a_plan_as_it_was_made_passes(plan: Plan) -> None:
    assert unbroken(plan) is plan
    assert audit(FACTS, RULES, plan) == []


def test_an_altered_case_is_refused_and_named(plan: Plan) -> None:
    with pytest.raises(UsageError, match="altered after it was made"):
        world(altered(plan))
    with pytest.raises(UsageError, match="altered after it was made"):
        repair(altered(plan), [{"sip_leaves": {"sip": "A"}}])
    assert {b.rule for b in audit(FACTS, RULES, altered(plan))} == {"inputs"}


def test_a_new_seal_does_not_hide_an_altered_case(plan: Plan) -> None:
    forged = altered(plan)
    forged = forged.model_copy(update={"inputs": sealed(forged.inputs)})
    assert {b.rule for b in audit(FACTS, RULES, forged)} == {"inputs"}


def test_a_plan_without_a_seal_is_to_be_made_again(plan: Plan) -> None:
    old = plan.model_copy(update={"inputs": plan.inputs.model_copy(update={"seal": None})})
    with pytest.raises(UsageError, match="allocator solve"):
        repair(old, [{"sip_leaves": {"sip": "A"}}])


def test_commands_refuse_an_altered_file(plan: Plan, tmp_path: Path) -> None:
    from allocator.cli.app import read_plan

    file = tmp_path / "plan.json"
    file.write_text(plan_text(altered(plan)))
    with pytest.raises(UsageError, match=r"plan\.json was altered"):
        read_plan(file)
    assert read_plan(file, as_made=False)


def test_what_lies_before_a_repair_is_compared_or_said_to_be_on_trust(plan: Plan) -> None:
    after = repair(plan, [{"sip_leaves": {"sip": plan.assignments[0].sip, "on": "2026-12-31"}}])
    facts, rules = world(after)
    assert taken(plan) == ""
    assert taken(after) == "1 row before 1 January 2027 was taken on trust: the plan gone on from was not given."
    assert taken(after, plan) == ""
    assert audit(facts, rules, after, plan) == []
    row = plan.assignments[0]
    other = plan.model_copy(update={"assignments": (row.model_copy(update={"sip": "B" if row.sip == "A" else "A"}),)})
    assert "repair" in {b.rule for b in audit(facts, rules, after, other)}
