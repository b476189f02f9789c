"""A plan in which nobody moves who need not is asked for first, and is the optimum only where no tier before loses by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest

from allocator.engine import method, unmoved
from allocator.engine.instance import Instance
from allocator.engine.tiers import Clock, Conflict, Stop, solve
from allocator.engine.wide import fewest
from tests.engine.random_instances import random_instance, short_of_days
from tests.engine.test_still import gone_on_from
from tests.sizes import whole_or


def narrower(inst: Instance, by: int) -> Instance:
    """The first of the people, and with them maybe a bond, has fewer days."""
    one, *others = inst.people
    limits = tuple(replace(x, hard=max(0, x.hard - by), soft=None) for x in one.limits)
    return replace(inst, people=(replace(one, limits=limits), *others))


@pytest.mark.parametrize("make", [random_instance, short_of_days])
def test_the_optimum_is_that_of_a_solve_of_everything(
    make: Callable[[int], Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmoved, "FEWER", 1.0)
    monkeypatch.setattr(fewest, "FEWER", 0.0)
    monkeypatch.setattr(method, "SMALL", 0)
    by_it, others = 0, 0
    for seed in range(whole_or(300, 25, 8)):
        try:
            inst = narrower(gone_on_from(make, seed), 4 * (seed % 5))
            full = solve(inst)
        except Conflict:
            continue
        found, _ = method._unmoved(inst, Clock(Stop(), monotonic()), (), True)
        by_it += found is not None
        others += found is None
        found = method.solve(inst)
        assert found.status == "optimal"
        assert [(t.name, t.value, t.bound) for t in found.tiers] == [(t.name, t.value, t.bound) for t in full.tiers]
        assert (found.chosen, dict(found.short)) == (full.chosen, dict(full.short)), seed
    assert by_it > whole_or(10, 10, 3)
    assert others > whole_or(3, 3, 0)


def test_stopped_at_any_work_no_bound_is_below_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmoved, "FEWER", 1.0)
    monkeypatch.setattr(method, "SMALL", 0)
    stopped = 0
    for seed in range(whole_or(100, 12, 4)):
        try:
            inst = gone_on_from(short_of_days, seed)
            full = solve(inst)
        except Conflict:
            continue
        for work in (1e-6, 1e-4, 1e-3, 1e-2):
            found = method.solve(inst, Stop(work=work))
            stopped += found.status != "optimal"
            best = True  # so far the stopped plan is as good as the optimum
            for tier, a, b in zip(inst.tiers, found.tiers, full.tiers, strict=bool(found.tiers)):
                sign = 1 if tier.sense == "most" else -1
                assert not best or sign * a.bound >= sign * b.value, (seed, work, tier.name)
                best = best and a.value == b.value
    assert stopped > whole_or(5, 5, 2)


def test_what_is_fixed_elsewhere_leaves_no_such_plan() -> None:
    inst = gone_on_from(random_instance, 4)
    bond = inst.bonds[0].pairs[0]
    other = next(i for i, p in enumerate(inst.pairs) if p.post == inst.pairs[bond].post and i != bond)
    assert unmoved.unmoved(replace(inst, fixed=(other,))) is None
