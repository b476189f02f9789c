"""Who tied: pairs that stand in another plan equal in every tier before the lot."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from ortools.sat.python import cp_model

from allocator.engine.instance import Instance, Solution
from allocator.engine.model import Built
from allocator.engine.tiers import Stop, _Clock, _signed, run

MOST_TIES = 25  # enough to show that a choice is open; each costs one solve


def ties(inst: Instance, solution: Solution, stop: Stop | None = None) -> Iterator[int]:
    """Pairs, not chosen, of plans equal to `solution` up to the points; none when it is unproved."""
    if solution.status != "optimal" or not inst.pairs:
        return
    built = Built(inst, trimming=bool(solution.short))
    model = built.model
    for tier, result in zip(inst.tiers, solution.tiers, strict=True):
        if not tier.lot:
            built.keep(tier, _signed(tier, result.value))
    filled = {inst.pairs[i].post for i in solution.chosen}
    fresh = [i for i, p in enumerate(inst.pairs) if i not in set(solution.chosen) and p.post in filled]
    clock = _Clock(Stop(), monotonic())  # one worker, so that the same ties are found on every machine
    for _ in range(MOST_TIES):
        if not fresh or (stop and stop.event and stop.event.is_set()):
            return
        trial = model.clone()
        variables = {i: trial.get_bool_var_from_proto_index(built.x[i].index) for i in fresh}
        trial.add_bool_or(variables.values())
        trial.maximize(sum(variables.values()))
        solver, status = run(trial, clock)
        if status != cp_model.OPTIMAL:
            return
        found = [i for i, v in variables.items() if solver.boolean_value(v)]
        yield from found
        fresh = [i for i in fresh if i not in set(found)]
