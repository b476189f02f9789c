"""Who tied: pairs that stand in another plan equal in every tier before the lot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np
from ortools.sat.python import cp_model

from allocator.engine.instance import Instance, Solution
from allocator.engine.method import SMALL
from allocator.engine.model import Built
from allocator.engine.tiers import Stop, _Clock, _signed, run
from allocator.engine.whole import Whole
from allocator.engine.worst import floor

MOST_TIES = 25  # enough to show that a choice is open; each costs one solve
WIDE_TIES = 3  # of an instance with more than SMALL pairs: a solve takes seconds there, and names a hundred pairs

Others = Callable[[Sequence[int]], list[int]]


def ties(inst: Instance, solution: Solution, stop: Stop | None = None) -> Iterator[int]:
    """Pairs, not chosen, of plans equal to `solution` up to the points; none when it is unproved."""
    if solution.status != "optimal" or not inst.pairs:
        return
    wide = len(inst.pairs) > SMALL
    others = _widely(inst, solution, stop or Stop()) if wide else _narrowly(inst, solution)
    chosen, filled = set(solution.chosen), {inst.pairs[i].post for i in solution.chosen}
    fresh = [i for i, p in enumerate(inst.pairs) if i not in chosen and p.post in filled]
    for _ in range(WIDE_TIES if wide else MOST_TIES):
        if not fresh or (stop and stop.event and stop.event.is_set()):
            return
        found = others(fresh)
        if not found:
            return
        yield from found
        fresh = [i for i in fresh if i not in set(found)]


def _narrowly(inst: Instance, solution: Solution) -> Others:
    """With CP-SAT: as many as can be of some pairs in one equal plan; none when there is no such plan."""
    built = Built(inst, trimming=bool(solution.short))
    model = built.model
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if not tier.lot:
            built.keep(tier, _signed(tier, result.value))
    clock = _Clock(Stop(), monotonic())  # one worker, so that the same ties are found on every machine

    def others(fresh: Sequence[int]) -> list[int]:
        trial = model.clone()
        variables = {i: trial.get_bool_var_from_proto_index(built.x[i].index) for i in fresh}
        trial.add_bool_or(variables.values())
        trial.maximize(sum(variables.values()))
        solver, status = run(trial, clock)
        return [i for i, v in variables.items() if solver.boolean_value(v)] if status == cp_model.OPTIMAL else []

    return others


def _widely(inst: Instance, solution: Solution, stop: Stop) -> Others:
    """The same with HiGHS."""
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if tier.worst:
            inst = replace(inst, least_points=floor(inst, tier, result.value))
    search = Whole(inst, _Clock(Stop(event=stop.event), monotonic()), 0.0)
    search.start(bool(solution.short))
    search.chosen, search.short = solution.chosen, solution.short
    for tier in inst.tiers:
        if not (tier.lot or tier.worst):
            search.stay(tier)

    def others(fresh: Sequence[int]) -> list[int]:
        aim = np.zeros(len(search.matrix.upper), dtype=np.int64)
        aim[list(fresh)] = 1
        values = search.best(aim).values
        return [] if values is None else [i for i in fresh if values[i]]

    return others
