"""What an .ods says that its cells alone do not: merged cells, hidden rows and columns, percentages, comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from allocator.intake.sheet import Sheet

Element = ElementTree.Element
SHEETS = ".//{*}spreadsheet/{*}table"
HIDDEN = ("collapse", "filter")


def look_closer(content: Element, sheets: Mapping[str, Sheet]) -> None:
    """Into `sheets`, by title, what the part content.xml of an .ods tells of their rows and cells."""
    for table in content.iterfind(SHEETS):
        sheet = sheets.get(_said(table, "name"))
        if sheet is None:
            continue
        width = max((len(r) for r in sheet.rows), default=0)
        for first, last, column in _counted(_within(table, "table-column"), "number-columns-repeated", width):
            if _said(column, "visibility") in HIDDEN:
                sheet.hidden_columns += range(first, last + 1)
        for first, last, row in _counted(_within(table, "table-row"), "number-rows-repeated", len(sheet.rows)):
            if _said(row, "visibility") in HIDDEN:
                sheet.hidden_rows += range(first, last + 1)
            for left, right, cell in _counted(row, "number-columns-repeated", width):
                _cell(sheet, range(first, last + 1), left, right, cell)


def _cell(sheet: Sheet, rows: range, left: int, right: int, cell: Element) -> None:
    if _said(cell, "value-type") == "percentage":
        sheet.percent |= {(r, c) for r in rows for c in range(left, right + 1)}
    down, across = _number(cell, "number-rows-spanned"), _number(cell, "number-columns-spanned")
    if (down, across) != (1, 1):
        sheet.merged.append(((rows[0], left), (rows[0] + down - 1, left + across - 1)))
    if cell.find("{*}annotation") is not None:
        sheet.comments += [(r, left) for r in rows]


def _within(table: Element, kind: str) -> Iterator[Element]:
    """Rows or columns of a table in their order, those in groups and headers too."""
    for part in table:
        name = part.tag.rpartition("}")[2]
        if name == kind:
            yield part
        elif name.startswith(("table-row", "table-column", "table-header")):
            yield from _within(part, kind)


def _counted(found: Iterator[Element] | Element, repeated: str, most: int) -> Iterator[tuple[int, int, Element]]:
    """Each with the first and last place, from 1, at which it stands; none beyond the last filled."""
    at = 1
    for one in found:
        if one.tag.rpartition("}")[2] not in ("table-row", "table-column", "table-cell", "covered-table-cell"):
            continue
        last = at + _number(one, repeated) - 1
        if at > most:
            return
        yield at, min(last, most), one
        at = last + 1


def _said(element: Element, name: str) -> str:
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")


def _number(element: Element, name: str) -> int:
    said = _said(element, name)
    return int(said) if said.isascii() and said.isdigit() and 0 < len(said) < 8 and int(said) else 1
