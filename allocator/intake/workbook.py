"""A workbook opened: every sheet's cells, and what its file says that cells alone do not (hidden rows, percent,
formulas)."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from allocator.errors import CaseError
from allocator.intake import old_book, open_sheet
from allocator.intake.broken import BROKEN_ZIP
from allocator.intake.colours import coloured_cells, coloured_styles
from allocator.intake.sheet import Place, Sheet
from allocator.intake.spreadsheet import measure

MOST_CELLS = 2_000_000  # of one sheet of a case: 20,000 rows of 100 columns
SMALL = 20 * 1024 * 1024  # bytes of styles or of the list of sheets, above which they are not looked at
MARKED_BY = "allocator: what is wrong here"  # the author of the comments that mark problems (mark.py)
PERCENT = {9, 10}  # number formats of Excel's own that show a percentage
TAG = rb"<(?:\w+:)?%b\b([^<>]*)>"
ROW, COL = re.compile(TAG % b"row"), re.compile(TAG % b"col")
ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^<>]*\bt="e")([^<>]*)>(?:<(?:\w+:)?f\b[^<>]*/?>(?:[^<]*</(?:\w+:)?f>)?)?<(?:\w+:)?v>([^<]*)'
)
UNSAVED = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
CELL = rb'<(?:\w+:)?c\b(?=[^<>]*\bs="(?:%b)")([^<>]*)>'
AT = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')


@dataclass
class OpenedBook:
    sheets: list[Sheet]
    macros: bool = False
    links: bool = False  # to other workbooks
    old: bool = False  # an .xls, of which only cells and merged cells are looked at


def open_book(data: bytes, name: str) -> OpenedBook:
    """The one place where a workbook of a case is opened: .xlsx, .xlsm, .ods or .xls.

    Raises CaseError when it cannot be read, is protected, or is too large.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    old_book.tried(data, name)
    if data[:2] == b"PK":
        measure(data, name, MOST_CELLS)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            found = book.get_sheet_by_name(about.name)
            rows = [[None if c == "" else c for c in row] for row in found.to_python(skip_empty_area=False)]
            merged = [((a + 1, b + 1), (c + 1, d + 1)) for (a, b), (c, d) in found.merged_cell_ranges or ()]
            sheets.append(Sheet(about.name, rows, merged, about.visible != SheetVisibleEnum.Visible))
    except PasswordError:
        raise CaseError(f"{name} is protected by a password. Save a copy without one.") from None
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(name, error) from None
    out = OpenedBook(sheets)
    if data[:2] != b"PK":
        out.old = True
        return out
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            out.macros = any("vbaProject" in n for n in names)
            out.links = any(n.startswith("xl/externalLinks/") for n in names)
            by_title = {s.title: s for s in sheets}
            if (content := _part(archive, "content.xml")) is not None:
                open_sheet.look_closer(content, by_title)
            else:
                _look_closer(archive, by_title)
    except (*BROKEN_ZIP, ElementTree.ParseError) as error:  # the reader is less particular than we are
        raise _damaged(name, error) from None
    return out


def _damaged(name: str, error: Exception) -> CaseError:
    return CaseError(
        f"{name} could not be read as a workbook ({type(error).__name__}): it may be damaged, or another "
        "kind of file with that name. Save it again as .xlsx."
    )


def _look_closer(archive: zipfile.ZipFile, sheets: dict[str, Sheet]) -> None:
    """What the parts of an .xlsx say of their rows and cells. The archive has been measured, and its parts are
    well-formed."""
    styles = _part(archive, "xl/styles.xml")
    cells, struck = _styled(_percent_styles(styles)), _styled(_struck_styles(styles))
    colours = coloured_styles(styles)
    for title, member in _members(archive):
        sheet = sheets.get(title)
        if sheet is None or member not in archive.namelist():
            continue
        text = archive.read(member)
        sheet.hidden_rows = [int(n) for a in _hidden(ROW, text) if (n := _said(a, b"r"))]
        for attributes in _hidden(COL, text):
            first, last = int(_said(attributes, b"min") or 0), int(_said(attributes, b"max") or 0)
            width = max((len(r) for r in sheet.rows), default=0)
            sheet.hidden_columns += range(first, min(last, width) + 1)
        if FORMULA.search(text):
            sheet.unsaved = {p for m in UNSAVED.finditer(text) if (p := place(m[1]))}
        if b't="e"' in text:
            sheet.errors = {p: m[2].decode("utf-8", "replace") for m in ERROR.finditer(text) if (p := place(m[1]))}
        sheet.percent = {p for m in cells.finditer(text) if (p := place(m[1]))} if cells else set()
        sheet.comments = _comments(archive, member)
        sheet.coloured = coloured_cells(text, colours)
        sheet.struck_rows = sorted({p[0] for m in struck.finditer(text) if (p := place(m[1]))}) if struck else []


def _comments(archive: zipfile.ZipFile, member: str) -> list[Place]:
    """Where the comments of a sheet's part are, but for those that mark a problem."""
    folder, _, name = member.rpartition("/")
    links = _part(archive, f"{folder}/_rels/{name}.rels")
    out = []
    for link in links if links is not None else ():
        if not link.get("Type", "").endswith("/comments"):
            continue
        found = _part(archive, posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))[1:])
        authors = [a.text for a in found.iterfind(".//{*}author")] if found is not None else []
        for one in found.iterfind(".//{*}comment") if found is not None else ():
            by, at = one.get("authorId", ""), place(f' r="{one.get("ref", "")}"'.encode())
            if at and not (by.isdigit() and int(by) < len(authors) and authors[int(by)] == MARKED_BY):
                out.append(at)
    return sorted(out)


def _hidden(tag: re.Pattern[bytes], text: bytes) -> Iterator[bytes]:
    return (m[1] for m in tag.finditer(text) if _said(m[1], b"hidden") in (b"1", b"true"))


def _said(attributes: bytes, name: bytes) -> bytes | None:
    found = re.search(rb'\b%b="([^"]*)"' % name, attributes)
    return found[1] if found else None


def place(attributes: bytes) -> Place | None:
    """Where a cell stands, by its reference (`r="AB12"`)."""
    at = AT.search(attributes)
    if at is None:
        return None
    column = 0
    for letter in at[1]:
        column = column * 26 + letter - 64
    return int(at[2]), column


def letters(column: int) -> str:
    """A column's letters: 1 is A, 28 is AB."""
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def _part(archive: zipfile.ZipFile, member: str) -> ElementTree.Element | None:
    """A small part, parsed; None where there is none, or it is out of the ordinary."""
    try:
        info = archive.getinfo(member)
        return ElementTree.fromstring(archive.read(member)) if info.file_size <= SMALL else None
    except (KeyError, ElementTree.ParseError):
        return None


def _styled(styles: list[int]) -> re.Pattern[bytes] | None:
    """What finds the cells of these styles."""
    return re.compile(CELL % b"|".join(str(n).encode() for n in styles)) if styles else None


def _struck_styles(styles: ElementTree.Element | None) -> list[int]:
    """Numbers of the cell styles whose letters are struck through."""
    fonts, styled = (styles.find("{*}fonts"), styles.find("{*}cellXfs")) if styles is not None else (None, None)
    if fonts is None or styled is None:
        return []
    struck = {
        n for n, f in enumerate(fonts) if (s := f.find("{*}strike")) is not None and s.get("val", "1") in ("1", "true")
    }
    return [n for n, x in enumerate(styled) if int(x.get("fontId", 0)) in struck]


def _percent_styles(styles: ElementTree.Element | None) -> list[int]:
    """Numbers of the cell styles that show a percentage."""
    if styles is None:
        return []
    formats = {int(f.get("numFmtId", 0)) for f in styles.iterfind(".//{*}numFmt") if "%" in f.get("formatCode", "")}
    styled = styles.find("{*}cellXfs")
    return [
        n for n, x in enumerate(styled if styled is not None else ()) if int(x.get("numFmtId", 0)) in formats | PERCENT
    ]


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """(title, member) of each sheet."""
    book, links = _part(archive, "xl/workbook.xml"), _part(archive, "xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return
    targets = {x.get("Id"): x.get("Target", "") for x in links}
    for sheet in book.iterfind(".//{*}sheet"):
        id = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
        target = targets.get(id, "")
        yield sheet.get("name", ""), target.lstrip("/") if target.startswith("/") else f"xl/{target}"
