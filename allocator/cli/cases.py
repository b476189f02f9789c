"""Commands on tables: check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, YearOpt, app, counted, note, say_json, show_problems


@app.command()
def check(
    case: CaseArg, policy: PolicyOpt = None, year: YearOpt = None, as_json: JsonOpt = False,
    marked: Annotated[Path | None, typer.Option(help="write the tables as a workbook with each problem in its cell")] = None,
) -> None:  # fmt: skip
    """Every problem in the tables at once, and what the rules make of them; exit 3 if any is an error."""
    from allocator.intake.read import read_case

    reading = read_case(case, year=year, policy=policy)
    facts, problems = reading.case, reading.problems
    if facts is not None:
        from allocator.explain.preflight import preflight

        problems += preflight(facts, reading.policy)
    if marked is not None:
        from allocator.intake.mark import marked as book
        from allocator.intake.write import whole

        body = book(
            reading.raw, case.read_bytes() if case.suffix.lower() in (".xlsx", ".xlsm") and reading.raw.tables else None
        )
        whole(marked, lambda path: _write(path, body))
        note(f"{marked}: the tables with their problems marked")
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


def _write(path: Path, body: bytes) -> None:
    path.write_bytes(body)
