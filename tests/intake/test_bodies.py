"""Trusts, authorities and clusters in people's own spellings: one body is one text in the case, and every reading is told."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.domain.bodies import Bodies, alike, folded
from allocator.domain.change import apply
from allocator.intake.own_words import OwnWords
from allocator.intake.read import Reading, read_document
from tests.make import case, policy, school, sip

SIP = {"sip": "ann", "name": "Ann Lea", "kind": "serving_head", "phases": "primary", "days": 20}


def read(column: str, theirs: list[str], mine: str, words: OwnWords | None = None, **interest: str) -> Reading:
    """Schools that have `theirs` in the column; a SIP whose own is `mine`."""
    schools = [{"urn": f"90010{n}", "name": f"School {n}", "phase": "primary", column: t} for n, t in enumerate(theirs)]
    tables: dict[str, Any] = {"schools": schools, "sips": [SIP | {f"current_{column}": mine}]}
    if interest:
        tables["interests"] = [{"sip": "ann", "kind": "employed", **interest}]
    return read_document(tables, words=words)


def codes(reading: Reading) -> dict[str, str]:
    return {p.code: p.text for p in reading.problems if "bod" in p.code}


EQUAL = [
    ("trust", "ST. CLEMENT CATHOLIC ACADEMY TRUST", "Saint Clement Catholic Academy Trust"),
    ("trust", "The Fern & Moss Multi-Academy Trust Ltd", "Fern and Moss MAT"),
    ("trust", "Drovers' Learning Trust Limited", "DROVERS LEARNING TRUST"),
    ("la", "Kingston upon Hull, City of", "Hull"),
    ("la", "Bristol, City of", "City of Bristol Council"),
    ("la", "St. Helens", "St Helens Metropolitan Borough Council"),
    ("la", "Herefordshire, County of", "Herefordshire"),
    ("la", "Durham", "County Durham"),
    ("la", "Isle of Anglesey", "Ynys Môn"),
    ("la", "Cardiff", "Caerdydd"),
    ("la", "Bath and North East Somerset", "Bath & NE Somerset"),
    ("cluster", "Tollgate & Mill", "TOLLGATE and Mill."),
]


@pytest.mark.parametrize(("column", "theirs", "mine"), EQUAL)
def test_one_body_in_two_spellings_is_one_text(column: str, theirs: str, mine: str) -> None:
    found = read(column, [theirs], mine)
    assert found.case is not None
    assert getattr(found.case.sips[0], f"current_{column}") == theirs
    assert f"{mine} as {theirs} (Ann Lea)" in codes(found)["bodies_read"]
    back = read(column, [mine], theirs)  # and the other way about
    assert back.case is not None
    assert getattr(back.case.sips[0], f"current_{column}") == mine


@pytest.mark.parametrize(
    ("column", "theirs", "mine"),
    [
        ("trust", "Fern and Moss Academy Trust", "Fern & Moss"),
        ("trust", "Larkspur Learning Trust", "Larkspur Schools Trust"),
        ("trust", "Larkspur Learning Trust", "Larksput Learning Trust"),
        ("cluster", "Tollgate cluster", "Tollgate"),
        ("la", "Wessexshire", "Wesexshire"),
    ],
)
def test_what_is_only_alike_is_a_conflict_until_somebody_says_no(column: Any, theirs: str, mine: str) -> None:
    found = read(column, [theirs], mine)
    assert found.case is not None
    assert getattr(found.case.sips[0], f"current_{column}") == theirs
    assert "until somebody says no" in codes(found)["bodies_alike"]
    no = read(column, [theirs], mine, OwnWords(bodies={(column, folded(column, mine)): ""}))
    assert no.case is not None
    assert getattr(no.case.sips[0], f"current_{column}") == mine
    assert "bodies_elsewhere" in codes(no)


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        ("la", "Somerset", "North Somerset"),
        ("la", "Derby", "Derbyshire"),
        ("la", "Bedford", "Central Bedfordshire"),
        ("cluster", "Area 1", "Area 10"),
        ("la", "Newport", "Newham"),
        ("cluster", "Vale North", "Vale"),
        ("trust", "The Learning Trust", "The Education Trust"),
        ("trust", "Rowan Trust", "Linden Trust"),
    ],
)
def test_two_bodies_are_two(kind: Any, a: str, b: str) -> None:
    assert folded(kind, a) != folded(kind, b)
    assert not alike(kind, a, b)


def test_alike_to_two_is_an_error_that_names_both() -> None:
    found = read("trust", ["Fern Valley Academies Trust", "Fern Hollow Academies Trust"], "Fern Trust")
    assert found.case is None
    assert "Fern Hollow Academies Trust or Fern Valley Academies Trust" in codes(found)["ambiguous_body"]


def test_what_no_school_has_is_told_with_the_nearest_wherever_it_stands() -> None:
    found = read("trust", ["Larkspur Learning Trust"], "Lark Rise", trust="Nowhere Trust")
    told = [p for p in found.problems if p.code == "bodies_elsewhere"]
    assert {p.table for p in told} == {"sips", "interests"}


def test_where_somebody_may_work_is_not_widened_by_what_is_only_alike() -> None:
    schools = [{"urn": "900101", "name": "A", "phase": "primary", "la": "Wessexshire"}]
    found = read_document({"schools": schools, "sips": [SIP | {"las": "Wesexshire; WESSEXSHIRE council"}]})
    assert found.case is not None
    assert found.case.sips[0].las == ("Wesexshire", "Wessexshire")
    assert "Wesexshire, nearest Wessexshire" in codes(found)["bodies_elsewhere"]


def test_schools_that_spell_their_trust_a_letter_apart_have_one_trust() -> None:
    found = read(
        "trust", ["Larkspur Trust", "Larkspur Trust", "Larkspurr Trust", "LARKSPUR TRUST LTD"], "larkspur trust"
    )
    assert found.case is not None
    assert {s.trust for s in found.case.schools} == {"Larkspur Trust"}
    assert "Larkspurr Trust as Larkspur Trust" in codes(found)["bodies_alike"]


def test_a_change_speaks_the_schools_spelling_too() -> None:
    before = case([school("1", trust="The Fern & Moss Trust")], [sip("A")])
    after, _ = apply(before, policy(), [{"interest": {"sip": "A", "trust": "fern and moss trust", "kind": "employed"}}])
    assert after.interests[0].trust == "The Fern & Moss Trust"


def test_many_bodies_are_quick() -> None:
    from time import process_time

    schools = [school(str(n), trust=f"Trust of {'abcdefghij'[n % 10] * 3} {n}") for n in range(3000)]
    began = process_time()
    Bodies(schools)
    assert process_time() - began < 3
