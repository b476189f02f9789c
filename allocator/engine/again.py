"""The best plan with one pair more, asked again and again of a plan proved best.

Nothing is built anew for a question: two ends of a column change, and the relaxation goes on from the last basis. Rows
that a relaxed plan broke once (`cuts.py`) stay, as they hold for every question; with them most questions are answered
at the root of the search, in a few hundredths of what a solve takes. What is not answered so is left to a solve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from allocator.engine.climb import Laid, Unsettled, WholePlan
from allocator.engine.cpsat import Clock
from allocator.engine.instance import Instance, Solution
from allocator.engine.ladder import NODES, Ladder, proved
from allocator.engine.matrix import Ints
from allocator.engine.model import value
from allocator.engine.relaxation import Imprecise
from allocator.engine.tiers import signed
from allocator.engine.worst import floor as with_least


class Again:
    """Questions about one instance and a plan of it that is proved best in every tier."""

    def __init__(self, inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> None:
        for tier in inst.tiers:
            if tier.worst:
                inst = replace(inst, least_points=with_least(inst, tier, value(inst, tier, chosen, short)))
        self.inst, self.chosen, self.short = inst, tuple(sorted(chosen)), dict(short)
        self.before = [t for t in inst.tiers if not (t.points or t.lot or t.worst)]
        self.last = [t for t in inst.tiers if t.points or t.lot]
        self.stood = {t.name: signed(t, value(inst, t, chosen, short)) for t in inst.tiers}
        self.held = {t.name: self.stood[t.name] for t in self.before}
        self.level = Ladder(inst, bool(short), self.last, self.held)
        self.lower: Ladder | None = None
        self.known: list[WholePlan] = []  # plans that lose nothing before the points
        self.one = Lock()

    def forced(self, pair: int, clock: Clock) -> Solution:
        """The best plan with this pair. Raises Unsettled where that is to be asked in another way."""
        with self.one:
            plan = self._anew(pair, clock)
        if plan is None:
            raise Unsettled
        return proved(self.inst, plan, self.stood, clock)

    def _anew(self, pair: int, clock: Clock) -> Laid | None:
        """Asked once more from the beginning where the last basis led nowhere."""
        for last in (False, True):
            try:
                return self._level(pair, clock) or self._lower(pair, clock)
            except Imprecise:
                self.level.relaxed.clear()
                self.lower = None
                if last:
                    raise Unsettled from None
        return None

    def _level(self, pair: int, clock: Clock) -> Laid | None:
        """Where nothing is lost before the points; None where something is."""
        ladder, boxes = self.level, self._boxes(self.level, pair)
        if not boxes:
            return None
        best = max((p for p in self.known if p.at[pair]), key=lambda p: p.worth, default=None)
        for n, tier in enumerate(self.last):
            climb = ladder.climb(n, clock, NODES)
            found = climb.most(boxes, best if tier.points else None)
            if found is None:
                if n:
                    raise Unsettled
                return None
            if tier.points and (best is None or found.worth > best.worth):
                self.known.append(found)
            best, boxes = found, climb.as_good()
            ladder.hold(n, found.worth)
        return ladder.only(boxes, best, clock)

    def _lower(self, pair: int, clock: Clock) -> Laid | None:
        """Tier by tier, from the first; None where there is no such plan."""
        if any(t.worst for t in self.inst.tiers):
            return None
        days = [t for t in self.before if not t.filled]
        if self.lower is None:
            held = {t.name: self.held[t.name] for t in self.before if t.filled}
            self.lower = Ladder(self.inst, any(p.trims for p in self.inst.posts), [*days, *self.last], held)
        ladder, boxes = self.lower, self._boxes(self.lower, pair)
        if not boxes:
            return None
        best = ladder.first(len(days), boxes, clock)
        if best is None:
            return None
        as_good = True
        for n, aim in enumerate(ladder.aims):
            worth = int(aim @ best.at)
            if n < len(days):  # no plan as good before it is better in it than the one that stands
                as_good = as_good and worth * ladder.steps[n] + ladder.fixed[n] == self.held[days[n].name]
            if n >= len(days) or not as_good:
                climb = ladder.climb(n, clock, NODES)
                best = climb.most(boxes, WholePlan(best.at, worth)) or best
                boxes = climb.as_good()
                worth = best.worth
            ladder.hold(n, worth)
        return ladder.only(boxes, best, clock)

    @staticmethod
    def _boxes(ladder: Ladder, pair: int) -> list[tuple[Ints, Ints]]:
        """Ends of columns with the pair chosen; none where that cannot be."""
        lows, tops = ladder.lows.copy(), ladder.tops.copy()
        post = ladder.inst.pairs[pair].post
        if ladder.inst.posts[post].wants == 1:
            tops[ladder.matrix.of_post[post]] = 0
            tops[pair] = ladder.tops[pair]
        lows[pair] = 1
        return [] if (lows > tops).any() else [(lows, tops)]
