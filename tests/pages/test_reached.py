"""Where the SIP manager is rung: set on the page that names the programme, told to heads, chairs and SIPs, promised
nowhere where it is not set."""

from __future__ import annotations

import io
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa

from allocator.store.tables import AuditRow, Programme
from tests.service.office import Desk, open_office

SITE, NUMBER, OFFICE = "http://testserver", "01632 960018", "School Improvement, County Hall"
TOLD = ("head", "chair", "sip")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def get(desk: Desk, name: str, path: str) -> str:
    return desk.client.get(SITE + path, headers=desk.headers(name), follow_redirects=True).text


def save(desk: Desk, name: str = "manager", **form: str) -> httpx2.Response:
    given = {"called": "Primary", "office": OFFICE, "telephone": NUMBER, **form}
    return desk.client.post(f"{SITE}/programmes/p", data=given, headers=desk.headers(name), follow_redirects=False)


def test_the_manager_names_the_programme_and_its_telephone_and_everybody_finds_it(desk: Desk) -> None:
    for name in TOLD:
        first = get(desk, name, "/")
        assert "telephone:" not in first
        assert "ring your SIP manager" not in get(desk, name, f"/{'sip' if name == 'sip' else 'school'}/ask")
    assert "No telephone number is set" in get(desk, "manager", "/")
    assert save(desk).status_code == 303
    for name in TOLD:
        first = get(desk, name, "/")
        assert f'href="tel:01632960018">{NUMBER}</a>' in first
        assert f"{OFFICE}<br>Your SIP manager" in first
        asked = get(desk, name, f"/{'sip' if name == 'sip' else 'school'}/ask")
        assert f"ring your SIP manager on {NUMBER}" in asked  # the form is closed
    assert f"tell heads and SIPs to ring you on {NUMBER}" in get(desk, "manager", "/")
    with desk.db.read() as s:
        row = s.get_one(Programme, "p")
        assert (row.name, row.office, row.telephone) == ("Primary", OFFICE, NUMBER)
        notes = sa.select(AuditRow.detail).where(AuditRow.action == "programme changed")
        assert s.scalars(notes).all() == ["name, office, telephone"]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"telephone": "ask for Mel"}, "Enter a telephone number, such as 01632 960018"),
        ({"telephone": "0" * 41}, "Enter a telephone number"),
        ({"telephone": "1" * 201}, "Write at most 200 characters"),
        ({"telephone": "01632\u202e960018"}, "Take out the character that cannot be kept"),
        ({"office": "x" * 201}, "Write at most 200 characters"),
        ({"called": " "}, "Give the programme a name"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_box_and_nothing_is_changed(
    desk: Desk, form: dict[str, str], says: str
) -> None:
    answer = save(desk, **form)
    (field,) = form
    assert answer.status_code == 422
    assert says in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    with desk.db.read() as s:
        assert s.get_one(Programme, "p").telephone == ""


def test_a_number_is_taken_away_again_and_nobody_is_promised_one(desk: Desk) -> None:
    save(desk)
    assert save(desk, telephone="", office="").status_code == 303
    for name in TOLD:
        assert NUMBER not in get(desk, name, "/")
        assert "speak to your SIP manager" in get(desk, name, f"/{'sip' if name == 'sip' else 'school'}/ask")


def test_the_route_does_the_same_and_leaves_other_programmes_alone(desk: Desk) -> None:
    put = desk.client.put(
        "/programmes/p", json={"name": "Primary", "telephone": NUMBER}, headers=desk.headers("manager")
    )
    assert (put.status_code, put.json()["telephone"], put.json()["office"]) == (200, NUMBER, "")
    wrong = desk.client.put("/programmes/p", json={"name": "P", "telephone": "none"}, headers=desk.headers("manager"))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    made = desk.client.post(
        "/programmes", json={"name": "Second", "telephone": NUMBER}, headers=desk.headers("manager")
    )
    assert made.json()["telephone"] == NUMBER
    assert desk.client.put("/programmes/q", json={"name": "X"}, headers=desk.headers("manager")).status_code == 404
    assert desk.client.get("/programmes/p", headers=desk.headers("sip")).json()["telephone"] == NUMBER
    with desk.db.read() as s:
        assert s.get_one(Programme, "q").telephone == ""


def test_letters_in_word_carry_it(desk: Desk) -> None:
    from docx import Document

    save(desk)
    path = f"{SITE}/rounds/{desk.ids['round']}/out/letters/school/all.docx"
    file = desk.client.get(path, headers=desk.headers("manager"))
    said = [p.text for p in Document(io.BytesIO(file.content)).paragraphs]
    assert sum(text.endswith(f"Primary\n{OFFICE}\nTelephone {NUMBER}") for text in said) == 4
