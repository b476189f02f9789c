"""Killed, restarted, full: nothing accepted is lost, nothing ends in two answers, every job comes to an end."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from allocator.domain import canon
from allocator.domain.policy import Policy
from allocator.explain.answer import solve
from allocator.rounds import plan_id
from tests.make import case, school, sip
from tests.servers import Server, free_port, serving, until
from tests.stores import KINDS, store_url

SEEDS = 8
FACTS = case([school(str(n)) for n in range(4)], [sip("A"), sip("B")])
ENDED = ("done", "cancelled", "failed")
ROOM = {"ALLOCATOR_OPEN_JOBS": "1000", "ALLOCATOR_WRITES_PER_MINUTE": "100000"}


class Client:
    """A caller that does not give up: the same request with the same key until it is accepted."""

    def __init__(self, server: Server) -> None:
        self.server = server
        with server.manager() as me:
            programme = me.get("/programmes").json()["items"][0]["id"]
            self.round = me.post(f"/programmes/{programme}/rounds", json={"name": "2026/27"}).json()["id"]
            me.put(f"/rounds/{self.round}/case", json=canon.case_out(FACTS)).raise_for_status()
            self.token = me.post("/tokens", json={"name": "t", "scope": "write"}).json()["token"]
        self.http = httpx.Client(
            base_url=f"{server.base}/api/v1", timeout=60, headers={"Authorization": f"Bearer {self.token}"}
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


def expected() -> dict[int, str]:
    return {seed: plan_id(solve(FACTS, Policy(), seed=seed)) for seed in range(SEEDS)}


def contents(client: Client, jobs: dict[str, int]) -> dict[int, set[str]]:
    """The plans that came out, by seed, by their names that do not depend on when they were made."""
    out: dict[int, set[str]] = {}
    for id, seed in jobs.items():
        job = client.ended(id)
        assert job["state"] == "done", job
        tag = client.http.get(f"/plans/{job['result']['plan']}").headers["etag"].strip('"')
        out.setdefault(seed, set()).add(tag)
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments_through_200_jobs(kind: str, tmp_path: Path) -> None:
    dice = random.Random(7)
    with store_url(kind, tmp_path) as url, serving(url, tmp_path, workers=0, **ROOM) as server:
        for _ in range(3):
            server.hire()
        client, jobs, over, killed = Client(server), {}, threading.Event(), {"worker": 0, "server": 0}

        def murderer() -> None:
            while not over.wait(dice.uniform(1.0, 5.0)):
                if dice.random() < 0.3:
                    server.kill()
                    killed["server"] += 1
                    server.begin()
                else:
                    victim = server.hands.pop(dice.randrange(len(server.hands)))
                    victim.kill()
                    victim.wait()
                    killed["worker"] += 1
                    server.hire()

        thread = threading.Thread(target=murderer)
        thread.start()
        try:
            for n in range(200):
                seed = n % SEEDS
                jobs[client.accepted(f"job {n}", seed)] = seed
            assert len(jobs) == 200
            client.ended(list(jobs)[150], 240)
        finally:
            over.set()
            thread.join()
        assert contents(client, jobs) == {seed: {name} for seed, name in expected().items()}
        assert min(killed.values()) > 0
        again = client.accepted("job 0", 0)  # the same request is the same job, long after
        assert again == next(iter(jobs))


@contextmanager
def own_postgres(folder: Path) -> Iterator[tuple[str, Any]]:
    """A PostgreSQL server of the test's own, and how to stop and start it."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not homes or os.geteuid() != 0 or not shutil.which("runuser"):
        pytest.skip("NOT RUN: needs PostgreSQL's own programs and the right to run them as another user")
    bin_, data, port = homes[-1], folder / "data", free_port()
    for parent in (folder, *folder.parents):
        with suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o011)
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


def test_postgresql_restarted_in_the_middle(tmp_path: Path) -> None:
    with own_postgres(tmp_path) as (url, ctl), serving(url, tmp_path, workers=2, **ROOM) as server:
        client, jobs = Client(server), {}
        for n in range(30):
            jobs[client.accepted(f"job {n}", n % SEEDS)] = n % SEEDS
            if n in (10, 20):
                ctl("-m immediate stop")
                time.sleep(2)
                ctl("start")
        found = contents(client, jobs)
        assert found == {seed: {name} for seed, name in expected().items()}


def test_disk_full_on_sqlite(tmp_path: Path) -> None:
    """What cannot be kept is not accepted; what was accepted ends once there is room again."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("NOT RUN: needs the right to mount a small disk")
    try:
        with serving(f"sqlite:///{small / 's.db'}", tmp_path, workers=1, **ROOM) as server:
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
                        f"/rounds/{client.round}/solves", json={"seed": n % SEEDS, "adopt": False},
                        headers={"Idempotency-Key": f"job {n}"},
                    )  # fmt: skip
                    if answer.status_code == 202:
                        jobs[answer.json()["id"]] = n % SEEDS
                    else:
                        assert (answer.status_code, answer.json()["code"]) == (503, "store_away"), answer.text
                        refused += 1
                        break
            assert refused
            stuffing.unlink()
            jobs[client.accepted("after", 0)] = 0
            want = expected()
            assert contents(client, jobs) == {seed: {want[seed]} for seed in set(jobs.values())}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_running_job_is_cancelled_within_a_second_or_so(tmp_path: Path) -> None:
    """A solve that would take long, stopped: it ends at once, and its best audited plan is kept beside the desk."""
    from allocator.intake.read import read_case

    hartwell = read_case(Path(__file__).parents[2] / "scenarios" / "hartwell").case
    assert hartwell is not None
    with store_url("sqlite", tmp_path) as url, serving(url, tmp_path, workers=1) as server, server.manager() as me:
        programme = me.get("/programmes").json()["items"][0]["id"]
        round_id = me.post(f"/programmes/{programme}/rounds", json={"name": "x"}).json()["id"]
        me.put(f"/rounds/{round_id}/case", json=canon.case_out(hartwell)).raise_for_status()
        plan = me.post(f"/rounds/{round_id}/solves", headers={"Prefer": "wait=60"}).headers["content-location"]
        ask = {"changes": [{"sip_leaves": {"sip": "dafydd", "on": "2026-12-31"}}], "rebuild": True}  # a minute's work
        job = me.post(f"/plans/{plan.rsplit('/', 1)[1]}/what-ifs", json=ask).json()["id"]
        until(lambda: me.get(f"/solves/{job}").json()["state"] == "running")
        time.sleep(2)
        assert me.delete(f"/solves/{job}").status_code == 202
        began = time.monotonic()
        now = until(lambda: (j := me.get(f"/solves/{job}").json())["state"] in ENDED and j, 30)
        assert now["state"] == "cancelled", now
        assert time.monotonic() - began < 10  # the solver stops at once; the audit and the words take their time
        if now["result"]:
            kept = me.get(f"/plans/{now['result']['plan']}").json()
            assert kept["status"] in ("feasible", "stopped", "optimal")
        assert me.delete(f"/solves/{job}").json()["code"] == "round_refuses"


def test_a_waiting_job_is_cancelled_before_it_begins(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url, serving(url, tmp_path, workers=0) as server:
        client = Client(server)
        job = client.accepted("one", 0)
        assert client.http.delete(f"/solves/{job}").json()["state"] == "cancelled"
        server.hire()
        later = client.accepted("two", 1)
        assert client.ended(later)["state"] == "done"
        assert client.job(job)["state"] == "cancelled"


def test_a_full_queue_says_when_to_come_back(tmp_path: Path) -> None:
    with store_url("sqlite", tmp_path) as url, serving(url, tmp_path, workers=0, ALLOCATOR_OPEN_JOBS="2") as server:
        client = Client(server)
        for key in ("a", "b"):
            client.accepted(key, 0)
        answer = client.http.post(f"/rounds/{client.round}/solves")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
        assert int(answer.headers["retry-after"]) > 0


def test_a_sweep_is_the_same_with_any_number_of_workers_even_when_one_dies(tmp_path: Path) -> None:
    answers = []
    for workers in (1, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        with store_url("postgresql", folder) as url, serving(url, folder, workers=0, **ROOM) as server:
            for _ in range(workers):
                server.hire()
            client = Client(server)
            solved = client.ended(client.accepted("s", 0))
            job = client.http.post(f"/plans/{solved['result']['plan']}/sweeps", json={"leaving": 2}).json()["id"]
            if workers == 3:
                server.hands.pop(0).kill()
            answers.append(client.ended(job)["result"])
    assert answers[0] == answers[1]
    assert answers[0]["results"]
