"""A plan without a search: it breaks no rule, fills at least what fits in full, and is short where it has to be."""

from __future__ import annotations

from time import monotonic

import pytest

from allocator.engine.cp import cp_model
from allocator.engine.cpsat import Clock, Stop, run
from allocator.engine.instance import Instance, Limit, Pair, Person, Post, Tier, Trim
from allocator.engine.model import Built, value
from allocator.engine.rounding import at_once, rounded
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or


def allowed(inst: Instance, chosen: tuple[int, ...], short: dict[int, int]) -> bool:
    """Whether the exact model has just this plan."""
    built = Built(inst, trimming=True)
    for i, x in enumerate(built.x):
        built.model.add(x == (i in chosen))
    for group, counts in (g for mine in built.cuts.values() for g in mine):
        for count, many in zip(counts, group.counts(inst, short, chosen), strict=True):
            built.model.add(count == many)
    return run(built.model, Clock(Stop(), monotonic()))[1] == cp_model.OPTIMAL


@pytest.mark.parametrize("make", [random_instance, short_of_days])
def test_what_is_laid_out_at_once_breaks_no_rule(make: object) -> None:
    laid = better = 0
    for seed in range(whole_or(2_000, 150, 50)):
        inst = make(seed)  # type: ignore[operator]
        if (plan := at_once(inst, [i for i in range(len(inst.pairs)) if i % 3 == seed % 3])) is None:
            continue
        assert allowed(inst, *plan), seed
        laid += 1
        better += len(plan[0]) > len(rounded(inst, range(len(inst.pairs))))
    assert laid > whole_or(50, 50, 15)
    assert better > whole_or(10, 10, 3)


def test_days_short_go_where_they_cost_least_and_posts_to_whom_has_days() -> None:
    trims = (Trim(2, (2,)), Trim(4, (4,)))
    inst = Instance(
        (Post("a", trims=trims), Post("b", trims=trims), Post("c", trims=trims)),
        (Person("A", (Limit(0, 18),)), Person("B", (Limit(0, 20),))),
        (Pair(0, 0, (10,), 9), Pair(1, 0, (10,), 8), Pair(2, 0, (10,), 7), Pair(1, 1, (10,), 1), Pair(2, 1, (10,), 1)),
        (
            Tier("1a", "most", filled={0: 1, 1: 1, 2: 1}),
            Tier("1d_high", "least", short={0: 1}),
            Tier("1d_low", "least", short={1: 1, 2: 1}),
            Tier("4", "most", points=True),
        ),
    )
    plan = at_once(inst)
    assert plan == ((0, 3, 4), {})  # both of the others to B, who has the days
    alone = Instance(inst.posts[:2], inst.people[:1], inst.pairs[:2], inst.tiers)
    assert at_once(alone) == ((0, 1), {1: 2})  # the low need gives
    assert value(alone, alone.tiers[2], (0, 1), {1: 2}) == 2
