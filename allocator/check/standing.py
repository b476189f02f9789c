"""The auditor's own reading of the year as days (rules.md, "In the year: a repair"): what is past, and the parts
of what is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from allocator.check.barring import Bars
from allocator.check.derived import Book, Post, dec, nearest
from allocator.check.earlier import Earlier, runs, standing_on, turning
from allocator.check.ledger import Keeping, by, once
from allocator.check.pieces import Four, Piece, apportion, four, heirs
from allocator.check.together import one_lead
from allocator.domain.case import Sip

Key = tuple[str, str]
ONE = dt.timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Days of a post from *since* on: kept by `sip`, or open; `later`: an open run had begun before it."""

    start: dt.date
    end: dt.date
    sip: str | None
    later: bool = False


class Stand(Keeping):
    """Where a plan starts from. In an annual allocation `posts` are the year's posts, and nothing is past.

    `posts`: the parts to fill; `holders`: key of a kept part -> its SIP; `was`: key -> who held the part's first day in
    the plan gone on from; `past`: past pieces; `ended`: posts that ended before *since*.
    """

    def __init__(self, book: Book, bars: Bars, earlier: Earlier | None = None) -> None:
        self.b, self.bars, self.earlier, self.kept = book, bars, earlier, {}
        self.since = earlier.since if earlier else book.first
        self.holders: dict[Key, str] = {}
        self.was: dict[Key, str] = {}
        self.later: set[Key] = set()
        self.ended: list[Post] = []
        self.past: list[Piece] = []
        self.rows = heirs(book, earlier) if earlier else {}
        year = {p.key: p for p in book.year_posts}
        self.rows = {k: [r for r in rows if k not in year or r.start <= year[k].end] for k, rows in self.rows.items()}
        for post, rows in self.rows.items():
            self.past += [k for r in rows if (k := self._past(r, year.get(post)))]
        self.of_sip, self.of_school = by(self.past, lambda k: k.sip), by(self.past, lambda k: k.urn)
        self.of_post = by(self.past, lambda k: k.post)
        self.readings = self._read() if earlier else []
        self.posts = self._parts(book.year_posts) if earlier else list(book.year_posts)
        self.parts = by(self.posts, lambda p: (p.urn, p.kind))
        self.by_key = {p.key: p for p in self.posts}
        bars.holders = self.holders

    # -- what is past --------------------------------------------------------------------------------------

    def _past(self, r: Piece, post: Post | None) -> Piece | None:
        """The days of a row before *since*, as far as they are the post's."""
        start, end = max(r.start, post.begin if post else r.start), min(r.end, post.end if post else r.end)
        last = min(end, self.since - ONE)
        if start > last:
            return None
        if (start, last) == (r.start, r.end):
            return r
        recorded = self.b.find.worked.get(r.sip, ())
        if not recorded:
            return replace(r, start=start, end=last, periods=self._share(r.periods, r.start, r.end, start, last))
        exact = [Fraction(0)] * 4
        for w in recorded:
            if (w.urn, w.post) == r.post and r.start <= w.on < self.since:
                exact[self.b.period_of(w.on)] += 4 * Fraction(dec(w.days))
        return replace(r, start=start, end=last, periods=four(exact))

    @once
    def _share(self, periods: Four, begin: dt.date, end: dt.date, start: dt.date, last: dt.date) -> Four:
        """Of the days of a row from `begin` to `end`, those from `start` to `last`, by the calendar."""
        whole = [self._covered(n, begin, end) for n in range(4)]
        return four(
            [q * self._covered(n, start, last) / w if (w := whole[n]) else Fraction(0) for n, q in enumerate(periods)]
        )

    def spent(self, sip: str) -> list[int]:
        """Quarter-days by period that a SIP has given before *since*."""
        out = [0, 0, 0, 0]
        for k in self.of_sip.get(sip, ()):
            out = [a + b for a, b in zip(out, k.periods, strict=True)]
            out[self.b.period_of(k.start)] += k.extra
        return out

    # -- days from since on --------------------------------------------------------------------------------

    def _parts(self, year: Sequence[Post]) -> list[Post]:
        spans: dict[Key, list[Span]] = {}
        rebuild = self.earlier is not None and self.earlier.rebuild
        for post in year:
            if post.end < self.since:
                self.ended.append(post)
            elif rebuild:
                spans[post.key] = [Span(max(self.since, post.begin), post.end, None)]
            else:
                spans[post.key] = list(self._at_joiners(self._spans(post)))
        if not rebuild:
            self._at_each_other(spans)
            spans = {key: [s for s in mine if not self._in_vain(s)] for key, mine in spans.items()}
        out = []
        for post in year:
            if post.key in spans:
                parts = self._days(post, spans[post.key])
                for part, span in zip(parts, spans[post.key], strict=True):
                    self._note(part, span)
                out += parts
        return out

    def _note(self, part: Post, span: Span) -> None:
        if span.sip:
            self.holders[part.key] = span.sip
        if span.later:
            self.later.add(part.key)
        for start, r in self._holding(part.urn, part.kind):
            if start <= part.begin <= r.end:
                self.was[part.key] = r.sip

    def _holding(self, urn: str, kind: str) -> Iterator[tuple[dt.date, Piece]]:
        """Rows of a post with the day from which they hold it: of one who began late, as soon as nobody else did."""
        free = dt.date.min
        for r in self.rows.get((urn, kind), ()):
            yield free if self.b.waits(r.sip, r.start) else r.start, r
            free = r.end + ONE

    def _spans(self, post: Post) -> list[Span]:
        """Longest runs of days kept by one holder, and of open days."""
        out: list[Span] = []

        def add(start: dt.date, end: dt.date, sip: str | None = None) -> None:
            if out and out[-1].sip == sip and out[-1].end + ONE == start:
                start = out.pop().start
            out.append(Span(start, end, sip))

        day = max(self.since, post.begin)
        for begin, r in self._holding(*post.key):
            kept = self.keeps(post, r.sip)
            if begin < r.start and any(a <= r.start <= z for a, z in kept):  # awaited: no rule is asked of those days
                kept = [(begin if a <= r.start else a, z) for a, z in kept if z >= r.start]
            elif begin < r.start:  # awaited in vain: nobody's until that is told, and open after it
                if day < begin:
                    add(day, begin - ONE)
                day = max(day, begin, min(self._tells(post, r), r.start))
                kept = [(a, z) for a, z in kept if a > r.start]
            for start, end in kept:
                start, end = max(start, begin, day), min(end, r.end, post.end)
                if start > end:
                    continue
                if start > day:
                    add(day, start - ONE)
                add(start, end, r.sip)
                day = end + ONE
        if day <= post.end:
            add(day, post.end)
        return out

    def _tells(self, post: Post, r: Piece) -> dt.date:
        """The day from which it is told what bars a SIP on the day they join."""
        s, p, joins = self.b.sips[r.sip], self.b.policy, r.start
        days: list[dt.date] = []
        for (start, _), bars in self.readings:
            if start <= joins:
                days = [*days, start] if self.lasting(post, s, bars) else []
        if p.availability.on:
            accepted = self.earlier.accepted if self.earlier else set()
            away = [run for run in runs(self.b.find.absences.get(s.sip, ())) if (s.sip, *run) not in accepted]
            days += [a for a, z in away if a <= joins <= z]
            days += [d + ONE for d in (s.leaves_on, s.contract_ends) if d and d < joins]
            days += [dt.date.min] * (s.status not in (None, "active"))
        if p.require_dbs:
            never = s.dbs_checked_on is None and s.dbs_valid_until is None
            days += [dt.date.min] * (never or (s.dbs_checked_on or joins) > joins)
            days += [s.dbs_valid_until + ONE] if s.dbs_valid_until and s.dbs_valid_until < joins else []
        return min(days, default=joins)

    def keeps(self, post: Post, sip: str) -> list[tuple[dt.date, dt.date]]:
        """Spans of time from *since* on in which nothing bars this holder of a post of the year."""
        row = self.b.sips.get(sip)
        if row is None:
            return []
        free = [span for span, bars in self.readings if not self.lasting(post, row, bars)]
        spans = ((max(a, c), min(z, d)) for a, z in self._there(row) for c, d in free)
        return sorted((a, z) for a, z in spans if a <= z)

    def lasting(self, post: Post, sip: Sip, bars: Bars) -> list[str]:
        """The rules that bar a holder by one reading of the tables; the floor by the year's."""
        floor = self.bars.tests.get("floor")
        return bars.lasting(post, sip) + (["floor"] if floor and floor(self.b, post, sip) else [])

    def reading(self, day: dt.date) -> Bars:
        """The tables as they stand on a day from *since* on."""
        return next(bars for (start, end), bars in self.readings if start <= day <= end)

    def _read(self) -> list[tuple[tuple[dt.date, dt.date], Bars]]:
        days = [self.since, *turning(self.b.case, self.since)]
        ends = [*(day - ONE for day in days[1:]), dt.date.max]
        books = [Book(standing_on(self.b.case, day), self.b.policy) if len(days) > 1 else self.b for day in days]
        return [((a, z), Bars(book, {})) for a, z, book in zip(days, ends, books, strict=True)]

    def _there(self, s: Sip) -> list[tuple[dt.date, dt.date]]:
        """Spans in which a SIP is there (*availability*), with a check in force (*dbs*)."""
        p, start, end = self.b.policy, dt.date.min, dt.date.max
        away: list[tuple[dt.date, dt.date]] = []
        if p.availability.on:
            if s.status not in (None, "active"):
                return []
            start = s.joined_on if s.joined_on and s.joined_on > self.b.on(p.calendar.latest_start) else start
            end = min(s.leaves_on or end, s.contract_ends or end)
            accepted = self.earlier.accepted if self.earlier else set()
            away = [run for run in runs(self.b.find.absences.get(s.sip, ())) if (s.sip, *run) not in accepted]
        if p.require_dbs:
            if s.dbs_checked_on is None and s.dbs_valid_until is None:
                return []
            start, end = max(start, s.dbs_checked_on or start), min(end, s.dbs_valid_until or end)
        out = []
        for first, last in away:
            if first > start:
                out.append((start, min(first - ONE, end)))
            start = max(start, last + ONE)
        return [*out, (start, end)]

    @cached_property
    def _late(self) -> set[dt.date]:
        """Days on which somebody joins too late to have begun with the year."""
        latest = self.b.on(self.b.policy.calendar.latest_start)
        active = (s for s in self.b.sips.values() if s.status in (None, "active"))
        return {s.joined_on for s in active if s.joined_on and s.joined_on > latest}

    def _at_joiners(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Open runs cut where somebody joins too late to have begun with them."""
        for span in spans:
            yield from _cut(span, self._late if span.sip is None else ())

    def _at_each_other(self, spans: dict[Key, list[Span]]) -> None:
        """Leads that must have one SIP change hands on the same days."""
        changed = True
        while changed:
            changed = False
            for _, urns in one_lead(self.b):
                mine = [(u, "lead") for u in urns if (u, "lead") in spans]
                days = {d for key in mine for s in spans[key] for d in (s.start, s.end + ONE)}
                for key in mine:
                    cut = [c for s in spans[key] for c in _cut(s, days)]
                    changed |= len(cut) > len(spans[key])
                    spans[key] = cut

    def _in_vain(self, span: Span) -> bool:
        """Whether it is kept for somebody who joins after its end."""
        joins = self.b.sips[span.sip].joined_on if span.sip and self.b.policy.availability.on else None
        return joins is not None and span.end < joins

    # -- days of parts ---------------------------------------------------------------------------------------

    def _days(self, post: Post, spans: list[Span]) -> list[Post]:
        past = self.of_post.get(post.key, [])
        if not past and [(s.start, s.end) for s in spans] == [(post.begin, post.end)]:
            return [post]
        given = sum(sum(k.periods) for k in past)
        shared = self._shared(post.periods, post.due, given, tuple((s.start, s.end) for s in spans))
        return [
            replace(post, part=n, due=sum(four), begin=s.start, end=s.end, periods=four, trims=trims)
            for n, (s, (four, trims)) in enumerate(zip(spans, shared, strict=True), 1)
        ]

    @once
    def _shared(
        self, periods: tuple[int, ...], due: int, given: int, spans: tuple[tuple[dt.date, dt.date], ...]
    ) -> list[tuple[tuple[int, ...], dict[int, tuple[int, ...]]]]:
        """What is left to give over spans of days: the periods and the trims of each."""
        shares = [[q * self._covered(n, *span) for n, q in enumerate(periods)] for span in spans]
        if not any(map(any, shares)):
            shares[0][self.b.period_of(spans[0][0])] = Fraction(1)
        cells = apportion(max(0, due - given), [x for row in shares for x in row])
        fours = [tuple(cells[4 * n : 4 * n + 4]) for n in range(len(spans))]
        dues = [Fraction(sum(four)) for four in fours]
        low = max(0, -int(-4 * Fraction(dec(self.b.policy.days.floor)) // 1) - given)
        floors = apportion(low, dues if any(dues) else [Fraction(int(n == 0)) for n in range(len(spans))])
        return [(four, self._trims(sum(four), floors[n], shares[n])) for n, four in enumerate(fours)]

    def _trims(self, due: int, low: int, shares: list[Fraction]) -> dict[int, tuple[int, ...]]:
        step, out = nearest(4 * dec(self.b.policy.days.trim_step)), {}
        for short in range(step, due - low + 1, step) if step > 0 else ():
            out[short] = tuple(apportion(due - short, shares))
        return out

    @once
    def _covered(self, n: int, start: dt.date, end: dt.date) -> Fraction:
        """Share of period n from start to end."""
        a, z = self.b.bounds()[n]
        whole = (z - a).days + 1
        return Fraction(max(0, (min(z, end) - max(a, start)).days + 1), whole) if whole > 0 else Fraction(0)

    # -- loads -----------------------------------------------------------------------------------------------

    def new_pairing(self, post: Post, sip: Sip) -> bool:
        """Whether the service's time for a new pairing falls to this part."""
        b = self.b
        if post.kind == "appraisal" or any(int(h.year[:4]) == b.start - 1 for h in b.with_sip(post.urn, sip.sip)):
            return False
        earlier = [p for p in self.parts[post.urn, post.kind] if p.part < post.part]
        known = [*(k.sip for k in self.of_school.get(post.urn, ())), *(self.holders.get(p.key) for p in earlier)]
        return sip.sip not in known and not (
            post.key in self.later and (sip.joined_on is None or sip.joined_on < post.begin)
        )

    def loads(self, post: Post, sip: Sip, short: int = 0) -> list[int]:
        """Quarter-days by period, the service's own extra time in the first period worked."""
        out = list(post.trims[short] if short else post.periods)
        out[self.b.period_of(self.b.begins(post, sip))] += self.extra(post, sip)
        return out

    def extra(self, part: Post, sip: Sip) -> int:
        """The service's own time at a part, in quarter-days."""
        return self._extra(part.key, sip.sip)

    @once
    def _extra(self, key: Key, sip: str) -> int:
        post, days, out = self.by_key[key], self.b.policy.days, 0
        if self.new_pairing(post, self.b.sips[sip]):
            out += nearest(4 * dec(days.new_pairing))
        first = post.part == 1 and not self.of_post.get((post.urn, post.kind))
        if post.kind == "lead" and first and self.b.new_head(post.urn):
            out += nearest(4 * dec(days.new_head))
        return out

    def meet(self, one: Post, two: Post) -> bool:
        """Whether rules on two posts or parts ask of them together: within the year, when they share a day."""
        return self.earlier is None or one.meets(two)

    def at(self, post: Key, day: dt.date) -> Key | None:
        """The part of a post that a day falls in; in an annual allocation, the post."""
        if self.earlier is None:
            return post if post in self.by_key else None
        return next((p.key for p in self.parts.get(post, ()) if p.begin <= day <= p.end), None)


def _cut(span: Span, days: Iterable[dt.date]) -> Iterator[Span]:
    """A span cut before each of the days that falls within it."""
    starts = [span.start, *sorted(d for d in days if span.start < d <= span.end)]
    for n, (start, after) in enumerate(zip(starts, [*starts[1:], span.end + ONE], strict=True)):
        yield Span(start, after - ONE, span.sip, span.sip is None and (span.later or n > 0))
