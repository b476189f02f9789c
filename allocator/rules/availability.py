"""A SIP must be active, here in time, and under contract to the last planned day (domain D3, D10)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable

from allocator.domain.case import Absence, Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.standing import of_absence
from allocator.rules.base import DAY, EVER, Rule, Span
from allocator.words import day, listed


class Availability(Rule):
    id = "availability"
    law = "domain D3, D10"
    title = "Availability"
    meaning = "A SIP must be active, here in time, and under contract to the last planned day."
    barred = "are not available all year"
    dated = True

    def bars(self, facts: Facts, sip: Sip, accepted: Collection[Span]) -> list[Span]:
        if sip.status not in (None, "active"):
            return [EVER]
        rows = [(a.away_from, a.away_to) for a in facts.case.absences if a.sip == sip.sip]
        out = [absence for absence in of_absence(rows) if absence not in accepted]
        out += [(last + DAY, EVER[1]) for last in (sip.leaves_on, sip.contract_ends) if last]
        late = sip.joined_on is not None and sip.joined_on > facts.year.latest_start
        return out + ([(EVER[0], sip.joined_on - DAY)] if late and sip.joined_on else [])

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return post.start, post.end

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.status not in (None, "active"):
            return f"{sip.name} is recorded as {sip.status}, not active"
        latest = max(facts.year.latest_start, post.start)
        if sip.joined_on and sip.joined_on > latest:
            return f"{sip.name} joins on {day(sip.joined_on)}, after the latest start, {day(latest)}"
        if sip.joined_on and sip.joined_on > post.end:
            return f"{sip.name} joins on {day(sip.joined_on)}, after the last day, {day(post.end)}"
        if sip.leaves_on and sip.leaves_on < post.end:
            return f"{sip.name} leaves on {day(sip.leaves_on)}, before the last planned day, {day(post.end)}"
        if sip.contract_ends and sip.contract_ends < post.end:
            return (
                f"{sip.name}'s contract ends on {day(sip.contract_ends)}, before the last planned day, {day(post.end)}"
            )
        rows = [a for a in absences(facts).get(sip.sip, ()) if a.away_from <= post.end and a.away_to >= post.start]
        if 2 * away(rows, post) < (post.end - post.start).days + 1:
            return None
        return f"{sip.name} is away from {listed([f'{day(a.away_from)} to {day(a.away_to)}' for a in rows])}"


def absences(facts: Facts) -> dict[str, list[Absence]]:
    """SIP -> absences in order of their dates."""
    return facts.once("absences", lambda: _absences(facts))


def _absences(facts: Facts) -> dict[str, list[Absence]]:
    out: dict[str, list[Absence]] = defaultdict(list)
    for row in sorted(facts.case.absences, key=lambda a: (a.away_from, a.away_to)):
        out[row.sip].append(row)
    return out


def away(rows: Iterable[Absence], post: Post) -> int:
    """Days of the post, from start to end, that fall in any of these absences; a day in two of them counts once."""
    days, last = 0, post.start - dt.timedelta(days=1)
    for row in rows:
        begin, end = max(row.away_from, last + dt.timedelta(days=1)), min(row.away_to, post.end)
        days += max(0, (end - begin).days + 1)
        last = max(last, end)
    return days
