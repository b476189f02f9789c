"""The methods for large instances against CP-SAT, tier by tier, on instances that CP-SAT settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from time import monotonic
from typing import Any

import numpy as np
import pytest

from allocator.engine import method, spread, tiers, ties
from allocator.engine.highs import Found
from allocator.engine.instance import Instance, Solution, Tier
from allocator.engine.matrix import fitting
from allocator.engine.model import value
from allocator.engine.part import parts
from allocator.engine.tiers import Clock, Conflict, Stop, best_of, run, signed, worths
from allocator.engine.tiers import solve as exact
from allocator.engine.wide import ending, large, whole
from allocator.engine.wide.whole import solve_whole
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import long, whole_or


def _whole(inst: Instance, hint: Sequence[int] = ()) -> Solution:
    stop = Stop()
    return solve_whole(inst, stop, Clock(stop, monotonic()), hint)


def test_a_post_that_nobody_may_take_needs_no_time() -> None:
    inst = random_instance(3)
    alone = replace(inst, pairs=(), bonds=(), fixed=(), same=(), different=(), never_both=(), together=(), above=())
    tiers_ = tuple(replace(t, broken={}) for t in inst.tiers)
    for stop in (Stop(seconds=0.0), Stop(work=0.0), Stop()):
        found = method.solve(replace(alone, tiers=tiers_), stop)
        assert (found.status, found.chosen) == ("optimal", ())


def _stands(inst: Instance, solution: Solution) -> bool:
    """Whether the plan can be had: CP-SAT with every pair fixed or taken out."""
    only = replace(
        inst,
        fixed=tuple(solution.chosen),
        tiers=tuple(replace(t, points=False, lot=False, short={}, broken={}, filled={}) for t in inst.tiers),
    )
    try:
        return set(solution.chosen) <= set(exact(only, settle=False).chosen)
    except Conflict:
        return False


@pytest.mark.parametrize("seed", range(whole_or(25, 25, 5)))
def test_one_piece_agrees_with_cp_sat(seed: int) -> None:
    inst = random_instance(seed)
    try:
        best = exact(inst)
    except Conflict:
        with pytest.raises(Conflict):
            _whole(inst)
        return
    got = _whole(inst)
    assert (got.status, got.tiers) == ("optimal", best.tiers)
    assert got.chosen == best.chosen
    assert got.short == best.short


@pytest.mark.parametrize("seed", range(whole_or(8, 8, 3)))
def test_a_lot_not_proved_at_once_costs_no_tier_before_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inst = random_instance(seed)
    inst = replace(
        inst,
        posts=tuple(replace(p, trims=()) for p in inst.posts),
        tiers=tuple(replace(t, short={}) for t in inst.tiers),
    )
    try:
        best = exact(inst)
    except Conflict:
        return
    asked, last, once = whole.Whole.best, ending._last, [0]

    def begins(search: whole.Whole, tier: Tier) -> None:
        once[0] = 1
        last(search, tier)

    def unsure(self: whole.Whole, *args: Any, **how: Any) -> Found:
        answer = asked(self, *args, **how)
        if once[0] and answer.status == "optimal":  # as when its time is up: the proof is gone back to
            once[0] = 0
            return replace(answer, status="feasible", bound=answer.bound + 1)
        return answer

    monkeypatch.setattr(ending, "NARROW", -1)
    monkeypatch.setattr(ending, "_last", begins)
    monkeypatch.setattr(whole.Whole, "best", unsure)
    got = _whole(inst)
    assert [t.value for t in got.tiers] == [t.value for t in best.tiers]


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_a_hard_year_is_the_same_by_either_method(seed: int) -> None:
    inst = short_of_days(seed)
    try:
        best = exact(inst)
    except Conflict:
        return
    got = _whole(inst)
    assert (got.status, got.tiers, got.chosen, got.short) == ("optimal", best.tiers, best.chosen, best.short)


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_a_plan_whose_days_are_proved_best_loses_nothing_after_them(seed: int) -> None:
    inst = short_of_days(seed)
    try:
        best = exact(inst)
    except Conflict:
        return
    for tier in (t for t in inst.tiers if t.short):
        got, proved = best_of(inst, tier, (best.chosen, best.short), Clock(Stop(), monotonic()), whole.SOON)
        assert proved
        assert worths(inst, *got) == worths(inst, best.chosen, best.short)


@pytest.mark.parametrize("proved", [0, 2, 4])
@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_a_plan_gone_on_from_changes_nothing(seed: int, proved: int) -> None:
    """Of the best plan so many tiers are said to be proved; without any the plan is another."""
    inst = short_of_days(seed)
    try:
        best = exact(inst)
    except Conflict:
        return
    chosen, short = (best.chosen, dict(best.short)) if proved else tiers.any_plan(inst) or ((), {})
    known = {t.name: signed(t, v.value) for t, v in list(zip(inst.tiers, best.tiers, strict=True))[:proved]}
    stop = Stop()
    got = solve_whole(inst, stop, Clock(stop, monotonic()), first=(chosen, short, known))
    assert (got.status, got.tiers, got.chosen, got.short) == ("optimal", best.tiers, best.chosen, best.short)


def test_ties_that_are_not_told_apart_in_time_are_not_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    inst = short_of_days(1)
    best = exact(inst)
    plan, stop = (best.chosen, dict(best.short)), Stop()
    assert tiers.conclude(inst, Clock(stop, monotonic()), plan, True, True) == (*plan, best.unique)

    def late(search: tiers._Search, found: tiers._Found) -> bool:
        search.settled = found.chosen, found.short
        search.clock.interrupted = True
        return False

    monkeypatch.setattr(tiers._Search, "settle", late)
    assert tiers.conclude(inst, Clock(stop, monotonic()), plan, True, True) is None


@pytest.mark.parametrize("seed", range(whole_or(8, 8, 3)))
def test_a_plan_to_begin_from_changes_nothing(seed: int) -> None:
    inst = random_instance(seed)
    try:
        best = exact(inst)
    except Conflict:
        return
    for hint in (best.chosen[::2], range(0, len(inst.pairs), 3)):  # half of the plan; what no plan could be
        got = _whole(inst, hint)
        assert (got.status, got.tiers, got.chosen, got.short) == ("optimal", best.tiers, best.chosen, best.short)


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_who_ties_by_the_method_of_many_pairs_ties_by_the_other(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inst = random_instance(seed)
    inst = replace(inst, pairs=tuple(p._replace(points=p.points // 50 * 50) for p in inst.pairs))
    try:
        best = exact(inst)
    except Conflict:
        return
    narrowly, looked = ties.ties(inst, best)
    assert looked
    monkeypatch.setattr(ties, "SMALL", 0)
    widely, looked = ties.ties(inst, best)
    assert set(widely) <= set(narrowly)
    assert not looked  # exchanges of one or two, and no longer chains


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_days_short_fall_the_same_person_by_person(seed: int) -> None:
    inst = replace(random_instance(seed), most_load=None)
    try:
        best = exact(inst)
    except Conflict:
        return
    clock = Clock(Stop(), monotonic())
    together = spread._spread(inst, best.chosen, best.short, lambda model: run(model, clock))
    assert together == best.short


@pytest.mark.parametrize("seed", range(whole_or(12, 12, 4)))
def test_parts_add_up(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "SMALL", 10)
    one, two = random_instance(seed, 8, 3, structures=False), random_instance(seed + 100, 6, 2, structures=False)
    inst = beside(one, two)
    assert len(parts(inst)) >= 2
    best = exact(inst)
    for workers in (1, 2):
        got = method.solve(inst, Stop(workers=workers))
        assert (got.status, got.tiers, got.chosen, got.short) == ("optimal", best.tiers, best.chosen, best.short)


@long(but="5")
@pytest.mark.parametrize("seed", range(10))
def test_areas_keep_the_rules_and_their_bounds_hold(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "SIZE", 8)
    inst = replace(random_instance(seed, whole_or(24, 13), whole_or(8, 5)), most_load=None)
    try:
        best = exact(inst, settle=False)
    except Conflict:
        return
    got = [large.solve_large(inst, Stop(workers=w), Clock(Stop(), monotonic())) for w in (1, 2)]
    assert replace(got[0], deterministic_time=0) == replace(got[1], deterministic_time=0)
    plan = got[0]
    assert plan.status == "feasible"
    assert _stands(inst, plan)
    mine = [signed(t, v.value) for t, v in zip(inst.tiers, plan.tiers, strict=True)]
    theirs = [signed(t, v.value) for t, v in zip(inst.tiers, best.tiers, strict=True)]
    assert mine <= theirs
    for tier, v, b in zip(inst.tiers, plan.tiers, best.tiers, strict=True):
        assert v.value == value(inst, tier, plan.chosen, plan.short)
        assert signed(tier, v.bound) >= signed(tier, b.value), tier.name


def beside(one: Instance, two: Instance) -> Instance:
    """Both in one instance, sharing nothing."""
    p, s = len(one.posts), len(one.people)
    return Instance(
        one.posts + tuple(replace(q, key=f"q{q.key}") for q in two.posts),
        one.people + tuple(replace(q, key=f"t{q.key}") for q in two.people),
        one.pairs + tuple(q._replace(post=q.post + p, person=q.person + s) for q in two.pairs),
        tuple(
            replace(
                a,
                filled={**a.filled, **{k + p: v for k, v in b.filled.items()}},
                short={**a.short, **{k + p: v for k, v in b.short.items()}},
            )
            for a, b in zip(one.tiers, two.tiers, strict=True)
        ),
        above=one.above
        + tuple(
            replace(q, person=q.person + s, posts=None if q.posts is None else tuple(k + p for k in q.posts))
            for q in two.above
        ),
    )


def test_areas_part_people_evenly() -> None:
    from allocator.engine.wide.areas import areas

    inst = random_instance(3, 60, 20)
    post, person, points = (
        np.array(x, dtype=np.int64) for x in zip(*((p.post, p.person, p.points) for p in inst.pairs), strict=True)
    )
    groups = areas(post, person, points, 20, 12.0, 3)
    assert sorted(s for g in groups for s in g.tolist()) == list(range(20))
    assert len(groups) >= 4


@pytest.mark.parametrize("seed", range(200))
def test_rows_that_follow_from_a_limit_leave_just_the_whole_numbers_that_fit(seed: int) -> None:
    random = Random(seed)
    large = random.randint(1, 12)
    small, limit = random.randint(1, large), random.randint(0, 60)
    most = random.randint(0, 7), random.randint(0, 7)
    rows = fitting(limit, (large, small), most)
    grid = [(x, y) for x in range(most[0] + 1) for y in range(most[1] + 1)]
    fits = {(x, y) for x, y in grid if large * x + small * y <= limit}
    assert {(x, y) for x, y in grid if all(a * x + b * y <= c for a, b, c in rows)} == fits
    assert all(any(a * x + b * y == c for x, y in fits) for a, b, c in rows)  # each row touches a plan: none is loose
