"""The best plan of a tiny case by trying them all, scored through `check/` alone."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.check.score import Auditor, Score
from allocator.check.structure import Key, person_loads

Plan = tuple[dict[Key, str], dict[Key, int]]


def best(a: Auditor) -> tuple[Plan, Score]:
    """The best choice and trims; every combination that capacity allows is tried."""
    top: tuple[Plan, Score] | None = None
    for choice, short in plans(a):
        if a.breaches(choice, short):
            continue
        score = a.score(choice, short, checked=True)
        assert score is not None
        if top is None or score.key > top[1].key:
            top = ((choice, short), score)
    assert top is not None, "the empty plan is always possible unless locks clash"
    return top


def plans(a: Auditor) -> Iterator[Plan]:
    """All choices and trims; a branch ends only where a SIP's year is already overfull beyond any trim."""
    posts = a.stand.posts
    capacity = {s: a.book.capacity(r) for s, r in a.book.sips.items()}
    limited = a.book.policy.capacity.on

    def walk(n: int, choice: dict[Key, str], short: dict[Key, int]) -> Iterator[Plan]:
        if n == len(posts):
            yield dict(choice), dict(short)
            return
        post = posts[n]
        yield from walk(n + 1, choice, short)
        for sip in a.allowed(post.key):
            choice[post.key] = sip
            for q in (0, *post.trims):
                if q:
                    short[post.key] = q
                if not limited or sum(person_loads(a.stand, choice, short)[sip]) <= capacity[sip]:
                    yield from walk(n + 1, choice, short)
                short.pop(post.key, None)
            del choice[post.key]

    yield from walk(0, {}, {})
