"""All commands: each family registers its own on the app when it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from allocator.cli import account, cases, demo, lists, national, planning, scenarios, service, starters, year
from allocator.cli.app import app as app
from allocator.errors import UsageError

FAMILIES = (account, cases, lists, demo, national, planning, scenarios, service, starters, year)


@app.command("help")
def help_of(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="the command, as `veto`, or `import gias`")
    ] = None,
) -> None:
    """What a command does and takes; of all commands when none is named."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("allocator", [], resilient_parsing=True)
    for word in words or []:
        inner = getattr(command, "commands", {}).get(word)
        if inner is None:
            raise UsageError(f"There is no command {' '.join(words or [])}. `allocator help` lists them.")
        command, context = inner, inner.make_context(word, [], parent=context, resilient_parsing=True)
    print(command.get_help(context))


@app.command("bench", hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Run a public benchmark from a checkout: `gap FILE…`, `reviewer FOLDER`; the rest is the benchmark's own."""
    checkout = Path(__file__).parents[2]
    which, *rest = context.args or [""]
    known = sorted(f.stem for f in checkout.glob("tests/benchmarks/*.py") if f.stem in ("gap", "reviewer"))
    if not known:
        raise UsageError(
            "Public benchmarks are in a checkout, not in the installed program: run this command from there."
        )
    if which not in known:
        raise UsageError(
            f"There is no benchmark {which or 'named'}. Say which: `allocator bench "
            f"{'` or `allocator bench '.join(known)}`."
        )
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{which}", *rest], env=os.environ | {"PYTHONPATH": str(checkout)}
    )
    raise typer.Exit(done.returncode)
