"""The linear relaxation of a `Matrix`, kept from question to question: each begins from the basis of the last.

GLOP works in floating point; what is told here is exact. Prices of rows are rounded to whole parts of a unit, and at
any prices, good or bad, the sum of what rows and columns are worth at most is a bound in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.math_opt import (
    callback_pb2,
    model_parameters_pb2,
    model_update_pb2,
    parameters_pb2,
    result_pb2,
)
from ortools.math_opt.core.python import solver
from ortools.math_opt.python import parameters
from ortools.util.python import solve_interrupter
from pybind11_abseil.status import StatusNotOk

from allocator.engine.cuts import Row
from allocator.engine.highs import WORK, dense, proto
from allocator.engine.matrix import FREE, Floats, Ints

GRAINS = 2**20, 2**14, 2**8, 2**2  # parts of a unit in which prices are counted: as fine as the sums leave room for
SURE = result_pb2.TERMINATION_REASON_OPTIMAL, result_pb2.TERMINATION_REASON_INFEASIBLE
WIDEST = 2.0**61  # sums stay inside 64 bits
LONGEST = 2.0  # work, after which a simplex that goes round and round is ended
SHORTEST, EACH = 0.1, 5e-6  # ... of one that goes on from the last: at least, and by coefficient


@dataclass(frozen=True)
class Relaxed:
    """`bound`: no whole plan has more; `net`: what a unit of each column is worth beside that, a `grain` of them a
    unit; `at`: the answer."""

    bound: int
    net: Ints
    grain: int
    at: Floats


class Imprecise(Exception):
    """The relaxation was not solved."""


class ByColumn:
    """Entries in the order of their columns: what a unit of each column pays at given prices of rows."""

    def __init__(self, entries: tuple[Ints, Ints, Ints], columns: int) -> None:
        rows, cols, vals = entries
        order = np.argsort(cols, kind="stable")
        self.row, self.val = rows[order], vals[order]
        starts = np.searchsorted(cols[order], np.arange(columns + 1))
        self.used = np.nonzero(np.diff(starts))[0]
        self.starts = starts[self.used]

    def priced(
        self, aim: Ints, ends: tuple[Ints, Ints], limits: tuple[Ints, Ints], duals: Floats
    ) -> tuple[int, Ints, int]:
        """A bound at these prices of rows, rounded; what a unit of each column is worth beside it; and how many of
        either make a unit. `limits`: each row's least and most. Raises Imprecise where no sum would be exact."""
        under, over = limits
        duals[((duals > 0) & (over >= FREE)) | ((duals < 0) & (under <= -FREE))] = 0.0
        at = np.where(duals > 0, over, np.where(duals < 0, under, 0))
        size = np.abs(at * duals).sum() + np.abs(self.val * duals[self.row]).max(initial=0.0) * len(self.val)
        grain = next((g for g in GRAINS if (size + np.abs(aim * ends[1]).sum()) * g < WIDEST), None)
        if grain is None:
            raise Imprecise
        prices = np.rint(duals * grain).astype(np.int64)
        net = aim * grain
        net[self.used] -= np.add.reduceat(self.val * prices[self.row], self.starts)
        return int((at * prices).sum()) + int(np.maximum(net * ends[0], net * ends[1]).sum()), net, grain


class Relaxation:
    """Make `aim` most over rows and columns whose ends are given with each question."""

    def __init__(
        self,
        aim: Ints,
        ends: tuple[Ints, Ints],
        entries: tuple[Ints, Ints, Ints],
        under: Ints,
        over: Ints,
        guide: Ints | None = None,
    ) -> None:
        """`guide`: what decides between answers equal in the aim."""
        self.asked, self.unit, self.apart = aim, 1, 0
        if guide is not None and guide.any():
            self.apart = int(np.minimum(guide * ends[0], guide * ends[1]).sum())  # no plan has less of the guide
            self.unit = 1 << int(np.maximum(guide * ends[0], guide * ends[1]).sum() - self.apart).bit_length()
            aim = aim * self.unit + guide
        self.aim, self.lows, self.tops = aim, ends[0].copy(), ends[1].copy()
        self.rows, self.cols, self.vals = entries
        self.under, self.over = under.copy(), over.copy()
        model = proto(self.lows, self.tops, aim, entries, under, over, whole=False)
        self.solver = solver.new(parameters.SolverType.GLOP.value, model, parameters_pb2.SolverInitializerProto())
        params = parameters.SolveParameters()
        params.glop.use_preprocessing, params.glop.use_scaling, params.glop.use_dual_simplex = False, False, True
        params.glop.max_deterministic_time = min(LONGEST, max(SHORTEST, EACH * len(self.vals)))
        self.params = params.to_proto()
        self.work = 0.0
        self.by_column = ByColumn((self.rows, self.cols, self.vals), len(self.aim))

    def add(self, rows: Sequence[Row]) -> None:
        """Rows more."""
        update = model_update_pb2.ModelUpdateProto()
        first = len(self.under)
        new, matrix = update.new_linear_constraints, update.linear_constraint_matrix_updates
        for n, row in enumerate(rows):
            new.ids.append(first + n)
            new.lower_bounds.append(-np.inf)
            new.upper_bounds.append(float(row.most))
            matrix.row_ids.extend([first + n] * len(row.at))
            matrix.column_ids.extend(row.at.tolist())
            matrix.coefficients.extend(row.by.astype(float).tolist())
        self._told(update)
        self.rows = np.concatenate([self.rows, *(np.full(len(r.at), first + n) for n, r in enumerate(rows))])
        self.cols = np.concatenate([self.cols, *(r.at for r in rows)])
        self.vals = np.concatenate([self.vals, *(r.by for r in rows)])
        self.under = np.append(self.under, [-FREE] * len(rows))
        self.over = np.append(self.over, [r.most for r in rows])
        self.by_column = ByColumn((self.rows, self.cols, self.vals), len(self.aim))

    def least(self, row: int, least: int) -> None:
        """Another least of a row."""
        if self.under[row] != least:
            update = model_update_pb2.ModelUpdateProto()
            update.linear_constraint_updates.lower_bounds.ids.append(row)
            update.linear_constraint_updates.lower_bounds.values.append(-np.inf if least <= -FREE else float(least))
            self._told(update)
            self.under[row] = least

    def toward(self, aim: Ints) -> None:
        """Another aim."""
        at = np.nonzero(aim != self.aim)[0]
        update = model_update_pb2.ModelUpdateProto()
        update.objective_updates.linear_coefficients.ids.extend(at.tolist())
        update.objective_updates.linear_coefficients.values.extend(aim[at].astype(float).tolist())
        self._told(update)
        self.asked, self.aim, self.unit, self.apart = aim, aim, 1, 0

    def _told(self, update: model_update_pb2.ModelUpdateProto) -> None:
        if not self.solver.update(update):
            raise Imprecise

    def _between(self, lows: Ints, tops: Ints) -> None:
        low, top = np.nonzero(lows != self.lows)[0], np.nonzero(tops != self.tops)[0]
        if len(low) or len(top):
            update = model_update_pb2.ModelUpdateProto()
            of = update.variable_updates
            of.lower_bounds.ids.extend(low.tolist())
            of.lower_bounds.values.extend(lows[low].astype(float).tolist())
            of.upper_bounds.ids.extend(top.tolist())
            of.upper_bounds.values.extend(tops[top].astype(float).tolist())
            self._told(update)
            self.lows, self.tops = lows.copy(), tops.copy()

    def _answer(self, params: parameters_pb2.SolveParametersProto) -> result_pb2.SolveResultProto | None:
        try:
            result = self.solver.solve(
                params,
                model_parameters_pb2.ModelSolveParametersProto(),
                None,
                callback_pb2.CallbackRegistrationProto(),
                None,
                solve_interrupter.SolveInterrupter().pybind_interrupter,
            )
        except StatusNotOk:
            return None
        self.work += (1 + result.solve_stats.simplex_iterations) * len(self.vals) * WORK
        return result

    def _afresh(self) -> result_pb2.SolveResultProto | None:
        """The same relaxation from nothing, scaled and made smaller first: slower, and seldom lost."""
        order = np.lexsort((self.cols, self.rows))
        entries = self.rows[order], self.cols[order], self.vals[order]
        model = proto(self.lows, self.tops, self.aim, entries, self.under, self.over, whole=False)
        params = parameters.SolveParameters()
        params.glop.max_deterministic_time = LONGEST
        self.solver = solver.new(parameters.SolverType.GLOP.value, model, parameters_pb2.SolverInitializerProto())
        return self._answer(params.to_proto())

    def solve(self, lows: Ints, tops: Ints) -> Relaxed | None:
        """The relaxation between these ends; None when there is nothing between them. Raises Imprecise."""
        self._between(lows, tops)
        result = self._answer(self.params)
        if result is None or result.termination.reason not in SURE:  # it went round and round, or lost its precision
            result = self._afresh()
        if result is None or result.termination.reason not in SURE:
            raise Imprecise
        if result.termination.reason == result_pb2.TERMINATION_REASON_INFEASIBLE:
            return None
        if not result.solutions or not result.solutions[0].HasField("dual_solution"):
            raise Imprecise
        found = result.solutions[0]
        duals = dense(found.dual_solution.dual_values, len(self.under))
        bound, net, grain = self.by_column.priced(self.aim, (lows, tops), (self.under, self.over), duals)
        bound, grain = bound - self.apart * grain, grain * self.unit
        return Relaxed(bound // grain, net, grain, dense(found.primal_solution.variable_values, len(tops)))
