"""Who tied: pairs that stand in another plan equal in every tier before the lot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance, Solution
from allocator.engine.method import SMALL
from allocator.engine.model import Built
from allocator.engine.tiers import Clock, Stop, run, signed
from allocator.engine.wide.whole import Whole
from allocator.engine.worst import floor

MOST_TIES = 25  # questions at most; each answer names as many pairs as it can
WORK, EACH = 0.4, 0.2  # deterministic work for all questions, and for one: a plan found by then counts, the best or not
WIDE_TIES, NODES = 3, 20  # questions of an instance with more than SMALL pairs, and tree nodes of each

Others = Callable[[Sequence[int]], list[int] | None]  # pairs found; [] when there are none, None when not known


def ties(inst: Instance, solution: Solution, stop: Stop | None = None) -> tuple[list[int], bool]:
    """Pairs, not chosen, of plans equal to `solution` up to the points; and whether those are all.

    A plan that is not proved has no equals. What this takes is a small part of the solve, whatever the case.
    """
    if solution.status != "optimal" or not inst.pairs:
        return [], True
    stop = stop or Stop()
    wide = len(inst.pairs) > SMALL
    others = _widely(inst, solution, stop) if wide else _narrowly(inst, solution, stop)
    chosen, filled = set(solution.chosen), {inst.pairs[i].post for i in solution.chosen}
    fresh = [i for i, p in enumerate(inst.pairs) if i not in chosen and p.post in filled]
    out: list[int] = []
    for _ in range(WIDE_TIES if wide else MOST_TIES):
        found = others(fresh) if fresh else []
        if not found:
            return out, found is not None
        out += found
        fresh = [i for i in fresh if i not in set(found)]
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


def _widely(inst: Instance, solution: Solution, stop: Stop) -> Others:
    """The same with HiGHS."""
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if tier.worst:
            inst = replace(inst, least_points=floor(inst, tier, result.value))
    search = Whole(inst, Clock(replace(stop, work=None, progress=None), monotonic()), 0.0)
    search.start(bool(solution.short))
    search.chosen, search.short = solution.chosen, solution.short
    for tier in inst.tiers:
        if not (tier.lot or tier.worst):
            search.stay(tier)

    def others(fresh: Sequence[int]) -> list[int] | None:
        if search.clock.over:
            return None
        aim = np.zeros(len(search.matrix.upper), dtype=np.int64)
        aim[list(fresh)] = 1
        answer = search.best(aim, NODES)
        found = [] if answer.values is None else [i for i in fresh if answer.values[i]]
        return found or ([] if answer.status in ("optimal", "infeasible") else None)

    return others
