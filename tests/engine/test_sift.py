"""A relaxation of all pairs by way of few: its bound, what a pair costs it, and the plan, against an exact solve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any

import numpy as np
import pytest

from allocator.engine import method
from allocator.engine.instance import Above, Instance, Limit, Pair, Person, Post, Solution, Tier
from allocator.engine.model import loads, value
from allocator.engine.part import cut_out
from allocator.engine.relaxation import Imprecise
from allocator.engine.tiers import Clock, Conflict, Stop, solve
from allocator.engine.tops import top
from allocator.engine.wide import sift
from allocator.engine.wide.whole import solve_whole
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import long, whole_or


def roomy(seed: int) -> Instance:
    """Days for all, so that mostly every tier before the points is at its best."""
    inst = random_instance(seed, posts=14, people=5, reach=5)
    people = tuple(
        replace(p, at_most=None, limits=tuple(replace(x, hard=x.hard + 12) for x in p.limits)) for p in inst.people
    )
    few = replace(inst, people=people, most_load=None, fixed=(), bonds=inst.bonds[: seed % 2])
    return replace(
        few, tiers=tuple(replace(t, broken=dict.fromkeys(range(seed % 2), 1)) if t.broken else t for t in few.tiers)
    )


MAKERS = roomy, random_instance, short_of_days


@pytest.fixture(autouse=True)
def few_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few pairs as can be, so that small instances are sifted too."""
    for name in ("FIRST", "MORE", "FEW", "KEPT"):
        monkeypatch.setattr(sift, name, 1)


@pytest.mark.parametrize("make", MAKERS)
def test_what_is_found_is_what_a_solve_finds(make: Callable[[int], Instance]) -> None:
    proved = tried = 0
    for seed in range(whole_or(300, 25, 9)):
        inst = make(seed)
        try:
            exact = solve(inst)
        except Conflict:
            continue
        tried += 1
        found = sift.sifted(inst, Clock(Stop(), monotonic()))
        if found is None:
            continue
        for got, best in zip(found.tiers, exact.tiers, strict=True):
            assert got.value == best.value or not got.proved, (seed, got, best)
            if got.name == next(t.name for t in inst.tiers if t.points):
                assert got.bound >= best.value, seed
        if found.status == "optimal":
            proved += 1
            assert (found.chosen, found.unique) == (exact.chosen, exact.unique), seed
    assert make is not roomy or proved > tried / 3


def test_a_first_plan_keeps_its_trims(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a search that was stopped lost them, and its people were given more days than they have."""
    monkeypatch.setattr(sift, "DIVES", 0)
    tried = 0
    for inst in map(short_of_days, range(12)):
        try:
            short = solve(inst)
        except Conflict:
            continue
        monkeypatch.setattr("allocator.engine.wide.sift.solve_whole", lambda *_, short=short, **__: short)
        part = cut_out(inst, range(len(inst.posts)), range(len(inst.people)), range(len(inst.pairs)))
        first = sift._first(part, Clock(Stop(), monotonic()), patience=0.0)
        if first is not None and first.chosen == short.chosen:
            assert first.short == short.short
            tried += bool(short.short)
    assert tried > 2


@long()
def test_where_relaxations_settle_nothing_highs_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked in a relaxation's place it once left posts open for points."""
    monkeypatch.setattr(sift, "DIVES", 0)
    monkeypatch.setattr(sift, "NODES", 0)
    asked = list[Solution]()

    def counted(inst: Instance, *args: Any, **more: Any) -> Solution:
        asked.append(solve_whole(inst, *args, **more))
        return asked[-1]

    monkeypatch.setattr("allocator.engine.wide.sift.solve_whole", counted)
    found = proved = 0
    for seed in range(whole_or(200, 25, 16)):
        inst = roomy(seed)
        try:
            exact = solve(inst)
        except Conflict:
            continue
        plan = sift.sifted(inst, Clock(Stop(), monotonic()))
        if plan is None:
            continue
        found += 1
        load = loads(inst, plan.chosen, plan.short)
        assert all(load[s][x.resource] <= x.hard for s, p in enumerate(inst.people) for x in p.limits), seed
        for tier, got in zip(inst.tiers, plan.tiers, strict=True):
            assert got.value == value(inst, tier, plan.chosen, plan.short), seed
        if plan.status == "optimal":
            proved += 1
            assert (plan.chosen, plan.tiers) == (exact.chosen, exact.tiers), seed
    assert len(asked) > proved > found / 2 > 5


def test_a_pair_costs_the_bound_what_is_said_at_least() -> None:
    asked = 0
    for seed in range(whole_or(120, 12, 5)):
        inst = roomy(seed)
        sifted = sift.Sift(inst, Clock(Stop(), monotonic()))
        try:
            if not sifted.relax([i for b in inst.bonds for i in b.pairs]):
                continue
        except Imprecise:
            continue
        for pair in np.nonzero(sifted.cost > 0)[0].tolist():
            try:
                with_it = solve(replace(inst, fixed=(pair,)), settle=False)
            except Conflict:
                continue
            before = [(t, v) for t, v in zip(inst.tiers, with_it.tiers, strict=True) if not (t.points or t.lot)]
            if any(v.value != (top(inst, t) if t.sense == "most" else -top(inst, t)) for t, v in before):
                continue
            got = next(v.value for t, v in zip(inst.tiers, with_it.tiers, strict=True) if t.points)
            assert got <= sifted.bound - sifted.cost[pair], (seed, pair)
            asked += 1
    assert asked > whole_or(20, 20, 8)


def pool(posts: int, people: int, seed: int) -> Instance:
    """Everybody may take everything, for a price where somebody has more than an equal share."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 1_000, (posts, people))
    lots = rng.integers(0, 2**20, (posts, people))
    loads = rng.choice((22, 22, 22, 14), posts).tolist()
    room = [int(sum(loads) / people * (1.05 + 0.3 * x)) for x in rng.random(people)]
    return Instance(
        tuple(Post(f"post {p}") for p in range(posts)),
        tuple(Person(f"person {s}", (Limit(0, room[s]),)) for s in range(people)),
        tuple(Pair(p, s, (loads[p],), int(points[p, s]), int(lots[p, s])) for p in range(posts) for s in range(people)),
        (
            Tier("filled", "most", filled=dict.fromkeys(range(posts), 1)),
            Tier("points", "most", points=True),
            Tier("lot", "least", lot=True),
        ),
        above=tuple(Above("balance", s, sum(loads) // people, 8) for s in range(people)),
    )


@long()
def test_a_pool_in_which_everybody_may_go_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """4,500 pairs, with prices that are no plain assignment: proved, whatever the number of workers."""
    monkeypatch.undo()
    monkeypatch.setattr(method, "ROOT", 0)
    inst = pool(150, 30, 1)
    found = method.solve(inst)
    assert found.status == "optimal"
    assert method.solve(inst, Stop(workers=2)) == found
    monkeypatch.setattr(sift, "MOST", 0)  # no proof: the bound is one of all pairs
    rough = method.solve(inst)
    best, (value, limit) = found.tiers[1].value, (rough.tiers[1].value, rough.tiers[1].bound)
    assert value <= best <= limit <= best + best // 1_000


def test_stopped_once_all_is_relaxed_the_plan_is_near_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A county stopped before its first plan was found had one laid out by points alone, 6 % short of the most."""
    monkeypatch.undo()
    inst, event, relax = pool(60, 12, 2), Event(), sift.Sift.relax
    best = sift.sifted(inst, Clock(Stop(), monotonic()))
    assert best is not None

    def relaxed(self: sift.Sift, always: list[int]) -> bool:
        done = relax(self, always)
        event.set()
        return done

    monkeypatch.setattr(sift.Sift, "relax", relaxed)
    found = sift.sifted(inst, Clock(Stop(event=event), monotonic()))
    assert found is not None
    assert found.status == "feasible"
    assert found.tiers[0] == best.tiers[0]
    assert found.tiers[1].value <= best.tiers[1].value <= found.tiers[1].bound
    assert found.tiers[1].value >= 0.98 * found.tiers[1].bound
    for s, person in enumerate(inst.people):
        mine = [inst.pairs[i] for i in found.chosen if inst.pairs[i].person == s]
        assert sum(p.load[0] for p in mine) <= person.limits[0].hard


def test_a_plan_gone_on_from_is_found_by_way_of_few_pairs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    insts = [i for i in map(roomy, range(1, whole_or(40, 40, 16), 2)) if len(i.bonds) == 1]
    plain = [method.solve(i) for i in insts]
    monkeypatch.setattr(method, "ROOT", 0)
    monkeypatch.setattr(method, "SMALL", 10)
    wide: list[Solution | None] = []

    def asked(inst: Instance, clock: Clock, *, settle: bool) -> Solution | None:
        wide.append(sift.sifted(inst, clock, settle=settle))
        return wide[-1]

    monkeypatch.setattr(method, "sifted", asked)
    found = [method.solve(i) for i in insts]
    assert [(f.chosen, f.tiers) for f in found] == [(f.chosen, f.tiers) for f in plain]
    assert sum(w is not None and w.status == "optimal" for w in wide) > len(insts) / 2
