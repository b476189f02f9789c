"""A manager's own workbook: sheets, columns and names in their words, mapped once; problems marked in the cells."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from allocator.cli.app import app
from allocator.intake.mark import AUTHOR, marked
from allocator.intake.naming import nearest_names, same
from allocator.intake.own_words import OwnWords, unknown_columns
from allocator.intake.read import read_case, read_document
from tests.make import case, school, sip

SHEETS: dict[str, list[list[Any]]] = {
    "Our schools": [["School name", "URN", "Phase", "Band", "Caretaker"], ["St. Mary's CE Primary School", 101, "Primary", "high", "Bob"],
                    ["Alder Primary", 102, "Primary", "standard", "Jo"]],
    "sips": [["Name", "Type", "Phases", "Days available"], ["Mrs Ann Lee", "consultant", "primary", 20],
             ["Ben Roe", "retired head", "primary", 15]],
    "history": [["School", "SIP", "Academic year"], ["Saint Mary's Primary", "Lee, Ann", "2025/26"], ["Alder", "Ben Roe", "2025/26"]],
}  # fmt: skip
WORDS = OwnWords(
    sheets={"ourschools": "schools"},
    columns={("schools", "schoolname"): "name", ("schools", "band"): "need", ("schools", "caretaker"): "",
             ("sips", "type"): "kind", ("sips", "daysavailable"): "days", ("history", "school"): "urn",
             ("history", "academicyear"): "year"},
    schools={"saint mary s primary": "101", "saint marys primary": "101", "alder": "102"}, sips={"lee ann": "ann-lee", "ben roe": "ben-roe"},
)  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return save(tmp_path / "mine.xlsx", SHEETS)


def save(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    made = Workbook()
    assert made.active is not None
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def test_own_sheets_and_columns_are_asked_about_with_the_nearest_suggested(book: Path) -> None:
    first = read_case(book, words=OwnWords())
    assert first.case is None
    assert first.raw.unknown == ["Our schools"]
    second = read_case(book, words=OwnWords(sheets=WORDS.sheets))
    found = {(u.table, u.label): u for u in unknown_columns(second.raw)}
    assert {k: u.nearest for k, u in found.items()} == {
        ("schools", "School name"): "name", ("schools", "Band"): "need", ("schools", "Caretaker"): None,
        ("sips", "Type"): "kind", ("sips", "Days available"): "days", ("history", "School"): "urn", ("history", "Academic year"): "year",
    }  # fmt: skip
    assert found["schools", "Band"].samples == ("high", "standard")


def test_a_name_that_only_one_has_is_read_and_said_and_others_are_suggested_then_remembered(book: Path) -> None:
    asked = read_case(book, words=OwnWords(sheets=WORDS.sheets, columns=WORDS.columns))
    assert asked.case is None  # Alder is not the name of any school
    assert [(u.text, u.suggested[0], u.places) for u in asked.unmatched] == [
        ("Alder", ("102", "Alder Primary"), ("history, row 3",))
    ]
    said = " ".join(p.text for p in asked.problems if p.code == "names_read")
    assert "Saint Mary's Primary as St. Mary's CE Primary School (101)" in said
    assert "Lee, Ann as Mrs Ann Lee (ann-lee)" in said
    read = read_case(book, words=WORDS)
    assert read.case is not None, read.problems
    assert {(h.urn, h.sip) for h in read.case.history} == {("101", "ann-lee"), ("102", "ben-roe")}
    assert {s.urn: s.need for s in read.case.schools} == {"101": "high", "102": "standard"}
    assert read.case.extras["schools"]["101"] == {"Caretaker": "Bob"}
    assert not any(p.code == "unknown_column" for p in read.problems)


def test_those_listed_by_name_alone_take_the_id_they_had(book: Path) -> None:
    before = case([school("102", name="Alder Primary School")], [sip("S7", name="Ann Lee")])
    read = read_case(
        book,
        words=OwnWords(WORDS.sheets, WORDS.columns, WORDS.schools, {"lee ann": "S7", "ben roe": "ben-roe"}),
        before=before,
    )
    assert read.case is not None, read.problems
    assert {s.sip: s.name for s in read.case.sips} == {"S7": "Mrs Ann Lee", "ben-roe": "Ben Roe"}


def test_two_sheets_for_one_table_are_an_error(tmp_path: Path) -> None:
    book = save(tmp_path / "two.xlsx", {"schools": SHEETS["Our schools"], **SHEETS})
    assert "table_twice" in [p.code for p in read_case(book, words=WORDS).problems]


@pytest.mark.parametrize(
    ("given", "known", "found"),
    [
        ("St Mary's C of E Primary", "Saint Marys CE Primary School", True),
        ("dr. Priya SHAH", "Priya Shah", True),
        ("Shah, Priya", "Priya Shah", True),
        ("Alder Infant", "Alder Junior", False),
    ],
)
def test_names_that_are_the_same_but_for_spelling(given: str, known: str, found: bool) -> None:
    assert (same(given, {"1": known}) == "1") is found
    assert same(given, {"1": known, "2": known}) is None  # two of that name: a person says which
    assert nearest_names(given, {"1": known, "2": "Zebedee Xu"}) == (["1"] if found else [])


def test_problems_are_marked_in_the_cells_and_the_mended_workbook_reads_clean(tmp_path: Path) -> None:
    rows: dict[str, list[list[Any]]] = {
        "schools": [["urn", "name", "phase", "need"], ["1", "Alder", "primary", "hihg"], ["1", "Birch", "primray", None]],
        "sips": [["sip", "name", "kind", "phases", "days", "trained", "board_approved", "dbs_checked_on"],
                 ["A", "Ann", "consultant", "primary", 999, "yes", "yes", "2026-01-01"]],
    }  # fmt: skip
    path = save(tmp_path / "bad.xlsx", rows)
    first = read_case(path, words=OwnWords())
    assert first.case is None
    out = tmp_path / "marked.xlsx"
    out.write_bytes(marked(first.raw, path.read_bytes()))
    back = load_workbook(out)
    assert back.sheetnames[0] == "problems"
    need = back["schools"]["D2"]
    assert need.comment is not None
    assert "Did you mean high?" in need.comment.text
    assert need.fill.fgColor.rgb == "00FFC7CE"
    listed = [[c.value for c in r] for r in back["problems"].iter_rows(min_row=2)]
    assert ["error", "schools", 2, "need"] in [r[:4] for r in listed]
    assert len(listed) == len(first.raw.problems)
    again = read_case(out, words=OwnWords())
    assert {p.text for p in again.problems} == {p.text for p in first.problems}  # marks change nothing
    for cell, value in (("D2", "high"), ("A3", "2"), ("C3", "primary")):
        back["schools"][cell] = value
    back["sips"]["E2"] = 20
    back.save(out)
    mended = read_case(out, words=OwnWords())
    assert mended.case is not None, mended.problems
    clean = load_workbook(io.BytesIO(marked(mended.raw, out.read_bytes())))
    assert clean["schools"]["D2"].comment is None  # old marks are taken off
    assert not any(c.comment and c.comment.author == AUTHOR for c in clean["sips"][2])


def test_a_json_document_is_laid_out_and_marked(tmp_path: Path) -> None:
    read = read_document(
        {"schools": [{"urn": "1", "name": "=Alder", "phase": "primray"}], "sips": []}, words=OwnWords()
    )
    book = load_workbook(io.BytesIO(marked(read.raw)))
    assert book["schools"]["C2"].comment is not None
    assert book["schools"]["B2"].data_type == "s"  # text that looks like a formula stays text


def test_check_writes_the_marked_workbook(tmp_path: Path) -> None:
    path = save(tmp_path / "bad.xlsx", {"schools": [["urn", "name", "phase"], ["1", "Alder", "primray"]]})
    out = tmp_path / "marked.xlsx"
    done = CliRunner().invoke(app, ["check", str(path), "--marked", str(out)])
    assert done.exit_code == 3
    assert load_workbook(out)["schools"]["C2"].comment is not None
