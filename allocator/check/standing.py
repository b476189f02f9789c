"""The auditor's own reading of a plan cut in the year: what stays, what is open, who holds it (rules.md, "In the year")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from allocator.check.derived import Book, Post, dec, nearest
from allocator.check.ledger import by
from allocator.domain.plan import HeldRow, Repaired

Key = tuple[str, str]
ONE = dt.timedelta(days=1)


@dataclass(frozen=True)
class Piece:
    """A part of the year at a post that is settled. Quarter-days."""

    urn: str
    kind: str
    sip: str
    start: dt.date
    end: dt.date
    periods: tuple[int, int, int, int]
    extra: int
    new_pairing: bool


class Stand:
    """`posts`: open parts by key; `holders`; `fixed` pieces; `event`: posts whose holder cannot go on."""

    def __init__(self, book: Book, repaired: Repaired) -> None:
        self.b, self.since = book, repaired.since
        self.holders: dict[Key, str] = {}
        self.fixed: list[Piece] = []
        self.event: set[Key] = set()
        self.posts: list[Post] = []
        self.begun: set[Key] = set()
        self._rows(repaired.rows)
        year = {p.key: p for p in book.year_posts}
        for key, mine in self.rows.items():
            if key not in year:
                self.fixed += [kept for r in mine if (kept := self._left(r, self.since))]
        for post in book.year_posts:
            self._open(post, self.rows.get(post.key, []))
        self.of_sip, self.of_school = by(self.fixed, lambda k: k.sip), by(self.fixed, lambda k: k.urn)

    def _rows(self, rows: tuple[HeldRow, ...]) -> None:
        """Rows by post; those of a URN now gone go to its successor, if that has none."""
        have = {r.urn for r in rows}
        heir = {}
        for urn in have - set(self.b.schools):
            new = sorted(u for u, olds in self.b.old.items() if urn in olds and u not in have)
            heir[urn] = new[0] if new else urn
        self.rows: dict[Key, list[Piece]] = {}
        for r in sorted(rows, key=lambda r: r.from_):
            d = r.periods
            q = (round(4 * d.autumn_1), round(4 * d.autumn_2), round(4 * d.spring), round(4 * d.summer))
            urn = heir.get(r.urn, r.urn)
            piece = Piece(urn, r.post, r.sip, r.from_, r.to, q, round(4 * r.extra_days), r.new_pairing)
            self.rows.setdefault((urn, r.post), []).append(piece)

    # -- one post ----------------------------------------------------------------------------------------

    def _open(self, post: Post, rows: list[Piece]) -> None:
        rows = [replace(r, end=min(r.end, post.end)) for r in rows if r.start <= post.end]
        if rows and rows[-1].end >= self.since:
            rows[-1] = replace(rows[-1], end=post.end)
        missing = [(day, r) for r in rows if (day := next(self._missing(r), None))]
        if missing:
            start, first = min(missing, key=lambda m: m[0])
            since_last, last = missing[-1]
            end = self._absence_ends(last, since_last)
            holder: str | None = first.sip
            self.event.add(post.key)
        else:
            running = next((r for r in rows if r.end >= self.since), None)
            if running is None and (rows or post.end < self.since):
                self.fixed += rows
                return
            start = max(self.since, running.start if running else post.begin)
            end = running.end if running else post.end
            holder = running.sip if running else None
        kept = [k for r in rows if (k := self._left(r, start))] + [k for r in rows if (k := self._right(r, end))]
        self.fixed += kept
        if holder:
            self.holders[post.key] = holder
        if any(k.start < start for k in kept):
            self.begun.add(post.key)
        if kept or (start, end) != (post.begin, post.end):
            post = self._rest(post, start, end, sum(sum(k.periods) for k in kept))
        self.posts.append(post)

    def _rest(self, post: Post, start: dt.date, end: dt.date, given: int) -> Post:
        due = max(0, post.due - given)
        shares = [q * self._covered(n, start, end) for n, q in enumerate(post.periods)]
        if not any(shares):
            shares = [Fraction(int(n == self.b.period_of(start))) for n in range(4)]
        step, low = nearest(4 * dec(self.b.policy.days.trim_step)), 4 * dec(self.b.policy.days.floor)
        trims, short = {}, step
        while step > 0 and short <= due and given + due - short >= low:
            trims[short] = tuple(apportion(due - short, shares))
            short += step
        return Post(
            post.urn, post.kind, post.need, due, start, end, tuple(apportion(due, shares)), trims
        )  # fmt: skip

    def _missing(self, r: Piece) -> Iterator[dt.date]:
        """Days of the row, from the change on, on which its SIP cannot work."""
        s = self.b.sips.get(r.sip)
        here = s is not None and s.status in (None, "active") and not self.b.find.absences.get(r.sip)
        if s and here and all(not last or last >= r.end for last in (s.leaves_on, s.contract_ends)):
            return  # there to the end: no need to look day by day
        day = max(r.start, self.since)
        while day <= r.end:
            if not self._works(r.sip, day):
                yield day
            day += ONE

    def _works(self, sip: str, day: dt.date) -> bool:
        s = self.b.sips.get(sip)
        if s is None or s.status not in (None, "active"):
            return False
        if (s.leaves_on and day > s.leaves_on) or (s.contract_ends and day > s.contract_ends):
            return False
        return not any(a.away_from <= day <= a.away_to for a in self.b.find.absences.get(sip, ()))

    def _absence_ends(self, r: Piece, day: dt.date) -> dt.date:
        while day <= r.end and not self._works(r.sip, day):
            day += ONE
        return min(day - ONE, r.end)

    # -- parts of rows -----------------------------------------------------------------------------------

    def _covered(self, n: int, start: dt.date, end: dt.date) -> Fraction:
        """Share of period n from start to end."""
        a, z = self.b.bounds()[n]
        whole = (z - a).days + 1
        return Fraction(max(0, (min(z, end) - max(a, start)).days + 1), whole) if whole > 0 else Fraction(0)

    def _share(self, r: Piece, n: int, start: dt.date, end: dt.date) -> Fraction:
        whole = self._covered(n, r.start, r.end)
        return self._covered(n, start, end) / whole if whole else Fraction(0)

    def _left(self, r: Piece, day: dt.date) -> Piece | None:
        if r.start >= day:
            return None
        if r.end < day:
            return r
        recorded = self.b.find.worked.get(r.sip, ())
        exact = [Fraction(0)] * 4
        for w in recorded:
            if (w.urn, w.post) == (r.urn, r.kind) and r.start <= w.on < day:
                exact[self.b.period_of(w.on)] += 4 * Fraction(dec(w.days))
        if not recorded:
            exact = [q * self._share(r, n, r.start, day - ONE) for n, q in enumerate(r.periods)]
        return replace(r, end=day - ONE, periods=_four(exact))

    def _right(self, r: Piece, day: dt.date) -> Piece | None:
        if r.end <= day:
            return None
        if r.start > day:
            return r
        exact = [q * self._share(r, n, day + ONE, r.end) for n, q in enumerate(r.periods)]
        return replace(r, start=day + ONE, periods=_four(exact), extra=0)

    # -- what the rest asks for ----------------------------------------------------------------------------

    def spent(self, sip: str) -> list[int]:
        """Fixed quarter-days of a SIP by period."""
        out = [0, 0, 0, 0]
        for k in self.of_sip.get(sip, ()):
            out = [a + b for a, b in zip(out, k.periods, strict=True)]
            out[self.b.period_of(k.start)] += k.extra
        return out

    def served(self, urn: str) -> set[str]:
        return {k.sip for k in self.of_school.get(urn, ()) if k.start < self.since}


def _four(exact: list[Fraction]) -> tuple[int, int, int, int]:
    q = [int(x + Fraction(1, 2)) for x in exact]
    return q[0], q[1], q[2], q[3]


def apportion(total: int, shares: list[Fraction]) -> list[int]:
    """Largest remainder over exact shares, ties to the earlier."""
    whole = sum(shares)
    exact = [total * s / whole for s in shares]
    out = [int(x) for x in exact]
    for _ in range(total - sum(out)):
        n = max(range(4), key=lambda n: (exact[n] - out[n] if out[n] <= exact[n] else -1, -n))
        out[n] += 1
    return out
