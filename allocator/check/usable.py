"""Which SIPs have any post that they may hold: what fair shares are counted over (docs/reference/rules.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from allocator.check.derived import Book, Post, norm
from allocator.domain.case import Sip

SIDE = 30_000  # metres: the posts looked at first lie in the SIP's own square or beside it


def usable(b: Book, posts: Sequence[Post], may: Callable[[Post, Sip], bool]) -> set[str]:
    """SIPs with at least one of the posts that they may hold; `may` says so of a post and a SIP."""
    near = _Near(b, posts)
    return {sip for sip, row in b.sips.items() if any(may(post, row) for post in near.first(row))}


def takers(b: Book, posts: Sequence[Post], may: Callable[[Post, Sip], bool]) -> set[tuple[str, str]]:
    """Posts that somebody may hold: who may hold one is asked first about the next of its kind."""
    out = set()
    able: dict[tuple[str, str, str], dict[str, Sip]] = {}
    for post in posts:
        s = b.schools[post.urn]
        lately = able.setdefault((norm(s.la), s.phase, post.kind), {})
        for row in (*lately.values(), *b.sips.values()):
            if may(post, row):
                out.add(post.key)
                lately[row.sip] = row
                break
    return out


class _Near:
    """Posts in the order in which a SIP is likely to find one that fits; each is looked at, if none does."""

    def __init__(self, b: Book, posts: Sequence[Post]) -> None:
        self.b, self.posts = b, posts
        self.by_la: dict[str, list[Post]] = {}
        self.by_square: dict[tuple[int, int], list[Post]] = {}
        for post in self.posts:
            s = self.b.schools[post.urn]
            self.by_la.setdefault(norm(s.la), []).append(post)
            if s.easting is not None and s.northing is not None:
                self.by_square.setdefault((int(s.easting // SIDE), int(s.northing // SIDE)), []).append(post)

    def first(self, sip: Sip) -> Iterator[Post]:
        p = self.b.policy
        never = (
            (p.availability.on and sip.status not in (None, "active"))
            or (p.require_training and sip.trained is not True)
            or (p.require_board_approval and sip.board_approved is not True)
        )
        if never:  # whatever the post
            return
        if sip.las and p.authority.on:  # elsewhere they may work only where the authority is not known
            for la in {*map(norm, sip.las), ""}:
                yield from self.by_la.get(la, ())
            return
        if sip.easting is not None and sip.northing is not None:
            x, y = int(sip.easting // SIDE), int(sip.northing // SIDE)
            for square in ((x + dx, y + dy) for dx in (0, 1, -1) for dy in (0, 1, -1)):
                yield from self.by_square.get(square, ())
        yield from self.posts
