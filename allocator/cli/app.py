"""The Typer app and what its commands share: reading a case, writing outputs, machine form."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.words import counted

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.domain.case import Case
    from allocator.domain.plan import Plan
    from allocator.domain.policy import Policy

app = typer.Typer(
    name="allocator",
    help="Allocates School Improvement Partners to schools: every pair explained, every plan audited.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CaseArg = Annotated[Path, typer.Argument(help="a folder of CSV tables, an .xlsx workbook or a .json file")]
PlanArg = Annotated[Path, typer.Argument(help="a plan written by `solve -o`")]
PolicyOpt = Annotated[Path | None, typer.Option("--policy", help="a policy.toml that replaces the case's own")]
YearOpt = Annotated[str | None, typer.Option("--year", help="the academic year planned, as 2026/27")]
JsonOpt = Annotated[bool, typer.Option("--json", help="the machine form on stdout and nothing else")]
SeedOpt = Annotated[int, typer.Option("--seed", help="seed of the published lot")]


def version_wanted(value: bool) -> None:
    if value:
        from importlib.metadata import version

        print(version("sip-allocator"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=version_wanted, is_eager=True)] = False,
) -> None:
    """Commands share exit codes: 0 all posts filled, 2 usage, 3 errors in the case, 4 posts unfilled, 5 a plan
    breaks a rule, 6 refused by the round, 7 stopped with no plan, 70 a defect of ours."""
    del version


def out() -> Console:
    """What a person reads, on stdout."""
    return console()


def console(*, stderr: bool = False) -> Console:
    """As `report.terminal.plain_console`."""
    from allocator.report.terminal import plain_console

    return plain_console(stderr=stderr, soft_wrap=False)


def say(text: str) -> None:
    """A line for a person, on stdout."""
    from allocator.domain.characters import visible

    print(visible(text))


def note(text: str) -> None:
    """Notes and progress go to stderr."""
    from allocator.domain.characters import visible

    print(visible(text), file=sys.stderr)


def load(path: Path, year: str | None, policy: Path | None, *, quiet: bool = False) -> tuple[Case, Policy]:
    """The case and its policy; prints every problem and exits 3 when there are errors."""
    from allocator.intake.read import read_case

    reading = read_case(path, year=year, policy=policy)
    if reading.case is None:
        show_problems(reading.problems)
        raise typer.Exit(3)
    if not quiet and reading.problems:
        note(f"{path}: {counted(len(reading.problems), 'notice')}; `allocator check {path}` lists them.")
    return reading.case, reading.policy


def show_problems(problems: tuple[Any, ...]) -> None:
    from allocator.report.terminal import show_problems as show

    show(problems, console(stderr=True))


def read_plan(path: Path, *, as_made: bool = True) -> Plan:
    """A plan file; a clear error when it is not one, or (`as_made`) when its inputs are not those it was made from."""
    from allocator.domain.plan import Plan
    from allocator.domain.seal import unbroken
    from allocator.intake.plan_file import read_plan as read

    plan = read(path, Plan)
    return unbroken(plan, str(path)) if as_made else plan


def plan_text(plan: Plan) -> str:
    """The one JSON text of a plan."""
    from allocator.domain.plan import plan_text as text

    return text(plan)


def may_write(path: Path | None) -> Path | None:
    """An output's name, looked at before the work is done. Raises UsageError."""
    from allocator.errors import UsageError

    if path is not None:
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name a file in it.")
        if not path.parent.is_dir():
            raise UsageError(f"{path.parent}: there is no such folder. Make it, or name another.")
        if not os.access(path.parent, os.W_OK):
            raise UsageError(f"{path.parent}: you may not write there. Name another folder.")
        try:
            if path.is_file():
                path.open("r+b").close()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}. Close it where it is open, or name another."
            ) from None
    return path


def write(path: Path, writer: Callable[[Path], None]) -> None:
    """Write through a temporary file beside the target, so no output is ever half overwritten; a link stays one.
    What is no file (a pipe) is written to as it is. Raises UsageError where there is no room."""
    from allocator.errors import UsageError

    may_write(path)
    target = Path(os.path.realpath(path))
    stream = target.exists() and not target.is_file()
    folder = tempfile.gettempdir() if stream else target.parent
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # told to end, it leaves nothing behind
    try:
        writer(temporary)
        if stream:
            with target.open("wb") as out:
                out.write(temporary.read_bytes())
            return
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: not written: {error.strerror}. What was there before is as it was.") from None
    finally:
        temporary.unlink(missing_ok=True)
        signal.signal(signal.SIGTERM, before)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def say_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)  # dates in ISO form
    print(
        re.sub("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda m: f"\\u{ord(m[0]):04x}", text)
    )  # a terminal would obey them


def finish(plan: Plan) -> None:
    """The exit code of a plan: 4 with posts unfilled, or with no post at all."""
    if not plan.assignments and not plan.unfilled:
        note(
            "No school of this case has a post in the year, so there is nothing to plan. See "
            "participation, status, days and dates."
        )
    if plan.unfilled or not plan.assignments:
        raise typer.Exit(4)
