"""Where nobody need move for it, a pair asked for has the answer of a solve of its own: tiers, people, days short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest

from allocator.engine import force as engine
from allocator.engine.climb import Unsettled
from allocator.engine.instance import Instance, Kept
from allocator.engine.still import Still
from allocator.engine.tiers import Clock, Conflict, Stop, solve
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or


def gone_on_from(make: Callable[[int], Instance], seed: int) -> Instance:
    """The instance with a bond for most of what a plan of it has, as in a repair."""
    inst = make(seed)
    people = (
        replace(p, limits=tuple(replace(x, hard=x.hard + 8) for x in p.limits), at_most=None) for p in inst.people
    )
    inst = replace(inst, people=tuple(people), never_both=(), most_load=None)
    free = replace(inst, bonds=(), tiers=tuple(replace(t, broken={}) for t in inst.tiers))
    held = [i for n, i in enumerate(solve(free).chosen) if n % 4 != seed % 4]
    bonds = tuple(Kept(f"b{i}", (i,)) for i in held)
    at = next(n for n, t in enumerate(inst.tiers) if t.points)
    rest = [t for t in free.tiers if t.name != "2"]
    where = min(at, len(rest)) - seed % 2  # before the days short, or after
    moved = replace(inst.tiers[0], name="2", sense="least", filled={}, broken=dict.fromkeys(range(len(bonds)), 1))
    return replace(inst, bonds=bonds, tiers=(*rest[: where - 1], moved, *rest[where - 1 :]))


@pytest.mark.parametrize("make", [random_instance, short_of_days])
def test_every_answer_is_that_of_a_solve(make: Callable[[int], Instance], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.engine.still.FEWER", 1.0)
    answered = 0
    for seed in range(whole_or(120, 15, 8)):
        try:
            inst = gone_on_from(make, seed)
            now = solve(inst)
            still = Still(inst, now.chosen, now.short)
        except (Conflict, Unsettled):
            continue
        for pair in sorted(set(range(len(inst.pairs))) - set(now.chosen))[::3]:
            try:
                found = still.forced(pair, Clock(Stop(), monotonic()))
            except Unsettled:
                continue
            full = solve(replace(inst, fixed=tuple(sorted({*inst.fixed, pair}))))
            assert (found.tiers, found.chosen, dict(found.short)) == (full.tiers, full.chosen, dict(full.short)), seed
            answered += 1
    assert answered > whole_or(3, 3, 1)


def test_a_plan_without_bonds_has_nobody_who_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told once, and not looked at again; the answer comes in another way."""
    inst = random_instance(1)
    free = replace(inst, bonds=(), tiers=tuple(replace(t, broken={}) for t in inst.tiers))
    now = solve(free)
    with pytest.raises(Unsettled):
        Still(free, now.chosen, now.short)
    monkeypatch.setattr(engine, "STILL", 0)
    best = {t.name: t.value for t in now.tiers}
    pair = next(i for i in range(len(free.pairs)) if i not in now.chosen)
    found, whole = engine.force(free, now.chosen, now.short, pair, best=best)
    assert whole
    assert pair in found.chosen
    assert free.kept["Still"][1] is None
