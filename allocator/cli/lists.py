"""Commands that print lists a manager is asked for: one of a plan, and next year before it is planned."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.app import JsonOpt, PolicyOpt, app, load, note, out, read_plan, say, say_json, write
from allocator.cli.scenarios import plan_for
from allocator.cli.stopping import stopping
from allocator.words import counted

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.questions.rollover import Rollover
    from allocator.report.listing import Listing

NAMES = "room, tenure, changes, checks, years, days, needs, clusters, interests or appraisal"


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help=NAMES)],
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="a plan written by `solve -o`")],
    excel: Annotated[Path | None, typer.Option("--excel", help="the list as a workbook")] = None,
    as_json: JsonOpt = False,
) -> None:
    """A list that a manager is asked for: who reaches the limit, whose checks end and what that bars, days by
    term, and more.

    clusters and checks plan the year again for some of their rows.
    """
    from allocator.engine.tiers import Stop
    from allocator.report.lists import first_day, make
    from allocator.report.sheets import write_table

    plan = read_plan(plan_file)
    with stopping() as event:
        found = make(plan, name, today=first_day(plan), dearer=True, stop=Stop(event=event))
    if excel:
        write(excel, lambda p: write_table(p, found.name, found.head, found.rows))
        note(f"Written: {excel}")
    if as_json:
        say_json(as_data(found))
    else:
        show(found, out())


def as_data(found: Listing) -> dict[str, Any]:
    """A list as `--json` prints it."""
    rows = [dict(zip(found.head, r, strict=True)) for r in found.rows]
    return {"list": found.name, "said": found.said, "rows": rows}


@app.command("next-year")
def next_year(
    case: Annotated[
        Path | None, typer.Argument(help="the case that the plan was made from; without --plan, a case not planned yet")
    ] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="this year's plan, as `solve -o` wrote it")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="a new folder for next year's tables; without it they are not written"),
    ] = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """Next year before it is planned: the coming three years, what runs out and lapses; with -o its tables, tenure
    carried.

    With --plan next year follows from it. Without, the case is one that is not planned yet.
    """
    from allocator.domain.facts import Facts
    from allocator.errors import UsageError
    from allocator.intake.write import write_case
    from allocator.questions.rollover import next_year as roll
    from allocator.reasons.answer import world
    from allocator.report.ahead import before_planning

    if plan is None and (case is None or output is not None):
        raise UsageError("Give this year's plan with --plan, or a case that is not planned yet, without -o.")
    if output is not None and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} is already there and not empty. Give a new folder: nothing is written over.")
    turn: Rollover | None = None
    if plan is not None:
        before = plan_for(case, plan, policy)
        turn = roll(before)
        facts = Facts(turn.case, world(before)[1])
    else:
        assert case is not None
        facts = Facts(*load(case, None, policy))
    if output is not None and turn is not None:
        write_case(turn.case, output)
        if as_json:
            say_json({"written": str(output), "year": facts.case.year, "notes": list(turn.notes)})
            return
        say(
            f"{output}: the case of {facts.case.year}, {counted(len(facts.schools), 'school')}, "
            f"{counted(len(facts.sips), 'SIP')}."
        )
        for text in turn.notes:
            say(f"  {text}")
        return
    found = before_planning(facts, dt.date(facts.year.start_year, 5, 1), turn).lists  # when next year is prepared
    if as_json:
        say_json({"year": facts.case.year, "lists": [as_data(x) for x in found]})
        return
    for x in found:
        show(x, out())
        say("")


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
