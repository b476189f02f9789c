"""Commands on tables: check, template, import, generate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, YearOpt, app, load, note, say_json, show_problems, write


@app.command()
def check(case: CaseArg, policy: PolicyOpt = None, year: YearOpt = None, as_json: JsonOpt = False) -> None:
    """Every problem in the tables, at once; exit 3 if any is an error."""
    from allocator.intake.read import read_case

    reading = read_case(case, year=year, policy=policy)
    errors = [p for p in reading.problems if p.severity == "error"]
    if as_json:
        say_json({"usable": not errors, "problems": [asdict(p) for p in reading.problems]})
    else:
        show_problems(reading.problems)
        facts = reading.case
        if facts is not None:
            print(
                f"{case}: usable for {facts.year}: {len(facts.schools)} schools, {len(facts.sips)} SIPs, "
                f"{len(reading.problems)} notices."
            )
        else:
            note(f"{case}: {len(errors)} errors; nothing can be planned until they are mended.")
    if errors:
        raise typer.Exit(3)


@app.command()
def template(path: Annotated[Path, typer.Argument(help="the .xlsx to write")]) -> None:
    """An empty workbook with drop-downs, notes and an example row."""
    from allocator.errors import UsageError
    from allocator.intake.template import write_template

    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{path}: a template is an .xlsx workbook. Call it {path.with_suffix('.xlsx').name}.")
    write(path, write_template)
    note(f"Written: {path}. Fill it in, then: allocator check {path}")


import_app = typer.Typer(help="National files to tables.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("gias")
def import_gias(
    file: Annotated[Path, typer.Argument(help="edubasealldata…csv, plain or .gz")],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder for schools.csv")],
    la: Annotated[list[str] | None, typer.Option("--la", help="an authority's name; may be repeated")] = None,
    as_json: JsonOpt = False,
) -> None:
    """The national register to `schools.csv`; what was left out is counted."""
    from allocator.intake.gias import import_gias as run
    from allocator.intake.gias import write_schools

    rows, summary = run(file, la or [])
    if any(p.severity == "error" for p in summary.problems):
        show_problems(tuple(summary.problems))
        raise typer.Exit(3)
    write_schools(rows, output)
    if as_json:
        say_json(asdict(summary))
    else:
        for line in summary.lines():
            print(line)
        print(f"Written: {output / 'schools.csv'}")


@import_app.command("ofsted")
def import_ofsted(
    file: Annotated[Path, typer.Argument(help="management information CSV, plain or .gz")],
    into: Annotated[Path, typer.Option("--into", help="the folder whose schools.csv is filled in")],
    as_json: JsonOpt = False,
) -> None:
    """Inspection outcomes into `schools.csv`, three generations kept apart."""
    from allocator.intake.ofsted import import_ofsted as run

    summary = run(file, into)
    if any(p.severity == "error" for p in summary.problems):
        show_problems(tuple(summary.problems))
        raise typer.Exit(3)
    if as_json:
        say_json(asdict(summary))
    else:
        for line in summary.lines():
            print(line)


generate_app = typer.Typer(help="Invented teams for real schools.", no_args_is_help=True)
app.add_typer(generate_app, name="generate")


@generate_app.command("team")
def generate_team(
    case: CaseArg,
    sips: Annotated[int, typer.Option("--sips", min=1, help="how many SIPs to invent")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="folder; blank = into the case itself")] = None,
    seed: Annotated[int, typer.Option("--seed", help="the same seed gives the same team")] = 1,
    tightness: Annotated[float, typer.Option("--tightness", min=0.5, max=3.0, help="capacity over demand")] = 1.05,
    year: YearOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """Invents a team, history and interests for a real `schools` table, marked as invented."""
    from allocator.cli.generated import greedy_line
    from allocator.errors import UsageError
    from allocator.generate import generate_team as run
    from allocator.intake.write import write_case

    folder = output or case
    if output is None and not case.is_dir():
        raise UsageError(f"{case} is not a folder: give -o DIR for the case with its invented team.")
    schools = read_schools(case, year)
    made, summary = run(schools, sips=sips, seed=seed, tightness=tightness, year=year or "2026/27")
    folder.mkdir(parents=True, exist_ok=True)
    write_case(made, folder)
    facts, policy = load(folder, made.year, None, quiet=True)
    lines = [*summary.lines(), greedy_line(facts, policy)]
    if as_json:
        say_json({**asdict(summary), "text": lines})
    else:
        for line in lines:
            print(line)


def read_schools(case: Path, year: str | None):  # type: ignore[no-untyped-def]  # tuple[School, ...], named lazily
    """The schools of a case that may have no team yet."""
    from allocator.intake.read import read_case

    reading = read_case(case, year=year, schools_only=True)
    if reading.case is None:
        show_problems(reading.problems)
        raise typer.Exit(3)
    return reading.case.schools
