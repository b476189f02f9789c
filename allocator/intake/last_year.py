"""A column of the schools sheet that tells who each school's SIP was: rows of history, as such sheets are kept."""

from __future__ import annotations

from allocator.domain.calendar import first_year, year_label
from allocator.intake.cells import NOBODY, blank, text
from allocator.intake.resolve import place
from allocator.intake.slips import Rows
from allocator.intake.source import Raw, RawTable
from allocator.intake.usual import year_in

LAST_SIP = (
    "last_sip"  # what such a column means; the table of its rows, beside `history`, has that name in `Raw.tables`
)


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
