"""What whoever is on call sees: probes that answer whatever happens, causes by name, a line for each job, a page for a fault."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from allocator.jobs.queue import Queue
from allocator.service import probes
from allocator.service.middleware import JsonLines
from allocator.store import keep
from allocator.store.database import Database, cause
from allocator.store.tables import Job, RoundRow, WorkerRow
from tests.service.office import Desk, open_office
from tests.stores import store_url

SITE = "http://testserver"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def in_loop(what: Any) -> Any:
    with ThreadPoolExecutor(1) as own:  # a browser test of the same process may hold a loop in this thread
        return own.submit(lambda: asyncio.run(what())).result()


def test_probes_answer_while_the_store_hangs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty requests and five probes held up in the store: alive is said at once, not ready within some seconds."""
    over = threading.Event()

    def hangs(*_: object) -> None:
        over.wait(20)
        raise sa.exc.TimeoutError("no connection left")

    monkeypatch.setattr(desk.db, "read", hangs)

    async def tried() -> tuple[float, list[int], float]:
        transport = httpx.ASGITransport(app=desk.client.app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE, timeout=30) as client:
            held = [asyncio.create_task(client.get("/api/v1/me", headers=desk.headers("manager"))) for _ in range(60)]
            await asyncio.sleep(0.3)
            began = time.monotonic()
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            alive = time.monotonic() - began
            probes = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
            ready = time.monotonic() - began
            over.set()
            answers = await asyncio.gather(*held)
            assert {a.status_code for a in answers} == {503}  # no connection left is no fault of the answer
            return alive, [p.status_code for p in probes], ready

    alive, probes, ready = in_loop(tried)
    assert alive < 1
    assert probes == [503] * 5
    assert ready < 6


def test_ready_says_who_works_and_how_long_work_has_waited(desk: Desk) -> None:
    told = desk.client.get("/readyz").json()
    assert (told["status"], told["workers"]) == ("no workers", 0)
    assert told["oldest_queued_seconds"] >= 0
    with desk.db.write() as s:
        s.add(WorkerRow(id="w", seen=desk.db.clock()))
        s.execute(sa.delete(Job))
    assert desk.client.get("/readyz").json() == {"status": "ok", "workers": 1, "oldest_queued_seconds": None}


@pytest.mark.parametrize(
    ("host", "sent", "inside"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.7", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, False),  # a proxy on this machine that is not believed
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, False),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("192.0.2.7", {"Authorization": "Bearer a long word of ours"}, True),
        ("192.0.2.7", {"Authorization": "Bearer a long word of theirs"}, False),
        ("192.0.2.7", {"Authorization": "Bearer "}, False),
    ],
)
def test_figures_are_for_whoever_watches(tmp_path: Path, host: str, sent: dict[str, str], inside: bool) -> None:
    """Anybody could read how much is asked of which page, and have every round folded to be told."""
    desk = open_office(tmp_path, metrics_token="a long word of ours")
    asked = TestClient(desk.client.app, base_url=SITE, client=(host, 1))
    told = asked.get("/metrics", headers=sent)
    assert (told.status_code, "allocator_jobs" in told.text) == ((200, True) if inside else (403, False))
    assert ("workers" in asked.get("/readyz", headers=sent).json()) == inside
    assert asked.get("/readyz", headers=sent).json()["status"] == "no workers"
    for path in ("/healthz", "/readyz", "/metrics"):
        said = asked.get(path, headers=sent).text
        assert not [x for x in ("manager@", "Programme p", "Hill School", desk.ids["plan"], '"r"') if x in said], path


def test_a_token_that_is_not_set_opens_nothing(desk: Desk) -> None:
    asked = TestClient(desk.client.app, base_url=SITE, client=("192.0.2.7", 1))
    for word in ("Bearer ", "Bearer", "", "Bearer None"):
        assert asked.get("/metrics", headers={"Authorization": word}).status_code == 403


def test_whoever_asks_without_end_does_not_keep_others_from_being_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes stood in line for one thread, each with a write: after some hundred the load balancer's own was late."""
    looked: list[float] = []
    real = probes._look

    def slow(office: Any) -> Any:
        looked.append(time.monotonic())
        time.sleep(0.1)
        return real(office)

    monkeypatch.setattr(probes, "_look", slow)

    async def tried() -> list[int]:
        transport = httpx.ASGITransport(app=desk.client.app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url=SITE, timeout=30) as client:
            return [a.status_code for a in await asyncio.gather(*(client.get("/readyz") for _ in range(200)))]

    assert set(in_loop(tried)) == {200}
    assert len(looked) <= 5 + (looked[-1] - looked[0]) / probes.FRESH  # the machine may be busy


def test_ready_tries_a_write(desk: Desk) -> None:
    """A store that can be read and not written is not ready; one at which somebody writes is."""
    path = str(desk.db.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert desk.client.get("/readyz").status_code == 200
        other.execute("rollback")
    with desk.db.engine.connect() as c:
        c.exec_driver_sql("create trigger full before update on alembic_version begin select raise(abort, 'full'); end")
        c.commit()
    answer = desk.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")


def test_a_clock_set_back_does_not_keep_a_dead_worker_alive(desk: Desk) -> None:
    with desk.db.write() as s:
        s.add(WorkerRow(id="dead", seen=desk.db.clock() + 3569))
        s.add(WorkerRow(id="alive", seen=desk.db.clock() - 1))
    with desk.db.read() as s:
        assert Queue(desk.db).alive(s) == {"alive"}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("path", ["/", "/rounds/r", "/rounds/r/board", "/api/v1/rounds/r"])
def test_a_fault_is_told_with_headers_and_a_number_and_blames_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str, accept: str
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("allocator.service.access.programme_in", fault)
    monkeypatch.setattr(desk.db, "read", fault)
    answer = desk.client.get(f"{SITE}{path}", headers={**desk.headers("manager"), "Accept": accept})
    page = not path.startswith("/api")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
        500,
        "text/html" if page else "application/problem+json",
    )
    for header in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
        assert header in answer.headers
    number = answer.headers["x-request-id"]
    assert number in answer.text
    assert all(word not in answer.text for word in ("audit", "secret", "Traceback", "ZeroDivision"))
    assert [r for r in caplog.records if r.getMessage() == "defect" and getattr(r, "request", "") == number]


@pytest.mark.parametrize("path", ["/nothing", "/rounds/r/nothing", "/static/nothing.css"])
def test_what_is_not_there_is_a_page_for_a_person(desk: Desk, path: str) -> None:
    answer = desk.client.get(f"{SITE}{path}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert desk.client.get(f"{SITE}{path}").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "send"),
    [
        ("POST", "/rounds/r/solve", {"data": {"version": "²"}}),
        ("POST", "/rounds/r/solve", {"headers": {"If-Match": '"0"'}}),
        ("POST", "/rounds/r/solve", {"headers": {"If-Match": 'W/"x", *'}}),
        ("POST", "/rounds/r/what-if", {"data": {"event": "sip_leaves", "sip": "A", "do": "add", "and": "[" * 100_000}}),
        ("GET", "/rounds/r/jobs/exported?then=/€", {"headers": {"HX-Request": "true"}}),
        ("GET", "/rounds/r/jobs/exported?then=/%09/evil.example", {"headers": {"HX-Request": "true"}}),
        ("PUT", "/api/v1/rounds/r/case", {"json": {"schools": [{"urn": "\ud800", "name": "\udfff"}]}}),
        ("PUT", "/api/v1/rounds/r/policy", {"json": {"eligibility.serving_head_all_of": ["headship_years >= 1/0"]}}),
    ],
)
def test_what_used_to_be_a_fault_is_none(desk: Desk, method: str, path: str, send: dict[str, Any]) -> None:
    headers = {**desk.headers("manager"), **send.pop("headers", {})}
    if "json" in send:
        send["content"] = json.dumps(send.pop("json"))
        headers["Content-Type"] = "application/json"
    answer = desk.client.request(method, f"{SITE}{path}", headers=headers, follow_redirects=False, **send)
    assert answer.status_code < 500, answer.text
    assert "evil" not in str(answer.headers)


def test_causes_are_named_by_the_databases_own_code(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as c, pytest.raises(sqlite3.Error) as told:
        c.execute("select * from nothing")
    assert cause(sa.exc.OperationalError("x", {}, told.value)) == "SQLITE_ERROR"
    assert cause(sa.exc.OperationalError("x", {}, psycopg.errors.LockNotAvailable())) == "55P03"


def test_a_row_that_somebody_holds_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("allocator.store.database", fromlist=["x"]).PATIENCE, "lock_timeout", "300ms")
    with store_url("postgresql", tmp_path) as url:
        db = Database(url)
        with db.engine.begin() as c:
            c.exec_driver_sql("create table held (n int)")
            c.exec_driver_sql("insert into held values (1)")
        with psycopg.connect(url) as other:
            other.execute("select * from held for update")
            began = time.monotonic()
            with pytest.raises(sa.exc.OperationalError) as told, db.write() as s:
                s.execute(sa.text("select * from held for update"))
            assert time.monotonic() - began < 5
            assert cause(told.value) == "55P03"
        with db.engine.connect() as c:
            said = {
                k: c.exec_driver_sql(f"show {k}").scalar()
                for k in ("statement_timeout", "idle_in_transaction_session_timeout")
            }
        assert said == {"statement_timeout": "1min", "idle_in_transaction_session_timeout": "1min"}
        db.close()


def test_a_job_accepted_is_a_line_with_the_request_that_asked(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = desk.client.post("/rounds/r/solves", json={"adopt": False}, headers=desk.headers("manager"))
    (line,) = [r for r in caplog.records if r.getMessage() == "job accepted"]
    told = json.loads(JsonLines().format(line))
    assert (told["job"], told["kind"], told["request"]) == (
        answer.json()["id"],
        "solve",
        answer.headers["x-request-id"],
    )
    (asked,) = [r for r in caplog.records if r.getMessage() == "request"]
    assert json.loads(JsonLines().format(asked))["request"] == told["request"]
    with desk.db.read() as s:
        assert s.get(RoundRow, "r") is not None
        assert keep.now() is not None
