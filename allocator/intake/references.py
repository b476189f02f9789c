"""What only the tables together can show: duplicates, dangling references, impossible figures, blanks that matter."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from allocator.domain.calendar import first_year
from allocator.intake.checks import national_numbers, row_checks
from allocator.intake.problems import MOST_LISTED, and_more
from allocator.intake.slips import Rows, likely_slips
from allocator.intake.source import Raw

TOLD_ONCE = 3  # trusts or clusters, each of one school: fewer are ordinary
FAR = 20  # km between schools that are said to share a head, above which it is pointed out
ENTERS = (None, "needs_sip", "buys_in")


def cross_check(rows: Rows, year: str, raw: Raw, *, team_wanted: bool = True) -> None:
    """Every problem between rows and tables, into `raw`."""
    _duplicates(rows, raw)
    _at_odds(rows, raw)
    _heads(rows, raw)
    row_checks(rows, year, raw)
    national_numbers(rows, raw)
    _vetoes_said(rows, raw)
    _blanks(rows, year, raw, team_wanted)
    likely_slips(rows, raw)


def _duplicates(rows: Rows, raw: Raw) -> None:
    for table, column in (("schools", "urn"), ("sips", "sip")):
        at: dict[str, list[int]] = defaultdict(list)
        for number, r in rows.get(table, []):
            at[str(getattr(r, column)).casefold()].append(number)
        for key, numbers in at.items():
            if len(numbers) > 1:
                listed = " and ".join(str(n) for n in numbers)
                raw.error(
                    "duplicate",
                    table,
                    f"{table}: {column} {key} stands in rows {listed}. Keep one.",
                    row=numbers[1],
                    column=column,
                    value=key,
                )
    for table, found in rows.items():
        if table in ("schools", "sips"):
            continue
        seen: dict[Any, int] = {}
        for number, r in found:
            key_text = r.model_dump_json()
            if key_text in seen:
                raw.notice("duplicate_row", table, f"{table}: row {number} repeats row {seen[key_text]}.", row=number)
            seen.setdefault(key_text, number)


def _at_odds(rows: Rows, raw: Raw) -> None:
    """Rows of one table that say two things of one."""
    for table, (key, says) in AT_ODDS.items():
        seen: dict[Any, tuple[int, Any]] = {}
        for number, r in rows.get(table, []):
            k, said = key(r), says(r)
            if k is None:
                continue
            first = seen.setdefault(k, (number, said))
            if first[1] != said:
                raw.notice(
                    "at_odds",
                    table,
                    (
                        f"{table}: rows {first[0]} and {number} are of one thing and differ: {first[1]} and "
                        f"{said}. {BOTH[table]}"
                    ),
                    row=number,
                )


AT_ODDS: dict[
    str, tuple[Callable[[Any], Any], Callable[[Any], Any]]
] = {  # table -> (what a row is of, what it says of it)
    "interests": (lambda r: (r.sip, r.urn, r.trust, r.la, r.kind), lambda r: r.outcome or "open"),
    "history": (lambda r: (r.urn, r.year, r.role or "lead") if not (r.ended or r.ended_on) else None, lambda r: r.sip),
    "travel": (lambda r: (r.urn, r.sip), lambda r: f"{r.km} km, {r.minutes} minutes"),
    "decisions": (
        lambda r: (r.urn, r.sip, r.post or "lead") if r.decision in ("lock", "forbid") else None,
        lambda r: r.decision,
    ),
}
BOTH = {
    "interests": "The one that bars counts.",
    "history": "Say which ended, and how, or take one out.",
    "travel": "Keep one.",
    "decisions": "Keep one.",
}


def _vetoes_said(rows: Rows, raw: Raw) -> None:
    """Vetoes in `answers`: an answer names no SIP, so that by itself it bars nobody."""
    refused = {r.urn for _, r in rows.get("refusals", [])}
    said = [(n, r) for n, r in rows.get("answers", []) if r.answer == "veto" and r.urn not in refused]
    if said:
        raw.notice(
            "veto_without_refusal",
            "answers",
            f"answers: {len(said)} veto{'es' if len(said) > 1 else ''} without a row in refusals "
            f"({', '.join(sorted(r.urn for _, r in said)[:MOST_LISTED])}): an answer names no SIP, and bars "
            "nobody. Write who was refused under refusals.",
            row=said[0][0],
            column="answer",
        )


def _heads(rows: Rows, raw: Raw) -> None:
    """Schools that share a head have one lead, one answer and one appraisal: a name typed for an id welds schools
    together."""
    by: dict[str, list[Any]] = defaultdict(list)
    for _, r in rows.get("schools", []):
        if r.head:
            by[r.head].append(r)
    shared = {h: s for h, s in by.items() if len(s) > 1}
    if not shared:
        return
    listed = [
        f"{h}: {', '.join(f'{r.name} ({r.urn})' for r in sorted(s, key=lambda r: r.urn))}{_apart(s)}"
        for h, s in sorted(shared.items())
    ]
    more = and_more(len(listed))
    names = (
        " `head` is an id, never a name: where these are several people, give each an id of their own or "
        "leave it blank."
    )
    raw.notice(
        "shared_head",
        "schools",
        "schools: these have one head, and so one lead, one answer and one appraisal: "
        f"{'; '.join(listed[:MOST_LISTED])}{more}.{names if any(' ' in h for h in shared) else ''}",
        column="head",
    )


def _apart(schools: list[Any]) -> str:
    at = [(r.easting, r.northing) for r in schools if r.easting is not None and r.northing is not None]
    km = max((math.dist(a, b) / 1000 for a in at for b in at), default=0) if len(at) <= 50 else 0
    return f", which are {km:.0f} km apart" if km > FAR else ""


def _as_above(schools: list[Any], raw: Raw) -> None:
    """Columns that tell a body for one school of each and for no other, as where a blank means *as above*."""
    for column in ("la", "trust", "cluster"):
        given = Counter(str(v) for s in schools if (v := getattr(s, column)) is not None)
        without = len(schools) - given.total()
        if without >= len(given) >= (1 if column == "la" else TOLD_ONCE) and max(given.values(), default=0) == 1:
            raw.notice(
                "as_above",
                "schools",
                f"schools: {column} stands at one school each of {', '.join(sorted(given)[:MOST_LISTED])}, and "
                f"{without} school{'s have' if without > 1 else ' has'} none. If a blank means *as above*, fill it "
                "down: as it stands it means none.",
                column=column,
            )


def _blanks(rows: Rows, year: str, raw: Raw, team_wanted: bool) -> None:
    schools = [r for _, r in rows.get("schools", [])]
    out = Counter(str(s.participation) for s in schools if s.participation not in ENTERS)
    out.update(str(s.status) for s in schools if s.status in ("closed", "proposed_to_open"))
    if out:
        listed = ", ".join(f"{n} {k.replace('_', ' ')}" for k, n in sorted(out.items()))
        raw.notice("not_in_run", "schools", f"{sum(out.values())} schools are counted but not in the run: {listed}.")
    first = dt.date(first_year(year), 9, 1)
    able = [
        s
        for s in schools
        if s.participation in ENTERS
        and s.status not in ("closed", "proposed_to_open")
        and not (s.closes_on and s.closes_on <= first)
        and not (s.opens_on and s.opens_on > dt.date(first.year + 1, 8, 31))
    ]
    if schools and not able:
        raw.error(
            "no_school",
            "schools",
            (
                "No school is in the run: every one is closed in the year, or has its SIP elsewhere. See "
                "participation, status, opens_on and closes_on."
            ),
        )
    for column, used in (("need", "standard is used"), ("easting", "distance rules let them pass")):
        n = sum(getattr(s, column) is None for s in able)
        if n:
            raw.notice(
                "blank",
                "schools",
                f"{n} school{'s have' if n > 1 else ' has'} no {column} recorded: {used}.",
                column=column,
            )
    _as_above(schools, raw)
    if not team_wanted:
        return
    sips = [r for _, r in rows.get("sips", [])]
    if schools and not sips and not any(p.table == "sips" for p in raw.problems):
        raw.error("no_sip", "sips", "The sips table has no rows: nobody could be given to a school.")
    for columns, what in (
        (("trained",), "training"),
        (("board_approved",), "board approval"),
        (("dbs_checked_on", "dbs_valid_until"), "DBS check"),
    ):
        n = sum(all(getattr(s, c) is None for c in columns) for s in sips)
        if n:
            raw.notice(
                "blank",
                "sips",
                f"{n} SIP{'s have' if n > 1 else ' has'} no {what} on record: barred while policy requires it.",
                column=columns[0],
            )
