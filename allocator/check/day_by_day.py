"""Every day of a plan judged by every hard rule, plainly: who holds what that day, and may they?

A second look, beside the reckoning by parts (`standing`): it reads the plan's rows as they are, settled or not,
and asks of each day from *since* on. Between two days on which something begins or ends nothing changes, so one of
them is asked.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from allocator.check.derived import Post, dec, floor
from allocator.check.earlier import ONE, runs, turning
from allocator.check.ledger import by
from allocator.check.score import Auditor
from allocator.check.structure import PERIODS, Breach, Key, most_schools
from allocator.check.together import one_lead
from allocator.domain.case import Sip
from allocator.domain.plan import Assignment, Plan

Span = tuple[dt.date, dt.date]


def judge(a: Auditor, plan: Plan) -> Iterator[Breach]:
    """Breaches on the days that the plan decides."""
    yield from _Judge(a, plan).all()


class _Judge:
    def __init__(self, a: Auditor, plan: Plan) -> None:
        self.a, self.b, self.plan = a, a.book, plan
        r = plan.inputs.repaired
        self.since = r.since if r else self.b.first
        self.rebuild = r is None or r.rebuild
        self.turning = turning(self.b.case, self.since)
        self.year = {p.key: p for p in self.b.year_posts}
        self.rows = [x for x in plan.assignments if x.to >= self.since]
        self.of_post = by(sorted(self.rows, key=lambda x: x.from_), lambda x: (x.urn, str(x.post)))
        heir = {old: urn for urn, olds in self.b.old.items() for old in olds if old not in self.b.schools}
        self.held = by(r.rows if r else (), lambda x: (heir.get(x.urn, x.urn), str(x.post), x.sip))
        self.accepted = a.stand.earlier.accepted if a.stand.earlier else set()

    def all(self) -> Iterator[Breach]:
        for key, mine in self.of_post.items():
            if key not in self.year:
                text = f"{key[0]} has no {key[1]} post this year, and {mine[0].sip} holds it after {self.since}."
                yield Breach("participation", text, *key, mine[0].sip)
                continue
            for x in mine:
                yield from self._row(self.year[key], x)
            for one, two in pairwise(mine):
                if two.from_ <= one.to:
                    yield Breach("figures", f"{key[0]} ({key[1]}) is filled twice on {two.from_}.", *key, two.sip)
        for key, post in self.year.items():
            yield from self._covered(key, post)
        for day in sorted({self.since, *(d for x in self.rows for d in (x.from_, x.to + ONE) if d > self.since)}):
            yield from self._day(day)
        yield from self._caps()

    # -- one row -----------------------------------------------------------------------------------------

    def _row(self, post: Post, x: Assignment) -> Iterator[Breach]:
        """Its window, and whether its SIP may hold the post on each of its days."""
        name, key = f"{x.urn} ({x.post})", (x.urn, str(x.post))
        if x.settled and self.plan.inputs.repaired is None:
            yield Breach("repair", f"{name}: a plan for the whole year has nothing settled before it.", *key, x.sip)
        start = max(x.from_, self.since)
        if start < post.begin or x.to > post.end or x.from_ > x.to:
            text = f"{name}: {x.sip} holds it from {x.from_} to {x.to}; it runs from {post.begin} to {post.end}."
            yield Breach("figures", text, *key, x.sip)
            return
        if x.settled:
            yield Breach(
                "repair", f"{name}: {x.sip} is settled there after {self.since}, when all is judged.", *key, x.sip
            )
        sip = self.b.sips.get(x.sip)
        if sip is None:
            yield Breach("availability", f"{name}: {x.sip} is not a SIP of this case.", *key, x.sip)
            return
        for first, last in self._taken_on(post, x, sip, start):
            for rule in self._taken(post, sip, first, last):
                text = f"{sip.name} ({x.sip}) may not hold {x.post} at {x.school} ({x.urn}) on {first}: {rule}."
                yield Breach(rule, text, *key, x.sip)

    def _stretches(self, post: Post, x: Assignment, start: dt.date) -> Iterator[tuple[Span, bool]]:
        """The row's days from *since* on, parted into those its SIP had already and those it takes on."""
        day = start
        for had in self.held.get((*post.key, x.sip), ()) if not self.rebuild else ():
            first, last = day if self.b.waits(x.sip, had.from_) else max(had.from_, day), min(had.to, x.to)
            if first > last:
                continue
            if first > day:
                yield (day, first - ONE), False
            yield (first, last), True
            day = last + ONE
        if day <= x.to:
            yield (day, x.to), False

    def _taken_on(self, post: Post, x: Assignment, sip: Sip, start: dt.date) -> Iterator[Span]:
        """Spans of a row that its SIP had not, or may not go on with, so that they were open to anybody who may
        take them."""
        out: list[Span] = []
        for (first, last), had in self._stretches(post, x, start):
            days = [d for d in self._turns(sip, first) if first < d <= last]
            for a, z in zip([first, *days], [*(d - ONE for d in days), last], strict=True):
                if had and not self._barred(post, sip, a):
                    continue
                out.append((out.pop()[0] if out and out[-1][1] + ONE == a else a, z))
        yield from out

    def _turns(self, sip: Sip, since: dt.date) -> list[dt.date]:
        """Days on which it may change whether a SIP may hold a post."""
        away = (d for a, z in runs(self.b.find.absences.get(sip.sip, ())) for d in (a, z + ONE))
        last = (d + ONE for d in (sip.leaves_on, sip.contract_ends, sip.dbs_valid_until) if d)
        firsts = (d for d in (sip.joined_on, sip.dbs_checked_on) if d)
        return sorted({*away, *last, *firsts, *(d for d in self.turning if d > since)})

    def _barred(self, post: Post, sip: Sip, day: dt.date) -> bool:
        """Whether any rule but the floor, which asks who is of use, bars a holder on a day."""
        stand, tests = self.a.stand, self.a.bars.tests
        if any(rule != "floor" for rule in stand.lasting(post, sip, stand.reading(day))):
            return True
        if "availability" in tests and not self._works(sip, day):
            return True
        blank = sip.dbs_checked_on is None and sip.dbs_valid_until is None
        out = (sip.dbs_checked_on or day) > day or (sip.dbs_valid_until or day) < day
        return "dbs" in tests and (blank or out)

    def _works(self, sip: Sip, day: dt.date) -> bool:
        in_time = sip.joined_on is None or sip.joined_on <= self.b.on(self.b.policy.calendar.latest_start)
        if sip.status not in (None, "active") or not (in_time or (sip.joined_on or day) <= day):
            return False
        if (sip.leaves_on or day) < day or (sip.contract_ends or day) < day:
            return False
        away = runs(self.b.find.absences.get(sip.sip, ()))
        return not any(r[0] <= day <= r[1] and (sip.sip, *r) not in self.accepted for r in away)

    def _taken(self, post: Post, sip: Sip, first: dt.date, last: dt.date) -> Iterator[str]:
        """Rules that bar a SIP from days that were open; the limit of years where it has no exception."""
        begin = first
        if self.b.waits(sip.sip, first):  # asked of all that they begin late
            others = [y.to + ONE for y in self.of_post[post.key] if y.to < first]
            begin = max([post.begin, *others, *([self.since] if self.since <= first else [])])
        part = replace(post, begin=min(begin, first), end=last)
        spared = self.b.policy.tenure.sole_specialist == "extend"
        for rule, test in self.a.bars.tests.items():
            if not (rule == "tenure" and spared) and test(self.b, part, sip):
                yield rule

    # -- one post ------------------------------------------------------------------------------------------

    def _covered(self, key: Key, post: Post) -> Iterator[Breach]:
        """Each day from *since* on is somebody's, or said to be nobody's; never both."""
        day = max(self.since, post.begin)
        empty = [(u.from_ or day, u.to or post.end) for u in self.plan.unfilled if (u.urn, u.post) == key]
        late = {x.from_ for x in self.of_post.get(key, ()) if (s := self.b.sips.get(x.sip)) and s.joined_on == x.from_}
        spans = (
            sorted([(max(x.from_, day), x.to) for x in self.of_post.get(key, ())] + empty) if day <= post.end else []
        )
        for start, end in spans:
            if start > day and start not in late and not self._awaited(key, start - ONE):
                yield Breach(
                    "figures", f"{key[0]} ({key[1]}): nothing is said of the days from {day} to {start - ONE}.", *key
                )
            if start < day:
                yield Breach("figures", f"{key[0]} ({key[1]}): more than one thing is said of {start}.", *key)
            day = max(day, end + ONE)
        if day <= post.end:
            yield Breach("figures", f"{key[0]} ({key[1]}): nothing is said of the days from {day} to {post.end}.", *key)

    def _awaited(self, key: Key, day: dt.date) -> bool:
        """Whether somebody had the post who was to join after that day, in the plan gone on from."""
        rows = ((sip, x) for (urn, post, sip), mine in self.held.items() if (urn, post) == key for x in mine)
        return any(x.from_ > day and self.b.waits(sip, x.from_) for sip, x in rows)

    # -- one day -------------------------------------------------------------------------------------------

    def _day(self, day: dt.date) -> Iterator[Breach]:
        """Rules over several posts, on one day."""
        b, p = self.b, self.b.policy
        who = {(x.urn, str(x.post)): x.sip for x in self.rows if x.from_ <= day <= x.to}
        running = {k for k, post in self.year.items() if post.begin <= day <= post.end}
        for urn, kind in who:
            here, lead = who[urn, kind], who.get((urn, "lead"))
            if kind == "support" and here == lead and p.separation.on:
                yield Breach("separation", f"{here} is both lead and support at {urn} on {day}.", urn, kind, here)
            apart = (
                kind == "appraisal" and p.appraisal.on and urn in b.schools and b.schools[urn].appraisal == "different"
            )
            if apart and here == lead:
                yield Breach(
                    "appraisal", f"{urn} asked for another SIP than {here} at the appraisal, {day}.", urn, kind, here
                )
        for rule, urns in one_lead(b):
            leads = [
                (u, "lead") for u in urns if (u, "lead") in running
            ]  # days awaited in vain are nobody's and no part
            if len({who.get(k) for k in leads if k in who or not self._awaited(k, day)}) > 1:
                yield Breach(rule, f"Schools {', '.join(urns)} have more than one lead on {day}.", urns[0], "lead")
        if p.reciprocal.on:
            yield from self._each_other(day, who)
        if p.portfolio.on:
            for sip, n in sorted(Counter(s for (_, kind), s in who.items() if kind == "lead").items()):
                if sip in b.sips and n > most_schools(self.a.stand, sip):
                    yield Breach("portfolio", f"{b.sips[sip].name} leads {n} schools on {day}.", sip=sip)

    def _each_other(self, day: dt.date, who: dict[Key, str]) -> Iterator[Breach]:
        own = {s: r.current_urn for s, r in self.b.sips.items() if r.kind == "serving_head" and r.current_urn}
        visits: dict[str, set[str]] = {}
        for (urn, _), sip in who.items():
            if sip in own:
                visits.setdefault(sip, set()).update(self.b.old.get(urn, {urn}))
        for one, schools in visits.items():
            for two in visits:
                if one < two and own[two] in schools and own[one] in visits[two]:
                    yield Breach("reciprocal", f"{one} and {two} are SIP to each other's schools on {day}.", sip=one)

    # -- the year ------------------------------------------------------------------------------------------

    def _extra(self, x: Assignment) -> Iterator[tuple[dt.date, float]]:
        """The service's own time in a row by the day on which it falls: that of a later part at that part's start."""
        stand, left = self.a.stand, x.extra_days
        for part in stand.parts.get((x.urn, x.post), ()) if not x.settled else ():
            if x.from_ < part.begin <= x.to:
                days = min(left, stand.extra(part, self.b.sips[x.sip]) / 4)
                left -= days
                yield part.begin, days
        yield x.from_, left

    def _caps(self) -> Iterator[Breach]:
        """Days by SIP, by period and in all, as the rows say them."""
        stand, year = self.a.stand, dict.fromkeys(self.b.sips, 0.0)
        period = {s: [0.0] * 4 for s in self.b.sips}
        whole = 0.0
        for x in self.plan.assignments:
            whole += x.days + x.extra_days
            if x.sip in year:
                year[x.sip] += x.days + x.extra_days
                for n, days in enumerate(x.periods.model_dump().values()):
                    period[x.sip][n] += days
                for day, days in self._extra(x):
                    period[x.sip][self.b.period_of(day)] += days
        past = sum(sum(stand.spent(s)) for s in {k.sip for k in stand.past})
        cap = self.b.policy.budget.days
        if cap is not None and 4 * whole > max(past, floor(4 * dec(cap))):
            yield Breach("budget", f"The rows add up to {whole:g} days; the budget is {cap:g}.")
        for sip, row in self.b.sips.items() if self.b.policy.capacity.on else ():
            spent = stand.spent(sip)
            if 4 * year[sip] > max(self.b.capacity(row), sum(spent)):
                yield Breach("capacity", f"{row.name}'s rows add up to {year[sip]:g} days.", sip=sip)
            for n, limit in enumerate(self.b.limits(row)):
                if limit is not None and 4 * period[sip][n] > max(self.b.hard(limit), spent[n]):
                    text = f"{row.name}'s rows add up to {period[sip][n]:g} days in {PERIODS[n]}."
                    yield Breach("capacity", text, sip=sip)
