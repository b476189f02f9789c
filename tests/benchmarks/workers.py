"""One leave-one-out sweep as durable jobs on PostgreSQL, on 1, 2 and 4 worker processes, one of them killed.

python -m tests.benchmarks.workers [NAME [WORKERS…]]     NAME as in cases.SIZES; default 800x200, and 1 2 4

Prints wall seconds and whether the answers are the same bytes. Without team prices (balance, spread), so that each
question is a second's work.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from allocator import allocate
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.generate import invent
from tests.benchmarks import cases
from tests.servers import serving, until
from tests.stores import store_url

ROOM = {"ALLOCATOR_OPEN_JOBS": "1000", "ALLOCATOR_WRITES_PER_MINUTE": "100000"}
POLICY = Policy.model_validate({"balance": {"on": False}, "spread": {"on": False}})
PATIENCE = 3600.0  # seconds


def main(name: str, counts: list[int]) -> None:
    schools, sips = cases.SIZES[name]
    bare = Case(year=cases.YEAR, schools=cases.nearest(schools), sips=())
    made = invent(bare, POLICY, sips, cases.SEED, cases.TIGHTNESS)
    case = made.case
    print(cases.told(name, made, allocate.setup(case, POLICY).inst))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    seen: dict[int, tuple[float, str]] = {}
    for workers in counts:
        with tempfile.TemporaryDirectory() as folder, store_url("postgresql", Path(folder)) as url:
            seen[workers] = sweep(url, Path(folder), canon.case_out(case), workers)
        print(
            f"{seen[workers][0]:8.1f} s  {workers} workers{', one killed' if workers == 4 else ''}: {seen[workers][1][:12]}",
            flush=True,
        )
    if {1, 2} <= seen.keys():
        print(f"speed-up from 1 to 2: {seen[1][0] / seen[2][0]:.2f}")
    print("the same bytes" if len({digest for _, digest in seen.values()}) == 1 else "DIFFERENT ANSWERS")


def sweep(url: str, folder: Path, case: object, workers: int) -> tuple[float, str]:
    """(wall seconds of the sweep, hash of its answer)."""
    with serving(url, folder, ROOM, hands=workers) as server, server.manager() as me:
        programme = me.get("/programmes").json()["items"][0]["id"]
        round_id = me.post(f"/programmes/{programme}/rounds", json={"name": "sweep"}).json()["id"]
        me.put(f"/rounds/{round_id}/case", json=case).raise_for_status()
        me.put(f"/rounds/{round_id}/policy", json=POLICY.model_dump(mode="json")).raise_for_status()
        solve = me.post(f"/rounds/{round_id}/solves").json()["id"]

        def ended(job: str) -> bool:
            return bool(me.get(f"/solves/{job}").json()["state"] in ("done", "failed", "cancelled"))

        until(lambda: ended(solve), PATIENCE, 0.5)
        plan = me.get(f"/solves/{solve}").json()["result"]["plan"]
        until(lambda: me.get("/readyz").json()["workers"] >= workers)
        began = time.perf_counter()
        job = me.post(f"/plans/{plan}/sweeps", json={"leaving": 1}).json()["id"]
        if workers == 4:
            time.sleep(3)
            server.hands.pop(0).kill()
        until(lambda: ended(job), PATIENCE, 0.5)
        took = time.perf_counter() - began
        answer = me.get(f"/solves/{job}").json()
    assert answer["state"] == "done", answer
    return took, hashlib.sha256(json.dumps(answer["result"], sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "800x200", [int(n) for n in sys.argv[2:]] or [1, 2, 4])
