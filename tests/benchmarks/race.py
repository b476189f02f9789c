"""Side by side with plain CP-SAT on the same pairs, in one run: to a proof, and in the time it needs for 0.5 %.

python -m tests.benchmarks.race [JOURNAL]     default build/race.jsonl, which `scale --write` puts on its page

The allocator solves its own model without the lot, and the textbook's as well; plain CP-SAT, at its defaults with two
workers, solves the textbook's (`peers.py`).
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from allocator import allocate
from allocator.domain.policy import Policy
from allocator.engine.instance import Instance, Tier
from allocator.engine.method import solve
from allocator.engine.tiers import Stop
from tests.benchmarks import cases, peers

WORKERS, PATIENCE = 2, 120.0  # PATIENCE: seconds for a peer
RACES = (("500x60", 0.0), ("1500x180", 0.005))  # case, the gap at which plain CP-SAT may stop


def textbook(inst: Instance) -> Instance:
    """The model that peers solve: every post filled that can be, then points; days and numbers by SIP."""
    people = tuple(replace(p, limits=tuple(replace(x, soft=None) for x in p.limits[:1])) for p in inst.people)
    posts = tuple(replace(p, trims=()) for p in inst.posts)
    every = Tier("posts", "most", filled=dict.fromkeys(range(len(posts)), 1))
    return Instance(posts, people, inst.pairs, (every, Tier("points", "most", points=True)))


def ours(inst: Instance, by: str) -> dict[str, Any]:
    """One solve to a proof."""
    began = time.perf_counter()
    found = solve(inst, Stop(workers=WORKERS), settle=False)
    seconds = time.perf_counter() - began
    points = next(t for t in found.tiers if t.name in ("4", "points"))
    gap = round((points.bound - points.value) / max(1, abs(points.value)), 6)
    own = sum(inst.pairs[i].points for i in found.chosen)
    return {"by": by, "seconds": round(seconds, 2), "filled": len(found.chosen), "points": own, "gap": gap}


def race(name: str, gap: float) -> dict[str, Any]:
    """The runs of one case, each from the same instance."""
    inst = allocate.setup(cases.team(name).case, Policy()).inst
    bare = replace(inst, tiers=tuple(t for t in inst.tiers if not t.lot))
    runs = [
        peers.cp_sat(inst, PATIENCE, WORKERS, gap),
        ours(textbook(inst), "allocator, the textbook's model"),
        ours(bare, "allocator, its own model"),
    ]
    return {"name": name, "pairs": len(inst.pairs), "asked": gap, "runs": runs}


def main(journal: Path) -> None:
    journal.parent.mkdir(parents=True, exist_ok=True)
    rows = [race(*each) for each in RACES]
    journal.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print("\n".join(lines(rows)))


def lines(rows: list[dict[str, Any]]) -> list[str]:
    """A table of the races, each with its ratio of times to plain CP-SAT."""
    out = ["| case | by | seconds | plain CP-SAT / it | gap proved |", "| --- | --- | ---: | ---: | ---: |"]
    for row in rows:
        peer = row["runs"][0]["seconds"]
        for run in row["runs"]:
            gap = "none" if run["gap"] is None else f"{100 * run['gap']:.3f} %"
            out.append(f"| {row['name']} | {run['by']} | {run['seconds']:.2f} | {peer / run['seconds']:.1f} | {gap} |")
    return out


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/race.jsonl"))
