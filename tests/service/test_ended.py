"""Whoever is listening or waiting when their session or role ends is told nothing that comes after."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator.domain import canon
from allocator.service import passes, roles
from allocator.service.limits import AtOnce
from allocator.store import erase, keep
from allocator.store.tables import Grant, Job, Pass, Programme, RoundRow
from tests.servers import serving, until
from tests.service.office import Desk, facts, open_office
from tests.service.test_trust import enrol, session
from tests.sizes import long

GWEN = "gwen@example.org"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("allocator.service.routes.jobs.AGAIN", 1e9)  # what is new is not told for want of a look
    made = open_office(tmp_path)
    enrol(made, GWEN, "Gwen Pryce", "p", "manager")
    return made


def heard(desk: Desk, headers: dict[str, str], then: Callable[[], Any], job: str = "waiting") -> str:
    """What a listener hears of a job that goes on after `then`."""
    told: list[str] = []

    def listen() -> None:
        told.append(desk.client.get(f"/solves/{job}/events", headers=headers).text)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    listeners: AtOnce = desk.client.app.state.office.listeners  # type: ignore[attr-defined]
    until(lambda: listeners.now, 10)
    time.sleep(0.4)
    then()
    with desk.db.write() as s:
        s.execute(sa.update(Job).where(Job.id == job).values(progress={"best": 4711}))
    time.sleep(0.6)
    with desk.db.write() as s:
        s.execute(sa.update(Job).where(Job.id == job).values(state="done", result={"plan": "secret"}))
    thread.join(10)
    assert not thread.is_alive()
    until(lambda: not listeners.now, 10)
    assert '"state": "queued"' in told[0]
    return told[0]


def test_a_listener_hears_how_it_went_on(desk: Desk) -> None:
    told = heard(desk, session(desk, "manager", "p", GWEN), lambda: None)
    assert "4711" in told
    assert "event: ended" in told


def ends(desk: Desk, how: str) -> None:
    with desk.db.write() as s:
        if how == "session ended":
            passes.end(s, s.scalars(sa.select(Pass).where(Pass.kind == "session")).one())
        elif how == "role taken back":
            person = roles.person_by_email(s, GWEN)
            assert person is not None
            roles.take_back(s, s.scalars(sa.select(Grant).where(Grant.person_id == person.id)).one())
        elif how == "left alone":
            s.execute(sa.update(Pass).where(Pass.kind == "session").values(seen_at=keep.now() - dt.timedelta(hours=2)))
        elif how == "second factor asked":
            s.execute(sa.update(Programme).where(Programme.id == "p").values(second_factor=True))
    if how == "person erased":
        erase.person(desk.db, "p", GWEN)


@long(but=("session ended", "role taken back"))
@pytest.mark.parametrize(
    "how", ["session ended", "role taken back", "left alone", "second factor asked", "person erased"]
)
def test_a_listener_hears_nothing_that_comes_after(desk: Desk, how: str) -> None:
    """It went on for two seconds, and one left alone for as long as the job had to wait."""
    told = heard(desk, session(desk, "manager", "p", GWEN), lambda: ends(desk, how))
    assert "4711" not in told
    assert "ended" not in told


def test_a_session_that_made_a_programme_hears_nothing_of_it_once_the_role_there_is_gone(desk: Desk) -> None:
    """The session stands, as manager of the programme that it was begun for."""
    me = session(desk, "manager", "p", GWEN)
    made = desk.client.post("/programmes", json={"name": "Third"}, headers=me).json()["id"]
    with desk.db.write() as s:
        s.add(RoundRow(id="rt", programme_id=made, name="x", created_at=keep.now()))
        s.flush()
        old = s.get_one(Job, "waiting")
        kept = {c.key: getattr(old, c.key) for c in sa.inspect(Job).columns if c.key not in ("id", "programme_id")}
        s.add(Job(id="theirs", programme_id=made, **{**kept, "round_id": "rt"}))

    def taken() -> None:
        with desk.db.write() as s:
            roles.take_back(s, s.scalars(sa.select(Grant).where(Grant.programme_id == made)).one())

    told = heard(desk, me, taken, "theirs")
    assert "4711" not in told
    assert desk.client.get("/rounds/r", headers=me).status_code == 200


@long()
def test_on_a_real_server_the_line_is_closed(tmp_path: Path) -> None:
    """Signed out elsewhere, the reader's line ends within seconds, with nothing but what was said before."""
    with serving(f"sqlite:///{tmp_path / 's.db'}", tmp_path) as server, server.manager() as me:
        programme = me.get("/programmes").json()["items"][0]["id"]
        made = me.post(f"/programmes/{programme}/rounds", json={"name": "2026/27"}).json()["id"]
        me.put(f"/rounds/{made}/case", json=canon.case_out(facts())).raise_for_status()
        job = me.post(f"/rounds/{made}/solves", json={"adopt": False}).json()["id"]  # nobody works on it
        began = time.monotonic()
        with me.stream("GET", f"/solves/{job}/events") as line:
            chunks = line.iter_text()
            said = next(chunks)
            with httpx.Client(base_url=str(me.base_url), cookies=me.cookies) as elsewhere:
                assert elsewhere.delete("/me").status_code == 204
            said += "".join(chunks)
        assert time.monotonic() - began < 10
        assert said.count("event:") == 1
        assert '"state": "queued"' in said
        assert "defect" not in server.log.read_text()


def test_a_round_that_goes_while_somebody_listens_is_no_fault(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    told = heard(desk, session(desk, "manager", "p", GWEN), lambda: erase.round_(desk.db, "r"))
    assert "4711" not in told
    assert [r.getMessage() for r in caplog.records] == []


def test_whoever_waits_for_a_plan_is_given_none_once_the_role_is_gone(desk: Desk) -> None:
    """`Prefer: wait` held the answer open for a minute, and gave the plan to whoever had asked."""
    told: list[Any] = []
    me = {**session(desk, "manager", "p", GWEN), "Prefer": "wait=20"}

    def ask() -> None:
        told.append(desk.client.post("/rounds/r/solves", json={"seed": 9, "adopt": False}, headers=me))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()

    def asked() -> list[str]:
        with desk.db.read() as s:
            return [j.id for j in s.scalars(sa.select(Job)) if j.request.get("seed") == 9]

    jobs = until(asked, 10)
    ends(desk, "role taken back")
    with desk.db.write() as s:
        done = {"plan": desk.ids["plan"], "status": "optimal", "unfilled": 0}
        s.execute(sa.update(Job).where(Job.id.in_(jobs)).values(state="done", result=done))
    thread.join(30)
    assert not thread.is_alive()
    assert (told[0].status_code, "assignments" in told[0].text) == (202, False)
