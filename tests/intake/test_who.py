"""Whom a row is about: by id or by a name that only one has. What protects somebody is never dropped."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from allocator.intake.known import Known
from allocator.intake.read import Reading, read_document
from allocator.intake.urns import read_urn

SCHOOLS = [
    {"urn": "900101", "name": "St. Ann's CE Primary School", "phase": "primary"},
    {"urn": "900102", "name": "Elm Infant School", "phase": "primary"},
    {"urn": "900103", "name": "Elm Junior School", "phase": "primary"},
    {"urn": "900104", "name": "Oak Primary", "phase": "primary"},
    {"urn": "900105", "name": "Oak Primary School", "phase": "primary"},
]
SIPS = [
    {"sip": "ann", "name": "Dr Ann Lea", "kind": "consultant", "phases": "primary", "days": 20},
    {"sip": "S-07", "name": "Bob Mor", "kind": "consultant", "phases": "primary", "days": 20},
    {"sip": "x1", "name": "Jo Fox", "kind": "consultant", "phases": "primary", "days": 5},
    {"sip": "x2", "name": "Jo Fox", "kind": "consultant", "phases": "primary", "days": 5},
]
ROWS: dict[str, dict[str, Any]] = {  # a row of each table, but for its school and person
    "interests": {"kind": "governor"},
    "refusals": {"kind": "veto", "year": "2025/26"},
    "history": {"year": "2025/26"},
    "wishes": {"by": "school", "wish": "change"},
    "decisions": {"decision": "forbid", "reason": "asked", "by": "Mel", "on": "2026-06-01"},
    "travel": {"km": 12},
    "worked": {"post": "lead", "on": "2026-10-01", "days": 1},
    "answers": {"post": "lead", "by": "head", "answer": "veto", "on": "2026-07-01"},
    "absences": {"away_from": "2026-10-01", "away_to": "2026-11-01"},
    "needs": {"on": "2027-01-01", "need": "high"},
}


def read(table: str, **who: Any) -> Reading:
    columns = {"answers": ("urn",), "needs": ("urn",), "absences": ("sip",)}.get(table, ("urn", "sip"))
    row = ROWS[table] | {"urn": "900101", "sip": "ann"} | who
    row = {k: v for k, v in row.items() if k in columns or k not in ("urn", "sip")}
    return read_document({"schools": SCHOOLS, "sips": SIPS, table: [row]}, year="2026/27")


def said(reading: Reading, severity: str) -> dict[str, str]:
    return {p.code: p.text for p in reading.problems if p.severity == severity}


BY_SCHOOL = [t for t in ROWS if t != "absences"]
BY_SIP = [t for t in ROWS if t not in ("answers", "needs")]


@pytest.mark.parametrize("table", BY_SCHOOL)
@pytest.mark.parametrize(
    "given", ["Saint Ann's C of E Primary", " ST ANNS PRIMARY ", "URN 900101", "'900101", 900101.0]
)
def test_a_school_by_its_name_or_its_number_dressed_up(table: str, given: Any) -> None:
    found = read(table, urn=given)
    assert found.case is not None, found.problems
    assert [r.urn for r in getattr(found.case, table)] == ["900101"]
    assert given == 900101.0 or "900101" in said(found, "notice")["names_read"]


@pytest.mark.parametrize("table", BY_SIP)
@pytest.mark.parametrize(
    ("given", "id"),
    [
        ("Ann", "ann"),
        ("Mrs Ann LEA", "ann"),
        ("Lea, Ann", "ann"),
        ("s07", "S-07"),
        ("Bob  Mor", "S-07"),
        ("Ann Lea (ann)", "ann"),
    ],
)
def test_a_sip_by_name_or_by_the_id_in_another_case(table: str, given: str, id: str) -> None:
    found = read(table, sip=given)
    assert found.case is not None, found.problems
    assert [r.sip for r in getattr(found.case, table)] == [id]
    assert given in said(found, "notice")["names_read"]
    assert any(given in text for text in found.case.notices)  # and goes with every plan made of it


@pytest.mark.parametrize("table", BY_SCHOOL)
@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("Elm", "Elm Infant School (900102)"),
        ("Elm Infnat School", "Elm Infant School (900102)"),
        ("St Ann's RC Primary School", "St. Ann's CE"),
        ("Zzyzx Academy", ""),
        ("90010", "90010"),
        ("Elm Infant School (900103)", ""),
    ],
)
def test_a_school_that_is_nobodys_is_an_error_with_the_nearest(table: str, given: str, near: str) -> None:
    found = read(table, urn=given)
    assert found.case is None
    text = said(found, "error")["unknown_reference"]
    assert given in text
    assert near in text


@pytest.mark.parametrize("table", BY_SIP)
@pytest.mark.parametrize(
    ("given", "near"), [("Anne Lee", "Dr Ann Lea (ann)"), ("anm", "ann"), ("Mor", "Bob Mor (S-07)"), ("s-O7", "S-07")]
)
def test_a_sip_that_is_nobody_is_an_error_with_the_nearest(table: str, given: str, near: str) -> None:
    found = read(table, sip=given)
    assert found.case is None
    assert near in said(found, "error")["unknown_reference"]


@pytest.mark.parametrize("table", BY_SIP)
def test_a_name_of_two_is_an_error_that_names_both(table: str) -> None:
    text = said(read(table, sip="Jo Fox"), "error")["ambiguous_name"]
    assert "Jo Fox (x1) or Jo Fox (x2)" in text


@pytest.mark.parametrize("table", ["interests", "refusals", "history", "travel"])
def test_a_school_outside_the_case_is_counted_and_said(table: str) -> None:
    found = read(table, urn="123456")
    assert found.case is not None, found.problems
    assert "1 row is about schools outside this case" in said(found, "notice")["outside_case"]


def test_a_number_a_digit_off_names_the_school_it_may_be() -> None:
    assert "912345." in said(read("interests", urn="912345"), "notice")["outside_case"]
    found = said(read("interests", urn="900141"), "notice")["outside_case"]
    assert "900141 (did you mean St. Ann's CE Primary School, 900101?)" in found


def test_those_of_the_past_who_have_gone_are_known_by_the_history() -> None:
    history = [{"urn": "900101", "sip": "Helen Roe", "year": "2025/26"}]
    rows = [{"urn": "900101", "sip": "Helen Roe", "kind": "veto", "year": "2025/26"}]
    tables = {"schools": SCHOOLS, "sips": SIPS, "refusals": rows}
    assert "unknown_reference" in said(read_document(tables), "error")
    found = read_document({**tables, "history": history})
    assert found.case is not None, found.problems
    assert "Helen Roe" in said(found, "notice")["gone_sips"]
    assert "1 row is about SIPs outside" in said(found, "notice")["outside_case"]


def test_a_sips_own_school_is_read_by_name_and_a_slip_of_one_is_an_error() -> None:
    for given, urn in (("St Anns Primary", "900101"), ("Elm Junor School", None), ("Far Away High", "Far Away High")):
        rows = [SIPS[0] | {"current_urn": given}]
        found = read_document({"schools": SCHOOLS, "sips": rows})
        assert (found.case.sips[0].current_urn if found.case else None) == urn


@pytest.mark.parametrize(
    ("given", "urn"),
    [
        ("910,001", "910001"),
        ("9.10001E+05", "910001"),
        ("9.1E+05", "9.1E+05"),
        ("910001.0", "910001"),
        ("urn: 910 001", "910001"),
        ("0910001", "0910001"),
        ("St Ann", "St Ann"),
        (910001, "910001"),
    ],
)
def test_numbers_as_spreadsheets_write_them(given: Any, urn: str) -> None:
    assert read_urn(given) == urn


def test_a_slip_is_seen_among_three_thousand_and_a_stranger_is_not() -> None:
    names = {
        f"p{n}": f"Person {a}{b} {c}{d}"
        for n, (a, b, c, d) in enumerate(
            product(
                "ABDELM",
                ("ar", "en", "ois"),
                "HKRST",
                [f"{v}{w}{x}" for v in ("al", "or", "un") for w in ("de", "ton") for x in ("", "s", "r", "l")],
            )
        )
    }
    known = Known({**names, "amelie-oak": "Amélie Oakhurst", "s07": "Jon Smyth"})
    assert len(known.names) > 2000
    for slip in ("Amelie Oakhurs", "Oakhurst", "amelie-oka", "S7", "so7", "John Smith", "jon smyht"):
        assert known.slip(slip), slip
    for stranger in ("Zadie Quill", "s8", "Wren Ibbotson", "Oakley"):
        assert not known.slip(stranger), stranger
    assert known.near("Amelie Okhurst")[0] == "amelie-oak"
