"""Tables as spreadsheets hold them: titles above the header, what is hidden, percentages, merged cells, other separators and forms."""

from __future__ import annotations

import zipfile
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from allocator.intake.own_words import OwnWords
from allocator.intake.read import Reading, read_case
from tests.sizes import long

SIPS: list[list[Any]] = [["sip", "name", "kind", "phases", "days"], ["ann", "Ann Lea", "consultant", "primary", 20]]
SCHOOLS: list[list[Any]] = [["urn", "name", "phase"], [900101, "Ash", "primary"], [900102, "Elm", "primary"]]


def book(path: Path, schools: list[list[Any]] = SCHOOLS) -> tuple[Workbook, Any]:
    made = Workbook()
    sheet: Any = made.active
    sheet.title = "schools"
    for row in schools:
        sheet.append(row)
    other = made.create_sheet("sips")
    for row in SIPS:
        other.append(row)
    return made, sheet


def saved(path: Path, made: Workbook) -> Reading:
    made.save(path / "c.xlsx")
    return read_case(path / "c.xlsx")


def said(reading: Reading, code: str) -> str:
    return " ".join(p.text for p in reading.problems if p.code == code)


def test_a_title_above_the_header_is_passed_over_and_said(tmp_path: Path) -> None:
    made, sheet = book(
        tmp_path, [["Our schools, 2026/27", None, None], [None] * 3, ["printed by the office"], *SCHOOLS]
    )
    sheet.merge_cells("A1:C1")
    found = saved(tmp_path, made)
    assert found.case is not None, found.problems
    assert [s.urn for s in found.case.schools] == ["900101", "900102"]
    assert "from row 4" in said(found, "header_found")
    assert "Our schools, 2026/27" in said(found, "header_found")


def test_a_problem_below_a_title_is_told_at_its_own_row(tmp_path: Path) -> None:
    made, _ = book(tmp_path, [["A title"], *SCHOOLS, [900103, "Oak", "primry"]])
    assert [(p.row, p.column) for p in saved(tmp_path, made).problems if p.code == "bad_value"] == [(5, "phase")]


def test_hidden_rows_columns_and_sheets_are_read_and_told(tmp_path: Path) -> None:
    made, sheet = book(tmp_path)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    made["sips"].sheet_state = "hidden"
    found = saved(tmp_path, made)
    assert found.case is not None
    assert len(found.case.schools) == 2
    text = said(found, "hidden")
    for part in ("row 3 (Elm)", "C (phase)", "The sheet sips is hidden"):
        assert part in text


@pytest.mark.parametrize("form", ["0%", "0.0%", "0.00 %"])
def test_a_percentage_is_what_the_cell_shows(tmp_path: Path, form: str) -> None:
    made, sheet = book(tmp_path, [[*SCHOOLS[0], "fsm_percent"], [*SCHOOLS[1], 0.42], [*SCHOOLS[2], "42%"]])
    sheet["D2"].number_format = form
    found = saved(tmp_path, made)
    assert found.case is not None
    assert [s.fsm_percent for s in found.case.schools] == [42, 42]
    assert "percentages" in said(found, "percent_read")


def test_a_cell_merged_over_rows_counts_for_each(tmp_path: Path) -> None:
    made, sheet = book(tmp_path, [[*SCHOOLS[0], "la"], [*SCHOOLS[1], "Kent"], [*SCHOOLS[2], None]])
    sheet.merge_cells("D2:D3")
    found = saved(tmp_path, made)
    assert found.case is not None
    assert [s.la for s in found.case.schools] == ["Kent", "Kent"]
    assert "D2:D3" in said(found, "merged")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("before", ["", "sep={}\n", "Our schools\n\n"])
def test_csv_with_another_separator(tmp_path: Path, separator: str, before: str) -> None:
    for name, rows in (("schools", SCHOOLS), ("sips", SIPS)):
        body = before.format(separator) + "\n".join(separator.join(map(str, r)) for r in rows)
        (tmp_path / f"{name}.csv").write_text(body, "utf-8")
    found = read_case(tmp_path)
    assert found.case is not None, found.problems
    assert len(found.case.schools) == 2
    assert "separated by" in said(found, "separator")


def test_a_comma_stays_the_separator_where_cells_hold_semicolons(tmp_path: Path) -> None:
    (tmp_path / "schools.csv").write_text("urn,name,phase\n900101,Ash; the old one; by the mill,primary\n")
    (tmp_path / "sips.csv").write_text("sip,name,kind,phases,days\nann,Ann,consultant,primary;special,20\n")
    found = read_case(tmp_path)
    assert found.case is not None
    assert found.case.sips[0].phases == ("primary", "special")


def test_an_open_document_is_read(tmp_path: Path) -> None:
    def rows(table: list[list[Any]]) -> str:
        return "".join(f"<table:table-row>{''.join(map(cell, r))}</table:table-row>" for r in table)

    def cell(v: Any) -> str:
        if isinstance(v, int):
            return f'<table:table-cell office:value-type="float" office:value="{v}"><text:p>{v}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="string"><text:p>{v}</text:p></table:table-cell>'

    spaces = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{u}:1.0"'
        for n, u in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    tables = "".join(
        f'<table:table table:name="{n}">{rows(t)}</table:table>' for n, t in (("schools", SCHOOLS), ("sips", SIPS))
    )
    with zipfile.ZipFile(tmp_path / "c.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    found = read_case(tmp_path / "c.ods")
    assert found.case is not None, found.problems
    assert [s.urn for s in found.case.schools] == ["900101", "900102"]


@pytest.mark.parametrize("ending", ["xls", "xlsx", "ods"])
@pytest.mark.parametrize("body", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 nothing", b"PK\x03\x04 nothing", b"words"])
def test_what_is_no_workbook_is_one_sentence(tmp_path: Path, ending: str, body: bytes) -> None:
    (tmp_path / f"c.{ending}").write_bytes(body)
    errors = [p for p in read_case(tmp_path / f"c.{ending}").problems if p.severity == "error"]
    assert [p.code for p in errors] == ["not_a_workbook"]


@pytest.mark.parametrize(
    ("column", "given", "read_as"),
    [
        ("days", "4½", 4.5),
        ("days", "0,5", 0.5),
        ("days", "12 days", 12),
        ("phases", "Primary, Special", ("primary", "special")),
        ("phases", "primary / secondary", ("primary", "secondary")),
        ("kind", "Headteacher", "serving_head"),
        ("experience", "small school, rural", ("small_school", "rural")),
    ],
)
def test_figures_and_lists_as_people_write_them_are_read_and_said(
    tmp_path: Path, column: str, given: str, read_as: Any
) -> None:
    head = [*SIPS[0], "experience"]
    row = [*SIPS[1], None]
    row[head.index(column)] = given
    made, _ = book(tmp_path)
    made["sips"].delete_rows(1, 2)
    for r in (head, row):
        made["sips"].append(r)
    found = saved(tmp_path, made)
    assert found.case is not None, found.problems
    assert getattr(found.case.sips[0], column) == read_as
    assert given in said(found, "values_read")


@pytest.mark.parametrize(
    ("column", "given"),
    [
        ("pupils", "c.300"),
        ("fsm_percent", "<1"),
        ("head_started", "March 2026"),
        ("need", "Red"),
        ("oeif_overall", "Goodish"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_expected(tmp_path: Path, column: str, given: str) -> None:
    made, _ = book(tmp_path, [[*SCHOOLS[0], column], [*SCHOOLS[1], given]])
    bad = [p for p in saved(tmp_path, made).problems if p.code == "bad_value"]
    assert [(p.row, p.column, p.value) for p in bad] == [(2, column, given)]
    assert bad[0].expected
    assert "Did you mean raised" not in bad[0].text


@long()
def test_three_thousand_rows_take_about_a_second(tmp_path: Path) -> None:
    made, sheet = book(tmp_path, [[*SCHOOLS[0], *(f"own {n}" for n in range(30))]])
    for n in range(3000):
        sheet.append([900000 + n, f"School {n}", "primary", *(f"note {n} {m}" for m in range(30))])
    made.save(tmp_path / "c.xlsx")
    began = process_time()
    found = read_case(tmp_path / "c.xlsx")
    assert found.case is not None
    assert process_time() - began < 4  # with room for a slow and busy machine


def test_sums_headings_and_repeated_headers_are_no_rows_and_struck_ones_are_told(tmp_path: Path) -> None:
    rows = [SCHOOLS[0], SCHOOLS[1], ["North area", None, None], SCHOOLS[0], SCHOOLS[2], ["Total", 2, None]]
    made, sheet = book(tmp_path, rows)
    sheet.merge_cells("A3:C3")
    sheet["B2"].font = Font(strike=True)
    found = saved(tmp_path, made)
    assert found.case is not None, found.problems
    assert [s.urn for s in found.case.schools] == ["900101", "900102"]
    for part in ("3 (North area)", "4 (urn)", "6 (Total)"):
        assert part in said(found, "no_row")
    assert "row 2 (Ash)" in said(found, "struck")


def test_a_csv_in_utf16_as_excel_saves_unicode_text(tmp_path: Path) -> None:
    for name, rows in (("schools", SCHOOLS), ("sips", SIPS)):
        (tmp_path / f"{name}.csv").write_text("\n".join("\t".join(map(str, r)) for r in rows), "utf-16")
    assert read_case(tmp_path).case is not None


def test_a_second_sheet_that_looks_like_a_protecting_table_is_not_passed_over(tmp_path: Path) -> None:
    made, _ = book(tmp_path)
    for title in ("Conflicts", "Declarations of interest"):
        sheet = made.create_sheet(title)
        sheet.append(["SIP", "School", "Type"])
        sheet.append(["Ann Lea", "Ash", "governor"])
    found = saved(tmp_path, made)
    assert found.case is None
    assert "looks like interests" in said(found, "table_twice")


def test_a_sheet_of_no_known_title_is_told_by_its_headers_and_one_that_protects_is_not_passed_over(
    tmp_path: Path,
) -> None:
    made, _ = book(tmp_path)
    made.create_sheet("Heads and chairs").append(["School", "Adviser", "Relationship", "Declared"])
    made.create_sheet("2024").append(["URN", "School name", "Phase", "NOR"])
    found = saved(tmp_path, made)
    assert found.raw.likely == {"Heads and chairs": "interests", "2024": "schools"}
    assert [p.text for p in found.problems if p.severity == "error"] == [
        "The sheet Heads and chairs has the headers of interests, and by its title is no table. Call it interests, or say what it is: under "
        "[sheets] in a mapping, or on the page *The data*."
    ]
    assert "The sheet 2024 is not a table and is not read. It has the headers of schools" in said(
        found, "unknown_sheet"
    )
    left_out = read_case(tmp_path / "c.xlsx", words=OwnWords(sheets={"headsandchairs": ""}))
    assert left_out.case is not None


@pytest.mark.parametrize(
    ("colours", "told"),
    [
        ({3: "FF0000", 4: "00B050"}, "red in row 3; green in row 4"),
        ({3: "FFFFFF"}, ""),
        ({2: "DDDDDD", 4: "DDDDDD"}, ""),
        ({2: "FFFF00", 3: "FFFF00", 4: "FFFF00", 5: "FFFF00"}, ""),
        ({3: "FFC7CE"}, ""),
        ({5: "7F7F7F"}, "grey in row 5"),
    ],
)
def test_colours_that_may_mean_something_are_told_and_not_read(
    tmp_path: Path, colours: dict[int, str], told: str
) -> None:
    made, sheet = book(tmp_path, [*SCHOOLS, [900103, "Oak", "primary"], [900104, "Yew", "primary"]])
    for row, colour in colours.items():
        for column in (1, 2):
            sheet.cell(row, column).fill = PatternFill("solid", fgColor=colour)
    sheet.cell(1, 1).fill = PatternFill("solid", fgColor="1D3557")
    found = said(saved(tmp_path, made), "colours")
    assert (f"cells are coloured ({told})" in found) if told else not found
