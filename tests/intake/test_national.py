"""One reader for every form in which national files are handed out, and for what only looks like one."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from allocator.errors import CaseError
from allocator.intake.national import read_table
from tests.sizes import long

COLUMNS = {"urn": ("urn",), "name": ("school name",), "pupils": ("pupils",), "on": ("on",)}
CSV = "Title of the table\n\nURN,School name,Pupils,On\n900001,St Zoë’s,120,2026-05-01\n900002,NULL,,\n"
ROWS = [
    {"urn": "900001", "name": "St Zoë’s", "pupils": "120", "on": "2026-05-01"},
    {"urn": "900002", "name": None, "pupils": None, "on": None},
]


def xlsx(*sheets: tuple[str, str]) -> bytes:
    import datetime as dt

    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, text in sheets:
        sheet = book.create_sheet(title)
        for line in text.splitlines():
            cells: list[object] = [int(c) if c.isdigit() else c or None for c in line.split(",")]
            sheet.append([dt.date.fromisoformat(str(c)) if str(c).startswith("2026-") else c for c in cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: str) -> bytes:
    """The least that is a sheet of OpenDocument."""
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    body = (
        f'<office:document-content xmlns:office="{names}office:1.0" xmlns:table="{names}table:1.0" '
        f'xmlns:text="{names}text:1.0"><office:body><office:spreadsheet><table:table table:name="S">{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{names}manifest:1.0"/>'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": body,
            "META-INF/manifest.xml": manifest,
        }
    )


def ods_of(text: str) -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    return ods(
        "".join(
            f"<table:table-row>{''.join(map(cell.format, r.split(',')))}</table:table-row>" for r in text.splitlines()
        )
    )


def zipped(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.csv", CSV.encode("cp1252")),
        ("t.csv", CSV.encode("utf-8-sig")),
        ("t.csv", CSV.replace(",", ";").encode()),
        ("t.csv", CSV.replace(",", "\t").encode()),
        ("t.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("t.zip", zipped({"links.csv": "URN,LinkURN\n1,2\n", "folder/": "", "folder/t.csv": CSV, "read me.pdf": "x"})),
        ("t.zip", zipped({"t.xlsx": xlsx(("S", CSV))})),
        ("t.zip", zipped({"some.csv": "URN,School name,Pupils,On\n9,Some,1,\n", "all.csv": CSV})),
        ("t.xlsx", xlsx(("Cover", "Notes\nURN of schools"), ("D1", "URN,On\n1,2026-01-01"), ("D2", CSV))),
        ("t.ods", ods_of(CSV)),
        ("t.csv", xlsx(("S", CSV))),  # told by what is in it, not by its name
    ],
)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert list(read_table(path, COLUMNS).rows) == ROWS


FAR = ods(
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
    'table:number-columns-repeated="16000"><text:p>URN</text:p></table:table-cell></table:table-row>'
)
EDGE = ods(
    '<table:table-row><table:table-cell office:value-type="string"><text:p>URN</text:p></table:table-cell>'
    '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
    '<table:table-row table:number-rows-repeated="1048575"><table:table-cell table:number-columns-repeated="16384"/>'
    "</table:table-row>"
)


def far_xlsx() -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active["A1"], book.active["XFD1048576"] = "URN", "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (FAR, "row 1,000,000, column 16,000"),
        (far_xlsx(), "row 1,048,576, column 16,384"),
        (zipped({"a.pdf": "x"}), "zip without a table"),
        (zipped({"inner.zip": zipped({"t.csv": CSV})}), "zip without a table"),
        (zipped({"t.csv": "a,b\n1,2\n"}), "column URN"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "could not be read as a workbook"),
        (xlsx(("S", CSV))[:700], "does not unpack"),
        (gzip.compress(b"URN\0", mtime=0), "NUL byte"),
        (b'URN\n"' + b"x" * 200_000 + b'"\n', "not readable as CSV"),
        pytest.param(b"URN\n" + b"1\n" * 250_001, "more than 250,000 rows", marks=long()),
        (b"URN\n" + b"," * 1_100_000, "one row is longer than"),
        (b"URN\n" + b'"a\n",' * 300_000, "one row is longer than"),
        (b"URN" + b"," * 2000 + b"\n1\n", "column URN"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",  # a workbook holds the time when it was made
)
def test_what_cannot_be_read_is_said_plainly(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "t.ods"
    path.write_bytes(data)
    with pytest.raises(CaseError, match=says):
        read_table(path, COLUMNS)


def test_an_empty_edge_filled_by_repeats_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "t.ods"
    path.write_bytes(EDGE)
    assert read_table(path, COLUMNS).rows == ()


def test_too_much_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.intake.national.LARGEST", 1000)
    for name, data in (("t.gz", gzip.compress(b"x" * 2000, mtime=0)), ("t.zip", zipped({"t.csv": "x" * 2000}))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CaseError, match="unpacks to more than"):
            read_table(tmp_path / name, COLUMNS)
