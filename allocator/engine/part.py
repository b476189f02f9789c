"""Parts of an instance: those that share nothing, and the rest of a plan held still around a few people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from allocator.engine.instance import Instance, Pair, Tier


@dataclass(frozen=True)
class Part:
    """A smaller instance with the way back: `posts`, `people`, `pairs` are the whole's indices, in order."""

    inst: Instance
    posts: tuple[int, ...]
    people: tuple[int, ...]
    pairs: tuple[int, ...]

    def out(self, chosen: Sequence[int], short: Mapping[int, int]) -> tuple[list[int], dict[int, int]]:
        """A plan of the part in the whole's indices."""
        return [self.pairs[i] for i in chosen], {self.posts[p]: q for p, q in short.items()}


def cut_out(inst: Instance, posts: Collection[int], people: Collection[int], pairs: Sequence[int]) -> Part:
    """The part on these posts, people and pairs. What names anything outside is left out, or kept for what is inside.

    Exact where nothing crosses the edge; who cuts across an edge sees to what crosses (`wide/bound.py`).
    """
    ps, ss, xs = tuple(sorted(posts)), tuple(sorted(people)), tuple(sorted(pairs))
    post, person, pair = ({old: new for new, old in enumerate(x)} for x in (ps, ss, xs))
    seen: dict[int, tuple[int, ...]] = {}

    def inside(group: tuple[int, ...]) -> tuple[int, ...]:
        if id(group) not in seen:  # one tuple of posts serves many people
            seen[id(group)] = tuple(post[p] for p in group if p in post)
        return seen[id(group)]

    bonds = [n for n, b in enumerate(inst.bonds) if all(i in pair for i in b.pairs)]
    bond = {old: new for new, old in enumerate(bonds)}
    small = replace(
        inst,
        posts=tuple(inst.posts[p] for p in ps),
        people=tuple(inst.people[s] for s in ss),
        pairs=tuple(Pair(post[p.post], person[p.person], p.load, p.points, p.lot) for p in (inst.pairs[i] for i in xs)),
        tiers=tuple(_tier(t, post, bond) for t in inst.tiers),
        same=tuple(g for group in inst.same if len(g := inside(group)) > 1),
        different=tuple((post[a], post[b]) for a, b in inst.different if a in post and b in post),
        never_both=tuple((pair[i], pair[j]) for i, j in inst.never_both if i in pair and j in pair),
        fixed=tuple(pair[i] for i in inst.fixed if i in pair),
        above=tuple(
            replace(a, person=person[a.person], posts=None if a.posts is None else inside(a.posts))
            for a in inst.above
            if a.person in person
        ),
        together=tuple(replace(t, posts=g) for t in inst.together if len(g := inside(t.posts)) > 1),
        least_points={post[p]: v for p, v in inst.least_points.items() if p in post},
        bonds=tuple(replace(inst.bonds[n], pairs=tuple(pair[i] for i in inst.bonds[n].pairs)) for n in bonds),
    )
    return Part(small, ps, ss, xs)


def _tier(tier: Tier, post: Mapping[int, int], bond: Mapping[int, int]) -> Tier:
    return replace(
        tier,
        filled={post[p]: c for p, c in tier.filled.items() if p in post},
        short={post[p]: c for p, c in tier.short.items() if p in post},
        broken={bond[b]: c for b, c in tier.broken.items() if b in bond},
        worst=tuple(post[p] for p in tier.worst if p in post),
    )


def parts(inst: Instance) -> list[Part]:
    """The connected parts: no pair, rule or bond joins two of them. One part when a budget is shared by all.

    In order of their first post; people with no pair that must hold posts stay with the first part.
    """
    root = list(range(len(inst.posts) + len(inst.people)))

    def find(x: int) -> int:
        while root[x] != x:
            root[x] = root[root[x]]
            x = root[x]
        return x

    def join(a: int, b: int) -> None:
        x, y = find(a), find(b)
        root[max(x, y)] = min(x, y)

    offset = len(inst.posts)
    for pair in inst.pairs:
        join(pair.post, offset + pair.person)
    for group in (*inst.same, *inst.different, *(t.posts for t in inst.together)):
        for p in group[1:]:
            join(group[0], p)
    for ties in (*inst.never_both, *(b.pairs for b in inst.bonds)):
        for i in ties[1:]:
            join(inst.pairs[ties[0]].post, inst.pairs[i].post)
    if inst.most_load is not None:
        for p in range(1, offset + len(inst.people)):
            join(0, p)
    groups: dict[int, tuple[list[int], list[int], list[int]]] = {}
    idle = []
    for p in range(len(inst.posts)):
        groups.setdefault(find(p), ([], [], []))[0].append(p)
    for s in range(len(inst.people)):
        at = find(offset + s)
        if at in groups:
            groups[at][1].append(s)
        else:
            idle.append(s)
    for i, pair in enumerate(inst.pairs):
        groups[find(pair.post)][2].append(i)
    if groups and idle:
        next(iter(groups.values()))[1].extend(idle)
    if len(groups) < 2:
        return [Part(inst, *(tuple(range(len(x))) for x in (inst.posts, inst.people, inst.pairs)))]
    return [cut_out(inst, *group) for group in groups.values()]
