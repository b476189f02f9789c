"""Trims that need not be whole at first, and the best of the last aim together with the proof that it is the only one."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any

import numpy as np
import pytest

from allocator.engine import highs
from allocator.engine.highs import Effort, Floor
from allocator.engine.instance import Instance, Limit, Solution, Trim
from allocator.engine.matrix import Matrix
from allocator.engine.sole import sole
from allocator.engine.tiers import Clock, Conflict, Stop, signed
from allocator.engine.tiers import solve as exact
from allocator.engine.walk import columns
from allocator.engine.wide import whole
from tests.engine.random_instances import random_instance
from tests.sizes import long, whole_or

COARSE = tuple(Trim(k, (k,)) for k in (2, 4))  # units that a limit of odd loads cannot use whole


def coarse(seed: int) -> Instance:
    """Short of days that are given up two at a time, where loads and limits are odd."""
    inst = random_instance(seed, 8, 3, structures=False)
    room = (9 * len(inst.posts) // len(inst.people)) | 1
    return replace(
        inst,
        posts=tuple(replace(p, trims=COARSE) for p in inst.posts),
        people=tuple(replace(s, limits=(Limit(0, room),), at_most=None, at_least=0) for s in inst.people),
        pairs=tuple(p._replace(load=(p.load[0] | 1,)) for p in inst.pairs),
        above=(),
    )


@long()
def test_trims_come_out_whole_though_they_are_not_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked, the answer is that of a search in which they are whole from the first."""
    asked, real = [0], highs.solved

    def counted(*args: Any, **named: Any) -> Any:
        asked[0] += 1
        return real(*args, **named)

    monkeypatch.setattr(highs, "solved", counted)
    often = 0
    for seed in range(20):
        inst = coarse(seed)
        for tier in (t for t in inst.tiers if t.filled or t.short or t.points):
            before = asked[0]
            matrix, strict = Matrix(inst, True), Matrix(inst, True)
            strict.__dict__["loose"] = np.zeros(len(strict.upper), dtype=np.bool_)
            floors = [Floor(strict.aim(t)[0], 3) for t in inst.tiers[:1] if tier.short]
            found, right = (highs.maximise(m, m.aim(tier)[0], Effort(), floors=floors) for m in (matrix, strict))
            assert (found.status, found.bound) == (right.status, right.bound)
            assert found.values is not None
            assert int(matrix.aim(tier)[0] @ found.values) == found.bound
            often += asked[0] - before > 2
    assert often > 3  # answers that were not whole at first


@pytest.mark.parametrize("seed", range(whole_or(40, 40, 8)))
def test_a_bound_lies_on_a_step_and_on_no_plan_s_wrong_side(seed: int) -> None:
    """Units short go by twos: no plan lies between, so no bound does, and none is better than the best plan."""
    inst = coarse(seed)
    filled, short = (next(t for t in inst.tiers if getattr(t, kind)) for kind in ("filled", "short"))
    best = exact(replace(inst, tiers=(filled, short)))
    matrix = Matrix(inst, True)
    aim, constant = matrix.aim(short)
    floor = Floor(matrix.aim(filled)[0], best.tiers[0].value)
    for nodes in (1, 5, 500):
        answer = highs.maximise(matrix, aim, Effort(nodes=nodes), floors=[floor])
        if np.isfinite(answer.bound) and answer.values is not None:
            assert answer.bound % 2 == 0
            assert answer.bound + constant >= -best.tiers[1].value >= int(aim @ answer.values) + constant
            if answer.status == "optimal":
                assert answer.bound + constant == -best.tiers[1].value


@pytest.mark.parametrize("seed", range(whole_or(40, 40, 6)))
@pytest.mark.parametrize("parts", [False, True])
def test_a_tier_that_is_asked_for_once_more_is_proved_all_the_same(
    seed: int, parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By HiGHS from another seed after one node, or by CP-SAT first where most people have limits by period."""
    monkeypatch.setattr(whole, "ONCE", 1)
    monkeypatch.setattr(whole, "FEWER", 1)
    monkeypatch.setattr(whole, "SLIGHT", 0)
    inst = coarse(seed)
    if parts:
        people = tuple(replace(s, limits=(*s.limits, Limit(1, s.limits[0].hard // 2 + 3))) for s in inst.people)
        pairs = tuple(p._replace(load=(p.load[0], p.load[0] // 2)) for p in inst.pairs)
        trims = tuple(Trim(k, (k, k // 2)) for k in (2, 4))
        posts = tuple(replace(p, trims=trims) for p in inst.posts)
        inst = replace(inst, people=people, pairs=pairs, posts=posts)
    best, got = exact(inst), whole.solve_whole(inst, Stop(), Clock(Stop(), monotonic()))
    assert got.status == "optimal"
    assert [(t.name, t.value, t.bound) for t in got.tiers] == [(t.name, t.value, t.bound) for t in best.tiers]
    assert got.chosen == best.chosen


def stands(inst: Instance, pair: int) -> Solution | None:
    """The best plan with this pair."""
    try:
        return exact(replace(inst, fixed=(*inst.fixed, pair)))
    except Conflict:
        return None


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 2)))
def test_the_only_best_plan_is_found_with_its_proof(seed: int) -> None:
    """From any plan of the best points; and where two are equal in the lot it does not say that there is one."""
    inst = coarse(seed)
    best = exact(inst)
    for pairs in (inst.pairs, tuple(p._replace(points=p.points // 40, lot=p.lot >> 19) for p in inst.pairs)):
        inst = replace(inst, pairs=pairs)
        lots = [t for t in inst.tiers if t.lot]
        best = exact(inst)
        start = exact(replace(inst, tiers=tuple(t for t in inst.tiers if not t.lot)))
        matrix = Matrix(inst, True)
        floors = []
        for tier, got in zip(inst.tiers, best.tiers, strict=True):
            aim, constant = matrix.aim(tier)
            if not tier.lot and aim.any():
                floors.append(Floor(aim, signed(tier, got.value) - constant))
        aim = matrix.aim(lots[0])[0]
        at = columns(matrix, aim, start.chosen, start.short)
        assert at is not None
        found, only = sole(matrix, aim, [at], floors, {}, Effort(), Clock(Stop(), monotonic()))
        chosen, _ = matrix.read(found)
        others = set(range(len(inst.pairs))) - set(chosen)
        equal = [i for i in sorted(others) if (with_it := stands(inst, i)) and with_it.tiers == best.tiers]
        assert only == (not equal)
        if only:
            assert chosen == best.chosen
