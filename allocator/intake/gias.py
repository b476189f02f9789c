"""The national register of schools to `schools` rows (domain 3.2).

Columns are found by name whatever the edition (135 or 140 of them); those that hold personal data are never
looked at. Special schools and alternative provision carry no phase there, so the type tells.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator.domain.bodies import folded
from allocator.domain.case import School
from allocator.errors import CaseError, UsageError
from allocator.intake.cells import BadCell, date, number
from allocator.intake.national import plain, read_table
from allocator.intake.problems import nearest
from allocator.intake.write import write_csv

COLUMNS: dict[str, tuple[str, ...]] = {  # ours -> the register's name, as patterns of its plain form
    "urn": ("urn",),
    "name": ("establishmentname", "establishment name", "school name"),
    "la": ("la name",),
    "type": ("typeofestablishment name", "type of establishment name"),
    "status": ("establishmentstatus name", "establishment status name"),
    "phase": ("phaseofeducation name", "phase of education name"),
    "opens_on": ("opendate", "open date"),
    "closes_on": ("closedate", "close date"),
    "low_age": ("statutorylowage", "statutory low age"),
    "high_age": ("statutoryhighage", "statutory high age"),
    "religious_character": ("religiouscharacter name", "religious character name"),
    "diocese": ("diocese name",),
    "pupils": ("numberofpupils", "number of pupils"),
    "fsm_percent": ("percentagefsm", "percentage fsm"),
    "trust": ("trusts name",),
    "rural": ("urbanrural name", "urban rural name"),
    "easting": ("easting",),
    "northing": ("northing",),
}
NEEDED = ("urn", "name", "la", "type", "status", "phase")  # without these there is no import
PUBLISHED = {
    "name": "EstablishmentName",
    "la": "LA (name)",
    "type": "TypeOfEstablishment (name)",
    "status": "EstablishmentStatus (name)",
    "phase": "PhaseOfEducation (name)",
    "opens_on": "OpenDate",
    "closes_on": "CloseDate",
    "low_age": "StatutoryLowAge",
    "high_age": "StatutoryHighAge",
    "religious_character": "ReligiousCharacter (name)",
    "diocese": "Diocese (name)",
    "pupils": "NumberOfPupils",
    "fsm_percent": "PercentageFSM",
    "trust": "Trusts (name)",
    "rural": "UrbanRural (name)",
    "easting": "Easting",
    "northing": "Northing",
    "urn": "URN",
}
WRITTEN = (
    "urn",
    "name",
    "phase",
    "la",
    "trust",
    "diocese",
    "easting",
    "northing",
    "pupils",
    "fsm_percent",
    "rural",
    "religious_character",
    "status",
    "opens_on",
    "closes_on",
)
STATUSES = {
    "open": "open",
    "open but proposed to close": "proposed_to_close",
    "proposed to open": "proposed_to_open",
    "closed": "closed",
}
PHASES = {
    "nursery": "nursery",
    "primary": "primary",
    "middle deemed primary": "middle_primary",
    "secondary": "secondary",
    "middle deemed secondary": "middle_secondary",
    "16 plus": "sixteen_plus",
    "all through": "all_through",
}
NURSERY = "local authority nursery school"
MAINSTREAM = {
    NURSERY,
    "community school",
    "voluntary aided school",
    "voluntary controlled school",
    "foundation school",
    "academy converter",
    "academy sponsor led",
    "free school",
    "university technical college",
    "studio school",
    "city technology college",
}
SPECIAL = {
    "community special school",
    "foundation special school",
    "academy special converter",
    "academy special sponsor led",
    "free school special",
    "non maintained special school",
}
ALTERNATIVE = {
    "pupil referral unit",
    "academy alternative provision converter",
    "academy alternative provision sponsor led",
    "free school alternative provision",
}
SIXTEEN_PLUS = {"free school 16 to 19", "academy 16 to 19 converter", "academy 16 to 19 sponsor led"}
NO_FIGURE = ("supp", "c", "x", "low", "np", "-", ":")  # suppressed figures in published statistics


@dataclass
class Imported:
    """What was made of the register: the rows kept, and counts of everything else."""

    file: str
    rows: list[School] = field(default_factory=list)
    read: int = 0
    columns: int = 0
    elsewhere: int = 0  # in authorities not asked for
    closed: int = 0
    other_types: Counter[str] = field(default_factory=Counter)
    unknown_status: Counter[str] = field(default_factory=Counter)
    no_phase: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)  # our column -> cells that could not be read
    closed_on: dict[str, dt.date | None] = field(default_factory=dict)  # URN -> when, of those that are closed
    left_out: dict[str, str] = field(default_factory=dict)  # URN -> why, of those that are open and not read

    @property
    def by_phase(self) -> Counter[str]:
        return Counter(str(s.phase) for s in self.rows)

    @property
    def by_status(self) -> Counter[str]:
        return Counter(str(s.status) for s in self.rows)

    @property
    def no_grid_point(self) -> int:
        return sum(s.easting is None or s.northing is None for s in self.rows)


def import_gias(path: Path, las: Sequence[str] = ()) -> Imported:
    """Schools of the register file, of the authorities named (none = all), sorted by URN.

    Raises UsageError for an authority the file does not have, CaseError when the file cannot be used.
    """
    table = read_table(path, COLUMNS)
    missing = [PUBLISHED[c] for c in NEEDED if c not in table.found]
    if missing:
        raise CaseError(
            f"{path.name}: the columns {', '.join(missing)} were not found, and no school can be read without them. "
            "Give the register's full file (edubasealldata….csv, or the zip it comes in) as published."
        )
    wanted = authorities((row["la"] for row in table.rows), las, table.name)
    out = Imported(path.name, read=len(table.rows), columns=len(table.header))
    out.not_found = [PUBLISHED[c] for c in COLUMNS if c not in table.found]
    seen: set[str] = set()
    for row in table.rows:
        if wanted and same(row["la"] or "") not in wanted:
            out.elsewhere += 1
            continue
        school = _school(row, out)
        if school is None:
            continue
        if school.urn in seen:
            out.repeated.append(school.urn)
            continue
        seen.add(school.urn)
        out.rows.append(school)
    out.rows.sort(key=lambda s: s.urn)
    if not out.rows:
        raise CaseError(
            f"{path.name}: of {out.read:,} rows none is a state-funded school that is open or coming.{_why_none(out)}"
        )
    return out


def _why_none(out: Imported) -> str:
    """What those are that were left out, where a file has nothing else: statuses as codes, a file of other schools."""
    found = [f"{n:,} of type {t}" for t, n in out.other_types.most_common(3)]
    found += [f"{n:,} with status {s}" for s, n in out.unknown_status.most_common(3)]
    found += [
        f"{n:,} {what}"
        for n, what in ((out.closed, "closed"), (len(out.no_phase), "without a name, URN or phase"))
        if n
    ]
    return f" Left out: {', '.join(found)}." if found else ""


def write_schools(path: Path, rows: Iterable[School]) -> None:
    """`schools.csv` with the columns the register can fill, whole or not at all."""
    cells = [s.model_dump(mode="json", include=set(WRITTEN)) for s in rows]
    write_csv(path, list(WRITTEN), [[c[w] for w in WRITTEN] for c in cells])


def same(name: str) -> str:
    return " ".join(name.replace("&", "and").split()).casefold()


def authorities(names: Iterable[str | None], las: Sequence[str], file: str) -> set[str]:
    """The authorities asked for, of those named in a file, as compared (`same`). Raises UsageError for an unknown
    one."""
    if not las:
        return set()
    known = {same(la): la for la in names if la}
    wrong = []
    found = set()
    for la in las:
        alike = [k for k in known if folded("la", k) == folded("la", la)]
        if same(la) in known or len(alike) == 1:
            found.add(same(la) if same(la) in known else alike[0])
        else:
            inside = sorted(k for k in known if same(la) and same(la) in k)
            near = known[inside[0]] if inside else nearest(la, known.values())
            wrong.append(f"{la!r} is not an authority of {file}." + (f" Did you mean {near!r}?" if near else ""))
    if wrong:
        raise UsageError(f"--la: {' '.join(wrong)} The file has {len(known)} authorities.")
    return found


def _school(row: dict[str, str | None], out: Imported) -> School | None:
    """One row as a School, or None with the reason counted."""
    status = STATUSES.get(plain(row["status"] or ""))
    if status == "closed":
        out.closed += 1
        if row["urn"]:
            out.closed_on[row["urn"]] = _date(row, "closes_on", out)
        return None
    kind = type_name(row["type"] or "")
    if kind not in MAINSTREAM | SPECIAL | ALTERNATIVE | SIXTEEN_PLUS:
        out.other_types[row["type"] or "no type given"] += 1
        out.left_out[row["urn"] or ""] = row["type"] or "no type given"
        return None
    if status is None:
        out.unknown_status[row["status"] or "blank"] += 1
        out.left_out[row["urn"] or ""] = f"status {row['status'] or 'blank'}"
        return None
    low, high = (_number(row, c, out, whole=True) for c in ("low_age", "high_age"))
    phase = phase_of(kind, row["phase"], low, high)
    if phase is None or not row["urn"] or not row["name"]:
        out.no_phase.append(f"{row['name'] or 'no name'} ({row['urn'] or 'no URN'})")
        out.left_out[row["urn"] or ""] = "neither type nor ages tell its phase"
        return None
    easting, northing = _number(row, "easting", out), _number(row, "northing", out)
    if not easting or not northing:  # 0 is how some editions say unknown
        easting = northing = None
    coming, going = status == "proposed_to_open", status == "proposed_to_close"
    cells: dict[str, Any] = {
        "urn": row["urn"],
        "name": row["name"],
        "phase": phase,
        "la": row["la"],
        "trust": _unless_none(row.get("trust")),
        "diocese": _unless_none(row.get("diocese")),
        "easting": easting,
        "northing": northing,
        "pupils": _number(row, "pupils", out, whole=True),
        "fsm_percent": _number(row, "fsm_percent", out, most=100),
        "rural": rural(row.get("rural")),
        "religious_character": row.get("religious_character"),
        "status": status,
        "opens_on": _date(row, "opens_on", out) if coming else None,
        "closes_on": _date(row, "closes_on", out) if going else None,
    }
    return School.model_validate(cells)


def type_name(text: str) -> str:
    """A type of establishment however an edition spells it: *Free schools special* is *free school special*."""
    words = plain(text).replace("16 19", "16 to 19").replace("nonmaintained", "non maintained")
    return re.sub(r"\b(school|unit|college)s\b", r"\1", words)


def phase_of(kind: str, phase: str | None, low: float | None, high: float | None) -> str | None:
    """Our phase from the type where it tells, else from the register's phase, else from the ages taught."""
    if kind in SPECIAL:
        return "special"
    if kind in ALTERNATIVE:
        return "alternative"
    if kind in SIXTEEN_PLUS:
        return "sixteen_plus"
    if kind == NURSERY:
        return "nursery"
    found = PHASES.get(plain(phase or ""))
    if found:
        return found
    if kind in ("city technology college", "university technical college", "studio school"):
        return "secondary"
    if low is None or high is None:
        return None
    if high <= 5:
        return "nursery"
    if low >= 16:
        return "sixteen_plus"
    if low <= 7 and high >= 15:
        return "all_through"
    return "secondary" if low >= 9 and high >= 14 else "primary"


def rural(text: str | None) -> bool | None:
    """`(England/Wales) Rural village` is rural, `Urban: nearer to…` is not; anything else says nothing."""
    words = plain(text or "").split()
    return True if "rural" in words else False if "urban" in words else None


def _unless_none(text: str | None) -> str | None:
    return None if plain(text or "") in ("", "not applicable", "none", "does not apply") else text


def _number(
    row: dict[str, str | None], column: str, out: Imported, *, whole: bool = False, most: float = 1e9
) -> float | None:
    text = row.get(column)
    if text is None or text.casefold() in NO_FIGURE:
        return None
    try:
        found = number(text, int if whole else float, column)
    except BadCell:
        found = -1
    if not 0 <= found <= most:
        out.unread[column] += 1
        return None
    return found


def _date(row: dict[str, str | None], column: str, out: Imported) -> dt.date | None:
    text = row.get(column)
    if text is None:
        return None
    try:
        return date(text)
    except BadCell:
        out.unread[column] += 1
        return None
