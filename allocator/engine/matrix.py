"""An Instance as rows and columns of whole numbers, for HiGHS and for bounds: the same rules as `model.py`, in arrays.

Building it takes a hundredth of the time that building expressions takes, which is what makes blocks of thousands of
posts affordable. Tests hold the two against one another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from allocator.engine.instance import Instance, Tier
from allocator.engine.trims import TrimColumns, trimmed

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
COMMON = 0.75  # share of a person's pairs with one of two loads, from which `fitting` rows are worth their place
ROUNDED = 2  # of a person's loads, the commonest, by which limits are rounded
FREE = 2**52  # no limit; everything real is far smaller, and floats are exact up to here


@dataclass(frozen=True)
class Columns:
    """A price column: `price` points a unit, lost."""

    at: list[int]
    price: list[int]


class Matrix:
    """Columns (the pairs first, then what the structures need) and rows `least <= a x <= most`.

    `post_row[p]` is the row of post p. With `trimming` off no post is trimmed. With `tallied` there are columns that
    count what each person holds: to part a search by how many posts each has settles most of it where days are short.
    """

    def __init__(self, inst: Instance, trimming: bool, tallied: bool = False) -> None:
        self.inst = inst
        self.pairs, self.trimming = len(inst.pairs), trimming
        self.post = np.array([p.post for p in inst.pairs], dtype=np.int64)
        self.person = np.array([p.person for p in inst.pairs], dtype=np.int64)
        self.load = np.array([p.load for p in inst.pairs], dtype=np.int64).reshape(self.pairs, -1)
        self.points = np.array([p.points for p in inst.pairs], dtype=np.int64)
        self.lot = np.array([p.lot for p in inst.pairs], dtype=np.int64)
        self.of_post = lists(self.post, len(inst.posts))
        self.of_person = lists(self.person, len(inst.people))
        self.upper: list[int] = [1] * self.pairs
        self.lower: list[int] = [0] * self.pairs
        self.least: list[int] = []
        self.most: list[int] = []
        self._rows: list[Ints] = []
        self._cols: list[Ints] = []
        self._vals: list[Ints] = []
        self.prices = Columns([], [])
        self.cuts: dict[int, list[tuple[TrimColumns, list[int]]]] = defaultdict(list)  # by person, with columns
        self.filled = [self._fill(p) for p in range(len(inst.posts))]
        if trimming:
            self._trims()
        self.tallies = self._tallies() if tallied else []
        for s in range(len(inst.people)):
            self._person(s)
        self._structures()
        self.broken = [self._bond(bond.pairs) for bond in inst.bonds]
        for i in inst.fixed:
            self.lower[i] = 1
        for p, least in inst.least_points.items():
            self._least(p, least)

    def again(self) -> Matrix:
        """The same, with ends of its own to change: writing it anew takes far longer."""
        self.entries()
        out = copy(self)
        out.lower, out.upper = [*self.lower], [*self.upper]
        return out

    # -- writing -----------------------------------------------------------------------------------

    def column(self, most: int) -> int:
        self.lower.append(0)
        self.upper.append(most)
        return len(self.upper) - 1

    def row(self, cols: Sequence[int] | Ints, vals: Sequence[int] | Ints | int, least: int, most: int) -> int:
        at = np.asarray(cols, dtype=np.int64)
        self._rows.append(np.full(len(at), len(self.least), dtype=np.int64))
        self._cols.append(at)
        self._vals.append(np.broadcast_to(np.asarray(vals, dtype=np.int64), at.shape))
        self.least.append(least)
        self.most.append(most)
        return len(self.least) - 1

    def entries(self) -> tuple[Ints, Ints, Ints]:
        """Rows, columns and values, merged and sorted; no row is written after they are first asked for."""
        return self._entries

    @cached_property
    def _entries(self) -> tuple[Ints, Ints, Ints]:
        if not self._rows:
            return (np.zeros(0, dtype=np.int64),) * 3
        rows, cols, vals = (np.concatenate(x) for x in (self._rows, self._cols, self._vals))
        key, at = np.unique(rows * len(self.upper) + cols, return_inverse=True)
        total = np.zeros(len(key), dtype=np.int64)
        np.add.at(total, at, vals)
        return key // len(self.upper), key % len(self.upper), total

    @cached_property
    def loose(self) -> Flags:
        """Trim columns that mostly are whole where the pairs are: those of people with a limit for the year alone."""
        out = np.zeros(len(self.upper), dtype=np.bool_)
        for s, mine in self.cuts.items():
            if all(limit.resource == 0 for limit in self.inst.people[s].limits):
                out[[c for _, columns in mine for c in columns]] = True
        return out

    @property
    def soon(self) -> bool:
        """Whether what a few people find by changing places is near the best: not where most have limits by period."""
        return not self.cuts or bool(self.loose.sum() > len(self.cuts) / 2)

    # -- constraints -------------------------------------------------------------------------------

    def _fill(self, p: int) -> int | None:
        """Writes the row of a post; returns the column that says it is filled, None where its pairs do."""
        wants, mine = self.inst.posts[p].wants, self.of_post[p]
        if wants == 1:
            self.row(mine, 1, 0, 1)
            return None
        column = self.column(1 if len(mine) >= wants else 0)
        self.row([*mine.tolist(), column], [1] * len(mine) + [-wants], 0, 0)
        return column

    def _least(self, p: int, least: int) -> None:
        mine, column = self.of_post[p], self.filled[p]
        if column is not None:
            self.row(np.append(mine, column), np.append(self.points[mine], -least), 0, FREE)
            return
        for i in mine[self.points[mine] < least].tolist():
            self.upper[i] = 0

    def _trims(self) -> None:
        parts = {s for s, p in enumerate(self.inst.people) if any(x.resource for x in p.limits)}
        for s, mine in enumerate(self.of_person):
            for group in trimmed(self.inst, mine.tolist(), s in parts):
                columns = [self.column(sum(group.room)) for _ in group.trims]
                self.row([*columns, *group.pairs], [1] * len(columns) + [-m for m in group.room], -FREE, 0)
                self.cuts[s].append((group, columns))

    def _tallies(self) -> list[range]:
        """Columns that count a person's pairs: those of posts that count, and those of each load and trims."""
        alike: list[list[int]] = []
        counted = [[i for i in m.tolist() if self.inst.posts[self.post[i]].counts] for m in self.of_person]
        for mine in self.of_person:
            groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
            for i in mine.tolist():
                groups[self.inst.posts[self.post[i]].trims, *self.load[i].tolist()].append(i)
            alike += groups.values()
        out = []
        for sets in (counted, alike):
            first = len(self.upper)
            for pairs in sets:
                if len(pairs) > 1:
                    self.row([*pairs, self.column(len(pairs))], [1] * len(pairs) + [-1], 0, 0)
            out.append(range(first, len(self.upper)))
        return out

    def loads(self, s: int, resource: int) -> tuple[Ints, Ints]:
        """Columns and values of a person's load of a resource, after trims."""
        mine = self.of_person[s]
        each = [pair for g, columns in self.cuts.get(s, ()) for pair in zip(columns, g.trims, strict=True)]
        cut = [(c, -t.less[resource]) for c, t in each if resource < len(t.less)]
        cols, vals = (np.array(x, dtype=np.int64) for x in (zip(*cut, strict=True) if cut else ((), ())))
        return np.concatenate([mine, cols]), np.concatenate([self.load[mine, resource], vals])

    def _person(self, s: int) -> None:
        person, mine = self.inst.people[s], self.of_person[s]
        if not len(mine):
            if person.must and person.at_least > 0:
                self.row(mine, 1, person.at_least, FREE)  # cannot be met, and must show it
            return
        most = self.load[mine].sum(axis=0)
        for limit in person.limits:
            if most[limit.resource] > (limit.hard if limit.soft is None else min(limit.soft, limit.hard)):
                cols, vals = self.loads(s, limit.resource)
                self._limited(cols, vals, limit.hard)
                if not self.trimming:
                    self._fitting(mine, self.load[mine, limit.resource], limit.hard)
                if limit.soft is not None:
                    self._over(cols, vals, limit.soft, limit.hard - limit.soft, limit.price)
        counted = mine[[self.inst.posts[p].counts for p in self.post[mine]]]
        if person.at_most is not None and len(counted) > person.at_most:
            self.row(counted, 1, -FREE, person.at_most)
        if person.must:
            self.row(counted, 1, person.at_least, FREE)
        elif person.at_least > 1 and len(counted):
            used = self.column(1)
            self.row([*counted.tolist(), used], [1] * len(counted) + [-person.at_least], 0, FREE)
            for i in counted.tolist():
                self.row([i, used], [1, -1], -FREE, 0)

    def _limited(self, cols: Ints, vals: Ints, limit: int) -> None:
        """A row a x <= limit of whole numbers, and rows that follow from it.

        Loads go by steps: what is over of the limit is of no use. And mixed-integer rounding by a load d (Nemhauser and
        Wolsey 1990) with r = limit mod d: sum of ((d - r) floor(a / d) + max(0, a mod d - r)) x <= (d - r)
        floor(limit / d), where what eases the limit (a < 0) stays as it is.
        """
        step = max(1, int(np.gcd.reduce(vals)))
        vals, limit = vals // step, limit // step
        self.row(cols, vals, -FREE, limit)
        sizes, times = np.unique(vals[vals > 1], return_counts=True)
        for d in sizes[np.argsort(-times, kind="stable")[:ROUNDED]].tolist():
            r = limit % d
            if r:
                less = np.where(vals < 0, vals, (d - r) * (vals // d) + np.maximum(0, vals % d - r))
                self.row(cols, less, -FREE, (d - r) * (limit // d))

    def _fitting(self, mine: Ints, loads: Ints, limit: int) -> None:
        """Rows that follow from a limit in whole numbers: how many of the two commonest loads fit side by side.

        They cut off no plan, and make HiGHS several times faster where most posts take the same time.
        """
        sizes, times = np.unique(loads[loads > 0], return_counts=True)
        common = np.sort(sizes[np.argsort(-times, kind="stable")[:2]])
        if np.isin(loads, common).sum() < COMMON * len(loads):
            return
        small, large = int(common[0]), int(common[-1])
        long, short = mine[loads >= large], mine[(loads >= small) & (loads < large)]
        for a, b, most in fitting(limit, (large, small), (len(long), len(short))):
            self.row(np.append(long, short), np.repeat([a, b], [len(long), len(short)]), -FREE, most)

    def _over(self, cols: Ints, vals: Ints, free: int, most: int, price: int) -> None:
        if most <= 0 or price <= 0:
            return
        over = self.column(most)
        self._limited(np.append(cols, over), np.append(vals, -1), free)
        self._priced(over, price)

    def _priced(self, column: int, price: int) -> None:
        self.prices.at.append(column)
        self.prices.price.append(price)

    def _structures(self) -> None:
        inst = self.inst
        if inst.most_load is not None:
            loads = [self.loads(s, 0) for s in range(len(inst.people)) if len(self.of_person[s])]
            if loads:
                self.row(
                    np.concatenate([c for c, _ in loads]), np.concatenate([v for _, v in loads]), -FREE, inst.most_load
                )
        structured = {p for group in (*inst.same, *inst.different) for p in group}
        by: dict[int, dict[int, int]] = {
            p: dict(zip(self.person[m].tolist(), m.tolist(), strict=True))
            for p, m in ((p, self.of_post[p]) for p in structured)
        }
        for group in inst.same:
            for other in group[1:]:
                for person in sorted(by[group[0]].keys() | by[other].keys()):
                    a, b = by[group[0]].get(person), by[other].get(person)
                    self.row(
                        [i for i in (a, b) if i is not None], [1, -1] if a is not None and b is not None else [1], 0, 0
                    )
        for p, q in inst.different:
            for person in sorted(by[p].keys() & by[q].keys()):
                self.row([by[p][person], by[q][person]], 1, 0, 1)
        for i, j in inst.never_both:
            self.row([i, j], 1, 0, 1)
        self._evened()
        for together in inst.together:
            self._together(together.posts, together.price)

    def _evened(self) -> None:
        members: dict[int, npt.NDArray[np.bool_]] = {}
        for above in self.inst.above:
            person, mine = self.inst.people[above.person], self.of_person[above.person]
            if above.posts is None:
                cols, vals = self.loads(above.person, 0)
                most = min([int(self.load[mine, 0].sum()), *(x.hard for x in person.limits if x.resource == 0)])
                self._over(cols, vals, above.free, most - above.free, above.price)
                continue
            if id(above.posts) not in members:  # one tuple serves many people
                flags = np.zeros(len(self.inst.posts), dtype=np.bool_)
                flags[list(above.posts)] = True
                members[id(above.posts)] = flags
            held = mine[members[id(above.posts)][self.post[mine]]]
            self._over(held, np.ones(len(held), dtype=np.int64), above.free, len(held) - above.free, above.price)

    def _together(self, posts: Sequence[int], price: int) -> None:
        mine = [i for p in posts for i in self.of_post[p].tolist()]
        if price <= 0 or len(posts) < 2 or not mine:
            return
        used = {s: self.column(1) for s in sorted({int(self.person[i]) for i in mine})}
        for i in mine:
            self.row([i, used[int(self.person[i])]], [1, -1], -FREE, 0)
        anyone = self.column(1)
        self.row([anyone, *mine], [1] + [-1] * len(mine), -FREE, 0)
        for column in used.values():
            self._priced(column, price)
        self._priced(anyone, -price)

    def _bond(self, pairs: Sequence[int]) -> int | None:
        """The column that says a bond is broken; None where its one pair does."""
        if len(pairs) == 1:
            return None
        broken = self.column(1)
        for i in pairs:
            self.row([broken, i], 1, 1, FREE)
        return broken

    # -- aims --------------------------------------------------------------------------------------

    def aim(self, tier: Tier) -> tuple[Ints, int]:
        """A tier as coefficients by column and a constant, to be made most (least-tiers are negated)."""
        out, constant = np.zeros(len(self.upper), dtype=np.int64), 0
        if tier.points:
            out[: self.pairs] += self.points
            np.add.at(out, np.array(self.prices.at, dtype=np.int64), -np.array(self.prices.price, dtype=np.int64))
        if tier.lot:
            out[: self.pairs] += self.lot
        for p, c in tier.filled.items():
            column = self.filled[p]
            out[self.of_post[p] if column is None else column] += c
        for b, c in tier.broken.items():
            column = self.broken[b]
            if column is None:
                out[self.inst.bonds[b].pairs[0]] -= c
                constant += c
            else:
                out[column] += c
        for group, columns in (g for mine in self.cuts.values() for g in mine) if tier.short else ():
            out[columns] += tier.short.get(int(self.post[group.pairs[0]]), 0) * np.array([t.short for t in group.trims])
        return (out, constant) if tier.sense == "most" else (-out, -constant)

    def read(self, values: Ints) -> tuple[tuple[int, ...], dict[int, int]]:
        """Pairs chosen, and units short by post; what is short is laid on a person's posts in order."""
        chosen = tuple(np.nonzero(values[: self.pairs])[0].tolist())
        short: dict[int, int] = {}
        for group, columns in (g for mine in self.cuts.values() for g in mine):
            short |= group.laid(self.inst, values[columns].tolist(), [i for i in group.pairs if values[i]])
        return chosen, short

    def columns(self, chosen: Sequence[int], short: Mapping[int, int]) -> dict[int, int]:
        """A plan as values of the pair and trim columns: a hint."""
        on = set(chosen)
        out = {i: int(i in on) for i in range(self.pairs)}
        for group, columns in (g for mine in self.cuts.values() for g in mine):
            out.update(zip(columns, group.counts(self.inst, short, on), strict=True))
        return out


def fitting(limit: int, loads: tuple[int, int], most: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Rows a x + b y <= c that leave just the whole numbers x, y >= 0 with loads[0] x + loads[1] y <= limit.

    `loads`: the larger first; `most`: of each. Rows that `most` implies are left out.
    """
    large, small = loads
    corners: list[tuple[int, int]] = []
    for y in range(min(most[1], limit // small) + 1):
        x = min(most[0], (limit - small * y) // large)
        while len(corners) > 1 and _below(corners[-2], corners[-1], (x, y)):
            corners.pop()
        corners.append((x, y))
    (first, _), (last, top) = corners[0], corners[-1]
    rows = [(1, 0, first)] if len(corners) == 1 or corners[1][0] == first else []
    for (x, y), (x2, y2) in pairwise(corners):
        if x2 < x:
            g = math.gcd(y2 - y, x - x2)
            a, b = (y2 - y) // g, (x - x2) // g
            rows.append((a, b, a * x + b * y))
    if last > 0 or last == first:
        rows.append((0, 1, top))
    return [r for r in rows if r[0] * most[0] + r[1] * most[1] > r[2]]


def _below(one: tuple[int, int], two: tuple[int, int], three: tuple[int, int]) -> bool:
    """Whether the middle point adds no corner."""
    return (two[0] - one[0]) * (three[1] - one[1]) <= (three[0] - one[0]) * (two[1] - one[1])


def lists(keys: Ints, count: int) -> list[Ints]:
    order = np.argsort(keys, kind="stable")
    ends = np.searchsorted(keys[order], np.arange(count + 1))
    return [order[ends[k] : ends[k + 1]] for k in range(count)]
