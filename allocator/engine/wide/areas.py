"""People who share posts, grouped into areas of about equal size: a map made from the pairs alone.

Whole numbers and single-threaded sums only, so that the same instance gives the same areas on every machine.
"""

from __future__ import annotations

import numpy as np

from allocator.engine.matrix import Floats, Ints

ROUNDS = 60  # smoothing steps: enough for neighbours to agree across a country
FAR = 10_000  # further than any chain of neighbours


def areas(post: Ints, person: Ints, points: Ints, people: int, size: float, near: int) -> list[Ints]:
    """People by area, each with at most about `size` posts, joined through the `near` best pairs of each post."""
    count = np.bincount(post)
    weight = np.bincount(person, weights=1 / count[post], minlength=people)  # posts are shared out among their people
    edges = _edges(post, person, points, people, near)
    out: list[Ints] = []
    waiting = [np.arange(people)]
    while waiting:
        members = waiting.pop()
        pieces = int(np.ceil(weight[members].sum() / size))
        if pieces < 2 or len(members) < 2:
            out.append(members)
            continue
        order = members[np.lexsort((members, _along(members, people, edges)))]
        reach = np.cumsum(weight[order])
        cut = int(np.searchsorted(reach, reach[-1] * (pieces // 2) / pieces))
        cut = min(max(cut, 1), len(members) - 1)
        waiting += [np.sort(order[cut:]), np.sort(order[:cut])]
    return out


def _edges(post: Ints, person: Ints, points: Ints, people: int, near: int) -> tuple[Ints, Ints, Floats]:
    order = np.lexsort((person, -points, post))
    first = np.searchsorted(post[order], np.arange(int(post.max()) + 2 if len(post) else 1))
    rank = np.arange(len(order)) - first[post[order]]
    keys = []
    for a in range(near):
        for b in range(a + 1, near):
            at = np.nonzero(rank == a)[0]
            at = at[(at + b - a < len(order))]
            at = at[post[order[at]] == post[order[np.minimum(at + b - a, len(order) - 1)]]]
            one, two = person[order[at]], person[order[at + b - a]]
            keys.append(np.minimum(one, two) * people + np.maximum(one, two))
    key, times = np.unique(np.concatenate(keys), return_counts=True) if keys else (np.zeros(0, int), np.zeros(0, int))
    one, two = key // people, key % people
    return np.concatenate([one, two]), np.concatenate([two, one]), np.concatenate([times, times]).astype(float)


def _along(members: Ints, people: int, edges: tuple[Ints, Ints, Floats]) -> Floats:
    """Where each member lies between the two far ends of the group, neighbours near one another."""
    at = np.full(people, -1)
    at[members] = np.arange(len(members))
    one, two, times = edges
    inside = (at[one] >= 0) & (at[two] >= 0)
    one, two, times = at[one[inside]], at[two[inside]], times[inside]
    end = int(_steps(len(members), one, two, 0).argmax())
    here = _steps(len(members), one, two, end)
    there = _steps(len(members), one, two, int(here.argmax()))
    x = (here - there).astype(float)
    degree = np.bincount(one, weights=times, minlength=len(members)) + 1e-9
    for _ in range(ROUNDS):
        x = 0.5 * x + 0.5 * np.bincount(one, weights=times * x[two], minlength=len(members)) / degree
        x -= np.average(x, weights=degree)
        x = np.round(x / (np.abs(x).max() or 1.0), 12)
    return x


def _steps(n: int, one: Ints, two: Ints, start: int) -> Ints:
    distance = np.full(n, FAR)
    distance[start], step = 0, 0
    front = np.zeros(n, dtype=np.bool_)
    front[start] = True
    while front.any():
        step += 1
        reached = np.zeros(n, dtype=np.bool_)
        reached[two[front[one]]] = True
        front = reached & (distance == FAR)
        distance[front] = step
    return distance
