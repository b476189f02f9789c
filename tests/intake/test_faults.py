"""Faults of real workbooks and national files, a kind a row: each is read rightly and said, or refused with row, column, value,
what was expected and the nearest. None is silent."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from allocator import rules
from allocator.cli.commands import app
from allocator.domain.facts import Facts
from allocator.errors import CaseError
from allocator.intake.gias import import_gias
from allocator.intake.links import link_successions
from allocator.intake.ofsted import merge_ofsted
from allocator.intake.read import Reading, read_document
from allocator.intake.refresh import KeptTable
from allocator.intake.source import Raw, RawTable

SCHOOLS: list[dict[str, Any]] = [
    {"urn": "900101", "name": "Ash Primary School", "phase": "primary", "la": "Oswin", "trust": "Larkspur Trust"},
    {"urn": "900102", "name": "Beck Primary School", "phase": "primary", "la": "Oswin"},
]
FIT = {
    "kind": "consultant",
    "phases": "primary",
    "days": 20,
    "trained": "yes",
    "board_approved": "yes",
    "dbs_checked_on": "2026-01-01",
}
SIPS: list[dict[str, Any]] = [
    {"sip": "ann", "name": "Ann Oak", "email": "ann.oak@team.example", **FIT},
    {"sip": "bob", "name": "Bob Ray", **FIT},
]
ROWS: dict[str, dict[str, Any]] = {
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
}


def read(tables: dict[str, Any], year: str | None = "2026/27") -> Reading:
    return read_document({"schools": SCHOOLS, "sips": SIPS, **tables}, year=year)


def texts(found: Reading, severity: str = "error") -> str:
    return " ".join(p.text for p in found.problems if p.severity == severity)


READ: list[tuple[str, str, Any, str]] = [  # it bars as it should, and how it was read is said
    ("interests", "sip", "ann.oak@team.example", "ann.oak@team.example as Ann Oak (ann)"),
    ("interests", "sip", "Ann Oak*", "as Ann Oak (ann)"),
    ("interests", "sip", "Ann\u00a0Oak", "as Ann Oak (ann)"),
    ("interests", "urn", "Ash\u200b Primary School", "as Ash Primary School (900101)"),
    ("interests", "declared_on", 46143, "46143 as 2026-05-01"),
    ("interests", "declared_on", "46143", "46143 as 2026-05-01"),
    ("interests", "until", 46508, "46508 as 2027-05-01"),
    ("decisions", "on", 46174, "46174 as 2026-06-01"),
    ("absences", "away_from", 46266, "46266 as 2026-09-01"),
    ("interests", "declared_on", "2026-05-01 09:00", ""),
    ("interests", "declared_on", "01/05/2026 09:00", ""),
    ("interests", "kind", "Governor (resigned)", "as governor"),
    ("refusals", "year", "2026/2027", "as 2026/27"),
]
REFUSED: list[tuple[str, str, Any, str]] = [  # and what the error says besides row, column and value
    *(
        (t, c, v, "a ditto mark")
        for t, c, v in (
            ("interests", "sip", '"'),
            ("interests", "kind", "ditto"),
            ("refusals", "urn", "as above"),
            ("history", "sip", "\u3003"),
            ("wishes", "wish", "''"),
            ("decisions", "decision", "-do-"),
        )
    ),
    ("interests", "sip", "Ann Oak (mat leave)", "Did you mean Ann Oak (ann)"),
    ("history", "sip", "Ann Oak (until Xmas)", "Did you mean Ann Oak (ann)"),
    ("history", "sip", "Ann Oak / Bob Ray", "Write a row for each"),
    ("interests", "sip", "Ann Oak née Hill", "Did you mean Ann Oak (ann)"),
    ("interests", "sip", "nobody@team.example", "a SIP's id or name"),
    ("interests", "urn", "201/3614", "a DfE number"),
    ("history", "urn", "2013614", "a DfE number"),
    ("interests", "urn", "Ash Primary School, OS1 2AB", "Did you mean Ash Primary School"),
    ("interests", "urn", "\u0410sh Primary School", "Did you mean Ash Primary School"),
    ("interests", "urn", "All schools", "a URN or a school's name"),
    ("interests", "declared_on", "05/31/2026", "the day first"),
    ("interests", "until", "1900-01-00", "a date"),
    ("history", "year", "0225/26", "an academic year"),
    ("refusals", "year", "25-26 & 26-27", "an academic year"),
    ("absences", "away_to", "until further notice", "a date"),
    ("interests", "outcome", "Cleared by board 3/5/26", "open, cleared, barred"),
]


@pytest.mark.parametrize(("table", "column", "written", "said"), READ)
def test_what_can_only_mean_one_thing_is_read_so_and_bars(table: str, column: str, written: Any, said: str) -> None:
    found = read({table: [{**ROWS[table], column: written}]})
    assert found.case is not None, texts(found)
    assert "ann" not in rules.pairs(Facts(found.case, found.policy)).allowed["900101", "lead"]
    assert said in texts(found, "notice")


@pytest.mark.parametrize(("table", "column", "written", "said"), REFUSED)
def test_what_may_mean_another_thing_is_refused_at_its_place(table: str, column: str, written: Any, said: str) -> None:
    found = read({table: [ROWS[table], {**ROWS[table], column: written}]})
    errors = [p for p in found.problems if p.severity == "error"]
    assert [(p.table, p.row, p.column, p.value) for p in errors] == [(table, 2, column, str(written))]
    assert said in f"{errors[0].text} {errors[0].expected}"


@pytest.mark.parametrize("column", ["trust", "la", "cluster", "diocese"])
def test_a_ditto_mark_is_no_body_of_its_own(column: str) -> None:
    rows = [{**s, column: v} for s, v in zip(SCHOOLS, ("Fern Trust", '"'), strict=True)]
    found = read({"schools": rows})
    assert [(p.code, p.row, p.column) for p in found.problems if p.severity == "error"] == [("ditto", 2, column)]
    assert "Write Fern Trust again" in texts(found)


@pytest.mark.parametrize("word", ["same", "any"])
def test_a_word_that_a_column_takes_is_no_ditto_mark(word: str) -> None:
    found = read({"schools": [{**s, "appraisal": word} for s in SCHOOLS]})
    assert found.case is not None, texts(found)


def with_columns(*columns: tuple[str, str, str]) -> list[dict[str, Any]]:
    return [s | {head: cells[n] for head, *cells in columns} for n, s in enumerate(SCHOOLS)]


LED = {
    ("900101", "ann", "2024/25"),
    ("900102", "ann", "2024/25"),
    ("900101", "bob", "2025/26"),
    ("900102", "ann", "2025/26"),
}


@pytest.mark.parametrize(
    "heads", [("SIP 24/25", "SIP 25/26"), ("2024/25", "2025/26"), ("Adviser 2024-25", "Adviser 2025-26")]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_column_for_each_year_is_a_year_of_history_each(heads: tuple[str, str], turned: bool) -> None:
    columns = [(heads[0], "Ann Oak", "Ann Oak"), (heads[1], "Bob Ray", "Ann Oak")]
    found = read({"schools": with_columns(*(columns[::-1] if turned else columns))}, None)
    assert found.case is not None, texts(found)
    assert {(h.urn, h.sip, h.year) for h in found.case.history} == LED
    assert found.case.year == "2026/27"


def test_an_empty_column_of_the_year_to_plan_is_no_history() -> None:
    found = read({"schools": with_columns(("SIP 25/26", "Ann Oak", "Ann Oak"), ("SIP 26/27", "", ""))}, None)
    assert found.case is not None, texts(found)
    assert (found.case.year, {h.year for h in found.case.history}) == ("2026/27", {"2025/26"})


def test_a_column_of_no_year_beside_one_of_a_year_is_last_years_where_the_year_is_told_and_asked_about_where_not() -> (
    None
):
    columns = ("Current SIP", "Ann Oak", "Ann Oak"), ("SIP 26/27", "Bob Ray", "")
    found = read({"schools": with_columns(*columns)})
    assert found.case is not None, texts(found)
    assert {(h.urn, h.sip, h.year) for h in found.case.history} == {(s["urn"], "ann", "2025/26") for s in SCHOOLS}
    assert "SIP 26/27 is of 2026/27, the year planned" in texts(found, "notice")
    asked = read({"schools": with_columns(*columns)}, None)
    assert [(p.code, p.column) for p in asked.problems if p.severity == "error"] == [("undated_sip", "Current SIP")]


@pytest.mark.parametrize("urns", [("2013614", "2013615"), ("201/3614", "201/3615")])
def test_dfe_numbers_for_urns_are_refused(urns: tuple[str, str]) -> None:
    found = read({"schools": [{**s, "urn": u} for s, u in zip(SCHOOLS, urns, strict=True)]})
    assert [(p.code, p.row, p.value) for p in found.problems if p.severity == "error"] == [
        ("bad_urn", 1, urns[0]),
        ("bad_urn", 2, urns[1]),
    ]
    assert "a DfE number" in texts(found)


# -- the nation's files -------------------------------------------------------------------------------------------------

HEAD = (
    "URN,LA (name),EstablishmentName,TypeOfEstablishment (name),EstablishmentStatus (name),CloseDate,PhaseOfEducation (name),"
    "NumberOfPupils,PercentageFSM,Trusts (name),Easting,Northing"
)
ASH = '900101,"Oswin, City of",Ash School,Community school,"Open, but proposed to close",31-08-2027,Primary,1204,18.1,Fern Trust,533498,181201'
WRITTEN = [  # what a spreadsheet or another system makes of a register's cell -> it is read as it was published
    ("900101,", "900101.0,"),
    ("900101,", '"900,101",'),
    ("900101,", "'900101,"),
    ("1204", '"1,204"'),
    ("1204", "1204.0"),
    ("18.1", "18.1%"),
    ("533498", "533498.00"),
    ("31-08-2027", "46630"),
    ("31-08-2027", "2027-08-31 00:00:00"),
    ("31-08-2027", "31/08/2027 00:00"),
    ('"Open, but proposed to close"', '"OPEN, BUT PROPOSED TO CLOSE "'),
    ("Ash School", " Ash  School "),
]


def register(tmp_path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    (tmp_path / "register.csv").write_text("\n".join((HEAD, *rows)), encoding)
    return tmp_path / "register.csv"


@pytest.mark.parametrize(("published", "written"), WRITTEN)
def test_a_register_that_went_through_a_spreadsheet_says_what_it_said(
    tmp_path: Path, published: str, written: str
) -> None:
    whole = import_gias(register(tmp_path, ASH)).rows
    again = import_gias(register(tmp_path, ASH.replace(published, written, 1)))
    assert (again.rows, again.unread) == (whole, {})


def test_a_register_in_utf_16_and_with_totals_and_headers_repeated_below(tmp_path: Path) -> None:
    whole = import_gias(register(tmp_path, ASH)).rows
    found = import_gias(register(tmp_path, ASH, HEAD, ",,,,,,,,,,,", "Total,,,,,,,1204,,,,", encoding="utf-16"))
    assert found.rows == whole
    assert found.other_types == {"TypeOfEstablishment (name)": 1, "no type given": 1}


@pytest.mark.parametrize("word", ["-", "n/a", "Not applicable", "nan", "#N/A", ".."])
def test_a_word_for_nothing_is_no_trust(tmp_path: Path, word: str) -> None:
    assert import_gias(register(tmp_path, ASH.replace("Fern Trust", word))).rows[0].trust is None


def test_an_american_date_in_a_register_is_counted_as_unread(tmp_path: Path) -> None:
    found = import_gias(register(tmp_path, ASH.replace("31-08-2027", "08/31/2027")))
    assert (found.unread, found.rows[0].closes_on) == ({"closes_on": 1}, None)


def test_a_register_of_codes_says_why_nothing_was_kept(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="Left out: 1 with status 2"):
        import_gias(register(tmp_path, ASH.replace('"Open, but proposed to close"', "2")))


OUTCOMES = "URN,Inspection start date,Overall effectiveness,Category of concern\n"
KEPT = {"oeif_overall": "4", "oeif_date": "", "category_of_concern": "SM"}


@pytest.mark.parametrize(
    ("row", "after", "unread"),
    [
        (
            "900101.0,19/11/2024,2,NULL",
            {"oeif_overall": "2", "oeif_date": "2024-11-19", "category_of_concern": ""},
            set(),
        ),
        ("900101,45615,Good,None", {"oeif_overall": "2", "oeif_date": "2024-11-19", "category_of_concern": ""}, set()),
        ("900101,19/11/2024,#N/A,-", KEPT, set()),
        ("900101,19/11/2024,..,..", KEPT, set()),
        (
            "900101,11/19/2024,2,NULL",
            {"oeif_overall": "2", "oeif_date": "", "category_of_concern": "SM"},
            {"inspected on: 11/19/2024"},
        ),
        ("900101,19/11/2024,2 - Good,NULL", KEPT, {"oeif_overall: 2 - Good"}),
    ],
)
def test_an_inspection_whose_cells_cannot_be_read_takes_no_category_away(
    tmp_path: Path, row: str, after: dict[str, str], unread: set[str]
) -> None:
    (tmp_path / "o.csv").write_text(OUTCOMES + row)
    columns = ["urn", "name", "phase", "oeif_overall", "category_of_concern"]
    kept = KeptTable(RawTable("schools", columns, [(2, ["900101", "Ash", "primary", "4", "SM"])]))
    merged = merge_ofsted(tmp_path / "o.csv", kept)
    assert {c: kept.text(0, c) for c in after} == after
    assert set(merged.unread) == unread


@pytest.mark.parametrize("old", ["900001", "900001.0", '"900,001"', "'900001"])
def test_links_that_went_through_a_spreadsheet_are_the_same_links(tmp_path: Path, old: str) -> None:
    (tmp_path / "l.csv").write_text(
        f"URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n900101.0,{old},Old,Predecessor,43556\n"
    )
    raw = Raw(tables={"schools": RawTable("schools", ["urn", "name"], [(2, ["900101", "Ash"])])})
    found = link_successions(tmp_path / "l.csv", raw)
    assert [(x.old, x.new, str(x.on)) for x in found.rows] == [("900001", "900101", "2019-04-01")]


# -- as it is told at the command line ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "written", "says"),
    [
        ("need", "Red", "need is 'Red'"),
        ("urn", "2013614", "a DfE number"),
        ("trust", '"', "a ditto mark"),
        ("phase", "Primry", "Did you mean primary?"),
    ],
)
def test_one_cause_on_six_hundred_rows_is_one_line(tmp_path: Path, column: str, written: str, says: str) -> None:
    rows = [{"urn": 100000 + n, "name": f"School {n}", "phase": "primary", column: written} for n in range(600)]
    if column == "urn":
        rows = [r | {"urn": 2010000 + n} for n, r in enumerate(rows)]
    if column == "trust":
        rows.insert(0, rows[0] | {"urn": 199999, "name": "The first", "trust": "Fern Trust"})
    done = checked(tmp_path, rows, "check")
    errors = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, errors
    assert says in errors[0]
    assert "Like it 600 in all, rows 2, 3" in errors[0] or "Like it 600 in all, rows 3, 4" in errors[0]
    assert done.exit_code == 3


@pytest.mark.parametrize("status", ["closed", "proposed_to_open"])
def test_a_plan_of_no_schools_is_no_success(tmp_path: Path, status: str) -> None:
    rows = [{"urn": 100000 + n, "name": f"School {n}", "phase": "primary", "status": status} for n in range(3)]
    for command in ("check", "solve"):
        done = checked(tmp_path, rows, command)
        assert done.exit_code == 3
        assert "No school is in the run" in done.output


def checked(folder: Path, schools: list[dict[str, Any]], command: str) -> Result:
    for name, rows in (("schools", schools), ("sips", SIPS)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(c for r in rows for c in r)))
            writer.writeheader()
            writer.writerows(rows)
    return CliRunner().invoke(app, [command, str(folder)])
