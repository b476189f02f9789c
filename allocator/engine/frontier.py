"""Best points for every number of broken bonds: what one more change would buy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from ortools.sat.python import cp_model

from allocator.engine.instance import Instance, Kept
from allocator.engine.model import Built, value
from allocator.engine.tiers import Stop, _Clock, run


@dataclass(frozen=True)
class Step:
    """At most `broken` bonds broken: best points and their proved bound, and the pairs chosen."""

    broken: int
    points: int
    bound: int
    chosen: tuple[int, ...]
    short: Mapping[int, int]

    @property
    def proved(self) -> bool:
        return self.points == self.bound


def frontier(
    inst: Instance, bonds: Sequence[Kept], floors: Mapping[str, int], stop: Stop | None = None
) -> Iterator[Step]:
    """Steps from the fewest bonds that must break to the number at which nothing more is gained.

    `floors`: tier name -> the value that must not get worse (a tier's own sense).
    """
    clock = _Clock(stop or Stop(), monotonic())
    from dataclasses import replace

    built = Built(replace(inst, bonds=tuple(bonds)), trimming=any(p.trims for p in inst.posts))
    model = built.model
    points = next(t for t in inst.tiers if t.points)
    for tier in inst.tiers:
        if tier.name in floors and not tier.broken:
            v = floors[tier.name]
            built.keep(tier, v if tier.sense == "most" else -v)
    broken = sum(built.broken) if built.broken else 0
    aim = built.tier(points).expr

    def best(most: int | None, least_broken: bool) -> tuple[cp_model.CpSolver, int]:
        trial = model.clone()
        trial.minimize(broken) if least_broken else trial.maximize(aim)
        if most is not None:
            trial.add(broken <= most)
        return run(trial, clock)

    solver, status = best(None, True)
    if status != cp_model.OPTIMAL:
        return
    fewest = round(solver.objective_value)
    solver, status = best(None, False)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return
    ceiling = int(solver.best_objective_bound)
    for k in range(fewest, len(bonds) + 1):
        solver, status = best(k, False)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return
        chosen, short = built.read(solver)
        got = value(inst, points, chosen, short)
        yield Step(k, got, got if status == cp_model.OPTIMAL else int(solver.best_objective_bound), chosen, short)
        if got >= ceiling:
            return
