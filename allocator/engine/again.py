"""The best plan with one pair more, asked again and again of a plan proved best.

Nothing is built anew for a question: two ends of a column change, and the relaxation goes on from the last basis. Rows
that a relaxed plan broke once (`cuts.py`) stay, as they hold for every question; with them most questions are answered
at the root of the search, in a few hundredths of what a solve takes. What is not answered so is left to a solve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from allocator.engine.cpsat import Clock, run
from allocator.engine.cuts import Row, broken
from allocator.engine.highs import Floor
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.matrix import FREE, Ints, Matrix
from allocator.engine.model import value
from allocator.engine.relaxation import Imprecise, Relaxation, Relaxed
from allocator.engine.spread import spread_short
from allocator.engine.tiers import signed
from allocator.engine.tops import top
from allocator.engine.worst import floor as with_least

NODES = 150  # relaxations of one search, past which a question is left to a solve
ROUNDS, MOST_ROWS = 6, 400  # of new rows at the root of a question; rows kept
NEAR = 1e-6  # a relaxed value this near to a whole number is one
DAYS, MORE = (
    2**12,
    4,
)  # points that a unit of the last tier before them counts as in a first plan; each before it so many times more


_Plan = tuple[tuple[int, ...], dict[int, int], dict[str, int]]  # pairs, units short, tiers (made most)


class Unsettled(Exception):
    """Not answered in this way."""


@dataclass(frozen=True)
class _Solved:
    """Values by column, and what they come to."""

    at: Ints
    worth: int


class _Ladder:
    """One matrix, and a relaxation for each aim in turn, with the aims before it as rows."""

    def __init__(self, inst: Instance, trimming: bool, tiers: Sequence[Tier], held: Mapping[str, int]) -> None:
        """`tiers`: an aim each; `held`: those that are held at a value throughout."""
        self.inst, self.matrix, self.tiers = inst, Matrix(inst, trimming), tiers
        matrix = self.matrix
        self.under, self.over = np.array(matrix.least, dtype=np.int64), np.array(matrix.most, dtype=np.int64)
        self.lows, self.tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
        self.aims, self.steps, self.fixed = list[Ints](), list[int](), list[int]()
        for tier in tiers:
            aim, fixed = self.matrix.aim(tier)
            self.steps.append(max(1, int(np.gcd.reduce(aim))))
            self.aims.append(aim // self.steps[-1])
            self.fixed.append(fixed)
        rows = [f for t in inst.tiers if t.name in held and (f := self._held(t, held[t.name])) is not None]
        entries = [matrix.entries(), *(self._entry(f.coefficients, len(self.under) + n) for n, f in enumerate(rows))]
        self.under = np.append(self.under, np.array([f.least for f in rows], dtype=np.int64))
        self.over = np.append(self.over, np.full(len(rows), FREE))
        self.entries = tuple(np.concatenate(x) for x in zip(*entries, strict=True))
        self.sources = _rows(self.entries, self.under, self.over)
        self.kept: list[Row] = []
        self.relaxed: dict[int, Relaxation] = {}

    @staticmethod
    def _entry(aim: Ints, row: int) -> tuple[Ints, Ints, Ints]:
        at = np.nonzero(aim)[0]
        return np.full(len(at), row), at, aim[at]

    def _held(self, tier: Tier, least: int) -> Floor | None:
        """A tier held at a value: where it is the best there can be, post by post."""
        if least == top(self.inst, tier) and tier.sense == "most":
            alone = {p for p, c in tier.filled.items() if c > 0 and self.inst.able[p] and self.inst.posts[p].wants == 1}
            self.under[list(alone)] = 1  # rows of posts come first, in order
            tier = replace(tier, filled={p: c for p, c in tier.filled.items() if p not in alone})
            least = top(self.inst, tier)
        aim, constant = self.matrix.aim(tier)
        return Floor(aim, least - constant) if aim.any() else None

    def relaxation(self, n: int) -> Relaxation:
        """That of aim `n`: rows of the aims before it come after those of the matrix, without a least as yet.

        After the last aim comes one whose aim is told with each question.
        """
        if n not in self.relaxed:
            before = [self._entry(aim, len(self.under) + k) for k, aim in enumerate(self.aims[:n])]
            entries = tuple(np.concatenate(x) for x in zip(self.entries, *before, strict=True))
            under, over = np.append(self.under, [-FREE] * n), np.append(self.over, [FREE] * n)
            aim = self.aims[n] if n < len(self.aims) else np.zeros(len(self.tops), dtype=np.int64)
            made = Relaxation(aim, (self.lows, self.tops), entries, under, over)  # type: ignore[arg-type]
            made.add(self.kept)
            self.relaxed[n] = made
        return self.relaxed[n]

    def cut(self, found: Relaxed) -> bool:
        """Add rows that this relaxed plan breaks; whether there are any."""
        new = (
            broken([*self.sources, *self.kept], (self.lows, self.tops), found.at) if len(self.kept) < MOST_ROWS else []
        )
        self.kept += new
        for each in self.relaxed.values() if new else ():
            each.add(new)
        return bool(new)


def _rows(entries: Sequence[Ints], under: Ints, over: Ints) -> list[Row]:
    """Rows with a limit, as sums that are at most something."""
    rows, cols, vals = entries
    order = np.argsort(rows, kind="stable")
    ends = np.searchsorted(rows[order], np.arange(len(under) + 1))
    out = []
    for k, (least, most) in enumerate(zip(under.tolist(), over.tolist(), strict=True)):
        mine = order[ends[k] : ends[k + 1]]
        if len(mine) and most < FREE:
            out.append(Row(cols[mine], vals[mine], most))
        if len(mine) and least > -FREE:
            out.append(Row(cols[mine], -vals[mine], -least))
    return out


class Again:
    """Questions about one instance and a plan of it that is proved best in every tier."""

    def __init__(self, inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> None:
        for tier in inst.tiers:
            if tier.worst:
                inst = replace(inst, least_points=with_least(inst, tier, value(inst, tier, chosen, short)))
        self.inst, self.chosen, self.short = inst, tuple(sorted(chosen)), dict(short)
        self.before = [t for t in inst.tiers if not (t.points or t.lot or t.worst)]
        self.last = [t for t in inst.tiers if t.points or t.lot]
        self.stood = {t.name: signed(t, value(inst, t, chosen, short)) for t in inst.tiers}
        self.held = {t.name: self.stood[t.name] for t in self.before}
        self.level = _Ladder(inst, bool(short), self.last, self.held)
        self.lower: _Ladder | None = None
        self.known: list[_Solved] = []  # plans that lose nothing before the points
        self.one = Lock()

    def forced(self, pair: int, clock: Clock) -> Solution:
        """The best plan with this pair. Raises Unsettled where that is to be asked in another way."""
        with self.one:
            plan = self._anew(pair, clock)
        if plan is None:
            raise Unsettled
        chosen, short, now = plan
        if short:
            even = spread_short(self.inst, chosen, short, lambda model: run(model, clock))
            if even is None:
                raise Unsettled
            short = even
        values = ((t, signed(t, now.get(t.name, self.stood[t.name]))) for t in self.inst.tiers)
        tiers = tuple(TierValue(t.name, v, v) for t, v in values)
        return Solution("optimal", chosen, short, tiers, clock.work, True)

    def _anew(self, pair: int, clock: Clock) -> _Plan | None:
        """Asked once more from the beginning where the last basis led nowhere."""
        for last in (False, True):
            try:
                return self._level(pair, clock) or self._lower(pair, clock)
            except Imprecise:
                self.level.relaxed.clear()
                self.lower = None
                if last:
                    raise Unsettled from None
        return None

    def _level(self, pair: int, clock: Clock) -> _Plan | None:
        """Where nothing is lost before the points; None where something is."""
        ladder, ends = self.level, self._ends(self.level, pair)
        if ends is None:
            return None
        best = max((p for p in self.known if p.at[pair]), key=lambda p: p.worth, default=None)
        for n, tier in enumerate(self.last):
            climb = _Climb(ladder, n, clock)
            found = climb.most(ends, best if tier.points else None)
            if found is None:
                if n:
                    raise Unsettled
                return None
            if tier.points and (best is None or found.worth > best.worth):
                self.known.append(found)
            best, ends = found, climb.within(ends, found)
            self._hold(ladder, n, found.worth)
        return self._only(ladder, ends, best, clock)

    def _only(self, ladder: _Ladder, ends: tuple[Ints, Ints], best: _Solved | None, clock: Clock) -> _Plan | None:
        """The plan, where no other is as good in every aim. Raises Unsettled where one is: ids then decide."""
        if best is None:
            return None
        other, n = np.zeros(len(ladder.tops), dtype=np.int64), len(ladder.aims)
        other[: ladder.matrix.pairs] = best.at[: ladder.matrix.pairs] == 0
        ladder.relaxation(n).toward(other)
        found = _Climb(ladder, n, clock).most(ends, _Solved(best.at, 0))
        if found is None or found.worth > 0:
            raise Unsettled
        aims = zip(ladder.tiers, ladder.aims, ladder.steps, ladder.fixed, strict=True)
        return (
            *ladder.matrix.read(best.at),
            {t.name: int(aim @ best.at) * step + fixed for t, aim, step, fixed in aims},
        )

    def _lower(self, pair: int, clock: Clock) -> _Plan | None:
        """Tier by tier, from the first; None where there is no such plan."""
        if any(t.worst for t in self.inst.tiers):
            return None
        days = [t for t in self.before if not t.filled]
        if self.lower is None:
            held = {t.name: self.held[t.name] for t in self.before if t.filled}
            self.lower = _Ladder(self.inst, any(p.trims for p in self.inst.posts), [*days, *self.last], held)
        ladder, ends = self.lower, self._ends(self.lower, pair)
        if ends is None:
            return None
        best = self._first(ladder, ends, clock)
        if best is None:
            return None
        as_good = True
        for n, aim in enumerate(ladder.aims):
            worth = int(aim @ best.at)
            if n < len(days):  # no plan as good before it is better in it than the one that stands
                as_good = as_good and worth * ladder.steps[n] + ladder.fixed[n] == self.held[days[n].name]
            if n >= len(days) or not as_good:
                climb = _Climb(ladder, n, clock)
                best = climb.most(ends, _Solved(best.at, worth)) or best
                ends = climb.within(ends, best)
                worth = best.worth
            self._hold(ladder, n, worth)
        return self._only(ladder, ends, best, clock)

    def _first(self, ladder: _Ladder, ends: tuple[Ints, Ints], clock: Clock) -> _Solved | None:
        """A plan that is good in every aim at once: what is left is mostly to prove it, aim by aim."""
        n, aims = len(ladder.aims), ladder.aims[: len(ladder.aims) - len(self.last)]
        guide = ladder.aims[len(aims)] if self.last[0].points else np.zeros_like(ladder.tops)
        for k, aim in enumerate(reversed(aims)):
            guide = guide + DAYS * MORE**k * aim
        for k in range(n):
            ladder.relaxation(n).least(len(ladder.under) + k, -FREE)
        ladder.relaxation(n).toward(guide)
        return _Climb(ladder, n, clock).most(ends)

    @staticmethod
    def _hold(ladder: _Ladder, n: int, least: int) -> None:
        for later in range(n + 1, len(ladder.aims) + 1):
            ladder.relaxation(later).least(len(ladder.under) + n, least)

    @staticmethod
    def _ends(ladder: _Ladder, pair: int) -> tuple[Ints, Ints] | None:
        """Ends of columns with the pair chosen; None where that cannot be."""
        lows, tops = ladder.lows.copy(), ladder.tops.copy()
        post = ladder.inst.pairs[pair].post
        if ladder.inst.posts[post].wants == 1:
            tops[ladder.matrix.of_post[post]] = 0
            tops[pair] = ladder.tops[pair]
        lows[pair] = 1
        return None if (lows > tops).any() else (lows, tops)


class _Climb:
    """One search: relaxations, rows more, and columns parted where they are not whole."""

    def __init__(self, ladder: _Ladder, n: int, clock: Clock) -> None:
        self.ladder, self.clock = ladder, clock
        self.matrix, self.of = ladder.matrix, ladder.relaxation(n)
        self.nodes = 0
        self.top: Relaxed | None = None

    def most(self, ends: tuple[Ints, Ints], best: _Solved | None = None) -> _Solved | None:
        """The best between the ends, no worse than `best`."""
        self.top = root = self._root(ends, best)
        if root is None and best is not None:
            raise Imprecise  # there is a plan
        todo = [(*ends, root)] if root else []
        while todo:
            lows, tops, node = todo.pop()
            if best and node.bound <= best.worth:
                continue
            at = self._apart(node)
            if at is None:
                found = self._whole(lows, tops, node)
                if best is None or found.worth > best.worth:
                    best = found
                continue
            todo += self._parted(lows, tops, node, at, best)
        return best

    def within(self, ends: tuple[Ints, Ints], found: _Solved) -> tuple[Ints, Ints]:
        """Ends that leave all plans as good as `found`: what a column would cost more than the bound has to spare."""
        if self.top is None:
            return ends
        spare = (self.top.bound + 1 - found.worth) * self.top.grain
        lows, tops = ends[0].copy(), ends[1].copy()
        never, always = self.top.net < -spare, self.top.net > spare
        tops[never], lows[always] = ends[0][never], ends[1][always]
        return lows, tops

    def _relaxed(self, lows: Ints, tops: Ints) -> Relaxed | None:
        self.nodes += 1
        if self.nodes > NODES or self.clock.over:
            raise Unsettled
        was = self.of.work
        found = self.of.solve(lows, tops)
        self.clock.work += self.of.work - was
        return found

    def _root(self, ends: tuple[Ints, Ints], best: _Solved | None) -> Relaxed | None:
        root = self._relaxed(*ends)
        for _ in range(ROUNDS):
            if root is None or (best and root.bound <= best.worth) or self._apart(root) is None:
                break
            if not self.ladder.cut(root):
                break
            root = self._relaxed(*ends)
        return root

    def _apart(self, node: Relaxed) -> int | None:
        """The column to part: of the pairs, and then of the others, the one farthest from whole."""
        far = np.abs(node.at - np.rint(node.at))
        for part, first in ((far[: self.matrix.pairs], 0), (far[self.matrix.pairs :], self.matrix.pairs)):
            if len(part) and part.max() > NEAR:
                return first + int(part.argmax())
        return None

    def _parted(
        self, lows: Ints, tops: Ints, node: Relaxed, at: int, best: _Solved | None
    ) -> list[tuple[Ints, Ints, Relaxed]]:
        """Both sides of a column that may hold something better, the likelier last."""
        below = int(np.floor(node.at[at]))
        down, up = (lows, tops.copy()), (lows.copy(), tops.copy())
        down[1][at], up[0][at] = below, below + 1
        if at < self.matrix.pairs and self.ladder.inst.posts[int(self.matrix.post[at])].wants == 1:
            others = self.matrix.of_post[int(self.matrix.post[at])]
            up[1][others] = 0
            up[1][at] = 1
        out = []
        for side in (down, up) if node.at[at] - below > 0.5 else (up, down):
            if (side[0] > side[1]).any():
                continue
            found = self._relaxed(*side)
            if found and not (best and found.bound <= best.worth):
                out.append((*side, found))
        return out

    def _whole(self, lows: Ints, tops: Ints, node: Relaxed) -> _Solved:
        """The whole plan that a relaxed one is; every row is checked in whole numbers."""
        at = np.rint(node.at).astype(np.int64)
        of = self.of
        sums = np.zeros(len(of.under), dtype=np.int64)
        np.add.at(sums, of.rows, of.vals * at[of.cols])
        if (at < lows).any() or (at > tops).any() or (sums < of.under).any() or (sums > of.over).any():
            raise Imprecise
        return _Solved(at, int(of.aim @ at))
