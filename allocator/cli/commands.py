"""All commands: each family registers its own on the app when it is imported."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from allocator.cli import account, cases, demo, lists, national, plans, scenarios, service, starters, year
from allocator.cli.app import app as app
from allocator.errors import UsageError

FAMILIES = (account, cases, lists, demo, national, plans, scenarios, service, starters, year)


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
    """Moved out of the product."""
    raise UsageError(
        "Public benchmarks are run from a checkout: python -m tests.benchmarks.gap FILE, or python -m tests.benchmarks.reviewer FOLDER."
    )
