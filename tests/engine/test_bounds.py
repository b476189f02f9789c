"""No false bound: whatever a search is stopped by, no plan as good as its own goes beyond a bound that it states.

2,000 cases where hours are given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import pytest
from ortools.sat.python import cp_model

from allocator.engine import method, tiers
from allocator.engine.instance import Instance, Kept, Pair, Person, Post, Solution, Tier
from allocator.engine.model import Built, value
from allocator.engine.tiers import Clock, Conflict, Stop, run, signed
from allocator.engine.wide import large, whole
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or

CASES = whole_or(2_000, 60, 8)


def with_worst(inst: Instance) -> Instance:
    """The same with the post worst off before the points."""
    return replace(inst, tiers=(*inst.tiers[:-2], Tier("4_worst", "most", worst=(0, 1, 2)), *inst.tiers[-2:]))


def doubted(inst: Instance, got: Solution) -> list[str]:
    """Tiers whose bound is beaten by a plan as good as `got` in every tier up to the first that is not proved."""
    beaten, floors, open_ = [], list[tuple[Tier, int]](), False
    for tier, t in zip(inst.tiers, got.tiers, strict=True):
        assert t.value == value(inst, tier, got.chosen, got.short), tier.name
        best = most(inst, tier, floors)
        if best > signed(tier, t.bound):
            beaten.append(f"{tier.name}: value {t.value}, bound {t.bound}, possible {signed(tier, best)}")
        if not open_:
            floors.append((tier, signed(tier, t.value)))
            open_ = not t.proved
    return beaten


def most(inst: Instance, tier: Tier, floors: Sequence[tuple[Tier, int]]) -> int:
    """The best of a tier (made most) above the floors, by CP-SAT on this one question."""
    built = Built(inst, trimming=True)
    for other, least in floors:
        built.keep(other, least)
    if tier.worst:
        return max(
            (least for least in sorted({p.points for p in inst.pairs} | {0}) if reaches(inst, tier, least, floors)),
            default=0,
        )
    built.model.maximize(built.tier(tier).expr)
    solver, status = run(built.model, Clock(Stop(), monotonic()))
    assert status == cp_model.OPTIMAL
    return round(solver.objective_value)


def reaches(inst: Instance, tier: Tier, least: int, floors: Sequence[tuple[Tier, int]]) -> bool:
    built = Built(inst, trimming=True)
    for other, v in floors:
        built.keep(other, v)
    built.keep(tier, least)
    if least > 0:  # a plan in which none of them is filled has 0
        built.model.add(sum(sum(built.x[i] for i in built.of_post[p]) for p in tier.worst) >= 1)
    return run(built.model, Clock(Stop(), monotonic()))[1] in (cp_model.OPTIMAL, cp_model.FEASIBLE)


def _whole(inst: Instance, stop: Stop) -> Solution:
    return whole.solve_whole(inst, stop, Clock(stop, monotonic()))


def _areas(inst: Instance, stop: Stop) -> Solution:
    return large.solve_large(replace(inst, most_load=None), stop, Clock(stop, monotonic()))


METHODS: dict[str, Callable[[Instance, Stop], Solution]] = {
    "cp-sat": tiers.solve,
    "one piece": _whole,
    "areas": _areas,
    "by size": method.solve,
}


@pytest.mark.parametrize("seed", range(CASES))
def test_no_bound_is_beaten_wherever_the_search_is_stopped(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    r = random.Random(seed)
    inst = r.choice((short_of_days, random_instance))(seed)
    name = r.choice(list(METHODS))
    if name == "areas":
        monkeypatch.setattr(large, "SIZE", 6)
        inst = replace(inst, most_load=None)
    if name == "by size":
        monkeypatch.setattr(method, "SMALL", r.choice((0, 2_500)))
        inst = with_worst(inst) if r.random() < 0.5 else inst
    stop = Stop(work=10 ** r.uniform(-5, -1.5), nodes=r.choice((0, 1, 5, None)))
    try:
        got = METHODS[name](inst, stop)
    except Conflict:
        return
    if got.status != "stopped":
        assert not doubted(inst, got), name


@pytest.mark.parametrize("seed", range(8))
def test_parts_that_are_not_proved_state_true_bounds_together(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engine.test_methods import beside

    monkeypatch.setattr(method, "SMALL", 10)
    inst = beside(random_instance(seed, 7, 3, structures=False), random_instance(seed + 50, 6, 2, structures=False))
    r = random.Random(seed)
    got = method.solve(inst, Stop(work=10 ** r.uniform(-4, -2), nodes=r.choice((0, 1))))
    assert got.status == "stopped" or not doubted(inst, got)


def test_a_bound_beyond_a_tiers_range_says_nothing_of_the_tiers_below() -> None:
    """A fold's bound may lie so far above the plan that one tier's share of it runs over into the tier before."""
    inst = short_of_days(1)
    search = tiers._Search(inst, Clock(Stop(), monotonic()), trimming=True)
    fold = [t for t in inst.tiers if t.name.startswith("1d")]
    _, weights = search.weigh(fold)
    found = tiers._Found((), {}, False)

    class _Stopped:
        best_objective_bound = float(weights[0] * (1 + search.ranges["1d_0"].hi) + weights[1] * 3)

    search.note(fold, weights, found, _Stopped())  # type: ignore[arg-type]  # of a solver only its bound is read
    assert [search.bounds[t.name] for t in fold] == [search.ranges[t.name].hi for t in fold]


def test_stopped_with_every_bound_met_it_is_the_optimum() -> None:
    """The one person may take nothing and their bond is broken: the first relaxation leaves nothing to look for."""
    inst = Instance(
        (Post("p"),),
        (Person("s", at_most=0),),
        (Pair(0, 0, (8,), -5, 1),),
        (
            Tier("1a", "most", filled={0: 1}),
            Tier("2", "least", broken={0: 1}),
            Tier("4", "most", points=True),
            Tier("5", "least", lot=True),
        ),
        bonds=(Kept("b", (0,)),),
    )
    found = method.solve(inst, Stop(work=1e-9))
    assert all(t.proved for t in found.tiers)
    assert (found.status, found.chosen) == ("optimal", ())
