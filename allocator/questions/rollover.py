"""Next year's case from this year's end: tenure carried, what lapses left behind (domain F5, D10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allocator.domain.calendar import Year, first_year, year_label
from allocator.domain.case import Case, History, Row, School, Sip
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Plan
from allocator.reasons.answer import world
from allocator.words import day

LAPSE = {
    "wishes": "Wishes lapse ({n}): ask again",
    "answers": "Answers to this year's proposals lapse ({n})",
    "worked": "Rows of days worked stay with this year ({n})",
    "refusals": "Refusals of years past lapse ({n})",
    "decisions": "Decisions lapse ({n}): locks, and those whose date has passed",
    "interests": "Declared interests have run out ({n})",
    "absences": "Absences are over ({n})",
}  # table -> what is said of its rows that do not go on


@dataclass(frozen=True)
class Rollover:
    """The new case, what was left behind or needs a look in words, and the rows that lapsed by table."""

    case: Case
    notes: tuple[str, ...]
    lapsed: Mapping[str, tuple[Row, ...]]


def next_year(plan: Plan) -> Rollover:
    """The case of the year after `plan`'s, to be filled with what is new."""
    case, policy = world(plan)
    facts = Facts(case, policy)
    year = Year(case.year, policy.calendar)
    label = year_label(year.start_year + 1)
    first = dt.date(year.start_year + 1, 9, 1)
    notes: list[str] = []
    schools = tuple(_school(facts, s, first) for s in case.schools)
    sips = tuple(_sip(s, first, notes) for s in case.sips)
    out = [f"{s.name} ({day(s.dbs_valid_until)})" for s in sips if _check_ends(s, first) and s.dbs_valid_until]
    if out:
        notes.append(
            f"DBS checks that run out before the year's end: {', '.join(out)}. Until renewed these SIPs hold no post."
        )
    kept = [r for r in case.history if first_year(r.year) < year.start_year]
    update: dict[str, Any] = {
        "year": label,
        "schools": schools,
        "sips": sips,
        "history": (*kept, *_history(plan, facts, year)),
        "worked": (),
        "needs": (),
        "absences": (),
        "wishes": (),
        "answers": (),
        "refusals": tuple(r for r in case.refusals if r.kind == "breakdown" or first_year(r.year) >= year.start_year),
        "decisions": tuple(d for d in case.decisions if _carries(d.decision, d.until, first)),
        "interests": tuple(i for i in case.interests if i.until is None or i.until >= first),
    }
    lapsed = {t: tuple(r for r in getattr(case, t) if r not in update[t]) for t in LAPSE}
    notes += [f"{LAPSE[t].format(n=len(rows))}." for t, rows in lapsed.items() if rows]
    return Rollover(case.model_copy(update=update), tuple(notes), {t: rows for t, rows in lapsed.items() if rows})


def _carries(kind: str, until: dt.date | None, first: dt.date) -> bool:
    """A lock is for its year; other decisions hold until their date, or without one until taken back."""
    return until >= first if until is not None else kind not in ("lock", "allow_change", "extend_tenure")


def _school(facts: Facts, school: School, first: dt.date) -> School:
    now = facts.as_it_stands(school.urn)
    if school.closes_on and school.closes_on < first:
        now = now.model_copy(update={"status": "closed"})
    if school.opens_on and school.opens_on <= first:
        now = now.model_copy(update={"opens_on": None})
    return now


def _sip(sip: Sip, first: dt.date, notes: list[str]) -> Sip:
    if sip.leaves_on and sip.leaves_on < first:
        notes.append(f"{sip.name} left on {day(sip.leaves_on)}.")
        return sip.model_copy(update={"status": "left"})
    ends = sip.contract_ends
    if ends and ends < dt.date(first.year + 1, 7, 31):
        notes.append(
            f"{sip.name}'s contract ends on {day(ends)}: renew it, or the SIP can hold no post to the year's end."
        )
    return sip.model_copy(update=_within(sip))


def _within(sip: Sip) -> dict[str, float | int]:
    """Limits that a change within the year left at odds: no period above the year's days, the fewest schools not
    above the most."""
    names = ("autumn_1_days", "autumn_2_days", "spring_days", "summer_days")
    out: dict[str, float | int] = {n: sip.days for n in names if (getattr(sip, n) or 0) > sip.days}
    if sip.max_schools is not None and (sip.min_schools or 0) > sip.max_schools:
        out["min_schools"] = sip.max_schools
    return out


def _check_ends(sip: Sip, first: dt.date) -> bool:
    ends = sip.dbs_valid_until
    return sip.status in (None, "active") and ends is not None and ends < dt.date(first.year + 1, 7, 31)


def _ended(a: Assignment, facts: Facts, year: Year, last: dt.date) -> tuple[str | None, dt.date | None]:
    """How a row ended within the year, and when: by a refusal of its own school, by leaving, or by the manager."""
    refused = {r.kind for r in facts.refusals(a.urn, a.sip) if first_year(r.year) == year.start_year}
    if refused:
        return ("breakdown" if "breakdown" in refused else "school_asked"), min(a.to, last)
    sip = facts.sips.get(a.sip)
    if sip is not None and sip.leaves_on and sip.leaves_on <= year.last and (a.to >= sip.leaves_on or a.to == last):
        return "sip_left", sip.leaves_on
    return ("manager", a.to) if a.to < last else (None, None)


def _history(plan: Plan, facts: Facts, year: Year) -> list[History]:
    """One row a holder and role; how a tenure ended within the year is said, else it goes on."""
    last: dict[tuple[str, str], dt.date] = {}
    for a in plan.assignments:
        last[a.urn, a.post] = max(last.get((a.urn, a.post), a.to), a.to)
    rows: dict[tuple[str, str, str], History] = {}
    for a in sorted(plan.assignments, key=lambda a: a.from_):
        ended, on = _ended(a, facts, year, last[a.urn, a.post])
        rows[a.urn, a.post, a.sip] = History.model_validate(
            {"urn": a.urn, "sip": a.sip, "year": year.label, "role": a.post, "ended": ended, "ended_on": on}
        )
    for key in [k for k, row in rows.items() if row.ended == "manager" and _cover(plan, k)]:
        del rows[key]  # cover during an absence is no tenure
    return list(rows.values())


def _cover(plan: Plan, key: tuple[str, str, str]) -> bool:
    """Whether somebody held the post both before and after this SIP: the SIP stood in."""
    rows = plan.holders(*key[:2])
    mine, others = [a for a in rows if a.sip == key[2]], [a for a in rows if a.sip != key[2]]
    return any(a.to < mine[0].from_ and any(b.from_ > mine[-1].to and b.sip == a.sip for b in others) for a in others)
