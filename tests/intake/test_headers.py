"""The headers of real sheets: thirteen or more for each column of ours, each of one column only, and whole layouts read by them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from allocator.domain.case import TABLES
from allocator.intake.read import read_document
from allocator.intake.usual import HEADERS, TITLES, known_by, plain_label, usual_column, usual_table

FEWER = {("schools", "head")}  # an id, which few sheets have; a name is never read as one
COLUMNS = [(t, c) for t, model in TABLES.items() for c in model.model_fields]
USUAL = [(t, c) for t, c in COLUMNS if c in HEADERS[t]]  # a new column, which no sheet has yet, goes by its own name


@pytest.mark.parametrize(("table", "column"), USUAL)
def test_thirteen_headers_of_each_column_are_read_as_that_column(table: str, column: str) -> None:
    assert (len(known_by(table, column)) >= 13) is ((table, column) not in FEWER)
    for header in filter(None, HEADERS[table].get(column, "").split(", ")):
        for written in (header, header.upper(), f" {header.title()} ", header.replace(" ", "_")):
            assert usual_column(table, written) == column, written


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_each_column_is_read_by_its_own_name(table: str, column: str) -> None:
    for written in (column, column.upper(), column.replace("_", " ").title()):
        assert usual_column(table, written) == column, written


@pytest.mark.parametrize("table", TABLES)
def test_thirteen_titles_of_each_table_are_read_as_that_table(table: str) -> None:
    titles = {plain_label(t): t for t in TITLES[table].split(", ")}
    assert len(titles) >= 13
    for title in titles.values():
        for written in (title, title.title(), f"{title} 2026-27", f"The {title} list"):
            assert usual_table(written) == table, written


def test_every_header_is_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/headers.md").read_text("utf-8")
    for columns in HEADERS.values():
        for column, said in columns.items():
            assert f"| `{column}` | {said} |" in page
    named = re.findall(r"`(\w+)` of `(\w+)` \((\d+)\)", page)
    assert [(t, c) for c, t, _ in named] == sorted(FEWER)


Row = dict[str, object]
SHEETS: dict[str, tuple[Row, Row]] = {  # whose layout -> a row of it, and what of it is ours
    "the register": (
        {
            "URN": 900101,
            "LA (code)": 201,
            "LA (name)": "Oswin",
            "EstablishmentNumber": 3614,
            "EstablishmentName": "Ash School",
            "EstablishmentStatus (name)": "Open, but proposed to close",
            "OpenDate": "01-09-1911",
            "CloseDate": "31-08-2027",
            "PhaseOfEducation (name)": "Primary",
            "ReligiousCharacter (name)": "Church of England",
            "Diocese (name)": "Diocese of Oswin",
            "NumberOfPupils": 271,
            "PercentageFSM": 18.1,
            "Trusts (name)": "Fern Trust",
            "OfstedLastInsp": "19-04-2023",
            "OfstedSpecialMeasures (name)": "In special measures",
            "UrbanRural (name)": "(England/Wales) Rural village",
            "Easting": 533498,
            "Northing": 181201,
            "OfstedRating (name)": "Inadequate",
            "HeadLastName": "Lea",
        },
        {
            "urn": "900101",
            "name": "Ash School",
            "la": "Oswin",
            "status": "proposed_to_close",
            "opens_on": None,
            "phase": "primary",
            "religious_character": "Church of England",
            "diocese": "Diocese of Oswin",
            "pupils": 271,
            "fsm_percent": 18.1,
            "trust": "Fern Trust",
            "category_of_concern": "SM",
            "rural": True,
            "easting": 533498,
            "northing": 181201,
            "oeif_overall": "4",
            "head": None,
        },
    ),
    "Ofsted": (
        {
            "URN": 900101,
            "School name": "Ash School",
            "Ofsted phase": "Primary",
            "Local authority": "Oswin",
            "Multi-academy trust name": "Fern Trust",
            "Total number of pupils": 271,
            "Inclusion": "Strong standard",
            "Leadership and governance": "Expected standard",
            "Safeguarding standards": "Met",
            "Most recent category of concern": "SWK",
            "Latest OEIF quality of education": 2,
            "Latest OEIF effectiveness of leadership and management": 3,
            "Latest OEIF  safeguarding is effective?": "Yes",
            "Inspection start date of latest OEIF graded inspection": "19/04/2023",
        },
        {
            "phase": "primary",
            "la": "Oswin",
            "trust": "Fern Trust",
            "pupils": 271,
            "card_inclusion": "strong",
            "card_leadership": "expected",
            "card_safeguarding": "met",
            "category_of_concern": "SWK",
            "oeif_quality_of_education": "2",
            "oeif_leadership": "3",
            "oeif_safeguarding": True,
        },
    ),
    "a school system": (
        {
            "Establishment URN": 900101,
            "Establishment": "Ash School",
            "DfE Number": 2013614,
            "School Phase": "Primary",
            "NOR": 271,
            "FSM6 %": 18.1,
            "Headteacher": "Mrs Lea",
            "Headteacher Email Address": "head@ash.example",
            "Chair of Governors Email": "chair@ash.example",
        },
        {
            "urn": "900101",
            "name": "Ash School",
            "pupils": 271,
            "fsm_percent": 18.1,
            "head": None,
            "head_email": "head@ash.example",
            "chair_email": "chair@ash.example",
        },
    ),
    "an authority": (
        {
            "School": "Ash School",
            "URN": 900101,
            "Sector": "Primary",
            "Locality": "Tollgate",
            "Support level": "Targeted",
            "Core days": 6,
            "Additional days": 2,
            "HTPM days": 1,
            "Acting or interim": "Interim",
            "QoE": "RI",
            "L&M": "Good",
            "S8 date": "04/05/2025",
            "In window": "Y",
            "Stuck?": "N",
            "Dfe stuck school": "N",
        },
        {
            "cluster": "Tollgate",
            "need": "raised",
            "days": 6,
            "support_days": 2,
            "appraisal_days": 1,
            "head_status": "interim",
            "oeif_quality_of_education": "3",
            "oeif_leadership": "2",
            "inspection_due": True,
            "stuck": False,
        },
    ),
}


@pytest.mark.parametrize("whose", SHEETS)
def test_a_sheet_in_the_headers_of(whose: str) -> None:
    row, ours = SHEETS[whose]
    team = {
        "Initials": "AO",
        "Full name": "Ann Oak",
        "Employment": "Consultant",
        "Sectors": "Primary",
        "Contracted days": 30,
        "Ex head": "Y",
        "Years as head": 7,
        "Phase of headship": "Primary",
        "Aut 1": 6,
        "Spring term": 10,
        "Day fee": "£450",
        "HTPM trained": "Y",
        "Own MAT": "Fern Trust",
    }
    found = read_document({"schools": [row], "sips": [team], "year": "2026/27"})
    assert found.case is not None, [p.text for p in found.problems if p.severity == "error"]
    school, sip = found.case.schools[0], found.case.sips[0]
    assert {c: getattr(school, c) for c in ours} == ours
    assert (sip.sip, sip.ever_head, sip.headship_years, sip.headship_phases) == ("AO", True, 7, ("primary",))
    assert (sip.autumn_1_days, sip.spring_days, sip.day_rate, sip.appraisal_trained) == (6, 10, 450, True)
    assert sip.current_trust == "Fern Trust"
