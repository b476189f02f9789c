"""National files (the register, its links, inspection outcomes) as they are handed out: CSV, .gz, .zip, .ods,
.xlsx, .xls.

One reader for all: the table meant is the one, of all sheets and members, whose header has most of the columns
asked for.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath

from allocator.errors import CaseError, UsageError
from allocator.intake.broken import BROKEN_ZIP
from allocator.intake.ordinary import unreadable
from allocator.intake.spreadsheet import Rows, is_spreadsheet, sheets
from allocator.intake.urns import read_urn

LARGEST = 256 * 1024 * 1024  # bytes of text a file may unpack to; the whole register is about 95 MB
LONGEST = 1_000_000  # characters of one row
MOST_ROWS, MOST_COLUMNS = 250_000, 1000  # ten years of all inspections have some 80,000 rows; the register 140 columns
HEADER_WITHIN = 20  # rows; published editions put at most a title and an instruction above the header
NOTHING = {
    "",
    "null",
    "n/a",
    "#n/a",
    "nan",
    "-",
    "--",
    "..",
    "\u2013",
    "not available",
    "redacted",
}  # texts that stand for no value
URNS = {"urn", "other", "urn_of_full", "urn_of_oeif", "urn_of_ungraded", "urn_before"}  # our names of columns of URNs
READ = (".csv", ".txt", ".gz", ".ods", ".xlsx", ".xlsm", ".xls")  # members of an archive that are looked into
Part = tuple[str, Callable[[], Rows]]  # a sheet's or member's name, and how to read it
Columns = Mapping[str, Sequence[str]]  # our name -> patterns of the published one, in plain form


@dataclass(frozen=True)
class NationalTable:
    """`header` as published; each row has our names for the columns found, None where nothing is said."""

    name: str
    header: tuple[str, ...]
    found: frozenset[str]
    rows: tuple[dict[str, str | None], ...]


def plain(label: str) -> str:
    """A column name as it is compared: no case, one blank between words, no punctuation, *and* for &."""
    words = re.sub(r"[^a-z0-9]+", " ", label.casefold().replace("&", " and "))
    return " ".join(words.split())


def value(text: str | None) -> str | None:
    """A cell's text; None when it is blank or a word that means so."""
    found = " ".join(text.split()) if text else ""
    return None if found.casefold() in NOTHING else found


def find(header: Sequence[str], columns: Columns) -> dict[str, int]:
    """Our name -> position of the first column that fits its patterns, tried in order."""
    labels = [plain(h) for h in header]
    out: dict[str, int] = {}
    for name, options in columns.items():
        for option in options:
            at = next((n for n, label in enumerate(labels) if re.fullmatch(option, label)), None)
            if at is not None:
                out[name] = at
                break
    return out


def read_table(path: Path, columns: Columns) -> NationalTable:
    """The table of a national file. Title rows above the header are passed over: the header has a cell `URN`.

    Raises UsageError when there is no such file, CaseError when it cannot be read or holds no such table.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file. Give the file as downloaded.")
    if told := unreadable(path):
        raise UsageError(told)
    if path.stat().st_size > LARGEST:
        raise CaseError(f"{path.name} is larger than {LARGEST // 2**20} MiB, the limit.")
    best: tuple[dict[str, int], list[str], Rows] | None = None
    for _, read in _parts(path.name, path.read_bytes()):
        rows = read()
        header = _header(rows)
        at = find(header, columns) if header else {}
        if header and (best is None or len(at) > len(best[0])):
            best = at, header, rows
    if best is None:
        raise CaseError(
            f"{path.name}: none of the first {HEADER_WITHIN} rows has a column URN, so this is not the file expected. "
            "Give the file as published."
        )
    at, header, rows = best
    kept = tuple(islice((_row(c, at) for c in rows if any(map(str.strip, c))), MOST_ROWS + 1))
    if len(kept) > MOST_ROWS:
        raise CaseError(f"{path.name} has more than {MOST_ROWS:,} rows, the limit. Give the file as published.")
    return NationalTable(path.name, tuple(header), frozenset(at), kept)


def _row(cells: Sequence[str], at: Mapping[str, int]) -> dict[str, str | None]:
    """A row by our names; a URN as six digits, whatever a spreadsheet has made of it (`100001.0`, `100,001`)."""
    row = {k: value(cells[n]) if n < len(cells) else None for k, n in at.items()}
    for k in URNS & row.keys():
        row[k] = read_urn(row[k]) if row[k] else None
    return row


def _header(rows: Rows) -> list[str] | None:
    for _, cells in zip(range(HEADER_WITHIN), rows, strict=False):
        if len(cells) <= MOST_COLUMNS and {"urn", "school urn"} & {plain(c) for c in cells}:
            return [c.strip() for c in cells]
    return None


def _parts(name: str, data: bytes, inside: bool = False) -> Iterator[Part]:
    """Every table of the file; one archive within another is not opened."""
    if data[:2] == b"\x1f\x8b":
        yield from _parts(name.removesuffix(".gz"), _unzipped(name, data), inside)
    elif data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":  # an older .xls, or a workbook under a password
        yield from sheets(data, name)
    elif data[:2] == b"PK":
        yield from _zipped(name, data, inside)
    elif data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):  # *Unicode text*, as Excel saves it
        yield name, partial(_csv, name, data.decode("utf-16", "replace").encode())
    elif not data.strip():
        raise CaseError(f"{name} is empty. Download it again.")
    elif b"\0" in data:
        raise CaseError(f"{name} holds a NUL byte: it is not CSV in UTF-8 or Windows-1252. Save it as CSV (UTF-8).")
    else:
        yield name, partial(_csv, name, data)


def _unzipped(name: str, data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            found = packed.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise CaseError(f"{name} is damaged: it does not unpack. Download it again.") from None
    if len(found) > LARGEST:
        raise CaseError(f"{name} unpacks to more than {LARGEST // 2**20} MiB, the limit.")
    return found


def _zipped(name: str, data: bytes, inside: bool) -> Iterator[Part]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if is_spreadsheet([m.filename for m in members]):
                found = None
            elif sum(m.file_size for m in members) > LARGEST:
                raise CaseError(f"{name} unpacks to more than {LARGEST // 2**20} MiB, the limit.")
            else:
                largest = sorted(members, key=lambda m: -m.file_size)  # of several extracts the whole one is read
                wanted = [m for m in largest if m.filename.casefold().endswith(READ) and m.file_size]
                found = [(PurePosixPath(m.filename).name, archive.read(m)) for m in wanted if not inside]
    except BROKEN_ZIP:
        raise CaseError(
            f"{name} is damaged, or protected by a password: it does not unpack. Download it again."
        ) from None
    if found is None:
        yield from sheets(data, name)
        return
    if not found:
        raise CaseError(f"{name} is a zip without a table in it ({', '.join(READ)}). Give the file as downloaded.")
    for member, body in found:
        yield from _parts(member, body, inside=True)


def _csv(name: str, data: bytes) -> Rows:
    """Rows of a CSV file in UTF-8 or Windows-1252, with commas, or as a spreadsheet saves it elsewhere."""
    encoding = "utf-8-sig" if _is_utf_8(data) else "cp1252"
    head = data[:20_000]
    between = max((",", ";", "\t"), key=lambda c: head.count(c.encode()))
    stream = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline="")
    long = 0  # characters of the row that is being read

    def lines() -> Iterator[str]:
        nonlocal long
        while line := stream.readline(LONGEST + 1):
            long += len(line)
            if long > LONGEST:
                raise CaseError(f"{name}: one row is longer than {LONGEST:,} characters. A quotation mark may be open.")
            yield line

    reader = csv.reader(lines(), delimiter=between)
    try:
        for cells in reader:
            long = 0
            yield cells
    except csv.Error as error:
        raise CaseError(f"{name}, line {reader.line_num}: not readable as CSV ({error}).") from None


def _is_utf_8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), 1 << 20):
            decoder.decode(data[at : at + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
