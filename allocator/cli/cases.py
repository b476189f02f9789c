"""Commands on tables: check."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, YearOpt, app, note, out, say, say_json
from allocator.words import counted


@app.command()
def check(
    case: CaseArg,
    policy: PolicyOpt = None,
    year: YearOpt = None,
    as_json: JsonOpt = False,
    marked: Annotated[
        Path | None, typer.Option(help="write the tables as a workbook with each problem in its cell")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="a mapping.toml: what your own sheets, columns, values and names mean")
    ] = None,
    suggest: Annotated[
        Path | None, typer.Option(help="write a first mapping.toml, as far as your words are understood")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="every problem in a line of its own, none put together")] = False,
) -> None:
    """Every problem in the tables at once, what the rules make of them, and the case in brief; exit 3 if any is an
    error."""
    from allocator.intake.mapping import read_mapping
    from allocator.intake.read import read_case

    reading = read_case(case, year=year, policy=policy, words=read_mapping(mapping) if mapping else None)
    facts, problems = reading.case, tuple(reading.raw.problems)
    brief: tuple[str, ...] = ()
    if facts is not None:
        from allocator.reasons.in_brief import in_brief
        from allocator.reasons.preflight import preflight

        problems += preflight(facts, reading.policy)
        brief = in_brief(facts, reading.policy, reading.raw)
    if suggest is not None:
        from allocator.cli.app import write
        from allocator.intake.mapping import suggested

        text = suggested(
            reading.raw.read_titles,
            {t: reading.raw.likely.get(t, "") for t in reading.raw.unknown},
            reading.columns,
            {p.table for p in reading.raw.problems if p.code == "unread_sheet"},
        )
        write(suggest, lambda path: _write(path, text.encode()))
        note(
            f"{suggest}: what your words were read as. Look it through, then: allocator check {case} "
            f"--mapping {suggest}"
        )
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
        from allocator.intake.problems import capped

        say_json({"usable": not errors, "problems": [asdict(p) for p in capped(problems)], "in_brief": brief})
    else:
        from allocator.intake.problems import together
        from allocator.report.terminal import show_problems

        show_problems(problems if every else together(problems), out())
        for line in brief:
            say(line)
        if facts is not None and not errors:
            say(
                f"{case}: usable for {facts.year}: {counted(len(facts.schools), 'school')}, "
                f"{counted(len(facts.sips), 'SIP')}, {counted(len(problems), 'notice')}."
            )
        else:
            say(f"{case}: {counted(len(errors), 'error')}; nothing can be planned until all are mended.")
            note(
                "`--marked FILE.xlsx` marks each in its cell. Your own sheets, columns and words: `--suggest "
                "mapping.toml`, then `--mapping mapping.toml` (docs/how-to/own-workbook.md), or the page *The "
                "data* of `allocator serve`."
            )
    if errors:
        raise typer.Exit(3)


def _write(path: Path, body: bytes) -> None:
    path.write_bytes(body)
