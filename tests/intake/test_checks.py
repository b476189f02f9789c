"""What a row cannot be: each check on one row that fails it, and on one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.intake.checks import CHECKS
from allocator.intake.read import Reading, read_document

GOOD: dict[str, dict[str, Any]] = {
    "schools": {"urn": "900101", "name": "Ash", "phase": "primary"},
    "sips": {"sip": "ann", "name": "Ann Lea", "kind": "consultant", "phases": "primary", "days": 20, "trained": "yes"},
    "interests": {"sip": "ann", "urn": "900101", "kind": "governor", "declared_on": "2026-05-01"},
    "decisions": {"decision": "forbid", "urn": "900101", "sip": "ann", "reason": "x", "by": "Mel", "on": "2026-06-01"},
    "refusals": {"urn": "900101", "sip": "ann", "kind": "veto", "year": "2025/26"},
    "history": {"urn": "900101", "sip": "ann", "year": "2025/26"},
    "absences": {"sip": "ann", "away_from": "2026-10-01", "away_to": "2026-11-01"},
    "wishes": {"by": "school", "urn": "900101", "wish": "keep"},
    "worked": {"urn": "900101", "post": "lead", "sip": "ann", "on": "2026-10-01", "days": 1},
}


def read(table: str, **values: Any) -> Reading:
    """A sound case but for one row."""
    other = {"schools": [GOOD["schools"] | {"urn": "900102", "name": "Elm"}]} if table == "schools" else {}
    tables = {"schools": [GOOD["schools"]], "sips": [GOOD["sips"]]} | other
    rows = tables.get(table, []) if table == "schools" else []
    return read_document({**tables, table: [*rows, GOOD[table] | values]}, year="2026/27")


def told(reading: Reading) -> list[tuple[str, str]]:
    return [(p.severity, p.code) for p in reading.problems]


ODD: list[tuple[str, dict[str, Any], str, str]] = [
    ("sips", {"joined_on": "2026-05-01", "leaves_on": "2026-04-01"}, "error", "dates_contradict"),
    ("sips", {"joined_on": "2026-05-01", "contract_ends": "2025-12-31"}, "error", "dates_contradict"),
    ("sips", {"dbs_checked_on": "2025-05-01", "dbs_valid_until": "2022-05-01"}, "error", "dates_contradict"),
    ("sips", {"dbs_checked_on": "2062-05-01"}, "error", "impossible_date"),
    ("sips", {"dbs_checked_on": "2028-05-01"}, "error", "after_year"),
    ("sips", {"dbs_checked_on": "1999-05-01"}, "notice", "impossible_figure"),
    ("sips", {"dbs_valid_until": "2024-05-01"}, "notice", "before_year"),
    ("sips", {"contract_ends": "2020-07-31"}, "notice", "before_year"),
    ("sips", {"leaves_on": "2026-07-31"}, "notice", "before_year"),
    ("sips", {"joined_on": "2027-10-01"}, "notice", "after_year"),
    ("sips", {"easting": 5, "northing": 9_000_000}, "error", "impossible_figure"),
    ("sips", {"days": 400}, "error", "impossible_figure"),
    ("sips", {"min_schools": 5, "max_schools": 2}, "error", "impossible_figure"),
    ("schools", {"status": "open", "closes_on": "2025-01-01"}, "error", "dates_contradict"),
    ("schools", {"closes_on": "2025-01-01"}, "notice", "before_year"),
    ("schools", {"opens_on": "2027-01-01", "closes_on": "2026-12-01"}, "notice", "dates_contradict"),
    ("schools", {"head_started": "2031-09-01"}, "notice", "after_year"),
    ("schools", {"head_started": "0202-09-01"}, "error", "impossible_date"),
    ("schools", {"card_date": "2028-01-01"}, "error", "after_year"),
    ("schools", {"easting": 451000}, "notice", "impossible_figure"),
    ("schools", {"pupils": 12_000}, "notice", "impossible_figure"),
    ("interests", {"until": "2020-08-31"}, "error", "dates_contradict"),
    ("interests", {"declared_on": "2019-05-01", "until": "2020-08-31"}, "notice", "before_year"),
    ("interests", {"declared_on": "2031-05-01"}, "error", "after_year"),
    ("interests", {"declared_on": "1826-05-01"}, "error", "impossible_date"),
    ("decisions", {"until": "2020-08-31"}, "error", "dates_contradict"),
    ("decisions", {"on": "2025-06-01", "until": "2026-08-31"}, "notice", "before_year"),
    ("absences", {"away_to": "2026-09-01"}, "error", "dates_contradict"),
    ("absences", {"away_from": "2025-10-01", "away_to": "2025-11-01"}, "notice", "before_year"),
    ("history", {"ended_on": "2030-01-01"}, "error", "after_year"),
    ("refusals", {"year": "2029/30"}, "notice", "after_year"),
]


@pytest.mark.parametrize(("table", "values", "severity", "code"), ODD)
def test_what_cannot_be_is_told_with_its_row_and_value(
    table: str, values: dict[str, Any], severity: str, code: str
) -> None:
    found = read(table, **values)
    mine = [p for p in found.problems if (p.severity, p.code) == (severity, code)]
    assert mine, told(found)
    assert mine[0].row is not None
    assert mine[0].column in GOOD[table] | values or mine[0].column in ("easting", "northing")
    assert "{" not in mine[0].text


@pytest.mark.parametrize("table", GOOD)
def test_a_sound_row_is_not_blamed(table: str) -> None:
    found = read(table)
    assert found.case is not None, found.problems
    assert not {"dates_contradict", "impossible_date", "before_year", "after_year", "impossible_figure"} & {
        c for _, c in told(found)
    }


def test_every_check_is_of_a_table_and_a_column_that_are_there() -> None:
    from allocator.domain.case import TABLES

    assert all(c.column in TABLES[c.table].model_fields for c in CHECKS)


@pytest.mark.parametrize(
    ("values", "read_as", "code"),
    [
        ([0.42, 0.1, None], [42, 10, None], "percent_read"),
        ([0.42, 31], [0.42, 31], "small_percent"),
        ([12.5, 0], [12.5, 0], None),
        ([1], [1], None),
    ],
)
def test_shares_in_a_percent_column(values: list[float | None], read_as: list[float | None], code: str | None) -> None:
    schools = [GOOD["schools"] | {"urn": f"90010{n}", "name": f"S{n}", "fsm_percent": v} for n, v in enumerate(values)]
    found = read_document({"schools": schools, "sips": [GOOD["sips"]]})
    assert found.case is not None
    assert [s.fsm_percent for s in found.case.schools] == read_as
    assert code is None or code in [c for _, c in told(found)]


@pytest.mark.parametrize("word", ["Vacant", "TBC", " n/a ", "To be appointed"])
def test_no_head_is_nobody_and_two_of_them_are_not_one(word: str) -> None:
    schools = [GOOD["schools"] | {"urn": f"90010{n}", "name": f"S{n}", "head": word, "trust": "n/a"} for n in range(3)]
    found = read_document({"schools": schools, "sips": [GOOD["sips"]]})
    assert found.case is not None
    assert {(s.head, s.trust) for s in found.case.schools} == {(None, None)}
    assert [c for _, c in told(found)].count("nothing_said") == 2


def test_schools_that_share_a_head_are_named_and_how_far_apart_they_are() -> None:
    schools = [
        GOOD["schools"]
        | {
            "urn": f"90010{n}",
            "name": f"S{n}",
            "head": "Mrs Jones",
            "easting": 400_000 + 30_000 * n,
            "northing": 300_000,
        }
        for n in range(2)
    ]
    found = read_document({"schools": schools, "sips": [GOOD["sips"]]})
    text = next(p.text for p in found.problems if p.code == "shared_head")
    assert "Mrs Jones: S0 (900100), S1 (900101), which are 30 km apart" in text
    assert "never a name" in text


@pytest.mark.parametrize("urn", ["9.1E+05", "0910001", "91000", "1234567", "910001.5"])
def test_a_number_that_is_no_urn_among_those_that_are(urn: str) -> None:
    schools = [GOOD["schools"] | {"urn": u, "name": u} for u in ("900101", "900102", urn)]
    found = read_document({"schools": schools, "sips": [GOOD["sips"]]})
    assert found.case is None
    assert any(p.code == "bad_urn" and p.value == urn and p.expected == "six digits" for p in found.problems)


def test_rows_that_say_two_things_of_one_are_told() -> None:
    rows = {
        "interests": [GOOD["interests"] | {"outcome": o} for o in ("barred", "cleared")],
        "history": [GOOD["history"], GOOD["history"] | {"sip": "bob"}],
        "decisions": [GOOD["decisions"], GOOD["decisions"] | {"decision": "lock"}],
    }
    sips = [GOOD["sips"], GOOD["sips"] | {"sip": "bob", "name": "Bob Mor"}]
    found = read_document({"schools": [GOOD["schools"]], "sips": sips, **rows})
    assert {p.table for p in found.problems if p.code == "at_odds"} == set(rows)


def test_a_case_whose_schools_are_all_closed_before_the_year_is_an_error() -> None:
    tables = {"schools": [GOOD["schools"] | {"closes_on": "2026-03-31"}], "sips": [GOOD["sips"]]}
    assert ("error", "no_school") in told(read_document(tables, year="2026/27"))
