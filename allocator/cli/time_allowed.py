"""How long a command may search: the same options for every command that does, and all that it does ends within
them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from allocator.engine.tiers import Stop

TimeOpt = Annotated[float | None, typer.Option("--time-limit", min=0.01, help="seconds; the answer then may differ")]
WorkOpt = Annotated[float | None, typer.Option("--work-limit", min=0.001, help="deterministic work; repeatable")]
SearchersOpt = Annotated[int, typer.Option("--workers", min=1, max=64, help="searchers at once; the plan is the same")]


def stop_of(
    time_limit: float | None, work_limit: float | None, workers: int, quiet: bool, event: threading.Event
) -> Stop:
    """When to stop, with progress on a terminal's stderr only."""
    from allocator.engine.tiers import Stop
    from allocator.report.so_far import so_far as words

    def progress(names: str, best: float, bound: float, so_far: Mapping[str, int]) -> None:
        now = words({"tiers": names, "best": best, "bound": bound, "so_far": dict(so_far)})
        print(f"\r  {'; '.join((now.step, *now.lines))[:76]:<76}", end="", file=sys.stderr, flush=True)

    shown = sys.stderr.isatty() and not quiet
    return Stop(seconds=time_limit, work=work_limit, workers=workers, event=event, progress=progress if shown else None)


def clear(stop: Stop) -> None:
    """Take the line of progress away again."""
    if stop.progress:
        print("\r" + " " * 78 + "\r", end="", file=sys.stderr)


@contextmanager
def within(seconds: float | None, event: threading.Event) -> Iterator[None]:
    """Set the event after so many seconds: for commands that ask many questions, in several processes."""
    timer = threading.Timer(seconds or 0.0, event.set)
    timer.daemon = True
    if seconds is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
