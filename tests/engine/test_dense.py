"""Plain assignment in which everybody may hold everything: no cliff by size or shape."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from allocator.engine.method import solve
from allocator.engine.tiers import Clock, Stop
from allocator.engine.tiers import solve as by_cp_sat
from allocator.engine.wide import search
from allocator.engine.wide.knapsack import NEVER, UNIT, packing
from allocator.engine.wide.levels import kernel, levels
from tests.benchmarks.drawn import draw, text
from tests.benchmarks.gap import read_gap
from tests.engine.test_plain import plain_instance
from tests.sizes import long, whole_or


@pytest.mark.parametrize("seed", range(6))
def test_prices_of_room_bound_every_plan(seed: int) -> None:
    inst = plain_instance(seed, 9, 3)
    packed = packing(inst)
    assert packed is not None
    found = levels(packed[0])
    best = by_cp_sat(inst, settle=False)
    points = best.tiers[1].value
    assert found.bound >= points * UNIT
    chosen = [inst.pairs[i] for i in best.chosen]
    cost = sum(int(found.cost[p.person, p.post]) for p in chosen)
    assert found.bound - cost >= points * UNIT
    assert found.bound <= points * UNIT * 1.15


@long(but="2")
@pytest.mark.parametrize("seed", range(4))
def test_pairs_left_out_cost_what_is_said(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few pairs stand for all, and the bound is of all."""
    monkeypatch.setattr(search, "MANY", 0)
    monkeypatch.setattr("allocator.engine.wide.levels.KEPT", 2)
    monkeypatch.setattr("allocator.engine.wide.levels.ALWAYS", 2)
    inst = plain_instance(seed, whole_or(14, 11), 5)
    packed = packing(inst)
    assert packed is not None
    few, least = kernel(packed[0], levels(packed[0]), (np.zeros(0, dtype=np.int64),) * 2)
    left = (few.points <= NEVER) & (packed[0].points > NEVER)
    assert left.any()
    assert (levels(packed[0]).cost[left] >= least).all()
    best = by_cp_sat(inst, settle=False)
    got = search.solve_plain(inst, packed, Clock(Stop(work=3), monotonic()), settle=False)
    assert got is None or got.tiers[1].bound >= best.tiers[1].value >= got.tiers[1].value


@long(but="c20x200")
@pytest.mark.parametrize(("name", "work", "most"), [("c20x200", 2, 2e-3), ("d30x700", 12, 6e-3), ("e60x900", 10, 2e-2)])
def test_a_dense_instance_is_near_its_bound_at_once(name: str, work: float, most: float, tmp_path: Path) -> None:
    """By work, not by time: a method that falls off here would fail. All jobs done, no agent over its capacity."""
    costs, loads, room = draw(name)
    (tmp_path / name).write_text(text(costs, loads, room), encoding="ascii")
    inst = read_gap(tmp_path / name)
    found = solve(inst, Stop(work=work), settle=False)
    assert len(found.chosen) == len(inst.posts)
    pairs = [inst.pairs[i] for i in found.chosen]
    used = np.bincount([p.person for p in pairs], [p.load[0] for p in pairs], len(room))
    assert (used <= room).all()
    cost = found.tiers[1]
    assert cost.value == -sum(int(costs[p.person, p.post]) for p in pairs)
    assert 0 <= cost.bound - cost.value <= most * -cost.value
