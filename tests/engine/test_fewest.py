"""Where somebody must move: what is left holds every plan in which as few do, and the optimum is that of a solve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from time import monotonic

import pytest

from allocator.engine import method
from allocator.engine.instance import Instance, Solution
from allocator.engine.tiers import Clock, Conflict, Stop, solve
from allocator.engine.wide import fewest as few
from allocator.engine.wide import sift
from tests.engine.random_instances import random_instance, short_of_days
from tests.engine.test_still import gone_on_from
from tests.engine.test_unmoved import narrower
from tests.sizes import whole_or

MAKERS = random_instance, short_of_days


@pytest.fixture(autouse=True)
def all_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few, "FEWER", 1.0)
    for name in ("FIRST", "MORE"):
        monkeypatch.setattr(sift, name, 1)


def all_narrower(inst: Instance, seed: int) -> Instance:
    """Everybody has fewer days, so that posts stay open."""
    people = (
        replace(p, limits=tuple(replace(x, hard=x.hard * (3 + seed % 3) // 8, soft=None) for x in p.limits))
        for p in inst.people
    )
    return replace(inst, people=tuple(people))


def by_few(inst: Instance, stop: Stop | None = None) -> Solution | None:
    clock = Clock(stop or Stop(), monotonic())
    known = few.fewest(inst, clock)
    return method._few_moved(inst, known, clock, (), True)[0] if known else None


def cases(make: Callable[[int], Instance], many: int) -> Iterator[tuple[int, Instance, Solution]]:
    """Plans gone on from in which somebody has fewer days, or all have."""
    for seed in range(many):
        try:
            inst = gone_on_from(make, seed)
            inst = all_narrower(inst, seed) if seed % 5 == 4 else narrower(inst, 4 * (1 + seed % 4))
            yield seed, inst, solve(inst)
        except Conflict:
            continue


@pytest.mark.parametrize("make", MAKERS)
def test_the_optimum_is_that_of_a_solve_of_everything(make: Callable[[int], Instance]) -> None:
    found_so, moved = 0, 0
    for seed, inst, full in cases(make, whole_or(600, 60, 25)):
        found = by_few(inst)
        if found is None:
            continue
        assert (found.chosen, dict(found.short), found.tiers) == (full.chosen, dict(full.short), full.tiers), seed
        assert not found.unique or full.unique, seed
        found_so += 1
        moved += any(t.broken and v.value for t, v in zip(inst.tiers, found.tiers, strict=True))
    assert found_so > whole_or(60, 6, 3)
    assert moved > whole_or(20, 2, 0)


@pytest.mark.parametrize("make", MAKERS)
def test_a_pair_that_is_left_out_is_in_no_plan_as_good(make: Callable[[int], Instance]) -> None:
    asked = 0
    for seed, inst, _ in cases(make, whole_or(120, 12, 6)):
        known = few.fewest(inst, Clock(Stop(), monotonic()))
        if known is None:
            continue
        for worth in (known.least, known.least - 1):
            part = known.part(worth)
            assert part is not None
            for pair in sorted(set(range(len(inst.pairs))) - set(part.pairs)):
                try:
                    with_it = solve(replace(inst, fixed=tuple(sorted({*inst.fixed, pair}))), settle=False)
                except Conflict:
                    continue
                got = known.worth(with_it)
                assert got is None or got < worth, (seed, pair)
                asked += 1
    assert asked > whole_or(100, 10, 5)


def test_a_plan_that_moves_more_than_the_relaxation_says_is_looked_for_among_more() -> None:
    """A bound that no plan has must not make the best of too few pairs the best of all."""
    widened = 0
    for seed, inst, full in cases(random_instance, whole_or(200, 25, 12)):
        known = few.fewest(inst, Clock(Stop(), monotonic()))
        if known is None:
            continue
        known.least += 1
        found, _ = method._few_moved(inst, known, Clock(Stop(), monotonic()), (), True)
        if found is not None:
            assert (found.chosen, found.tiers) == (full.chosen, full.tiers), seed
            widened += 1
    assert widened > whole_or(20, 2, 1)


def test_stopped_at_any_work_no_bound_is_below_the_optimum() -> None:
    stopped = 0
    for seed, inst, full in cases(short_of_days, whole_or(100, 12, 5)):
        for work in (1e-6, 1e-4, 1e-3):
            found = by_few(inst, Stop(work=work))
            if found is None or found.status == "optimal":
                continue
            stopped += 1
            best = True  # so far the stopped plan is as good as the optimum
            for tier, a, b in zip(inst.tiers, found.tiers, full.tiers, strict=True):
                sign = 1 if tier.sense == "most" else -1
                assert not best or sign * a.bound >= sign * b.value, (seed, work, tier.name)
                best = best and a.value == b.value
    assert stopped > whole_or(5, 3, 1)


def test_no_bonds_leave_nothing_to_count() -> None:
    inst = random_instance(3)
    bare = replace(inst, bonds=(), tiers=tuple(replace(t, broken={}) for t in inst.tiers))
    assert few.fewest(bare, Clock(Stop(), monotonic())) is None
