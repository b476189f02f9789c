"""The edge of HiGHS: what is left when every column is settled."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.instance import Instance, Pair, Person, Post, Tier
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
