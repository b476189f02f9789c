"""Columns of the schools sheet that tell who each school's SIP was, one a year: rows of history, as such sheets
are kept."""

from __future__ import annotations

from typing import Any

from allocator.domain.calendar import first_year, year_label
from allocator.intake.cells import NOBODY, blank, text
from allocator.intake.naming import plain
from allocator.intake.resolve import place
from allocator.intake.slips import Rows
from allocator.intake.source import Raw, RawTable
from allocator.intake.usual import YEAR, holds_last_sip, year_in

LAST_SIP = (
    "last_sip"  # what such a column means; the table of its rows, beside `history`, has that name in `Raw.tables`
)


def sip_columns(table: RawTable, raw: Raw, year: str | None) -> list[int]:
    """Positions of the columns that tell who each school's SIP was: one of each year told, and one that tells none
    where it can only be last year's.

    A header may be a year alone, where most of its cells are people of the team. `year`: the one planned, where it
    is told.
    """
    team = {plain(text(c)) for _, cells in _rows(raw, "sips") for c in cells if isinstance(c, str) and not blank(c)}
    found: dict[str | None, int] = {}
    for n, label in enumerate(table.header):
        if holds_last_sip(label) or (label and not YEAR.sub("", label).strip() and _mostly_of(table, n, team)):
            found.setdefault(year_in(label), n)
    undated = found.pop(None, None)
    dated = sorted(found.values())
    if undated is None or not dated:
        return dated if undated is None else [undated]
    label, others = table.header[undated], ", ".join(table.header[n] for n in dated)
    if year is None:
        raw.error(
            "undated_sip",
            "schools",
            f"schools: {label} tells of no year, and {others} of one, so that it may be of the year before or "
            "after. Say in its header which year it is of, or give the year planned (--year).",
            row=table.header_row,
            column=label,
            value=label,
            expected="a header such as SIP 25/26",
        )
        return []
    if year_label(first_year(year) - 1) not in found:
        return sorted([*dated, undated])
    raw.notice(
        "undated_sip",
        "schools",
        f"schools: {label} tells of no year, and {others} of last year: it is not used.",
        column=label,
    )
    return dated


def _rows(raw: Raw, table: str) -> list[tuple[int, list[Any]]]:
    return raw.tables[table].rows if table in raw.tables else []


def _mostly_of(table: RawTable, n: int, team: set[str]) -> bool:
    cells = [plain(text(cells[n])) for _, cells in table.rows if n < len(cells) and not blank(cells[n])]
    return bool(cells) and 2 * sum(c in team for c in cells) > len(cells)


def half_filled(table: RawTable, n: int) -> bool:
    """Whether a column says something of half the rows at least: one begun or empty is of the year to be planned."""
    return 2 * sum(n < len(cells) and not blank(cells[n]) for _, cells in table.rows) >= len(table.rows)


def last_sips(raw: Raw, year: str) -> None:
    """The rows such columns of the schools sheet make, as a table of their own in `raw`; `year` is the year planned."""
    table = raw.tables.get("schools")
    columns = [n for n, x in enumerate(table.header) if x == LAST_SIP] if table else []
    urn = place(table, "urn") if table else None
    if table is None or urn is None:
        return
    out = RawTable("history", ["urn", "sip", "year"], title=f"{table.title or 'schools'}, last year's SIP")
    for n in columns:
        label = table.labels.get(n, LAST_SIP)
        of = year_in(label)
        if of is not None and first_year(of) >= first_year(year):
            raw.notice(
                "not_history",
                "schools",
                f"schools: {label} is of {of}, the year planned or later: it is kept, and not used. "
                "To hold a pair, write a lock into decisions.",
                column=label,
            )
            continue
        of = of or year_label(first_year(year) - 1)
        rows = [
            (number, [cells[urn], cells[n], of])
            for number, cells in table.rows
            if max(n, urn) < len(cells)
            and not blank(cells[n])
            and not blank(cells[urn])
            and text(cells[n]).casefold() not in NOBODY
        ]
        out.rows += rows
        raw.notice(
            "history_read",
            "schools",
            f"schools: {label} is read as who led each school in {of}: {len(rows)} rows of history.",
            column=label,
        )
    if out.rows:
        raw.tables[LAST_SIP] = out


def merge(rows: Rows, made: Rows, raw: Raw) -> None:
    """The rows made, into history, where it does not say already who led the school that year."""
    told = {(r.urn, r.year): (number, r.sip) for number, r in rows.get("history", []) if r.role in (None, "lead")}
    for number, r in made.get("history", []):
        known = told.get((r.urn, r.year))
        if known is None:
            rows.setdefault("history", []).append((number, r))
        elif known[1] != r.sip:
            raw.notice(
                "at_odds",
                "history",
                f"history, row {known[0]}: {known[1]} led {r.urn} in {r.year}; the schools sheet says {r.sip}. "
                "History counts.",
                row=known[0],
                column="sip",
            )
