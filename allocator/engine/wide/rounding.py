"""A plan at once: pairs taken in a given order, each if the rules allow it beside those before."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.engine.instance import Instance


def rounded(inst: Instance, order: Iterable[int]) -> set[int]:
    """Pairs of a plan that breaks no rule, fixed pairs first; no post trimmed. For posts that want one person each."""
    unlike: dict[int, set[int]] = {}
    for a, b in inst.different:
        unlike.setdefault(a, set()).add(b)
        unlike.setdefault(b, set()).add(a)
    never: dict[int, set[int]] = {}
    for i, j in inst.never_both:
        never.setdefault(i, set()).add(j)
        never.setdefault(j, set()).add(i)
    room = [{x.resource: x.hard for x in p.limits} for p in inst.people]
    places = [len(inst.posts) if p.at_most is None else p.at_most for p in inst.people]
    holder: dict[int, int] = {}
    out: dict[int, int] = {}  # post -> pair
    for i in (*inst.fixed, *order):
        pair = inst.pairs[i]
        left, counts = room[pair.person], inst.posts[pair.post].counts
        if (
            pair.post in out
            or (counts and not places[pair.person])
            or pair.points < inst.least_points.get(pair.post, pair.points)
            or any(pair.load[r] > q for r, q in left.items())
            or any(holder.get(q) == pair.person for q in unlike.get(pair.post, ()))
            or any(out.get(inst.pairs[j].post) == j for j in never.get(i, ()))
        ):
            continue
        out[pair.post], holder[pair.post] = i, pair.person
        places[pair.person] -= counts
        for r in left:
            left[r] -= pair.load[r]
    for group in inst.same:
        if len({holder.get(p) for p in group}) > 1:
            for p in group:
                out.pop(p, None)
    held: dict[int, list[int]] = {}
    for i in out.values():
        if inst.posts[inst.pairs[i].post].counts:
            held.setdefault(inst.pairs[i].person, []).append(i)
    few = {i for s, mine in held.items() if len(mine) < inst.people[s].at_least for i in mine}
    return set(out.values()) - few
