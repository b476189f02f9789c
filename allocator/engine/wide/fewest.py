"""Where somebody must move: how few can, and the pairs of plans in which no more do.

A relaxation says how many bonds every plan breaks, and by how many a plan with some pair breaks more. Mostly there is a
plan that breaks no more than it says. Then whatever costs a bond is in no plan as good, and of a county's pairs there
remain those that stand and those of a few chains: a thousand of thirty thousand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from allocator.engine.cpsat import Clock
from allocator.engine.instance import Instance, Solution, Tier
from allocator.engine.ladder import Ladder
from allocator.engine.matrix import Flags
from allocator.engine.part import Part, cut_out
from allocator.engine.relaxation import Imprecise
from allocator.engine.tiers import signed
from allocator.engine.tops import top
from allocator.engine.wide import sift

CHAIN = 64  # bonds that a post filled is worth in the relaxation: more than its chain ever takes
FEWER = 0.3  # share of the pairs that is left at most, for it to be worth while


class Fewest:
    """`least`: how good the tier that counts the bonds is at best (made most), those before it as good as they can be,
    which is `before`."""

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
    """None where no relaxation is found. A tier of posts that cannot all be filled is as good as its relaxation."""
    last = max((n for n, t in enumerate(inst.tiers) if t.broken), default=-1)
    tiers = inst.tiers[: last + 1]
    if not tiers or any(t.points or t.lot or t.worst for t in tiers):
        return None
    before, live = {t.name: top(inst, t) for t in tiers[:-1]}, None
    for _ in tiers:
        found, settled = _relaxed(inst, clock, tiers, before, live)
        if settled:
            return Fewest(inst, found, before, tiers[-1].name)
        open_ = next((n for n, t in enumerate(tiers) if found.lacking & t.filled.keys()), None)
        if open_ is None:
            return None
        most, settled = _relaxed(inst, clock, tiers[: open_ + 1], before, found.live)
        if not settled or most.bound >= before[tiers[open_].name]:
            return None
        before[tiers[open_].name], live = most.bound, most.live
    return None


def _relaxed(
    inst: Instance, clock: Clock, tiers: Sequence[Tier], before: Mapping[str, int], live: Flags | None
) -> tuple[sift.Sift, bool]:
    """The best of the last of the tiers with those before it held, and whether they can be; from the `live` pairs."""
    held = {t.name: before[t.name] for t in tiers[:-1]}
    ladder = Ladder(inst, any(p.trims for p in inst.posts), tiers[-1:], held, tallied=False)
    found, always = sift.Sift(inst, clock, ladder, CHAIN), _always(inst)
    if live is None:
        stands = np.zeros(len(inst.posts), dtype=np.bool_)
        stands[found.post[always]] = True
        live = found.best(ladder.matrix.points, sift.FIRST) & ~stands[found.post]
    try:
        return found, found.relax(always, live)
    except Imprecise:
        return found, False


def _always(inst: Instance) -> list[int]:
    return sorted({*inst.fixed, *(i for b in inst.bonds for i in b.pairs)})
