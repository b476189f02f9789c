"""Lists of how long one SIP leads a school: who reaches review and limit, and who has had more than one change."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from allocator.domain.calendar import first_year, year_label
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Plan
from allocator.report.listing import Listing, ListSource
from allocator.words import counted, years

# -- who reaches review and limit ---------------------------------------------------------------------------------


def tenure(desk: ListSource) -> Listing:
    facts, part = desk.facts, desk.facts.policy.tenure
    start = facts.year.start_year
    rows: list[tuple[Any, ...]] = []
    for a in _last_rows(desk.plan):
        so_far = a.tenure_year - 1
        rows.append(
            (
                a.school,
                a.urn,
                a.name,
                so_far,
                so_far + 1,
                _summer(start, part.review - so_far),
                _summer(start, part.limit - so_far),
                _tenure_says(facts, a),
            )
        )
    for c in desk.plan.changes:
        limits = [x for x in c.claims if x.kind == "limit_reached"]
        if c.post == "lead" and limits and c.from_:
            n = limits[0].years
            rows.append(
                (
                    facts.name(c.urn),
                    c.urn,
                    desk.name(c.from_),
                    n,
                    None,
                    _summer(start, part.review - n),
                    _summer(start, part.limit - n),
                    f"may not go on; {desk.name(c.to)} comes",
                )
            )
    rows.sort(key=lambda r: (-r[3], r[0]))
    now = [r for r in rows if r[3] == part.review], [r for r in rows if r[3] == part.limit]
    said = (
        f"By summer {start}, {counted(len(now[0]), 'pair')} had reached the review at {years(part.review)} and "
        f"{counted(len(now[1]), 'pair')} the limit of {years(part.limit)}."
    )
    head = (
        "school",
        "URN",
        "SIP",
        f"years by summer {start}",
        f"years by summer {start + 1}",
        f"review ({part.review})",
        f"limit ({part.limit})",
        "to do",
    )
    return Listing("tenure", "Who reaches review and limit, and when", head, tuple(rows), said)


def _summer(start: int, to_come: int) -> str:
    return f"summer {start + to_come}" if to_come > 0 else f"reached by summer {start}"


def _tenure_says(facts: Facts, a: Assignment) -> str:
    part = facts.policy.tenure
    if a.tenure_year > part.limit:
        return "extended" if facts.extended(a.urn, a.sip) else "beyond the limit: nobody else may take it"
    if a.tenure_year == part.limit:
        return "last year together unless it is extended"
    return "ask both sides whether to go on" if a.tenure_year > part.review else ""


def _last_rows(plan: Plan) -> list[Assignment]:
    """Who leads each school at the end of the year."""
    rows: dict[str, Assignment] = {}
    for a in sorted(plan.assignments, key=lambda a: a.from_):
        if a.post == "lead":
            rows[a.urn] = a
    return [rows[u] for u in sorted(rows)]


# -- more than one change in two years ----------------------------------------------------------------------------


def changes(desk: ListSource) -> Listing:
    facts = desk.facts
    start = facts.year.start_year
    rows: list[tuple[Any, ...]] = []
    for post in facts.year_posts:
        if post.kind != "lead":
            continue
        past = [_leads(facts, post.urn, y) for y in (start - 2, start - 1)]
        mine = desk.plan.holders(*post.key)
        spells = [*past, [a.sip for a in mine]]
        line = [s for year in spells for s in year]
        n = sum(a != b for a, b in pairwise(line))
        if n > 1:
            ended = [
                h
                for h in facts.history(post.urn)
                if first_year(h.year) >= start - 2 and h.ended in ("sip_left", "sip_asked", "manager")
            ]
            rows.append(
                (
                    facts.name(post.urn),
                    post.urn,
                    n,
                    *(" then ".join(map(desk.name, s)) or "nobody on record" for s in spells),
                    len(ended),
                    "yes" if facts.protected(post.urn) else "no",
                )
            )
    rows.sort(key=lambda r: (-r[2], r[0]))
    labels = [year_label(y) for y in (start - 2, start - 1, start)]
    head = ("school", "URN", "changes of lead", *labels, "endings against its will", "protected")
    said = (
        f"{counted(len(rows), 'school')} with more than one change of lead from {labels[0]} to {labels[2]}, "
        "this plan counted."
    )
    return Listing("changes", "More than one change in two years", head, tuple(rows), said)


def _leads(facts: Facts, urn: str, year: int) -> list[str]:
    """Leads of a year gone by, in the order in which they ended."""
    rows = [h for h in facts.history(urn) if first_year(h.year) == year and h.role in (None, "lead")]
    rows.sort(key=lambda h: (h.ended_on or dt.date(year + 1, 8, 31), h.sip))
    return list(dict.fromkeys(h.sip for h in rows))
