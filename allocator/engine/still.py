"""Questions about a plan gone on from, among the plans in which nobody moves who need not.

Where a plan keeps bonds, few posts are open, and most pairs asked for can be had beside all the rest. Pairs that no
plan has which keeps as many bonds as the one that stands, and is as good in the tiers before, are left out once for
every question (`wide/idle.py`): what is found among the others is the answer wherever it loses nothing in those tiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

import numpy as np

from allocator.engine.again import Again
from allocator.engine.climb import Unsettled
from allocator.engine.cpsat import Clock, Stop
from allocator.engine.instance import Instance, Solution
from allocator.engine.matrix import Flags
from allocator.engine.model import value
from allocator.engine.part import cut_out
from allocator.engine.wide.idle import narrowed
from allocator.engine.wide.whole import Whole

FEWER = 0.5  # share of the pairs that is left at most, for it to be worth while


class Still:
    """Asked of `inst` and a plan of it that is proved best in every tier. Raises Unsettled where it is no help."""

    def __init__(self, inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> None:
        last = max((n for n, t in enumerate(inst.tiers) if t.broken), default=-1)
        tiers = inst.tiers[: last + 1]
        if not tiers or any(t.points or t.lot or t.worst for t in tiers):
            raise Unsettled
        self.stood = {t.name: value(inst, t, chosen, short) for t in tiers}
        kept = self._kept(inst, chosen, short, last)
        if kept.sum() > FEWER * len(kept):
            raise Unsettled
        self.part = cut_out(inst, range(len(inst.posts)), range(len(inst.people)), np.nonzero(kept)[0].tolist())
        self.place = {old: new for new, old in enumerate(self.part.pairs)}
        self.again = Again(self.part.inst, [self.place[i] for i in chosen], short)

    @staticmethod
    def _kept(inst: Instance, chosen: Sequence[int], short: Mapping[int, int], last: int) -> Flags:
        """The pairs of plans as good up to tier `last`, and those of bonds, so that these are counted as before."""
        search = Whole(inst, Clock(Stop(), monotonic()), 0.0)
        search.chosen, search.short = tuple(sorted(chosen)), short
        search.start(trimming=any(p.trims for p in inst.posts))
        for tier in inst.tiers[: last + 1]:
            search.stay(tier)
        matrix = search.matrix
        ends = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
        kept = narrowed(matrix, search.floors, ends, search.least, [])[1][: matrix.pairs] > 0
        kept[[*chosen, *inst.fixed, *(i for b in inst.bonds for i in b.pairs)]] = True
        return kept

    def forced(self, pair: int, clock: Clock) -> Solution:
        """The best plan with this pair. Raises Unsettled where somebody has to move for it, or that is not known."""
        if pair not in self.place:
            raise Unsettled
        found = self.again.forced(self.place[pair], clock)
        if any(t.value != self.stood.get(t.name, t.value) for t in found.tiers):
            raise Unsettled
        return Solution(
            found.status,
            tuple(self.part.pairs[i] for i in found.chosen),
            found.short,
            found.tiers,
            found.deterministic_time,
            found.unique,
        )
