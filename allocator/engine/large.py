"""Instances too large for one search: areas bounded and put together, then solved again across every edge.

1. Rough prices of posts, and a first map of areas. 2. Each area by itself at these prices: a bound, and pairs that are
put together to a first plan. 3. Other maps, whose edges lie elsewhere: in each area the plan is solved exactly,
tier by tier, with the rest of it held still, so that no tier ever gets worse. 4. The bound once more, at prices
mended where areas disagreed. Areas of one map do not meet, so workers change nothing but the time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.areas import areas
from allocator.engine.bound import Priced, Terms, combined, priced
from allocator.engine.highs import Effort
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.matrix import Flags, Floats, Ints, Matrix, lists
from allocator.engine.model import value
from allocator.engine.part import Part, cut_out
from allocator.engine.prices import post_prices
from allocator.engine.tiers import Conflict, Stop, _Clock, _signed, clashing
from allocator.engine.whole import improve, top

SIZE = 1_500  # posts in an area
MAPS = ((1.0, 8), (0.8, 6), (1.1, 4), (0.9, 10))  # size and nearness of one map after another: their edges differ
PASSES = 8  # maps gone through at most
NARROW = 3e-5  # relative gap left in an area: a third of the least gap that is asked for
LACKING_POSTS, LACKING_DAYS = 4, 20  # a unit of a tier that is not at its best is rewarded by less: these shares
STILL = 2e-5  # a pass that gains less than this share of the points was the last


@dataclass
class _Plan:
    chosen: set[int]
    short: dict[int, int]


class Large:
    def __init__(self, inst: Instance, stop: Stop, clock: _Clock) -> None:
        self.inst, self.stop, self.clock = inst, stop, clock
        self.before = [t for t in inst.tiers if not (t.points or t.lot)]
        self.points = next(t for t in inst.tiers if t.points)
        self.post = np.array([p.post for p in inst.pairs], dtype=np.int64)
        self.person = np.array([p.person for p in inst.pairs], dtype=np.int64)
        self.worth = np.array([p.points for p in inst.pairs], dtype=np.int64)
        self.reward = int(np.abs(self.worth).max(initial=1))
        self.tops = {t.name: top(inst, t) for t in inst.tiers}
        self.plan = _Plan(set(), {})
        self.bound = float(self.tops[self.points.name])
        self.edges = _Crossing(inst)

    def map(self, n: int) -> list[Ints]:
        share, near = MAPS[n % len(MAPS)]
        return areas(self.post, self.person, self.worth, len(self.inst.people), SIZE * share, near)

    def effort(self) -> Effort:
        return Effort(NARROW, self.clock.left(), event=self.stop.event)

    # -- the bound ---------------------------------------------------------------------------------

    def terms(self) -> Terms:
        """What a plan at least as good as ours keeps in the tiers before the points; at first: the best there could be.

        A tier after one that is not proved is not counted: the best plan may do worse there.
        """
        kept, whole = list[tuple[Tier, int, int]](), set[int]()
        for tier in self.before:
            got = self.value(tier) if self.plan.chosen else self.tops[tier.name]
            if got < self.tops[tier.name]:  # what it lacks counts against the bound: so many units times the reward
                kept.append((tier, got, self.reward // (LACKING_DAYS if tier.short else LACKING_POSTS)))
                break
            kept.append((tier, got, self.reward))
            able = set(self.post.tolist()) if self.plan.chosen else set[int]()
            whole |= {p for p, c in tier.filled.items() if c > 0 and p in able and tier.sense == "most"}
        return Terms(self.points, tuple(kept), frozenset(whole), bool(self.plan.short))

    def price(self) -> Floats:
        matrix = Matrix(self.inst, trimming=False)
        aim, _ = combined(matrix, self.points, [(t, self.reward) for t in self.before])
        prices, work = post_prices(matrix, aim)
        self.clock.work += work
        return prices

    def bounded(self, groups: Sequence[Ints], prices: Floats) -> Priced | None:
        terms = self.terms()
        found = priced(
            self.inst, (self.post, self.person), groups, prices, terms, self.effort(), self.stop.workers, self._over
        )
        if found:
            self.clock.work += found.work
            if self.plan.chosen or not self.before:
                self.bound = min(self.bound, found.bound)
        return found

    def _over(self) -> bool:
        return self.clock.over

    # -- the plan ----------------------------------------------------------------------------------

    def value(self, tier: Tier) -> int:
        return _signed(tier, value(self.inst, tier, sorted(self.plan.chosen), self.plan.short))

    def put_together(self, pairs: Iterable[int]) -> None:
        """A first plan from pairs that may disagree: each kept only if the rules allow it beside those before."""
        self.plan = _Plan(self.edges.kept(sorted(pairs, key=lambda i: (-int(self.worth[i]), i))), {})

    def lacking(self) -> list[int]:
        """Posts that stand empty or are trimmed while the tiers before the points could be better."""
        filled = {int(self.post[i]) for i in self.plan.chosen}
        able = set(self.post.tolist())
        wanted = {p for t in self.before for p in (*t.filled, *t.short)}
        return sorted(p for p in wanted & able if p not in filled or self.plan.short.get(p))

    def around(self, posts: Sequence[int]) -> list[Ints]:
        """One area: the people who could hold these posts, then their neighbours, up to the size of an area."""
        holder = {int(self.post[i]): int(self.person[i]) for i in self.plan.chosen}
        inside: dict[int, None] = {}
        by_post, by_person = lists(self.post, len(self.inst.posts)), lists(self.person, len(self.inst.people))
        held: dict[int, int] = {}
        for s in holder.values():
            held[s] = held.get(s, 0) + 1
        waiting, size = list(posts), 0
        while waiting and size < SIZE:
            ahead: list[int] = []
            for p in waiting:
                for s in sorted(self.person[by_post[p]].tolist()):
                    if s not in inside and size < SIZE:
                        inside[s] = None
                        size += held.get(s, 0)
                        ahead += self.post[by_person[s]].tolist()
            waiting = list(dict.fromkeys(ahead))
        return [np.array(sorted(inside), dtype=np.int64)]

    def over_again(self, groups: Sequence[Ints]) -> None:
        """Each area solved exactly, the rest of the plan held still."""
        area = np.full(len(self.inst.people), -1, dtype=np.int64)
        for k, people in enumerate(groups):
            area[people] = k
        homes = self._homes(area, len(groups))
        on = self.plan.chosen
        still = self.edges.still(on, area, self.person)
        inside = (np.array(homes)[self.post] == area[self.person]) & (area[self.person] >= 0)
        inside &= ~self.edges.barred(on, area, self.person)
        holding = {int(self.post[i]): i for i in on}

        def one(k: int) -> tuple[Part, Solution] | None:
            if self.clock.over:
                return None
            posts = [p for p, home in enumerate(homes) if home == k]
            mine: list[int] = np.nonzero(inside & (area[self.person] == k))[0].tolist()
            mine = [i for i in mine if int(self.post[i]) not in still or i == holding.get(int(self.post[i]))]
            if not mine:
                return None
            part = cut_out(self.inst, posts, groups[k].tolist(), mine)
            back = {old: new for new, old in enumerate(part.pairs)}
            fixed = sorted({*part.inst.fixed, *(back[holding[p]] for p in posts if p in still and p in holding)})
            part = replace(part, inst=replace(part.inst, fixed=tuple(fixed), most_load=None))
            start = [back[holding[p]] for p in posts if p in holding]
            short = {n: self.plan.short[p] for n, p in enumerate(part.posts) if self.plan.short.get(p)}
            return part, improve(part.inst, self.effort(), start, short)

        with ThreadPoolExecutor(max(1, self.stop.workers)) as pool:
            results = list(pool.map(one, range(len(groups))))
        for part, solution in (r for r in results if r):
            self.clock.work += solution.deterministic_time
            self.plan.chosen -= {holding[p] for p in part.posts if p in holding}
            chosen, short = part.out(solution.chosen, solution.short)
            self.plan.chosen |= set(chosen)
            for p in part.posts:
                self.plan.short.pop(p, None)
            self.plan.short |= short

    def _homes(self, area: Ints, count: int) -> list[int]:
        """Each post's area: its holder's, or where most of its pairs lie. Posts that go together stay together."""
        homes = [-1] * len(self.inst.posts)
        held = {int(self.post[i]): int(area[self.person[i]]) for i in self.plan.chosen}
        for p, k in held.items():
            homes[p] = k
        empty = [p for p in range(len(homes)) if p not in held]
        if empty:
            votes = np.zeros((len(homes), count), dtype=np.int64)
            known = area[self.person] >= 0
            np.add.at(votes, (self.post[known], area[self.person[known]]), 1)
            for p in empty:
                homes[p] = int(votes[p].argmax()) if votes[p].any() else -1
            for group in self.inst.same:
                if any(homes[p] != homes[group[0]] for p in group):
                    for p in group:
                        homes[p] = homes[group[0]]
        return homes

    def gap(self) -> float:
        points = self.value(self.points)
        return (self.bound - points) / max(1, abs(points))

    def filled(self) -> bool:
        return all(self.value(t) == self.tops[t.name] for t in self.before)


class _Crossing:
    """What may cross the edge of an area: pairs never chosen together, groups and bonds."""

    def __init__(self, inst: Instance) -> None:
        self.inst = inst
        self.groups = [t.posts for t in inst.together] + [
            tuple(sorted({inst.pairs[i].post for i in b.pairs})) for b in inst.bonds if len(b.pairs) > 1
        ]

    def still(self, on: Collection[int], area: Ints, person: Ints) -> set[int]:
        """Posts of groups that lie in two areas now: held where they are while areas are solved."""
        home = {self.inst.pairs[i].post: int(area[person[i]]) for i in on}
        cut = [g for g in self.groups if len({home.get(p, -1) for p in g}) > 1]
        return {p for g in cut for p in g}

    def barred(self, on: Collection[int], area: Ints, person: Ints) -> Flags:
        """Pairs that a pair chosen in another area rules out."""
        out = np.zeros(len(self.inst.pairs), dtype=np.bool_)
        for i, j in self.inst.never_both:
            if area[person[i]] != area[person[j]]:
                out[i] |= j in on
                out[j] |= i in on
        return out

    def kept(self, pairs: Sequence[int]) -> set[int]:
        """Those of `pairs`, in order, that can stand beside those before: a plan that breaks no rule."""
        inst = self.inst
        holder: dict[int, int] = {}
        by_post: dict[int, int] = {}
        unlike: dict[int, set[int]] = {}
        for a, b in inst.different:
            unlike.setdefault(a, set()).add(b)
            unlike.setdefault(b, set()).add(a)
        never: dict[int, set[int]] = {}
        for i, j in inst.never_both:
            never.setdefault(i, set()).add(j)
            never.setdefault(j, set()).add(i)
        out: set[int] = set()
        fixed = set(inst.fixed)
        for i in sorted(pairs, key=lambda i: i not in fixed):
            pair = inst.pairs[i]
            clash = any(holder.get(q) == pair.person for q in unlike.get(pair.post, ()))
            if pair.post in holder or clash or never.get(i, set()) & out:
                continue
            holder[pair.post], by_post[pair.post] = pair.person, i
            out.add(i)
        for group in inst.same:
            if len({holder.get(p) for p in group}) > 1:
                out -= {by_post[p] for p in group if p in by_post}
        held: dict[int, list[int]] = {}
        for i in out:
            if inst.posts[inst.pairs[i].post].counts:
                held.setdefault(inst.pairs[i].person, []).append(i)
        for s, mine in held.items():
            if len(mine) < inst.people[s].at_least:
                out -= set(mine)
        return out


def solve_large(inst: Instance, stop: Stop, clock: _Clock) -> Solution:
    """A plan and what it is proved to be near. Raises Conflict when fixed pairs clash."""
    search = Large(inst, stop, clock)
    prices, groups = search.price(), search.map(0)
    first = search.bounded(groups, prices)
    if first is None:
        if not clock.over:
            raise Conflict(clashing(inst))
        return Solution("stopped", (), {}, (), clock.work)
    search.put_together(i for taken in first.taken for i in taken)
    if not search.plan.chosen and inst.fixed:
        return Solution("stopped", (), {}, (), clock.work)
    last, n = -math.inf, 1
    while n <= PASSES and not clock.over:
        search.over_again(search.map(n))
        if n > 1 and (empty := search.lacking()) and not search.filled():
            search.over_again(search.around(empty))
        n += 1
        now = float(search.value(search.points))
        if stop.progress:
            so_far = {t.name: _signed(t, search.value(t)) for t in inst.tiers}
            stop.progress(search.points.name, now, search.bound, so_far)
        if search.filled() and now - last < STILL * abs(now):
            break
        last = now
    for _ in range(PASSES):
        if clock.over or search.gap() <= stop.gap:
            break
        again = search.bounded(groups, prices)
        if again is None:
            break
        apart = (again.times - 1) * (again.times != 1) * 1.0
        spread = float((apart**2).sum())
        if not spread or search.gap() <= stop.gap:
            break
        step = max(0.0, again.bound - search.value(search.points)) / spread
        prices = np.maximum(0.0, np.round((prices + step * apart) * 1024) / 1024)
    tiers = []
    for tier in inst.tiers:
        got = search.value(tier)
        limit = search.tops[tier.name] if not tier.points else math.floor(search.bound + 0.01)
        tiers.append(TierValue(tier.name, _signed(tier, got), _signed(tier, max(limit, got))))
    return Solution("feasible", tuple(sorted(search.plan.chosen)), dict(search.plan.short), tuple(tiers), clock.work)
