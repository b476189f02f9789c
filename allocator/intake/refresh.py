"""A manager's own table while a national file is brought into it: their cells, columns and order stay, every
change is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocator.domain.case import TABLES
from allocator.errors import CaseError
from allocator.intake.cells import BadCell, blank, convert, text
from allocator.intake.source import Raw, RawTable, read_raw
from allocator.intake.spelling import squeezed
from allocator.intake.urns import read_urn
from allocator.intake.write import cell, write_csv


@dataclass(frozen=True)
class ChangedCell:
    """One cell: what stood there, and what stands there now; blank where nothing did or does."""

    urn: str
    school: str
    column: str
    before: str
    after: str


class KeptTable:
    """The `schools` table as it was handed in. A cell changes only where what it says differs from what is put."""

    def __init__(self, table: RawTable) -> None:
        self.header = list(table.header)
        self.rows = _as_wide(table)
        self.changes: list[ChangedCell] = []
        self._given = len(self.header)
        self._places = {squeezed(h): n for n, h in reversed(list(enumerate(table.header)))}

    def has(self, column: str) -> bool:
        return squeezed(column) in self._places

    def text(self, row: int, column: str) -> str:
        """The cell's text; blank where there is no such column."""
        at = self._places.get(squeezed(column))
        found = self.rows[row][at] if at is not None else None
        return "" if blank(found) else text(found)

    def urn(self, row: int) -> str:
        """The school's number, however it is written."""
        return read_urn(self.text(row, "urn"))

    def value(self, row: int, column: str) -> Any:
        """The cell as its type; None where it is blank or cannot be read."""
        found = self.text(row, column)
        try:
            return convert(found, TABLES["schools"].model_fields[column].annotation, column) if found else None
        except BadCell:
            return None

    def at(self) -> dict[str, int]:
        """URN -> its row; the first of several."""
        out: dict[str, int] = {}
        for n in range(len(self.rows)):
            out.setdefault(self.urn(n), n)
        return out

    def put(self, row: int, column: str, value: Any) -> None:
        """Write a value; None or blank empties the cell. Nothing happens where the cell says the same already."""
        before = self.text(row, column)
        after = cell(value.isoformat() if isinstance(value, dt.date) else value)
        if before == after or (before and value is not None and self.value(row, column) == value):
            return
        self.have(column)
        self.rows[row][self._places[squeezed(column)]] = after
        self.changes.append(ChangedCell(self.urn(row), self.text(row, "name"), column, before, after))

    def have(self, *columns: str) -> None:
        """The columns are there, blank where they were not."""
        for column in columns:
            if not self.has(column):
                self._places[squeezed(column)] = len(self.header)
                self.header.append(column)
                for cells in self.rows:
                    cells.append(None)

    def add(self, values: Mapping[str, Any]) -> None:
        """A new row at the end; not among the changes."""
        self.rows.append([None] * len(self.header))
        kept = list(self.changes)
        for column, value in values.items():
            if value is not None:
                self.put(len(self.rows) - 1, column, value)
        self.changes = kept

    def ordered(self) -> tuple[list[str], list[list[Any]]]:
        """Header and rows to write; columns that came in stand at the end, as contract 1 orders them."""
        order = list(TABLES["schools"].model_fields)
        came = sorted(range(self._given, len(self.header)), key=lambda n: order.index(self.header[n]))
        places = [*range(self._given), *came]
        return [self.header[n] for n in places], [[r[n] for n in places] for r in self.rows]

    def table(self) -> RawTable:
        """As a raw table again."""
        header, rows = self.ordered()
        return RawTable("schools", header, list(enumerate(rows, 2)))

    def write(self, folder: Path) -> None:
        """`schools.csv` again, whole or not at all."""
        write_csv(file_of(folder, "schools"), *self.ordered())


def kept_table(folder: Path) -> tuple[KeptTable, Raw]:
    """The schools table of a folder, and its other tables. Raises CaseError when there is none, or none with a URN."""
    if not folder.is_dir():
        raise CaseError(f"{folder} is not a folder. Give the folder that `allocator import gias … -o` wrote.")
    raw = read_raw(folder)
    if "schools" not in raw.tables:
        told = " ".join(p.text for p in raw.problems if p.table == "schools")
        raise CaseError(told or f"{folder} has no schools.csv. `allocator import gias … -o {folder}` writes one.")
    kept = KeptTable(raw.tables["schools"])
    if not kept.has("urn"):
        raise CaseError(f"{folder}/schools.csv has no column urn, by which schools are matched. Add it.")
    return kept, raw


def file_of(folder: Path, table: str) -> Path:
    """Where a folder has a table, however its name is written."""
    there = (f for f in folder.glob("*.*") if f.suffix.casefold() == ".csv" and f.stem.casefold() == table)
    return min(there, default=folder / f"{table}.csv")


def _as_wide(table: RawTable) -> list[list[Any]]:
    """The rows, each as wide as the header."""
    return [[*cells, *[None] * (len(table.header) - len(cells))] for _, cells in table.rows]


def write_table(folder: Path, table: RawTable) -> None:
    """A raw table again, whole or not at all."""
    write_csv(file_of(folder, table.name), table.header, _as_wide(table))


def rows_of(raw: Raw, table: str) -> list[dict[str, str]]:
    """The filled cells of a raw table as text, by our columns' names; national numbers as six digits."""
    found = raw.tables.get(table, RawTable(table))
    known = {squeezed(c): c for c in TABLES[table].model_fields}
    labels = [known.get(squeezed(h), h) for h in found.header]
    return [
        {k: read_urn(c) if k.endswith("urn") else text(c) for k, c in zip(labels, cells, strict=False) if not blank(c)}
        for _, cells in found.rows
    ]


def by_school(changes: Sequence[ChangedCell]) -> Iterator[tuple[str, list[ChangedCell]]]:
    """(name and URN, its changes), in the table's order."""
    groups: dict[str, list[ChangedCell]] = {}
    for change in changes:
        groups.setdefault(f"{change.school} ({change.urn})", []).append(change)
    yield from groups.items()
