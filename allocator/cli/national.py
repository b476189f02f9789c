"""Commands that bring national files in: import gias, import ofsted, import links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import JsonOpt, app, say, say_json
from allocator.cli.starters import ForceOpt, free_to_write

FileArg = Annotated[Path, typer.Argument(help="the file as published: .csv, .gz, .zip, .ods, .xlsx or .xls")]
DryOpt = Annotated[bool, typer.Option("--dry-run", help="say what would change, and write nothing")]

import_app = typer.Typer(help="National files to the schools table.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("gias")
def gias(
    file: FileArg,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="the folder to write a new schools.csv in")
    ] = None,
    into: Annotated[Path | None, typer.Option("--into", help="the folder whose schools.csv is refreshed")] = None,
    la: Annotated[list[str] | None, typer.Option("--la", help="an authority by name; may be given again")] = None,
    add: Annotated[bool, typer.Option("--add", help="with --into: put in the schools named as new")] = False,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="with --into: a column left as it is; may be given again")
    ] = None,
    dry_run: DryOpt = False,
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """Schools from the national register (GIAS): open, closing and coming ones; no personal data.

    --into refreshes what the register knows in a table in use, and keeps what was written there by hand.
    """
    from allocator.errors import UsageError
    from allocator.intake.gias import import_gias, write_schools
    from allocator.report.national_words import gias_json, gias_text

    if (output is None) == (into is None):
        raise UsageError("Give -o FOLDER for a new table, or --into FOLDER to refresh the one there.")
    if into is not None:
        _refresh(file, into, la or [], add, keep or [], dry_run, as_json)
        return
    assert output is not None
    if add or keep:
        raise UsageError("--add and --keep belong to --into, which refreshes a table in use.")
    target = output / "schools.csv"
    if not dry_run:
        free_to_write([target], force, f"--into {output} refreshes it and keeps what you wrote there")
    found = import_gias(file, la or [])
    if not dry_run:
        output.mkdir(parents=True, exist_ok=True)
        write_schools(target, found.rows)
    if as_json:
        say_json(gias_json(found, None if dry_run else target))
    else:
        say("\n".join(gias_text(found)))
        say(written(target, dry_run, f"allocator import ofsted FILE --into {output}"))


def _refresh(
    file: Path, into: Path, la: Sequence[str], add: bool, keep: Sequence[str], dry_run: bool, as_json: bool
) -> None:
    from allocator.errors import UsageError
    from allocator.intake.problems import nearest
    from allocator.intake.refresh import kept_table
    from allocator.intake.register import KEEPABLE, refresh_register
    from allocator.report.national_words import refreshed_json, refreshed_text

    for column in keep:
        if column not in KEEPABLE:
            near = nearest(column, KEEPABLE)
            hint = f" Did you mean {near}?" if near else f" They are {', '.join(KEEPABLE)}."
            raise UsageError(f"--keep {column}: not a column that the register refreshes.{hint}")
    kept, raw = kept_table(into)
    found = refresh_register(file, kept, raw, las=la, add=add, keep=keep)
    if as_json:
        say_json(refreshed_json(found, None if dry_run else into))
    else:
        say("\n".join(refreshed_text(found)))
    if not dry_run:
        kept.write(into)
    if not as_json:
        say(written(into / "schools.csv", dry_run, f"allocator import links FILE --into {into}"))


@import_app.command("ofsted")
def ofsted(
    file: FileArg,
    into: Annotated[Path, typer.Option("--into", help="the folder whose schools.csv is filled in")],
    dry_run: DryOpt = False,
    force: Annotated[bool, typer.Option("--force", help="older results too, over newer ones in the table")] = False,
    as_json: JsonOpt = False,
) -> None:
    """Inspection outcomes into schools.csv by URN: of each generation the newest that gave a grade."""
    from allocator.intake.ofsted import merge_ofsted
    from allocator.intake.refresh import kept_table
    from allocator.report.national_words import ofsted_json, ofsted_text

    kept, _ = kept_table(into)
    merged = merge_ofsted(file, kept, force=force)
    if as_json:
        say_json(ofsted_json(merged, None if dry_run else into))
    else:
        say("\n".join(ofsted_text(merged)))
    if not dry_run:
        kept.write(into)
    if not as_json:
        say(written(into / "schools.csv", dry_run, f"fill need and participation, then allocator check {into}"))


@import_app.command("links")
def links(
    file: FileArg,
    into: Annotated[Path, typer.Option("--into", help="the folder whose successions.csv is filled in")],
    register: Annotated[
        Path | None, typer.Option("--register", help="the register, for dates that the links file lacks")
    ] = None,
    renumber: Annotated[
        bool, typer.Option("--renumber", help="give schools that go on under a new URN that URN, in every table")
    ] = False,
    dry_run: DryOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """Who carries on which school, from the register's links file: history, interests and refusals follow."""
    from allocator.domain.case import TABLES
    from allocator.intake.links import link_successions
    from allocator.intake.refresh import kept_table, write_table
    from allocator.report.national_words import linked_json, linked_text

    _, raw = kept_table(into)
    found = link_successions(file, raw, register=register, renumber=renumber)
    changed = ["successions"] if found.rows else []
    if renumber and found.moved_on:
        changed = [name for name in raw.tables if name in TABLES]
    if as_json:
        say_json(linked_json(found, renumber, [] if dry_run else [str(into / f"{name}.csv") for name in changed]))
    else:
        say("\n".join(linked_text(found, renumber)))
    if not dry_run:
        for name in changed:
            write_table(into, raw.tables[name])
    if not as_json:
        if dry_run or changed:
            say(written(into / "successions.csv", dry_run, f"allocator check {into}"))
        else:
            say("Nothing to write.")


def written(target: Path, dry_run: bool, then: str) -> str:
    return "Nothing was written (--dry-run)." if dry_run else f"Written: {target}. Next: {then}"
