"""Commands that go on from a plan: what-if, choices, veto, compare, frontier, sweep, next-year."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.app import (
    CaseArg,
    JsonOpt,
    PolicyOpt,
    app,
    finish,
    load,
    may_write,
    note,
    out,
    plan_text,
    read_plan,
    say,
    say_json,
    write,
)
from allocator.cli.plans import PostOpt, post_kind, save_text
from allocator.cli.stopping import stopping

if TYPE_CHECKING:
    from allocator.domain.plan import Plan

PlanOpt = Annotated[Path, typer.Option("--plan", help="the plan to go on from, as `solve -o` wrote it")]
LeavesOpt = Annotated[
    list[str] | None, typer.Option("--sip-leaves", help="SIP, or SIP@YYYY-MM-DD for the last day; may be given again")
]
ChangesOpt = Annotated[list[Path] | None, typer.Option("--changes", help="a changes.toml; may be given again")]
WorkersOpt = Annotated[int | None, typer.Option("--workers", min=1, max=64, help="processes; same answer")]
JournalOpt = Annotated[
    Path | None, typer.Option("--journal", help="answers kept as they come; the same file goes on where it stopped")
]
OutOpt = Annotated[Path | None, typer.Option("--output", "-o", callback=may_write, help="the new plan, as JSON")]


def plan_for(case: Path, plan_file: Path, policy: Path | None = None) -> Plan:
    """The plan, once the case beside it is known to be the one that it was made from."""
    from allocator.domain import canon
    from allocator.errors import UsageError

    plan = read_plan(plan_file)
    year = str(plan.inputs.case.get("year") or "") or None
    facts, in_force = load(case, year, policy, quiet=True)
    if canon.case_sha256(facts) != plan.inputs.base_sha256:
        raise UsageError(
            f"{plan_file} was made from another case than {case}, or the case has changed since: their hashes differ. "
            "Give the case that it was made from, or solve this one first."
        )
    if policy is not None and in_force.model_dump(mode="json") != plan.inputs.policy:
        raise UsageError(f"{plan_file} was made under another policy than {policy}. Solve under that policy first.")
    return plan


def changes_of(leaves: list[str] | None, files: list[Path] | None) -> list[dict[str, Any]]:
    """All changes asked for, in the order: leavers, then files."""
    from allocator.domain.change import canonical
    from allocator.errors import UsageError
    from allocator.intake.changes import read_changes
    from allocator.questions.choices import leaver

    found = []
    for text in leaves or []:
        sip, _, on = text.partition("@")
        try:
            found.append(canonical(leaver(sip, dt.date.fromisoformat(on).isoformat() if on else None)))
        except ValueError:
            raise UsageError(f"--sip-leaves {text}: {on!r} is not a date; write it as SIP@2026-12-31.") from None
    for path in files or []:
        found += read_changes(path)
    if not found:
        raise UsageError("Say what changes: --sip-leaves SIP[@DATE], or --changes FILE.toml.")
    return found


@app.command("what-if")
def what_if(
    case: CaseArg,
    plan: PlanOpt,
    sip_leaves: LeavesOpt = None,
    changes: ChangesOpt = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="everything free, for comparison")] = False,
    on: Annotated[str | None, typer.Option("--on", help="the day the change tells, as YYYY-MM-DD")] = None,
    output: OutOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """A scenario against a plan: repaired with least change, or rebuilt."""
    from allocator.engine.tiers import Stop
    from allocator.errors import UsageError
    from allocator.questions.compare import compare as compared
    from allocator.questions.scenario import scenario

    before = plan_for(case, plan, policy)
    try:
        day = dt.date.fromisoformat(on) if on else None
    except ValueError:
        raise UsageError(f"--on {on}: write the day as YYYY-MM-DD.") from None
    with stopping() as event:
        after = scenario(before, changes_of(sip_leaves, changes), rebuild=rebuild, on=day).plan(Stop(event=event))
    if output:
        write(output, lambda p: save_text(p, plan_text(after)))
        note(f"Written: {output}")
    if as_json:
        print(plan_text(after), end="")
    else:
        from allocator.report.scenario import show_comparison, show_unfilled

        console = out()
        show_unfilled(after, console)
        show_comparison(compared(before, after), console, heading="rebuilt" if rebuild else "repaired", plan=after)
    finish(after)


@app.command()
def choices(
    case: CaseArg,
    plan: PlanOpt,
    sip_leaves: LeavesOpt = None,
    changes: ChangesOpt = None,
    choose: Annotated[
        list[str] | None, typer.Option("--choose", help="URN=SIP already agreed; the rest is worked out again")
    ] = None,
    output: OutOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """For each school affected, the ranked list of SIPs it could be offered, with consequences: a telephone round."""
    from allocator.engine.tiers import Stop
    from allocator.errors import UsageError
    from allocator.questions.choices import choices as lists

    before = plan_for(case, plan, policy)
    agreed = []
    for text in choose or []:
        urn, sep, sip = text.partition("=")
        if not sep or not urn or not sip:
            raise UsageError(f"--choose {text}: write it as URN=SIP.")
        agreed.append((urn.strip(), sip.strip()))
    with stopping() as event:
        found = lists(before, changes_of(sip_leaves, changes), agreed, Stop(event=event))
    if output:
        write(output, lambda p: save_text(p, plan_text(found.plan)))
        note(f"Written: {output}")
    if as_json:
        say_json({"lists": [asdict(c) for c in found.lists], "contests": list(found.contests)})
        return
    from allocator.report.scenario import show_choices

    show_choices(found, out())


@app.command()
def veto(
    case: CaseArg,
    plan: PlanOpt,
    school: Annotated[str, typer.Option("--school", help="the school's URN")],
    post: PostOpt = "lead",
    decided_by: Annotated[
        str | None, typer.Option("--decided-by", help="the manager who lets a concern school's refusal stand")
    ] = None,
    output: OutOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """One refusal, resubmitted with least change; a second by the same school in the round is refused (exit 6)."""
    from allocator.engine.tiers import Stop
    from allocator.questions.veto import veto as refuse

    before = plan_for(case, plan, policy)
    with stopping() as event:
        found = refuse(before, school, post_kind(post), decided_by=decided_by, stop=Stop(event=event))
    if output:
        write(output, lambda p: save_text(p, plan_text(found.plan)))
        note(f"Written: {output}")
    if as_json:
        print(plan_text(found.plan), end="")
    else:
        from allocator.report.scenario import show_veto

        show_veto(found, out())
    finish(found.plan)


@app.command()
def compare(
    plan_a: Annotated[Path, typer.Argument(help="the plan before")],
    plan_b: Annotated[Path, typer.Argument(help="the plan after")],
    as_json: JsonOpt = False,
) -> None:
    """What moved between two plans, why, and what it cost."""
    from allocator.questions.compare import compare as compared

    a, b = read_plan(plan_a), read_plan(plan_b)
    found = compared(a, b)
    if as_json:
        say_json(asdict(found))
        return
    from allocator.report.scenario import show_comparison

    show_comparison(found, out(), heading=f"{plan_a} to {plan_b}", detail=True)


@app.command()
def frontier(
    case: CaseArg,
    plan: PlanOpt,
    svg: Annotated[Path | None, typer.Option("--svg", help="the picture, as an SVG file")] = None,
    workers: WorkersOpt = None,
    journal: JournalOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """What one more change would buy: best points for every number of schools changed."""
    from allocator.engine.tiers import Stop
    from allocator.questions.frontier import frontier as walk

    with stopping() as event:
        before, processes = plan_for(case, plan, policy), workers or os.cpu_count() or 1
        points = walk(before, Stop(event=event), workers=processes, journal=journal)
    if svg:
        from allocator.report.frontier_svg import picture

        write(svg, lambda p: save_text(p, picture(points)))
        note(f"Written: {svg}")
    if as_json:
        say_json([asdict(p) for p in points])
        return
    from allocator.report.scenario import show_frontier

    show_frontier(points, out())


@app.command()
def sweep(
    case: CaseArg,
    plan: PlanOpt,
    leaving: Annotated[int, typer.Option("--leaving", min=1, max=2, help="SIPs who leave at once")] = 1,
    gains: Annotated[bool, typer.Option("--gains", help="what one more day or SIP would gain")] = False,
    workers: WorkersOpt = None,
    journal: JournalOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """Every SIP leaving in turn: who is critical. Or what one more day or SIP would gain."""
    from allocator.questions import sweep as work

    before = plan_for(case, plan, policy)
    jobs = work.gains(before) if gains else work.leaving(before, leaving)
    results = []
    shown = sys.stderr.isatty() and not as_json
    for result in work.sweep(before, jobs, workers=workers or os.cpu_count() or 1, journal=journal):
        results.append(result)
        if shown:
            print(f"\r  {len(results)} of {len(jobs)}", end="", file=sys.stderr, flush=True)
    if shown:
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
    ordered = work.ranked(results)
    if as_json:
        say_json([asdict(r) for r in ordered])
        return
    from allocator.report.scenario import show_sweep

    show_sweep(ordered, out(), gains=gains)


@app.command("next-year")
def next_year(
    case: CaseArg,
    plan: PlanOpt,
    output: Annotated[Path, typer.Option("--output", "-o", help="a new folder for next year's tables")],
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """Next year's case from this year's end: history and tenure carried, what lapses left behind."""
    from allocator.errors import UsageError
    from allocator.intake.write import write_case
    from allocator.questions.rollover import next_year as roll

    before = plan_for(case, plan, policy)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"{output} is already there and not empty. Give a new folder: nothing is written over.")
    new = roll(before)
    write_case(new.case, output)
    if as_json:
        say_json({"written": str(output), "year": new.case.year, "notes": list(new.notes)})
        return
    say(f"{output}: the case of {new.case.year}, {len(new.case.schools)} schools, {len(new.case.sips)} SIPs.")
    for text in new.notes:
        say(f"  {text}")
