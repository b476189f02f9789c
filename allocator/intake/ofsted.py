"""Inspection outcomes, as published each month, merged into a `schools` table by URN (domain 3.1).

Three generations stand side by side and are never folded into one: the overall grade of 1 to 4, the sub-grades
with an overall *Not judged*, and report cards. What the file does not say stays as it was in the table.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator.domain.case import TABLES
from allocator.domain.flags import CARD_AREAS
from allocator.errors import CaseError
from allocator.intake.cells import BadCell, convert, date, text
from allocator.intake.national import NationalTable, find, read_table, value
from allocator.intake.source import RawTable, read_raw
from allocator.intake.spelling import squeezed as plain_column
from allocator.intake.write import cell, write_csv

OEIF = r"(latest |most recent )?(oeif )?"
GRADES: dict[str, tuple[str, ...]] = {  # our column -> patterns of the published name, in plain form
    "oeif_overall": (OEIF + "overall effectiveness",),
    "oeif_quality_of_education": (OEIF + "quality of education",),
    "oeif_leadership": (OEIF + "effectiveness of leadership and management",),
    "oeif_safeguarding": (OEIF + "safeguarding is effective",),
    "previous_oeif_overall": ("previous .*overall effectiveness",),
    "card_safeguarding": ("safeguarding standards?",),
    "card_inclusion": ("inclusion",),
    "card_curriculum": ("curriculum and teaching",),
    "card_achievement": ("achievement",),
    "card_attendance": ("attendance and behaviou?r",),
    "card_development": ("personal development and well ?being",),
    "card_early_years": ("early years( where applicable)?",),
    "card_post_16": ("post 16( provision)?( where applicable)?",),
    "card_leadership": ("leadership and governance",),
    "ungraded_outcome": ("(latest )?(ungraded|section 8) inspection overall outcome",),
}
HELPERS: dict[str, tuple[str, ...]] = {  # read on the way to our columns
    "urn": ("urn", "school urn"),
    "category_latest": ("most recent category of concern",),
    "category_oeif": ("latest oeif category of concern",),
    "category": ("category of concern",),
    "inspected_on": ("inspection start date",),
    "oeif_on": ("inspection start date of latest (oeif )?(graded|full) inspection",),
    "ungraded_on": ("date of latest (ungraded|section 8) inspection.*",),
    **{
        f"{area}_on": (pattern + r" date of grade",)
        for area, pattern in (
            ("safeguarding", "safeguarding standards?"),
            ("inclusion", "inclusion"),
            ("curriculum", "curriculum and teaching"),
            ("achievement", "achievement"),
            ("attendance", "attendance and behaviou?r"),
            ("development", "personal development and well ?being"),
            ("early_years", "early years( where applicable)?"),
            ("post_16", "post 16( provision)?( where applicable)?"),
            ("leadership", "leadership and governance"),
        )
    },
}
THEN = r"urn at time of (the )?latest .*inspection"  # a predecessor's URN, one column a kind of inspection
PUBLISHED = {
    "oeif_overall": "Latest OEIF overall effectiveness",
    "oeif_quality_of_education": "Latest OEIF quality of education",
    "oeif_leadership": "Latest OEIF effectiveness of leadership and management",
    "oeif_safeguarding": "Latest OEIF safeguarding is effective?",
    "previous_oeif_overall": "Previous … overall effectiveness",
    "card_safeguarding": "Safeguarding standards",
    "card_inclusion": "Inclusion",
    "card_curriculum": "Curriculum and teaching",
    "card_achievement": "Achievement",
    "card_attendance": "Attendance and behaviour",
    "card_development": "Personal development and wellbeing",
    "card_early_years": "Early years (where applicable)",
    "card_post_16": "Post-16 provision (where applicable)",
    "card_leadership": "Leadership and governance",
    "card_date": "… - date of grade",
    "oeif_date": "Inspection start date of latest OEIF graded inspection",
    "ungraded_outcome": "Ungraded inspection overall outcome",
    "ungraded_date": "Date of latest ungraded inspection",
    "category_of_concern": "Most recent category of concern",
}
NO_GRADE = {"0", "8", "9", "not applicable", "n/a"}  # how editions say that there is no grade
CARD = tuple(f"card_{a}" for a in ("safeguarding", *CARD_AREAS))
ORDER = [c for c in TABLES["schools"].model_fields if c in PUBLISHED]  # as contract 1 lists them


@dataclass
class Merged:
    """What was merged: the table to write, and counts for the manager."""

    file: str
    header: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    schools: int = 0
    graded: int = 0  # with any outcome at all
    cards: int = 0
    not_judged: int = 0
    concern: Counter[str] = field(default_factory=Counter)
    not_in_file: list[str] = field(default_factory=list)  # URNs of the table the file does not have
    not_in_table: int = 0  # rows of the file about other schools
    older: list[str] = field(default_factory=list)  # URNs whose grades were given to a predecessor
    renamed: dict[str, str] = field(default_factory=dict)  # URN in the table -> URN it has in the file
    not_found: list[str] = field(default_factory=list)  # our column (published name)
    unread: Counter[str] = field(default_factory=Counter)  # "column: value" -> rows

    @property
    def found(self) -> int:
        return self.schools - len(self.not_in_file)


def merge_ofsted(path: Path, folder: Path) -> Merged:
    """The schools table of `folder` with the outcomes of the file in it; nothing is written.

    Raises UsageError or CaseError when either cannot be used.
    """
    table = read_table(path)
    at = find(table.header, {**GRADES, **HELPERS})
    then = [n for n, h in enumerate(table.header) if find([h], {"x": (THEN,)})]
    out = Merged(path.name)
    fills = _fills(at)
    if not fills:
        raise CaseError(
            f"{path.name}: no column of inspection outcomes was found (for example {PUBLISHED['oeif_overall']}). "
            "Give the *latest inspections* file of the monthly management information."
        )
    out.not_found = [f"{c} ({PUBLISHED[c]})" for c in ORDER if c not in fills]
    newest = _newest(table, at)
    successor = {u: urn for urn, cells in newest.items() for n in then if (u := value(cells[n])) and u not in newest}
    schools = _schools_table(folder)
    key = next(n for n, h in enumerate(schools.header) if plain_column(h) == "urn")
    places = _places(schools.header, fills, out)
    used = set()
    for _, given in schools.rows:
        row = [*given, *[None] * (len(out.header) - len(given))]
        urn = text(row[key]) if row[key] is not None else ""
        mine = newest.get(urn) or newest.get(successor.get(urn, ""))
        out.schools += 1
        if mine is None:
            out.not_in_file.append(urn)
        else:
            now = mine[at["urn"]].strip()
            used.add(now)
            if now != urn:
                out.renamed[urn] = now
            elif any(u not in (None, urn) for u in (value(mine[n]) for n in then)):
                out.older.append(urn)
            _put(row, outcomes({k: value(mine[n]) for k, n in at.items()}, fills, out.unread), places, out)
        out.rows.append(row)
    out.not_in_table = len(newest) - len(used)
    return out


def write_merged(folder: Path, merged: Merged) -> None:
    """`schools.csv` again, whole or not at all; the manager's own columns as they were."""
    write_csv(folder / "schools.csv", merged.header, merged.rows)


def outcomes(row: Mapping[str, str | None], fills: Sequence[str], unread: Counter[str]) -> dict[str, Any]:
    """Our columns of one published row; None where it gives no value. Unreadable texts are counted."""
    out: dict[str, Any] = {c: _grade(c, row.get(c), unread) for c in GRADES if c in fills}
    graded = any(out.get(c) is not None for c in CARD)
    dated = [d for c in CARD if (d := _date(row, f"{c.removeprefix('card_')}_on", unread))]
    cards_known = any(c in fills for c in CARD)
    inspected = _date(row, "inspected_on", unread)
    if "card_date" in fills:
        out["card_date"] = (max(dated) if dated else inspected) if graded else None
    if "oeif_date" in fills:
        out["oeif_date"] = _date(row, "oeif_on", unread) if "oeif_on" in row or cards_known else inspected
    if "ungraded_date" in fills:
        out["ungraded_date"] = _date(row, "ungraded_on", unread)
    if "category_of_concern" in fills:
        if "category_latest" in row:
            given = row["category_latest"]
        else:  # a report card is later than any grade of the old framework
            given = row.get("category") or (None if graded else row.get("category_oeif"))
        out["category_of_concern"] = _grade("category_of_concern", given, unread)
    return out


def _fills(at: Mapping[str, int]) -> tuple[str, ...]:
    """Which of our columns the file can fill."""
    found = {c for c in GRADES if c in at}
    if not found:
        return ()
    if any(c in found for c in CARD):
        found.add("card_date")
    if "oeif_on" in at or ("inspected_on" in at and "card_date" not in found):
        found.add("oeif_date")
    if "ungraded_on" in at:
        found.add("ungraded_date")
    if {"category_latest", "category_oeif", "category"} & set(at):
        found.add("category_of_concern")
    return tuple(c for c in ORDER if c in found)


def _grade(column: str, given: str | None, unread: Counter[str]) -> Any:
    if given is None or given.casefold() in NO_GRADE:
        return None
    if column.startswith("card_") and column != "card_safeguarding":
        given = given.casefold().removesuffix(" standard")  # *Strong standard* is our `strong`
    try:
        return convert(given, TABLES["schools"].model_fields[column].annotation, column)
    except BadCell:
        unread[f"{column}: {given}"] += 1
        return None


def _date(row: Mapping[str, str | None], name: str, unread: Counter[str]) -> dt.date | None:
    given = row.get(name)
    if given is None:
        return None
    try:
        return date(given)
    except BadCell:
        unread[f"{name.replace('_', ' ')}: {given}"] += 1
        return None


def _newest(table: NationalTable, at: Mapping[str, int]) -> dict[str, list[str]]:
    """URN -> its row; of several (an in-year file has one an inspection) the one inspected last."""
    when = [at[n] for n in ("inspected_on", "oeif_on") if n in at]
    out: dict[str, tuple[dt.date, list[str]]] = {}
    ignored: Counter[str] = Counter()
    for _, cells in table.rows:
        urn = value(cells[at["urn"]])
        if urn is None:
            continue
        days = [d for n in when if (d := _date({"on": value(cells[n])}, "on", ignored))]
        last = max(days, default=dt.date.min)
        if urn not in out or last > out[urn][0]:
            out[urn] = last, cells
    return {urn: cells for urn, (_, cells) in out.items()}


def _schools_table(folder: Path) -> RawTable:
    if not folder.is_dir():
        raise CaseError(f"{folder} is not a folder. Give the folder that `allocator import gias … -o` wrote.")
    raw = read_raw(folder)
    table = raw.tables.get("schools")
    if table is None:
        told = " ".join(p.text for p in raw.problems if p.table == "schools")
        raise CaseError(told or f"{folder} has no schools.csv. `allocator import gias … -o {folder}` writes one.")
    if not any(plain_column(h) == "urn" for h in table.header):
        raise CaseError(f"{folder}/schools.csv has no column urn, by which outcomes are matched. Add it.")
    return table


def _places(header: Sequence[str], fills: Sequence[str], out: Merged) -> dict[str, int]:
    """Where each of our columns stands in the table; new ones go to the end in contract order."""
    out.header = list(header)
    stand = {plain_column(h): n for n, h in enumerate(header)}
    places = {}
    for column in fills:
        at = stand.get(plain_column(column))
        if at is None:
            at = len(out.header)
            out.header.append(column)
        places[column] = at
    return places


def _put(row: list[Any], found: Mapping[str, Any], places: Mapping[str, int], out: Merged) -> None:
    for column, at in places.items():
        given = found[column]
        row[at] = cell(given.isoformat() if isinstance(given, dt.date) else given)
    out.graded += any(v is not None for v in found.values())
    out.cards += any(found.get(c) is not None for c in CARD)
    out.not_judged += found.get("oeif_overall") == "not_judged"
    if found.get("category_of_concern"):
        out.concern[str(found["category_of_concern"])] += 1
