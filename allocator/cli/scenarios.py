"""Commands that go on from a plan: what-if, choices, veto, compare, frontier, sweep."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import (
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
    say_json,
    write,
)
from allocator.cli.outputs import ExcelOpt, ModelOpt, OutOpt, PairsOpt, ReportOpt, of_plan, save_text
from allocator.cli.planning import AllOpt, PostOpt, of_model, post_kind
from allocator.cli.stopping import stopping
from allocator.cli.time_allowed import SearchersOpt, TimeOpt, WorkOpt, clear, stop_of, within
from allocator.cli.whom import People

if TYPE_CHECKING:
    from allocator.domain.case import Case
    from allocator.domain.change_args import Change
    from allocator.domain.plan import Plan
    from allocator.questions.choices import Choice

GivenCase = Annotated[
    Path | None, typer.Argument(help="the case that the plan was made from, to be compared; the plan has its own")
]
PlanOpt = Annotated[Path, typer.Option("--plan", help="the plan to go on from, as `solve -o` wrote it")]
WORDS: dict[str, tuple[str, ...]] = {  # columns that people read, and no plan rests on
    "schools": ("head_email", "chair_email"),
    "sips": ("email", "pen_portrait"),
    "wishes": ("note",),
}
TOLD = 4  # changes of a case that are told one by one
LeavesOpt = Annotated[
    list[str] | None,
    typer.Option("--sip-leaves", help="a SIP by id or name, with @YYYY-MM-DD for the last day; may be given again"),
]
ChangesOpt = Annotated[list[Path] | None, typer.Option("--changes", help="a changes.toml; may be given again")]
WorkersOpt = Annotated[int | None, typer.Option("--workers", min=1, max=64, help="processes; same answer")]
JournalOpt = Annotated[
    Path | None, typer.Option("--journal", help="answers kept as they come; the same file goes on where it stopped")
]


def plan_for(case: Path | None, plan_file: Path, policy: Path | None = None) -> Plan:
    """The plan, once the case beside it is known to be the one that it was made from; without one, its own.

    Raises UsageError where the case differs in what the plan rests on, and says in what.
    """
    from allocator.domain import canon
    from allocator.domain.case import Case
    from allocator.errors import UsageError

    plan = read_plan(plan_file)
    if case is None:
        if policy is not None:
            raise UsageError("--policy is looked up beside a case. Give the case too, or leave the policy to the plan.")
        return plan
    year = str(plan.inputs.case.get("year") or "") or None
    facts, in_force = load(case, year, policy, quiet=True)
    if canon.case_sha256(facts) != plan.inputs.base_sha256:
        _edited(case, plan_file, Case.model_validate(plan.inputs.case), facts)
    if policy is not None and in_force.model_dump(mode="json") != plan.inputs.policy:
        raise UsageError(f"{plan_file} was made under another policy than {policy}. Solve under that policy first.")
    return plan


def _edited(case: Path, plan_file: Path, then: Case, now: Case) -> None:
    """What has changed since: told and passed over where the plan does not rest on it, else refused."""
    from allocator.domain import canon
    from allocator.domain.since import since
    from allocator.errors import UsageError

    if canon.case_sha256(_planned_on(then)) == canon.case_sha256(_planned_on(now)):
        said = "; ".join(_words_only(then, now))
        note(
            f"{case} has changed since {plan_file} was made, in nothing that it rests on: {said}. Going on "
            "from the plan."
        )
        return
    if not {x.urn for x in then.schools} & {x.urn for x in now.schools}:
        raise UsageError(
            f"{plan_file} was made from another case than {case}: no school is in both. Give the one that "
            "it was made from, or none."
        )
    lines = [line for part in since(then, now) for line in part.lines]
    more = f"; and {len(lines) - TOLD} more" if len(lines) > TOLD else ""
    raise UsageError(
        f"{case} has changed since {plan_file} was made: {'; '.join(lines[:TOLD]) or 'its rows differ'}{more}. "
        f"Solve it again, or leave {case} out to go on from the plan as it was made."
    )


def _planned_on(case: Case) -> Case:
    """The case without the words that no plan rests on."""
    blank = {
        t: tuple(r.model_copy(update=dict.fromkeys(fields)) for r in getattr(case, t)) for t, fields in WORDS.items()
    }
    return case.model_copy(update=blank)


def _words_only(then: Case, now: Case) -> Iterator[str]:
    for table, key in (("schools", "urn"), ("sips", "sip")):
        was = {getattr(r, key): r for r in getattr(then, table)}
        for row in getattr(now, table):
            changed = [f for f in WORDS[table] if getattr(row, f) != getattr(was[getattr(row, key)], f)]
            if changed:
                yield f"{', '.join(f.replace('_', ' ') for f in changed)} of {row.name}"
    if then.wishes != now.wishes:
        yield "notes to wishes"


def changes_of(plan: Plan, leaves: list[str] | None, files: list[Path] | None) -> list[Change]:
    """All changes asked for, in the order: leavers, then files; names in them are read as ids."""
    from allocator.domain.change import canonical
    from allocator.errors import UsageError
    from allocator.intake.changes import read_changes
    from allocator.questions.choices import leaver

    found, people = [], People(plan)
    for text in leaves or []:
        sip, _, on = text.partition("@")
        try:
            day = dt.date.fromisoformat(on).isoformat() if on else None
            found.append(canonical(leaver(people.sip(sip) if sip.strip() else "", day)))
        except ValueError:
            raise UsageError(f"--sip-leaves {text}: {on!r} is not a date; write it as SIP@2026-12-31.") from None
    for path in files or []:
        found += [people.in_change(change) for change in read_changes(path)]
    if not found:
        raise UsageError("Say what changes: --sip-leaves SIP[@DATE], or --changes FILE.toml.")
    return found


@app.command("what-if")
def what_if(
    plan: PlanOpt,
    case: GivenCase = None,
    sip_leaves: LeavesOpt = None,
    changes: ChangesOpt = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="everything free, for comparison")] = False,
    on: Annotated[str | None, typer.Option("--on", help="the day the change tells, as YYYY-MM-DD")] = None,
    output: OutOpt = None,
    excel: ExcelOpt = None,
    report: ReportOpt = None,
    pairs: PairsOpt = None,
    model: ModelOpt = None,
    every: AllOpt = False,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: SearchersOpt = 1,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """A scenario against a plan: repaired with least change, or rebuilt."""
    from allocator.questions.compare import compare as compared
    from allocator.questions.scenario import scenario

    before = plan_for(case, plan, policy)
    day = _day(on)
    with stopping() as event:
        stop = stop_of(time_limit, work_limit, workers, as_json, event)
        asked = scenario(before, changes_of(before, sip_leaves, changes), rebuild=rebuild, on=day)
        after = asked.plan(stop)
    clear(stop)
    of_plan(after, output, excel, report)
    of_model(asked.ready, pairs, model)
    if as_json:
        print(plan_text(after), end="")
    else:
        from allocator.report.terminal_questions import show_comparison, show_unfilled

        console = out()
        show_unfilled(after, console)
        show_comparison(
            compared(before, after), console, heading="rebuilt" if rebuild else "repaired", plan=after, every=every
        )
    finish(after)


@app.command()
def choices(
    plan: PlanOpt,
    case: GivenCase = None,
    sip_leaves: LeavesOpt = None,
    changes: ChangesOpt = None,
    choose: Annotated[
        list[str] | None, typer.Option("--choose", help="SCHOOL=SIP already agreed; the rest is worked out again")
    ] = None,
    output: OutOpt = None,
    excel: ExcelOpt = None,
    report: ReportOpt = None,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: SearchersOpt = 1,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """For each school affected, the ranked list of SIPs it could be offered, with consequences: a telephone round."""
    from allocator.errors import UsageError
    from allocator.questions.choices import choices as lists

    before = plan_for(case, plan, policy)
    agreed, people = [], People(before)
    for text in choose or []:
        urn, sep, sip = text.partition("=")
        if not sep or not urn or not sip:
            raise UsageError(f"--choose {text}: write it as SCHOOL=SIP.")
        agreed.append((people.school(urn, "--choose"), people.sip(sip, "--choose")))
    from allocator.report.terminal_questions import show_choice, show_contests

    with stopping() as event:
        stop = stop_of(time_limit, work_limit, workers, as_json, event)

        def show(one: Choice, after: Plan) -> None:
            clear(stop)
            show_choice(one, after, out())

        shown = None if as_json else show
        found = lists(before, changes_of(before, sip_leaves, changes), agreed, stop, as_ready=shown)
    clear(stop)
    if as_json:
        say_json({"lists": [asdict(c) for c in found.lists], "contests": list(found.contests)})
    else:
        show_contests(found, out())
    of_plan(found.plan, output, excel, report)


def _day(on: str | None) -> dt.date | None:
    """The day of `--on`. Raises UsageError for what is none."""
    from allocator.errors import UsageError

    try:
        return dt.date.fromisoformat(on) if on else None
    except ValueError:
        raise UsageError(f"--on {on}: write the day as YYYY-MM-DD.") from None


@app.command()
def veto(
    plan: PlanOpt,
    school: Annotated[str, typer.Option("--school", help="the school, by URN or name")],
    case: GivenCase = None,
    post: PostOpt = "lead",
    decided_by: Annotated[
        str | None, typer.Option("--decided-by", help="the manager who lets a concern school's refusal stand")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", help="the day the refusal tells, as YYYY-MM-DD")] = None,
    output: OutOpt = None,
    excel: ExcelOpt = None,
    report: ReportOpt = None,
    pairs: PairsOpt = None,
    model: ModelOpt = None,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: SearchersOpt = 1,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """One refusal, resubmitted with least change; a second by the same school in the round is refused (exit 6)."""
    from allocator.questions.veto import veto as refuse
    from allocator.reasons.answer import ready_from

    before = plan_for(case, plan, policy)
    school = People(before).school(school)
    tells = _day(on)
    with stopping() as event:
        stop = stop_of(time_limit, work_limit, workers, as_json, event)
        found = refuse(before, school, post_kind(post), decided_by=decided_by, on=tells, stop=stop)
    clear(stop)
    of_plan(found.plan, output, excel, report)
    if pairs or model:
        of_model(ready_from(found.plan), pairs, model)
    if as_json:
        print(plan_text(found.plan), end="")
    else:
        from allocator.report.terminal_questions import show_veto

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
    from allocator.report.terminal_questions import show_comparison

    show_comparison(found, out(), heading="from the one plan to the other", plan=b, detail=True)


@app.command()
def frontier(
    plan: PlanOpt,
    case: GivenCase = None,
    svg: Annotated[Path | None, typer.Option("--svg", callback=may_write, help="the picture, as an SVG file")] = None,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
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
        with within(time_limit, event):
            points = walk(before, Stop(event=event, work=work_limit), workers=processes, journal=journal)
    if svg:
        from allocator.report.frontier_svg import picture

        write(svg, lambda p: save_text(p, picture(points)))
        note(f"Written: {svg}")
    if as_json:
        say_json([asdict(p) for p in points])
        return
    from allocator.report.terminal_questions import show_frontier

    show_frontier(points, out())


@app.command()
def sweep(
    plan: PlanOpt,
    case: GivenCase = None,
    leaving: Annotated[int, typer.Option("--leaving", min=1, max=2, help="SIPs who leave at once")] = 1,
    gains: Annotated[bool, typer.Option("--gains", help="what one more day or SIP would gain")] = False,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: WorkersOpt = None,
    journal: JournalOpt = None,
    policy: PolicyOpt = None,
    as_json: JsonOpt = False,
) -> None:
    """Every SIP leaving in turn: who is critical. Or what one more day or SIP would gain."""
    from allocator.engine.tiers import Stop
    from allocator.questions import sweep as work

    before = plan_for(case, plan, policy)
    jobs = work.gains(before) if gains else work.leaving(before, leaving)
    results = []
    shown = sys.stderr.isatty() and not as_json
    with stopping() as event, within(time_limit, event):
        many, stop = workers or os.cpu_count() or 1, Stop(event=event, work=work_limit)
        for result in work.sweep(before, jobs, stop, workers=many, journal=journal):
            results.append(result)
            if shown:
                print(f"\r  {len(results)} of {len(jobs)}", end="", file=sys.stderr, flush=True)
    if shown:
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
    ordered = work.ranked(results)
    if as_json:
        say_json([asdict(r) for r in ordered])
        return
    from allocator.report.terminal_questions import show_sweep

    show_sweep(ordered, out(), gains=gains)
    if len(ordered) < len(jobs):
        note(f"{len(jobs) - len(ordered)} of {len(jobs)} questions were not worked out in the time allowed.")
