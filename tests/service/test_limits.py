"""What one person, one connection or one server can ask of everybody else has an end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import uvicorn

from allocator.domain import canon
from allocator.domain.fold import fold
from allocator.service import connection
from allocator.service.http_problems import HttpProblem
from allocator.service.limits import LINES, AtOnce, Folded
from allocator.store import backup, keep
from allocator.store.database import with_this
from allocator.store.tables import AuditRow, CaseRow, Job, Once, WorkerRow
from tests.service.office import Desk, facts, open_office
from tests.service.test_on_call import in_loop
from tests.sizes import long

SITE = "http://testserver"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def lines(desk: Desk, action: str) -> list[str]:
    with desk.db.read() as s:
        return list(
            s.scalars(sa.select(AuditRow.detail).where(AuditRow.action == action, AuditRow.programme_id == "p"))
        )


def test_reads_are_limited_and_the_log_says_so_once(tmp_path: Path) -> None:
    desk = open_office(tmp_path, reads_per_minute=5)
    me = desk.headers("auditor")
    answers = [desk.client.get("/me", headers=me) for _ in range(9)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 4
    assert int(answers[-1].headers["retry-after"]) > 0
    assert lines(desk, "too many requests") == ["5 in a minute"]
    assert desk.client.get("/me", headers=desk.headers("manager")).status_code == 200  # others are not held up


def test_who_is_refused_again_and_again_does_not_drown_the_log(desk: Desk) -> None:
    for _ in range(LINES + 30):
        assert desk.client.get("/rounds/r", headers=desk.headers("head")).status_code == 403
    assert len(lines(desk, "access refused")) == LINES
    folded: Folded = desk.client.app.state.office.folded  # type: ignore[attr-defined]
    folded.limiter.seen.clear()  # a minute later
    desk.client.get("/rounds/r", headers=desk.headers("head"))
    assert lines(desk, "access refused")[-1] == "and 30 more like it"


def test_at_once_frees_what_it_gave() -> None:
    few = AtOnce(1, 2, "questions")
    with few.one("a"):
        with pytest.raises(HttpProblem, match="of yours"), few.one("a"):
            pass
        with few.one("b"), pytest.raises(HttpProblem, match="Others"), few.one("c"):
            pass
    assert not few.now


def test_questions_answered_while_one_waits_are_few_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    going, over = threading.Semaphore(0), threading.Event()

    def thinks(*_: Any, **__: Any) -> None:
        going.release()
        over.wait(20)
        raise ZeroDivisionError

    monkeypatch.setattr("allocator.service.routes.plans.explain", thinks)
    path, found = f"/plans/{desk.ids['plan']}/why-not?urn=1&sip=C", []
    ask = [
        threading.Thread(
            target=lambda: found.append(desk.client.get(path, headers=desk.headers("auditor")).status_code)
        )
        for _ in range(2)
    ]
    for t in ask:
        t.start()
    for _ in ask:
        assert going.acquire(timeout=20)
    third = desk.client.get(path, headers=desk.headers("auditor"))
    over.set()
    for t in ask:
        t.join()
    assert (third.status_code, found) == (429, [500, 500])
    assert not desk.client.app.state.office.thinking.now  # type: ignore[attr-defined]


def test_a_listener_hears_no_more_once_the_role_is_taken_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.service.routes.jobs.AGAIN", 0.2)
    heard: list[str] = []

    def listen() -> None:
        heard.append(desk.client.get("/solves/waiting/events", headers=desk.headers("auditor")).text)

    thread = threading.Thread(target=listen)
    thread.start()
    listeners: AtOnce = desk.client.app.state.office.listeners  # type: ignore[attr-defined]
    until = time.monotonic() + 10
    while not listeners.now and time.monotonic() < until:
        time.sleep(0.02)
    users = desk.client.get("/users?programme=p", headers=desk.headers("manager")).json()["items"]
    (grant,) = [u["id"] for u in users if u["role"] == "auditor"]
    assert desk.client.delete(f"/users/{grant}", headers=desk.headers("manager")).status_code == 204
    thread.join(10)
    assert not thread.is_alive()
    assert heard
    assert "ended" not in heard[0]
    assert not listeners.now


def test_one_person_has_few_listeners(desk: Desk) -> None:
    listeners: AtOnce = desk.client.app.state.office.listeners  # type: ignore[attr-defined]
    me = desk.client.get("/me", headers=desk.headers("manager")).json()["id"]
    for _ in range(listeners.each):
        listeners.take(me)
    try:
        assert desk.client.get("/solves/waiting/events", headers=desk.headers("manager")).status_code == 429
    finally:
        for _ in range(listeners.each):
            listeners.free(me)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bare service on a port, with the connections that ours has."""
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(connection, "MOST_WAITING", 20)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=connection.Connection, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(10)


def said(address: Any, *parts: bytes, pause: float = 0.0) -> bytes:
    with closing(socket.create_connection(address, timeout=10)) as s:
        for part in parts:
            s.sendall(part)
            time.sleep(pause)
        try:
            return s.recv(4096)
        except ConnectionResetError:
            return b""


@long(but="GET / HT")
@pytest.mark.parametrize("half", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
def test_a_half_sent_request_is_let_go(served: Any, half: bytes) -> None:
    began = time.monotonic()
    assert said(served, half) == b""
    assert time.monotonic() - began < 8
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b"200 OK" in said(served, whole[:10], whole[10:], pause=0.1)
    with closing(socket.create_connection(served, timeout=10)) as s:  # a second request on the same connection
        s.sendall(whole)
        assert b"ok" in s.recv(4096) + s.recv(4096)
        s.sendall(half or b"G")
        assert s.recv(4096) == b""


def test_many_half_sent_requests_hold_nobody_up(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 60)
    held = [socket.create_connection(served, timeout=10) for _ in range(60)]
    try:
        assert b"200 OK" in said(served, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(connection.Connection.waiting) <= 20
    finally:
        for s in held:
            s.close()


def test_a_body_that_does_not_come_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.service.middleware.BODY_SECONDS", 0.3)
    sent: list[Any] = []

    async def tried() -> None:
        async def receive() -> Any:
            await asyncio.sleep(30)

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", desk.headers("manager")["Authorization"].encode()), (b"host", b"testserver")]
        scope = {
            "type": "http",
            "method": "PUT",
            "path": "/api/v1/rounds/r/case",
            "raw_path": b"",
            "query_string": b"",
            "headers": headers,
            "http_version": "1.1",
            "scheme": "http",
            "server": ("testserver", 80),
        }
        await desk.client.app(scope, receive, send)

    began = time.monotonic()
    in_loop(tried)
    assert time.monotonic() - began < 10
    assert sent[0]["status"] == 400


# -- done once ---------------------------------------------------------------------------------------------------------


def test_keys_of_a_dead_server_are_free_and_of_a_slow_one_taken(desk: Desk) -> None:
    key, me = {"Idempotency-Key": "k"}, desk.headers("manager")
    assert desk.client.post("/programmes", json={"name": "N"}, headers={**me, **key}).status_code == 201

    def begun_by(server: str) -> int:
        with desk.db.write() as s:
            s.execute(sa.update(Once).values(server=server, status=None, headers=None, body=None))
        status: int = desk.client.post("/programmes", json={"name": "N"}, headers={**me, **key}).status_code
        return status

    with desk.db.write() as s:
        s.add(WorkerRow(id="other", kind="server", seen=desk.db.clock()))
    assert begun_by("other") == 409
    assert begun_by("dead") == 201
    with desk.db.read() as s:
        assert "other" not in desk.client.app.state.office.queue.alive(s)  # type: ignore[attr-defined]  # no worker


def test_a_server_that_was_only_slow_does_nothing_with_a_key_that_was_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, me, real = {"Idempotency-Key": "k"}, desk.headers("manager"), with_this

    @contextmanager
    def late(statement: sa.Executable) -> Iterator[None]:
        with desk.db.write() as s:  # meanwhile another server took it
            s.execute(sa.update(Once).values(server="other"))
        with real(statement):
            yield

    monkeypatch.setattr("allocator.service.idempotency.with_this", late)
    answer = desk.client.post("/programmes", json={"name": "Slow"}, headers={**me, **key})
    assert (answer.status_code, answer.json()["code"]) == (409, "in_progress")
    names = [p["name"] for p in desk.client.get("/programmes", headers=me).json()["items"]]
    assert "Slow" not in names
    with desk.db.read() as s:
        assert s.scalars(sa.select(Once.server)).one() == "other"  # whose it is now


def test_a_case_sent_again_is_no_new_version(desk: Desk) -> None:
    me, new = desk.headers("manager"), canon.case_out(facts())
    new["schools"][0]["name"] = "Another name"
    seen = desk.client.get("/rounds/r", headers=me).headers["etag"]
    first = desk.client.put("/rounds/r/case", json=new, headers={**me, "If-Match": seen})
    again = desk.client.put("/rounds/r/case", json=new, headers={**me, "If-Match": seen})
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json(), first.headers["etag"]) == (again.json(), again.headers["etag"])
    with desk.db.read() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(CaseRow).where(CaseRow.round_id == "r")) == 2
    new["schools"][0]["name"] = "A third"
    assert desk.client.put("/rounds/r/case", json=new, headers={**me, "If-Match": seen}).status_code == 412


def test_an_outcome_sent_again_is_done_already(desk: Desk) -> None:
    me, path = desk.headers("manager"), f"/queries/{desk.ids['query']}"
    first = desk.client.patch(path, json={"outcome": "Told."}, headers=me)
    again = desk.client.patch(path, json={"outcome": "Told."}, headers=me)
    assert [first.status_code, again.status_code, again.json()["events"]] == [200, 200, []]
    assert desk.client.patch(path, json={"outcome": "Other."}, headers=me).status_code == 409


def test_the_log_is_read_and_folded_once_an_act(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def heard(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "from events" in statement.lower():
            asked.append(statement)

    sa.event.listen(desk.db.engine, "before_cursor_execute", heard)
    folds = [0]
    real = fold
    monkeypatch.setattr("allocator.store.keep.fold", lambda events: folds.__setitem__(0, folds[0] + 1) or real(events))
    body = {"urn": "1", "answer": "accept"}
    answer = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers("head"))
    assert answer.status_code == 200
    assert len(asked) == folds[0] <= 2  # once to see whether it is theirs, once while it is held


# -- figures ------------------------------------------------------------------------------------------------------------


def test_figures_for_whoever_is_on_call(desk: Desk, tmp_path: Path) -> None:
    def figures() -> dict[str, float]:
        text = desk.client.get(f"{SITE}/metrics").text
        return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")}

    before = figures()
    assert before["allocator_last_backup_seconds"] == -1
    assert before["allocator_oldest_queued_seconds"] > 0
    assert before["allocator_questions_overdue"] == 0
    backup.backup(desk.db, tmp_path / "b.gz")
    with desk.db.write() as s:
        s.execute(sa.update(Job).where(Job.id == "waiting").values(state="failed", attempt=2))
        keep.the_round(s, "r").version += 1  # what is worked out once a version is worked out again
    with desk.db.engine.begin() as c:
        c.exec_driver_sql('update events set data = replace(data, \'"reply_by": "2\', \'"reply_by": "1\')')
    now = figures()
    assert 0 <= now["allocator_last_backup_seconds"] < 60
    assert now['allocator_jobs_failed{kind="solve"}'] == 1 or now["allocator_jobs_taken_over"] == 1
    assert (now["allocator_oldest_queued_seconds"], now["allocator_jobs_taken_over"]) == (0, 1)
    assert now["allocator_questions_overdue"] == 1
