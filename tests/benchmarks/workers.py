"""What workers do: one sweep on more and more of them, and a leaver asked of two while they are at something long.

python -m tests.benchmarks.workers [NAME [WORKERS…]]     NAME as in cases.SIZES; default 800x200, and 1 2 4
python -m tests.benchmarks.workers --beside [LA,…] [--leavers N] [--sips S60,…] [--store sqlite]     default Barnet,Kent and 8

The sweep is leave-one-out, as durable jobs on PostgreSQL, one of four workers killed: wall seconds and whether the
answers are the same bytes. Without team prices (balance, spread), so that each question is a second's work.

Beside: the register's schools and a team that offers 12 % over what is due. Of leavers with most schools, fewest and
in between: wall seconds from asking to answered, alone (and CPU seconds of the server and its workers), beside a
frontier and beside an annual plan, and those from Stop to stopped of either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx

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
SIZE, TIGHTNESS = 8.5, 1.12  # schools a SIP, and days offered over days due, of those asked beside something long
SOON, LOOK = 0.5, 0.05  # seconds that the long job has before the leaver is asked; between looks


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
        plan = solved(me, case, POLICY)[1]
        until(lambda: me.get("/readyz").json()["workers"] >= workers)
        began = time.perf_counter()
        job = me.post(f"/plans/{plan}/sweeps", json={"leaving": 1}).json()["id"]
        if workers == 4:
            time.sleep(3)
            server.hands.pop(0).kill()
        until(lambda: ended(me, job), PATIENCE, 0.5)
        took = time.perf_counter() - began
        answer = me.get(f"/solves/{job}").json()
    assert answer["state"] == "done", answer
    return took, hashlib.sha256(json.dumps(answer["result"], sort_keys=True).encode()).hexdigest()


def solved(me: httpx.Client, case: object, policy: Policy) -> tuple[str, str]:
    """A round of this case, and its plan."""
    programme = me.get("/programmes").json()["items"][0]["id"]
    round_id = me.post(f"/programmes/{programme}/rounds", json={"name": "measured"}).json()["id"]
    me.put(f"/rounds/{round_id}/case", json=case).raise_for_status()
    me.put(f"/rounds/{round_id}/policy", json=policy.model_dump(mode="json")).raise_for_status()
    job = me.post(f"/rounds/{round_id}/solves").json()["id"]
    until(lambda: ended(me, job), PATIENCE, 0.5)
    return round_id, me.get(f"/solves/{job}").json()["result"]["plan"]


def ended(me: httpx.Client, job: str) -> bool:
    return bool(me.get(f"/solves/{job}").json()["state"] in ("done", "failed", "cancelled"))


def beside(la: str, many: int, named: Collection[str], kind: str) -> None:
    """Leavers of an authority or a county, one after another; those `named`, if any are."""
    rows = tuple(s for s in cases.register() if s.la == la)
    bare = Case(year=cases.YEAR, schools=rows, sips=())
    made = invent(bare, Policy(), round(len(rows) / SIZE), cases.SEED, TIGHTNESS)
    print(cases.told(la, made, allocate.setup(made.case, Policy()).inst))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {kind}, 2 workers", flush=True)
    worst: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        store_url(kind, Path(folder)) as url,
        serving(url, Path(folder), ROOM, workers=2) as server,
        server.manager() as me,
    ):
        until(lambda: me.get("/readyz").json()["workers"] >= 2)
        round_id, plan = solved(me, canon.case_out(made.case), Policy())
        long: dict[str, Callable[[int], httpx.Response]] = {
            "frontier": lambda seed: me.post(f"/plans/{plan}/frontier"),
            "plan": lambda seed: me.post(f"/rounds/{round_id}/solves", json={"seed": seed, "adopt": False}),
        }
        for n, (sip, led) in enumerate(leavers(me.get(f"/plans/{plan}").json(), many, named)):
            before = cpu(server.process.pid if server.process else 0)
            told = {"alone": asked(me, plan, sip)}
            told["CPU"] = cpu(server.process.pid if server.process else 0) - before
            for name, begin in long.items():
                job = begin(n + 2).json()["id"]
                until(lambda job=job: me.get(f"/solves/{job}").json()["state"] != "queued", every=LOOK)  # type: ignore[misc]
                time.sleep(SOON)
                told[f"beside a {name}"] = asked(me, plan, sip)
                told[f"Stop of the {name}"] = stopped(me, job)
            print(f"{sip}, {led} schools: {', '.join(f'{k} {v:.1f}' for k, v in told.items())}", flush=True)
            for k, v in told.items():
                worst.setdefault(k, []).append(v)
    print(f"worst: {', '.join(f'{k} {max(v):.1f}' for k, v in worst.items())}")


def leavers(plan: dict[str, Any], many: int, named: Collection[str] = ()) -> list[tuple[str, int]]:
    """So many SIPs and the schools that they lead: with most, with fewest and in between; or those `named`."""
    led = Counter(a["sip"] for a in plan["assignments"] if a["post"] == "lead").most_common()
    if named:
        return [row for row in led if row[0] in named]
    step = max(1, (len(led) - 1) / max(1, many - 1))
    return [led[round(n * step)] for n in range(min(many, len(led)))]


def asked(me: httpx.Client, plan: str, sip: str) -> float:
    """Seconds until it is known what comes of it when they leave at Christmas."""
    began = time.perf_counter()
    ask = {"changes": [{"sip_leaves": {"sip": sip, "on": f"{cases.YEAR[:4]}-12-31"}}]}
    job = me.post(f"/plans/{plan}/what-ifs", json=ask).json()["id"]
    until(lambda: ended(me, job), PATIENCE, LOOK)
    assert me.get(f"/solves/{job}").json()["state"] == "done"
    return time.perf_counter() - began


def stopped(me: httpx.Client, job: str) -> float:
    """Seconds until it has stopped; 0 where it had ended by then."""
    began = time.perf_counter()
    if me.delete(f"/solves/{job}").status_code != 202:
        return 0.0
    until(lambda: ended(me, job), PATIENCE, LOOK)
    return time.perf_counter() - began


def cpu(pid: int) -> float:
    """CPU seconds that a process and all below it have taken (Linux)."""
    parents, used = dict[int, int](), dict[int, int]()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # ended meanwhile
            words = file.read_text().rpartition(")")[2].split()
            parents[int(file.parent.name)], used[int(file.parent.name)] = int(words[1]), sum(map(int, words[11:15]))

    def below(one: int) -> int:
        return used.get(one, 0) + sum(below(child) for child, parent in parents.items() if parent == one)

    return below(pid) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name", nargs="?", default="800x200")
    parser.add_argument("workers", nargs="*", type=int)
    parser.add_argument("--beside", nargs="?", const="Barnet,Kent")
    parser.add_argument("--leavers", type=int, default=8)
    parser.add_argument("--sips", default="")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    for authority in given.beside.split(",") if given.beside else ():
        beside(authority, given.leavers, [x for x in given.sips.split(",") if x], given.store)
    if not given.beside:
        main(given.name, given.workers or [1, 2, 4])
