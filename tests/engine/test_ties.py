"""Who tied, asked the way of large instances: each is in an equal plan, and those said to be all are all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from allocator.engine import method, ties
from allocator.engine.instance import Instance, Solution
from allocator.engine.part import parts
from allocator.engine.tiers import Conflict, Stop, solve
from allocator.engine.wide.sift import left
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import long, whole_or

SEEDS = range(whole_or(400, 24, 4))
SPARSE = 20, 8, 2  # posts, people, people of a post: some fall into parts


def level(seed: int, posts: int = 12, people: int = 4, reach: int = 3) -> Instance:
    """One with points so coarse that plans tie."""
    inst = replace(random_instance(seed, posts, people, reach, structures=False), above=())
    return replace(inst, pairs=tuple(p._replace(points=p.points // 40 * 40) for p in inst.pairs))


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
    try:
        best = solve(inst)
    except Conflict:  # its fixed pairs clash
        return
    monkeypatch.setattr(ties, "SMALL", 0)
    found = ties._widely(inst, best, Stop())
    assert [i for i in found if i in best.chosen or not with_pair(inst, i, best)] == []


def test_some_tie() -> None:
    """The instances of the test above have what it looks for."""
    found = [ties._widely(inst, solve(inst), Stop()) for inst in map(level, range(12))]
    assert sum(map(len, found)) > 3


def missed(inst: Instance, best: Solution, kept: Collection[int]) -> list[int]:
    """Pairs, not kept, of plans as good as the best: another person for a post that is filled."""
    posts = {inst.pairs[i].post for i in best.chosen}
    others = set(range(len(inst.pairs))) - {*kept, *best.chosen}
    return [i for i in sorted(others) if inst.pairs[i].post in posts and with_pair(inst, i, best)]


@pytest.mark.parametrize("seed", SEEDS)
def test_all_are_found_among_the_pairs_that_are_left(seed: int) -> None:
    inst = level(seed)
    best = solve(inst)
    few = left(inst, best, Stop())
    if few is not None:  # days or people are short: then changes of one or two are looked at
        assert missed(inst, best, few.pairs) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_all_are_among_the_pairs_that_a_large_solve_came_to_know(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "SMALL", 0)
    inst = level(seed, *SPARSE)
    found = method.solve(inst)
    if found.near is not None:
        assert missed(inst, found, found.near) == []


@long()
def test_large_solves_come_to_know_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instances of the test above have what it looks for, in parts and whole."""
    monkeypatch.setattr(method, "SMALL", 0)
    known = [inst for inst in (level(n, *SPARSE) for n in range(24)) if method.solve(inst).near is not None]
    assert {len(parts(inst)) > 1 for inst in known} == {True, False}
