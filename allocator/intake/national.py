"""National files (the register, inspection outcomes): plain or gzipped CSV, header found wherever it stands."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allocator.errors import CaseError, UsageError
from allocator.intake.source import decode

LARGEST = 1024 * 1024 * 1024  # bytes a file may unpack to; the whole register is about 65 MB
HEADER_WITHIN = 20  # rows; published editions put at most a title and an instruction above the header
NOTHING = {"", "null", "n/a", "not available", "redacted"}  # texts that stand for no value


@dataclass(frozen=True)
class NationalTable:
    """`header` as published; `rows` are texts, each as long as the header, with their line numbers."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]


def plain(label: str) -> str:
    """A column name as it is compared: no case, one blank between words, no punctuation, *and* for &."""
    words = re.sub(r"[^a-z0-9]+", " ", label.casefold().replace("&", " and "))
    return " ".join(words.split())


def value(text: str | None) -> str | None:
    """A cell's text; None when it is blank or a word that means so."""
    found = " ".join(text.split()) if text else ""
    return None if found.casefold() in NOTHING else found


def read_table(path: Path) -> NationalTable:
    """The table of a national CSV file, plain or .gz, in UTF-8 or Windows-1252.

    Title rows above the header are passed over: the header is the first row with a cell `URN`. Raises UsageError
    when there is no such file, CaseError when it is not such a table.
    """
    text = decode(_bytes(path))
    old = csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = _header(reader, path)
        width = len(header)
        rows = tuple(
            (reader.line_num, (cells + [""] * (width - len(cells)))[:width])
            for cells in reader
            if any(c.strip() for c in cells)
        )
    except csv.Error as error:
        raise CaseError(f"{path.name}, line {reader.line_num}: not readable as CSV ({error}).") from None
    finally:
        csv.field_size_limit(old)
    return NationalTable(path.name, tuple(header), rows)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file. Give the file as downloaded, .csv or .csv.gz.")
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error):
            raise CaseError(f"{path.name} is damaged: it does not unpack. Download it again.") from None
        if len(data) > LARGEST:
            raise CaseError(f"{path.name} unpacks to more than {LARGEST // 2**20} MiB, the limit.")
    if data[:2] == b"PK":
        raise CaseError(
            f"{path.name} is a zip archive or a workbook, not CSV. Unzip it, or save its sheet as CSV, and give that."
        )
    if not data.strip():
        raise CaseError(f"{path.name} is empty. Download it again.")
    if b"\0" in data:
        raise CaseError(
            f"{path.name} holds a NUL byte: it is not CSV in UTF-8 or Windows-1252. Save it as CSV (UTF-8)."
        )
    return data


def _header(reader: Iterator[list[str]], path: Path) -> list[str]:
    for number, cells in enumerate(reader, 1):
        labels = [plain(c) for c in cells]
        if "urn" in labels or "school urn" in labels:
            return [c.strip() for c in cells]
        if number == HEADER_WITHIN:
            break
    raise CaseError(
        f"{path.name}: none of the first {HEADER_WITHIN} rows has a column URN, so this is not the file expected. "
        "Give the file as published."
    )


def find(header: Sequence[str], patterns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Our name -> position of the first column that fits its patterns, tried in order."""
    labels = [plain(h) for h in header]
    out: dict[str, int] = {}
    for name, options in patterns.items():
        for option in options:
            at = next((n for n, label in enumerate(labels) if re.fullmatch(option, label)), None)
            if at is not None:
                out[name] = at
                break
    return out
