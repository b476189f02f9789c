"""Who tied: pairs that stand in another plan equal in every tier before the lot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from time import monotonic

import numpy as np

from allocator.engine.climb import Unsettled, WholePlan
from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance, Solution
from allocator.engine.ladder import Ladder
from allocator.engine.matrix import Ints
from allocator.engine.method import SMALL
from allocator.engine.model import Built
from allocator.engine.relaxation import Imprecise
from allocator.engine.tiers import Clock, Stop, run, signed
from allocator.engine.wide.sift import left
from allocator.engine.worst import floor

MOST_TIES = 25  # questions at most; each answer names as many pairs as it can
WORK, EACH = 0.4, 0.2  # deterministic work for all questions, and for one: a plan found by then counts, the best or not
WIDE_TRIES, NODES = 100, 10  # plans looked at of an instance with more than SMALL pairs, and relaxations of each

Others = Callable[[Sequence[int]], list[int] | None]  # pairs found; [] when there are none, None when not known


def ties(inst: Instance, solution: Solution, stop: Stop | None = None) -> tuple[list[int], bool]:
    """Pairs, not chosen, of plans equal to `solution` up to the points; and whether those are all.

    A plan that is not proved has no equals. What this takes is a small part of the solve, whatever the case: of many
    pairs those are asked that such a plan can have, or, where these are many too, exchanges of one or two are tried.
    """
    if solution.status != "optimal" or not inst.pairs:
        return [], True
    stop = stop or Stop()
    if len(inst.pairs) > SMALL:
        few = left(inst, solution, stop)
        if few is None:
            return _widely(inst, solution, stop), False
        place = {old: new for new, old in enumerate(few.pairs)}
        own = replace(solution, chosen=tuple(place[i] for i in solution.chosen), near=None)
        found, looked = ties(few.inst, own, stop) if len(few.pairs) <= SMALL else (_widely(few.inst, own, stop), False)
        return [few.pairs[i] for i in found], looked
    others = _narrowly(inst, solution, stop)
    chosen, filled = set(solution.chosen), {inst.pairs[i].post for i in solution.chosen}
    fresh = [i for i, p in enumerate(inst.pairs) if i not in chosen and p.post in filled]
    out: list[int] = []
    for _ in range(MOST_TIES):
        more = others(fresh) if fresh else []
        if not more:
            return out, more is not None
        out += more
        fresh = [i for i in fresh if i not in set(more)]
    return out, False


def _narrowly(inst: Instance, solution: Solution, stop: Stop) -> Others:
    """With CP-SAT: as many as can be of some pairs in one equal plan."""
    built = Built(inst, trimming=bool(solution.short))
    model = built.model
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if not tier.lot:
            built.keep(tier, signed(tier, result.value))
    # one worker, so that the same ties are found on every machine
    clock = Clock(replace(stop, work=WORK, workers=1, progress=None), monotonic())

    def others(fresh: Sequence[int]) -> list[int] | None:
        if clock.over:
            return None
        trial = model.clone()
        variables = {i: trial.get_bool_var_from_proto_index(built.x[i].index) for i in fresh}
        trial.add_bool_or(variables.values())
        trial.maximize(sum(variables.values()))
        own = Clock(replace(clock.stop, work=min(EACH, clock.work_left() or 0), seconds=clock.left()), monotonic())
        solver, status = run(trial, own)
        clock.work += own.work
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return [i for i, v in variables.items() if solver.boolean_value(v)]
        return [] if status == cp_model.INFEASIBLE else None

    return others


def _widely(inst: Instance, solution: Solution, stop: Stop) -> list[int]:
    """Pairs of equal plans that one school or an exchange of two makes; each is tried with all else as it is."""
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if tier.worst:
            inst = replace(inst, least_points=floor(inst, tier, result.value))
    points = [t for t in inst.tiers if t.points]
    kept = (x for x in zip(inst.tiers, solution.tiers, strict=True) if not (x[0].points or x[0].lot or x[0].worst))
    ladder = Ladder(
        inst, bool(solution.short), points, {tier.name: signed(tier, result.value) for tier, result in kept}
    )
    clock = Clock(replace(stop, work=None, progress=None), monotonic())
    plan = _Exchanged(ladder, solution.chosen)

    def climbed(lows: Ints, tops: Ints) -> WholePlan | None:
        try:
            return ladder.climb(0, clock, NODES).most([(lows, tops)])
        except (Unsettled, Imprecise):
            return None

    best = climbed(plan.lows, plan.tops) if points else None
    out: list[int] = []
    for old, new in islice(_exchanges(inst, solution.chosen), WIDE_TRIES) if best else ():
        if not set(out).issuperset(new) and not clock.over and (box := plan.box(old, new)):
            found = climbed(*box)
            out += [i for i in new if i not in out] if found and best and found.worth == best.worth else []
    return out


class _Exchanged:
    """A plan's pairs held and no others allowed, and what becomes of its rows when some go and some come."""

    def __init__(self, ladder: Ladder, chosen: Sequence[int]) -> None:
        self.ladder, mine = ladder, list(chosen)
        self.lows, self.tops = ladder.lows.copy(), ladder.tops.copy()
        self.tops[: ladder.matrix.pairs] = 0
        self.lows[mine], self.tops[mine] = 1, 1
        rows, cols, vals = ladder.entries
        order = np.argsort(cols, kind="stable")
        self.rows, self.vals = rows[order], vals[order]
        self.first = np.searchsorted(cols[order], np.arange(ladder.matrix.pairs + 1))
        low, high = np.where(vals > 0, (self.lows[cols], self.tops[cols]), (self.tops[cols], self.lows[cols])) * vals
        self.low, self.high = (np.bincount(rows, by, len(ladder.over)) for by in (low, high))  # of each row

    def box(self, old: Collection[int], new: Collection[int]) -> tuple[Ints, Ints] | None:
        """The plan with some pairs for others; None where a fixed pair would go or a row by itself says that there is
        none."""
        ladder = self.ladder
        if ladder.lows[list(old)].any() or not ladder.tops[list(new)].all():
            return None
        at = [np.arange(self.first[i], self.first[i + 1]) for i in (*old, *new)]
        sign = np.repeat([-1] * len(old) + [1] * len(new), [len(x) for x in at])
        there = np.concatenate(at)
        rows, place = np.unique(self.rows[there], return_inverse=True)
        change = np.bincount(place, sign * self.vals[there], len(rows))
        if (self.low[rows] + change > ladder.over[rows]).any() or (self.high[rows] + change < ladder.under[rows]).any():
            return None
        lows, tops = self.lows.copy(), self.tops.copy()
        lows[list(old)], tops[list(old)] = 0, 0
        lows[list(new)], tops[list(new)] = 1, 1
        return lows, tops


def _exchanges(inst: Instance, chosen: Collection[int]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """(pairs that go, pairs that come): another person for a post, or two who change places, of the same points."""
    holds = {inst.pairs[i].post: i for i in chosen if inst.posts[inst.pairs[i].post].wants == 1}
    at = {(p.post, p.person): i for i, p in enumerate(inst.pairs)}
    held: dict[int, list[int]] = defaultdict(list)
    for i in holds.values():
        held[inst.pairs[i].person].append(i)
    for new, pair in enumerate(inst.pairs):
        old = holds.get(pair.post, new)
        gain, mine = pair.points - inst.pairs[old].points, inst.pairs[old].person
        if old == new:
            continue
        if not gain:
            yield (old,), (new,)
        for theirs in held[pair.person]:
            back = at.get((inst.pairs[theirs].post, mine))
            if back is not None and new < back and gain + inst.pairs[back].points == inst.pairs[theirs].points:
                yield (old, theirs), (new, back)
