"""The relaxation of many pairs by way of few, and the plan on those that it leaves.

A relaxed plan uses a few pairs of each post, however many there are. So it is found on some (those with the most
points), and pairs that are worth more than they cost at its prices come in until there is none: then its bound is one
of all pairs (sifting: Bixby, Gregory, Lustig, Marsten and Shanno 1992). Rows that whole plans keep and relaxed ones
break are added on the way, for all pairs alike. What a pair costs the bound then says which pairs a plan as good as the
best can have at all: a few thousand of hundreds of thousands, whatever the shape of who may go where.

It is the hopeful question: every tier before the points as good as it could ever be. Where that cannot be had others
are asked (None).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Literal

import numpy as np
from ortools.math_opt import (
    model_parameters_pb2,
    result_pb2,
    solution_pb2,
)
from ortools.math_opt.python import parameters

from allocator.engine.climb import Boxes, Unsettled, WholePlan, beside
from allocator.engine.highs import WORK, Effort, dense, proto, solved
from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.ladder import Ladder, proved, stopped
from allocator.engine.matrix import Flags, Floats, Ints
from allocator.engine.model import value
from allocator.engine.part import Part, cut_out
from allocator.engine.relaxation import ByColumn, Imprecise, Relaxed
from allocator.engine.rounding import at_once
from allocator.engine.tiers import Clock, Conflict, Stop, signed
from allocator.engine.tops import top
from allocator.engine.wide.whole import solve_whole

FIRST, MORE = 8, 4  # pairs of a post to begin with, and those that come in at once
REWARD = 8  # times the points of the best pair that a post filled counts for, so that a few pairs have a relaxed plan
ROUNDS, CUTS = 40, 4  # relaxations at most, and how many of them may add rows
FEW, KEPT = 2, 4  # pairs of a post looked at for a first plan: at least, and on average
MOST, TREE = 20_000, 400  # pairs left at most for a proof to be tried, and tree nodes of it
DIVES, NODES = 30, 60  # relaxations for a first plan, and of one aim
LEAST, PROOF = 1.0, 3.0  # work that a first plan has, or what relaxing all took, and times as much for a proof
ROUGHLY = 1e-4  # gap of a plan that no dive found
LONGEST = 20.0  # GLOP's own time, of a relaxation that goes on from another
FAR = 2**52  # what a pair costs that is no plan's


class Basis:
    """Where a relaxation ended, for the next to begin from: columns that come in stand at their least, and rows that
    come in are slack."""

    def __init__(self, found: solution_pb2.BasisProto, at: Ints, columns: int) -> None:
        self.columns = np.full(columns, solution_pb2.BASIS_STATUS_AT_LOWER_BOUND)
        self.columns[at] = statuses(found.variable_status)
        self.rows = statuses(found.constraint_status)

    def given(self, at: Ints, rows: int) -> model_parameters_pb2.ModelSolveParametersProto:
        """As MathOpt is told it, for these columns and so many rows."""
        out = model_parameters_pb2.ModelSolveParametersProto()
        slack = [solution_pb2.BASIS_STATUS_BASIC] * (rows - len(self.rows))
        of_columns, of_rows = out.initial_basis.variable_status, out.initial_basis.constraint_status
        of_columns.ids.extend(range(len(at)))
        of_columns.values.extend(self.columns[at].tolist())
        of_rows.ids.extend(range(rows))
        of_rows.values.extend([*self.rows.tolist(), *slack])
        return out


def statuses(found: solution_pb2.SparseBasisStatusVector) -> Ints:
    """In the order of ids, of which there is every one."""
    return np.array(found.values, dtype=np.int64)


class Sift:
    """The relaxation of one instance; `bound`: no plan has more points; by pair, `cost`: how much less with it, and
    `at`: how much of it the relaxed plan has, `live`: whether it was looked at; `lacking`: posts that are to be filled
    and are not."""

    def __init__(self, inst: Instance, clock: Clock, ladder: Ladder | None = None, reward: int = REWARD) -> None:
        """`ladder`: its first aim, in place of the points, and what is held throughout."""
        self.inst, self.clock = inst, clock
        self.ladder = ladder = ladder or _ladder(inst, 1)
        self.pairs = ladder.matrix.pairs
        self.post = ladder.matrix.post
        self.must = ladder.under[: len(inst.posts)] > 0
        self.aim = ladder.aims[0] * ladder.steps[0]
        reward *= int(np.abs(self.aim[: self.pairs]).max(initial=1))
        self.aim[: self.pairs] += np.where(self.must[self.post], reward, 0)
        self.constant = ladder.fixed[0] - reward * int(self.must.sum())
        self.under = ladder.under.copy()
        self.under[: len(inst.posts)][self.must] = 0
        self.basis: Basis | None = None
        self.bound, self.cost, self.at = 0, np.zeros(self.pairs, dtype=np.int64), np.zeros(self.pairs)
        self.live, self.lacking = np.zeros(self.pairs, dtype=np.bool_), set[int]()

    def best(self, worth: Ints, many: int) -> Flags:
        """So many pairs of each post, those worth most."""
        order = np.lexsort((-worth, self.post))
        first = np.searchsorted(self.post[order], self.post[order])
        out = np.zeros(self.pairs, dtype=np.bool_)
        out[order] = np.arange(self.pairs) - first < many
        return out

    def cheapest(self, many: int) -> int:
        """What so many pairs a post, on average, cost at most."""
        last = min(many * len(self.inst.posts), self.pairs) - 1
        return int(np.partition(self.cost, last)[last])

    def near(self, chosen: Sequence[int], points: int) -> tuple[int, ...]:
        """The pairs that a plan of so many points can have, those of one such plan among them."""
        kept = self.cost <= self.bound - points
        kept[list(chosen)] = True
        return tuple(np.nonzero(kept)[0].tolist())

    def relax(self, always: Sequence[int], first: Flags | None = None) -> bool:
        """Bound and costs; False where the hopeful question cannot be had, or time is up. `always`: pairs not to be
        left out; `first`: those to begin with, in place of the best of each post. Raises Imprecise."""
        ladder, pairs = self.ladder, self.pairs
        live = np.ones(len(ladder.tops), dtype=np.bool_)
        live[:pairs] = self.best(ladder.matrix.points, FIRST) if first is None else first
        live[list(always)] = True
        cuts, known = 0, -1
        for _ in range(ROUNDS):
            if self.clock.over:
                return False
            if known != len(ladder.kept):
                known, entries, under, over = len(ladder.kept), *self.rows()
                columns = ByColumn(entries, len(self.aim))
            found = self.solve(live, entries, under, over)
            if found is None:
                return False
            at, duals = found
            bound, net, grain = columns.priced(self.aim, (ladder.lows, ladder.tops), (under, over), duals)
            gain = beside(ladder.matrix, net, (ladder.lows, np.where(live, ladder.tops, 0)))[0][:pairs]
            new = self.best(gain, MORE) & (gain > grain // 1024) & ~live[:pairs]
            relaxed = Relaxed(bound // grain, net, grain, at)
            more = cuts < CUTS and new.sum() < len(self.inst.posts) // 8 and ladder.cut(relaxed)
            cuts += more
            if not new.any() and not more:
                net, less = beside(ladder.matrix, net, (ladder.lows, ladder.tops))
                bound -= less
                self.bound = bound // grain + self.constant
                self.cost = bound // grain - (bound - np.maximum(0, -net[:pairs])) // grain
                self.at = at[:pairs]
                filled = np.bincount(self.post, at[:pairs], len(self.inst.posts))
                self.live, self.lacking = live[:pairs], set(np.nonzero(self.must & (filled < 1 - 1e-6))[0].tolist())
                return not self.lacking
            live[:pairs] |= new
        return False

    def rows(self) -> tuple[tuple[Ints, Ints, Ints], Ints, Ints]:
        """Entries of all rows, with those that were added, and each row's least and most."""
        ladder, first = self.ladder, len(self.under)
        kept = [(np.full(len(r.at), first + n), r.at, r.by) for n, r in enumerate(ladder.kept)]
        rows, cols, vals = (np.concatenate(x) for x in zip(ladder.entries, *kept, strict=True))
        most = np.array([r.most for r in ladder.kept], dtype=np.int64)
        return (rows, cols, vals), np.append(self.under, np.full(len(most), -FAR)), np.append(ladder.over, most)

    def solve(
        self, live: Flags, entries: tuple[Ints, Ints, Ints], under: Ints, over: Ints
    ) -> tuple[Floats, Floats] | None:
        """The relaxed plan on these columns (by all columns), and the price of each row; None where there is none."""
        rows, cols, vals = entries
        at, there = np.nonzero(live)[0], live[cols]
        own = rows[there], np.searchsorted(at, cols[there]), vals[there]
        model = proto(self.ladder.lows[at], self.ladder.tops[at], self.aim[at], own, under, over, whole=False)
        for basis in (self.basis, None) if self.basis else (None,):  # without one where it leads astray
            given = basis.given(at, len(under)) if basis else None
            params = parameters.SolveParameters()
            params.glop.max_deterministic_time = LONGEST if basis else math.inf
            effort = Effort(0.0, self.clock.left(), event=self.clock.stop.event)
            result = solved(model, parameters.SolverType.GLOP, params, effort, given)
            self.clock.work += (1 + result.solve_stats.simplex_iterations) * len(own[0]) * WORK
            if result.termination.reason == result_pb2.TERMINATION_REASON_OPTIMAL:
                first = result.solutions[0]
                self.basis = Basis(first.basis, at, len(live))
                out = np.zeros(len(live))
                out[at] = dense(first.primal_solution.variable_values, len(at))
                return out, dense(first.dual_solution.dual_values, len(under))
        return None


def sifted(inst: Instance, clock: Clock, *, settle: bool = True) -> Solution | None:
    """The optimum, or a plan with a bound of its points, every tier before them at its best; None where that is not
    found."""
    points = next((t for t in inst.tiers if t.points or t.lot), None)
    if points is None or not points.points:
        return None
    always = sorted({*inst.fixed, *(i for b in inst.bonds for i in b.pairs)})
    sift = Sift(inst, clock)
    try:
        if not sift.relax(always):
            return None
    except Imprecise:
        return None
    kept = sift.best(-sift.cost, FEW)
    kept[always] = True
    kept |= sift.cost <= sift.cheapest(KEPT)
    patience = max(LEAST, clock.work)  # what relaxing all took
    plan = _on(inst, kept, clock, partial(_first, patience=patience)) or _rounded(inst, sift, clock)
    if plan is None:
        return None
    spare = sift.bound - value(inst, points, plan.chosen, plan.short)  # a pair that costs more is in no better plan
    if (sift.cost <= spare).sum() > MOST or clock.over or clock.stop.gap:
        return _bounded(inst, plan, sift, kept)
    kept[list(plan.chosen)] = True
    kept |= sift.cost <= spare
    found = _on(inst, kept, clock, partial(_best, chosen=plan.chosen, settle=settle, patience=PROOF * patience))
    return _bounded(inst, found or plan, sift, kept)


def left(inst: Instance, solution: Solution, stop: Stop) -> Part | None:
    """The pairs that plans with as many points can have, where every tier before the points is at its best; None where
    that is not so, or not known."""
    near = solution.near or _near(inst, solution, stop)
    return cut_out(inst, range(len(inst.posts)), range(len(inst.people)), near) if near else None


def _near(inst: Instance, solution: Solution, stop: Stop) -> tuple[int, ...] | None:
    points = next((t for t in inst.tiers if t.points), None)
    best = {t.name: top(inst, t) for t in inst.tiers}
    before = (x for x in zip(inst.tiers, solution.tiers, strict=True) if not (x[0].points or x[0].lot))
    if points is None or any(t.worst or signed(t, v.value) < best[t.name] for t, v in before):
        return None
    sift = Sift(inst, Clock(replace(stop, work=None, progress=None), monotonic()))
    try:
        if not sift.relax(sorted(solution.chosen)):
            return None
    except Imprecise:
        return None
    return sift.near(solution.chosen, value(inst, points, solution.chosen, solution.short))


def _on(inst: Instance, kept: Flags, clock: Clock, how: Callable[[Part, Clock], Solution | None]) -> Solution | None:
    """A plan on these pairs; None where there is none that is at its best in every tier before the points."""
    part = cut_out(inst, range(len(inst.posts)), range(len(inst.people)), np.nonzero(kept)[0].tolist())
    own = Clock(replace(clock.stop, seconds=clock.left(), work=clock.work_left(), workers=1), monotonic())
    try:
        found = how(part, own)
    except Conflict:
        return None
    clock.work += own.work
    if found is None or found.status == "stopped":
        return None
    found = replace(found, chosen=tuple(part.pairs[i] for i in found.chosen))
    return None if _lacking(inst, found.chosen, found.short) else found


def _lacking(inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> bool:
    """Whether a tier before the points is not as good as it could ever be."""
    tops = _tops(inst)
    return any(signed(t, value(inst, t, chosen, short)) < tops[t.name] for t in inst.tiers if t.name in tops)


def _rounded(inst: Instance, sift: Sift, clock: Clock) -> Solution | None:
    """Where time is up, a good plan at once: what the relaxed one has, and beside it what costs it least. None where
    that is not at its best before the points."""
    if not clock.over:
        return None
    plan = at_once(inst, np.lexsort((-sift.ladder.matrix.points, sift.cost, -sift.at)).tolist())
    return None if plan is None or _lacking(inst, *plan) else stopped(inst, (*plan, {}), clock.work)


def _first(part: Part, clock: Clock, patience: float) -> Solution | None:
    """A good plan."""
    inst = part.inst
    ladder = _ladder(inst, 1)
    ladder.patience = patience
    climb = ladder.climb(0, clock, DIVES)
    try:
        best = climb.most([(ladder.lows, ladder.tops)])
    except (Unsettled, Imprecise):
        rest = replace(inst, tiers=tuple(t for t in inst.tiers if not t.lot))
        found = solve_whole(rest, replace(clock.stop, gap=ROUGHLY), clock, settle=False)
        bounds = {t.name: signed(tier, t.bound) for t, tier in zip(found.tiers, rest.tiers, strict=False)}
        return (
            None if found.status == "stopped" else stopped(inst, (found.chosen, dict(found.short), bounds), clock.work)
        )
    return None if best is None else stopped(inst, ladder.laid(best, 1), clock.work)


def _best(part: Part, clock: Clock, *, chosen: Sequence[int], settle: bool, patience: float) -> Solution | None:
    """The optimum, from a plan."""
    inst, place = part.inst, {old: new for new, old in enumerate(part.pairs)}
    clock.stop = replace(clock.stop, nodes=min(TREE, clock.stop.nodes or TREE))
    mine = [place[i] for i in chosen]
    ladder = _ladder(inst, 2)
    ladder.patience = patience
    lows, ends = ladder.lows.copy(), ladder.tops.copy()
    ends[: ladder.matrix.pairs] = 0
    lows[mine], ends[mine] = 1, 1
    done = False  # whether the points are proved
    try:
        best = ladder.climb(0, clock, NODES).most([(lows, ends)])
        if best is None:
            return None
        ladder.better = best
        boxes: Boxes = [(ladder.lows, ladder.tops)]
        for n, aim in enumerate(ladder.aims):
            best, boxes = ladder.settled(n, boxes, WholePlan(best.at, int(aim @ best.at)), clock, NODES)
            ladder.hold(n, best.worth)
            done = True
        plan = ladder.only(boxes, best, clock, NODES)
        return None if plan is None else proved(inst, plan, _tops(inst), clock)
    except (Unsettled, Imprecise):
        if ladder.better is not None and not done:
            mine = list(ladder.laid(ladder.better, 0)[0])
        return solve_whole(inst, clock.stop, clock, mine, settle=settle)


def _ladder(inst: Instance, many: int) -> Ladder:
    """Aims: the points, and with two of them the lot."""
    return Ladder(inst, False, [t for t in inst.tiers if t.points or t.lot][:many], _tops(inst))


def _tops(inst: Instance) -> dict[str, int]:
    """The best there could ever be of each tier before the points."""
    return {t.name: top(inst, t) for t in inst.tiers if not (t.points or t.lot)}


def _bounded(inst: Instance, found: Solution, sift: Sift, kept: Flags) -> Solution:
    """The plan found on the pairs kept, with bounds of all."""
    others = int(sift.cost[~kept].min(initial=FAR))
    out = list[TierValue]()
    near: tuple[int, ...] | None = None
    same = True  # whether the part's bounds so far are the whole's
    for tier, v in zip(inst.tiers, found.tiers, strict=True):
        if tier.points:
            same = sift.bound - others < v.value
            limit = min(sift.bound, max(v.bound, sift.bound - others, v.value))
            near = sift.near(found.chosen, v.value)
        else:
            limit = v.bound if same else signed(tier, top(inst, tier))
        out.append(TierValue(tier.name, v.value, limit))
    done = found.status == "optimal" and same
    status: Literal["optimal", "feasible"] = "optimal" if done else "feasible"
    return replace(found, status=status, tiers=tuple(out), unique=found.unique and done, near=near)
