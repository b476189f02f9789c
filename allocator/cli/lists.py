"""The command that prints a list that a manager is asked for, or all their names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.app import JsonOpt, app, note, out, read_plan, say_json, write
from allocator.cli.stopping import stopping

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.report.lists import Listing

NAMES = "room, tenure, changes, checks, days, needs, clusters, interests or appraisal"


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help=NAMES)],
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="a plan written by `solve -o`")],
    excel: Annotated[Path | None, typer.Option("--excel", help="the list as a workbook")] = None,
    as_json: JsonOpt = False,
) -> None:
    """A list that a manager is asked for: who reaches the limit, whose checks end and what that bars, days by term, and more.

    clusters and checks plan the year again for some of their rows.
    """
    from allocator.engine.tiers import Stop
    from allocator.report.lists import first_day, make
    from allocator.report.plan_workbook import write_table

    plan = read_plan(plan_file)
    with stopping() as event:
        found = make(plan, name, today=first_day(plan), dearer=True, stop=Stop(event=event))
    if excel:
        write(excel, lambda p: write_table(p, found.name, found.head, found.rows))
        note(f"Written: {excel}")
    if as_json:
        say_json(
            {
                "list": found.name,
                "said": found.said,
                "rows": [dict(zip(found.head, r, strict=True)) for r in found.rows],
            }
        )
    else:
        show(found, out())


def show(found: Listing, console: Console) -> None:
    """A table where it fits; else each row as lines, the first cell heading them."""
    from rich.table import Table

    cells = [[_cell(x) for x in row] for row in found.rows]
    width = sum(max(len(text) for text in column) + 3 for column in zip(found.head, *cells, strict=True))
    console.print(f"{found.title}. {found.said}", markup=False)
    if cells and width <= console.width:
        table = Table(*found.head)
        for row in cells:
            table.add_row(*row)
        console.print(table)
    for row in cells if width > console.width else ():
        rest = "; ".join(f"{head}: {text}" for head, text in zip(found.head[1:], row[1:], strict=True) if text)
        console.print(f"{row[0]}. {rest}.", markup=False)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
