"""Commands that bring national files in: import gias, import ofsted, import links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import JsonOpt, app, say_json
from allocator.cli.app import counted as number
from allocator.cli.tables import ForceOpt, free_to_write

if TYPE_CHECKING:
    from allocator.intake.gias import Imported
    from allocator.intake.ofsted import Merged
    from allocator.intake.refresh import Change
    from allocator.intake.register import Refreshed

LISTED = 10  # names shown of a long list
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
        print("\n".join(gias_text(found)))
        print(written(target, dry_run, f"allocator import ofsted FILE --into {output}"))


def _refresh(
    file: Path, into: Path, la: Sequence[str], add: bool, keep: Sequence[str], dry_run: bool, as_json: bool
) -> None:
    from allocator.errors import UsageError
    from allocator.intake.problems import nearest
    from allocator.intake.refresh import kept_table
    from allocator.intake.register import KEEPABLE, refresh_register

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
        print("\n".join(refreshed_text(found)))
    if not dry_run:
        kept.write(into)
    if not as_json:
        print(written(into / "schools.csv", dry_run, f"allocator import links FILE --into {into}"))


def refreshed_json(found: Refreshed, into: Path | None) -> dict[str, object]:
    return {
        "written": str(into / "schools.csv") if into else None,
        "changes": changes_json(found.changes),
        "schools": found.schools,
        "found": found.found,
        "opened": found.opened,
        "closing": found.closing,
        "closed": found.closed,
        "gone": found.gone,
        "left_out": found.left_out,
        "closing_here_only": found.only_here,
        "joined_a_trust": found.joined,
        "conflicts": found.ties,
        "to_add": [{"urn": s.urn, "name": s.name, "phase": s.phase, "la": s.la} for s in found.to_add],
        "added": found.added,
        "columns_not_found": found.not_found,
        "cells_not_read": dict(sorted(found.unread.items())),
    }


def refreshed_text(found: Refreshed) -> list[str]:
    """What a person reads of a register brought into a table in use."""
    lines = [
        f"{found.file}: {found.found:,} of {found.schools:,} schools are open or coming in the register.",
        *changes_text(found.changes),
    ]
    told = (
        ("opened or coming", found.opened),
        ("closing: in the run, so look at each", found.closing),
        ("closed: no longer in the run; `allocator import links` says what they are now", found.closed),
        ("not in the register, left as they are", found.gone),
        ("in the register, but not a school that we read, left as they are", found.left_out),
        ("closing here and open in the register, left as they are", found.only_here),
        ("in another trust than the table said", found.joined),
    )
    lines += [f"  {len(names):,} {what}: {some(names)}." for what, names in told if names]
    lines += [f"  A conflict: {tie}." for tie in found.ties]
    if found.to_add:
        named = some([f"{s.name} ({s.urn})" for s in found.to_add])
        lines.append(
            f"  {found.added:,} new schools were added: {named}. Fill their need and participation."
            if found.added
            else f"  {len(found.to_add):,} schools of the register are not in the table: {named}. --add puts them in."
        )
    if found.not_found:
        lines.append(f"  The file says nothing of these, left as they were: {', '.join(found.not_found)}.")
    if found.unread:
        lines.append(f"  Cells that could not be read, left as they were: {counted(found.unread)}.")
    return lines


def gias_json(found: Imported, target: Path | None) -> dict[str, object]:
    return {
        "written": str(target) if target else None,
        "rows_read": found.read,
        "columns": found.columns,
        "kept": len(found.rows),
        "by_phase": dict(sorted(found.by_phase.items())),
        "by_status": dict(sorted(found.by_status.items())),
        "left_out": {
            "other_authorities": found.elsewhere,
            "closed": found.closed,
            "other_types": dict(sorted(found.other_types.items())),
            "unknown_status": dict(sorted(found.unknown_status.items())),
            "no_phase": found.no_phase,
            "repeated": found.repeated,
        },
        "no_grid_point": found.no_grid_point,
        "columns_not_found": found.not_found,
        "cells_not_read": dict(sorted(found.unread.items())),
    }


def gias_text(found: Imported) -> list[str]:
    """What a person reads after an import of the register."""
    status = found.by_status
    lines = [
        f"{found.file}: {found.read:,} rows of {found.columns} columns read, {len(found.rows):,} schools kept.",
        f"  By phase: {counted(found.by_phase)}.",
        f"  {status['open']:,} open.",
    ]
    if status["proposed_to_close"]:
        lines.append(f"  {status['proposed_to_close']:,} open but proposed to close: in the run, so look at each.")
    if status["proposed_to_open"]:
        lines.append(f"  {status['proposed_to_open']:,} coming: listed, not in the run until their status is open.")
    if found.elsewhere:
        lines.append(f"  Left out: {found.elsewhere:,} rows of other authorities.")
    lines.append(f"  Left out: {found.closed:,} closed.")
    if found.other_types:
        lines.append(f"  Left out: {sum(found.other_types.values()):,} not state-funded schools: ")
        lines[-1] += f"{counted(found.other_types)}."
    if found.unknown_status:
        lines.append(f"  Left out, their status is not one we know: {counted(found.unknown_status)}.")
    if found.no_phase:
        lines.append(f"  Left out, neither type nor ages tell their phase: {some(found.no_phase)}.")
    if found.repeated:
        lines.append(f"  Left out, the URN stands twice: {some(found.repeated)}.")
    if found.no_grid_point:
        lines.append(f"  {found.no_grid_point:,} have no grid point: distance rules let them pass.")
    if found.not_found:
        lines.append(f"  Columns not found, left blank: {', '.join(found.not_found)}.")
    if found.unread:
        lines.append(f"  Cells that could not be read, left blank: {counted(found.unread)}.")
    return lines


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

    kept, _ = kept_table(into)
    merged = merge_ofsted(file, kept, force=force)
    if as_json:
        say_json(ofsted_json(merged, None if dry_run else into))
    else:
        print("\n".join(ofsted_text(merged)))
    if not dry_run:
        kept.write(into)
    if not as_json:
        print(written(into / "schools.csv", dry_run, f"fill need and participation, then allocator check {into}"))


def ofsted_json(merged: Merged, into: Path | None) -> dict[str, object]:
    return {
        "written": str(into / "schools.csv") if into else None,
        "changes": changes_json(merged.changes),
        "schools": merged.schools,
        "found": merged.found,
        "with_an_outcome": merged.graded,
        "report_cards": merged.cards if merged.says_cards else None,
        "not_judged": merged.not_judged,
        "category_of_concern": dict(sorted(merged.concern.items())) if merged.says_category else None,
        "newer_in_table": merged.newer_here,
        "not_in_file": merged.not_in_file,
        "not_in_table": merged.not_in_table,
        "grades_of_a_predecessor": merged.older,
        "urn_changed": merged.renamed,
        "columns_not_found": merged.not_found,
        "values_not_read": dict(sorted(merged.unread.items())),
    }


def ofsted_text(merged: Merged) -> list[str]:
    """What a person reads of an inspection file."""
    cards = number(merged.cards, "report card") if merged.says_cards else "the file has no report cards"
    lines = [
        f"{merged.file}: {merged.found:,} of {merged.schools:,} schools found, {merged.graded:,} with an outcome: "
        f"{cards}, {merged.not_judged:,} with sub-grades and no overall grade.",
        *changes_text(merged.changes),
    ]
    if merged.says_category:
        lines.append(f"  In a category of concern, of the schools found: {counted(merged.concern) or 'none'}.")
    else:
        kept = f"; the table's own stay as they are: {counted(merged.concern)}" if merged.concern else ""
        lines.append(f"  The file does not say which schools are in a category of concern{kept}.")
    if merged.newer_here:
        lines.append(
            f"  {len(merged.newer_here):,} schools have a newer result in the table than in the file (or one with a "
            f"date against one without), which stays: {some(merged.newer_here)}. --force takes the file's."
        )
    if merged.not_in_file:
        lines.append(f"  {len(merged.not_in_file):,} schools are not in the file: {some(merged.not_in_file)}.")
    if merged.not_in_table:
        lines.append(f"  {merged.not_in_table:,} schools of the file are not in schools.csv.")
    if merged.older:
        lines.append(
            f"  {len(merged.older):,} carry grades given under an earlier URN (the school before it converted): "
            f"{some(merged.older)}."
        )
    if merged.renamed:
        pairs = [f"{old} is now {new}" for old, new in sorted(merged.renamed.items())]
        lines.append(f"  Found under a new URN: {some(pairs)}. `allocator import links` says so in the tables.")
    if merged.not_found:
        lines.append(f"  The file says nothing of these, left as they were: {', '.join(merged.not_found)}.")
    if merged.unread:
        lines.append(f"  Values that are not known, not used: {counted(merged.unread)}.")
    return lines


def changes_json(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [
        {"urn": c.urn, "school": c.school, "column": c.column, "before": c.before, "after": c.after} for c in changes
    ]


def changes_text(changes: Sequence[Change]) -> list[str]:
    """What changes in the table: how many cells, of which columns, and the first schools with each."""
    from allocator.intake.refresh import by_school

    if not changes:
        return ["  It changes nothing in the table."]
    columns = Counter(c.column for c in changes)
    schools = list(by_school(changes))
    lines = [f"  It changes {number(len(changes), 'cell')} of {number(len(schools), 'school')}: {counted(columns)}."]
    for school, cells in schools[:LISTED]:
        told = "; ".join(f"{c.column} {c.before or 'blank'} -> {c.after or 'blank'}" for c in cells)
        lines.append(f"    {school}: {told}.")
    if len(schools) > LISTED:
        lines.append(f"    And {number(len(schools) - LISTED, 'school')} more; --json lists every cell.")
    return lines


def written(target: Path, dry_run: bool, then: str) -> str:
    return "Nothing was written (--dry-run)." if dry_run else f"Written: {target}. Next: {then}"


def counted(counts: Mapping[str, int]) -> str:
    """`12 primary, 3 secondary`, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in ordered)


def some(names: Sequence[str]) -> str:
    """A list cut short with its length said."""
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED:,} more" if len(names) > LISTED else shown
