"""Where each post has one pair and there is room for all, the plan is known without a search."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from allocator.engine import method
from allocator.engine.foregone import foregone
from allocator.engine.instance import Instance, Kept, Tier
from allocator.engine.tiers import solve
from tests.engine.random_instances import random_instance


def one_each(seed: int, room: int) -> Instance:
    """A random instance with one pair left for each post, people with more room, and bonds on some of the pairs."""
    r = random.Random(seed)
    inst = random_instance(seed, structures=False)
    of_post = [[p for p in inst.pairs if p.post == n] for n in range(len(inst.posts))]
    pairs = tuple(r.choice(some) for some in of_post)
    bonds = tuple(Kept(f"b{n}", tuple(sorted(r.sample(range(len(pairs)), 2)))) for n in range(3))
    people = tuple(
        replace(p, at_most=None, limits=tuple(replace(x, hard=x.hard + room) for x in p.limits)) for p in inst.people
    )
    tiers = tuple(replace(t, broken=dict.fromkeys(range(3), 1)) if t.name == "2" else t for t in inst.tiers)
    return replace(inst, pairs=pairs, people=people, bonds=bonds, tiers=tiers)


def test_the_plan_is_that_of_a_solve() -> None:
    known = 0
    for seed in range(60):
        for room in (0, 20, 60):
            inst = one_each(seed, room)
            found = foregone(inst)
            if found is None:
                continue
            known += 1
            full = solve(inst)
            assert (found.status, found.chosen, dict(found.short)) == (full.status, full.chosen, dict(full.short))
            assert found.tiers == full.tiers
    assert 60 < known < 180


@pytest.fixture
def roomy() -> Instance:
    inst = one_each(1, 200)
    people = tuple(replace(p, at_least=0) for p in inst.people)
    inst = replace(inst, people=people)
    assert foregone(inst) is not None
    return inst


def test_a_solve_of_it_searches_nothing(roomy: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    for search in ("at_the_root", "solve_plain", "_by_size"):
        monkeypatch.setattr(method, search, lambda *_, **__: pytest.fail("searched"))
    assert method.solve(roomy) == foregone(roomy)


def test_not_where_a_limit_of_any_kind_is_passed(roomy: Instance) -> None:
    someone = roomy.people[roomy.pairs[0].person]
    for less in (
        replace(someone, limits=(replace(someone.limits[0], hard=1),)),
        replace(someone, at_most=0),
        replace(someone, at_least=99),
    ):
        assert foregone(replace(roomy, people=tuple(less if p is someone else p for p in roomy.people))) is None


def test_not_where_a_post_may_be_better_left_or_trimmed(roomy: Instance) -> None:
    """A post, or its days, that no tier before the points counts: points may do without."""
    for name in ("1a", "1d"):
        tiers = tuple(replace(t, filled={}, short={}) if t.name == name else t for t in roomy.tiers)
        assert foregone(replace(roomy, tiers=tiers)) is None
    late = tuple(sorted(roomy.tiers, key=lambda t: t.name in ("1a", "1b", "1d")))
    assert foregone(replace(roomy, tiers=late)) is None


def test_not_where_something_else_is_asked_of_posts_together(roomy: Instance) -> None:
    asked: list[Instance] = [
        replace(roomy, same=((0, 1),)),
        replace(roomy, different=((0, 1),)),
        replace(roomy, never_both=((0, 1),)),
        replace(roomy, most_load=1),
        replace(roomy, least_points={0: 1}),
        replace(roomy, tiers=(*roomy.tiers, Tier("worst", "most", worst=(0,)))),
        replace(roomy, pairs=roomy.pairs[1:]),
        replace(roomy, pairs=(*roomy.pairs, roomy.pairs[0])),
        replace(roomy, posts=(replace(roomy.posts[0], wants=2), *roomy.posts[1:])),
    ]
    assert [foregone(inst) for inst in asked] == [None] * len(asked)
