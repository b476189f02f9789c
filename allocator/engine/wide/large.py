"""Instances too large for one search: a plan from the pairs that matter, and a bound put together from areas.

1. Prices of posts and pairs from the linear relaxation. 2. A plan from the pairs that cost the relaxed plan little:
a third of them, in one search, tier by tier. 3. Beside it a bound from all pairs, area by area (`bound.py`), at
those prices; then again at prices mended where areas disagreed, while that helps. Workers change only the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from time import monotonic

import numpy as np

from allocator.engine.highs import Effort
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.matrix import Flags, Ints, Matrix
from allocator.engine.model import value
from allocator.engine.part import cut_out
from allocator.engine.rounding import rounded
from allocator.engine.tiers import Clock, Conflict, Stop, clashing, signed
from allocator.engine.tops import top
from allocator.engine.wide.areas import areas
from allocator.engine.wide.bound import Priced, Terms, combined, priced
from allocator.engine.wide.prices import GRAIN, relaxed
from allocator.engine.wide.whole import Whole

SIZE, NEAR = 3_000, 8  # posts in an area; best pairs of a post that make people neighbours
COST = 250  # points: a pair that costs the relaxed plan more is left out of the search for a plan
ALWAYS = 3  # ... but for the best so many of each post
ENOUGH = 5e-4  # share of the points: no bound is sought nearer than this, unless a smaller gap is asked for
NARROW = 1e-5  # relative gap left in the plan's search and in an area
PASSES = 8  # times the bound is mended at most
LACKING_POSTS, LACKING_DAYS = 4, 20  # a unit of a tier that is not at its best is rewarded by less: these shares


class Large:
    """The search: the plan in hand, prices, and what the points are proved to be at most."""

    def __init__(self, inst: Instance, stop: Stop, clock: Clock) -> None:
        self.inst, self.stop, self.clock = inst, stop, clock
        self.before = [t for t in inst.tiers if not (t.points or t.lot)]
        self.points = next(t for t in inst.tiers if t.points)
        self.post = np.array([p.post for p in inst.pairs], dtype=np.int64)
        self.person = np.array([p.person for p in inst.pairs], dtype=np.int64)
        self.worth = np.array([p.points for p in inst.pairs], dtype=np.int64)
        self.reward = int(np.abs(self.worth).max(initial=1))
        self.tops = {t.name: top(inst, t) for t in inst.tiers}
        self.bound = float(self.tops[self.points.name])
        matrix = Matrix(inst, trimming=False)
        aim, _ = combined(matrix, self.points, [(t, self.reward) for t in self.before])
        self.prices, self.net, work = relaxed(matrix, aim, max(1, stop.workers), self.effort())
        clock.work += work
        first = rounded(inst, np.lexsort((-self.worth, -self.net)).tolist())
        self.chosen: tuple[int, ...] = tuple(sorted(first)) if first.issuperset(inst.fixed) else ()
        self.short: dict[int, int] = {}

    def effort(self) -> Effort:
        return Effort(NARROW, self.clock.left(), event=self.stop.event)

    # -- the plan ----------------------------------------------------------------------------------

    def kernel(self) -> Flags:
        """Pairs that a good plan may choose."""
        order = np.lexsort((-self.net, self.post))
        first = np.searchsorted(self.post[order], self.post[order])
        best = np.zeros(len(order), dtype=np.bool_)
        best[order] = np.arange(len(order)) - first < ALWAYS
        best[list(self.chosen)] = True
        best[list(self.inst.fixed)] = True
        return best | (self.net >= -COST)

    def draft(self) -> float:
        """A plan no worse than the one in hand, from the kernel's pairs; returns the work done."""
        if self.clock.over:
            return 0.0
        inst = self.inst
        part = cut_out(inst, range(len(inst.posts)), range(len(inst.people)), np.nonzero(self.kernel())[0].tolist())
        place = {old: new for new, old in enumerate(part.pairs)}
        try:
            found = improve(part.inst, self.effort(), [place[i] for i in self.chosen], self.short)
        except Conflict as clash:
            raise Conflict(tuple(part.pairs[i] for i in clash.pairs)) from None
        chosen, self.short = part.out(found.chosen, found.short)
        self.chosen = tuple(sorted(chosen))
        self.tell()
        return found.deterministic_time

    def value(self, tier: Tier) -> int:
        return signed(tier, value(self.inst, tier, self.chosen, self.short))

    def tell(self) -> None:
        if self.stop.progress:
            so_far = {t.name: signed(t, self.value(t)) for t in self.inst.tiers}
            self.stop.progress(self.points.name, self.value(self.points), self.bound, so_far)

    # -- the bound ---------------------------------------------------------------------------------

    def terms(self, values: dict[str, int], trimming: bool) -> Terms:
        """What a plan as good as these values in the tiers before the points keeps there.

        A tier after one that is not proved is not counted: the best plan may do worse there.
        """
        kept = list[tuple[Tier, int, int]]()
        for tier in self.before:
            got = values[tier.name]
            if got < self.tops[tier.name]:  # what it lacks counts against the bound: so many units times the reward
                kept.append((tier, got, self.reward // (LACKING_DAYS if tier.short else LACKING_POSTS)))
                break
            kept.append((tier, got, self.reward))
        return Terms(self.points, tuple(kept), trimming)

    def bounded(self, pool: Executor, groups: Sequence[Ints], terms: Terms) -> Priced | None:
        found = priced(
            self.inst, (self.post, self.person), groups, self.prices, terms, self.effort, pool, lambda: self.clock.over
        )
        if found:
            self.clock.work += found.work
        return found

    def mend(self, last: Priced) -> bool:
        """Prices moved towards where areas agree on who takes a border post; False when they agree already."""
        apart = (last.times - 1) * (last.times != 1) * 1.0
        spread = float((apart**2).sum())
        if not spread:
            return False
        step = max(0.0, last.bound - self.value(self.points)) / spread
        self.prices = np.maximum(0.0, np.round((self.prices + step * apart) * GRAIN) / GRAIN)
        return True

    def near(self) -> bool:
        """Whether the gap is as small as asked for, or as is worth seeking."""
        points = self.value(self.points)
        return self.bound - points <= (self.stop.gap or ENOUGH) * max(1, abs(points))


def solve_large(inst: Instance, stop: Stop, clock: Clock) -> Solution:
    """A plan and what it is proved to be near. Raises Conflict when fixed pairs clash."""
    search = Large(inst, stop, clock)
    groups = areas(search.post, search.person, search.worth, len(inst.people), SIZE, NEAR)
    with ThreadPoolExecutor(max(1, stop.workers)) as pool:
        draft = pool.submit(search.draft)
        # meanwhile the bound hopes that every tier before the points can be at its best
        last = search.bounded(pool, groups, search.terms(search.tops, trimming=False))
        clock.work += draft.result()
        values = {t.name: search.value(t) for t in search.before}
        full = all(v == search.tops[n] for n, v in values.items())
        terms = search.terms(values, not full and any(p.trims for p in inst.posts))  # a plan as good may trim posts
        if not full:
            last = search.bounded(pool, groups, terms)
        for _ in range(PASSES):
            if last is None or clock.over:
                break
            search.bound = min(search.bound, last.bound)
            search.tell()
            if search.near() or not search.mend(last):
                break
            last = search.bounded(pool, groups, terms)
    if not set(inst.fixed) <= set(search.chosen):
        if not clock.over:
            raise Conflict(clashing(inst))
        return Solution("stopped", (), {}, (), clock.work)
    tiers = []
    for tier in inst.tiers:
        got = search.value(tier)
        limit = search.tops[tier.name] if not tier.points else math.floor(search.bound + 0.01)
        tiers.append(TierValue(tier.name, signed(tier, got), signed(tier, max(limit, got))))
    return Solution("feasible", search.chosen, search.short, tuple(tiers), clock.work)


def improve(inst: Instance, effort: Effort, chosen: Sequence[int], short: Mapping[int, int]) -> Solution:
    """A plan no worse than the one given, in any tier but the lot: the best, or the best found within the effort."""
    clock = Clock(Stop(seconds=effort.seconds, event=effort.event), monotonic())
    search = Whole(inst, clock, effort.gap)
    tiers = [t for t in inst.tiers if not t.lot]
    search.chosen, search.short = tuple(sorted(chosen)), short
    before = [search.value(t) for t in tiers]
    full = all(search.value(t) == search.tops[t.name] for t in tiers if not t.points)
    points = next((t for t in tiers if t.points), None)
    if full or not search.hope([t for t in tiers if not t.points], points):
        search.chosen, search.short = tuple(sorted(chosen)), short
        search.start(trimming=not full and any(p.trims for p in inst.posts))
        search.climb(tiers, effort.gap)
    if [search.value(t) for t in tiers] < before:
        search.chosen, search.short = tuple(sorted(chosen)), short
    return Solution("feasible", search.chosen, dict(search.short), (), clock.work)
