"""Killed, restarted, full: nothing accepted is lost, nothing ends in two answers, every job comes to an end."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from allocator.rounds import plan_id
from allocator.store.database import Database
from allocator.store.tables import Job, WorkerRow
from tests.make import case, led, school, sip
from tests.servers import Server, free_port, serving, until
from tests.sizes import long, whole_or
from tests.stores import KINDS, ready_url

SEEDS = 8
JOBS, MORE_JOBS = whole_or(200, 18, 14), whole_or(30, 9)
FATES = whole_or({"worker": 10, "server": 4, "everybody": 2}, {"worker": 2, "server": 1, "everybody": 1})
FACTS = case([school(str(n)) for n in range(4)], [sip("A"), sip("B")])
MOVES = case(  # schools whose SIP of last year fits less well than the other: a change gains, and so does one more
    [school(str(n), phase="primary", focus=("maths",)) for n in range(4)],
    [sip("A"), sip("B", specialisms=("maths",))],
    history=[h for n in range(4) for h in led(str(n), "A", "2025/26")],
)
ENDED = ("done", "cancelled", "failed")
HARTWELL = Path(__file__).parents[2] / "scenarios" / "hartwell"
ROOM = {
    "ALLOCATOR_OPEN_JOBS": "1000",
    "ALLOCATOR_WRITES_PER_MINUTE": "100000",
    "ALLOCATOR_SILENT_SECONDS": "3",
}


class Client:
    """A caller that does not give up: the same request with the same key until it is accepted."""

    def __init__(self, server: Server, facts: Case = FACTS) -> None:
        with server.manager() as me:
            programme = me.get("/programmes").json()["items"][0]["id"]
            self.round = me.post(f"/programmes/{programme}/rounds", json={"name": "2026/27"}).json()["id"]
            me.put(f"/rounds/{self.round}/case", json=canon.case_out(facts)).raise_for_status()
            self.token = me.post("/tokens", json={"name": "t", "scope": "write"}).json()["token"]
        self.http = httpx.Client(
            base_url=f"{server.base}/api/v1",
            timeout=60,
            headers={"Authorization": f"Bearer {self.token}"},
            verify=False,
        )

    def accepted(self, key: str, seed: int, seconds: float = 120) -> str:
        def ask() -> str | None:
            with suppress(httpx.HTTPError):
                answer = self.http.post(
                    f"/rounds/{self.round}/solves",
                    json={"seed": seed, "adopt": False},
                    headers={"Idempotency-Key": key},
                )
                if answer.status_code == 202:
                    return str(answer.json()["id"])
                assert answer.status_code in (409, 429, 503), answer.text
            return None

        return str(until(ask, seconds, what=f"accepting {key}"))

    def job(self, id: str) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            with suppress(httpx.HTTPError):
                answer = self.http.get(f"/solves/{id}")
                if answer.status_code == 200:
                    return dict(answer.json())
            return None

        found = until(ask)
        assert isinstance(found, dict)
        return found

    def ended(self, id: str, seconds: float = 120) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            now = self.job(id)
            return now if now["state"] in ENDED else None

        found = until(look, seconds, 0.3, f"job {id}: {self.job(id)}")
        assert isinstance(found, dict)
        return found


def asker(url: str, question: sa.Select[Any]) -> Callable[[], int]:
    """Asks the store itself, each time anew."""
    database = Database(url)

    def ask() -> int:
        with database.read() as s:
            return int(s.scalar(question) or 0)

    return ask


def expected(folder: Path) -> dict[int, str]:
    """The plans of the facts as the service reads them, which notes what they leave out."""
    (folder / "facts.json").write_text(json.dumps(canon.case_out(FACTS), default=str))
    facts = read_case(folder / "facts.json").case
    assert facts is not None
    return {seed: plan_id(solve(facts, Policy(), seed=seed)) for seed in range(SEEDS)}


def contents(client: Client, jobs: dict[str, int]) -> dict[int, set[str]]:
    """The plans that came out, by seed, by their names that do not depend on when they were made."""
    out: dict[int, set[str]] = {}
    for id, seed in jobs.items():
        job = client.ended(id)
        assert job["state"] == "done", job
        tag = client.http.get(f"/plans/{job['result']['plan']}").headers["etag"].strip('"')
        out.setdefault(seed, set()).add(tag)
    return out


@long(but="postgresql")
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments_through_many_jobs(kind: str, tmp_path: Path) -> None:
    """Workers, the server, or all of them at once, by kill -9, while jobs are asked for and done."""
    dice = random.Random(7)
    with ready_url(kind, tmp_path) as url, serving(url, tmp_path, ROOM, hands=3) as server:
        client, jobs, over = Client(server), {}, threading.Event()
        fates = [fate for fate, times in FATES.items() for _ in range(times)]
        dice.shuffle(fates)

        done = asker(url, sa.select(sa.func.count()).select_from(Job).where(Job.state == "done"))

        def murderer() -> None:
            for moment in sorted(dice.sample(range(JOBS - 10), len(fates))):  # so many jobs are done when it strikes
                while done() < moment and not over.wait(0.05):
                    pass
                time.sleep(dice.uniform(0, 0.1))
                fate, hands = fates.pop(), server.hands[:]
                victims = {"worker": dice.sample(hands, 1), "server": [], "everybody": hands}[fate]
                for victim in victims:
                    victim.kill()
                    victim.wait()
                    server.hands.remove(victim)
                    server.hire()
                if fate != "worker":
                    server.kill()
                    server.begin()

        thread = threading.Thread(target=murderer)
        thread.start()
        try:
            for n in range(JOBS):
                jobs[client.accepted(f"job {n}", n % SEEDS)] = n % SEEDS
            thread.join(300)
        finally:
            over.set()
            thread.join()
        assert fates == []
        assert len(jobs) == JOBS
        assert contents(client, jobs) == {seed: {name} for seed, name in expected(tmp_path).items()}
        again = client.accepted("job 0", 0)  # the same request is the same job, long after
        assert again == next(iter(jobs))


@contextmanager
def own_postgres() -> Iterator[tuple[str, Any]]:
    """A PostgreSQL server of the test's own, and how to stop and start it."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not homes or os.geteuid() != 0 or not shutil.which("runuser"):
        pytest.skip("NOT RUN: needs PostgreSQL's own programs and the right to run them as another user")
    folder = Path(tempfile.mkdtemp())  # not pytest's, which only its owner may enter
    folder.chmod(0o755)
    bin_, data, port = homes[-1], folder / "data", free_port()
    data.mkdir()
    shutil.chown(data, "postgres")

    def run(*command: str) -> None:
        subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def ctl(how: str) -> None:
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off"
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"), "-o", options, *how.split())

    run(str(bin_ / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres")
    ctl("start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres", ctl
    finally:
        ctl("-m immediate stop")
        shutil.rmtree(folder)


@long()
def test_postgresql_restarted_in_the_middle(tmp_path: Path) -> None:
    with own_postgres() as (url, ctl), serving(url, tmp_path, ROOM, hands=2) as server:
        client, jobs = Client(server), {}
        for n in range(MORE_JOBS):
            jobs[client.accepted(f"job {n}", n % SEEDS)] = n % SEEDS
            if n in (MORE_JOBS // 3, 2 * MORE_JOBS // 3):
                ctl("-m immediate stop")
                time.sleep(2)
                ctl("start")
        found = contents(client, jobs)
        assert found == {seed: {name} for seed, name in expected(tmp_path).items()}


def test_disk_full_on_sqlite(tmp_path: Path) -> None:
    """What cannot be kept is not accepted; what was accepted ends once there is room again."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("NOT RUN: needs the right to mount a small disk")
    try:
        with serving(f"sqlite:///{small / 's.db'}", tmp_path, ROOM, hands=1) as server:
            client, jobs = Client(server), {}
            for n in range(4):
                jobs[client.accepted(f"job {n}", n)] = n
            stuffing = small / "stuffing"
            with suppress(OSError), stuffing.open("wb") as file:
                while True:
                    file.write(b"\0" * 4096)
                    file.flush()
            refused = 0
            for n in range(4, 60):
                with suppress(httpx.HTTPError):
                    answer = client.http.post(
                        f"/rounds/{client.round}/solves",
                        json={"seed": n % SEEDS, "adopt": False},
                        headers={"Idempotency-Key": f"job {n}"},
                    )
                    if answer.status_code == 202:
                        jobs[answer.json()["id"]] = n % SEEDS
                    else:
                        assert (answer.status_code, answer.json()["code"]) == (503, "store_away"), answer.text
                        refused += 1
                        break
            assert refused
            stuffing.unlink()
            jobs[client.accepted("after", 0)] = 0
            want = expected(tmp_path)
            assert contents(client, jobs) == {seed: {want[seed]} for seed in set(jobs.values())}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.fixture(scope="module")
def hartwell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Client, str]]:
    """A server with one worker, and a plan of 63 schools."""
    folder = tmp_path_factory.mktemp("hartwell")
    facts = read_case(HARTWELL).case
    assert facts is not None
    with ready_url("postgresql", folder) as url, serving(url, folder, ROOM, hands=1) as server:
        client = Client(server, facts)
        yield server, client, client.ended(client.accepted("the plan", 1))["result"]["plan"]


on_hartwell = pytest.mark.xdist_group("hartwell")  # one server for both


def long_job(client: Client, plan: str) -> str:
    """A year a tenth short of days, planned afresh: far from proved after a second."""
    sips = read_case(HARTWELL).case.sips  # type: ignore[union-attr]  # a ready case is read
    ask = {"changes": [{"days": {"sip": s.sip, "days": round(3.6 * s.days) / 4}} for s in sips], "rebuild": True}
    job = str(client.http.post(f"/plans/{plan}/what-ifs", json=ask).json()["id"])
    until(lambda: client.job(job)["state"] == "running", every=0.02)
    return job


@long()
@on_hartwell
def test_a_running_job_is_cancelled_at_once_and_keeps_its_best_plan(hartwell: tuple[Server, Client, str]) -> None:
    _, client, plan = hartwell
    job = long_job(client, plan)
    until(lambda: client.job(job)["progress"])
    time.sleep(1)
    assert client.http.delete(f"/solves/{job}").status_code == 202
    began = time.monotonic()
    now = client.ended(job)
    assert time.monotonic() - began < 10  # the solver stops within a second; the words and the audit take their time
    assert (now["state"], now["result"]["adopted"]) == ("cancelled", False)
    kept = client.http.get(f"/plans/{now['result']['plan']}").json()
    assert kept["status"] in ("feasible", "stopped")  # it was audited before it was kept
    assert client.http.delete(f"/solves/{job}").json()["code"] == "round_refuses"


def ended_as(server: Server, job: str, attempt: int) -> str | None:
    """How the log says that this attempt at the job ended."""
    lines = [json.loads(x) for x in server.log.read_text().splitlines() if '"job ended"' in x and job in x]
    return next((x["state"] for x in lines if x["attempt"] == attempt), None)


@long()
@on_hartwell
def test_a_worker_that_was_only_slow_changes_nothing(hartwell: tuple[Server, Client, str]) -> None:
    """Frozen while it works, its job goes to another; when it wakes it lets go, and the other's answer counts."""
    server, client, plan = hartwell
    job = long_job(client, plan)
    server.hire()
    slow = server.hands.pop(0)
    os.kill(slow.pid, signal.SIGSTOP)
    try:
        attempts = asker(server.env["ALLOCATOR_DATABASE_URL"], sa.select(Job.attempt).where(Job.id == job))
        until(lambda: attempts() > 1)
        os.kill(slow.pid, signal.SIGCONT)
        until(
            lambda: ended_as(server, job, 1) == "taken over"
        )  # it says itself that it has let go, however busy we are
        assert client.job(job)["state"] not in ENDED
        client.http.delete(f"/solves/{job}")
        assert client.ended(job)["state"] == "cancelled"
        until(lambda: ended_as(server, job, attempts()) == "cancelled")
    finally:
        slow.kill()


@long()
@on_hartwell
def test_a_worker_told_to_end_gives_back_what_it_is_at(hartwell: tuple[Server, Client, str]) -> None:
    """Within seconds, though its search would go on for minutes; and the claim is not one that brought a worker
    down."""
    server, client, plan = hartwell
    job = long_job(client, plan)
    leaving = server.hands.pop(0)
    leaving.terminate()
    leaving.wait(15)
    attempts = asker(server.env["ALLOCATOR_DATABASE_URL"], sa.select(Job.attempt).where(Job.id == job))
    assert (client.job(job)["state"], attempts()) == ("queued", 0)
    server.hire()
    until(lambda: client.job(job)["state"] == "running")
    client.http.delete(f"/solves/{job}")
    assert client.ended(job)["state"] == "cancelled"


@long()
def test_a_worker_told_to_end_waits_for_no_database(tmp_path: Path) -> None:
    away = Server(f"postgresql://postgres@127.0.0.1:{free_port()}/none", tmp_path)
    worker = away.hire()
    until(lambda: away.log.exists() and "database away" in away.log.read_text(), 60)
    worker.terminate()
    assert worker.wait(20) == 0


def test_a_waiting_job_is_cancelled_before_it_begins_and_a_full_queue_says_when_to_come_back(tmp_path: Path) -> None:
    with ready_url("sqlite", tmp_path) as url, serving(url, tmp_path, {"ALLOCATOR_OPEN_JOBS": "2"}) as server:
        client = Client(server)
        job, later = client.accepted("one", 0), client.accepted("two", 1)
        answer = client.http.post(f"/rounds/{client.round}/solves")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
        assert int(answer.headers["retry-after"]) > 0
        assert client.http.delete(f"/solves/{job}").json()["state"] == "cancelled"
        server.hire()
        assert client.ended(later)["state"] == "done"
        assert client.job(job)["state"] == "cancelled"


@long()
def test_workers_of_a_server_that_is_gone_end_and_its_work_is_taken_up_again(tmp_path: Path) -> None:
    with ready_url("sqlite", tmp_path) as url, serving(url, tmp_path, ROOM, workers=1) as server:
        client = Client(server)
        until(lambda: client.http.get("/readyz").json()["workers"] == 1)
        server.kill()
        workers = asker(url, sa.select(sa.func.count()).where(WorkerRow.kind == "worker"))
        until(lambda: workers() == 0)  # it said goodbye
        server.begin()
        assert client.ended(client.accepted("one", 0))["state"] == "done"


@long()
@pytest.mark.parametrize(("kind", "ask"), [("sweeps", {"leaving": 2}), ("frontier", None)])
def test_work_in_parts_is_the_same_with_any_number_of_workers_even_when_one_dies(
    kind: str, ask: dict[str, Any] | None, tmp_path: Path
) -> None:
    answers = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        with ready_url("postgresql", folder) as url, serving(url, folder, ROOM, hands=workers) as server:
            client = Client(server, MOVES)
            solved = client.ended(client.accepted("s", 0))
            job = client.http.post(f"/plans/{solved['result']['plan']}/{kind}", json=ask).json()["id"]
            if workers == 3:
                server.hands.pop(0).kill()
            answers.append(client.ended(job)["result"])
    assert answers[0] == answers[1]
    assert len(next(iter(answers[0].values()))) > (kind == "frontier")
