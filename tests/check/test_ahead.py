"""The auditor may read a case while its plan is made: what it then finds is what it finds afterwards."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from allocator.check.audit import audit, opened
from allocator.check.score import Auditor
from allocator.domain.plan import Plan, RunnerUp
from allocator.domain.policy import Policy
from allocator.questions.scenario import scenario
from allocator.reasons import answer
from allocator.reasons.answer import solve
from tests.check.random_cases import random_case
from tests.sizes import whole_or


def misstated(plan: Plan) -> Plan:
    """The first row names another runner-up."""
    first, *others = plan.assignments
    wrong = RunnerUp(sip=first.sip, points=12_345, text="Nobody.")
    return plan.model_copy(update={"assignments": (first.model_copy(update={"runner_up": wrong}), *others)})


def test_read_ahead_it_finds_what_it_finds_afterwards() -> None:
    audited = 0
    for seed in range(whole_or(100, 12, 5)):
        case, policy = random_case(seed)
        plan = solve(case, policy)
        ahead = opened(case, policy, plan.made_with.seed, plan.inputs)
        assert audit(case, policy, plan, ahead=ahead) == []
        if plan.assignments:
            wrong = misstated(plan)
            found = audit(case, policy, wrong, ahead=ahead)
            assert found
            assert found == audit(case, policy, wrong)
            audited += 1
    assert audited > whole_or(5, 5, 2)


def test_another_case_read_ahead_is_not_looked_at() -> None:
    case, policy = random_case(1)
    plan = solve(case, policy)
    for other in (
        opened(case.model_copy(update={"history": ()}), policy, plan.made_with.seed),
        opened(case, Policy(), plan.made_with.seed),
        opened(case, policy, plan.made_with.seed + 1),
    ):
        assert audit(case, policy, plan, ahead=other) == []


def test_a_repair_is_read_as_the_repair_that_it_is() -> None:
    case, policy = random_case(3)
    plan = solve(case, policy)
    asked = scenario(plan, [{"sip_leaves": {"sip": plan.assignments[0].sip, "on": f"{case.year[:4]}-12-31"}}])
    after = asked.plan()
    assert audit(asked.case, asked.policy, after, ahead=opened(asked.case, asked.policy, plan.made_with.seed)) == []
    assert audit(asked.case, asked.policy, plan, ahead=opened(asked.case, asked.policy, 1, after.inputs))


def test_a_country_is_not_read_beside_its_search(monkeypatch: pytest.MonkeyPatch) -> None:
    case, policy = random_case(1)
    monkeypatch.setattr(answer, "AHEAD", 0)
    with answer.reading(case, policy, 1) as ahead:
        assert ahead is None
    assert solve(case, policy).assignments


def test_it_begins_only_beside_a_search_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def read(*args: Any) -> Auditor:
        begun.set()
        return opened(*args)

    monkeypatch.setattr(answer, "opened", read)
    monkeypatch.setattr(answer, "SOON", 600.0)  # whatever else the machine is doing, this search is shorter
    case, policy = random_case(1)
    assert solve(case, policy).assignments
    assert not begun.is_set()
    monkeypatch.setattr(answer, "SOON", 0.0)
    long = answer.reading(case, policy, 1)
    assert isinstance(long, answer.ReadAhead)
    assert begun.wait(30)
    assert isinstance(long.books(), Auditor)


def test_what_goes_wrong_in_it_is_told_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def read(*_: Any) -> Auditor:
        begun.set()
        raise ZeroDivisionError

    monkeypatch.setattr(answer, "SOON", 0.0)
    monkeypatch.setattr(answer, "opened", read)
    found = answer.reading(*random_case(1), 1)
    assert isinstance(found, answer.ReadAhead)
    assert begun.wait(30)
    with pytest.raises(ZeroDivisionError):
        found.books()


def test_of_a_repair_that_went_on_from_another_case_it_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What absences the plan gone on from allowed for is read from its own case and changes."""
    case, policy = random_case(3)
    plan = solve(case, policy)
    asked = scenario(plan, [{"sip_leaves": {"sip": plan.assignments[0].sip, "on": f"{case.year[:4]}-12-31"}}])
    after = asked.plan()
    of_another = after.inputs.model_copy(update={"changes": ()})
    ahead = opened(asked.case, asked.policy, plan.made_with.seed, of_another)
    monkeypatch.setattr(ahead, "breaches", None)  # asked, it would fail
    assert audit(asked.case, asked.policy, after, ahead=ahead) == []
