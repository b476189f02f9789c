"""Pairs left out of a question because no plan as good has them: every one is asked for, and none can be had."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.instance import Instance
from allocator.engine.matrix import Matrix
from allocator.engine.tiers import Conflict, signed
from allocator.engine.tiers import solve as exact
from allocator.engine.wide.idle import narrowed
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or

pytestmark = pytest.mark.xdist_group("idle")  # what is left out of an instance is looked for once
MAKERS = random_instance, short_of_days


@cache
def left_out(make: Callable[[int], Instance], seed: int) -> tuple[int, int]:
    """Pairs and other columns left out, tier by tier, once none of them is shown to be missed."""
    inst = make(seed)
    pairs = others = 0
    try:
        best = exact(inst)
    except Conflict:
        return 0, 0
    matrix = Matrix(inst, bool(best.short))
    ends = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    floors = list[Floor]()
    for tier, found in zip(inst.tiers, best.tiers, strict=True):
        aim, constant = matrix.aim(tier)
        floors.append(Floor(aim, signed(tier, found.value) - constant))
        lows, tops = narrowed(matrix, floors[:-1], ends, {}, floors[-1:])
        shut = (ends[1] > 0) & (tops == 0)
        shut[matrix.pairs :] = False
        if shut.any():
            pairs += int(shut.sum())
            answer = maximise(matrix, shut.astype(np.int64), Effort(), floors=floors)
            assert answer.values is not None
            assert not (answer.values * shut).any(), tier
        some = maximise(matrix, aim, Effort(), floors=floors, ends=(lows, tops))  # nor is the best plan lost
        assert some.values is not None
        assert int(aim @ some.values) == floors[-1].least
        others += int(((lows == tops) & (ends[0] < ends[1]))[matrix.pairs :].sum())
    return pairs, others


@pytest.mark.parametrize("seed", range(whole_or(200, 25, 3)))
@pytest.mark.parametrize("make", MAKERS)
def test_a_pair_left_out_is_in_no_plan_that_keeps_the_floors(make: Callable[[int], Instance], seed: int) -> None:
    left_out(make, seed)


def test_pairs_and_other_columns_are_left_out() -> None:
    pairs, others = (sum(x) for x in zip(*(left_out(make, n) for make in MAKERS for n in range(10)), strict=True))
    assert pairs > 50
    assert others > 0


def test_a_plan_in_hand_that_is_beyond_the_ends_stops_nothing() -> None:
    """HiGHS ends with an error of its own where a hint is outside the ends of a column."""
    matrix = Matrix(random_instance(3), False, True)
    lows, tops = (np.array(x, dtype=np.int64) for x in (matrix.lower, matrix.upper))
    wide = [n for n in range(matrix.pairs, len(tops)) if lows[n] < tops[n]]
    assert wide
    hint = {n: int(tops[n]) + 1 for n in wide}
    assert maximise(matrix, np.ones(len(tops), dtype=np.int64), Effort(), hint=hint).values is not None
