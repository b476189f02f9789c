"""The best persons for a few posts of plain assignment, by CP-SAT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.engine.cp import cp_model
from allocator.engine.matrix import Ints, lists
from allocator.engine.tiers import Clock, run
from allocator.engine.wide.knapsack import NEVER, Packing

WORK = 0.5  # CP-SAT's, at one question


def exact(pack: Packing, was: Ints | None, clock: Clock) -> Ints | None:
    """The best persons for a few posts by CP-SAT, or the best found within WORK; None where there is no room.

    Posts that have nobody now (-1 in `was`) may stay so.
    """
    persons, posts = np.nonzero(pack.points > NEVER)
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(posts))]
    without = np.zeros(pack.points.shape[1], dtype=np.bool_) if was is None else was < 0
    for post, mine in enumerate(lists(posts.astype(np.int64), pack.points.shape[1])):
        (model.add_at_most_one if without[post] else model.add_exactly_one)(x[k] for k in mine)
    for person, room in enumerate(pack.room.tolist()):
        mine = np.nonzero(persons == person)[0]
        load = pack.load[person, posts[mine]].tolist()
        if sum(load) > room:
            model.add(cp_model.LinearExpr.weighted_sum([x[k] for k in mine], load) <= room)
    worth = pack.points[persons, posts]
    if without.any():
        worth = worth + np.where(without[posts], 1 + 2 * len(without) * int(np.abs(worth).max(initial=0)), 0)
    model.maximize(cp_model.LinearExpr.weighted_sum(x, worth.tolist()))
    if was is not None:
        for k, var in enumerate(x):
            model.add_hint(var, int(was[posts[k]] == persons[k]))
    stop = replace(clock.stop, work=WORK, workers=1, progress=None)
    own = Clock(stop, clock.began)
    solver, status = run(model, own)
    clock.work += own.work
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    chosen = np.array([solver.boolean_value(v) for v in x], dtype=np.bool_)
    out = np.full(pack.points.shape[1], -1, dtype=np.int64)
    out[posts[chosen]] = persons[chosen]
    return out
