"""`allocator demo`: one screen that shows what the product does, and the files it makes."""

from __future__ import annotations

import datetime as dt
import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import JsonOpt, app, load, plan_text, write
from allocator.cli.outputs import save_text
from allocator.cli.planning import scenarios_folder

if TYPE_CHECKING:
    from allocator.domain.plan import Load, Plan
    from allocator.setup import Setup

WIDE = 79
OutOpt = Annotated[Path, typer.Option("--output", "-o", help="the folder for the files that it makes")]


@app.command()
def demo(output: OutOpt = Path("out/demo"), as_json: JsonOpt = False) -> None:
    """Solves a ready, invented case: the plan in short, one explanation, one what-if, and the plan as files."""
    from allocator import allocate
    from allocator.reasons.answer import audited
    from allocator.reasons.complete import complete
    from allocator.reasons.why import explain as why
    from allocator.report.terminal import shortfall, standing

    if not as_json:
        output.mkdir(parents=True, exist_ok=True)
    case, policy = load(scenarios_folder() / "hartwell", None, None, quiet=True)
    ready = allocate.setup(case, policy)
    bare, solution = allocate.allocate(ready)
    plan = audited(case, policy, complete(ready, bare, solution))
    if as_json:
        print(plan_text(plan), end="")
        return
    s = plan.summary
    say(f"Hartwell (invented): {len(case.schools)} schools, {len(case.sips)} SIPs, {plan.inputs.case['year']}.")
    say(
        f"{s.filled} posts filled, {s.unfilled} not. {s.kept} schools keep their SIP, {s.changed} change, "
        f"{s.had_none} had none. {s.days_used:g} of {s.days_offered:g} days. {shortfall(plan)}{standing(plan)}"
    )
    row = max(plan.assignments, key=lambda a: (len(a.reasons), a.urn))
    head(f"Why {row.name} for {row.school}?")
    for line in why(ready, plan, row.urn, row.post).text.splitlines()[1:]:
        say(line.strip(), "  ")
    head("And in a letter to the head:")
    say(why(ready, plan, row.urn, row.post, audience="school").text, "  ")
    what_if(plan, min(plan.loads, key=lambda x: (abs(x.posts - 3), x.sip)))
    files(ready, plan, output)
    command = called()
    head("Next:")
    print(f"  {command} explain {output / 'plan.json'} --school {row.urn}")
    print(f"  {command} solve {scenarios_folder_shown()}    the whole plan")
    print(f"  {command} template mine.xlsx    an empty workbook for your own data")
    print(f"  {command} serve    the desk in your browser; prints a link to sign in")


def what_if(plan: Plan, leaver: Load) -> None:
    """The repair after one SIP leaves at Christmas."""
    from allocator.questions.compare import compare
    from allocator.questions.scenario import repair
    from allocator.report.terminal import standing
    from allocator.words import counted, day

    christmas = dt.date(int(plan.inputs.case["year"][:4]), 12, 31)
    after = repair(plan, [{"sip_leaves": {"sip": leaver.sip, "on": christmas.isoformat()}}])
    found = compare(plan, after)
    head(f"What if {leaver.name} leaves at Christmas?")
    for d in found.moved:
        on = f" from {day(d.on)}" if d.on else ""
        say(f"{d.school}: {d.a or 'nobody'} to {d.b or 'nobody'}{on}.", "  ")
    fewer = sum(d.days_a - d.days_b for d in found.days)
    stay = plan.summary.schools - found.schools_moved
    say(f"{counted(stay, 'school')} keep theirs; {fewer:g} days fewer in all. {standing(after)}", "  ")


def files(ready: Setup, plan: Plan, folder: Path) -> None:
    """The plan as page, workbook, letters and JSON."""
    from allocator.report.drafts import write_letters
    from allocator.report.page import page
    from allocator.report.plan_workbook import write_workbook

    facts = ready.facts
    write(folder / "plan.html", lambda p: save_text(p, page(facts, plan)))
    write(folder / "plan.xlsx", lambda p: write_workbook(facts.case, facts.policy, plan, p))
    write(folder / "plan.json", lambda p: save_text(p, plan_text(plan)))
    letters = write_letters(ready, plan, folder)
    head(f"In {folder}:")
    print("  plan.html   to read and print       plan.xlsx   the workbook")
    print(f"  {letters}")
    print("  plan.json   to go on from")


def say(text: str, indent: str = "") -> None:
    print(textwrap.fill(text, WIDE, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else ""))


def head(text: str) -> None:
    print(f"\n{text}")


def called() -> str:
    """The command as it was called, so that the lines below can be copied."""
    path = Path(sys.argv[0])
    if path.name != "allocator":
        return "allocator"
    found = Path(os.path.relpath(path))
    return "allocator" if found.is_absolute() or ".." in found.parts else str(found)


def scenarios_folder_shown() -> str:
    shown = os.path.relpath(scenarios_folder() / "hartwell")
    return str(scenarios_folder() / "hartwell") if shown.startswith("..") else shown
