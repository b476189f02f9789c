"""The edge of HiGHS: what is left when every column is settled."""

from __future__ import annotations

import threading
from itertools import product
from typing import Any

import numpy as np
import pytest
from ortools.math_opt.python import mathopt
from pybind11_abseil.status import StatusNotOk, internal_error

from allocator.engine import highs
from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.instance import Instance, Limit, Pair, Person, Post, Tier, Trim
from allocator.engine.matrix import Matrix


@pytest.mark.parametrize(("least", "status", "bound"), [(1, "optimal", 7), (2, "infeasible", -np.inf)])
def test_columns_without_a_choice_count_all_the_same(least: int, status: str, bound: float) -> None:
    points = Tier("4", "most", points=True)
    pairs = (Pair(0, 0, (1,), 7), Pair(1, 0, (1,), 5))
    inst = Instance((Post("a"), Post("b")), (Person("A"),), pairs, (points,), fixed=(0,))
    matrix = Matrix(inst, trimming=False)
    matrix.upper[1] = 0
    taken = Floor(np.array([1, 1], dtype=np.int64), least)
    answer = maximise(matrix, matrix.aim(points)[0], Effort(), floors=[taken], hint={0: 1, 1: 0})
    assert (answer.status, answer.bound) == (status, bound)
    assert answer.values is None or answer.values.tolist() == [1, 0]


@pytest.mark.parametrize("seconds", [None, 0.2])
def test_a_search_that_heeds_no_stop_is_not_waited_for(seconds: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stop, release = threading.Event(), threading.Event(), threading.Event()

    def deaf(*_: object) -> None:
        begun.set()
        if seconds is None:
            stop.set()
        release.wait(60)

    monkeypatch.setattr(highs, "_solve", deaf)
    points = Tier("4", "most", points=True)
    matrix = Matrix(Instance((Post("a"),), (Person("A"),), (Pair(0, 0, (1,), 7),), (points,)), trimming=False)
    answer = maximise(matrix, matrix.aim(points)[0], Effort(seconds=seconds, event=stop))
    assert begun.is_set()
    assert (answer.status, answer.values, answer.bound) == ("stopped", None, np.inf)  # nothing found, nothing proved
    release.set()


@pytest.mark.parametrize(("refused", "found"), [(1, ("optimal", 7.0)), (2, ("stopped", np.inf))])
def test_an_answer_that_highs_refuses_is_asked_for_once_more(
    refused: int, found: tuple[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, closely = highs._asked, []

    def refuses(*given: Any) -> Any:
        closely.append(given[2].highs.double_options.get("mip_feasibility_tolerance"))
        if len(closely) <= refused:
            raise StatusNotOk(internal_error("HighsStatus: kError"))
        return asked(*given)

    monkeypatch.setattr(highs, "_asked", refuses)
    points = Tier("4", "most", points=True)
    matrix = Matrix(Instance((Post("a"),), (Person("A"),), (Pair(0, 0, (1,), 7),), (points,)), trimming=False)
    answer = maximise(matrix, matrix.aim(points)[0], Effort())
    assert (answer.status, answer.bound) == found
    assert closely == [None, highs.CLOSELY]


@pytest.mark.parametrize("hard", range(13, 48))
def test_rows_that_follow_from_a_limit_leave_every_plan_within_it(hard: int) -> None:
    loads, trims = (22, 22, 20, 14, 2), (Trim(2, (2,)), Trim(4, (4,)))
    posts = tuple(Post(str(n), trims=trims) for n in range(len(loads)))
    person = Person("A", (Limit(0, hard, soft=hard - 6, price=3),))
    pairs = tuple(Pair(n, 0, (load,)) for n, load in enumerate(loads))
    matrix = Matrix(Instance(posts, (person,), pairs, ()), trimming=True)
    rows, cols, vals = matrix.entries()
    kept = 0
    for taken in product((0, 1), repeat=len(loads)):
        for steps in range(2 * sum(taken) + 1):
            load = int(np.dot(loads, taken)) - 2 * steps
            if load <= hard:
                values = np.array([*taken, steps, max(0, load - hard + 6)])
                sums = np.zeros(len(matrix.least), dtype=np.int64)
                np.add.at(sums, rows, vals * values[cols])
                assert (np.array(matrix.least) <= sums).all(), (taken, steps)
                assert (sums <= np.array(matrix.most)).all(), (taken, steps)
                kept += 1
    assert kept > 1
    assert len(matrix.least) > len(loads) + 3  # posts, trims, the limit and the soft one; and rows that follow


def _one_and_one(low: float, high: float, costs: tuple[float, float], least: float) -> mathopt.Model:
    """A whole x and a fractional y from `low` to `high`: x + y at least `least`, as cheap as can be."""
    model = mathopt.Model()
    x, y = model.add_integer_variable(lb=0, ub=high), model.add_variable(lb=low, ub=high)
    model.add_linear_constraint(x + y >= least)
    model.minimize(costs[0] * x + costs[1] * y)
    return model


def _ten_times() -> mathopt.Model:
    """Ten times a yes or no x and a y of 9 at least: 2x + y at least 10, and that is what it costs."""
    model = mathopt.Model()
    costs = []
    for _ in range(10):
        x, y = model.add_binary_variable(), model.add_variable(lb=9)
        model.add_linear_constraint(2 * x + y >= 10)
        costs.append(2 * x + y)
    model.minimize(sum(costs))
    return model


@pytest.mark.parametrize(
    ("model", "best"),
    [
        (_one_and_one(8, 20, (1, 2), 20.1), 28.2),
        (_one_and_one(0, 10, (3, 2), 4.5), 9),
        (_ten_times(), 100),
    ],
    ids=["HiGHS#2957", "HiGHS#3043", "linopy#651"],
)
def test_the_highs_inside_finds_what_1_13_and_1_14_miss(model: mathopt.Model, best: float) -> None:
    """A wheel that bundles a HiGHS with the fault in its presolve (mended in 1.15) fails here on the day it is taken."""
    found = mathopt.solve(model, mathopt.SolverType.HIGHS)
    assert found.termination.reason == mathopt.TerminationReason.OPTIMAL
    assert found.objective_value() == pytest.approx(best)
