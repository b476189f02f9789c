"""The service under load, from a second process, next to the bare solve. Measures; asserts nothing.

python -m tests.benchmarks.service
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2 as httpx

from allocator.domain import canon
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from tests.servers import Server, serving, until

CASE = Path(__file__).parents[2] / "scenarios" / "hartwell"
CLIENTS, SECONDS, SOLVES = 50, 8.0, 20


def main() -> None:
    reading = read_case(CASE)
    assert reading.case is not None
    began = time.perf_counter()
    solve(reading.case, reading.policy)
    bare = time.perf_counter() - began
    print(f"{len(reading.case.schools)} schools; {os.cpu_count()} cores, Python {platform.python_version()}, SQLite")
    print(f"{bare:8.3f} s  one solve, explained and audited, in this process")
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            store = f"sqlite:///{folder}/s.db"
            room = {"ALLOCATOR_OPEN_JOBS": "1000", "ALLOCATOR_WRITES_PER_MINUTE": "100000"}
            with serving(store, Path(folder), room, workers=workers, quick=False) as server:
                token, plan, each = _solves(server, canon.case_out(reading.case))
                print(
                    f"{each:8.3f} s  a solve through the service, {workers} workers: {each / bare:.2f} of the bare solve"
                )
                if workers == 1:
                    for what, path in (
                        ("plan", f"/plans/{plan}"),
                        ("explanation", f"/plans/{plan}/assignments/900060"),
                    ):
                        url = f"{server.base}/api/v1{path}"
                        run = [sys.executable, "-m", "tests.benchmarks.service", url, token]
                        told = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
                        print(
                            f"{float(told[0]):8.0f} /s reads of the {what} by {CLIENTS} clients; p99 {float(told[1]) * 1000:.0f} ms"
                        )


def _solves(server: Server, case: object) -> tuple[str, str, float]:
    """(token, a plan, seconds a solve once all workers are at it)."""
    with server.manager() as me:
        programme = me.get("/programmes").json()["items"][0]["id"]
        round_id = me.post(f"/programmes/{programme}/rounds", json={"name": "bench"}).json()["id"]
        me.put(f"/rounds/{round_id}/case", json=case).raise_for_status()
        first = me.post(f"/rounds/{round_id}/solves", headers={"Prefer": "wait=60"})  # workers are awake after this
        plan = first.headers["content-location"].rsplit("/", 1)[1]
        until(lambda: me.get("/readyz").json()["workers"] >= server.workers)
        began = time.perf_counter()
        jobs = [
            me.post(f"/rounds/{round_id}/solves", json={"seed": n + 2, "adopt": False}).json()["id"]
            for n in range(SOLVES)
        ]
        for job in jobs:
            until(lambda job=job: me.get(f"/solves/{job}").json()["state"] == "done", 300, 0.05)  # type: ignore[misc]
        each = (time.perf_counter() - began) / SOLVES
        return me.post("/tokens", json={"name": "bench"}).json()["token"], plan, each


async def _load(url: str, token: str) -> tuple[float, float]:
    """(answers a second, p99 in seconds) of CLIENTS clients that ask again as soon as they are answered."""
    times: list[float] = []
    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, limits=limits, timeout=60) as client:
        (await client.get(url)).raise_for_status()
        end = time.perf_counter() + SECONDS

        async def one() -> None:
            while time.perf_counter() < end:
                began = time.perf_counter()
                (await client.get(url)).raise_for_status()
                times.append(time.perf_counter() - began)

        await asyncio.gather(*(one() for _ in range(CLIENTS)))
    times.sort()
    return len(times) / SECONDS, times[int(len(times) * 0.99)]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(*asyncio.run(_load(sys.argv[1], sys.argv[2])))
    else:
        main()
