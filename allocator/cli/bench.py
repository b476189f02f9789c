"""Commands that run public benchmarks: bench gap, bench reviewer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import JsonOpt, app, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from allocator.bench.result import Result

bench_app = typer.Typer(help="Public benchmarks, solved by the same engine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

SecondsOpt = Annotated[float, typer.Option("--seconds", min=0.1, help="wall seconds for each instance")]
WorkersOpt = Annotated[int, typer.Option("--workers", min=1, help="processors to use")]


@bench_app.command("gap")
def gap(
    files: Annotated[list[Path], typer.Argument(help="instances of the Generalised Assignment Problem")],
    seconds: SecondsOpt = 60.0,
    workers: WorkersOpt = 2,
    as_json: JsonOpt = False,
) -> None:
    """Least cost and proved bound of each instance of the Generalised Assignment Problem."""
    from allocator.bench.gap import read_gap, run_gap

    for file in files:
        read_gap(file)  # all of them are read before the first is solved
    results = []
    for file in files:
        results.append(run_gap(file, seconds, workers))
        if not as_json:
            _line(results[-1])
    _json(results, as_json)


@bench_app.command("reviewer")
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
    from allocator.bench.reviewer import run_reviewer

    if load_min > load_max:
        raise typer.BadParameter(f"--load-min is {load_min}, more than --load-max ({load_max}); lower it")
    if worst_first and floor is not None:
        raise typer.BadParameter("--worst-first finds the highest floor itself; give it or --floor, not both")
    result = run_reviewer(folder, (load_min, load_max), worst_first, floor, seconds, workers)
    if not as_json:
        _line(result)
    _json([result], as_json)


def _line(result: Result) -> None:
    worst = "" if result.worst is None else f"  worst {result.worst[0]:g} (bound {result.worst[1]:g})"
    print(f"{result.instance}: {result.value:.10g}  bound {result.bound:.10g}{worst}  {result.seconds:g} s")
    sys.stdout.flush()


def _json(results: Sequence[Result], as_json: bool) -> None:
    if as_json:
        say_json([r.out() for r in results])
