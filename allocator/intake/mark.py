"""The manager's own file back as a workbook, with every problem marked in its cell and listed on a sheet of its own.

Marks are ignored when the workbook is read again, and taken off when it is marked again.
"""

from __future__ import annotations

import io
from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from allocator.errors import CaseError
from allocator.intake.plain import put
from allocator.intake.problems import Problem
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.workbook import MARKED_BY

SHEET = "problems"
BEFORE = "\n\nBefore: "  # what the cell's note said before ours
FILLS = {"error": "FFC7CE", "notice": "FFEB9C"}
COLUMNS = ("kind", "sheet", "row", "column", "value", "expected", "what to do")
WIDTHS = (9, 16, 7, 20, 24, 34, 100)


def marked(raw: Raw, workbook: bytes | None = None) -> bytes:
    """`workbook`: the file as it came, where it was one; a zip or JSON is laid out as a workbook first."""
    raw = deepcopy(raw)  # rows are moved about below, and a reading may be kept
    book = _opened(workbook) if workbook else _laid_out(raw)
    if SHEET in book.sheetnames:
        del book[SHEET]
    for sheet in book.worksheets:
        _clean(sheet)
    sheets = {name: book[t.title] for name, t in raw.tables.items() if t.title in book.sheetnames}
    at: dict[tuple[str, int, int], list[Problem]] = defaultdict(list)
    for p in raw.problems:
        if p.row is not None and p.table in sheets:
            at[p.table, p.row, _column(raw.tables[p.table], p.column)].append(p)
    for (table, row, column), problems in at.items():
        _mark(sheets[table].cell(row, column), problems, raw.tables[table].header_row)
    _listed(book, raw)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _opened(workbook: bytes) -> Workbook:
    try:
        return load_workbook(io.BytesIO(workbook), keep_links=False)
    except Exception as error:  # it takes more of a workbook than reading does, and fails in as many ways
        told = "This workbook can be read but not written in"
        raise CaseError(f"{told} ({type(error).__name__}). Save it again as .xlsx.") from None


def marked_bytes(body: bytes, raw: Raw) -> bytes:
    """As `marked`, as it is asked for within limits; no bytes where there was no workbook."""
    return marked(raw, body or None)


def _column(table: RawTable, name: str | None) -> int:
    """Where the column stands; a column that is not there is marked on the first."""
    labels = [squeezed(h) for h in table.header]
    return labels.index(squeezed(name)) + 1 if name and squeezed(name) in labels else 1


def _mark(cell: Any, problems: list[Problem], header: int) -> None:
    worst = "error" if any(p.severity == "error" for p in problems) else "notice"
    if cell.row > header:  # a header keeps its colours: light letters on dark
        cell.fill = PatternFill("solid", fgColor=FILLS[worst])
    text = "\n".join(dict.fromkeys(p.text for p in problems))
    if cell.comment:
        text += BEFORE + cell.comment.text
    cell.comment = Comment(text, MARKED_BY, height=120, width=360)


def _clean(sheet: Worksheet) -> None:
    """Our earlier marks off; a note that was there before comes back."""
    for row in sheet.iter_rows():
        for cell in row:
            note = cell.comment
            if isinstance(cell, Cell) and note is not None and note.author == MARKED_BY:
                if str(cell.fill.fgColor.rgb)[-6:] in FILLS.values():
                    cell.fill = PatternFill()
                _, _, before = note.text.partition(BEFORE)
                cell.comment = Comment(before, "") if before else None


def _laid_out(raw: Raw) -> Workbook:
    """The tables as sheets, each row where its number says."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, table in raw.tables.items():
        table.title = name
        sheet = book.create_sheet(name)
        json_rows = (
            bool(table.rows) and table.rows[0][0] == 1
        )  # a JSON document counts its rows from 1, without a header
        for n, label in enumerate(table.header, 1):
            _text(sheet.cell(table.header_row, n), label)
        for number, cells in table.rows:
            for n, value in enumerate(cells, 1):
                _text(
                    sheet.cell(number + json_rows, n), ";".join(map(str, value)) if isinstance(value, list) else value
                )
        if json_rows:
            raw.problems = [_down(p) if p.table == name else p for p in raw.problems]
    return book


def _down(p: Problem) -> Problem:
    return replace(p, row=p.row + 1) if p.row is not None else p


def _text(cell: Any, value: Any) -> None:
    """Text stays text: what begins with = is no formula of ours."""
    put(cell, value if isinstance(value, int | float | bool) or value is None else str(value))


def _listed(book: Workbook, raw: Raw) -> None:
    """Every problem, errors first, with where it is."""
    sheet = book.create_sheet(SHEET, 0)
    for n, (label, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True), 1):
        sheet.cell(1, n, label).font = Font(bold=True)
        sheet.column_dimensions["ABCDEFG"[n - 1]].width = width
    ordered = sorted(raw.problems, key=lambda p: p.severity)
    for row, p in enumerate(ordered, 2):
        title = raw.tables[p.table].title if p.table in raw.tables else p.table
        for n, value in enumerate((p.severity, title, p.row, p.column, p.value, p.expected, p.text), 1):
            _text(sheet.cell(row, n), value)
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=FILLS[p.severity])
    sheet.freeze_panes = "A2"
    book.active = 0
