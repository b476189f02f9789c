"""What a run of a public benchmark reports, and how its command prints it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from allocator.cli.app import say_json
from allocator.errors import AllocatorError

SecondsOpt = Annotated[float, typer.Option("--seconds", min=0.1, help="wall seconds for each instance")]
WorkersOpt = Annotated[int, typer.Option("--workers", min=1, help="processors to use")]
JsonOpt = Annotated[bool, typer.Option("--json", help="the machine form on stdout and nothing else")]


@dataclass(frozen=True)
class Result:
    """`value` found and `bound` proved, in the benchmark's own sense and units; wall seconds. `worst`: the worst-off
    post's value and its bound, where they were asked for."""

    instance: str
    value: float
    bound: float
    seconds: float
    worst: tuple[float, float] | None = None

    def out(self) -> dict[str, object]:
        shown: dict[str, object] = {
            "instance": self.instance,
            "value": self.value,
            "bound": self.bound,
            "seconds": self.seconds,
        }
        if self.worst is not None:
            shown |= {"worst": self.worst[0], "worst_bound": self.worst[1]}
        return shown


def show(results: Iterable[Result], as_json: bool) -> None:
    """Each result as a line when it is there, or all of them as one JSON list."""
    done = []
    for r in results:
        done.append(r.out())
        if not as_json:
            worst = "" if r.worst is None else f"  worst {r.worst[0]:g} (bound {r.worst[1]:g})"
            print(f"{r.instance}: {r.value:.10g}  bound {r.bound:.10g}{worst}  {r.seconds:g} s", flush=True)
    if as_json:
        say_json(done)


def command(run: Callable[..., Any]) -> None:
    """Run a command as `allocator` does: one clear message and its exit code where it is refused."""
    try:
        typer.run(run)
    except AllocatorError as error:
        print(error.text, file=sys.stderr)
        sys.exit(error.exit_code)
