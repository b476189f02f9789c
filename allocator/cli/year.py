"""The command that tells a year: each step a what-if on the step before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.app import CaseArg, JsonOpt, PolicyOpt, app, load, note, out, plan_text, say_json, write
from allocator.cli.outputs import save_text
from allocator.cli.stopping import stopping

StepsOpt = Annotated[Path | None, typer.Option("--steps", help="the steps, as TOML; default year.toml in the case")]
DirOpt = Annotated[Path | None, typer.Option("--output", "-o", help="a folder for the plan after every step")]


@app.command()
def year(
    case: CaseArg, steps: StepsOpt = None, output: DirOpt = None, policy: PolicyOpt = None, as_json: JsonOpt = False
) -> None:
    """A year told step by step: the annual plan, then each event on the plan of the step before, every plan audited."""
    from allocator.engine.tiers import Stop
    from allocator.reasons.answer import solve
    from allocator.report.terminal_year import as_rows, show_chapter, show_start
    from allocator.year import read_steps, tell

    found = read_steps(steps or case / "year.toml")
    facts, in_force = load(case, None, policy)
    console, said = out(), []
    with stopping() as event:
        plan = solve(facts, in_force, stop=Stop(event=event))
        if not as_json:
            show_start(plan, console)
        _keep(output, 0, plan_text(plan))
        for n, chapter in enumerate(tell(plan, found, Stop(event=event)), 1):
            _keep(output, n, plan_text(chapter.plan))
            if as_json:
                said.append(as_rows(chapter))
            else:
                show_chapter(n, chapter, console)
    if as_json:
        say_json(said)


def _keep(folder: Path | None, n: int, text: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / f"plan-{n}.json", lambda p: save_text(p, text))
        note(f"Written: {folder / f'plan-{n}.json'}")
