"""A matrix and a relaxation for each aim in turn: searches that end at the root, or near it.

Rows that whole plans keep and relaxed ones break (`cuts.py`) mostly close what lies between the two; then the
relaxation's answer is a plan, its bound is exact, and the aims after it are asked for among plans as good. What a
few relaxations do not settle is left to others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.cpsat import Clock, run
from allocator.engine.cuts import Row, broken
from allocator.engine.highs import Floor
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.matrix import FREE, Ints, Matrix
from allocator.engine.relaxation import Imprecise, Relaxation, Relaxed
from allocator.engine.spread import spread_short
from allocator.engine.tiers import signed
from allocator.engine.tops import top

NODES = 150  # relaxations of one search, past which a question is left to a solve
ROUNDS, MOST_ROWS = 6, 400  # of new rows at the root of a question; rows kept
NEAR = 1e-6  # a relaxed value this near to a whole number is one
DAYS, MORE = 2**12, 4  # points that a unit of the last tier before them counts as in a first plan; each before it more
MOST = 2**24  # ... up to this

Laid = tuple[tuple[int, ...], dict[int, int], dict[str, int]]  # pairs, units short, tiers (made most)


class Unsettled(Exception):
    """Not answered in this way."""


@dataclass(frozen=True)
class WholePlan:
    """Values by column, and what they come to."""

    at: Ints
    worth: int


class Ladder:
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

    def hold(self, n: int, least: int) -> None:
        """Hold aim `n` at this or better in every relaxation after it."""
        for later in range(n + 1, len(self.aims) + 1):
            self.relaxation(later).least(len(self.under) + n, least)

    def first(self, many: int, ends: tuple[Ints, Ints], clock: Clock, nodes: int = NODES) -> WholePlan | None:
        """A plan that is good in every aim at once, the first `many` before the points: what is left is to prove it."""
        n = len(self.aims)
        guide = self.aims[many] if many < n and self.tiers[many].points else np.zeros_like(self.tops)
        for k, aim in enumerate(reversed(self.aims[:many])):
            guide = guide + min(DAYS * MORE**k, MOST) * aim
        for k in range(n):
            self.relaxation(n).least(len(self.under) + k, -FREE)
        self.relaxation(n).toward(guide)
        return Climb(self, n, clock, nodes).most(ends)

    def only(self, ends: tuple[Ints, Ints], best: WholePlan | None, clock: Clock) -> Laid | None:
        """The plan, where no other is as good in every aim. Raises Unsettled where one is: ids then decide."""
        if best is None:
            return None
        other, n = np.zeros(len(self.tops), dtype=np.int64), len(self.aims)
        other[: self.matrix.pairs] = best.at[: self.matrix.pairs] == 0
        self.relaxation(n).toward(other)
        found = Climb(self, n, clock, NODES).most(ends, WholePlan(best.at, 0))
        if found is None or found.worth > 0:
            raise Unsettled
        aims = zip(self.tiers, self.aims, self.steps, self.fixed, strict=True)
        return (
            *self.matrix.read(best.at),
            {t.name: int(aim @ best.at) * step + fixed for t, aim, step, fixed in aims},
        )


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


class Climb:
    """One search: relaxations, rows more, and columns parted where they are not whole."""

    def __init__(self, ladder: Ladder, n: int, clock: Clock, limit: int) -> None:
        """`limit`: relaxations, past which the search is given up (Unsettled)."""
        self.ladder, self.clock, self.limit = ladder, clock, limit
        self.matrix, self.of = ladder.matrix, ladder.relaxation(n)
        self.nodes = 0
        self.top: Relaxed | None = None

    def most(self, ends: tuple[Ints, Ints], best: WholePlan | None = None) -> WholePlan | None:
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

    def within(self, ends: tuple[Ints, Ints], found: WholePlan) -> tuple[Ints, Ints]:
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
        if self.nodes > self.limit or self.clock.over:
            raise Unsettled
        was = self.of.work
        found = self.of.solve(lows, tops)
        self.clock.work += self.of.work - was
        return found

    def _root(self, ends: tuple[Ints, Ints], best: WholePlan | None) -> Relaxed | None:
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
        self, lows: Ints, tops: Ints, node: Relaxed, at: int, best: WholePlan | None
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

    def _whole(self, lows: Ints, tops: Ints, node: Relaxed) -> WholePlan:
        """The whole plan that a relaxed one is; every row is checked in whole numbers."""
        at = np.rint(node.at).astype(np.int64)
        of = self.of
        sums = np.zeros(len(of.under), dtype=np.int64)
        np.add.at(sums, of.rows, of.vals * at[of.cols])
        if (at < lows).any() or (at > tops).any() or (sums < of.under).any() or (sums > of.over).any():
            raise Imprecise
        return WholePlan(at, int(of.aim @ at))


def proved(inst: Instance, plan: Laid, stood: Mapping[str, int], clock: Clock) -> Solution:
    """A plan proved the only best one, what is short spread evenly; `stood`: tiers that `plan` does not name (made
    most)."""
    chosen, short, now = plan
    if short:
        even = spread_short(inst, chosen, short, lambda model: run(model, clock))
        if even is None:
            raise Unsettled
        short = even
    values = ((t, signed(t, now[t.name] if t.name in now else stood[t.name])) for t in inst.tiers)
    return Solution("optimal", chosen, short, tuple(TierValue(t.name, v, v) for t, v in values), clock.work, True)


def at_the_root(inst: Instance, clock: Clock, nodes: int) -> Solution:
    """The optimum, where few relaxations show it. Raises Unsettled where they do not, or where ids are to decide."""
    before = [t for t in inst.tiers if not (t.points or t.lot)]
    last = [t for t in inst.tiers if t.points or t.lot]
    tops = {t.name: top(inst, t) for t in inst.tiers}
    try:
        plan = _hoped(Ladder(inst, False, last, {t.name: tops[t.name] for t in before}), clock, nodes)
        if plan is None:
            trimming = any(p.trims for p in inst.posts)
            plan = _in_turn(Ladder(inst, trimming, [*before, *last], {}), tops, len(before), clock, nodes)
    except Imprecise:
        raise Unsettled from None
    if plan is None:
        raise Unsettled
    return proved(inst, plan, tops, clock)


def _hoped(ladder: Ladder, clock: Clock, nodes: int) -> Laid | None:
    """Every tier before the points as good as it could ever be; None where that cannot be."""
    if (ladder.lows > ladder.tops).any():
        return None
    ends, best = (ladder.lows, ladder.tops), None
    for n in range(len(ladder.aims)):
        climb = Climb(ladder, n, clock, nodes)
        best = climb.most(ends)
        if best is None:
            return None
        ends = climb.within(ends, best)
        ladder.hold(n, best.worth)
    return ladder.only(ends, best, clock)


def _in_turn(ladder: Ladder, tops: Mapping[str, int], many: int, clock: Clock, nodes: int) -> Laid | None:
    """Tier by tier, from a first plan; those before the points that are at their best need no proof."""
    if (ladder.lows > ladder.tops).any():
        return None
    ends = ladder.lows, ladder.tops
    best = ladder.first(many, ends, clock, nodes)
    if best is None:
        return None
    for n, aim in enumerate(ladder.aims):
        worth = int(aim @ best.at)
        if n >= many or worth * ladder.steps[n] + ladder.fixed[n] < tops[ladder.tiers[n].name]:
            climb = Climb(ladder, n, clock, nodes)
            best = climb.most(ends, WholePlan(best.at, worth)) or best
            ends = climb.within(ends, best)
            worth = best.worth
        ladder.hold(n, worth)
    return ladder.only(ends, best, clock)
