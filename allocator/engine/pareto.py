"""Best points for every number of broken bonds: what one more change would buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from time import monotonic

from allocator.engine.cp import cp_model
from allocator.engine.highs import MARGIN
from allocator.engine.instance import Instance, Kept
from allocator.engine.model import Built, value
from allocator.engine.tiers import Clock, Stop, run, signed


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


class Frontier:
    """The question set up once: every number of bonds is asked of a copy of one model, each apart from the others."""

    def __init__(self, inst: Instance, bonds: Sequence[Kept], floors: Mapping[str, int]) -> None:
        """`floors`: tier name -> the value that must not get worse (a tier's own sense)."""
        self.inst = inst
        self.built = Built(replace(inst, bonds=tuple(bonds)), trimming=any(p.trims for p in inst.posts))
        self.points = next(t for t in inst.tiers if t.points)
        for tier in inst.tiers:
            if tier.name in floors and not tier.broken:
                self.built.keep(tier, signed(tier, floors[tier.name]))
        self.broken = sum(self.built.broken) if self.built.broken else 0
        self.aim = self.built.tier(self.points).expr

    def ends(self, stop: Stop | None = None) -> range:
        """The numbers that tell anything: from the fewest bonds that must break to the fewest at which no more is
        gained.

        Empty when no plan keeps the floors, or when stopped.
        """
        clock = Clock(stop or Stop(), monotonic())
        if (fewest := self._run(clock, least_broken=True)) is None or (best := self._run(clock)) is None:
            return range(0)
        last = self._run(clock, least_broken=True, points=best)
        return range(0) if last is None else range(fewest, last + 1)

    def _run(self, clock: Clock, *, least_broken: bool = False, points: int | None = None) -> int | None:
        """The fewest bonds broken (of plans with so many points), or the most points; None when not proved."""
        trial = self.built.model.clone()
        trial.minimize(self.broken) if least_broken else trial.maximize(self.aim)
        if points is not None:
            trial.add(self.aim >= points)
        solver, status = run(trial, clock)
        return round(solver.objective_value) if status == cp_model.OPTIMAL else None

    def step(self, most: int, stop: Stop | None = None) -> Step | None:
        """The best points with at most so many bonds broken; None when stopped before there were any."""
        trial = self.built.model.clone()
        trial.maximize(self.aim)
        trial.add(self.broken <= most)
        solver, status = run(trial, Clock(stop or Stop(), monotonic()))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        chosen, short = self.built.read(solver)
        got = value(self.inst, self.points, chosen, short)
        bound = got if status == cp_model.OPTIMAL else floor(solver.best_objective_bound + MARGIN)
        return Step(most, got, bound, chosen, short)
