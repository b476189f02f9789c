"""Where somebody must move: how few can, and the pairs of plans in which no more do.

A relaxation says how many bonds every plan breaks, and by how many a plan with some pair breaks more. Mostly there is a
plan that breaks no more than it says. Then whatever costs a bond is in no plan as good, and of a county's pairs there
remain those that stand and those of a few chains: a thousand of thirty thousand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from allocator.engine.cpsat import Clock
from allocator.engine.instance import Instance, Solution
from allocator.engine.ladder import Ladder
from allocator.engine.part import Part, cut_out
from allocator.engine.relaxation import Imprecise
from allocator.engine.tiers import signed
from allocator.engine.tops import top
from allocator.engine.wide import sift

CHAIN = 64  # bonds that a post filled is worth in the relaxation: more than its chain ever takes
FEWER = 0.3  # share of the pairs that is left at most, for it to be worth while


class Fewest:
    """`least`: how good the tier that counts the bonds is at best (made most), those before it as good as can be."""

    def __init__(self, inst: Instance, sifted: sift.Sift, before: Mapping[str, int], name: str) -> None:
        self.inst, self.before, self.name = inst, before, name
        self.least, self._sift = sifted.bound, sifted
        self.known = {**before, name: self.least}

    def part(self, worth: int) -> Part | None:
        """The pairs of plans as good as that; None where they are too many."""
        near = self._sift.near(_always(self.inst), worth)
        if len(near) > FEWER * len(self.inst.pairs):
            return None
        return cut_out(self.inst, range(len(self.inst.posts)), range(len(self.inst.people)), near)

    def worth(self, found: Solution) -> int | None:
        """How good a plan is in that tier; None where one before it could be better."""
        values = {t.name: signed(t, v.value) for t, v in zip(self.inst.tiers, found.tiers, strict=True)}
        return values[self.name] if all(values[n] == v for n, v in self.before.items()) else None


def fewest(inst: Instance, clock: Clock) -> Fewest | None:
    """None where tiers before the bonds cannot all be at their best, or where no relaxation is found."""
    last = max((n for n, t in enumerate(inst.tiers) if t.broken), default=-1)
    tiers = inst.tiers[: last + 1]
    if not tiers or any(t.points or t.lot or t.worst for t in tiers):
        return None
    before = {t.name: top(inst, t) for t in tiers[:-1]}
    ladder = Ladder(inst, any(p.trims for p in inst.posts), tiers[-1:], before, tallied=False)
    found, always = sift.Sift(inst, clock, ladder, CHAIN), _always(inst)
    held = np.zeros(len(inst.posts), dtype=np.bool_)
    held[ladder.matrix.post[always]] = True
    try:
        settled = found.relax(always, found.best(ladder.matrix.points, sift.FIRST) & ~held[ladder.matrix.post])
    except Imprecise:
        return None
    return Fewest(inst, found, before, tiers[-1].name) if settled else None


def _always(inst: Instance) -> list[int]:
    return sorted({*inst.fixed, *(i for b in inst.bonds for i in b.pairs)})
