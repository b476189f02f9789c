"""The empty workbook: read as it is, with its drop-downs and notes, and as a case once it is filled."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook

from allocator.domain.case import TABLES
from allocator.intake.read import read_case
from allocator.intake.template import write_template


def test_it_has_every_table_and_column_with_a_note(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    assert set(TABLES) <= set(book.sheetnames)
    for name, model in TABLES.items():
        head = list(book[name][1])
        assert [c.value for c in head] == list(model.model_fields)
        assert all(c.comment for c in head)


def test_closed_lists_have_drop_downs(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    lists = [str(v.formula1) for v in load_workbook(tmp_path / "t.xlsx")["sips"].data_validations.dataValidation]
    assert any("la_adviser" in text for text in lists)
    assert any("yes,no" in text for text in lists)


def test_an_example_row_left_in_is_an_error_wherever_it_stands(tmp_path: Path) -> None:
    write_template(tmp_path / "t.xlsx")
    found = read_case(tmp_path / "t.xlsx")
    assert {(p.table, p.row) for p in found.problems if p.severity == "error"} == {
        ("schools", 2),
        ("sips", 2),
        ("history", 2),
        ("interests", 2),
    }


def test_it_reads_once_typed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_template(path)
    book = load_workbook(path)
    columns = list(TABLES["schools"].model_fields)
    for row, name in enumerate(("Ash", "Elm", "Oak"), 2):
        values: dict[str, str | int] = {"urn": 100 + row, "name": name, "phase": "Primary", "pupils": 90}
        for column, value in values.items():
            book["schools"].cell(row, columns.index(column) + 1, value)
    book["sips"].cell(2, 2, "Ann Lea")
    for name in ("history", "wishes", "interests"):
        book[name].delete_rows(2)
    book.save(path)
    found = read_case(path)
    assert found.case is not None, found.problems
    assert [s.urn for s in found.case.schools] == ["102", "103", "104"]
