"""What a stopped search leaves, made better where that is soon done: who is filled and kept first, and then points."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import numpy as np

from allocator.engine.climb import Unsettled
from allocator.engine.cpsat import Clock, Stop
from allocator.engine.instance import Instance
from allocator.engine.ladder import Ladder
from allocator.engine.matrix import Ints, Matrix
from allocator.engine.model import value
from allocator.engine.relaxation import Imprecise
from allocator.engine.rings import bettered_by_rings
from allocator.engine.rounding import at_once
from allocator.engine.tiers import Plan, any_plan, richer, signed, worths

DIVE = 200  # relaxations that the dive has at most


def fairer(
    inst: Instance, plan: Plan, start: Sequence[int], *, hurried: bool = False, large: bool = False, timed: bool = False
) -> Plan:
    """The better of a plan that a stopped search leaves and one that is soon found; with better points, if they are
    soon found too, and nobody waits. `start`: pairs of a plan to be like; `large`: nothing is solved for it; `timed`:
    nor for points, which rings alone better."""
    last = max((n for n, t in enumerate(inst.tiers) if t.filled), default=-1)
    solved = None if large else any_plan(inst, start)
    soon = (solved, at_once(inst, start))  # the first keeps more, where it fills as many
    fair = max((p for p in soon if p), key=lambda p: worths(inst, *p)[: last + 1], default=plan)
    best = max(plan, fair, key=lambda p: worths(inst, *p))
    if hurried:
        return best
    led = bettered_by_rings(inst, best)
    return led if large or timed else dived(inst, led) or richer(inst, led)


def dived(inst: Instance, plan: Plan) -> Plan | None:
    """A plan better than this one, as good in every tier before the points: relaxations lead near to the most.

    None where they lead nowhere.
    """
    points = next((t for t in inst.tiers if t.points), None)
    if points is None:
        return None
    held = {t.name: signed(t, value(inst, t, *plan)) for t in inst.tiers if not (t.points or t.lot)}
    ladder = Ladder(inst, any(p.trims for p in inst.posts), [points], held)
    for ends in ((ladder.lows, ladder.tops), _alike(ladder.matrix, plan)):
        climb = ladder.climb(0, Clock(Stop(), monotonic()), DIVE)
        climb.enough = True
        try:
            found = climb.most([ends])
        except (Unsettled, Imprecise):
            continue
        more = ladder.matrix.read(found.at) if found else plan
        if worths(inst, *more) > worths(inst, *plan):
            return more
    return None


def _alike(matrix: Matrix, plan: Plan) -> tuple[Ints, Ints]:
    """Ends of columns that leave the plans in which each person holds as many of each kind as in `plan`: they are
    short of no more days, and relaxations of them mostly whole."""
    rows, cols, vals = matrix.entries()
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    at = np.zeros_like(tops)
    at[list(plan[0])] = 1
    sums = np.zeros(len(matrix.least), dtype=np.int64)
    np.add.at(sums, rows, vals * at[cols])
    tallies = np.isin(cols, [c for each in matrix.tallies for c in each])  # each in its own row, less its pairs
    lows[cols[tallies]] = tops[cols[tallies]] = sums[rows[tallies]]
    return lows, tops
