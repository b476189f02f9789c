"""The best that a tier could ever be, from each post by itself: bounds that need no search."""

from __future__ import annotations

from collections.abc import Collection

from allocator.engine.instance import Instance, Tier


def top(inst: Instance, tier: Tier) -> int:
    """The best a tier could ever be, made most: a bound that needs no search."""
    sign = 1 if tier.sense == "most" else -1
    able = inst.able
    if tier.worst:
        return max((worth for _, worth in own_best(inst, tier.worst)), default=0)
    best = sum(max(0, sign * c) for p, c in tier.filled.items() if able[p])
    best += sum(max(0, sign * c) for c in tier.broken.values())
    for p, c in tier.short.items():
        best += max(0, sign * c) * max((t.short for t in inst.posts[p].trims), default=0)
    if not (tier.points or tier.lot):
        return best
    worth: list[list[int]] = [[] for _ in inst.posts]
    for pair in inst.pairs:
        worth[pair.post].append(sign * (tier.points * pair.points + tier.lot * pair.lot))
    return best + sum(sum(sorted(w for w in ws if w > 0)[-inst.posts[p].wants :]) for p, ws in enumerate(worth))


def own_best(inst: Instance, posts: Collection[int]) -> list[tuple[int, int]]:
    """(post, the most pair points it can have by itself), of those posts that can be filled."""
    worth: dict[int, list[int]] = {p: [] for p in posts}
    for pair in inst.pairs:
        if pair.post in worth:
            worth[pair.post].append(pair.points)
    return [(p, sum(sorted(w)[-inst.posts[p].wants :])) for p, w in worth.items() if len(w) >= inst.posts[p].wants]
