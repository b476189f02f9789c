"""Commands on tables: check."""

from __future__ import annotations

from dataclasses import asdict

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, YearOpt, app, counted, note, say_json, show_problems


@app.command()
def check(case: CaseArg, policy: PolicyOpt = None, year: YearOpt = None, as_json: JsonOpt = False) -> None:
    """Every problem in the tables at once, and what the rules make of them; exit 3 if any is an error."""
    from allocator.intake.read import read_case

    reading = read_case(case, year=year, policy=policy)
    facts, problems = reading.case, reading.problems
    if facts is not None:
        from allocator.explain.preflight import preflight

        problems += preflight(facts, reading.policy)
    errors = [p for p in problems if p.severity == "error"]
    if as_json:
        say_json({"usable": not errors, "problems": [asdict(p) for p in problems]})
    else:
        show_problems(problems)
        if facts is not None and not errors:
            print(
                f"{case}: usable for {facts.year}: {counted(len(facts.schools), 'school')}, "
                f"{counted(len(facts.sips), 'SIP')}, {counted(len(problems), 'notice')}."
            )
        else:
            note(f"{case}: {counted(len(errors), 'error')}; nothing can be planned until all are mended.")
    if errors:
        raise typer.Exit(3)
