"""Prices of posts: what one more person free for a post would be worth, from the linear relaxation, roughly.

PDLP, one thread: a first-order method whose rough prices come in seconds where a simplex needs minutes. Any prices
give a valid bound (`bound.py`); good ones give a near one.
"""

from __future__ import annotations

import numpy as np
from ortools.math_opt.python import mathopt  # type: ignore[import-untyped]  # untyped upstream

from allocator.engine.highs import proto
from allocator.engine.matrix import Floats, Ints, Matrix

ROUGH = 3e-4  # relative accuracy: the bound gains nothing visible from more (measured on all England)
GRAIN = 1024  # prices are multiples of 1/1024, so that sums of them are exact


def post_prices(matrix: Matrix, aim: Ints) -> tuple[Floats, float]:
    """A price of at least 0 for each post, and the work done (seconds, roughly)."""
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    under, over = np.array(matrix.least, dtype=np.int64), np.array(matrix.most, dtype=np.int64)
    entries = matrix.entries()
    model = mathopt.Model.from_model_proto(proto(lows, tops, aim, entries, under, over, whole=False))
    params = mathopt.SolveParameters()
    criteria = params.pdlp.termination_criteria.simple_optimality_criteria
    criteria.eps_optimal_relative = criteria.eps_optimal_absolute = ROUGH
    params.pdlp.termination_criteria.iteration_limit = 20_000
    params.pdlp.num_threads = 1
    result = mathopt.solve(model, mathopt.SolverType.PDLP, params=params)
    work = result.solve_stats.first_order_iterations * len(entries[0]) * 1e-8
    if not result.solutions or result.solutions[0].dual_solution is None:
        return np.zeros(len(matrix.inst.posts)), work
    duals = result.solutions[0].dual_solution.dual_values
    rows = list(model.linear_constraints())[: len(matrix.inst.posts)]
    return np.maximum(0.0, np.round(np.array([duals[r] for r in rows]) * GRAIN) / GRAIN), work
