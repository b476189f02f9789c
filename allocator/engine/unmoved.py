"""The hope that nobody moves who need not: every bond kept, which leaves few of a large instance's pairs.

In a repair a bond is who holds a post now. A post whose pair is kept has no other, so what is left to decide is who
takes the open posts. The best of those plans is the best of all where no plan does better in a tier that comes before
the bonds: mostly each of these is as good as it could ever be, and else one question a tier shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from allocator.engine.cpsat import Clock
from allocator.engine.instance import Instance, Solution, Tier
from allocator.engine.part import Part, cut_out
from allocator.engine.tiers import signed
from allocator.engine.tops import top
from allocator.engine.wide.whole import HOPE, Whole

FEWER = 0.5  # share of the pairs that is left at most, for it to be worth while


def unmoved(inst: Instance) -> Part | None:
    """The part in which every bond that counts is kept; None where that cannot be, or leaves too many pairs."""
    kept = {i for t in inst.tiers for b, weight in t.broken.items() if weight for i in inst.bonds[b].pairs}
    alone = {p for i in kept if inst.posts[p := inst.pairs[i].post].wants == 1}
    if sum(inst.pairs[i].post in alone for i in kept) > len(alone):
        return None
    left = [i for i, pair in enumerate(inst.pairs) if i in kept or pair.post not in alone]
    if len(left) > FEWER * len(inst.pairs) or not set(inst.fixed) <= set(left):
        return None
    return cut_out(inst, range(len(inst.posts)), range(len(inst.people)), left)


def of_all(inst: Instance, part: Part, found: Solution) -> Solution | None:
    """The optimum of the part as a plan of the whole; None where somebody moves all the same."""
    bonds = {t.name for t in inst.tiers if t.broken}
    if found.status != "optimal" or any(v.value for v in found.tiers if v.name in bonds):
        return None
    chosen, short = part.out(found.chosen, found.short)
    near = part.pairs if found.near is None else tuple(part.pairs[i] for i in found.near)
    return replace(found, chosen=tuple(sorted(chosen)), short=short, near=near)


def met(inst: Instance, found: Solution) -> bool:
    """Whether each tier before the bonds is as good as it could ever be."""
    before = zip(_before(inst), found.tiers, strict=False)
    return all(not (t.points or t.lot or t.worst) and signed(t, v.value) == top(inst, t) for t, v in before)


def best(inst: Instance, found: Solution, clock: Clock) -> bool:
    """Whether no plan is better than this one in the tiers before the bonds, one after another."""
    tiers = _before(inst)
    if any(t.points or t.lot or t.worst for t in tiers):
        return False
    search = Whole(inst, clock, 0.0)
    search.chosen, search.short = found.chosen, found.short
    search.start(trimming=any(p.trims for p in inst.posts))
    for tier in tiers:
        if not search.settled(tier):
            answer = search.best(search.matrix.aim(tier)[0], HOPE)
            search.note(tier, answer)
            if not search.proved or search.bounds[tier.name] > search.value(tier):
                return False
        search.stay(tier)
    return search.proved


def _before(inst: Instance) -> Sequence[Tier]:
    """The tiers before the last that counts bonds."""
    return inst.tiers[: max((n for n, t in enumerate(inst.tiers) if t.broken), default=0)]
