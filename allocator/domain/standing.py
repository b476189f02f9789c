"""Where a plan stands on the day something changes: what is given, what is held, what is still open.

A repair plans only the part of each post that is still open (docs/reference/rules.md, "In the year").
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from allocator.domain.calendar import Four, half_up, largest_remainder, quarters
from allocator.domain.case import PostKind, Sip
from allocator.domain.facts import Facts
from allocator.domain.posts import Five, Post, trims_of

Key = tuple[str, str]
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """One holder of a post for a part of the year; quarter-days. `extra` is the service's own time on top,
    in the period of `start`."""

    urn: str
    kind: PostKind
    sip: str
    start: dt.date
    end: dt.date
    periods: Four
    extra: int = 0
    new_pairing: bool = False

    @property
    def key(self) -> Key:
        return self.urn, self.kind


@dataclass(frozen=True)
class Standing:
    """`open`: the posts still to be decided; `holders`: who holds each; `fixed`: what stands whatever is
    decided; `event`: posts whose holder can no longer serve; `assumed`: SIPs whose days given were taken
    from the calendar, the `worked` table saying nothing of them."""

    since: dt.date
    open: tuple[Post, ...]
    holders: Mapping[Key, str]
    fixed: tuple[Stretch, ...]
    event: frozenset[Key]
    assumed: tuple[str, ...]
    _spent: Mapping[str, Five] = field(default_factory=dict)
    _served: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def spent(self, sip: str) -> Five:
        return self._spent.get(sip, (0, 0, 0, 0, 0))

    def served(self, urn: str) -> frozenset[str]:
        """SIPs who have worked at the school this year, up to the change."""
        return self._served.get(urn, frozenset())


def away(sip: Sip | None, absences: Sequence[tuple[dt.date, dt.date]], start: dt.date, end: dt.date) -> dt.date | None:
    """The first day from start to end on which the SIP cannot work; None when there is none."""
    if start > end:
        return None
    if sip is None or sip.status not in (None, "active"):
        return start
    days = [max(start, a) for a, b in absences if a <= end and b >= start]
    days += [max(start, last + DAY) for last in (sip.leaves_on, sip.contract_ends) if last and last < end]
    return min(days, default=None)


def standing(facts: Facts, rows: Iterable[Stretch], since: dt.date) -> Standing:
    """Cut a plan's rows at `since`: `facts` are those of the changed case, seen as a whole year."""
    return _Cut(facts, since).all(rows)


class _Cut:
    def __init__(self, facts: Facts, since: dt.date) -> None:
        self.facts, self.since = facts, since
        self.absences: dict[str, list[tuple[dt.date, dt.date]]] = defaultdict(list)
        for row in facts.case.absences:
            self.absences[row.sip].append((row.away_from, row.away_to))
        self.worked: dict[tuple[str, str, str], list[tuple[dt.date, Fraction]]] = defaultdict(list)
        self.kept_record: set[str] = set()
        for w in facts.case.worked:
            self.kept_record.add(w.sip)
            self.worked[w.urn, w.post, w.sip].append((w.on, quarters(w.days)))
        self.assumed: set[str] = set()

    def all(self, rows: Iterable[Stretch]) -> Standing:
        by_key: dict[Key, list[Stretch]] = defaultdict(list)
        rows = list(rows)
        named = {r.urn for r in rows}
        for row in rows:
            heirs = [u for u in self.facts.successors(row.urn) if row.urn not in self.facts.schools and u not in named]
            by_key[heirs[0] if heirs else row.urn, row.kind].append(replace(row, urn=heirs[0]) if heirs else row)
        open_, fixed, holders, event = [], [], {}, set()
        posts = {p.key: p for p in self.facts.year_posts}
        for key in sorted({*by_key, *posts}):
            mine = sorted(by_key.get(key, ()), key=lambda r: r.start)
            post = posts.get(key)
            if post is None:
                fixed += [part for r in mine if (part := self.before(r, self.since))]
                continue
            cut = self.cut(post, mine)
            fixed += cut.fixed
            if cut.post is not None:
                open_.append(cut.post)
                if cut.holder:
                    holders[key] = cut.holder
                if cut.event:
                    event.add(key)
        order = {p.key: n for n, p in enumerate(self.facts.year_posts)}
        open_.sort(key=lambda p: order[p.key])
        spent, served = self.tally(fixed)
        return Standing(
            self.since, tuple(open_), holders, tuple(fixed), frozenset(event), tuple(sorted(self.assumed)),
            spent, served,
        )  # fmt: skip

    def tally(self, fixed: Sequence[Stretch]) -> tuple[dict[str, Five], dict[str, frozenset[str]]]:
        spent: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        served: dict[str, set[str]] = defaultdict(set)
        for part in fixed:
            mine = spent[part.sip]
            for n, q in enumerate(part.periods, 1):
                mine[n] += q
            mine[1 + self.facts.year.period(part.start)] += part.extra
            mine[0] += sum(part.periods) + part.extra
            if part.start < self.since:
                served[part.urn].add(part.sip)
        return (
            {s: (q[0], q[1], q[2], q[3], q[4]) for s, q in spent.items()},
            {u: frozenset(s) for u, s in served.items()},
        )

    # -- one post --------------------------------------------------------------------------------------

    def cut(self, post: Post, rows: list[Stretch]) -> _Part:
        """The open part of a post, who holds it, and what stays as it is on both sides."""
        rows = [r if r.end <= post.end else replace(r, end=post.end) for r in rows if r.start <= post.end]
        if rows:  # the last holder's time runs to the post's end, should it now be later
            rows[-1] = replace(
                rows[-1], end=max(rows[-1].end, post.end if rows[-1].end >= self.since else rows[-1].end)
            )
        gone = {n: day for n, r in enumerate(rows) if (day := self.first_missing(r)) is not None}
        if gone:
            at, last = min(gone, key=lambda n: gone[n]), max(gone)
            start, end = gone[at], self.returns(rows[last], gone[last]) or rows[last].end
        else:
            running = [n for n, r in enumerate(rows) if r.end >= self.since]
            if not running and (rows or post.end < self.since):
                return _Part(None, None, tuple(rows), False)
            at = running[0] if running else -1
            start = max(rows[at].start if running else post.start, self.since)
            end = rows[at].end if running else post.end
        fixed = [p for r in rows if (p := self.before(r, start))] + [p for r in rows if (p := self.after(r, end))]
        given = sum(sum(p.periods) for p in fixed)
        left = max(0, post.due - given)
        shares = self.shares(post, start, end)
        periods = largest_remainder(left, shares)
        begun = any(p.start < start for p in fixed)
        trims = trims_of(self.facts, left, periods, shares, given)
        opened = replace(post, due=left, start=start, end=end, periods=periods, trims=trims, begun=begun)
        if start == post.start and end == post.end and not fixed:
            opened = post
        return _Part(opened, rows[at].sip if rows else None, tuple(fixed), bool(gone))

    def first_missing(self, row: Stretch) -> dt.date | None:
        sip = self.facts.sips.get(row.sip)
        return away(sip, self.absences.get(row.sip, ()), max(row.start, self.since), row.end)

    def returns(self, row: Stretch, missing: dt.date) -> dt.date | None:
        """The last day of the absence that begins on `missing`, when the SIP is back before the row's end."""
        sip = self.facts.sips.get(row.sip)
        day = missing
        while day <= row.end and away(sip, self.absences.get(row.sip, ()), day, day):
            day += DAY
        return day - DAY if day <= row.end else None

    def shares(self, post: Post, start: dt.date, end: dt.date) -> tuple[Fraction, ...]:
        """How the open days fall over the periods: the post's own, where time is left in them."""
        year = self.facts.year
        out = tuple(q * year.within(n, start, end) for n, q in enumerate(post.periods))
        if not any(out):
            out = tuple(Fraction(n == year.period(start)) for n in range(4))
        return out

    def before(self, row: Stretch, day: dt.date) -> Stretch | None:
        """The part of a row before `day`: from the `worked` table, or by the calendar."""
        if row.start >= day:
            return None
        if row.end < day:
            return row
        if row.sip in self.kept_record:
            given = [Fraction(0)] * 4
            for on, q in self.worked.get((row.urn, row.kind, row.sip), ()):
                if row.start <= on < day:
                    given[self.facts.year.period(on)] += q
        else:
            self.assumed.add(row.sip)
            given = [q * self.part(row, n, row.start, day - DAY) for n, q in enumerate(row.periods)]
        p = [half_up(q) for q in given]
        return replace(row, end=day - DAY, periods=(p[0], p[1], p[2], p[3]))

    def after(self, row: Stretch, day: dt.date) -> Stretch | None:
        """The part of a row after `day`, by the calendar; its extra time is already given."""
        if row.end <= day:
            return None
        if row.start > day:
            return row
        p = [half_up(q * self.part(row, n, day + DAY, row.end)) for n, q in enumerate(row.periods)]
        return replace(row, start=day + DAY, periods=(p[0], p[1], p[2], p[3]), extra=0)

    def part(self, row: Stretch, n: int, start: dt.date, end: dt.date) -> Fraction:
        """Share of the row's own days in period n that fall from start to end."""
        whole = self.facts.year.within(n, row.start, row.end)
        return self.facts.year.within(n, start, end) / whole if whole else Fraction(0)


@dataclass(frozen=True)
class _Part:
    post: Post | None
    holder: str | None
    fixed: tuple[Stretch, ...]
    event: bool
