"""Whether a plan that is the best in its last aim is the only one, found out together with the best itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from allocator.engine.cpsat import Clock
from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.matrix import Ints, Matrix

LEAD = 2**18  # lots that a point counts as, where all plans looked at have the same points: a search goes by points


def sole(
    matrix: Matrix,
    aim: Ints,
    plans: Sequence[Ints],
    floors: Sequence[Floor],
    least: Mapping[int, int],
    effort: Effort,
    clock: Clock,
) -> tuple[Ints, bool]:
    """The best plan found from `plans` (values by column, the best last), and whether all others are proved to have
    less of the aim.

    `floors` and the `least` of rows hold throughout.

    The best of all others is asked for, until it is worse: HiGHS finds it sooner than it proves that there is none
    above a floor.
    """
    best, second = plans[-1], plans[-2] if len(plans) > 1 else None
    while True:
        rows, hint = [*floors, unlike(matrix, best)], None if second is None else dict(enumerate(second.tolist()))
        known = replace(effort, sure=second is not None, proof=True)
        answer = maximise(matrix, aim, known, floors=rows, least=least, hint=hint)
        clock.work += answer.work
        if answer.status == "infeasible" or (answer.values is not None and answer.bound < int(aim @ best)):
            return best, True
        if answer.values is None or int(aim @ answer.values) <= int(aim @ best):
            return best, False
        best, second = answer.values, best


def unlike(matrix: Matrix, at: Ints) -> Floor:
    """A row that every plan keeps whose pairs are others."""
    on, differs = at[: matrix.pairs] == 1, np.zeros_like(at)
    differs[: matrix.pairs] = np.where(on, -1, 1)
    return Floor(differs, 1 - int(on.sum()))
