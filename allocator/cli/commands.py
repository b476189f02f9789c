"""All commands: each family registers its own on the app when it is imported."""

from __future__ import annotations

import typer

from allocator.cli import account, cases, demo, lists, national, plans, scenarios, service, tables, year
from allocator.cli.app import app as app
from allocator.errors import UsageError

FAMILIES = (account, cases, lists, demo, national, plans, scenarios, service, tables, year)


@app.command("bench", hidden=True, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Moved out of the product."""
    raise UsageError(
        "Public benchmarks are run from a checkout: python -m tests.benchmarks.gap FILE, or python -m tests.benchmarks.reviewer FOLDER."
    )
