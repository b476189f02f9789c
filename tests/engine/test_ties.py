"""Who tied, asked the way of large instances: each is in an equal plan, and those said to be all are all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from allocator.engine import ties
from allocator.engine.instance import Instance, Solution
from allocator.engine.tiers import Conflict, Stop, solve
from allocator.engine.wide.sift import left
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or

SEEDS = range(whole_or(400, 24))


def level(seed: int) -> Instance:
    """One with points so coarse that plans tie."""
    inst = replace(random_instance(seed, structures=False), above=())
    return replace(inst, pairs=tuple(replace(p, points=p.points // 40 * 40) for p in inst.pairs))


def with_pair(inst: Instance, pair: int, best: Solution) -> bool:
    """Whether a plan with this pair is as good up to the lot."""
    try:
        found = solve(replace(inst, fixed=(*inst.fixed, pair)))
    except Conflict:
        return False
    lot = {t.name for t in inst.tiers if t.lot}
    value = {t.name: t.value for t in best.tiers if t.name not in lot}
    return all(t.value == value[t.name] for t in found.tiers if t.name in value)


@pytest.mark.parametrize("make", [random_instance, short_of_days, level])
@pytest.mark.parametrize("seed", SEEDS)
def test_each_that_tied_is_in_an_equal_plan(
    make: Callable[[int], Instance], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inst = make(seed)
    best = solve(inst)
    monkeypatch.setattr(ties, "SMALL", 0)
    found = ties._widely(inst, best, Stop())
    assert [i for i in found if i in best.chosen or not with_pair(inst, i, best)] == []


def test_some_tie() -> None:
    """The instances of the test above have what it looks for."""
    found = [ties._widely(inst, solve(inst), Stop()) for inst in map(level, range(12))]
    assert sum(map(len, found)) > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_all_are_found_among_the_pairs_that_are_left(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    inst = level(seed)
    best = solve(inst)
    few = left(inst, best, Stop(), len(inst.pairs))
    if few is None:  # days or people are short: then changes of one or two are looked at
        return
    chosen, posts = set(best.chosen), {inst.pairs[i].post for i in best.chosen}
    others = set(range(len(inst.pairs))) - set(few.pairs) - chosen
    assert [i for i in sorted(others) if inst.pairs[i].post in posts and with_pair(inst, i, best)] == []
