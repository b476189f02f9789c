"""Commands that make tables: import gias, import ofsted, generate team, template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import JsonOpt, app, say_json

if TYPE_CHECKING:
    from allocator.intake.gias import Imported
    from allocator.intake.ofsted import Merged

ForceOpt = Annotated[bool, typer.Option("--force", help="write over what is there")]
LISTED = 10  # names shown of a long list

import_app = typer.Typer(help="National files to the schools table.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("gias")
def gias(
    file: Annotated[Path, typer.Argument(help="the national register, .csv or .csv.gz, as published")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the folder to write schools.csv in")],
    la: Annotated[list[str] | None, typer.Option("--la", help="an authority by name; may be given again")] = None,
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """Schools from the national register (GIAS): open, closing and coming ones; no personal data."""
    from allocator.intake.gias import import_gias, write_schools

    target = output / "schools.csv"
    free_to_write([target], force)
    found = import_gias(file, la or [])
    output.mkdir(parents=True, exist_ok=True)
    write_schools(target, found.rows)
    if as_json:
        say_json(gias_json(found, target))
    else:
        print("\n".join(gias_text(found, target)))


def gias_json(found: Imported, target: Path) -> dict[str, object]:
    return {
        "written": str(target),
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


def gias_text(found: Imported, target: Path) -> list[str]:
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
    lines.append(f"Written: {target}. Next: allocator import ofsted FILE --into {target.parent}")
    return lines


@import_app.command("ofsted")
def ofsted(
    file: Annotated[Path, typer.Argument(help="inspection management information, .csv or .csv.gz, as published")],
    into: Annotated[Path, typer.Option("--into", help="the folder whose schools.csv is filled in")],
    as_json: JsonOpt = False,
) -> None:
    """Inspection outcomes into schools.csv by URN, each generation as published."""
    from allocator.intake.ofsted import merge_ofsted, write_merged

    merged = merge_ofsted(file, into)
    write_merged(into, merged)
    if as_json:
        say_json(ofsted_json(merged, into))
    else:
        print("\n".join(ofsted_text(merged, into)))


def ofsted_json(merged: Merged, into: Path) -> dict[str, object]:
    return {
        "written": str(into / "schools.csv"),
        "schools": merged.schools,
        "found": merged.found,
        "with_an_outcome": merged.graded,
        "report_cards": merged.cards,
        "not_judged": merged.not_judged,
        "category_of_concern": dict(sorted(merged.concern.items())),
        "not_in_file": merged.not_in_file,
        "not_in_table": merged.not_in_table,
        "grades_of_a_predecessor": merged.older,
        "urn_changed": merged.renamed,
        "columns_not_found": merged.not_found,
        "values_not_read": dict(sorted(merged.unread.items())),
    }


def ofsted_text(merged: Merged, into: Path) -> list[str]:
    """What a person reads after outcomes were merged."""
    lines = [
        f"{merged.file}: {merged.found:,} of {merged.schools:,} schools found, {merged.graded:,} with an outcome: "
        f"{merged.cards:,} report cards, {merged.not_judged:,} with sub-grades and no overall grade.",
        f"  In a category of concern: {counted(merged.concern) or 'none'}.",
    ]
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
        lines.append(f"  Found under a new URN: {some(pairs)}. Change it in schools.csv, or add a successions row.")
    if merged.not_found:
        lines.append(f"  Columns not found, left as they were: {', '.join(merged.not_found)}.")
    if merged.unread:
        lines.append(f"  Values that are not known, left blank: {counted(merged.unread)}.")
    lines.append(f"Written: {into / 'schools.csv'}. Next: fill need and participation, then allocator check {into}")
    return lines


def counted(counts: Mapping[str, int]) -> str:
    """`12 primary, 3 secondary`, most first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in ordered)


def some(names: Sequence[str]) -> str:
    """A list cut short with its length said."""
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED:,} more" if len(names) > LISTED else shown


def free_to_write(targets: Sequence[Path], force: bool) -> None:
    """Refuse to write over a manager's work unless told to."""
    from allocator.errors import UsageError

    there = [str(t) for t in targets if t.exists()]
    if there and not force:
        verb = "is" if len(there) == 1 else "are"
        raise UsageError(f"{', '.join(there)} {verb} already there. Give another place, or --force to write over it.")


generate_app = typer.Typer(help="Invented data, marked as such.", no_args_is_help=True)
app.add_typer(generate_app, name="generate")


@generate_app.command("team")
def team(
    case: Annotated[Path, typer.Argument(help="a folder with schools.csv; the team is written beside it")],
    sips: Annotated[int, typer.Option("--sips", min=1, help="how many SIPs")],
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same team")],
    tightness: Annotated[float, typer.Option("--tightness", help="capacity over demand")] = 1.05,
    year: Annotated[str | None, typer.Option("--year", help="the academic year planned, as 2026/27")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="a policy.toml")] = None,
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """An invented team, history, interests and wishes for real schools, so that an authority can try the tool."""
    from allocator.errors import UsageError
    from allocator.generate import MARK, WRITTEN, invent, write_team
    from allocator.intake.read import read_case

    if not case.is_dir():
        raise UsageError(f"{case}: give a folder with schools.csv; the team's tables are written beside it.")
    free_to_write([case / f"{name}.csv" for name in WRITTEN] + [case / MARK], force)
    reading = read_case(case, year=year, policy=policy, schools_only=True)
    if reading.case is None:
        from allocator.cli.app import show_problems

        show_problems(reading.problems)
        raise typer.Exit(3)
    made = invent(reading.case, reading.policy, sips, seed, tightness)
    written = write_team(made, case)
    hand = made.hand
    if as_json:
        say_json(
            {
                "written": [str(p) for p in written],
                "sips": made.sips,
                "posts": made.posts,
                "demand_days": made.demand_days,
                "capacity_days": made.capacity_days,
                "tightness": round(made.tightness, 4),
                "in_two_authorities_or_more": made.many_authorities,
                "by_hand": {"filled": hand.filled, "unfilled": hand.unfilled, "kept": hand.kept},
            }
        )
        return
    print(f"{case}: an invented team of {made.sips} SIPs (and {made.leavers} who have left) for {made.posts:,} posts.")
    print(
        f"  Tightness {made.tightness:.3f}: {made.capacity_days:,.2f} days of capacity for {made.demand_days:,.2f} asked."
    )
    print(f"  {made.many_authorities} of {made.sips} serve two authorities or more.")
    print(
        f"  Greedy by hand, neediest school first: {hand.filled:,} posts filled, {hand.unfilled:,} not; "
        f"{hand.kept:,} of {made.incumbents:,} schools keep last year's SIP."
    )
    print(f"Written: {', '.join(str(p) for p in written)}. Next: allocator solve {case}")


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="the workbook to write, .xlsx")],
    force: ForceOpt = False,
    as_json: JsonOpt = False,
) -> None:
    """An empty workbook with drop-downs, notes and an example row."""
    from allocator.cli.app import write
    from allocator.errors import UsageError
    from allocator.intake.template import write_template

    if file.suffix.casefold() != ".xlsx":
        raise UsageError(f"{file}: the template is a workbook; give a name that ends in .xlsx.")
    free_to_write([file], force)
    write(file, write_template)
    if as_json:
        say_json({"written": str(file)})
        return
    print(f"Written: {file}. Fill `schools` and `sips` at least, then: allocator check {file}")
