"""A plan at once: pairs taken in a given order, each if the rules allow it beside those before; trimmed where days are
short."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from allocator.engine.instance import Instance

PASSES = 3  # over the posts, each of which may go to whom it costs fewer days
Cut = Mapping[int, int]  # post -> units short


def at_once(inst: Instance, hint: Sequence[int] = ()) -> tuple[tuple[int, ...], dict[int, int]] | None:
    """A plan without a search, and units short by post: pairs of `hint` and then others by points, as many as fit in
    full; then those that fit where posts are trimmed, the least important first; then posts go to others where that
    leaves fewer days short. None where rules bind in ways that are not looked at here."""
    if inst.most_load is not None or any(p.wants > 1 for p in inst.posts) or any(p.must for p in inst.people):
        return None
    order = [*hint, *sorted(range(len(inst.pairs)), key=lambda i: -inst.pairs[i].points)]
    holdings = Holdings(inst)
    for i in sorted(rounded(inst, order)):
        holdings.take(i, {})
    plan = rounded(inst, order, [i for mine in holdings.held.values() for i in mine], holdings.make_room)
    for i in {i for mine in holdings.held.values() for i in mine} - plan:
        holdings.drop(i)
    holdings.lighten()
    chosen = tuple(sorted(i for mine in holdings.held.values() for i in mine))
    short = {p: q for cut in holdings.cuts.values() for p, q in cut.items()}
    return (chosen, short) if set(inst.fixed).issubset(chosen) else None


class Holdings:
    """What each person holds, and how short their posts are for it to fit."""

    def __init__(self, inst: Instance) -> None:
        self.inst = inst
        self.tiers = [t.short for t in inst.tiers if t.short]
        last = {p: (-n, c) for n, short in enumerate(self.tiers) for p, c in short.items()}
        self.first = {p: (last.get(p, (1, 0)), p) for p in range(len(inst.posts))}  # what is trimmed first
        self.hard = [{x.resource: x.hard for x in p.limits} for p in inst.people]
        self.held: dict[int, list[int]] = defaultdict(list)
        self.cuts: dict[int, Cut] = defaultdict(dict)

    def take(self, i: int, cut: Cut) -> None:
        s = self.inst.pairs[i].person
        self.held[s].append(i)
        self.cuts[s] = cut

    def drop(self, i: int) -> None:
        s = self.inst.pairs[i].person
        self.held[s].remove(i)
        self.cuts[s] = self.fitting(s, self.held[s]) or {}

    def fitting(self, s: int, mine: Sequence[int]) -> Cut | None:
        """Units short for all these pairs of a person to fit; None where they do not."""
        cut = dict[int, int]()
        over = {r: sum(self.inst.pairs[i].load[r] for i in mine) - q for r, q in self.hard[s].items()}
        for p in sorted((self.inst.pairs[i].post for i in mine), key=self.first.__getitem__):
            if all(q <= 0 for q in over.values()):
                return cut
            trims = sorted(self.inst.posts[p].trims, key=lambda t: t.short)
            enough = (t for t in trims if all(q <= t.less[r] for r, q in over.items() if q > 0))
            if trim := next(enough, trims[-1] if trims else None):
                cut[p] = trim.short
                over = {r: q - trim.less[r] for r, q in over.items()}
        return None if any(q > 0 for q in over.values()) else cut

    def make_room(self, i: int) -> bool:
        """Take a pair, if it fits."""
        s = self.inst.pairs[i].person
        cut = self.fitting(s, [*self.held[s], i])
        if cut is not None:
            self.take(i, cut)
        return cut is not None

    def lost(self, *cuts: Cut) -> list[int]:
        """Days short by tier, the first first."""
        return [sum(short.get(p, 0) * q for cut in cuts for p, q in cut.items()) for short in self.tiers]

    def lighten(self) -> None:
        """Give posts to others where that leaves fewer days short; those that other rules bind stay."""
        inst = self.inst
        bound = {p for group in (*inst.same, *inst.different) for p in group}
        bound |= {inst.pairs[i].post for i in (*inst.fixed, *(i for b in inst.bonds for i in b.pairs))}
        bound |= {inst.pairs[i].post for both in inst.never_both for i in both} | set(inst.least_points)
        of_post = defaultdict[int, list[int]](list)
        for i, pair in enumerate(inst.pairs):
            of_post[pair.post].append(i)
        for _ in range(PASSES):
            moved = False
            for i in [i for s in sorted(self.held) if self.cuts[s] for i in self.held[s]]:
                if inst.pairs[i].post not in bound and self._given(i, of_post[inst.pairs[i].post]):
                    moved = True
            if not moved:
                return

    def _given(self, i: int, others: Iterable[int]) -> bool:
        s, counts = self.inst.pairs[i].person, self.inst.posts[self.inst.pairs[i].post].counts
        if not self.cuts[s] or (counts and self._counted(s) <= self.inst.people[s].at_least):
            return False
        without = self.fitting(s, [j for j in self.held[s] if j != i]) or {}
        best = None
        for j in others:
            other = self.inst.pairs[j].person
            person, led = self.inst.people[other], self._counted(other) + counts
            if other == s or (
                counts and not person.at_least <= led <= (led if person.at_most is None else person.at_most)
            ):
                continue
            cut = self.fitting(other, [*self.held[other], j])
            if cut is None:
                continue
            now, was = self.lost(without, cut), self.lost(self.cuts[s], self.cuts[other])
            change = [a - b for a, b in zip(now, was, strict=True)], -self.inst.pairs[j].points, j
            if now < was and (best is None or change < best[0]):
                best = change, cut
        if best is None:
            return False
        self.held[s].remove(i)
        self.cuts[s] = without
        self.take(best[0][2], best[1])
        return True

    def _counted(self, s: int) -> int:
        return sum(self.inst.posts[self.inst.pairs[i].post].counts for i in self.held[s])


def rounded(
    inst: Instance, order: Iterable[int], first: Iterable[int] = (), room: Callable[[int], bool] | None = None
) -> set[int]:
    """Pairs of a plan that breaks no rule, fixed pairs first; no post trimmed. For posts that want one person each.

    `first`: pairs known to fit side by side; `room` decides instead whether another fits in its person's days.
    """
    unlike: dict[int, set[int]] = {}
    for a, b in inst.different:
        unlike.setdefault(a, set()).add(b)
        unlike.setdefault(b, set()).add(a)
    never: dict[int, set[int]] = {}
    for i, j in inst.never_both:
        never.setdefault(i, set()).add(j)
        never.setdefault(j, set()).add(i)
    free = [{x.resource: x.hard for x in p.limits} for p in inst.people]
    places = [len(inst.posts) if p.at_most is None else p.at_most for p in inst.people]
    holder: dict[int, int] = {}
    out: dict[int, int] = {}  # post -> pair
    known = set(first)
    for i in (*sorted(known), *inst.fixed, *order):
        pair = inst.pairs[i]
        left, counts = free[pair.person], inst.posts[pair.post].counts
        if (
            pair.post in out
            or (counts and not places[pair.person])
            or pair.points < inst.least_points.get(pair.post, pair.points)
            or any(holder.get(q) == pair.person for q in unlike.get(pair.post, ()))
            or any(out.get(inst.pairs[j].post) == j for j in never.get(i, ()))
            or not (i in known or (room(i) if room else all(pair.load[r] <= q for r, q in left.items())))
        ):
            continue
        out[pair.post], holder[pair.post] = i, pair.person
        places[pair.person] -= counts
        for r in left:
            left[r] -= pair.load[r]
    while True:  # one that goes may be the cause of another
        apart = {p for group in inst.same if len({holder[p] if p in out else None for p in group}) > 1 for p in group}
        held = Counter(holder[p] for p in out if inst.posts[p].counts)
        few = {p for p in out if inst.posts[p].counts and held[holder[p]] < inst.people[holder[p]].at_least}
        gone = (apart | few) & out.keys()
        if not gone:
            return set(out.values())
        for p in gone:
            del out[p]
