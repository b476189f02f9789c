"""The Generalised Assignment Problem: jobs to agents at least cost, each agent within its capacity.

A job is a post, an agent a person, a cost so many points lost. Format (OR-Library): agents and jobs; costs, agent by
agent; loads, agent by agent; capacities. Whole numbers, separated by blanks.

python -m tests.benchmarks.gap FILE… [--seconds S] [--workers N] [--json]
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from allocator.engine.instance import Instance, Limit, Pair, Person, Post, Tier
from allocator.engine.method import solve
from allocator.engine.tiers import Stop
from allocator.errors import CaseError
from tests.benchmarks.result import JsonOpt, Result, SecondsOpt, WorkersOpt, command, show


def read_gap(path: Path) -> Instance:
    """The instance in a file. Raises CaseError naming the file, what was expected and what was found."""
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError as problem:
        raise CaseError(f"{path} cannot be read: {problem.strerror}. Name a file in the GAP format.") from None
    except UnicodeDecodeError:
        raise CaseError(f"{path} is not text. Name a file in the GAP format: whole numbers only.") from None
    wrong = next((n for n, w in enumerate(words, 1) if not w.isdigit()), None)
    if wrong is not None:
        raise CaseError(
            f"{path}: number {wrong} is {words[wrong - 1]!r}, not a whole number of at least 0. Correct it."
        )
    numbers = [int(w) for w in words]
    if len(numbers) < 2 or not numbers[0] or not numbers[1]:
        raise CaseError(f"{path} must begin with how many agents and jobs there are, at least 1 of each.")
    agents, jobs = numbers[:2]
    wanted = 2 + 2 * agents * jobs + agents
    if len(numbers) != wanted:
        raise CaseError(
            f"{path} says {agents} agents and {jobs} jobs, so it must hold {wanted} numbers; it holds {len(numbers)}. "
            "Check the first line, or get the file again."
        )
    costs, loads, capacities = numbers[2:], numbers[2 + agents * jobs :], numbers[2 + 2 * agents * jobs :]
    return Instance(
        tuple(Post(f"job {j + 1}") for j in range(jobs)),
        tuple(Person(f"agent {a + 1}", (Limit(0, capacities[a]),)) for a in range(agents)),
        tuple(
            Pair(j, a, (loads[a * jobs + j],), -costs[a * jobs + j])
            for j in range(jobs)
            for a in range(agents)
            if loads[a * jobs + j] <= capacities[a]
        ),
        (Tier("jobs", "most", filled=dict.fromkeys(range(jobs), 1)), Tier("cost", "most", points=True)),
    )


def run_gap(path: Path, seconds: float, workers: int) -> Result:
    """Least cost found and proved bound, within so many seconds.

    Raises CaseError also when no plan gives every job an agent (or none was found in time).
    """
    inst, began = read_gap(path), monotonic()
    found = solve(inst, Stop(seconds=seconds, workers=workers), settle=False)
    if found.status == "stopped" or len(found.chosen) < len(inst.posts):
        raise CaseError(
            f"{path}: no plan with all {len(inst.posts)} jobs was found in {seconds:g} s. Give more seconds."
        )
    cost = found.tiers[1]
    return Result(path.name, -cost.value, -cost.bound, round(monotonic() - began, 2))


def gap(
    files: Annotated[list[Path], typer.Argument(help="instances of the Generalised Assignment Problem")],
    seconds: SecondsOpt = 60.0,
    workers: WorkersOpt = 2,
    as_json: JsonOpt = False,
) -> None:
    """Least cost and proved bound of each instance of the Generalised Assignment Problem."""
    for file in files:
        read_gap(file)  # all of them are read before the first is solved
    show((run_gap(file, seconds, workers) for file in files), as_json)


if __name__ == "__main__":
    command(gap)
