"""Ditto marks: a cell that says *as above* is nobody's name, and after sorting, nobody knows which row was above."""

from __future__ import annotations

from typing import Any

from allocator.domain.case import TABLES
from allocator.intake.cells import SENTENCES, blank, text
from allocator.intake.last_year import LAST_SIP
from allocator.intake.source import Raw
from allocator.intake.spelling import squeezed

DITTO = {
    '"',
    "''",
    "\u201d",
    "\u2033",
    "\u3003",
    "``",
    ",,",
    "-do-",
    "ditto",
    "as above",
    "same as above",
    "as per above",
    "see above",
    "\u2193",
    "^",
}


def dittos(raw: Raw) -> None:
    """Each ditto mark is an error with what stands above it; it is read as that, so that nothing else is blamed
    for it."""
    for table in raw.tables.values():
        if table.name not in TABLES:
            continue
        ours = {squeezed(c) for c in TABLES[table.name].model_fields if c not in SENTENCES} | {squeezed(LAST_SIP)}
        for n, label in enumerate(table.header):
            if squeezed(label) not in ours:
                continue
            above: Any = None
            for number, cells in table.rows:
                if n >= len(cells) or blank(cells[n]):
                    continue
                if isinstance(cells[n], str) and cells[n].strip().casefold() in DITTO:
                    shown = f" Write {text(above)} again, if that is meant." if above is not None else ""
                    raw.error(
                        "ditto",
                        table.name,
                        f"{table.title or table.name}, row {number}: {table.labels.get(n, label)} is "
                        f"{cells[n].strip()}, a ditto mark; expected the word itself.{shown}",
                        row=number,
                        column=label,
                        value=cells[n].strip(),
                        expected="the word itself",
                    )
                    cells[n] = above
                else:
                    above = cells[n]
