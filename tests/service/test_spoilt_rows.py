"""A row of another sort than it was written as is named on pages and in answers, on either database; it is no fault that
nobody foresaw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from allocator.domain.round import Person
from allocator.jobs import worker
from allocator.rounds import ladders
from allocator.store import keep, questionnaires
from allocator.store import ladders as kept_ladders
from allocator.store.backup import backup, restore
from allocator.store.database import Database
from allocator.store.tables import Job, RoundRow
from tests.service.office import MEL, Desk, client_of, open_office
from tests.stores import KINDS, store_url

SITE = "http://testserver"
CHOSEN = "/rounds/r/choices/chosen"
ASKED = '{"plan": "p", "changes": [%s], "chosen": []}'
FOUND = '{"plan": %s, "lists": %s, "contests": []}'
SPOILT = (
    ("plans", "body", "[1]", "/rounds/r/board", "Plan [0-9a-f]+ cannot be read: Input should be an object"),
    ("plans", "body", "{", "/rounds/r/board", "Plan [0-9a-f]+ cannot be read: Invalid JSON"),
    ("cases", '"case"', "7", "/rounds/r/data", "Data 1 of round r cannot be read: it is of another sort"),
    ("cases", '"case"', '{"sips": [], "schools": []}', "/rounds/r/data", "Data 1 of round r cannot be read: Field req"),
    ("cases", "policy", '"x"', "/rounds/r", "Data 1 of round r cannot be read: it is of another sort"),
    ("cases", "problems", "[1]", "/rounds/r/data", "Data 1 of round r cannot be read: it is of another sort"),
    ("asking", '"by"', "{}", "/rounds/r", "What was asked first of round r cannot be read: Field required"),
    ("asking", "data", "7", "/rounds/r/ask", "What was asked first of round r cannot be read: it is of another sort"),
    ("matter_steps", '"by"', "[1]", "/programmes/p/ladders", "Matter [0-9a-f]+ cannot be read: Input should be"),
    ("matters", "rungs", "{}", "/programmes/p/ladders", "Matter [0-9a-f]+ cannot be read: it is of another sort"),
    ("matters", "rungs", "[]", "/programmes/p/ladders", "Matter [0-9a-f]+ cannot be read: it is of another sort"),
    ("matters", "rungs", '["SIP", 7]', "/rounds/r", "Matter [0-9a-f]+ cannot be read: it is of another sort"),
    ("matter_steps", "rung", "2", "/programmes/p/ladders", "Matter [0-9a-f]+ cannot be read: it is of another sort"),
    (
        "jobs",
        "request",
        ASKED % '{"x": 1}',
        CHOSEN,
        r"Job chosen \(choices\) cannot be read: x: there is no such change",
    ),
    ("jobs", "request", ASKED % "{}", CHOSEN, r"Job chosen \(choices\) cannot be read: A change is one table"),
    ("jobs", "request", ASKED % '{"sip_leaves": 7}', CHOSEN, r"\(choices\) cannot be read: sip_leaves: its details"),
    ("jobs", "result", FOUND % ('"p"', "7"), CHOSEN, "Job chosen cannot be read: Input should be a valid tuple"),
    ("jobs", "result", FOUND % ('"p"', "[7]"), CHOSEN, "Job chosen cannot be read: it is of another sort"),
    ("jobs", "result", FOUND % ("7", "[]"), CHOSEN, "Job chosen cannot be read: Input should be a valid string"),
    ("jobs", "result", '"x"', "/rounds/r/choices/chosen", "Job chosen cannot be read: it is of another sort"),
    ("jobs", "result", "7", "/rounds/r/jobs/stopped", "Job stopped cannot be read: it is of another sort"),
    ("jobs", "progress", "[1]", "/rounds/r/jobs/waiting", "Job waiting cannot be read: it is of another sort"),
    ("jobs", "result", "{}", "/api/v1/solves/exported/file", "Job exported cannot be read: it is of another sort"),
)


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    made = open_office(tmp_path)
    with made.db.write() as s:
        questionnaires.record(s, "r", ("school", "1"), "answered", MEL, {"going_on": "keep"})
        first = ladders.opened(Person(id="h", name="H", role="head"), 0, "Late again.", keep.now(), 10)
        kept_ladders.begin(s, "p", "complaint", "head", "1", "A", ("SIP", "chair"), first)
    if request.param == "sqlite":
        yield made
        return
    backup(made.db, tmp_path / "office.gz")
    with store_url("postgresql", tmp_path) as url:
        made.db = Database(url)
        restore(made.db, tmp_path / "office.gz", move=True)
        made.client = client_of(made.db, f"{SITE}/api/v1")
        yield made
        made.db.close()


@pytest.mark.parametrize(("table", "column", "spoilt", "page", "told"), SPOILT)
def test_what_cannot_be_read_is_named(desk: Desk, table: str, column: str, spoilt: str, page: str, told: str) -> None:
    kind = {"body": "text", "rung": "integer"}.get(column, "text" if desk.db.sqlite else "json")
    with desk.db.engine.begin() as c:
        c.execute(sa.text(f"update {table} set {column} = cast(:spoilt as {kind})"), {"spoilt": spoilt})
    answer = desk.client.get(SITE + page, headers=desk.headers("manager"))
    assert answer.status_code == 500
    assert re.search(told, answer.text)
    assert "Restore the store from a backup." in answer.text


@pytest.mark.parametrize("rows", ["7", "[7]", "[{}]", "null", "{}"])
@pytest.mark.parametrize(
    ("kind", "part", "page"), [("sweep", "results", "resilience"), ("frontier", "points", "frontier")]
)
def test_what_came_of_long_work_is_named_where_it_cannot_be_read(
    kind: str, part: str, page: str, rows: str, tmp_path: Path
) -> None:
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        job = s.get_one(Job, "chosen")
        job.kind, job.request, job.result = kind, {"plan": desk.ids["plan"]}, {part: json.loads(rows)}
    answer = desk.client.get(f"{SITE}/rounds/r/{page}", headers=desk.headers("manager"))
    assert answer.status_code == 500
    assert "Job chosen cannot be read: " in answer.text
    assert "instance of" not in answer.text


def test_a_stopped_plan_that_cannot_be_found_is_not_put_on_the_desk(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        s.get_one(Job, "stopped").result = {"plan": 7}
        version = s.get_one(RoundRow, "r").version
    sent = {"version": str(version)}
    answer = desk.client.post(f"{SITE}/rounds/r/jobs/stopped/adopt", data=sent, headers=desk.headers("manager"))
    assert "Job stopped cannot be read: Input should be a valid string" in answer.text


def test_work_whose_question_was_spoilt_ends_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_office(tmp_path)
    monkeypatch.setattr(worker, "_db", desk.db)
    with desk.db.write() as s:
        job = s.get_one(Job, "chosen")
        job.state, job.request = "queued", json.loads(ASKED % '{"sip_leaves": 7}')
    worker._run("chosen", lambda job, stop: pytest.fail("it was begun"))
    with desk.db.read() as s:
        job = s.get_one(Job, "chosen")
        assert job.state == "failed"
        assert str(job.reason).startswith("Job chosen (choices) cannot be read: sip_leaves: its details are a table")
