"""Reviewers to papers: each paper wants several reviewers, each reviewer takes so many papers.

A folder holds `scores.npy` (reviewers by papers; a negative score is a conflict) and `covs.npy` (reviewers a paper
wants). A paper is one post that wants them all; scores become points in millionths.

python -m tests.benchmarks.reviewer FOLDER [--load-min N] [--load-max N] [--worst-first | --floor F] [--seconds S] [--workers N] [--json]
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated

import numpy as np
import typer

from allocator.engine.instance import Instance, Pair, Person, Post, Tier
from allocator.engine.matrix import Floats, Ints
from allocator.engine.method import solve
from allocator.engine.tiers import Stop
from allocator.errors import CaseError
from tests.benchmarks.result import JsonOpt, Result, SecondsOpt, WorkersOpt, command, show

UNIT = 1_000_000  # points to one score


def read_reviewer(folder: Path) -> tuple[Floats, Ints]:
    """Scores and reviewers wanted. Raises CaseError naming the file and what is wrong with it."""
    scores, wants = _array(folder / "scores.npy"), _array(folder / "covs.npy")
    if scores.ndim != 2 or not scores.size:
        raise CaseError(f"{folder / 'scores.npy'} must be a table of reviewers by papers; its shape is {scores.shape}.")
    if not np.isfinite(scores).all():
        raise CaseError(f"{folder / 'scores.npy'} has {int((~np.isfinite(scores)).sum())} scores that are not numbers.")
    if wants.shape != (scores.shape[1],):
        raise CaseError(
            f"{folder / 'covs.npy'} must have one number for each of the {scores.shape[1]} papers in scores.npy; "
            f"its shape is {wants.shape}."
        )
    if (wants < 1).any() or (wants != np.round(wants)).any():
        raise CaseError(f"{folder / 'covs.npy'}: a paper must want a whole number of reviewers, at least 1.")
    return scores.astype(float), wants.astype(np.int64)


def _array(path: Path) -> Floats:
    try:
        loaded = np.load(path, allow_pickle=False)
    except OSError as problem:
        raise CaseError(f"{path} cannot be read: {problem.strerror or 'it is not a NumPy array'}.") from None
    except ValueError:
        raise CaseError(f"{path} is not a NumPy array (.npy). Get the file again.") from None
    if loaded.dtype.kind not in "iuf":
        raise CaseError(f"{path} must hold numbers; it holds {loaded.dtype}.")
    return np.asarray(loaded)


def instance(scores: Floats, wants: Ints, load: tuple[int, int], worst_first: bool, floor: float | None) -> Instance:
    """Each reviewer takes between `load` papers; `floor` is the least any paper's scores may sum to."""
    reviewers, papers = scores.shape
    every = tuple(range(papers))
    tiers = [Tier("papers", "most", filled=dict.fromkeys(every, 1))]
    if worst_first:
        tiers.append(Tier("worst", "most", worst=every))
    return Instance(
        tuple(Post(f"paper {p + 1}", int(wants[p])) for p in every),
        tuple(Person(f"reviewer {r + 1}", (), load[1], load[0], load[0] > 0) for r in range(reviewers)),
        tuple(
            Pair(p, r, (1,), round(float(scores[r, p]) * UNIT))
            for p in every
            for r in range(reviewers)
            if scores[r, p] >= 0
        ),
        (*tiers, Tier("score", "most", points=True)),
        least_points={} if floor is None else dict.fromkeys(every, round(floor * UNIT)),
    )


def run_reviewer(
    folder: Path, load: tuple[int, int], worst_first: bool, floor: float | None, seconds: float, workers: int
) -> Result:
    """Most score found and proved bound. Raises CaseError when papers stay without reviewers."""
    scores, wants = read_reviewer(folder)
    inst, began = instance(scores, wants, load, worst_first, floor), monotonic()
    found = solve(inst, Stop(seconds=seconds, workers=workers), settle=False)
    if found.status == "stopped" or len(found.chosen) < int(wants.sum()):
        raise CaseError(
            f"{folder}: no plan gives each of the {len(wants)} papers its reviewers within loads {load[0]} to {load[1]}"
            f"{'' if floor is None else f' and at least {floor:g} a paper'} (in {seconds:g} s). "
            "Widen the loads, lower the floor or give more seconds."
        )
    by_paper = np.zeros(len(wants))
    for i in found.chosen:
        pair = inst.pairs[i]
        by_paper[pair.post] += scores[pair.person, pair.post]
    values = {t.name: t for t in found.tiers}
    value, score = round(float(by_paper.sum()), 6), values["score"]
    bound = value if score.proved else score.bound / UNIT
    worst = None
    if worst_first:
        least = round(float(by_paper.min()), 6)
        worst = (least, least if values["worst"].proved else values["worst"].bound / UNIT)
    return Result(folder.name, value, bound, round(monotonic() - began, 2), worst)


def reviewer(
    folder: Annotated[Path, typer.Argument(help="a folder with scores.npy and covs.npy")],
    load_min: Annotated[int, typer.Option("--load-min", min=0, help="papers each reviewer takes at least")] = 0,
    load_max: Annotated[int, typer.Option("--load-max", min=1, help="papers each reviewer takes at most")] = 4,
    worst_first: Annotated[bool, typer.Option("--worst-first", help="the worst-off paper first, then the sum")] = False,
    floor: Annotated[float | None, typer.Option("--floor", help="no paper gets less than this")] = None,
    seconds: SecondsOpt = 60.0,
    workers: WorkersOpt = 2,
    as_json: JsonOpt = False,
) -> None:
    """Most score of a conference's papers and reviewers, with its proved bound."""
    if load_min > load_max:
        raise typer.BadParameter(f"--load-min is {load_min}, more than --load-max ({load_max}); lower it")
    if worst_first and floor is not None:
        raise typer.BadParameter("--worst-first finds the highest floor itself; give it or --floor, not both")
    show([run_reviewer(folder, (load_min, load_max), worst_first, floor, seconds, workers)], as_json)


if __name__ == "__main__":
    command(reviewer)
