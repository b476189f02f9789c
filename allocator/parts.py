"""What rules say of whole posts, carried to the parts into which a post falls within the year (rules.md, "Parts").

Outside a repair every post is one part, and everything stays as the rules gave it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from allocator.domain.facts import Post
from allocator.engine import instance as en
from allocator.rules.base import Structure

Key = tuple[str, str]


class Parts:
    """The parts of each post, in order of time. `by_day`: within the year, when rules ask of each day by itself."""

    def __init__(self, posts: Sequence[Post], by_day: bool) -> None:
        self.posts, self.by_day = posts, by_day
        self.by_key = {p.key: p for p in posts}
        self.of: dict[Key, list[Post]] = defaultdict(list)
        for p in posts:
            self.of[p.urn, p.kind].append(p)
        self.several = any(p.of > 1 for p in posts)
        self.days = self._days() if self.several else ()

    def carried(self, structures: Iterable[Structure]) -> tuple[Structure, ...]:
        """Structures of posts as structures of parts."""
        return tuple(one for s in structures for one in self._carry(s))

    def _carry(self, s: Structure) -> Iterator[Structure]:
        if s.kind == "fixed":
            ((urn, kind, sip),) = s.pairs
            parts = self.of.get((urn, kind), ())
            yield from (replace(s, pairs=((*p.key, sip),)) for p in parts) if parts else (s,)
        elif not self.by_day:
            yield s
        elif s.kind == "same":
            for day in self._cuts(s.posts):
                group = tuple(p.key for k in s.posts for p in self.of.get(k, ()) if p.start <= day <= p.end)
                if len(group) > 1:
                    yield replace(s, posts=group)
        elif s.kind == "different":
            a, b = s.posts
            for one in self.of.get(a, ()):
                yield from (replace(s, posts=(one.key, two.key)) for two in self.of.get(b, ()) if one.meets(two))
        elif s.kind == "never_both":
            if self.by_key[s.pairs[0][:2]].meets(self.by_key[s.pairs[1][:2]]):
                yield s
        elif s.kind == "together":
            there = [self.of[k] for k in s.posts if k in self.of]
            day = min((parts[-1].end for parts in there), default=dt.date.max)
            group = tuple(p.key for parts in there for p in parts if p.start <= day <= p.end)
            if len(group) > 1:
                yield replace(s, posts=group)
        else:
            yield s

    def _cuts(self, keys: Sequence[Key]) -> list[dt.date]:
        return sorted({p.start for k in keys for p in self.of.get(k, ())})

    def handovers(self, price: int) -> Iterator[Structure]:
        """Each person beyond the first at a post costs `repair.handover`."""
        for parts in self.of.values():
            if len(parts) > 1 and price:
                yield Structure("handover", "together", tuple(p.key for p in parts), price=price)

    # -- schools led on a day ------------------------------------------------------------------------------

    def _days(self) -> tuple[dt.date, ...]:
        """Days on which so many lead parts at once may be more than their last parts alone: one for each that
        differs."""
        leads = [p for p in self.posts if p.kind == "lead"]
        early = [p for p in leads if not p.last]
        found: dict[tuple[Key, ...], dt.date] = {}
        for day in sorted({p.start for p in leads}):
            if any(p.start <= day <= p.end for p in early):
                found.setdefault(tuple(p.key for p in leads if p.start <= day <= p.end), day)
        return tuple(sorted(found.values()))

    def led(self, post: Post) -> tuple[int, ...]:
        """For each of those days, whether the post is a lead that runs on it."""
        return tuple(int(post.kind == "lead" and post.start <= day <= post.end) for day in self.days)

    def trims(self, post: Post) -> tuple[en.Trim, ...]:
        more = (0,) * len(self.days)
        return tuple(en.Trim(q, (q, *less, *more)) for q, less in post.trims)
