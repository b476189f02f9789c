"""The neighbourhood in which the cause of an empty post is looked for, where the whole is too large to ask again
and again.

A clash found in an area says that the post cannot be filled while as many posts of the area are: what lies outside
is not counted. Pairs out of reach are taken for impossible and are not named (contract 2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from allocator.allocate import Key, Setup
from allocator.engine.instance import Limit, Person, Solution
from allocator.engine.part import cut_out
from allocator.rules.base import Structure

WIDEST = 250  # posts in an area, at the most
GROUPED = {"same": 2, "different": 2}  # kind of structure -> posts of it that must lie inside for it to count


def areas(ready: Setup, solution: Solution, key: Key) -> Iterator[Setup]:
    """Setups around a post, each wider than the one before: those who could serve it, what they hold, who could
    serve that.

    Ends when an area holds all that hangs together, or would pass WIDEST posts.
    """
    held: dict[str, list[Key]] = {}
    for i in solution.chosen:
        urn, kind, sip = ready.choices[i]
        held.setdefault(sip, []).append((urn, kind))
    tied: dict[Key, set[Key]] = {}
    for s in ready.structures:
        if s.kind in GROUPED:
            for k in s.posts:
                tied.setdefault(k, set()).update(p for p in s.posts if p in ready.post_index)
    posts, seen = {key, *tied.get(key, ())}, 0
    while len(posts) > seen:
        seen = len(posts)
        if seen > WIDEST:
            return
        people = {s for k in posts for s in (*ready.pairs.allowed[k], *ready.pairs.in_reach(k))}
        yield cut(ready, posts, people)
        posts |= {k for s in people for k in held.get(s, ())}
        posts |= {other for k in posts for other in tied.get(k, ())}


def cut(ready: Setup, posts: Collection[Key], people: Collection[str]) -> Setup:
    """The setup of these posts and people alone."""
    mine = [i for i, (urn, kind, sip) in enumerate(ready.choices) if (urn, kind) in posts and sip in people]
    part = cut_out(ready.inst, [ready.post_index[k] for k in posts], [ready.person_index[s] for s in people], mine)
    choices = tuple(ready.choices[i] for i in mine)
    return replace(
        ready,
        inst=part.inst,
        choices=choices,
        index={c: i for i, c in enumerate(choices)},
        post_index={k: n for n, k in enumerate(sorted(posts, key=ready.post_index.__getitem__))},
        person_index={s: n for n, s in enumerate(sorted(people))},
        structures=tuple(s for s in ready.structures if _inside(s, set(posts), set(choices))),
        cut=True,
    )


def _inside(s: Structure, posts: set[Key], choices: set[tuple[str, str, str]]) -> bool:
    """Whether `cut_out` keeps it, so that structures and the instance's groups stay in step."""
    if s.kind in GROUPED:
        return sum(p in posts for p in s.posts) >= GROUPED[s.kind]
    return s.kind not in ("fixed", "never_both") or all(c in choices for c in s.pairs)


def held_still(ready: Setup, area: Setup, solution: Solution) -> Setup:
    """The same area with what its people hold outside taken off their limits: what fits here fits the whole plan."""
    people = list(area.inst.people)
    for i in solution.chosen:
        urn, kind, sip = ready.choices[i]
        if sip in area.person_index and (urn, kind) not in area.post_index:
            n, p = area.person_index[sip], ready.post_index[urn, kind]
            less = _less(ready, p, solution.short.get(p, 0))
            load = [a - b for a, b in zip(ready.inst.pairs[i].load, less, strict=True)]
            people[n] = _without(people[n], load, ready.inst.posts[p].counts)
    return replace(area, inst=replace(area.inst, people=tuple(people)))


def _less(ready: Setup, post: int, short: int) -> tuple[int, ...]:
    width = ready.inst.width
    return next((t.less for t in ready.inst.posts[post].trims if t.short == short), (0,) * width)


def _without(person: Person, load: list[int], counts: bool) -> Person:
    def lower(limit: Limit) -> Limit:
        soft = None if limit.soft is None else max(0, limit.soft - load[limit.resource])
        return replace(limit, hard=max(0, limit.hard - load[limit.resource]), soft=soft)

    most = None if person.at_most is None else max(0, person.at_most - counts)
    return replace(
        person, limits=tuple(map(lower, person.limits)), at_most=most, at_least=max(0, person.at_least - counts)
    )
