"""Plain assignment with limits: bounds by knapsacks, and the search that uses them, against brute force and CP-SAT."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from functools import cache
from time import monotonic

import numpy as np
import pytest

from allocator.engine import method
from allocator.engine.instance import Instance, Limit, Pair, Person, Post, Solution, Tier, TierValue
from allocator.engine.matrix import Ints
from allocator.engine.tiers import Clock, Stop
from allocator.engine.tiers import solve as by_cp_sat
from allocator.engine.wide import search
from allocator.engine.wide.exact import exact
from allocator.engine.wide.knapsack import NEVER, UNIT, Packing, best_sets, descend, losses, packing
from allocator.engine.wide.search import solve_plain
from tests.sizes import long, whole_or


def plain_instance(seed: int, posts: int = 14, people: int = 4, lot: bool = False) -> Instance:
    """Dearer where lighter, as in the hard benchmarks, with some pairs missing and people just wide enough."""
    r = random.Random(seed)
    pairs = []
    for p in range(posts):
        for s in sorted({p % people, *(s for s in range(people) if r.random() < 0.8)}):
            load = r.randint(1, 20) * 2
            pairs.append(Pair(p, s, (load,), load - r.randint(0, 8), r.getrandbits(16) if lot else 0))
    held = [[q.load[0] for q in pairs if q.person == s and q.post % people == s] for s in range(people)]
    tiers: tuple[Tier, ...] = (Tier("1", "most", filled=dict.fromkeys(range(posts), 1)), Tier("4", "most", points=True))
    return Instance(
        tuple(Post(f"p{n:02}") for n in range(posts)),
        tuple(Person(f"s{s}", (Limit(0, sum(h) + r.randint(0, 3)),)) for s, h in enumerate(held)),
        tuple(pairs),
        (*tiers, Tier("5", "least", lot=True)) if lot else tiers,
    )


def _packed(inst: Instance) -> tuple[Packing, Ints]:
    packed = packing(inst)
    assert packed is not None
    return packed


def _search(inst: Instance, stop: Stop, settle: bool = True) -> Solution:
    found = solve_plain(inst, _packed(inst), Clock(stop, monotonic()), settle=settle)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(8))
def test_best_sets_are_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth, load, room = rng.integers(-20, 40, (3, 7)), rng.integers(0, 9, (3, 7)), rng.integers(0, 20, 3)
    total, chosen = best_sets(worth, load, room)
    assert total == int(worth[chosen].sum())
    assert ((load * chosen).sum(axis=1) <= room).all()
    sets = np.array(list(itertools.product((0, 1), repeat=7)))
    assert total == sum(int((sets @ worth[s])[sets @ load[s] <= room[s]].max()) for s in range(3))


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_the_bound_holds_and_what_a_pair_costs_it(seed: int) -> None:
    inst = plain_instance(seed, 9, 3)
    pack, at = _packed(inst)
    best = by_cp_sat(inst).tiers[1].value

    @cache
    def forced(pair: int) -> tuple[TierValue, ...]:
        return by_cp_sat(replace(inst, fixed=(pair,)), settle=False).tiers

    for steps in (1, 40):  # any prices give a bound
        priced = descend(pack, np.full(9, 5 * UNIT), best - 5, steps)
        assert priced.bound >= best * UNIT
        cost = losses(pack, priced.prices)
        for (s, p), loss in np.ndenumerate(cost):
            if at[s, p] < 0 or pack.points[s, p] <= NEVER:
                assert loss > priced.bound - best * UNIT
                continue
            held = forced(int(at[s, p]))
            if held[0].value == 9:
                assert held[1].value * UNIT <= priced.bound - loss


@pytest.mark.parametrize("seed", range(6))
def test_a_few_posts_are_settled_exactly(seed: int) -> None:
    inst = plain_instance(seed, 8, 3)
    pack, _ = _packed(inst)
    holder = exact(pack, None, Clock(Stop(), monotonic()))
    assert holder is not None
    assert int(pack.points[holder, np.arange(8)].sum()) == by_cp_sat(inst, settle=False).tiers[1].value


@long(but="0")
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("lot", [False, True])
def test_the_search_agrees_with_cp_sat(seed: int, lot: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LEFT", 4)
    inst = plain_instance(seed, whole_or(14, 11), lot=lot)
    best, got = by_cp_sat(inst), _search(inst, Stop())
    assert (got.status, got.tiers, got.chosen) == ("optimal", best.tiers, best.chosen)


@long()
def test_workers_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WIDE", 0)  # no proof, so that the walks have all to do
    inst = plain_instance(1, 40, 6)
    one, two, again = (_search(inst, Stop(work=whole_or(1, 0.3), workers=w)) for w in (1, 2, 2))
    assert one == two == again
    assert one.status == "feasible"
    held = np.zeros(6, dtype=np.int64)
    for i in one.chosen:
        held[inst.pairs[i].person] += inst.pairs[i].load[0]
    assert all(h <= p.limits[0].hard for h, p in zip(held, inst.people, strict=True))
    best = by_cp_sat(inst, Stop(seconds=whole_or(3, 0.5)), settle=False)
    assert one.tiers[0].proved
    assert one.tiers[1].bound >= best.tiers[1].value


def test_going_on_where_cp_sat_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "QUICK", 1e-3)
    inst = plain_instance(2, whole_or(16, 13), 4)
    best = by_cp_sat(inst)
    for stop in whole_or((Stop(), Stop(seconds=60)), (Stop(seconds=60),)):
        got = method.solve(inst, stop)
        assert (got.status, got.tiers, got.chosen) == ("optimal", best.tiers, best.chosen)


def test_no_room_for_all_is_left_to_the_other_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "QUICK", 1e-3)
    inst = plain_instance(3)
    inst = replace(inst, people=tuple(replace(p, limits=(Limit(0, 40),)) for p in inst.people))
    assert solve_plain(inst, _packed(inst), Clock(Stop(), monotonic())) is None
    assert method.solve(inst).tiers == by_cp_sat(inst).tiers


def test_only_plain_assignment_is_packed() -> None:
    inst = plain_instance(4)
    assert packing(inst) is not None
    assert packing(replace(inst, different=((0, 1),))) is None
    assert packing(replace(inst, people=tuple(replace(p, at_most=3) for p in inst.people))) is None
    assert packing(replace(inst, pairs=inst.pairs[6:])) is None or inst.pairs[6].post == 0
    assert packing(replace(inst, tiers=inst.tiers[1:])) is None
    assert packing(replace(inst, people=tuple(replace(p, limits=(Limit(0, 0),)) for p in inst.people))) is None
