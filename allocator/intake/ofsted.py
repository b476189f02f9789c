"""Inspection outcomes, as published each month, brought into a `schools` table by URN (domain 3.1).

Of each generation the newest inspection that gave a grade counts; a visit without one takes nothing away, nor does an
edition older than what the table has.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from allocator.errors import CaseError
from allocator.intake.national import NationalTable, read_table
from allocator.intake.ofsted_editions import (
    COLUMNS,
    EARLIER_URN,
    FIRST_DAY,
    PUBLISHED,
    WHOLE,
    Generation,
    InspectionResult,
    RowSays,
    fills,
    read_row,
)
from allocator.intake.refresh import ChangedCell, KeptTable

DATES: dict[Generation, str] = {g: columns[-1] for g, columns in WHOLE.items()}


@dataclass
class Merged:
    """What was brought in: counts for the manager, and the table's changes."""

    file: str
    fills: tuple[str, ...] = ()  # our columns that the file speaks of
    changes: list[ChangedCell] = field(default_factory=list)
    schools: int = 0
    graded: int = 0  # with any outcome in the file
    cards: int = 0
    not_judged: int = 0
    concern: Counter[str] = field(default_factory=Counter)  # of the schools in the file, as the table has it now
    not_in_file: list[str] = field(default_factory=list)  # URNs of the table the file does not have
    not_in_table: int = 0  # schools of the file that the table does not have
    newer_here: list[str] = field(default_factory=list)  # URNs of which the table has a newer result than the file
    older: list[str] = field(default_factory=list)  # URNs whose grades were given to a predecessor
    renamed: dict[str, str] = field(default_factory=dict)  # URN in the table -> URN it has in the file
    not_found: list[str] = field(default_factory=list)  # our column (published name)
    unread: Counter[str] = field(default_factory=Counter)  # "column: value" -> rows

    @property
    def found(self) -> int:
        return self.schools - len(self.not_in_file)

    @property
    def says_category(self) -> bool:
        return "category_of_concern" in self.fills

    @property
    def says_cards(self) -> bool:
        return "card_date" in self.fills


def merge_ofsted(path: Path, kept: KeptTable, *, force: bool = False) -> Merged:
    """Bring the outcomes of the file into `kept`; nothing is written. `force`: older results too.

    Raises UsageError or CaseError when the file cannot be used.
    """
    table = read_table(path, COLUMNS)
    out = Merged(path.name, fills(table.found))
    if not out.fills:
        raise CaseError(
            f"{path.name}: no column of inspection outcomes was found (for example {PUBLISHED['oeif_overall']}). "
            "Give a file of the monthly management information; editions since September 2005 are read."
        )
    out.not_found = [f"{c} ({PUBLISHED[c]})" for c in PUBLISHED if c not in out.fills]
    kept.have(*out.fills)
    rows, successor = _by_school(table)
    used: set[str] = set()
    too_old = 0
    for n in range(len(kept.rows)):
        urn = kept.urn(n)
        now = urn if urn in rows else successor.get(urn, "")
        out.schools += 1
        if now not in rows:
            out.not_in_file.append(urn)
            continue
        used.add(now)
        if now != urn:
            out.renamed[urn] = now
        elif any(r.get(c) not in (None, urn) for r in rows[now] for c in EARLIER_URN):
            out.older.append(urn)
        said = newest(read_row(r, out.unread) for r in rows[now])
        too_old += said.too_old
        _count(said, out)
        _merge(kept, n, said, out, force)
        out.concern.update([c] if (c := kept.text(n, "category_of_concern")) else [])
    if too_old and not out.graded:
        raise CaseError(
            f"{path.name} is too old: its inspections are from before {FIRST_DAY:%B %Y}, graded on another scale."
        )
    out.not_in_table = len(rows.keys() - used)
    out.changes = kept.changes
    return out


def newest(said: Iterable[RowSays]) -> RowSays:
    """All that is said of one school: of each generation the newest result, and the newest word on its category."""
    out = RowSays()
    for one in said:
        for generation, result in one.results.items():
            out.results[generation] = _later(out.results.get(generation), result)
        if one.category is not None and (out.category is None or _after(one.category_on, out.category_on)):
            out.category, out.category_on = one.category, one.category_on
        out.too_old |= one.too_old
    return out


def _later(a: InspectionResult | None, b: InspectionResult) -> InspectionResult:
    """The later of two; a monitoring visit's grades are put on the report card before it."""
    if a is None:
        return b
    first, last = (a, b) if _after(b.on, a.on) else (b, a)
    if not last.adds:
        return last
    return InspectionResult(first.values | {c: v for c, v in last.values.items() if v is not None}, last.on, first.adds)


def _after(a: dt.date | None, b: dt.date | None) -> bool:
    return (a or dt.date.min) > (b or dt.date.min)


def _by_school(table: NationalTable) -> tuple[dict[str, list[Mapping[str, str | None]]], dict[str, str]]:
    """(URN -> its rows, an earlier URN -> the URN of now, for those that the file does not have themselves)."""
    rows: dict[str, list[Mapping[str, str | None]]] = {}
    for row in table.rows:
        if row["urn"]:
            rows.setdefault(row["urn"], []).append(row)
    earlier = {u: urn for urn, some in rows.items() for r in some for c in EARLIER_URN if (u := r.get(c))}
    return rows, {u: urn for u, urn in earlier.items() if u not in rows}


def _count(said: RowSays, out: Merged) -> None:
    out.graded += bool(said.results)
    out.cards += "card" in said.results
    out.not_judged += "oeif" in said.results and said.results["oeif"].values["oeif_overall"] == "not_judged"


def _merge(kept: KeptTable, n: int, said: RowSays, out: Merged, force: bool) -> None:
    """One school: each generation, then its category, where the table has nothing newer."""
    dates = {g: kept.value(n, column) for g, column in DATES.items()}
    category_since = max((dates[g] for g in ("oeif", "card") if dates[g]), default=None)
    newer = False
    for generation, result in said.results.items():
        had = dates[generation]
        if had is not None and _after(had, result.on) and not force:
            newer = True
            continue
        same = result.adds or (had is not None and had == result.on)  # of one inspection nothing is taken away
        values = {c: v for c, v in result.values.items() if c in out.fills}
        for column, value in values.items():
            if value is not None or not (same or column == "previous_oeif_overall"):
                kept.put(n, column, value)
        if had is not None and not same:  # the table's other columns are of an inspection before this one
            _clear(kept, n, [c for c in WHOLE[generation] if c not in values])
    if said.category is not None and said.category != (kept.value(n, "category_of_concern") or ""):
        if force or not _after(category_since, said.category_on):
            kept.put(n, "category_of_concern", said.category)
        else:
            newer = True
    if newer:
        out.newer_here.append(kept.urn(n))


def _clear(kept: KeptTable, n: int, columns: Sequence[str]) -> None:
    for column in columns:
        if kept.text(n, column):
            kept.put(n, column, None)
