"""A change looked for around a few people, while everybody else stays as they are.

Two plans differ in chains: a post passes to somebody, who lets another go, and so on. Chains that do not touch one
another can be taken or left one by one, and a best plan gains by none of them; so after one pair is forced some best
answer differs from the plan in one chain through that pair only. Where all people who can be reached are inside, the
answer is the whole's (`whole`); where they are too many, it is the best among those nearest in the chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from allocator.engine.instance import Instance
from allocator.engine.part import Part, cut_out


@dataclass(frozen=True)
class Around:
    """The part that may change. `held`: the part's pairs that stand now; `short`: its posts' units short now."""

    part: Part
    held: tuple[int, ...]
    short: Mapping[int, int]
    whole: bool

    @property
    def inst(self) -> Instance:
        return self.part.inst

    def pair(self, i: int) -> int | None:
        """A pair of the whole instance as the part numbers it; None when its post cannot change here."""
        return self.part.pairs.index(i) if i in self.part.pairs else None


def around(
    inst: Instance, chosen: Collection[int], short: Mapping[int, int], people: Iterable[int], most: int | None = None
) -> Around:
    """The neighbourhood of `people` under the plan `chosen`, of about `most` posts (None = as far as chains go)."""
    at = _Holding(inst, chosen)
    inside, whole = at.people(people, most)
    free = {p for s in inside for p in at.posts_of[s]} | {
        inst.pairs[i].post for s in inside for i in at.pairs_of[s] if inst.pairs[i].post not in at.holder
    }
    kept = _edge(inst, at, free)
    free -= kept
    pairs = {i for p in free for i in at.of_post[p] if inst.pairs[i].person in inside}
    fixed = {at.holder[p] for p in kept if p in at.holder}
    outside = {inst.pairs[i].person for i in fixed} - inside
    given = sum(inst.pairs[i].load[0] - short.get(p, 0) for p, i in at.holder.items() if p not in free | kept)
    small = _loosened(inst, outside, fixed, given)
    if inst.most_load is not None:  # a budget ties everybody to everybody
        whole = whole and len(inside) == len(inst.people)
    part = cut_out(small, free | kept, inside | outside, sorted(pairs | fixed))
    number = {i: n for n, i in enumerate(part.pairs)}
    post = {p: n for n, p in enumerate(part.posts) if small.posts[p].trims}
    return Around(
        part,
        tuple(number[i] for i in sorted(chosen) if i in number),
        {post[p]: q for p, q in short.items() if p in post},
        whole,
    )


class _Holding:
    """Who holds what, and who might."""

    def __init__(self, inst: Instance, chosen: Collection[int]) -> None:
        self.inst = inst
        self.holder = {inst.pairs[i].post: i for i in chosen}
        self.posts_of: dict[int, list[int]] = defaultdict(list)
        for post, i in self.holder.items():
            self.posts_of[inst.pairs[i].person].append(post)
        self.of_post: dict[int, list[int]] = defaultdict(list)
        self.pairs_of: dict[int, list[int]] = defaultdict(list)
        for i, pair in enumerate(inst.pairs):
            self.of_post[pair.post].append(i)
            self.pairs_of[pair.person].append(i)

    def people(self, start: Iterable[int], most: int | None) -> tuple[set[int], bool]:
        """People reached from `start` by chains, nearest first, until they hold `most` posts; whether that is all."""
        ring = sorted(set(start))
        inside = set(ring)
        posts = sum(len(self.posts_of[s]) for s in inside)
        while ring:
            met: dict[int, int] = defaultdict(int)  # how many posts could pass to each
            for s in ring:
                for i in self.pairs_of[s]:  # posts they might take, whose holders then are free for another
                    now = self.holder.get(self.inst.pairs[i].post)
                    if now is not None:
                        met[self.inst.pairs[now].person] += 1
                for p in self.posts_of[s]:
                    for i in self.of_post[p]:
                        met[self.inst.pairs[i].person] += 1
            touched = {self.inst.pairs[i].post for s in ring for i in self.pairs_of[s]}
            for group in _groups(self.inst):
                if touched.intersection(group):
                    for p in group:
                        if p in self.holder:
                            met[self.inst.pairs[self.holder[p]].person] += 1
            ring = sorted((s for s in met if s not in inside), key=lambda s: (-met[s], s))
            for n, s in enumerate(ring):
                if most is not None and posts + len(self.posts_of[s]) > most:
                    ring = ring[:n]
                    return inside | set(ring), False
                posts += len(self.posts_of[s])
            inside |= set(ring)
        return inside, True


def _groups(inst: Instance) -> Iterable[tuple[int, ...]]:
    """Posts that some rule ties to one another."""
    yield from inst.same
    yield from inst.different
    yield from (t.posts for t in inst.together)
    for ties in (*inst.never_both, *(b.pairs for b in inst.bonds)):
        yield tuple(inst.pairs[i].post for i in ties)


def _edge(inst: Instance, at: _Holding, free: set[int]) -> set[int]:
    """Posts tied to free ones across the edge: they stay with whom they are; so do all that must go with such a
    post."""
    kept: set[int] = set()
    for group in _groups(inst):
        if free.intersection(group):
            kept |= set(group) - free
    bound = {frozenset(group) for group in inst.same}
    while True:
        more = {p for group in bound if kept & group for p in group if p not in kept}
        if not more:
            return kept
        kept |= more


def _loosened(inst: Instance, outside: set[int], fixed: Collection[int], given: int) -> Instance:
    """The instance with kept pairs fixed; who holds only a kept post has no limits here, and its days stay."""
    theirs = {inst.pairs[i].post for i in fixed if inst.pairs[i].person in outside}
    people = tuple(
        replace(p, limits=(), at_most=None, at_least=0, must=False) if s in outside else p
        for s, p in enumerate(inst.people)
    )
    return replace(
        inst,
        posts=tuple(replace(p, trims=()) if n in theirs else p for n, p in enumerate(inst.posts)),
        people=people,
        above=tuple(a for a in inst.above if a.person not in outside),
        fixed=tuple(sorted({*inst.fixed, *fixed})),
        most_load=None if inst.most_load is None else max(0, inst.most_load - given),
    )


def added(inst: Instance, plan: Sequence[int], found: Around, new: Sequence[int]) -> list[int]:
    """The whole plan, as it was outside and `new` (numbered as the part numbers) inside; sorted."""
    inside = set(found.part.pairs)
    return sorted([*(i for i in plan if i not in inside), *(found.part.pairs[i] for i in new)])
