"""A manager's own workbook: sheets, columns and names in their words, mapped once; problems marked in the cells."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from allocator.cli.commands import app
from allocator.errors import UsageError
from allocator.intake.mapping import read_mapping, suggested
from allocator.intake.mark import marked
from allocator.intake.naming import nearest_names, same
from allocator.intake.own_words import OwnWords
from allocator.intake.read import read_case, read_document
from allocator.intake.workbook import MARKED_BY
from tests.make import case, school, sip

SHEETS: dict[str, list[list[Any]]] = {
    "Our schools": [
        ["School name", "URN", "Phase", "Band", "Caretaker"],
        ["St. Mary's CE Primary School", 101, "Primary", "high", "Bob"],
        ["Alder Primary", 102, "Primary", "standard", "Jo"],
    ],
    "sips": [
        ["Name", "Type", "Phases", "Days available"],
        ["Mrs Ann Lee", "consultant", "primary", 20],
        ["Ben Roe", "retired head", "primary", 15],
    ],
    "history": [
        ["School", "SIP", "Academic year"],
        ["Saint Mary's Primary", "Lee, Ann", "2025/26"],
        ["Alder", "Ben Roe", "2025/26"],
    ],
}
WORDS = OwnWords(
    sheets={"ourschools": "schools"},
    columns={
        ("schools", "schoolname"): "name",
        ("schools", "band"): "need",
        ("schools", "caretaker"): "",
        ("sips", "type"): "kind",
        ("sips", "daysavailable"): "days",
        ("history", "school"): "urn",
        ("history", "academicyear"): "year",
    },
    schools={"saint mary s primary": "101", "saint marys primary": "101", "alder": "102"},
    sips={"lee ann": "ann-lee", "ben roe": "ben-roe"},
)


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


def test_usual_titles_and_headers_are_read_and_said_and_others_are_asked_about(book: Path) -> None:
    read = read_case(book, words=OwnWords())
    assert read.raw.read_titles == {"Our schools": "schools"}
    found = {(c.table, c.label): (c.nearest, c.read) for c in read.columns}
    assert found == {
        ("schools", "School name"): ("name", True),
        ("schools", "Band"): ("need", True),
        ("schools", "Caretaker"): (None, False),
        ("sips", "Type"): ("kind", True),
        ("sips", "Days available"): ("days", True),
        ("history", "School"): ("urn", True),
        ("history", "Academic year"): ("year", True),
    }
    said = " ".join(p.text for p in read.problems if p.code in ("headers_read", "title_read"))
    for part in ("Our schools is read as schools", "School name as name", "Band as need", "Academic year as year"):
        assert part in said
    unsettled = {p.code for p in read.problems if p.severity == "error"}
    assert unsettled == {"unknown_reference"}  # Alder, whom nobody has settled


def cells(row: str) -> list[Any]:
    """A row as it stands in a sheet: figures as figures, and nothing in an empty cell."""
    return [figure(cell.strip()) for cell in row.split("|")]


def figure(cell: str) -> int | float | str | None:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(cell)
    return cell or None


MANAGERS: dict[str, list[list[Any]]] = {
    "Schools 26-27": [
        ["Oswin schools 2026/27"],
        [],
        cells("School | URN | Phase | Headteacher | Head's email | MAT | Ofsted | Last inspection")
        + cells("Category | NOR | % FSM | SIP 25/26 | Entitlement (days)"),
        cells("Ash Primary | 900101 | Primary | Mrs A | a@ash.example |  | Good | 04/05/2022")
        + cells("Universal | 210 | 18.2 | Ann Oak | 5"),
        cells("Elm CE Primary | 900102 | Primary | Mr B | b@elm.example | Elm MAT | RI | 04/05/2023")
        + cells("Targeted | 105 | 31 | Bob Roe | 6"),
        cells("Oak High | 900103 | Secondary | Dr C | c@oak.example | Oak Trust | Outstanding | 04/05/2019")
        + cells("Intensive | 900 | 9 | TBC | 8"),
    ],
    "SIP team": [
        ["SIP", "Type", "Phase(s)", "Days available", "Current school", "DBS date", "Trained?"],
        ["Ann Oak", "LA adviser", "Primary", 40, None, "01/03/2025", "Y"],
        ["Bob Roe", "Headteacher", "Primary / Secondary", 10, "Elm CE Primary School", "01/03/2025", "Y"],
    ],
    "Conflicts of interest": [
        ["SIP", "School", "Relationship"],
        ["Ann Oak", "Oak High School", "Chair of governors"],
        ["Bob Roe", "Ash Primary", "His wife teaches there"],
    ],
    "Notes": [["ring Oak"]],
}


def test_a_workbook_as_managers_keep_it_is_read_without_a_word_from_anybody(tmp_path: Path) -> None:
    read = read_case(save(tmp_path / "m.xlsx", MANAGERS))
    assert read.case is not None, read.problems
    schools = {s.urn: s for s in read.case.schools}
    assert [(s.name, s.need, s.oeif_overall, s.days, s.head) for s in schools.values()] == [
        ("Ash Primary", "standard", "2", 5, None),
        ("Elm CE Primary", "raised", "3", 6, None),
        ("Oak High", "high", "1", 8, None),
    ]
    assert {(h.urn, h.sip, h.year) for h in read.case.history} == {
        ("900101", "ann-oak", "2025/26"),
        ("900102", "bob-roe", "2025/26"),
    }
    sips = {s.sip: s for s in read.case.sips}
    assert (sips["bob-roe"].current_urn, sips["bob-roe"].kind, sips["bob-roe"].phases) == (
        "900102",
        "serving_head",
        ("primary", "secondary"),
    )
    assert {(i.sip, i.urn, i.kind) for i in read.case.interests} == {
        ("ann-oak", "900103", "governor"),
        ("bob-roe", "900101", "family"),
    }
    assert read.case.year == "2026/27"
    assert read.case.extras["schools"]["900101"] == {"Headteacher": "Mrs A", "SIP 25/26": "Ann Oak"}
    assert "not read" in " ".join(p.text for p in read.problems if p.code == "unknown_sheet")


def test_a_headteacher_is_never_read_as_an_id_and_a_header_whose_cells_do_not_fit_is_left(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["urn", "name", "phase", "Headteacher", "Category"],
        [900101, "Ash", "primary", "Mrs Jones", "B2"],
        [900102, "Elm", "primary", "Mrs Jones", "A1"],
    ]
    read = read_case(save(tmp_path / "m.xlsx", {"schools": rows, "sips": SHEETS["sips"]}))
    assert read.case is not None, read.problems
    assert {(s.head, s.need) for s in read.case.schools} == {(None, None)}
    assert {c.label: c.nearest for c in read.columns if c.table == "schools"} == {
        "Headteacher": None,
        "Category": "need",
    }


def test_a_suggested_mapping_is_read_back_and_says_the_same(tmp_path: Path) -> None:
    book = save(tmp_path / "m.xlsx", MANAGERS)
    first = read_case(book)
    text = suggested(first.raw.read_titles, dict.fromkeys(first.raw.unknown, ""), first.columns)
    (tmp_path / "m.mapping.toml").write_text(text + '[values.need]\nTargeted = "top"\n', "utf-8")
    again = read_case(book)  # found beside the workbook
    assert first.case is not None
    assert again.case is not None, again.problems
    assert [s.need for s in again.case.schools] == ["standard", "top", "high"]
    assert again.case.history == first.case.history
    assert "Notes" not in again.raw.unknown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[colums.schools]\nA = "name"\n', "Did you mean [columns]?"),
        ('[columns.schools]\nA = "nmae"\n', "Did you mean name?"),
        ('[sheets]\nA = "skools"\n', "Did you mean schools?"),
        ("[sheets]\nA = 3\n", "must be a text"),
        ("sheets = [", "not TOML"),
        ("[bodies.turst]\n", "[bodies.trust]"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_the_nearest(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(UsageError) as told:
        read_mapping(tmp_path / "m.toml")
    assert says in told.value.text


def test_last_years_sip_in_a_column_gives_way_to_the_history_sheet(tmp_path: Path) -> None:
    sheets = {**MANAGERS, "Allocation 25-26": [["School", "SIP", "Year"], ["Ash Primary", "Bob Roe", "2025-26"]]}
    read = read_case(save(tmp_path / "m.xlsx", sheets))
    assert read.case is not None, read.problems
    assert {(h.urn, h.sip) for h in read.case.history} == {("900101", "bob-roe"), ("900102", "bob-roe")}
    assert any("History counts" in p.text for p in read.problems if p.code == "at_odds")


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
        "schools": [
            ["urn", "name", "phase", "need"],
            ["1", "Alder", "primary", "hihg"],
            ["1", "Birch", "primray", None],
        ],
        "sips": [
            ["sip", "name", "kind", "phases", "days", "trained", "board_approved", "dbs_checked_on"],
            ["A", "Ann", "consultant", "primary", 999, "yes", "yes", "2026-01-01"],
        ],
    }
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
    assert not any(c.comment and c.comment.author == MARKED_BY for c in clean["sips"][2])


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
