"""A matrix and a relaxation for each aim in turn: searches that end at the root, or near it.

Rows that whole plans keep and relaxed ones break (`cuts.py`) mostly close what lies between the two; then the
relaxation's answer is a plan, its bound is exact, and the aims after it are asked for among plans as good. What a
few relaxations do not settle is left to others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from allocator.engine.climb import BOXES, MANY, Boxes, Climb, Laid, Unsettled, WholePlan
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

NODES = 150  # relaxations of one search, past which a question is left to a solve
MOST_ROWS = 400  # new rows kept
DAYS, MORE = 2**12, 4  # points that a unit of the last tier before them counts as in a first plan; each before it more
MOST = 2**24  # ... up to this
LAST = 40  # ... of the lot, and of whether a plan is the only one


class Ladder:
    """One matrix, and a relaxation for each aim in turn, with the aims before it as rows."""

    def __init__(
        self, inst: Instance, trimming: bool, tiers: Sequence[Tier], held: Mapping[str, int], *, tallied: bool = True
    ) -> None:
        """`tiers`: an aim each; `held`: those that are held at a value throughout; not `tallied`: for relaxations
        alone, without a search."""
        self.inst, self.matrix, self.tiers = inst, Matrix(inst, trimming, tallied), tiers
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
        self.leasts = [-FREE] * len(tiers)
        self.patience = math.inf  # work that a search has
        self.better: WholePlan | None = None  # the best plan of a search that was given up, or of the last
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
        """That of aim `n`, made when it is first asked for: rows of the aims before it come after those of the matrix.

        After the last aim comes one whose aim is told with each question.
        """
        if n not in self.relaxed:
            before = [self._entry(aim, len(self.under) + k) for k, aim in enumerate(self.aims[:n])]
            entries = tuple(np.concatenate(x) for x in zip(self.entries, *before, strict=True))
            under, over = np.append(self.under, self.leasts[:n]), np.append(self.over, [FREE] * n)
            aim = self.aims[n] if n < len(self.aims) else np.zeros(len(self.tops), dtype=np.int64)
            ends = self.lows, self.tops
            made = Relaxation(aim, ends, entries, under, over, self._guide(n))  # type: ignore[arg-type]
            made.add(self.kept)
            self.relaxed[n] = made
        return self.relaxed[n]

    def _guide(self, n: int) -> Ints | None:
        """The aims after this one, where it leaves open who fills what: a search with nothing to go by wanders."""
        if n == len(self.tiers) or self.tiers[n].points or not any(t.points for t in self.tiers[n + 1 :]):
            return None
        out = np.zeros(len(self.tops), dtype=np.int64)
        out[: self.matrix.pairs] = np.maximum(0, self.matrix.points)
        for tier, aim in zip(self.tiers[n + 1 :], self.aims[n + 1 :], strict=True):
            if not (tier.points or tier.lot):
                out += DAYS * aim
        return out

    def climb(self, n: int, clock: Clock, nodes: int) -> Climb:
        """A search for aim `n`."""
        return Climb(self.matrix, self.relaxation(n), self.cut, clock, nodes, self.patience)

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
        self.leasts[n] = least
        for later, made in self.relaxed.items():
            if later > n:
                made.least(len(self.under) + n, least)

    def tell(self, best: WholePlan, clock: Clock) -> None:
        """Progress: the tiers of the plan in hand."""
        if clock.stop.progress:
            plan = self.matrix.read(best.at)
            clock.stop.progress("", 0, 0, {t.name: value(self.inst, t, *plan) for t in self.inst.tiers})

    def settled(
        self, n: int, boxes: Boxes, best: WholePlan, clock: Clock, nodes: int
    ) -> tuple[WholePlan, Sequence[tuple[Ints, Ints]]]:
        """The best of aim `n`, and boxes that hold all plans as good. Raises Unsettled where so many relaxations do
        not show it."""
        climb = self.climb(n, clock, min(nodes, LAST + len(boxes)) if self.tiers[n].lot else nodes)
        try:
            found = climb.most(boxes, best) or best
        except Unsettled:
            self.better = climb.best or best
            raise
        self.better = found
        return found, climb.as_good(MANY if self.tiers[n].points or self.tiers[n].lot else BOXES) or boxes

    def first(self, many: int, boxes: Boxes, clock: Clock, nodes: int = NODES) -> WholePlan | None:
        """A plan that is good in every aim at once, the first `many` before the points: what is left is to prove it."""
        n = len(self.aims)
        guide = self.aims[many] if many < n and self.tiers[many].points else np.zeros_like(self.tops)
        for k, aim in enumerate(reversed(self.aims[:many])):
            guide = guide + min(DAYS * MORE**k, MOST) * aim
        for k in range(n):
            self.relaxation(n).least(len(self.under) + k, -FREE)
        self.relaxation(n).toward(guide)
        climb = self.climb(n, clock, nodes)
        climb.enough = True  # what is left is to prove it
        return climb.most(boxes)

    def only(self, boxes: Boxes, best: WholePlan | None, clock: Clock, nodes: int = 0) -> Laid | None:
        """The plan, where no other is as good in every aim. Raises Unsettled where one is: ids then decide.

        `nodes`: relaxations allowed to each aim before.
        """
        if best is None:
            return None
        other, n = np.zeros(len(self.tops), dtype=np.int64), len(self.aims)
        other[: self.matrix.pairs] = best.at[: self.matrix.pairs] == 0
        self.relaxation(n).toward(other)
        climb = self.climb(n, clock, min(NODES, (LAST if nodes else NODES) + len(boxes)))
        found = climb.most(boxes, WholePlan(best.at, 0))
        if found is None or found.worth > 0:
            raise Unsettled
        return self.laid(best, len(self.aims))

    def laid(self, plan: WholePlan, many: int) -> Laid:
        """A plan, and what it has of the first `many` aims."""
        aims = zip(self.tiers[:many], self.aims, self.steps, self.fixed, strict=False)
        return (
            *self.matrix.read(plan.at),
            {t.name: int(aim @ plan.at) * step + fixed for t, aim, step, fixed in aims},
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


def stopped(inst: Instance, plan: Laid, work: float) -> Solution:
    """A plan that is not proved: a bound for each tier."""
    chosen, short, known = plan
    values = [signed(t, value(inst, t, chosen, short)) for t in inst.tiers]
    bounds = [known.get(t.name, top(inst, t)) for t in inst.tiers]
    rows = zip(inst.tiers, values, bounds, strict=True)
    return Solution(
        "feasible",
        chosen,
        short,
        tuple(TierValue(t.name, signed(t, v), signed(t, max(v, b))) for t, v, b in rows),
        work,
    )


def at_the_root(
    inst: Instance, clock: Clock, nodes: int, *, hopeful: bool = True, patience: float = math.inf
) -> Solution:
    """The optimum, where few relaxations show it. Raises Unsettled where they do not, or where ids are to decide.

    `hopeful`: whether to ask first whether every tier before the points can be as good as it could ever be;
    `patience`: work that each aim has.
    """
    before = [t for t in inst.tiers if not (t.points or t.lot)]
    last = [t for t in inst.tiers if t.points or t.lot]
    tops = {t.name: top(inst, t) for t in inst.tiers}
    try:
        plan = None
        if hopeful:
            plan = _hoped(Ladder(inst, False, last, {t.name: tops[t.name] for t in before}), clock, nodes)
        if plan is None:
            trimming = any(p.trims for p in inst.posts)
            ladder = Ladder(inst, trimming, [*before, *last], {})
            ladder.patience = patience
            plan = _in_turn(ladder, tops, len(before), clock, nodes)
    except Imprecise:
        raise Unsettled from None
    if plan is None:
        raise Unsettled
    return proved(inst, plan, tops, clock)


def _hoped(ladder: Ladder, clock: Clock, nodes: int) -> Laid | None:
    """Every tier before the points as good as it could ever be; None where that cannot be."""
    if (ladder.lows > ladder.tops).any():
        return None
    boxes: Boxes = [(ladder.lows, ladder.tops)]
    best = None
    for n in range(len(ladder.aims)):
        climb = ladder.climb(n, clock, nodes)
        best = climb.most(boxes)
        if best is None:
            return None
        boxes = climb.as_good()
        ladder.hold(n, best.worth)
    return ladder.only(boxes, best, clock)


def _in_turn(ladder: Ladder, tops: Mapping[str, int], many: int, clock: Clock, nodes: int) -> Laid | None:
    """Tier by tier, from a first plan; those before the points that are at their best need no proof."""
    if (ladder.lows > ladder.tops).any():
        return None
    boxes: Boxes = [(ladder.lows, ladder.tops)]
    best = ladder.first(many, boxes, clock, nodes)
    if best is None:
        return None
    done = 0
    ladder.tell(best, clock)
    try:
        for n, aim in enumerate(ladder.aims):
            worth = int(aim @ best.at)
            if n >= many or worth * ladder.steps[n] + ladder.fixed[n] < tops[ladder.tiers[n].name]:
                best, boxes = ladder.settled(n, boxes, WholePlan(best.at, worth), clock, nodes)
                worth = best.worth
                ladder.tell(best, clock)
            ladder.hold(n, worth)
            done = n + 1
        return ladder.only(boxes, best, clock, nodes)
    except (Unsettled, Imprecise) as why:
        open_ = Unsettled()
        open_.plan = ladder.laid(ladder.better or best, done)
        raise open_ from why
