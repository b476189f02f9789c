"""Worst-off first: the least points of any post made most, then the tiers after it.

A plain max-min model stalls. So: a threshold, and whether every post filled can have at least that much with the
tiers before it as good as ever; each answer moves one end of the range, and a plan found moves it to what it reached.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.model import value
from allocator.engine.tiers import Conflict, Stop, signed
from allocator.engine.tops import own_best, top

ANY = 10.0  # a gap that any plan meets: the points only guide the search


NODES = 20  # tree nodes for one threshold: past these the answer is "not known" and the next one is tried


GUIDED = 2_500  # pairs; fewer are searched through at once, and there the points would be proved for nothing


class Solve(Protocol):
    def __call__(
        self, inst: Instance, stop: Stop | None = None, hint: Sequence[int] = (), *, settle: bool = True
    ) -> Solution: ...


@dataclass
class _Spent:
    """Time and work over several solves under one stop."""

    stop: Stop
    began: float
    work: float = 0.0

    def over(self) -> bool:
        left = self.left()
        return left.seconds == 0 or left.work == 0 or bool(self.stop.event and self.stop.event.is_set())

    def left(self, gap: float | None = None) -> Stop:
        seconds, work = self.stop.seconds, self.stop.work
        return replace(
            self.stop,
            seconds=None if seconds is None else max(0.0, seconds - (monotonic() - self.began)),
            work=None if work is None else max(0.0, work - self.work),
            gap=self.stop.gap if gap is None else gap,
            nodes=self.stop.nodes if gap is None else NODES,
        )


def worst_first(inst: Instance, stop: Stop, hint: Sequence[int], settle: bool, solve: Solve) -> Solution:
    """The optimum of an instance with a `worst` tier, or the best found, its bounds with it."""
    at = next(n for n, t in enumerate(inst.tiers) if t.worst)
    tier, before, after = inst.tiers[at], inst.tiers[:at], inst.tiers[at + 1 :]
    spent = _Spent(stop, monotonic())
    base = solve(_rough(inst, before), spent.left(ANY), hint, settle=False)
    spent.work += base.deterministic_time
    if base.status == "stopped":
        return base
    plan, proved = base, all(t.proved for t in base.tiers[:at])
    low, high = value(inst, tier, base.chosen, base.short), _ceiling(inst, tier, base, proved)
    if proved and not {inst.pairs[i].post for i in base.chosen} & set(tier.worst):
        high = low  # no such post can be filled beside the tiers before, so none is worst off
    steps = _steps(inst, tier, low, high)
    high = steps[-1] if steps else low  # between two steps there is nothing to be had
    at_least, at_most = 0, len(steps) - 1  # steps from which to which it is not known whether they can be reached
    middle = at_most  # often the highest can
    while proved and at_least <= at_most and not spent.over():
        found, none = _reaching(inst, tier, before, base, steps[middle], spent, plan.chosen, solve)
        reached = value(inst, tier, found.chosen, found.short) if found else low
        if found and reached >= steps[middle]:
            plan, low = found, reached
            at_least = bisect_right(steps, reached)
        else:
            at_most = middle - 1
            if none:  # so nothing at or above it can
                high = steps[at_most] if at_most >= at_least else low
        middle = (at_least + at_most + 1) // 2
    last = replace(inst, tiers=(*before, *after), least_points=floor(inst, tier, low))
    final = solve(last, spent.left(), plan.chosen, settle=settle)
    spent.work += final.deterministic_time
    if final.status == "stopped" or _rank(before, final) < _rank(before, plan):
        known = ((t, value(inst, t, plan.chosen, plan.short)) for t in after)
        behind_it = (TierValue(t.name, v, _any(inst, t)) for t, v in known)
        final = replace(plan, status="feasible", tiers=(*plan.tiers[:at], *behind_it))
    got = value(inst, tier, final.chosen, final.short)
    first = [replace(t, bound=b.bound) for t, b in zip(final.tiers, base.tiers[:at], strict=False)]
    behind = list(final.tiers[at:])
    rests = (1 if got < high else len(behind)) if proved else 0  # how many of them may rest on this tier as it is
    behind[rests:] = [replace(t, bound=_any(inst, a)) for t, a in zip(behind[rests:], after[rests:], strict=True)]
    values = (*first, TierValue(tier.name, got, max(got, high)), *behind)
    done = proved and final.status == "optimal" and got >= high
    return replace(final, status="optimal" if done else "feasible", tiers=values, deterministic_time=spent.work)


def _steps(inst: Instance, tier: Tier, low: int, high: int) -> Sequence[int]:
    """What the worst-off post may have above `low`: where each wants one person, some pair's own points (or, none
    filled, 0)."""
    if any(inst.posts[p].wants != 1 for p in tier.worst):
        return range(low + 1, high + 1)
    posts = set(tier.worst)
    return sorted(v for v in {0, *(p.points for p in inst.pairs if p.post in posts)} if low < v <= high)


def _rank(before: Sequence[Tier], found: Solution) -> list[int]:
    return [signed(tier, t.value) for tier, t in zip(before, found.tiers, strict=False)]


def _any(inst: Instance, tier: Tier) -> int:
    """A bound for every plan, in the tier's own sense."""
    return signed(tier, top(inst, tier))


def _rough(inst: Instance, before: tuple[Tier, ...]) -> Instance:
    """The tiers before, and the points as a guide only: a search with nothing to aim at wanders."""
    guided = len(inst.pairs) > GUIDED
    return replace(inst, tiers=(*before, *(t for t in inst.tiers if t.points and guided)))


def floor(inst: Instance, tier: Tier, least: int) -> dict[int, int]:
    """`least_points` of an instance with its `worst` tier held at `least` as well."""
    return {**inst.least_points, **{p: max(least, inst.least_points.get(p, least)) for p in tier.worst}}


def _ceiling(inst: Instance, tier: Tier, base: Solution, proved: bool) -> int:
    """More than this no plan reaches: the least of the posts' own best, where all of them are filled in every plan."""
    own = own_best(inst, tier.worst)
    filled = {inst.pairs[i].post for i in base.chosen}
    at_top = [t for t, v in zip(inst.tiers, base.tiers, strict=False) if signed(t, v.value) == top(inst, t)]
    wanted = {p for t in at_top for p, c in t.filled.items() if c > 0 and t.sense == "most"}
    surely = proved and own and set(tier.worst) <= filled & wanted
    return min(worth for _, worth in own) if surely else max(0, top(inst, tier))  # 0 where none of them is filled


def _reaching(
    inst: Instance,
    tier: Tier,
    before: tuple[Tier, ...],
    base: Solution,
    least: int,
    spent: _Spent,
    plan: Sequence[int],
    solve: Solve,
) -> tuple[Solution | None, bool]:
    """A plan that reaches the threshold; and, where there is none, whether that is sure."""
    floors = floor(inst, tier, least)
    if any(
        inst.pairs[i].points < floors.get(inst.pairs[i].post, least) and inst.posts[inst.pairs[i].post].wants == 1
        for i in inst.fixed
        if inst.pairs[i].post in floors
    ):
        return None, True
    try:
        found = solve(replace(_rough(inst, before), least_points=floors), spent.left(ANY), plan, settle=False)
    except Conflict:
        return None, True
    spent.work += found.deterministic_time
    at = len(before)
    if found.status != "stopped" and [v.value for v in found.tiers[:at]] == [v.value for v in base.tiers[:at]]:
        return found, False
    return None, found.status != "stopped" and all(v.proved for v in found.tiers[:at])
