"""The post worst off: what is said to be the best of it is, and what was stopped is not said to be proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from allocator.engine import tiers
from allocator.engine.instance import Instance, Limit, Pair, Person, Post, Solution, Tier
from allocator.engine.tiers import Stop
from allocator.engine.worst import worst_first

EITHER = Instance(
    (Post("a"), Post("b")),
    (Person("A", (Limit(0, 1),)),),
    (Pair(0, 0, (1,), -20), Pair(1, 0, (1,), -30)),
    (
        Tier("1", "most", filled={0: 1, 1: 1}),
        Tier("w", "most", worst=(0,)),
        Tier("4", "most", points=True),
    ),
)


def test_a_post_that_another_may_be_filled_for_is_not_filled_in_every_plan() -> None:
    """One of two posts is filled; the first plan found fills the one that is worse off than empty."""

    def solve(inst: Instance, stop: Stop | None = None, hint: Sequence[int] = (), *, settle: bool = True) -> Solution:
        return tiers.solve(
            inst if settle or inst.least_points else replace(inst, fixed=(0,)), stop, hint, settle=settle
        )

    found = worst_first(EITHER, Stop(), (), True, solve)
    assert [(t.value, t.bound) for t in found.tiers] == [(1, 1), (0, 0), (-30, -30)]


def test_what_was_stopped_after_the_post_worst_off_is_not_the_optimum() -> None:
    def solve(inst: Instance, stop: Stop | None = None, hint: Sequence[int] = (), *, settle: bool = True) -> Solution:
        return Solution("stopped", (), {}, ()) if settle else tiers.solve(inst, stop, hint, settle=False)

    found = worst_first(EITHER, Stop(), (), True, solve)
    assert found.status == "feasible"
    assert not found.tiers[-1].proved
