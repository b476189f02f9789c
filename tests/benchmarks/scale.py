"""Time and memory against size, from 60 schools to all England: every step around the solve, and the solve with its peers.

python -m tests.benchmarks.scale [--journal FILE] [--seconds S] [--sizes NAME,…] [--no-solve]   measures what the journal lacks
python -m tests.benchmarks.scale --write [--journal FILE]                                       docs/benchmarks.md from it

Each size runs in a process of its own, so that its memory is its own, and is written to the journal when it is done: a
run that was stopped goes on where it was. CPU seconds are of this process and its threads; on a machine with nothing
else to do they are about the wall's (times the workers, in the solve).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from allocator import allocate
from allocator.check.audit import audit
from allocator.domain.policy import Policy
from allocator.engine import instance as en
from allocator.engine.model import value
from allocator.engine.tiers import Stop
from allocator.intake.read import read_case
from allocator.intake.write import write_case
from allocator.layout import lay_out
from allocator.reasons.complete import complete
from allocator.reasons.preflight import preflight
from tests.benchmarks import cases, peers, race
from tests.benchmarks.picture import document

T = TypeVar("T")
WORKERS = 2


class Watch:
    """Steps by name, in wall and CPU seconds."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    def step(self, name: str, do: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        out = do()
        self.steps[name] = round(time.perf_counter() - wall, 3), round(time.process_time() - cpu, 3)
        print(f"    {name}: {self.steps[name][1]:.1f} s CPU", file=sys.stderr, flush=True)
        return out


def prepare(name: str, folder: Path) -> None:
    """The case of one size as a folder, the plan hidden in it beside; in a process of its own, which is not measured."""
    made = cases.team(name)
    write_case(made.case, folder / "case")
    hidden = [[*key, sip] for key, sip in sorted(made.made_for.items())]
    (folder / "hidden.json").write_text(json.dumps({"sips": made.sips, "held": hidden}), "utf-8")


def measure(name: str, folder: Path, seconds: float, solving: bool) -> dict[str, Any]:
    """One size: the steps, the peak memory, and the solves."""
    watch, policy, before = Watch(), Policy(), _peak()
    hidden = json.loads((folder / "hidden.json").read_text("utf-8"))
    reading = watch.step("read", lambda: read_case(folder / "case", year=cases.YEAR))
    case = reading.case
    assert case is not None, reading.problems[:3]
    watch.step("check", lambda: preflight(case, policy))
    ready = watch.step("set up", lambda: allocate.setup(case, policy))
    plan = _planted(ready, [tuple(row) for row in hidden["held"]])
    bare = watch.step("lay out", lambda: lay_out(ready, plan))
    full = watch.step("explain", lambda: complete(ready, bare, plan))
    found = watch.step("audit", lambda: audit(case, policy, full))
    assert not found, found[:3]
    watch.step("write", lambda: (folder / "plan.json").write_text(full.model_dump_json(by_alias=True), "utf-8"))
    peak = _peak()
    parts, largest = cases.largest_part(ready.inst)
    solves = [_ours(ready)] if solving else []
    if solving:
        solves += peers.all_of(ready, max(seconds, solves[0]["seconds"]), WORKERS)
    return {
        "name": name,
        "schools": len(case.schools),
        "sips": hidden["sips"],
        "posts": len(ready.inst.posts),
        "pairs": len(ready.inst.pairs),
        "parts": parts,
        "largest_part": largest,
        "steps": watch.steps,
        "peak_mib": peak,
        "before_mib": before,
        "solves": solves,
    }


def _planted(ready: allocate.Setup, held: Sequence[tuple[str, ...]]) -> en.Solution:
    """The plan hidden in the team, where no rule bars it: enough to measure the steps after a solve."""
    chosen = tuple(sorted(ready.index[u, k, s] for u, k, s in held if (u, k, s) in ready.index))
    tiers = []
    for t in ready.inst.tiers:
        v = value(ready.inst, t, chosen, {})
        tiers.append(en.TierValue(t.name, v, v + 1 if t.sense == "most" else v - 1))
    return en.Solution("feasible", chosen, {}, tuple(tiers))


def _ours(ready: allocate.Setup) -> dict[str, Any]:
    """To a proof, or to the gap that the largest cases stop at; no limit of time."""
    wall = time.perf_counter()
    plan, solution = allocate.allocate(ready, Stop(workers=WORKERS))
    return {
        "by": "allocator",
        "seconds": round(time.perf_counter() - wall, 2),
        "filled": len(solution.chosen),
        "points": sum(ready.inst.pairs[i].points for i in solution.chosen),
        "gap": plan.certificate.gap,
        "peak_mib": _peak(),
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, commit {commit}; "
        f"{load:.0f} other processes wanted a core on average"
    )


def known(journal: Path) -> list[dict[str, Any]]:
    """Rows already measured."""
    if not journal.exists():
        return []
    return [
        json.loads(line)
        for line in journal.read_text("utf-8").splitlines()
        if line.startswith("{") and line.endswith("}")
    ]


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--journal", type=Path, default=Path("build/scale.jsonl"))
    ask.add_argument(
        "--seconds", type=float, default=60, help="for a peer at least; more where the allocator took more"
    )
    ask.add_argument("--sizes", default=",".join(cases.TABLE))
    ask.add_argument("--no-solve", action="store_true")
    ask.add_argument("--prepare", type=Path)
    ask.add_argument("--one", type=Path)
    ask.add_argument("--write", action="store_true")
    told = ask.parse_args()
    if told.prepare:
        return prepare(told.sizes, told.prepare)
    if told.one:
        row = measure(told.sizes, told.one, told.seconds, not told.no_solve)
        print(json.dumps({**row, "machine": machine()}))
        return
    told.journal.parent.mkdir(parents=True, exist_ok=True)
    done = {row["name"] for row in known(told.journal)}
    for name in [] if told.write else told.sizes.split(","):
        if name in done:
            continue
        print(f"{name}:", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            run = [sys.executable, "-m", "tests.benchmarks.scale", "--sizes", name, "--seconds", str(told.seconds)]
            subprocess.run([*run, "--prepare", folder], check=True)
            run += ["--one", folder, *(["--no-solve"] if told.no_solve else [])]
            line = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=True).stdout
        with told.journal.open("a", encoding="utf-8") as file:
            file.write(line.strip().splitlines()[-1] + "\n")  # HiGHS greets on stdout
    rows = known(told.journal)
    if told.write:
        races = known(told.journal.with_name("race.jsonl"))
        document(rows, Path(__file__).parents[2] / "docs", race.lines(races) if races else ())
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
