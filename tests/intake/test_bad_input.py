"""Bad input, as it comes: a clear sentence with its place, no cascade of others, never a traceback, nothing hidden."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from openpyxl import load_workbook

from allocator import rules
from allocator.domain.facts import Facts
from allocator.intake.problems import Problem
from allocator.intake.read import Reading, read_case, read_document
from allocator.intake.slips import EXPERIENCE
from allocator.intake.template import write_template
from allocator.rules.experience import asked
from scenarios.tables import HERE
from tests.make import case, policy, school
from tests.sizes import long

Book = Any
SIPS = "sip,name,kind,phases,days\na,Ann Lea,consultant,primary,10\n"
SCHOOLS = "urn,name,phase\n1,Ash,primary\n"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, its example rows typed over or deleted."""
    path = tmp_path_factory.mktemp("template") / "t.xlsx"
    write_template(path)
    book = load_workbook(path)
    for name, called in (("schools", "Ash"), ("sips", "Ann Lea")):
        book[name].cell(2, 2, called)
    for name in ("history", "wishes", "interests"):
        book[name].delete_rows(2)
    book.save(path)
    return path


def spoilt(template: Path, target: Path, spoil: Callable[[Book], None]) -> Reading:
    book = load_workbook(template)
    spoil(book)
    book.save(target / "case.xlsx")
    return read_case(target / "case.xlsx")


def errors(reading: Reading) -> list[Problem]:
    return [p for p in reading.problems if p.severity == "error"]


def codes(reading: Reading) -> list[str]:
    return [p.code for p in errors(reading)]


def folder(at: Path, **tables: str) -> Reading:
    for name, text in {"schools": SCHOOLS, "sips": SIPS, **tables}.items():
        (at / f"{name}.csv").write_text(text, "utf-8")
    return read_case(at)


def test_a_file_of_no_bytes_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "case.xlsx").touch()
    assert codes(read_case(tmp_path / "case.xlsx")) == ["empty_file"]


def test_a_wrong_sheet_name_is_one_error_and_the_nearest_is_named(template: Path, tmp_path: Path) -> None:
    def rename(book: Book) -> None:
        book["schools"].title = "Skools"

    reading = spoilt(template, tmp_path, rename)
    assert codes(reading) == ["missing_table"]
    assert any("Did you mean schools?" in p.text for p in reading.problems)


def test_a_merged_header_is_one_error_with_its_cells(template: Path, tmp_path: Path) -> None:
    reading = spoilt(template, tmp_path, lambda book: book["schools"].merge_cells("B1:C1"))
    assert codes(reading) == ["merged_header"]
    assert "B1:C1" in errors(reading)[0].text


def test_formula_errors_and_unsaved_formulas_are_named_by_cell(template: Path, tmp_path: Path) -> None:
    def spoil(book: Book) -> None:
        sheet = book["schools"]
        at = {head.value: head.column for head in sheet[1]}
        sheet.cell(2, at["northing"]).value, sheet.cell(2, at["easting"]).value = "#REF!", "=1/0"

    reading = spoilt(template, tmp_path, spoil)
    assert sorted(codes(reading)) == ["formula_error", "formula_unsaved"]
    assert {(p.table, p.row, p.column) for p in errors(reading)} == {
        ("schools", 2, "northing"),
        ("schools", 2, "easting"),
    }


def test_a_formula_error_saved_as_text_in_a_csv_is_told_too(tmp_path: Path) -> None:
    assert codes(folder(tmp_path, schools="urn,name,phase\n1,#N/A,primary\n")) == ["formula_error"]


@long()
def test_ten_thousand_rows_of_junk_are_counted_not_listed(tmp_path: Path) -> None:
    junk = "".join(f"junk {n},x,y\n" for n in range(10_000))
    began = process_time()
    reading = folder(tmp_path, schools="urn,name,phase\n" + junk)
    assert process_time() - began < 20
    assert len(reading.problems) < 60
    assert any("And 9,980 more like it." in p.text for p in reading.problems)


def test_a_nul_byte_is_one_error_and_nothing_else_is_blamed(tmp_path: Path) -> None:
    (tmp_path / "sips.csv").write_bytes(b"sip,name\0,kind")
    for name in ("schools", "decisions"):
        text = SCHOOLS if name == "schools" else "decision,urn,sip,reason,by,on\nlock,1,a,x,m,2026-06-01\n"
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    assert codes(read_case(tmp_path)) == ["nul_byte"]


@pytest.mark.parametrize(
    ("inside", "code"), [("xl/vbaProject.bin", "macros"), ("xl/externalLinks/externalLink1.xml", "external_links")]
)
def test_macros_and_links_are_said_and_never_followed(template: Path, tmp_path: Path, inside: str, code: str) -> None:
    target = tmp_path / "case.xlsm"
    target.write_bytes(template.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(inside, b"<x/>")
    reading = read_case(target)
    assert reading.case is not None
    assert code in [p.code for p in reading.problems]


def test_a_bad_row_is_told_once_and_rows_that_name_it_are_not_blamed(tmp_path: Path) -> None:
    reading = folder(tmp_path, schools="urn,name,phase\n1,Ash,primry\n", wishes="by,urn,wish\nschool,1,keep\n")
    assert codes(reading) == ["bad_value"]
    assert "Did you mean primary?" in errors(reading)[0].text


@pytest.mark.parametrize(
    ("tables", "code", "says"),
    [
        ({"schools": SCHOOLS + "1,Elm,primary\n"}, "duplicate", "rows 2 and 3"),
        ({"sips": SIPS.replace(",10", ",-1")}, "impossible_figure", "days is -1"),
        (
            {"sips": "sip,name,kind,phases,days,autumn_2_days\na,A,consultant,primary,10,11\n"},
            "impossible_figure",
            "11 days in autumn_2",
        ),
        ({"schools": "urn,name,phase\n1,Example Primary School,primary\n"}, "example_row", "Type over it"),
        ({"wishes": "by,urn,wish\nschool,2,keep\n"}, "unknown_reference", "urn 2 is not in this case"),
        ({"history": "urn,sip,year\n1,a,2025-27\n"}, "bad_value", "academic year"),
        ({"interests": "sip,urn,la,kind\na,1,Hart,head\n"}, "bad_shape", "exactly one of"),
        ({"wishes": "by,urn,wish\nschool,1,named\n"}, "bad_shape", "must name a SIP"),
        ({"answers": "urn,post,by,answer\n1,lead,head,accept\n"}, "missing_column", "column on is missing"),
        (
            {"history": "urn,sip,year\n1,a,2025/26\n", "worked": "urn,post,sip,on,days\n1,lead,a,2031-01-01,1\n"},
            "outside_year",
            "outside 2026/27",
        ),
        ({"schools": "urn,name,phase,pupls\n1,Ash,primary,9\n"}, "unknown_column", "Did you mean pupils?"),
        ({"schools": "urn,name,phase,head_started\n1,Ash,primary,31/02/2026\n"}, "bad_value", "expected a date"),
        ({"schools": "urn,name,phase,participation\n1,Ash,primary,own_sip\n"}, "no_school", "No school is in the run"),
    ],
)
def test_each_kind_of_problem_says_where_and_what_would_be_right(
    tmp_path: Path, tables: dict[str, str], code: str, says: str
) -> None:
    reading = folder(tmp_path, **tables)
    assert reading.case is None
    assert [p for p in errors(reading) if p.code == code and says in p.text], [p.text for p in reading.problems]


def test_every_problem_comes_at_once(tmp_path: Path) -> None:
    reading = folder(
        tmp_path,
        schools="urn,name,phase,pupils\n1,Ash,primry,many\n2,Elm,primary,9\n2,Elm,primary,9\n",
        sips=SIPS.replace("consultant", "adviser?"),
        wishes="by,urn,wish\nschool,9,keep\n",
    )
    assert sorted(codes(reading)) == ["bad_value", "bad_value", "bad_value", "duplicate", "unknown_reference"]


@pytest.mark.parametrize(
    ("tables", "code", "says"),
    [
        ({"sips": SIPS + "b,Mrs  Ann LEA,consultant,primary,5\n"}, "likely_duplicate", "likely the same"),
        ({"wishes": "by,urn,wish\nschool,1,keep\nschool,1,change\n"}, "wishes_at_odds", "rows 2 and 3"),
        (
            {"sips": SIPS.replace("days\n", "days,experience\n").replace(",10", ",10,small schools")},
            "near_tag",
            "Did you mean small_school?",
        ),
        (
            {
                "schools": "urn,name,phase,focus\n1,Ash,primary,early_reading\n",
                "sips": SIPS.replace("days\n", "days,specialisms\n").replace(",10", ",10,early readng"),
            },
            "near_tag",
            "early_reading",
        ),
    ],
)
def test_a_likely_slip_is_a_notice(tmp_path: Path, tables: dict[str, str], code: str, says: str) -> None:
    reading = folder(tmp_path, **tables)
    assert reading.case is not None, reading.problems
    assert [p for p in reading.problems if p.code == code and says in p.text], [p.text for p in reading.problems]


def test_tags_are_read_alike_however_their_words_are_joined(tmp_path: Path) -> None:
    head = SIPS.replace("days\n", "days,experience,specialisms\n")
    reading = folder(tmp_path, sips=head.replace(",10", ",10,Small school; high-fsm ,early reading"))
    assert reading.case is not None
    assert reading.case.sips[0].experience == ("Small_school", "high_fsm")
    assert reading.case.sips[0].specialisms == ("early_reading",)


def test_the_tags_known_are_those_that_a_school_can_ask_for() -> None:
    from allocator.domain.facts import Facts

    every = [
        school(
            "1",
            pupils=10,
            fsm_percent=90,
            rural=True,
            religious_character="CE",
            head_started="2026-09-01",
            category_of_concern="SM",
        ),
        school("2", phase="special", pupils=2000, oeif_overall="1", stuck=True),
    ]
    facts = Facts(case(every, []), policy())
    assert {tag for s in every for tag in asked(facts, s.urn)} == set(EXPERIENCE)


@pytest.mark.parametrize("text", ['{"schools": 3}', '{"schools": [1]}', '{"scools": []}', "[]", '"x"', "{}"])
def test_json_that_is_no_case_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "case.json").write_text(text)
    assert errors(read_case(tmp_path / "case.json"))


def test_a_ready_case_reads_the_same_as_folder_workbook_and_json(tmp_path: Path) -> None:
    from allocator.domain import canon
    from allocator.reasons.answer import solve
    from allocator.report.plan_workbook import write_workbook

    one = read_case(HERE / "leaver-at-christmas")
    assert one.case is not None
    write_workbook(one.case, one.policy, solve(one.case, one.policy), tmp_path / "case.xlsx")
    (tmp_path / "case.json").write_text(json.dumps({"year": one.case.year, **canon.case_out(one.case)}))
    for name in ("case.xlsx", "case.json"):
        other = read_case(tmp_path / name)
        assert other.case is not None, other.problems
        assert canon.case_sha256(other.case) == canon.case_sha256(one.case)


ROWS: dict[str, dict[str, Any]] = {  # one row of each table that protects somebody: Ann from Ash
    "interests": {"sip": "ann", "urn": "900101", "kind": "governor"},
    "refusals": {"sip": "ann", "urn": "900101", "kind": "veto", "year": "2026/27"},
    "decisions": {
        "decision": "forbid",
        "sip": "ann",
        "urn": "900101",
        "reason": "agreed",
        "by": "Mel",
        "on": "2026-06-01",
    },
    "history": {"sip": "ann", "urn": "900101", "year": "2025/26", "ended": "breakdown"},
    "wishes": {"by": "school", "urn": "900101", "sip": "ann", "wish": "change", "strength": 3},
    "absences": {"sip": "ann", "away_from": "2026-09-01", "away_to": "2027-08-31"},
    "sips": {},
}
FAULTS: list[tuple[str, str, str]] = [  # table, column, what a person writes there
    *(("interests", "outcome", x) for x in ("Cleared?", "not cleared", "no", "n/a", "declared", "resolved", "pending")),
    *(
        ("interests", "urn", x)
        for x in (
            "900101; 900102",
            "Ash Primary, Beck Primary",
            "All",
            "Larkspur Trust",
            "Oswin",
            "Ash",
            "900 101",
            "ash primary sch.",
        )
    ),
    *(
        ("interests", "sip", x)
        for x in ("ann; bob", "Ann Oak & Bob Ray", "Oak", "AO", "Ms A. Oak", "OAK, Ann", "Ann  Oak ")
    ),
    *(("interests", "kind", x) for x in ("", "✓", "none", "former advisor", "Chair of Govs", "Husband works there")),
    *(("interests", "until", x) for x in ("2027-01-31", "ongoing", "n/a", "31/02/2027")),
    ("interests", "declared_on", "last May"),
    *(("refusals", "kind", x) for x in ("refused", "", "Veto", "did not get on")),
    *(("refusals", "year", x) for x in ("2026", "26-27", "2025/26", "this year")),
    *(("decisions", "decision", x) for x in ("Forbidden", "do not place", "not")),
    *(("decisions", "post", x) for x in ("all", "Lead")),
    ("decisions", "until", "end of year"),
    *(("history", "ended", x) for x in ("school asked", "at school's request", "broke down", "SIP asked")),
    ("history", "year", ""),
    ("history", "sip", "Oak, Ann"),
    *(("wishes", "strength", x) for x in ("strong", "3 - must")),
    *(("wishes", "wish", x) for x in ("Change please", "not Ann Oak")),
    ("wishes", "by", "head"),
    *(("absences", "away_from", x) for x in ("", "September")),
    ("absences", "sip", "Ann Oke"),
    *(("sips", "status", x) for x in ("Left", "resigned", "on leave")),
    *(("sips", "trained", x) for x in ("no", "booked", "")),
    ("sips", "board_approved", "pending"),
    *(("sips", "dbs_checked_on", x) for x in ("awaiting", "expired", "")),
    ("sips", "dbs_valid_until", "31/8/26"),
    ("sips", "contract_ends", "Aug 26"),
    *(
        ("sips", "current_urn", x)
        for x in ("Ash Primary", "Head of Ash Primary School", "headteacher at Ash", "Ash Primary (head)")
    ),
    *(("sips", "current_trust", x) for x in ("Larkspur MAT", "LARKSPUR TRUST LTD")),
]


@pytest.mark.parametrize(("table", "column", "written"), FAULTS)
def test_whatever_is_written_in_a_protecting_row_it_bars_or_is_refused(table: str, column: str, written: str) -> None:
    schools = [
        {"urn": "900101", "name": "Ash Primary School", "phase": "primary", "la": "Oswin", "trust": "Larkspur Trust"},
        {"urn": "900102", "name": "Beck Primary School", "phase": "primary", "la": "Oswin"},
    ]
    on_record = {
        "kind": "consultant",
        "phases": "primary",
        "days": 20,
        "trained": "yes",
        "board_approved": "yes",
        "dbs_checked_on": "2026-01-01",
    }
    ann, bob = ({"sip": i, "name": n, **on_record} for i, n in (("ann", "Ann Oak"), ("bob", "Bob Ray")))
    row = {**(ann if table == "sips" else ROWS[table]), column: written}
    tables = (
        {"schools": schools, "sips": [row, bob]}
        if table == "sips"
        else {"schools": schools, "sips": [ann, bob], table: [row]}
    )
    read = read_document({**tables, "year": "2026/27"})
    if read.case is not None:
        assert "ann" not in rules.pairs(Facts(read.case, read.policy)).allowed["900101", "lead"]
    else:
        errors = [p for p in read.problems if p.severity == "error"]
        assert all(p.row is not None and p.column for p in errors)
        assert not any("mean cleared" in p.text for p in errors)


def test_what_would_bar_nobody_is_said() -> None:
    schools = [{"urn": "900101", "name": "Ash Primary School", "phase": "primary"}]
    sips = [{"sip": "ann", "name": "Ann Oak", "kind": "consultant", "phases": "primary", "days": 20}]
    old = {"sip": "ann", "urn": "900101", "kind": "veto", "year": "2024/25"}
    veto = {"urn": "900101", "post": "lead", "by": "head", "answer": "veto", "on": "2026-07-01"}
    tie = {"sip": "ann", "trust": "Ash Primary", "kind": "governor"}
    told = [
        p.text
        for p in read_document(
            {"schools": schools, "sips": sips, "year": "2026/27", "refusals": [old], "interests": [tie]}
        ).problems
    ]
    assert any("bars that year and the next: it bars nobody in 2026/27" in t for t in told)
    assert any("trust Ash Primary is a school of this case (900101)" in t for t in told)
    told = [
        p.text for p in read_document({"schools": schools, "sips": sips, "year": "2026/27", "answers": [veto]}).problems
    ]
    assert any("an answer names no SIP, and bars nobody" in t for t in told)


def test_schools_of_one_name_that_stand_far_apart_are_not_taken_for_one(tmp_path: Path) -> None:
    """A county has several St Peter's, each with its URN and its place."""
    head = "urn,name,phase,la,easting,northing\n1,St Peter's School,primary,Kent,550000,160000\n"
    (tmp_path / "near").mkdir()
    far = folder(tmp_path, schools=f"{head}2,St Peters School,primary,Kent,580000,160000\n")
    near = folder(tmp_path / "near", schools=f"{head}2,St Peters School,primary,Kent,550200,160000\n")
    assert "likely_duplicate" in [p.code for p in near.problems]
    assert "likely_duplicate" not in [p.code for p in far.problems]
