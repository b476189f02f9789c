"""One CP-SAT solve under a clock: when to stop, who is told of each better plan, and a "cannot" asked twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic

from allocator.engine.cp import cp_model

LOOK = 0.1  # seconds between two looks at whether to stop
AGAIN, LEAST_AGAIN = 1.0, 0.05  # deterministic work to ask again without presolve: as much as it took, and this


@dataclass(frozen=True)
class Stop:
    """When to stop: wall seconds, deterministic work, an event, a gap good enough; and how many workers may search.

    Wall time is not repeatable; `work` (CP-SAT deterministic time) is. `gap` (a share of the points) lets a large
    instance end before its points are proved; small ones are proved all the same.
    """

    seconds: float | None = None
    work: float | None = None
    workers: int = 1
    event: threading.Event | None = None
    # tier names, best and bound of the search now on, and what each tier known so far comes to in the best plan
    progress: Callable[[str, float, float, Mapping[str, int]], None] | None = None
    gap: float = 0.0
    nodes: int | None = None  # tree nodes of one HiGHS search at most; repeatable

    def after(self, began: float) -> Stop:
        """What is left of it for what comes after a search that began at `began` (monotonic seconds)."""
        return self if self.seconds is None else replace(self, seconds=max(0.0, self.seconds - (monotonic() - began)))


@dataclass
class Clock:
    stop: Stop
    began: float
    work: float = 0.0
    interrupted: bool = False

    def left(self) -> float | None:
        return None if self.stop.seconds is None else max(0.0, self.stop.seconds - (monotonic() - self.began))

    def work_left(self) -> float | None:
        return None if self.stop.work is None else max(0.0, self.stop.work - self.work)

    @property
    def over(self) -> bool:
        event = self.stop.event
        return (
            self.interrupted or self.left() == 0.0 or self.work_left() == 0.0 or (event is not None and event.is_set())
        )


class _Watch(cp_model.CpSolverSolutionCallback):
    """Reports each better plan and stops the search when asked."""

    def __init__(self, names: str, stop: Stop, known: Callable[[int], Mapping[str, int]]) -> None:
        super().__init__()
        self._names, self._stop, self._known = names, stop, known

    def on_solution_callback(self) -> None:
        if self._stop.progress:
            best = self.objective_value
            self._stop.progress(self._names, best, self.best_objective_bound, self._known(round(best)))


def run(
    model: cp_model.CpModel,
    clock: Clock,
    names: str = "",
    known: Callable[[int], Mapping[str, int]] | None = None,
    *,
    sure: bool = False,
) -> tuple[cp_model.CpSolver, int]:
    """One CP-SAT solve under the clock; returns the solver and its status. `known` reads tiers out of an objective.

    With `sure` an INFEASIBLE is asked once more without presolve, before anybody is told that something cannot be: the
    version locked is known to say so of models that have a solution (google/or-tools#5274).
    """
    solver, status = _run(model, clock, names, known)
    if sure and status == cp_model.INFEASIBLE:
        limit = AGAIN * solver.response_proto.deterministic_time + LEAST_AGAIN
        second, found = _run(model, clock, names, known, most=limit)
        if found in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return second, found
    return solver, status


def _run(
    model: cp_model.CpModel,
    clock: Clock,
    names: str,
    known: Callable[[int], Mapping[str, int]] | None,
    most: float | None = None,
) -> tuple[cp_model.CpSolver, int]:
    """One solve; with `most` (work) without presolve, and what it leaves open stops nothing.

    What has a limit on work has one worker: several are repeatable only where they take turns (`interleave_search`),
    and with that CP-SAT ends the whole process where a model cannot be and presolve has not seen it.
    """
    solver = cp_model.CpSolver()
    stop = clock.stop
    solver.parameters.cp_model_presolve = most is None
    limits = [work for work in (clock.work_left(), most) if work is not None]
    solver.parameters.num_workers = 1 if limits else stop.workers
    solver.parameters.random_seed = 1
    solver.parameters.catch_sigint_signal = False  # it would leave Ctrl-C to kill the process; `Stop.event` stops it
    solver.parameters.cp_model_probing_level = 0  # half of the time of a model whose LP answers (measured)
    solver.parameters.linearization_level = 2  # this is a packing problem: its LP is strong (measured 8 to 100 times)
    if (left := clock.left()) is not None:
        solver.parameters.max_time_in_seconds = max(left, 0.01)
    if limits:
        solver.parameters.max_deterministic_time = max(min(limits), 1e-3)
    finished = threading.Event()
    if stop.event is not None:
        event = stop.event

        def watch() -> None:
            while not finished.is_set():
                if event.wait(LOOK):  # said again and again: a search not yet begun does not hear it
                    solver.stop_search()
                    finished.wait(LOOK)

        threading.Thread(target=watch, daemon=True).start()
    try:
        status = solver.solve(model, _Watch(names, stop, known) if stop.progress and known else None)
    finally:
        finished.set()
    clock.work += solver.response_proto.deterministic_time
    if most is None and status not in (cp_model.OPTIMAL, cp_model.INFEASIBLE):
        clock.interrupted = True
    return solver, int(status)
