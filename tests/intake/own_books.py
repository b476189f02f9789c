"""Twelve workbooks as managers keep them, each of the same invented year told in its own way; made as they are asked for.

Every one is of six schools and three SIPs, with last year's pairs, one conflict and (where it is told) one refusal.
"""

from __future__ import annotations

import base64
import csv
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

Rows = list[list[Any]]
SCHOOLS: tuple[tuple[Any, ...], ...] = (  # name, URN, phase, band, trust, roll, last SIP
    ("Ash Primary School", 900101, "Primary", "Low", "", 210, "Ann Oak"),
    ("Beck CE Primary School", 900102, "Primary", "Medium", "", 105, "Ann Oak"),
    ("Cole Infant School", 900103, "Infant", "Medium", "Larkspur Trust", 90, "Bob Ray"),
    ("Dale Junior School", 900104, "Junior", "High", "Larkspur Trust", 180, "Bob Ray"),
    ("Elm High School", 900105, "Secondary", "Medium", "Elm Trust", 900, "Cat Hill"),
    ("Fern Academy", 900106, "Secondary", "High", "Fern Trust", 1100, "Cat Hill"),
)
TEAM: Rows = [
    ["Ann Oak", "consultant", "Primary", 20],
    ["Bob Ray", "retired head", "Primary, Secondary", 24],
    ["Cat Hill", "adviser", "Secondary", 30],
]
RECORD: Rows = [["yes", "yes", "04/05/2026"]] * 3
HAD = ["trained", "approved", "DBS date"]
LOGO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAIRS = {(str(s[1]), s[6]) for s in SCHOOLS}
CONFLICT = ("Beck CE Primary School", "Bob Ray", "Governor")


def team(head: list[str]) -> Rows:
    return [[*head, *HAD], *([*t, *r] for t, r in zip(TEAM, RECORD, strict=True))]


def listed(*head: str) -> Rows:
    """The schools under these headers."""
    return [list(head), *map(list, SCHOOLS)]


def made(sheets: dict[str, Rows]) -> Workbook:
    book = Workbook()
    book.remove(book["Sheet"])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def last_sip_in_a_column() -> bytes:
    """1. Last year's SIP as a column of the schools sheet, no URN anywhere else."""
    schools = listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 2025/26")
    return saved(
        made(
            {
                "Schools 2026-27": schools,
                "SIP team": team(["SIP", "Type", "Phase(s)", "Days available"]),
                "Conflicts of interest": [["School", "SIP", "Nature of interest"], list(CONFLICT)],
            }
        )
    )


def one_of_several_programmes() -> bytes:
    """2. One workbook a programme: its secondaries, with a cover sheet and notes beside."""
    schools = [["Academy", "URN", "Sector", "Tier", "Trust name", "Roll", "Current SIP"], *map(list, SCHOOLS[4:])]
    return saved(
        made(
            {
                "Cover": [["Secondary programme 2026/27"], ["Kept by the school improvement team"]],
                "Academies": schools,
                "Consultants": team(["Consultant", "Role", "Phases covered", "Contracted days"]),
                "Notes": [["Ring Elm in May"]],
            }
        )
    )


def from_the_directors_office() -> bytes:
    """3. A logo, merged titles, a line for who made it, totals below."""
    book = made(
        {
            "Schools": [
                ["Oswin County Council", *[None] * 6],
                ["School improvement 2026/27", *[None] * 6],
                [None] * 7,
                [
                    "School name",
                    "DfE URN",
                    "Phase of education",
                    "Support category",
                    "Academy trust",
                    "Number on roll",
                    "Allocated SIP 25/26",
                ],
                *map(list, SCHOOLS),
                [None] * 7,
                ["Total", None, None, None, None, 2585, None],
            ],
            "Improvement partners": [
                ["Improvement partners", *[None] * 6],
                [None] * 7,
                *team(["Name", "Employment", "Phase", "Days"]),
            ],
        }
    )
    sheet = book["Schools"]
    sheet.merge_cells("A1:G1")
    sheet.merge_cells("A2:G2")
    sheet["A1"].font = Font(bold=True, size=20)
    return with_logo(saved(book))


def with_logo(book: bytes) -> bytes:
    """The workbook with a picture on its first sheet, as Excel keeps one."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    spread = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    drawn = "http://schemas.openxmlformats.org/drawingml/2006/main"

    def links(kind: str, target: str) -> str:
        return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="{office}/{kind}" Target="{target}"/></Relationships>'

    ends = [
        f"<xdr:{end}><xdr:col>{c}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{r}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:{end}>"
        for end, c, r in (("from", 7, 0), ("to", 8, 1))
    ]
    picture = (
        '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="Logo"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill>'
        '<xdr:spPr><a:prstGeom prst="rect"/></xdr:spPr></xdr:pic><xdr:clientData/>'
    )
    parts: dict[str, bytes | str] = {
        "xl/media/logo.png": LOGO,
        "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{spread}" xmlns:a="{drawn}" xmlns:r="{office}"><xdr:twoCellAnchor>{"".join(ends)}{picture}</xdr:twoCellAnchor></xdr:wsDr>',
        "xl/drawings/_rels/drawing1.xml.rels": links("image", "../media/logo.png"),
        "xl/worksheets/_rels/sheet1.xml.rels": links("drawing", "../drawings/drawing1.xml"),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                body = body.replace(b"</worksheet>", f'<drawing xmlns:r="{office}" r:id="rId1"/></worksheet>'.encode())
            new.writestr(name, body)
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def rag_words() -> bytes:
    """4. Red, amber, green as the need, which each authority means in its own way: asked about, never guessed."""
    rag = {"Low": "Green", "Medium": "Amber", "High": "Red"}
    schools = [
        ["School", "URN", "Phase", "RAG rating", "MAT", "Pupils", "Last year's SIP"],
        *([*s[:3], rag[s[3]], *s[4:]] for s in SCHOOLS),
    ]
    return saved(made({"Schools": schools, "SIPs": team(["SIP name", "Type", "Phases", "Days"])}))


def halves_and_mornings() -> bytes:
    """5. Days as ½, 4½ and "am"."""
    days = ["4½", 5, "5.5", "6 days", "am", "½"]
    schools = [
        ["School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26", "Entitlement (days)"],
        *([*s, d] for s, d in zip(SCHOOLS, days, strict=True)),
    ]
    return saved(made({"Schools": schools, "SIPs": team(["SIP name", "Type", "Phases", "Days"])}))


def dates_as_text() -> bytes:
    """6. Dates typed as words, with dots, and as a month alone."""
    had = [["yes", "yes", "4 May 2026"], ["yes", "yes", "04.05.2026"], ["yes", "yes", "4th May 2026"]]
    schools = [
        ["School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26", "Last inspection"],
        *([*s, "12 March 2024"] for s in SCHOOLS),
    ]
    sips = [["SIP", "Type", "Phases", "Days", *HAD], *([*t, *r] for t, r in zip(TEAM, had, strict=True))]
    return saved(made({"Schools": schools, "SIPs": sips}))


def colours_with_a_meaning() -> bytes:
    """7. Schools of concern in red, those leaving in grey: said nowhere else."""
    book = made(
        {
            "Schools": listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26"),
            "SIPs": team(["SIP", "Type", "Phases", "Days"]),
        }
    )
    for row, colour in ((3, "FF0000"), (6, "FFC000"), (7, "FF0000")):
        book["Schools"].cell(row, 1).fill = PatternFill("solid", fgColor=colour)
    return saved(book)


def hidden_rows() -> bytes:
    """8. A filter left on: one school is out of sight, and one SIP who has left is struck through."""
    book = made(
        {
            "Schools": listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26"),
            "SIPs": [
                *team(["SIP", "Type", "Phases", "Days"]),
                ["Dot Low", "consultant", "Primary", 10, "yes", "yes", "04/05/2026"],
            ],
        }
    )
    book["Schools"].row_dimensions[4].hidden = True
    for cell in book["SIPs"][5]:
        cell.font = Font(strike=True)
    return saved(book)


def semicolons() -> bytes:
    """9. CSV files as a continental Excel writes them, in a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for title, rows in (
            ("Schools.csv", listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26")),
            ("SIP team.csv", team(["SIP", "Type", "Phases", "Days"])),
            ("Declarations.csv", [["School", "Adviser", "Type"], list(CONFLICT)]),
        ):
            text = io.StringIO()
            csv.writer(text, delimiter=";").writerows(rows)
            archive.writestr(title, "\ufeff" + text.getvalue())
    return out.getvalue()


def open_document() -> bytes:
    """10. LibreOffice's .ods."""
    sheets = {
        "Schools": listed("School", "URN", "Phase", "Band", "MAT", "NOR", "Adviser 25/26"),
        "Advisers": team(["Adviser", "Type", "Phases", "Days"]),
    }
    return ods(sheets)


def ods(sheets: dict[str, Rows]) -> bytes:
    """A workbook of OpenDocument, of texts and numbers, as little of it as a reader needs."""
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))

    def cell(v: Any) -> str:
        if v is None or v == "":
            return "<table:table-cell/>"
        kind = f'float" office:value="{v}"' if isinstance(v, int | float) else 'string"'
        return f'<table:table-cell office:value-type="{kind}><text:p>{escape(str(v))}</text:p></table:table-cell>'

    def row(cells: list[Any]) -> str:
        return f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>"

    tables = "".join(
        f'<table:table table:name="{escape(t)}">{"".join(map(row, rows))}</table:table>' for t, rows in sheets.items()
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml", '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    return out.getvalue()


def excel_97() -> bytes:
    """11. A real .xls: BIFF8 in a compound file."""
    return xls(
        {
            "Schools": listed("School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26"),
            "SIPs": team(["SIP", "Type", "Phases", "Days"]),
        }
    )


def initials_and_one_sheet() -> bytes:
    """12. One sheet for all schools of all programmes, SIPs by their initials, the list of who is who beside."""
    short = {"Ann Oak": "AO", "Bob Ray": "BR", "Cat Hill": "CH"}
    schools = [["School", "URN", "Phase", "Band", "MAT", "NOR", "SIP 25/26"], *([*s[:6], short[s[6]]] for s in SCHOOLS)]
    sips = [
        ["Initials", "Name", "Type", "Phases", "Days", *HAD],
        *([short[t[0]], *t, *r] for t, r in zip(TEAM, RECORD, strict=True)),
    ]
    return saved(made({"All": schools, "Who is who": sips}))


BOOKS: dict[str, Callable[[], bytes]] = {
    "last-sip.xlsx": last_sip_in_a_column,
    "programme.xlsx": one_of_several_programmes,
    "director.xlsx": from_the_directors_office,
    "rag.xlsx": rag_words,
    "halves.xlsx": halves_and_mornings,
    "dates.xlsx": dates_as_text,
    "colours.xlsx": colours_with_a_meaning,
    "hidden.xlsx": hidden_rows,
    "semicolons.zip": semicolons,
    "open.ods": open_document,
    "old.xls": excel_97,
    "initials.xlsx": initials_and_one_sheet,
}


# -- Excel 97 ------------------------------------------------------------------------------------------------------


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, length: str = "<H") -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def xls(sheets: dict[str, Rows]) -> bytes:
    """A workbook of Excel 97 to 2003, of texts and numbers, as little of it as a reader needs."""
    bodies = []
    for rows in sheets.values():
        body = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0x600))
        body += _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
        for r, row in enumerate(rows):
            for c, v in enumerate(row):
                at = struct.pack("<HHH", r, c, 0)
                if isinstance(v, int):
                    body += _record(0x203, at + struct.pack("<d", v))
                elif v:
                    body += _record(0x204, at + _text(str(v)))
        bodies.append(body + _record(0xA))
    head = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0x600)) + _record(0x42, struct.pack("<H", 1200))
    names = [_text(t, "<B") for t in sheets]
    start = len(head) + sum(4 + 6 + len(n) for n in names) + 4
    for name, body in zip(names, bodies, strict=True):
        head += _record(0x85, struct.pack("<IH", start, 0) + name)
        start += len(body)
    stream = head + _record(0xA) + b"".join(bodies)
    return _compound(stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0"))


def _compound(stream: bytes) -> bytes:
    """One stream, `Workbook`, in a compound file: its sectors first, then the directory, then the table of sectors."""
    count, end, free = len(stream) // 512, 0xFFFFFFFE, 0xFFFFFFFF
    table = [*range(1, count), end, end, 0xFFFFFFFD]
    assert len(table) <= 128
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, count, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", count + 1, *[free] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<HBBIII", len(text) if name else 0, kind, 1, free, free, child)
        return (text.ljust(64, b"\0") if name else bytes(64)) + links + bytes(36) + struct.pack("<IQ", start, size)

    directory = (
        entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 0, len(stream)) + entry("", 0, free, 0, 0) * 2
    )
    return header + stream + directory + struct.pack("<128I", *table, *[free] * (128 - len(table)))


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(BOOKS[name]())
    return path
