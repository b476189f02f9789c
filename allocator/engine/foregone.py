"""An instance in which nothing is left to decide: one pair for each post, and room for all of them at once."""

from __future__ import annotations

from collections import Counter

from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.model import loads, value
from allocator.engine.tiers import signed
from allocator.engine.tops import top


def foregone(inst: Instance) -> Solution | None:
    """The plan that takes every pair and trims nothing, where any other leaves a post open or short that a tier before
    the points counts; None where that is not plain to see."""
    if len(inst.pairs) != len(inst.posts) or not all(inst.able) or any(p.wants != 1 for p in inst.posts):
        return None
    if inst.same or inst.different or inst.never_both or inst.least_points or inst.most_load is not None:
        return None
    first = next((n for n, t in enumerate(inst.tiers) if t.points or t.lot or t.worst), len(inst.tiers))
    before, last = inst.tiers[:first], inst.tiers[first:]
    counted = {p for t in before for p, c in t.filled.items() if (c if t.sense == "most" else -c) > 0}
    whole = {p for t in before for p, c in t.short.items() if (c if t.sense == "most" else -c) < 0}
    trimmed = {n for n, p in enumerate(inst.posts) if p.trims}
    if len(counted) < len(inst.posts) or trimmed - whole or not all(t.points or t.lot for t in last):
        return None
    chosen = tuple(range(len(inst.pairs)))
    values = [value(inst, t, chosen, {}) for t in inst.tiers]
    if not _room(inst) or any(signed(t, v) < top(inst, t) for t, v in zip(before, values, strict=False)):
        return None
    tiers = tuple(TierValue(t.name, v, v) for t, v in zip(inst.tiers, values, strict=True))
    return Solution("optimal", chosen, {}, tiers, unique=True)


def _room(inst: Instance) -> bool:
    """Whether everybody may hold all of their pairs together."""
    held = Counter(pair.person for pair in inst.pairs if inst.posts[pair.post].counts)
    for s, (person, load) in enumerate(zip(inst.people, loads(inst, range(len(inst.pairs)), {}), strict=True)):
        most = held[s] if person.at_most is None else person.at_most
        fewest = person.at_least if held[s] or person.must else 0
        if not fewest <= held[s] <= most or any(load[x.resource] > x.hard for x in person.limits):
            return False
    return True
