"""A sheet's or a CSV file's grid of cells to a table: the header found wherever it stands, what is above it said."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from allocator.intake.cells import blank, text
from allocator.intake.colours import telling
from allocator.intake.plain import unguarded
from allocator.intake.sheet import Sheet
from allocator.intake.usual import holds_last_sip, usual_column, year_in
from allocator.intake.workbook import letters

if TYPE_CHECKING:
    from allocator.intake.source import Raw, RawTable

HEADER_WITHIN = 20  # rows in which a header is looked for
BEGINNING = 100_000  # characters in which they stand
DELIMITERS = (",", ";", "\t", "|")
LISTED = 10  # rows, columns or texts named in one notice
TELLING: dict[str, tuple[tuple[str, ...], ...]] = {  # table -> of each of these, one column at least
    "schools": (("urn", "name"), ("phase",), ("need", "pupils", "trust", "oeif_overall", "la", "fsm_percent", "urn")),
    "sips": (("sip", "name"), ("days",), ("phases", "kind")),
    "history": (("urn",), ("sip",), ("year",)),
    "interests": (("urn", "trust", "la"), ("sip",)),
    "refusals": (("urn",), ("sip",)),
    "decisions": (("decision",), ("urn",), ("sip", "reason", "by")),
    "absences": (("sip",), ("away_from",), ("away_to",)),
    "wishes": (("wish",), ("urn", "sip"), ("by",)),
    "answers": (("answer",), ("urn",), ("by",), ("on", "post")),
}
SPECIAL = {"interests": r"interest|conflict|relationship|declar", "refusals": r"refus|veto|declin"}  # words that tell
SUM = re.compile(r"(?:grand |sub-?)?totals?\b(?!.*\b(?:school|primary|academy|college)\b)", re.IGNORECASE)
COUNTED = re.compile(
    r"\W*\d.*|(?:grand |sub-?)?totals?\W*", re.IGNORECASE
)  # what stands in a row of sums beside its first text
Rows = list[tuple[int, list[Any]]]  # with the number each has in its sheet or file


def header_at(table: str, rows: Sequence[Sequence[Any]]) -> int:
    """Which of the first rows is the header: the one with most columns known to us, else the first that is not
    blank."""
    best, most = 0, 0
    filled = [n for n, row in enumerate(rows[:HEADER_WITHIN]) if any(not blank(c) for c in row)]
    for n in filled:
        known = {usual_column(table, text(c)) for c in rows[n] if not blank(c)} - {None}
        score = len(known) + (
            table == "schools" and any(holds_last_sip(text(c)) for c in rows[n] if isinstance(c, str))
        )
        if score > most:
            best, most = n, score
    return best if most > 1 else filled[0] if filled else 0


def looks_like(rows: Sequence[Sequence[Any]]) -> str | None:
    """Which table of ours a sheet is by its headers alone, whatever its title: the one of which it has what must
    be there."""
    best, most = None, 0
    for table, needs in TELLING.items():
        if not rows:
            continue
        cells = [text(c) for c in rows[header_at(table, rows)] if not blank(c)]
        known = {usual_column(table, c) for c in cells} - {None}
        said = " ".join(cells).casefold()
        if all(known & set(any_of) for any_of in needs) and (table not in SPECIAL or re.search(SPECIAL[table], said)):
            score = len(known) + 10 * (table in SPECIAL)
            if score > most:
                best, most = table, score
    return best


def columns_in(table: str, rows: Sequence[Sequence[Any]]) -> set[str]:
    """The columns of the table that a sheet's header has."""
    return {c for x in rows[header_at(table, rows)] if not blank(x) and (c := usual_column(table, text(x)))}


def lay_out(table: RawTable, rows: Rows, raw: Raw) -> None:
    """Header and rows of `table` from all rows of its sheet or file."""
    if not rows:
        return
    at = header_at(table.name, [cells for _, cells in rows])
    table.header_row, cells = rows[at]
    table.header = ["" if blank(c) else text(c) for c in cells]
    while table.header and not table.header[-1]:
        table.header.pop()
    below = [(n, cells) for n, cells in rows[at + 1 :] if any(not blank(c) for c in cells)]
    none = {n: first for n, cells in below if (first := _no_row(table, cells))}
    table.rows = [(n, cells) for n, cells in below if n not in none]
    left = [f"{n} ({first[:30]})" for n, first in none.items()]
    if left:
        raw.notice(
            "no_row",
            table.name,
            f"{table.title or table.name}: sums and headers repeated are not read: row {', '.join(left[:LISTED])}"
            f"{f' and {len(left) - LISTED} more' if len(left) > LISTED else ''}.",
        )
    above = [text(c) for _, cells in rows[:at] for c in cells if not blank(c)]
    if above:
        listed = "; ".join(t[:60] for t in above[:3])
        raw.notice(
            "header_found",
            table.name,
            f"{table.title or table.name}: the header is read from row {table.header_row}; "
            f"what stands above it is not used: {listed}.",
            row=table.header_row,
        )


def year_of_title(table: RawTable, title: str, raw: Raw) -> None:
    """A list of pairs that has no column for the year, under a title that tells it (*Allocation 25-26*)."""
    of = year_in(title) if table.name == "history" else None
    if of is None or any(usual_column(table.name, x) == "year" for x in table.header):
        return
    at = len(table.header)
    table.header.append("year")
    for _, cells in table.rows:
        del cells[at:]
        cells.extend([None] * (at - len(cells)) + [of])
    raw.notice("year_read", table.name, f"{title}: no column tells the year; its title does: {of}.", column="year")


def _no_row(table: RawTable, cells: Sequence[Any]) -> str | None:
    """The first text of a row that is a sum, or the header once more (as on a printed page); None for any other."""
    first, *others = [text(c) for c in cells if not blank(c)]
    repeated = first in table.header and [text(c) for c in cells if not blank(c)] == [h for h in table.header if h]
    summed = SUM.match(first) and all(COUNTED.fullmatch(c) for c in others)
    return first if repeated or summed else None


def from_sheet(sheet: Sheet, table: RawTable, raw: Raw) -> None:
    """`table` from a workbook's sheet: percentages as they show, merged cells filled down, and what is easily
    overlooked told."""
    rows: Rows = [(n, list(cells)) for n, cells in enumerate(sheet.rows, 1)]
    down = _filled_down(sheet, rows)
    for row, column in sorted(sheet.percent):
        value = rows[row - 1][1][column - 1] if row <= len(rows) and column <= len(rows[row - 1][1]) else None
        if isinstance(value, float | int) and not isinstance(value, bool):
            rows[row - 1][1][column - 1] = f"{round(value * 100, 6):g}%"
    lay_out(table, rows, raw)
    head = table.header_row
    _across(sheet, table, raw)
    merged = next((a for a in sheet.merged if a[0][0] <= head <= a[1][0] and a[0][1] != a[1][1]), None)
    if merged:
        (top, left), (bottom, right) = merged
        raw.error(
            "merged_header",
            table.name,
            f"Sheet {sheet.title}: the header has merged cells ({letters(left)}{top}:{letters(right)}{bottom}). "
            "Unmerge them: one name a column.",
            row=head,
        )
        table.header, table.rows, table.spoilt = [], [], True
        return
    year_of_title(table, sheet.title, raw)
    _formulas(sheet, table, raw)
    _overlooked(sheet, table, down, raw)


def _across(sheet: Sheet, table: RawTable, raw: Raw) -> None:
    """Headings between the rows, merged across the table, name nobody."""
    merged = {
        top for (top, left), (bottom, right) in sheet.merged if top == bottom > table.header_row and right - left >= 1
    }
    heads = {n: cells for n, cells in table.rows if n in merged and sum(not blank(c) for c in cells) == 1}
    if heads:
        table.rows = [(n, cells) for n, cells in table.rows if n not in heads]
        listed = [f"{n} ({text(next(c for c in cells if not blank(c)))[:30]})" for n, cells in heads.items()]
        raw.notice(
            "no_row",
            table.name,
            f"Sheet {sheet.title}: headings merged across are not read: row {', '.join(listed[:LISTED])}.",
        )


def _filled_down(sheet: Sheet, rows: Rows) -> list[str]:
    """What is merged over rows of one column stands in each of them; the areas below the first row that were filled."""
    out = []
    for (top, left), (bottom, right) in sheet.merged:
        if left == right and bottom <= len(rows) and left <= len(rows[top - 1][1]):
            for row in range(top + 1, bottom + 1):
                cells = rows[row - 1][1]
                cells.extend([None] * (left - len(cells)))
                cells[left - 1] = rows[top - 1][1][left - 1]
            out.append(f"{letters(left)}{top}:{letters(left)}{bottom}")
    return out


def _formulas(sheet: Sheet, table: RawTable, raw: Raw) -> None:
    for (row, column), shows in sorted((sheet.errors | dict.fromkeys(sheet.unsaved, "")).items()):
        if row <= table.header_row:
            continue
        label = table.header[column - 1] if column <= len(table.header) else f"column {column}"
        what = (
            f"the cell shows {shows}. Mend the formula or type the value."
            if shows
            else "a formula with no saved value. Open and save the workbook in Excel, or type the value."
        )
        raw.error(
            "formula_error" if shows else "formula_unsaved",
            table.name,
            f"Sheet {sheet.title}, row {row}, {label}: {what}",
            row=row,
            column=label,
            value=shows or None,
        )


def _rows_of(at: list[int]) -> str:
    more = f" and {len(at) - LISTED} more" if len(at) > LISTED else ""
    return f"row{'s' if len(at) > 1 else ''} {', '.join(map(str, at[:LISTED]))}{more}"


def _overlooked(sheet: Sheet, table: RawTable, down: list[str], raw: Raw) -> None:
    rows = dict(table.rows)
    hidden = [n for n in sheet.hidden_rows if n in rows]
    columns = [n for n in sheet.hidden_columns if n <= len(table.header) and table.header[n - 1]]
    if sheet.hidden:
        raw.notice("hidden", table.name, f"The sheet {sheet.title} is hidden; it is read too.")
    if hidden:
        named = [f"{n} ({text(name)})" if (name := _called(rows[n])) else str(n) for n in hidden[:LISTED]]
        more = f" and {len(hidden) - LISTED} more" if len(hidden) > LISTED else ""
        raw.notice(
            "hidden",
            table.name,
            f"Sheet {sheet.title}: {_counted(len(hidden), 'hidden or filtered row')} read too: row"
            f"{'s' if len(hidden) > 1 else ''} {', '.join(named)}{more}. Delete what should not count.",
            row=hidden[0],
        )
    struck = [n for n in sheet.struck_rows if n in rows]
    if struck:
        named = [f"{n} ({text(name)})" if (name := _called(rows[n])) else str(n) for n in struck[:LISTED]]
        raw.notice(
            "struck",
            table.name,
            f"Sheet {sheet.title}: {_counted(len(struck), 'row')} struck through, and read all the same: row"
            f"{'s' if len(struck) > 1 else ''} {', '.join(named)}. Delete what should not count.",
            row=struck[0],
        )
    told = telling(sheet.coloured, [n for n, _ in table.rows])
    if told:
        some = "; ".join(f"{word} in {_rows_of(at)}" for word, at in list(told.items())[:LISTED])
        raw.notice(
            "colours",
            table.name,
            f"Sheet {sheet.title}: cells are coloured ({some}). A colour is not read: if it means something, say it "
            "in a column of its own.",
            row=min(at[0] for at in told.values()),
        )
    if columns:
        named = [f"{letters(n)} ({table.header[n - 1]})" for n in columns[:LISTED]]
        raw.notice(
            "hidden",
            table.name,
            f"Sheet {sheet.title}: {_counted(len(columns), 'hidden column')} read too: {', '.join(named)}.",
        )
    if noted := [f"{letters(at)}{row}" for row, at in sheet.comments if row > table.header_row]:
        some = f"{', '.join(noted[:LISTED])}{f' and {len(noted) - LISTED} more' if len(noted) > LISTED else ''}"
        raw.notice(
            "comments",
            table.name,
            f"Sheet {sheet.title}: comments on cells are not read: {some}. If one says something that counts, say it "
            "in a column.",
        )
    if sheet.percent:
        raw.notice(
            "percent_read",
            table.name,
            f"Sheet {sheet.title}: cells shown as percentages are read as shown: 42 for 42%.",
        )
    body = [a for a in down if int(re.sub(r"^[A-Z]+(\d+):.*", r"\1", a)) > table.header_row]
    if body:
        raw.notice(
            "merged",
            table.name,
            f"Sheet {sheet.title}: merged cells count for each of their rows: {', '.join(body[:LISTED])}.",
        )


def _called(cells: list[Any]) -> Any:
    """The first filled cell that is not a number, where a name mostly stands."""
    return next((c for c in cells if not blank(c) and re.search("[A-Za-z]", text(c))), None)


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{' is' if n == 1 else 's are'}"


def csv_rows(content: str, table: str, most: int) -> tuple[Rows, str]:
    """(rows with their line numbers, the separator) of a CSV file: commas, or semicolons, tabs or bars where they
    make more columns known to us; a first line `sep=;` says it. Raises csv.Error."""
    said = re.match(r"\s*\"?sep=(.)\"?\r?\n", content, re.IGNORECASE)
    if said:
        content, chosen = content[said.end() :], said[1]
    else:
        first = "\n".join(content[:BEGINNING].splitlines()[:HEADER_WITHIN])
        chosen = max(DELIMITERS, key=lambda d: (_known(first, d, table), d == ","))
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=chosen)
    skipped = 1 if said else 0
    return [(reader.line_num + skipped, [unguarded(c) for c in cells]) for cells in islice(reader, most + 1)], chosen


def swallowed(table: RawTable, separator: str, raw: Raw) -> None:
    """Rows that stand in a cell of another, because a quotation mark before them is not closed."""
    wide = len(table.header)
    for number, cells in table.rows:
        for cell in cells:
            if not isinstance(cell, str) or "\n" not in cell or wide < 3:
                continue
            _, *below = cell.splitlines()
            rows = [line for line in below if line.count(separator) >= wide - 1]
            if rows:
                raw.error(
                    "open_quote",
                    table.name,
                    f"{table.name}, the row that ends in line {number}: a quotation mark before "
                    f"{cell.splitlines()[0][:30]} is not closed, so that {len(rows)} row{'s' if len(rows) > 1 else ''} "
                    f"after it would be part of that cell ({rows[0][:40]}). Close it, or take it out.",
                    row=number,
                    value=cell.splitlines()[0][:30],
                )


def _known(first: str, delimiter: str, table: str) -> int:
    """Columns known to us in the best of the first rows, were they separated so."""
    try:
        rows = list(csv.reader(io.StringIO(first, newline=""), delimiter=delimiter))
    except csv.Error:
        return 0
    return max((sum(usual_column(table, c) is not None for c in row) for row in rows), default=0)
