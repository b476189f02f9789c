"""The year as days: what is past on the day something changes, what is kept from then on, and what is open.

A repair goes on from the rows of a plan. What lies before `since` is fact; from then on every day of every post is
looked at anew, and falls into parts that are decided together (docs/reference/rules.md, "In the year").
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache

from allocator.domain.calendar import Four, apportioned, half_up, quarters
from allocator.domain.case import PostKind, Sip
from allocator.domain.facts import Facts
from allocator.domain.posts import Five, Post, trims_of

Key = tuple[str, str]  # (urn, kind) of a post; (urn, slot) of a part
Span = tuple[dt.date, dt.date]  # first and last day, both included
Bars = Callable[["Stretch"], Sequence[Span]]  # the days on which a row's SIP may not hold its post
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
    planned: Span | None = None  # the days that `periods` are of, where the post has since become shorter

    @property
    def key(self) -> Key:
        return self.urn, self.kind


@dataclass(frozen=True)
class Standing:
    """`open`: the parts to be decided; `holders`: who holds each kept part; `was`: who held each part's first day in
    the plan gone on from; `fixed`: past pieces; `event`: parts whose days a bar opened; `assumed`: SIPs whose days
    given were taken from the calendar, the `worked` table saying nothing of them."""

    since: dt.date
    open: tuple[Post, ...]
    holders: Mapping[Key, str]
    was: Mapping[Key, str]
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

    def kept(self, urn: str, kind: str) -> dict[Key, str]:
        """Holders of a post's kept parts."""
        slots = [p.key for p in self.open if (p.urn, p.kind) == (urn, kind)]
        return {k: self.holders[k] for k in slots if k in self.holders}


@dataclass(frozen=True)
class Run:
    """Days of a post that are alike: kept by one holder, or open. `late`: an open run goes on in it."""

    start: dt.date
    end: dt.date
    holder: str | None
    barred: bool = False  # open, and somebody held a day of it
    late: bool = False


def standing(
    facts: Facts,
    rows: Iterable[Stretch],
    since: dt.date,
    bars: Bars,
    together: Iterable[Sequence[str]] = (),
    *,
    rebuild: bool = False,
) -> Standing:
    """Cut a plan's rows at `since`: `facts` are those of the changed case, seen as a whole year. `together`: schools
    that must have one lead. In a rebuild nobody holds anything from `since` on."""
    return _Cut(facts, since, bars).all(list(rows), [tuple(urns) for urns in together], rebuild)


def of_absence(rows: Iterable[Span]) -> set[Span]:
    """Absences with those that overlap, or follow without a day between, made one."""
    out: list[Span] = []
    for start, end in sorted(rows):
        if out and start <= out[-1][1] + DAY:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return set(out)


class _Cut:
    def __init__(self, facts: Facts, since: dt.date, bars: Bars) -> None:
        self.facts, self.since, self.bars = facts, since, bars
        self.within, self.parted = cache(facts.year.within), cache(self._parted)  # few differ
        self.shares = cache(self._shares)
        self.joins = sorted({d for s in facts.sips.values() if (d := self.joining(s)) is not None})
        self.worked: dict[tuple[str, str, str], list[tuple[dt.date, Fraction]]] = defaultdict(list)
        self.kept_record: set[str] = set()
        for w in facts.case.worked:
            self.kept_record.add(w.sip)
            self.worked[w.urn, w.post, w.sip].append((w.on, quarters(w.days)))
        self.assumed: set[str] = set()

    def joining(self, sip: Sip) -> dt.date | None:
        """When a SIP comes too late for a post of the whole year."""
        if sip.status not in (None, "active") or sip.joined_on is None:
            return None
        return sip.joined_on if sip.joined_on > self.facts.year.latest_start else None

    def all(self, rows: list[Stretch], together: list[tuple[str, ...]], rebuild: bool) -> Standing:
        posts = {p.key: p for p in self.facts.year_posts}
        mine = self.by_post(rows, posts)
        fixed = {key: [part for r in stretches if (part := self.before(r))] for key, stretches in mine.items()}
        runs: dict[Key, list[Run]] = {}
        for key, post in posts.items():
            start = max(self.since, post.start)
            if start <= post.end:
                runs[key] = [Run(start, post.end, None)] if rebuild else self.runs(start, post.end, mine.get(key, []))
        if not rebuild:
            self.align(runs, together)
            runs = {key: [run for run in mine if not self.in_vain(run)] for key, mine in runs.items()}
        parts = [p for key in posts if key in runs for p in self.parts(posts[key], runs[key], fixed.get(key, []))]
        run_of = {p.key: runs[p.urn, p.kind][p.n - 1] for p in parts}
        was = {
            p.key: r.sip for p in parts for r in mine.get((p.urn, p.kind), ()) if self.holds(r, mine[r.key], p.start)
        }
        pieces = tuple(piece for key in sorted(fixed) for piece in fixed[key])
        return Standing(
            since=self.since,
            open=tuple(parts),
            holders={k: r.holder for k, r in run_of.items() if r.holder},
            was=was,
            fixed=pieces,
            event=frozenset(k for k, r in run_of.items() if r.barred),
            assumed=tuple(sorted(self.assumed)),
            _spent=self.spent(pieces),
            _served=self.served(pieces),
        )

    def by_post(self, rows: list[Stretch], posts: Mapping[Key, Post]) -> dict[Key, list[Stretch]]:
        """Rows by post, in order of time, within the post; those of a URN now gone go to its successor."""
        named, out = {r.urn for r in rows}, defaultdict(list)
        for row in sorted(rows, key=lambda r: (r.start, r.sip)):
            gone = row.urn not in self.facts.schools
            heirs = [u for u in self.facts.successors(row.urn) if gone and u not in named]
            row = replace(row, urn=heirs[0]) if heirs else row
            post = posts.get(row.key)
            if post is not None:
                start, end = max(row.start, post.start), min(row.end, post.end)
                planned = (row.start, row.end) if (start, end) != (row.start, row.end) else None
                row = replace(row, start=start, end=end, planned=planned)
            if row.start <= row.end:
                out[row.key].append(row)
        return out

    # -- days to runs ------------------------------------------------------------------------------------

    def runs(self, start: dt.date, end: dt.date, rows: Sequence[Stretch]) -> list[Run]:
        """The days from start to end as runs that are alike."""
        out: list[Run] = []
        for run in self.days(start, end, rows):
            last = out[-1] if out else None
            if last is not None and last.holder == run.holder and last.end + DAY == run.start:
                out[-1] = replace(last, end=run.end, barred=last.barred or run.barred)
            else:
                out.append(run)
        return [piece for run in out for piece in self.joined(run)]

    def days(self, start: dt.date, end: dt.date, rows: Sequence[Stretch]) -> Iterator[Run]:
        """Gaps between rows, and each row's kept and barred days, in order of time."""
        at = start
        for row in rows:
            first, last = max(row.start, at), min(row.end, end)
            if first > last:
                continue
            spans = sorted(self.bars(row))
            tells = min((a for a, b in spans if a <= first <= b), default=None)  # the bar on its first day
            if at < first and (tells is not None or not self.awaited(row)):
                start = max(at, tells) if tells is not None and self.awaited(row) else at
                if start < first:  # what comes before, awaited in vain, is nobody's and stays so
                    yield Run(start, first - DAY, None)
                at = first
            for a, b in spans:
                a, b = max(a, first, at), min(b, last)
                if a > b:
                    continue
                if at < a:
                    yield Run(at, a - DAY, row.sip)
                yield Run(a, b, None, barred=True)
                at = b + DAY
            if at <= last:
                yield Run(at, last, row.sip)
            at = last + DAY
        if at <= end:
            yield Run(at, end, None)

    def awaited(self, row: Stretch) -> bool:
        """Whether the row begins on the day on which its SIP joins, in time: the days before are theirs too."""
        sip = self.facts.sips.get(row.sip)
        in_time = not self.facts.policy.availability.on or row.start <= self.facts.year.latest_start
        return in_time and sip is not None and sip.joined_on == row.start

    def holds(self, row: Stretch, rows: Sequence[Stretch], day: dt.date) -> bool:
        """Whether a day is the row's, those of one awaited too."""
        if row.start <= day:
            return day <= row.end
        return self.awaited(row) and not any(r.start < row.start and day <= r.end for r in rows)

    def in_vain(self, run: Run) -> bool:
        """Whether days kept for a holder who joins later end before that: nobody's, and not decided."""
        sip = self.facts.sips[run.holder] if run.holder and self.facts.policy.availability.on else None
        return sip is not None and sip.joined_on is not None and run.end < sip.joined_on

    def joined(self, run: Run) -> list[Run]:
        """An open run, cut before each day on which a SIP joins."""
        return [run] if run.holder else cut(run, [d for d in self.joins if run.start < d])

    def align(self, runs: dict[Key, list[Run]], together: Iterable[Sequence[str]]) -> None:
        """Schools with one lead are cut on the same days, also where one school is in two such groups."""
        groups, size = [[(u, "lead") for u in urns if (u, "lead") in runs] for urns in together], 0
        while size != (size := sum(map(len, runs.values()))):
            for keys in groups:
                edges = sorted({d for k in keys for r in runs[k] for d in (r.start, r.end + DAY)})
                for k in keys:
                    runs[k] = [piece for run in runs[k] for piece in cut(run, edges)]

    # -- runs to parts -----------------------------------------------------------------------------------

    def parts(self, post: Post, runs: Sequence[Run], past: Sequence[Stretch]) -> list[Post]:
        """The post's parts from now on, with the days that are left to give."""
        if len(runs) == 1 and not past and (runs[0].start, runs[0].end) == (post.start, post.end):
            return [post]
        given = sum(sum(p.periods) for p in past)
        left = max(0, post.due - given)
        shares = [share for r in runs for share in self.shares(post.periods, r.start, r.end)]
        if not any(shares):
            shares = [Fraction(n == self.facts.year.period(runs[0].start)) for n in range(4 * len(runs))]
        cells = apportioned(left, shares)
        due = [sum(cells[4 * i : 4 * i + 4]) for i in range(len(runs))]
        floors = apportioned(self.floor(given), due if any(due) else [1, *([0] * (len(runs) - 1))])
        out: list[Post] = []
        holders: list[str] = []
        for i, run in enumerate(runs):
            four = cells[4 * i], cells[4 * i + 1], cells[4 * i + 2], cells[4 * i + 3]
            mine = shares[4 * i : 4 * i + 4]
            if not any(mine):
                mine = [Fraction(n == self.facts.year.period(run.start)) for n in range(4)]
            out.append(
                replace(
                    post,
                    due=due[i],
                    start=run.start,
                    end=run.end,
                    periods=four,
                    trims=trims_of(self.facts, due[i], four, mine, floors[i]),
                    begun=bool(past) or i > 0,
                    n=i + 1,
                    of=len(runs),
                    late=run.late,
                    earlier=tuple(holders),
                )
            )
            holders += [run.holder] if run.holder else []
        return out

    def _shares(self, periods: Four, start: dt.date, end: dt.date) -> list[Fraction]:
        return [q * self.within(n, start, end) for n, q in enumerate(periods)]

    def floor(self, given: int) -> int:
        """Quarter-days under which the rest of the year may not be trimmed."""
        return max(0, -(-quarters(self.facts.policy.days.floor) // 1) - given)

    # -- what is past ------------------------------------------------------------------------------------

    def before(self, row: Stretch) -> Stretch | None:
        """The part of a row before the change: from the `worked` table, or by the calendar."""
        if row.start >= self.since:
            return None
        if row.end < self.since and row.planned is None:
            return row
        last = min(row.end, self.since - DAY)
        if row.sip not in self.kept_record:
            self.assumed.add(row.sip)
            four = self.parted(row.periods, row.planned or (row.start, row.end), (row.start, last))
            return replace(row, end=last, periods=four, planned=None)
        given = [Fraction(0)] * 4
        for on, q in self.worked.get((row.urn, row.kind, row.sip), ()):
            if row.start <= on < self.since:
                given[self.facts.year.period(on)] += q
        return replace(row, end=last, periods=_four(given), planned=None)

    def _parted(self, periods: Four, whole: Span, part: Span) -> Four:
        """Of days planned over the whole, those of a part, by the calendar."""
        shares = ((self.within(n, *part), self.within(n, *whole)) for n in range(4))
        return _four([q * a / b if b else Fraction(0) for q, (a, b) in zip(periods, shares, strict=True)])

    def spent(self, past: Iterable[Stretch]) -> dict[str, Five]:
        out: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        for part in past:
            mine = out[part.sip]
            for n, q in enumerate(part.periods, 1):
                mine[n] += q
            mine[1 + self.facts.year.period(part.start)] += part.extra
            mine[0] += sum(part.periods) + part.extra
        return {s: (q[0], q[1], q[2], q[3], q[4]) for s, q in out.items()}

    @staticmethod
    def served(past: Iterable[Stretch]) -> dict[str, frozenset[str]]:
        out: dict[str, set[str]] = defaultdict(set)
        for part in past:
            out[part.urn].add(part.sip)
        return {u: frozenset(s) for u, s in out.items()}


def _four(exact: Sequence[Fraction]) -> Four:
    q = [half_up(x) for x in exact]
    return q[0], q[1], q[2], q[3]


def cut(run: Run, edges: Iterable[dt.date]) -> list[Run]:
    """A run in pieces that begin on these days."""
    starts = [run.start, *(d for d in sorted(edges) if run.start < d <= run.end)]
    ends = [*(d - DAY for d in starts[1:]), run.end]
    return [
        replace(run, start=a, end=b, late=run.late or (n > 0 and run.holder is None))
        for n, (a, b) in enumerate(zip(starts, ends, strict=True))
    ]
