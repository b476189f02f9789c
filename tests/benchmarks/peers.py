"""The same model in other hands, for comparison: plain CP-SAT, HiGHS, min-cost flow, and a manager's greedy hand.

The model is the textbook's: who holds which post, days and numbers by SIP, posts filled first and then points. No
periods, team prices or lot, so a peer has less to do than the allocator in the same seconds.
"""

from __future__ import annotations

import time
from typing import Any

from ortools.linear_solver.python import model_builder
from ortools.sat.python import cp_model

from allocator import allocate
from allocator.engine.instance import Instance
from allocator.generate.by_hand import by_hand


def all_of(ready: allocate.Setup, seconds: float, workers: int) -> list[dict[str, Any]]:
    """Each peer's posts filled, points of the pairs chosen, proved gap of its objective and wall seconds."""
    inst = ready.inst
    return [cp_sat(inst, seconds, workers), highs(inst, seconds), flow(inst), greedy(ready)]


def fill(inst: Instance) -> int:
    """A post filled is worth more than all points together could change."""
    return 1 + 2 * max((abs(p.points) for p in inst.pairs), default=0)


def _limits(inst: Instance) -> list[tuple[int | None, int | None]]:
    """(most days, most posts that count) of each person."""
    days = [next((x.hard for x in p.limits if x.resource == 0), None) for p in inst.people]
    return list(zip(days, (p.at_most for p in inst.people), strict=True))


def cp_sat(inst: Instance, seconds: float, workers: int, gap: float = 0.0) -> dict[str, Any]:
    """CP-SAT with its defaults; it may stop at a relative `gap` of the points."""
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in inst.pairs]
    of_post: dict[int, list[int]] = {}
    of_person: dict[int, list[int]] = {}
    for i, pair in enumerate(inst.pairs):
        of_post.setdefault(pair.post, []).append(i)
        of_person.setdefault(pair.person, []).append(i)
    for mine in of_post.values():
        model.add_at_most_one(x[i] for i in mine)
    for s, (days, most) in enumerate(_limits(inst)):
        mine = of_person.get(s, [])
        if days is not None and mine:
            model.add(sum(inst.pairs[i].load[0] * x[i] for i in mine) <= days)
        if most is not None and mine:
            model.add(sum(x[i] for i in mine if inst.posts[inst.pairs[i].post].counts) <= most)
    worth = fill(inst)
    model.maximize(sum((worth + pair.points) * x[i] for i, pair in enumerate(inst.pairs)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = seconds, workers
    watch = _Near(len(of_post) * worth, gap) if gap else None
    began = time.perf_counter()
    status = solver.solve(model, watch)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    chosen = [i for i, v in enumerate(x) if solver.boolean_value(v)] if found else []
    return _row("plain CP-SAT", began, inst, chosen, solver.best_objective_bound if found else None)


class _Near(cp_model.CpSolverSolutionCallback):
    """Stops when what is left to gain is a small enough share of the points, posts apart."""

    def __init__(self, posts: int, gap: float) -> None:
        super().__init__()
        self._posts, self._gap = posts, gap

    def on_solution_callback(self) -> None:
        points = self.objective_value - self._posts
        if self.best_objective_bound - self.objective_value <= self._gap * abs(points):
            self.stop_search()


def highs(inst: Instance, seconds: float) -> dict[str, Any]:
    """HiGHS, which OR-Tools carries, on the same model."""
    model = model_builder.Model()  # type: ignore[no-untyped-call]  # untyped upstream
    x = [model.new_bool_var("") for _ in inst.pairs]
    posts: dict[int, list[Any]] = {}
    days: dict[int, list[Any]] = {}
    count: dict[int, list[Any]] = {}
    for i, pair in enumerate(inst.pairs):
        posts.setdefault(pair.post, []).append(x[i])
        days.setdefault(pair.person, []).append(pair.load[0] * x[i])
        if inst.posts[pair.post].counts:
            count.setdefault(pair.person, []).append(x[i])
    for mine in posts.values():
        model.add(sum(mine) <= 1)
    for s, (most_days, most) in enumerate(_limits(inst)):
        if most_days is not None and s in days:
            model.add(sum(days[s]) <= most_days)
        if most is not None and s in count:
            model.add(sum(count[s]) <= most)
    worth = fill(inst)
    model.maximize(sum((worth + pair.points) * x[i] for i, pair in enumerate(inst.pairs)))
    solver = model_builder.Solver("highs")
    if not solver.solver_is_supported():
        return {
            "by": "HiGHS",
            "seconds": 0.0,
            "filled": 0,
            "points": 0,
            "gap": None,
            "note": "NOT RUN: not in OR-Tools",
        }
    solver.set_time_limit_in_seconds(seconds)
    began = time.perf_counter()
    status = solver.solve(model)
    found = status in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE)
    chosen = [i for i, v in enumerate(x) if solver.value(v) > 0.5] if found else []
    return _row("HiGHS", began, inst, chosen, solver.best_objective_bound if found else None)


def flow(inst: Instance) -> dict[str, Any]:
    """Min-cost flow knows no days that differ from pair to pair, and here they do: a new pairing takes longer."""
    loads = {pair.load[0] for pair in inst.pairs}
    note = f"does not apply: {len(loads)} different loads"
    return {"by": "min-cost flow", "seconds": 0.0, "filled": 0, "points": 0, "gap": None, "note": note}


def greedy(ready: allocate.Setup) -> dict[str, Any]:
    """Neediest school first, last year's SIP if there is room, else the nearest who may."""
    began = time.perf_counter()
    held = by_hand(ready.facts).held
    chosen = [ready.index[u, k, s] for (u, k), s in held.items() if (u, k, s) in ready.index]
    return _row("greedy by hand", began, ready.inst, chosen, None)


def _row(by: str, began: float, inst: Instance, chosen: list[int], bound: float | None) -> dict[str, Any]:
    seconds = round(time.perf_counter() - began, 2)
    points = sum(inst.pairs[i].points for i in chosen)
    worth = fill(inst) * len(chosen) + points
    gap = None if bound is None or not chosen else round(max(0.0, bound - worth) / max(1, abs(points)), 6)
    return {"by": by, "seconds": seconds, "filled": len(chosen), "points": points, "gap": gap}
