"""Before anybody is told "cannot", CP-SAT is asked once more without presolve."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from ortools.sat.python import cp_model

from allocator.engine import tiers
from allocator.engine.instance import Instance, Pair, Person, Post, Tier
from allocator.engine.relax import Demand, Gated, Gates
from allocator.engine.tiers import Conflict, Stop, solve

POINTS = Tier("4", "most", points=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each solve was with presolve; those with it say INFEASIBLE of everything, as the fault does."""
    seen: list[bool] = []
    plain = cp_model.CpSolver.solve

    def faulty(self: cp_model.CpSolver, model: cp_model.CpModel, *more: Any) -> Any:
        seen.append(self.parameters.cp_model_presolve)
        found = plain(self, model, *more)
        return cp_model.INFEASIBLE if self.parameters.cp_model_presolve else found

    monkeypatch.setattr(cp_model.CpSolver, "solve", faulty)
    return seen


def test_a_false_cannot_is_not_believed(asked: list[bool]) -> None:
    inst = Instance((Post("a"),), (Person("A"),), (Pair(0, 0, (1,), 7),), (POINTS,), fixed=(0,))
    assert Gated(inst, Gates(0), Demand((0,))).possible(())
    assert asked == [True, False]
    assert solve(inst).chosen == (0,)


def test_a_true_cannot_is_told_after_two_answers(asked: list[bool]) -> None:
    inst = Instance(
        (Post("a"),), (Person("A"), Person("B")), (Pair(0, 0, (1,)), Pair(0, 1, (1,))), (POINTS,), fixed=(0, 1)
    )
    with pytest.raises(Conflict):
        solve(inst)
    assert asked[:2] == [True, False]


@pytest.mark.parametrize("stop", [Stop(work=1.0, workers=2), Stop(workers=2)])
def test_several_workers_are_told_a_true_cannot(stop: Stop) -> None:
    pairs = Pair(0, 0, (1,)), Pair(0, 1, (1,))
    with pytest.raises(Conflict):
        solve(Instance((Post("a"),), (Person("A"), Person("B")), pairs, (POINTS,), fixed=(0, 1)), stop)


@pytest.mark.parametrize(("stop", "workers"), [(Stop(work=1.0, workers=2), 1), (Stop(workers=2), 2)])
def test_workers_take_no_turns(stop: Stop, workers: int) -> None:
    solver, _ = tiers.run(cp_model.CpModel(), tiers.Clock(stop, monotonic()))
    assert not solver.parameters.interleave_search
    assert solver.parameters.num_workers == workers


def test_the_second_question_is_bounded_and_stops_nothing() -> None:
    model = cp_model.CpModel()
    x = model.new_bool_var("")
    model.add(x >= 2)
    clock = tiers.Clock(Stop(), monotonic())
    _, status = tiers.run(model, clock, sure=True)
    assert status == cp_model.INFEASIBLE
    assert not clock.interrupted
