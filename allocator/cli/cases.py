"""Commands on tables: check."""

from __future__ import annotations

from dataclasses import asdict

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, YearOpt, app, counted, note, say_json, show_problems


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
                f"{case}: usable for {facts.year}: {counted(len(facts.schools), 'school')}, "
                f"{counted(len(facts.sips), 'SIP')}, {counted(len(reading.problems), 'notice')}."
            )
        else:
            note(f"{case}: {counted(len(errors), 'error')}; nothing can be planned until all are mended.")
    if errors:
        raise typer.Exit(3)
