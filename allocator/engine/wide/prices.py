"""Prices from the linear relaxation, roughly: of posts, and what choosing each pair would cost the relaxed plan.

PDLP, a first-order method whose rough prices come in seconds where a simplex needs minutes. Any prices give a valid
bound (`bound.py`); good ones give a near one, and say which pairs a good plan may choose at all.
"""

from __future__ import annotations

import numpy as np
from ortools.math_opt.python import parameters

from allocator.engine.highs import Effort, dense, proto, solved
from allocator.engine.matrix import Floats, Ints, Matrix

ROUGH = 1e-4  # relative accuracy: the bound gains nothing visible from more (measured on all England)
GRAIN = 1024  # prices are multiples of 1/1024, so that sums of them are exact
SHARDS = 8  # the work is dealt out in so many pieces whatever the number of threads: the same prices from any


def relaxed(matrix: Matrix, aim: Ints, threads: int, effort: Effort) -> tuple[Floats, Floats, float]:
    """(a price of at least 0 for each post, each pair's worth less all prices it pays, work done: seconds, roughly).

    A pair's second figure is about 0 where the relaxed plan may choose it; far below, no good plan does.
    """
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    under, over = np.array(matrix.least, dtype=np.int64), np.array(matrix.most, dtype=np.int64)
    rows, cols, vals = matrix.entries()
    params = parameters.SolveParameters()
    criteria = params.pdlp.termination_criteria.simple_optimality_criteria
    criteria.eps_optimal_relative = criteria.eps_optimal_absolute = ROUGH
    params.pdlp.termination_criteria.iteration_limit = 20_000
    params.pdlp.num_threads, params.pdlp.num_shards = threads, SHARDS
    model = proto(lows, tops, aim, (rows, cols, vals), under, over, whole=False)
    result = solved(model, parameters.SolverType.PDLP, params, effort)
    work = result.solve_stats.first_order_iterations * len(rows) * 1e-8
    prices = np.zeros(len(under))
    if result.solutions and result.solutions[0].HasField("dual_solution"):
        prices = dense(result.solutions[0].dual_solution.dual_values, len(under))
    net = aim.astype(float)
    np.subtract.at(net, cols, vals * prices[rows])
    of_posts = prices[: len(matrix.inst.posts)]
    return np.maximum(0.0, np.round(of_posts * GRAIN) / GRAIN), np.round(net[: matrix.pairs] * GRAIN) / GRAIN, work
