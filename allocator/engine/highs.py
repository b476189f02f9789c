"""HiGHS on a `Matrix`, where its cuts prove what CP-SAT cannot: assignment with limits, from about a hundred posts up.

HiGHS works in floating point. What it finds is rounded and every row is then checked in whole numbers; a bound is
read with a margin (MARGIN) far above its tolerances and far below one unit.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Literal

import numpy as np
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_pb2,
    parameters_pb2,
    result_pb2,
    sparse_containers_pb2,
)
from ortools.math_opt.core.python import solver
from ortools.math_opt.python import parameters
from ortools.util.python import solve_interrupter
from pybind11_abseil.status import StatusNotOk

from allocator.engine.matrix import FREE, Floats, Ints, Matrix

WHOLE = 1e-6  # a column this near to a whole number is one
MARGIN = 1e-3  # a bound of 99.9995 is read as 100, never as 99
NODES, FEWEST = 20_000, 50  # tree nodes: a search is cut off here at the latest: repeatable, where a clock is not
WIDE = 10_000  # columns from which NODES shrink with their cube, as a node's work and the nodes needed both grow
COSTLY = "mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_feasibility_jump"
LAST = "mip_heuristic_run_root_reduced_cost"  # two fifths of the time where nothing better is to be found
CLOSELY = 1e-9  # feasibility tolerance of a question that is asked once more
LOOK, OVER = 0.1, 1.1  # seconds between looks at whether to stop, and how many times its seconds a search may take
WORK = 2e-8  # one simplex step on one non-zero, in the units of CP-SAT's deterministic time (about a second)


@dataclass(frozen=True)
class Effort:
    """How far to go: relative gap accepted, wall seconds, tree nodes, an event that stops the search.

    `sure`: the plan hinted at is good, so that costly ways of looking for better ones are left out; `proof`: so near
    the best that a proof is what is wanted, and one more is; `seed`: of what is left to chance.
    """

    gap: float = 0.0
    seconds: float | None = None
    nodes: int = NODES
    event: threading.Event | None = None
    sure: bool = False
    proof: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Floor:
    """A row more: `coefficients` by column sum to at least `least`."""

    coefficients: Ints
    least: int


@dataclass(frozen=True)
class Found:
    """Values by column (None when nothing was found), the objective's proved bound, and the work done.

    Same matrix, same effort without seconds: same answer.
    """

    status: Literal["optimal", "feasible", "infeasible", "stopped"]
    values: Ints | None
    bound: float
    work: float


def maximise(
    matrix: Matrix,
    aim: Ints | Floats,
    effort: Effort,
    *,
    floors: Sequence[Floor] = (),
    least: Mapping[int, int] | None = None,
    ends: tuple[Ints, Ints] | None = None,
    hint: Mapping[int, int] | None = None,
) -> Found:
    """Make `aim` most. `least`: row -> a least that replaces the row's own; `ends`: columns' lower and upper ends,
    likewise.

    First trims need not be whole where they mostly come out so (`Matrix.loose`): to HiGHS they are then what eases a
    limit, and its rounding cuts settle most short years at the root.
    """
    lows, tops = ends or (np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64))
    under, over = np.array(matrix.least, dtype=np.int64), np.array(matrix.most, dtype=np.int64)
    for row, bound in (least or {}).items():
        under[row] = bound
    rows, cols, vals = matrix.entries()
    for n, floor in enumerate(floors):
        at = np.nonzero(floor.coefficients)[0]
        rows = np.concatenate([rows, np.full(len(at), len(under) + n)])
        cols, vals = np.concatenate([cols, at]), np.concatenate([vals, floor.coefficients[at]])
    under = np.concatenate([under, np.array([f.least for f in floors], dtype=np.int64)])
    over = np.concatenate([over, np.full(len(floors), FREE)])
    if (lows > tops).any():
        return Found("infeasible", None, -math.inf, 0.0)
    settled = np.where(lows == tops, lows, 0)  # columns without a choice never reach the solver
    given_rows = np.zeros(len(under), dtype=np.int64)
    np.add.at(given_rows, rows, vals * settled[cols])
    live = np.nonzero(lows < tops)[0]
    open_ = (lows < tops)[cols]
    entries = rows[open_], np.searchsorted(live, cols[open_]), vals[open_]
    low_rows, high_rows = (
        np.where(under <= -FREE, under, under - given_rows),
        np.where(over >= FREE, over, over - given_rows),
    )
    model = proto(lows[live], tops[live], aim[live], entries, low_rows, high_rows)
    model.objective.offset = float(aim @ settled)
    whole = bool(np.issubdtype(aim.dtype, np.integer))
    nodes = int(NODES * (WIDE / max(WIDE, len(live))) ** 3)
    params = parameters.SolveParameters(
        node_limit=min(effort.nodes, max(FEWEST, nodes)), relative_gap_tolerance=effort.gap
    )
    step = max(1, int(np.gcd.reduce(aim))) if whole else 0  # no plan lies between
    params.absolute_gap_tolerance = max(step - MARGIN, MARGIN) if not effort.gap else 0.0
    params.highs.int_options["threads"] = 1
    params.highs.int_options["random_seed"] = effort.seed
    if hint and effort.sure:
        params.highs.bool_options.update(dict.fromkeys((*COSTLY, LAST) if effort.proof else COSTLY, False))
    given = model_parameters_pb2.ModelSolveParametersProto()
    if hint:
        start = given.solution_hints.add().variable_values
        inside = (c for c in enumerate(live.tolist()) if lows[c[1]] <= hint.get(c[1], FREE) <= tops[c[1]])
        known = [(n, float(hint[c])) for n, c in inside]  # a value beyond its ends is an error to HiGHS
        start.ids.extend(n for n, _ in known)
        start.values.extend(v for _, v in known)
    loose, proved, work, began = matrix.loose[live], math.inf, 0.0, monotonic()
    found: Floats | None = None
    for free in (loose, np.zeros_like(loose)) if loose.any() else (loose,):
        del model.variables.integers[:]
        model.variables.integers.extend((~free).tolist())
        left = None if effort.seconds is None else effort.seconds - (monotonic() - began)
        result = solved(model, parameters.SolverType.HIGHS, params, replace(effort, seconds=left), given)
        work += result.solve_stats.simplex_iterations * len(rows) * WORK
        if result.termination.reason == result_pb2.TERMINATION_REASON_INFEASIBLE:
            return Found("infeasible", None, -math.inf, work)
        proved, found = min(proved, result.termination.objective_bounds.dual_bound), None
        if result.solutions and result.solutions[0].HasField("primal_solution"):
            found = dense(result.solutions[0].primal_solution.variable_values, len(live))
            if not free.any() or np.abs(found - np.rint(found))[free].max() < WHOLE:
                break
    if found is None:
        return Found("stopped", None, proved, work)
    exact = settled.copy()
    exact[live] = np.rint(found).astype(np.int64)
    sums = np.zeros(len(under), dtype=np.int64)
    np.add.at(sums, rows, vals * exact[cols])
    if (exact < lows).any() or (exact > tops).any() or (sums < under).any() or (sums > over).any():
        return Found("stopped", None, proved, work)
    reached = float(aim @ exact)
    top = math.floor((proved + MARGIN) / step) * step if step and math.isfinite(proved) else proved
    return Found("optimal" if top <= reached + (0 if whole else MARGIN) else "feasible", exact, max(top, reached), work)


def solved(
    model: model_pb2.ModelProto,
    by: parameters.SolverType,
    params: parameters.SolveParameters,
    effort: Effort,
    given: model_parameters_pb2.ModelSolveParametersProto | None = None,
) -> result_pb2.SolveResultProto:
    """MathOpt's own entry for a model that is already in its form: no second copy, no object for each column.

    Of the effort its seconds and its event are heeded. HiGHS heeds no interrupter there, and its seconds not
    everywhere: it works in a thread of its own, and whoever asked goes on without it, with nothing found or proved;
    it ends by itself at its nodes.
    """
    if effort.seconds is not None:
        params.time_limit = timedelta(seconds=max(effort.seconds, 0.01))
    if effort.event is None and effort.seconds is None:
        return _solve(model, by, params, given, None)
    until = math.inf if effort.seconds is None else monotonic() + OVER * effort.seconds + LOOK
    interrupter, answer = solve_interrupter.SolveInterrupter(), Future[result_pb2.SolveResultProto]()

    def work() -> None:
        try:
            answer.set_result(_solve(model, by, params, given, interrupter.pybind_interrupter))
        except BaseException as error:
            answer.set_exception(error)

    stopped = effort.event or threading.Event()
    if stopped.is_set():
        return nothing()
    threading.Thread(target=work, daemon=True).start()
    while not wait([answer], LOOK).done:
        if stopped.is_set() or monotonic() > until:
            interrupter.interrupt()
            return nothing()
    return answer.result()


def nothing() -> result_pb2.SolveResultProto:
    """The answer of a search that found and proved nothing."""
    out = result_pb2.SolveResultProto()
    out.termination.objective_bounds.dual_bound = math.inf
    return out


def _solve(
    model: model_pb2.ModelProto,
    by: parameters.SolverType,
    params: parameters.SolveParameters,
    given: model_parameters_pb2.ModelSolveParametersProto | None,
    interrupter: object,
) -> result_pb2.SolveResultProto:
    """HiGHS refuses an answer of its own that breaks a row by a rounding error (some 1e-6): it is asked once more,
    more closely, and what it refuses again is no answer."""
    try:
        return _asked(model, by, params, given, interrupter)
    except StatusNotOk:
        closer = deepcopy(params)
        closer.highs.double_options["mip_feasibility_tolerance"] = CLOSELY
        try:
            return _asked(model, by, closer, given, interrupter)
        except StatusNotOk:
            return nothing()


def _asked(
    model: model_pb2.ModelProto,
    by: parameters.SolverType,
    params: parameters.SolveParameters,
    given: model_parameters_pb2.ModelSolveParametersProto | None,
    interrupter: object,
) -> result_pb2.SolveResultProto:
    return solver.solve(
        model,
        by.value,
        parameters_pb2.SolverInitializerProto(),
        params.to_proto(),
        given or model_parameters_pb2.ModelSolveParametersProto(),
        None,
        callback_pb2.CallbackRegistrationProto(),
        None,
        interrupter,
    )


def dense(found: sparse_containers_pb2.SparseDoubleVectorProto, size: int) -> Floats:
    """A vector that names only what is not 0, in full."""
    out = np.zeros(size)
    out[np.array(found.ids, dtype=np.int64)] = np.array(found.values, dtype=float)
    return out


def proto(
    lows: Ints,
    tops: Ints,
    aim: Ints | Floats,
    entries: tuple[Ints, Ints, Ints],
    under: Ints,
    over: Ints,
    whole: bool = True,
) -> model_pb2.ModelProto:
    """A maximisation in MathOpt's form, over whole numbers or (a relaxation) all numbers."""
    out = model_pb2.ModelProto()
    out.variables.ids.extend(range(len(tops)))
    out.variables.lower_bounds.extend(lows.astype(float).tolist())
    out.variables.upper_bounds.extend(tops.astype(float).tolist())
    out.variables.integers.extend([whole] * len(tops))
    out.objective.maximize = True
    at = np.nonzero(aim)[0]
    out.objective.linear_coefficients.ids.extend(at.tolist())
    out.objective.linear_coefficients.values.extend(aim[at].astype(float).tolist())
    out.linear_constraints.ids.extend(range(len(under)))
    out.linear_constraints.lower_bounds.extend(np.where(under <= -FREE, -np.inf, under).tolist())
    out.linear_constraints.upper_bounds.extend(np.where(over >= FREE, np.inf, over).tolist())
    rows, cols, vals = entries
    kept = vals != 0
    out.linear_constraint_matrix.row_ids.extend(rows[kept].tolist())
    out.linear_constraint_matrix.column_ids.extend(cols[kept].tolist())
    out.linear_constraint_matrix.coefficients.extend(vals[kept].astype(float).tolist())
    return out
