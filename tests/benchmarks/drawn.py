"""Large instances of the public GAP families, drawn by chance: types C, D and E by their published definitions.

Chu and Beasley (1997), Laguna, Kelly, González-Velarde and Glover (1995), Yagiura, Ibaraki and Glover (2006); every
type leaves an agent 0.8 times an equal share of all loads.

python -m tests.benchmarks.drawn FOLDER [NAME…]   writes FOLDER/NAME, as `tests.benchmarks.gap` reads it
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from allocator.engine.matrix import Ints

NAMES = tuple(f"{kind}{size}" for kind in "cde" for size in ("60x900", "80x1600", "100x3200"))


def draw(name: str, seed: int = 1) -> tuple[Ints, Ints, Ints]:
    """Costs and loads (agents x jobs) and capacities of e.g. `d80x1600`: the type, agents and jobs."""
    kind = name[0]
    agents, jobs = (int(n) for n in name[1:].split("x"))
    rng = np.random.default_rng([ord(kind), agents, jobs, seed])
    shape = agents, jobs
    if kind == "c":
        loads, costs = rng.integers(5, 26, shape), rng.integers(10, 51, shape)
    elif kind == "d":
        loads = rng.integers(1, 101, shape)
        costs = 111 - loads + rng.integers(-10, 11, shape)
    else:
        loads = np.floor(1 - 10 * np.log(1 - rng.random(shape))).astype(np.int64)
        costs = np.maximum(1, np.floor(1000 / loads - 10 * rng.random(shape)).astype(np.int64))
    return costs, loads, 8 * loads.sum(axis=1) // (10 * agents)


def text(costs: Ints, loads: Ints, room: Ints) -> str:
    """An instance in the format of the OR-Library."""
    rows = [room.shape + costs.shape[1:], *costs.tolist(), *loads.tolist(), room.tolist()]
    return "".join(" ".join(map(str, row)) + "\n" for row in rows)


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(text(*draw(name)), encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(NAMES))
