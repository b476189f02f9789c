"""Tables as sheets of a workbook: header frozen, columns as wide as they need, ready to print, no text a formula."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from allocator.intake import plain

HEAD = PatternFill("solid", fgColor="1D3557")
TINTS = {"new": "FFF3CD", "short": "F8D7DA", "locked": "D6E4F0", "over": "F8D7DA"}
WIDEST = 70


def write_table(path: Path, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """One table as a workbook of its own."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = title
    table(first, head, rows)
    book.save(path)


def put(sheet: Worksheet, row: int, column: int, value: Any) -> Cell:
    """A cell; a text is always a text, whatever it begins with, so that no name becomes a formula."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    plain.put(cell, value)
    return cell


def table(sheet: Worksheet, head: Sequence[str], rows: Sequence[Sequence[Any]], wrap: Sequence[int] = ()) -> None:
    """Header frozen and filtered, columns as wide as they need, ready to print across a page."""
    for n, name in enumerate(head, 1):
        cell = put(sheet, 1, n, name)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for r, row in enumerate(rows, 2):
        for n, value in enumerate(row, 1):
            put(sheet, r, n, value).alignment = Alignment(wrap_text=n in wrap, vertical="top")
    for n, name in enumerate(head, 1):
        longest = max([len(name), *(len(str(row[n - 1])) for row in rows if row[n - 1] is not None)])
        sheet.column_dimensions[get_column_letter(n)].width = min(WIDEST if n in wrap else 34, longest + 3)
    for r, row in enumerate(rows, 2):  # not every program fits the height of wrapped text by itself
        lines = max((1 + len(str(row[n - 1] or "")) // WIDEST for n in wrap), default=1)
        if lines > 1:
            sheet.row_dimensions[r].height = 15.0 * lines
    sheet.freeze_panes = "A2"
    if head:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{max(2, len(rows) + 1)}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def tinted(formula: str, tint: str) -> Any:
    """Rows for which the formula holds, in a tint."""
    return FormulaRule([formula], fill=PatternFill("solid", bgColor=tint))  # type: ignore[no-untyped-call]  # upstream
