"""Rows of older and newer programs in a store: read as they are, never written anew, refused where they are newer."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from allocator.errors import Newer, UsageError
from allocator.jobs import asks, queue, worker
from allocator.jobs.asks import SolveAsk
from allocator.jobs.queue import Queue
from allocator.service import figures
from allocator.store import erase, keep, migrate, retention
from allocator.store.backup import backup, restore
from allocator.store.database import Database
from allocator.store.tables import EventRow, Job, RoundRow
from tests.service.office import Desk, open_office
from tests.stores import KINDS, store_url

PLAN = (
    '{"plan": "ffff", "cause": "by_hand", "reason": "Amira Khan is ill.", "changes": [], '
    '"pairs": [["1", "lead", "A"]], "moved": []}'
)
CLOSED = '{"query": 1, "urns": ["1"], "outcome": "Khan comes.", "answer_by": "2026-07-20"}'
ASKED = (
    '{"urns": ["1"], "post": "lead", "by": "head", "answer": "query", "reason": "Who is Khan?", "on": "2026-07-02", '
    '"via": "page", "reply_by": "2026-07-12"}'
)
SOLVE = '{"time_limit": 60.0, "work_limit": null, "seed": 4, "adopt": true, "case": 1, "most_seconds": 1800.0}'
LOG = (("plan", PLAN), ("answer", ASKED), ("query_closed", CLOSED))


@pytest.fixture(params=KINDS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A store as the program before left it, with events and a job of the first shapes, brought up to date since."""
    with store_url(request.param, tmp_path) as url:
        db = Database(url)
        migrate.upgrade(db, "0012")
        at = "2026-07-03 10:00:00+00:00"
        with db.engine.begin() as c:
            c.exec_driver_sql(f"insert into programmes (id, name, created_at) values ('p', 'P', '{at}')")
            c.exec_driver_sql(
                "insert into rounds (id, programme_id, name, version, created_at)"
                f" values ('r', 'p', '2026/27', 3, '{at}')"
            )
            for n, (kind, data) in enumerate(LOG, 1):
                c.execute(
                    sa.text(
                        "insert into events (round_id, n, at, by, kind, data) values"
                        f" ('r', {n}, '{at}', :by, '{kind}', :data)"
                    ),
                    {"by": '{"id": "m", "name": "Mel", "role": "manager", "sip": null}', "data": data},
                )
            c.execute(
                sa.text(
                    "insert into jobs (id, programme_id, round_id, kind, request, by, state, cancel, attempt, turn,"
                    f" asked, created_at) values ('j', 'p', 'r', 'solve', :request, '{{\"id\": \"m\"}}', 'done',"
                    f" :no, 1, 0, '', '{at}')"
                ),
                {"request": SOLVE, "no": False},
            )
        migrate.upgrade(db)
        yield db
        db.close()


def rows(db: Database) -> list[tuple[int, str]]:
    """Of each event its version and its text, byte for byte."""
    with db.engine.connect() as c:
        found = c.exec_driver_sql("select version, cast(data as text) from events order by n").all()
    return [(version, text) for version, text in found]


def test_what_an_older_program_recorded_is_of_the_first_version_and_stays_as_it_was(old: Database) -> None:
    assert rows(old) == [(1, text) for _, text in LOG]
    with old.read() as s:
        now = keep.standing(s, "r")
        assert [(q.outcome, str(q.closed_on)) for q in now.queries] == [("Khan comes.", "2026-07-03")]
        job = s.get_one(Job, "j")
        assert (job.version, asks.of(job)) == (
            1,
            SolveAsk(case=1, seed=4, adopt=True, time_limit=60.0, most_seconds=1800.0),
        )
    assert rows(old) == [(1, text) for _, text in LOG]


def test_a_backup_has_the_version_and_gives_it_back(old: Database, tmp_path: Path) -> None:
    backup(old, tmp_path / "b.gz")
    new = Database(f"sqlite:///{tmp_path / 'new.db'}")
    restore(new, tmp_path / "b.gz", move=True)
    with new.read() as s:
        kept = [(r.version, json.dumps(r.data, sort_keys=True)) for r in s.scalars(sa.select(EventRow))]
        assert kept == [(1, json.dumps(json.loads(text), sort_keys=True)) for _, text in LOG]
        assert keep.standing(s, "r").length == 3
    new.close()


def test_words_go_from_rows_of_the_first_shape_and_nothing_else_does(old: Database) -> None:
    when = dt.datetime(2027, 12, 1, tzinfo=dt.UTC)
    assert retention.apply(old, {"work": 10**5, "rounds": 10**5}, now=when)["reasons"] == 2
    gone = [PLAN, ASKED.replace("Who is Khan?", retention.GONE), CLOSED.replace("Khan comes.", retention.GONE)]
    assert rows(old) == [(1, text) for text in gone]
    with old.read() as s:
        assert keep.standing(s, "r").queries[0].text == retention.GONE


def test_what_is_recorded_now_has_the_version_of_its_schema(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    with desk.db.read() as s:
        found = list(s.execute(sa.select(EventRow.kind, EventRow.version).order_by(EventRow.n)))
        assert found == [("plan", 2), ("proposed", 1), ("answer", 1)]
        assert s.get_one(Job, "waiting").version == 2


# -- of a newer program -----------------------------------------------------------------------------------------------


@pytest.fixture
def newer(tmp_path: Path) -> Desk:
    """Its last event and a job that waits are of a version that this program does not know."""
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        s.get_one(EventRow, ("r", 3)).version = 9
        s.get_one(Job, "waiting").version = 9
    return desk


TOLD = "Round r: Event 3 (answer) is of version 9; this version of the program reads up to 1."


def test_a_round_that_a_newer_program_went_on_with_says_so(newer: Desk) -> None:
    with pytest.raises(UsageError, match=r"Event 3 .* version 9"), newer.db.read() as s:
        keep.events_of(s, "r")
    answer = newer.client.get("/rounds/r/events", headers=newer.headers("manager"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["detail"].startswith(TOLD)
    page = newer.client.get("http://testserver/rounds/r", headers=newer.headers("manager"))
    assert page.status_code == 422
    assert TOLD in page.text


def test_the_way_in_and_the_figures_stand_beside_a_round_that_cannot_be_read(newer: Desk) -> None:
    with newer.db.write() as s:
        s.add(RoundRow(id="r2", programme_id="p", name="2027/28", created_at=keep.now()))
    page = newer.client.get("http://testserver/", headers=newer.headers("manager"))
    assert page.status_code == 200
    assert TOLD in page.text
    assert "/rounds/r2" in page.text
    found = newer.client.get("/programmes/p/rounds", headers=newer.headers("manager")).json()["items"]
    assert [(r["id"], r["state"]) for r in found] == [("r", "unreadable"), ("r2", "empty")]
    figures.look(newer.db, Queue(newer.db))  # told all the same


@pytest.mark.parametrize("how", ["not JSON", "of another sort"])
def test_a_spoilt_row_is_told_in_words_and_keeps_nothing_else_shut(newer: Desk, how: str) -> None:
    text = "{spoilt" if how == "not JSON" else '["spoilt"]'
    with newer.db.engine.begin() as c:
        c.exec_driver_sql("update events set version = 1, data = ? where n = 3", (text,))
    answer = newer.client.get("/rounds/r", headers=newer.headers("manager"))
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert re.match(r"Round r: .*[Rr]estore .* from a backup\.$", answer.json()["detail"])
    assert newer.client.get("http://testserver/", headers=newer.headers("manager")).status_code == 200


def test_work_of_a_newer_program_is_still_shown_and_stopped(newer: Desk) -> None:
    with newer.db.write() as s:
        s.get_one(EventRow, ("r", 3)).version = 1
        s.get_one(Job, "waiting").state = "running"
    me = newer.headers("manager")
    assert newer.client.get("http://testserver/rounds/r", headers=me).status_code == 200
    assert newer.client.delete("/solves/waiting", headers=me).status_code == 202
    with newer.db.read() as s:
        assert s.get_one(Job, "waiting").cancel


@pytest.mark.parametrize("held", [False, True])
def test_a_job_that_a_newer_program_accepted_waits_for_a_newer_worker_and_says_so(
    held: bool, newer: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`held`: a newer worker had it, and is gone."""
    left: list[bool] = []
    monkeypatch.setattr(worker, "_db", newer.db)
    monkeypatch.setattr(worker, "_leave", lambda: left.append(True))
    with newer.db.write() as s:
        s.get_one(EventRow, ("r", 3)).version = 1
        if held:
            job = s.get_one(Job, "waiting")
            job.state, job.attempt, job.worker, job.progress = "running", 1, "gone", {}
    worker._run("waiting", lambda job, stop: pytest.fail("it was begun"))
    assert left == [True]
    with newer.db.read() as s:
        job = s.get_one(Job, "waiting")
        assert (job.state, job.reason, job.attempt, job.worker) == ("queued", worker.TOO_NEW, int(held), None)
    me = newer.headers("manager")
    assert newer.client.get("/solves/waiting", headers=me).json()["reason"] == worker.TOO_NEW
    assert f"Waiting for its turn. {worker.TOO_NEW}" in newer.client.get("http://testserver/rounds/r", headers=me).text
    Queue(newer.db).beat("w", "worker")
    page = newer.client.get("http://testserver/rounds/r/jobs/waiting", headers=me).text
    assert worker.TOO_NEW in page
    assert "It begins at once" not in page


def test_begun_by_a_newer_worker_it_no_longer_says_that_it_waits(newer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_db", newer.db)
    with newer.db.write() as s:
        job = s.get_one(Job, "waiting")
        job.version, job.reason = 2, worker.TOO_NEW
    worker._run("waiting", lambda job, stop: {})
    with newer.db.read() as s:
        assert (s.get_one(Job, "waiting").state, s.get_one(Job, "waiting").reason) == ("done", None)


@pytest.fixture(params=["version", "kind"])
def finished(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """Work of every kind that has an answer, done by a newer program: of a version, or a kind, not known here."""
    desk = open_office(tmp_path)
    with desk.db.write() as s:
        for job in s.scalars(sa.select(Job).where(Job.state != "queued")):
            job.version, job.kind = (9, job.kind) if request.param == "version" else (1, "audit")
    return desk


def test_an_answer_of_a_newer_program_is_refused_in_words_that_fit(finished: Desk) -> None:
    me = finished.headers("manager")
    for page in ("choices/chosen", "settings/preview/stopped"):
        answer = finished.client.get(f"http://testserver/rounds/r/{page}", headers=me)
        assert answer.status_code == 422
        assert "Recorded by a newer version of the program</h1>" in answer.text
        assert "What was worked out can be asked again meanwhile." in answer.text
        assert "Go back and change it" not in answer.text
    answer = finished.client.get("/solves/exported/file", headers=me)
    assert answer.json()["title"] == "Recorded by a newer version of the program"


def test_a_page_is_shown_without_what_a_newer_program_worked_out(finished: Desk) -> None:
    me = finished.headers("manager")
    with finished.db.write() as s:
        job = s.get_one(Job, "chosen")
        if job.version == 9:
            job.kind, job.request = "frontier", {"plan": finished.ids["plan"]}
    out = finished.client.get("http://testserver/rounds/r/out?file=exported", headers=me)
    assert (out.status_code, "made by another version of the program" in out.text) == (200, True)
    for page in ("frontier", "resilience"):
        assert finished.client.get(f"http://testserver/rounds/r/{page}", headers=me).status_code == 200


def test_work_of_a_kind_not_known_here_keeps_nobody_from_asking() -> None:
    assert queue.turn("what_if", [("audit", "running", 20, True), ("audit", "queued", 36, True)]) == 6


@pytest.mark.parametrize("act", [migrate.upgrade, migrate.check])
def test_an_older_program_on_a_newer_store_says_so(old: Database, act: Callable[[Database], None]) -> None:
    with old.engine.begin() as c:
        c.exec_driver_sql("update alembic_version set version_num = '0999'")
    with pytest.raises(Newer, match=rf"^The store was brought to step 0999 by a newer .* up to {migrate.newest()}\."):
        act(old)


def test_nobody_is_erased_from_a_log_that_cannot_be_read(newer: Desk) -> None:
    """Which of its fields are words is not known here."""
    with pytest.raises(UsageError, match=r"Event 3 .* version 9"):
        erase.person(newer.db, "p", "john@example.org", "A")
    with newer.db.read() as s:
        assert s.get_one(EventRow, ("r", 3)).data["reason"] == "why him?"
