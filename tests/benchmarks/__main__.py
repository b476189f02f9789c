"""Times on the 63-school case, reported and never asserted: `make bench`.

Ratios are against a named peer in the same run: a repair against a rebuild, the service's whole command against the
bare solve.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from allocator import allocate
from allocator.intake.read import read_case
from allocator.questions.choices import choices
from allocator.questions.scenario import rebuild, scenario
from allocator.questions.sweep import leaving, sweep
from allocator.questions.veto import veto
from allocator.reasons.answer import solve

CASE = Path(__file__).parents[2] / "scenarios" / "hartwell"
LEAVER = [{"sip_leaves": {"sip": "dafydd", "on": "2026-12-31"}}]


def timed(work: Callable[[], object], times: int = 3) -> float:
    """The least of a few runs, in seconds."""
    best = float("inf")
    for _ in range(times):
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


def shell(*args: str) -> float:
    def run() -> None:
        subprocess.run([sys.executable, "-m", "allocator", *args], capture_output=True, check=False)

    return timed(run)


def main() -> None:
    reading = read_case(CASE)
    assert reading.case is not None
    case, policy = reading.case, reading.policy
    ready = allocate.setup(case, policy)
    plan = solve(case, policy)
    world = scenario(plan, LEAVER)
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            ("allocator --help, from the shell", shell("--help")),
            ("allocator solve, from the shell to exit", shell("solve", str(CASE), "-o", f"{folder}/p.json")),
            ("the solve itself", timed(lambda: allocate.allocate(ready))),
            ("a leaver's repair, the solve itself", timed(lambda: world.solve())),
            ("the same leaver, rebuilt", timed(lambda: rebuild(plan, LEAVER), 1)),
            ("a veto resubmitted, words and audit with it", timed(lambda: veto(plan, "900013"))),
            ("all choices for a leaver with 7 schools", timed(lambda: choices(plan, LEAVER), 1)),
            (
                "the sweep of 11 SIPs, all cores",
                timed(lambda: list(sweep(plan, leaving(plan), workers=os.cpu_count() or 1)), 1),
            ),
        ]
    print(
        f"{len(case.schools)} schools, {len(case.sips)} SIPs; {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for name, seconds in rows:
        print(f"{seconds:8.3f} s  {name}")
    named = dict(rows)
    print(f"repair to rebuild: {named[rows[3][0]] / named[rows[4][0]]:.3f}")
    print(f"command to bare solve: {named[rows[1][0]] / named[rows[2][0]]:.1f}")


if __name__ == "__main__":
    main()
