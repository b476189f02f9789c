"""Rings of people who change posts: worth what is said, kept within every rule, and none that gains is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from time import monotonic

import pytest

from allocator.engine import rings as rings_of
from allocator.engine.cpsat import Clock, Stop
from allocator.engine.highs import Floor
from allocator.engine.instance import Instance, Tier
from allocator.engine.matrix import Ints, Matrix
from allocator.engine.model import value
from allocator.engine.rings import Rings, bettered_by_rings, ringed
from allocator.engine.tiers import Conflict, worths
from allocator.engine.tiers import solve as exact
from allocator.engine.walk import columns
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or

SEEDS = range(whole_or(60, 60, 12))


def drawn(seed: int) -> Iterator[tuple[Instance, Tier, Matrix, Ints, list[Floor]]]:
    """A plan that is the best before the points and poor in them, with what is to hold."""
    for inst in (random_instance(seed, 9, 4), short_of_days(seed), random_instance(seed, 12, 4, structures=False)):
        points = next((t for t in inst.tiers if t.points), None)
        if points is None or any(t.worst for t in inst.tiers):
            continue
        before = inst.tiers[: inst.tiers.index(points)]
        try:
            poor = exact(replace(inst, tiers=tuple(before)))
        except Conflict:
            continue
        matrix = Matrix(inst, True)
        floors = []
        for tier in before:
            aim, constant = matrix.aim(tier)
            got = value(inst, tier, poor.chosen, poor.short)
            floors.append(Floor(aim, (got if tier.sense == "most" else -got) - constant))
        at = columns(matrix, matrix.aim(points)[0], poor.chosen, dict(poor.short))
        assert at is not None
        yield inst, points, matrix, at, floors


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_bettered_and_nothing_before_it_is_lost(seed: int) -> None:
    for inst, points, matrix, at, floors in drawn(seed):
        aim, constant = matrix.aim(points)
        out = ringed(matrix, aim, at, floors, {}, Clock(Stop(), monotonic()))
        assert aim @ out >= aim @ at
        plan, was = matrix.read(out), matrix.read(at)
        many = inst.tiers.index(points)
        assert worths(inst, *plan)[:many] == worths(inst, *was)[:many]
        assert value(inst, points, *plan) == int(aim @ out) + constant
        fixed = exact(replace(inst, fixed=plan[0]))  # raises where a rule is broken
        assert set(plan[0]) <= set(fixed.chosen)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_as_pairs_and_days_short_is_bettered_alike(seed: int) -> None:
    for inst, points, matrix, at, _ in drawn(seed):
        plan = matrix.read(at)
        more = bettered_by_rings(inst, plan)
        many = inst.tiers.index(points)
        assert worths(inst, *more)[:many] == worths(inst, *plan)[:many]
        assert worths(inst, *more) >= worths(inst, *plan)


@pytest.mark.parametrize("seed", SEEDS)
def test_where_there_are_many_posts_a_few_people_at_a_time_are_looked_at(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings_of, "MOST", 3)
    monkeypatch.setattr(rings_of, "GROUP", 3)
    for inst, _, matrix, at, _ in drawn(seed):
        groups = Rings(matrix, at).groups()
        assert sorted(s for group in groups for s in group.tolist()) == sorted({p.person for p in inst.pairs})
        assert max(map(len, groups)) <= 3
        plan = matrix.read(at)
        more = bettered_by_rings(inst, plan)
        many = next(n for n, t in enumerate(inst.tiers) if t.points)
        assert worths(inst, *more)[:many] == worths(inst, *plan)[:many]
        assert worths(inst, *more) >= worths(inst, *plan)


def pairs_of(inst: Instance) -> dict[tuple[int, int], int]:
    return {(p.person, p.post): i for i, p in enumerate(inst.pairs)}


def test_what_a_ring_is_worth_is_what_the_plan_gains() -> None:
    """Each ring of two or three that gains, put in place, gains just that; and none that gains is missed."""
    seen = 0
    for seed in SEEDS:
        for inst, points, matrix, at, floors in drawn(seed):
            aim = matrix.aim(points)[0]
            rings = Rings(matrix, aim)
            gains, new, who, own = rings.changes(at, rings.groups()[0])
            of = pairs_of(inst)
            for size in (2, 3):
                for nodes in permutations(range(len(who)), size):
                    if nodes[0] != min(nodes) or len({int(who[n]) for n in nodes}) < size:
                        continue
                    after = (*nodes[1:], nodes[0])
                    gain = sum(gains[n, m] for n, m in zip(nodes, after, strict=True))
                    ring = tuple((int(own[n]), int(new[n, m])) for n, m in zip(nodes, after, strict=True))
                    taken = [(int(who[n]), int(own[m])) for n, m in zip(nodes, after, strict=True)]
                    could = all(i < 0 or (s, inst.pairs[i].post) in of for s, i in taken)
                    if any(rings.stays[i] for i, _ in ring if i >= 0) or not could:
                        continue
                    turned = rings.checked(rings.turned(at, [ring]), at, floors, {})
                    if turned is not None:
                        assert int(aim @ turned - aim @ at) == gain
                        seen += 1
                if len(who) > 14:
                    break  # rings of three are many
    assert seen > 5
