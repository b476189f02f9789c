"""Complaints and concerns on their pages: from the first word to the last rung, read by those it concerns and nobody else."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.service.subject_access import copy_for
from allocator.store import keep
from allocator.store.tables import AuditRow
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long

SITE, MANAGE = "http://testserver", "/programmes/p/ladders"
PAGES = {
    "manager": MANAGE,
    "auditor": MANAGE,
    "head": "/school/ladders",
    "chair": "/school/ladders",
    "other head": "/school/ladders",
    "sip": "/sip/ladders",
    "other sip": "/sip/ladders",
    "head elsewhere": "/school/ladders",
    "sip elsewhere": "/sip/ladders",
    "manager elsewhere": "/programmes/q/ladders",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = open_office(tmp_path)
    with made.db.write() as s:  # the SIP has been asked, too
        keep.step(s, "r", MEL, lambda d: rounds.sound(d, None, keep.now().date()))
    return made


def read(desk: Desk, name: str) -> str:
    answer = desk.client.get(SITE + PAGES[name], headers=desk.headers(name))
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def write(desk: Desk, name: str, **form: Any) -> httpx.Response:
    answer: httpx.Response = desk.client.post(
        SITE + PAGES[name], data=form, headers=desk.headers(name), follow_redirects=False
    )
    return answer


def step(desk: Desk, name: str, word: str, text: str = "") -> httpx.Response:
    """The next step of the one matter there is."""
    page = read(desk, name)
    found = re.search(r'name="matter" value="(\w+)"><input type="hidden" name="read" value="(\d+)"', page)
    assert found is not None, f"{name} may do nothing"
    return write(desk, name, matter=found[1], read=found[2], word=word, text=text)


def readers(desk: Desk, words: str) -> set[str]:
    return {n for n in PAGES if words in read(desk, n)}


def test_a_complaint_from_the_sip_to_the_chair_of_the_board(desk: Desk) -> None:
    assert write(desk, "head", sip="A", begin="first", text="Came late thrice.").status_code == 303
    assert readers(desk, "Came late thrice.") == {"head", "manager", "sip"}
    assert step(desk, "sip", "answered", "My train.").status_code == 303
    assert readers(desk, "My train.") == {"head", "manager", "sip"}
    assert step(desk, "head", "raised", "Again today.").status_code == 303
    assert readers(desk, "Again today.") == {"head", "manager"}
    assert "Not for you to read." in read(desk, "sip")
    assert "Taken one step up by head" in read(desk, "auditor")
    step(desk, "manager", "answered", "I spoke with them.")
    step(desk, "head", "raised", "Not enough.")
    assert "with the chair of the board" in read(desk, "head")
    step(desk, "manager", "answered", "The board regrets.")
    assert "manager, for the chair of the board" in read(desk, "head")
    assert step(desk, "head", "closed").status_code == 303
    assert readers(desk, "Next step") == set()
    with desk.db.read() as s:
        lines = list(s.scalars(sa.select(AuditRow).where(AuditRow.action.like("complaint %")).order_by(AuditRow.n)))
    assert [x.action.split()[1] for x in lines] == [
        "opened",
        "answered",
        "raised",
        "answered",
        "raised",
        "answered",
        "closed",
    ]
    assert not [x for x in lines if "train" in x.detail or "late" in x.detail]


def test_a_concern_is_the_heads_first_and_never_the_chairs_or_another_sips(desk: Desk) -> None:
    assert write(desk, "sip", urn="1", text="Results fell.").status_code == 303
    assert readers(desk, "Results fell.") == {"head", "sip", "manager"}
    assert step(desk, "head", "answered", "We know.").status_code == 303
    step(desk, "sip", "raised", "Support is needed.")
    assert readers(desk, "Support is needed.") == {"head", "sip", "manager"}
    assert "1 complaint or concern" in desk.client.get(f"{SITE}/rounds/r", headers=desk.headers("manager")).text
    with desk.db.read() as s:
        said = dict(copy_for(s, "p", "head@example.org"))
        assert "Results fell." in str(said)
        assert "Results fell." not in str(copy_for(s, "p", "chair@example.org"))
        assert "Support is needed." in str(copy_for(s, "p", "sip@example.org"))


def test_nobody_takes_a_step_that_is_not_theirs(desk: Desk) -> None:
    write(desk, "head", sip="A", begin="second", text="Of the person.")  # the SIP does not hear
    assert readers(desk, "Of the person.") == {"head", "manager"}
    page = read(desk, "head")
    found = re.search(r'name="matter" value="(\w+)"', page)
    assert found is not None
    for name in ("chair", "other head", "sip", "other sip", "head elsewhere", "sip elsewhere"):
        assert write(desk, name, matter=found[1], read="1", word="closed").status_code == 404, name
    assert write(desk, "manager elsewhere", matter=found[1], read="1", word="closed").status_code == 404
    assert write(desk, "auditor", matter=found[1], read="1", word="closed").status_code == 403
    assert write(desk, "head", matter=found[1], read="1", word="answered", text="x").status_code == 409
    step(desk, "manager", "answered", "Heard.")
    assert write(desk, "head", matter=found[1], read="1", word="closed").status_code == 409  # not read yet


def test_pressed_twice_it_is_written_once(desk: Desk) -> None:
    for _ in range(2):
        assert write(desk, "manager", kind="concern", urn="1", text="Twice.").status_code == 303
    assert read(desk, "manager").count("Twice.") == 1


@long(but=("form3", "form4", "form0"))
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("head", {"sip": "A", "begin": "first"}),  # nothing said
        ("head", {"sip": "B", "text": "x"}),  # not theirs
        ("other sip", {"urn": "1", "text": "x"}),  # nor this school
        ("sip", {"urn": "3", "text": "x"}),
        ("manager", {"kind": "complaint", "urn": "1", "text": "x"}),  # whose?
        ("manager", {"kind": "concern", "urn": "none", "text": "x"}),
        ("head", {"kind": "concern", "text": "x"}),  # a school complains; it is not concerned about itself
    ],
)
def test_what_cannot_be_written_down_is_said(desk: Desk, name: str, form: dict[str, str]) -> None:
    assert write(desk, name, **form).status_code == 422
    assert readers(desk, "with the SIP") == set()


def test_it_is_told_by_mail_that_there_is_something_and_not_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str, str]] = []
    monkeypatch.setattr("allocator.service.mail.Mail.post", lambda self, letters: sent.extend(letters))
    desk = open_office(tmp_path, smtp_url="smtp://localhost:1", public_url="http://testserver")
    with desk.db.write() as s:
        keep.step(s, "r", MEL, lambda d: rounds.sound(d, None, keep.now().date()))
    write(desk, "sip", urn="1", text="Results fell.")
    desk.settle()
    assert [to for to, _, _ in sent] == ["head@example.org"]
    assert "Results" not in str(sent)
    assert "http://testserver/school/ladders" in sent[0][2]
