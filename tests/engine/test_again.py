"""Asked again of a plan that stands, every pair has the answer of a solve of its own: tiers, people, days short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import numpy as np
import pytest

from allocator import allocate
from allocator.domain.policy import Policy
from allocator.engine.again import Again
from allocator.engine.climb import Unsettled
from allocator.engine.cuts import Row, broken
from allocator.engine.force import force
from allocator.engine.instance import Instance, Solution
from allocator.engine.method import solve as by_size
from allocator.engine.tiers import Clock, Conflict, Stop, solve
from tests.benchmarks.hard import short_case
from tests.check.random_cases import random_case
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import long, whole_or

CASES = whole_or(300, 8)


def compared(inst: Instance, now: Solution, pairs: Sequence[int]) -> int:
    """How many pairs were answered without a solve; each as a solve answers it."""
    if not pairs:
        return 0
    again, answered = Again(inst, now.chosen, now.short), 0
    for pair in pairs:
        try:
            found = again.forced(pair, Clock(Stop(), monotonic()))
        except Unsettled:
            continue
        full, _ = force(inst, now.chosen, now.short, pair)
        assert (found.tiers, found.chosen, dict(found.short)) == (full.tiers, full.chosen, dict(full.short)), pair
        answered += 1
    return answered


def others(inst: Instance, now: Solution) -> list[int]:
    chosen = set(now.chosen)
    return [i for i in range(len(inst.pairs)) if i not in chosen]


@long(but="1")
@pytest.mark.parametrize("block", range(4))
def test_every_pair_of_random_instances(block: int) -> None:
    asked = answered = 0
    for seed in range(block * CASES // 4, (block + 1) * CASES // 4):
        for inst in (random_instance(seed), short_of_days(seed), allocate.setup(*random_case(seed)).inst):
            try:
                now = solve(inst)
            except Conflict:
                continue
            rest = others(inst, now)[:: max(1, len(inst.pairs) // 5)]
            asked += len(rest)
            answered += compared(inst, now, rest)
    assert answered > asked / 3


@long()
@pytest.mark.parametrize("name", whole_or(["20 0.9 plain", "20 0.97 joined"], ["20 0.9 plain"]))
def test_pairs_of_hard_years(name: str) -> None:
    inst = allocate.setup(short_case(name), Policy()).inst
    now = by_size(inst)
    rest = others(inst, now)
    assert compared(inst, now, rest[:: max(1, len(rest) // 6)]) > 2


def test_an_equal_plan_is_left_to_a_solve() -> None:
    """Where plans are alike in every tier ids decide, which a relaxation cannot."""
    inst = random_instance(3)
    alike = replace(inst, pairs=tuple(p._replace(points=100, lot=7) for p in inst.pairs))
    now = solve(alike)
    again = Again(alike, now.chosen, now.short)
    pair = others(alike, now)[0]
    with pytest.raises(Unsettled):
        again.forced(pair, Clock(Stop(), monotonic()))


def test_new_rows_cut_off_no_whole_plan() -> None:
    """5 a + 3 b + 3 c <= 7, each 0 or 1: what (1, 2/3, 0) breaks, every whole answer keeps."""
    row = Row(np.array([0, 1, 2]), np.array([5, 3, 3]), 7)
    ends = np.zeros(3, dtype=np.int64), np.ones(3, dtype=np.int64)
    found = np.array([1.0, 2 / 3, 0.0])
    (new,) = broken([row], ends, found)
    assert new.by @ found[new.at] > new.most
    for a, b, c in np.ndindex(2, 2, 2):
        if 5 * a + 3 * b + 3 * c <= 7:
            assert new.by @ np.array([a, b, c])[new.at] <= new.most
