"""Who came when, and went: which change of a plan a row began with, which one is news, and who lost a school."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from allocator.domain.claims import Away
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Moved, Plan


def spoken_on(plan: Plan, facts: Facts) -> dt.date:
    """The day from which a plan speaks where nobody says on which it is read: its repair's, else the eve of the
    year."""
    since = plan.inputs.repaired and plan.inputs.repaired.since
    return since or facts.year.first - dt.timedelta(days=1)


def turn(plan: Plan, a: Assignment) -> Moved | None:
    """The change with which this row began; None where the same person goes on."""
    mine = (c for c in plan.changes if (c.urn, c.post, c.to) == (a.urn, a.post, a.sip))
    return next((c for c in mine if c.on is None or a.from_ <= c.on <= a.to), None)


def news(plan: Plan, rows: Sequence[Assignment]) -> Moved | None:
    """The change whose cause is told: the first of this plan, but not, unless it is an absence, the going of somebody
    who is back later."""
    found = [(c, {y.sip for y in rows[n:]}) for n, x in enumerate(rows, 1) if (c := turn(plan, x)) and is_now(plan, c)]
    told = [c for c, later in found if c.from_ not in later or any(isinstance(x, Away) for x in c.claims)]
    return next(iter([*told, *(c for c, _ in found)]), None) or turn(plan, rows[0])


def stands_in(plan: Plan, a: Assignment) -> str | None:
    """The SIP for whom this row stands in: who was there before it, and is again after it."""
    mine = plan.holders(a.urn, a.post)
    n, came = mine.index(a), [x.sip for x in mine]
    between = 0 < n < len(mine) - 1 and came[n - 1] == came[n + 1]
    return mine[n - 1].name if between and came.index(came[n - 1]) < came.index(a.sip) else None


def losses(plan: Plan, sip: str) -> list[Moved]:
    """The leads that were this SIP's, and are not any more: not those where they only stood in for somebody, nor
    of schools that have left the run since."""
    held = {a.urn for a in plan.assignments if a.sip == sip and not a.settled}
    covers = {(a.urn, a.to + dt.timedelta(days=1)) for a in plan.assignments if a.sip == sip and stands_in(plan, a)}
    here = {a.urn for a in plan.assignments if a.post == "lead" and not a.settled}
    since = plan.inputs.repaired and plan.inputs.repaired.since
    here |= {u.urn for u in plan.unfilled if u.post == "lead" and not (since and u.to and u.to < since)}
    gone = [c for c in plan.changes if c.post == "lead" and c.from_ == sip and c.urn in here - held]
    return [c for c in gone if (c.urn, c.on) not in covers]


def is_now(plan: Plan, change: Moved) -> bool:
    """Whether the change is this plan's, and not one that an earlier plan of the year decided."""
    since = plan.inputs.repaired and plan.inputs.repaired.since
    return not since or change.on is None or change.on >= since
