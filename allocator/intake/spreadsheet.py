"""Sheets of .xlsx, .ods and .xls files as rows of text, measured before they are opened.

The reader lays a sheet out as a full rectangle, so that one cell in the last row and column of an otherwise empty
sheet asks for more memory than there is, and the whole process ends. Hence the corners are looked for first.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import IO
from xml.parsers import expat

from allocator.errors import CaseError
from allocator.intake import old_book
from allocator.intake.broken import BROKEN_ZIP

MOST_CELLS = 12_000_000  # of one sheet's rectangle; the whole register has 53,000 rows of 140 columns
LARGEST = 512 * 1024 * 1024  # bytes a workbook may unpack to
CHUNK = 1 << 20
REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")  # AB12, where a cell of .xlsx stands
Rows = Iterator[list[str]]


def is_spreadsheet(names: list[str]) -> bool:
    """Whether a zip with these members is a workbook (.xlsx or .ods)."""
    return "xl/workbook.xml" in names or "content.xml" in names


def sheets(data: bytes, name: str) -> list[tuple[str, Callable[[], Rows]]]:
    """(title, rows) of every sheet. Raises CaseError when the file cannot be read or is too large."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    old_book.tried(data, name)
    if data[:2] == b"PK":
        measure(data, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise CaseError(f"{name} is protected by a password. Save a copy without one.") from None
    except (CalamineError, OSError, ValueError) as error:
        raise CaseError(f"{name} could not be read as a workbook ({type(error).__name__}). Save it again.") from None

    def rows(title: str) -> Rows:
        try:
            for cells in book.get_sheet_by_name(title).to_python(skip_empty_area=False):
                yield [written(c) for c in cells]
        except (CalamineError, ValueError) as error:
            raise CaseError(f"{name}, sheet {title}, could not be read ({type(error).__name__}).") from None

    return [(title, partial(rows, title)) for title in book.sheet_names]


def written(cell: object) -> str:
    """A cell as a CSV file would have it: whole numbers without `.0`, dates as 2026-09-01."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    return str(cell)


def measure(data: bytes, name: str, most: int = MOST_CELLS) -> None:
    """Raises CaseError where the file unpacks to too much or a sheet's last cell stands too far out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(i.file_size for i in archive.infolist()) > LARGEST:
                raise CaseError(f"{name} unpacks to more than {LARGEST // 2**20} MiB, the limit.")
            for info in archive.infolist():
                corner = _corner(info.filename)
                if corner is None:
                    continue
                with archive.open(info) as part:
                    down, across = corner.of(part)
                if down * across > most:
                    raise CaseError(
                        f"{name}: a cell stands in row {down:,}, column {across:,}, so that the sheet has more "
                        f"than {most:,} cells, the limit. Delete what stands far out, or save the sheet as CSV."
                    )
    except (*BROKEN_ZIP, expat.ExpatError):
        raise CaseError(f"{name} is damaged, or protected by a password: it does not unpack.") from None


def _corner(member: str) -> _Corner | None:
    """What measures this member; None where it holds no cells."""
    if member == "content.xml":
        return _OdsCorner()
    return _XlsxCorner() if re.fullmatch(r"xl/.*\.xml", member) else None


class _Corner:
    """(rows, columns) up to the last filled cell of a workbook's part, found while it is parsed."""

    def __init__(self) -> None:
        self.down = self.across = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError  # each form of workbook names its cells in its own way

    def end(self, tag: str) -> None:
        """Nothing, unless the form needs it."""

    def of(self, part: IO[bytes]) -> tuple[int, int]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.begin
        if type(self).end is not _Corner.end:  # a handler that does nothing still costs a call for every cell
            parser.EndElementHandler = self.end
        while (chunk := part.read(CHUNK)) and self.down * self.across <= MOST_CELLS:
            parser.Parse(chunk, False)
        return self.down, self.across


class _XlsxCorner(_Corner):
    """Rows and cells say where they stand, or follow one another."""

    def __init__(self) -> None:
        super().__init__()
        self.row = self.column = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("v", "is", "t", "f"):
            return
        if "ref" in attributes and tag.endswith(
            ("mergeCell", "hyperlink", "comment")
        ):  # whoever edits it makes each of its cells
            last = REFERENCE.fullmatch(attributes["ref"].rpartition(":")[2])
            if last:
                self.down, self.across = max(self.down, int(last[2])), max(self.across, _column(last[1]))
            return
        local = tag.rsplit(":", 1)[-1]
        if local == "row":
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
        elif local == "c":
            at = REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = _column(at[1]) if at else self.column + 1
            row = int(at[2]) if at else self.row
            if row > self.down:
                self.down = row
            if self.column > self.across:
                self.across = self.column


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class _OdsCorner(_Corner):
    """Rows and cells may stand for many alike; those that hold nothing fill the sheet's edge and do not count."""

    def __init__(self) -> None:
        super().__init__()
        self.row = self.column = 0  # passed so far
        self.rows = self.cells = 1  # what the present row and cell stand for
        self.filled = self.inside = False

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rsplit(":", 1)[-1]
        if local == "table":
            self.row = 0
        elif local == "table-row":
            self.rows, self.column, self.filled = int(attributes.get("table:number-rows-repeated", 1)), 0, False
        elif local in ("table-cell", "covered-table-cell"):
            self.cells, self.inside = int(attributes.get("table:number-columns-repeated", 1)), True
            if "office:value-type" in attributes:
                self.fill()
        elif local == "p" and self.inside:
            self.fill()

    def fill(self) -> None:
        self.filled = True
        self.across = max(self.across, self.column + self.cells)

    def end(self, tag: str) -> None:
        local = tag.rsplit(":", 1)[-1]
        if local in ("table-cell", "covered-table-cell"):
            self.column += self.cells
            self.inside = False
        elif local == "table-row":
            self.row += self.rows
            if self.filled:
                self.down = max(self.down, self.row)
