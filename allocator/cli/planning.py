"""Commands that make, explain, audit and hand out plans: solve, explain, verify, export, policy show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.app import (
    CaseArg,
    JsonOpt,
    PlanArg,
    PolicyOpt,
    SeedOpt,
    YearOpt,
    app,
    finish,
    load,
    may_write,
    out,
    plan_text,
    read_plan,
    say,
    say_json,
)
from allocator.cli.outputs import ExcelOpt, ModelOpt, PairsOpt, ReportOpt, of_plan, save_text, write_all
from allocator.cli.stopping import stopping
from allocator.cli.time_allowed import SearchersOpt, TimeOpt, WorkOpt, clear, stop_of
from allocator.cli.whom import People
from allocator.words import counted

if TYPE_CHECKING:
    from allocator.allocate import Setup
    from allocator.check.claims import Count
    from allocator.check.structure import Breach
    from allocator.domain.case import Case, PostKind
    from allocator.domain.plan import Plan
    from allocator.domain.policy import Policy
    from allocator.rules.base import Audience

AllOpt = Annotated[bool, typer.Option("--all", help="every row, however many schools there are")]
POSTS: dict[str, PostKind] = {"lead": "lead", "support": "support", "appraisal": "appraisal"}
AUDIENCES: dict[str, Audience] = {"manager": "manager", "school": "school", "sip": "sip"}
PostOpt = Annotated[str, typer.Option("--post", help="lead, support or appraisal")]


@app.command()
def solve(
    case: CaseArg,
    policy: PolicyOpt = None,
    year: YearOpt = None,
    seed: SeedOpt = 1,
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: SearchersOpt = 1,
    output: Annotated[Path | None, typer.Option("--output", "-o", callback=may_write, help="the plan, as JSON")] = None,
    excel: ExcelOpt = None,
    report: ReportOpt = None,
    pairs: PairsOpt = None,
    model: ModelOpt = None,
    detail: Annotated[bool, typer.Option(help="also points, bounds and the lot")] = False,
    every: AllOpt = False,
    prices: Annotated[
        bool, typer.Option("--prices", help="what each change that was outweighed would have cost: a solve each")
    ] = False,
    as_json: JsonOpt = False,
) -> None:
    """The annual allocation: the best plan, explained, audited and proved."""
    facts, in_force = load(case, year, policy, quiet=as_json)
    from allocator import allocate
    from allocator.reasons.answer import audited, reading
    from allocator.reasons.complete import complete
    from allocator.reasons.contrast import priced

    with stopping() as event:
        stop = stop_of(time_limit, work_limit, workers, as_json, event)
        ready = allocate.setup(facts, in_force, seed)
        began = monotonic()
        with reading(facts, in_force, seed) as ahead:
            bare, solution = allocate.allocate(ready, stop)
            worded = complete(ready, bare, solution, stop.after(began))
            plan = audited(facts, in_force, priced(ready, worded, stop.after(began)) if prices else worded, ahead)
    clear(stop)
    if as_json:
        print(plan_text(plan), end="")
    else:
        from allocator.report.terminal import show_plan

        show_plan(plan, out(), detail=detail, every=every, kept=str(output) if output else None)
    of_model(ready, pairs, model)
    write_all(
        [
            (output, lambda p: save_text(p, plan_text(plan))),
            (excel, lambda p: workbook_of(facts, in_force, plan, p)),
            (report, lambda p: page_of(ready, plan, p)),
        ]
    )
    finish(plan)


def workbook_of(facts: Case, policy: Policy, plan: Plan, path: Path) -> None:
    from allocator.report.plan_workbook import write_workbook

    write_workbook(facts, policy, plan, path)


def page_of(ready: Setup, plan: Plan, path: Path) -> None:
    from allocator.report.page import page

    save_text(path, page(ready.facts, plan))


def of_model(ready: Setup, pairs: Path | None, model: Path | None) -> None:
    """The two files of the whole model."""
    from allocator.report.model_file import model_out
    from allocator.report.pairs import write_pairs

    write_all(
        [
            (pairs, lambda p: write_pairs(ready, p)),
            (model, lambda p: save_text(p, json.dumps(model_out(ready), indent=1) + "\n")),
        ]
    )


@app.command()
def export(
    plan_file: PlanArg,
    excel: ExcelOpt = None,
    report: ReportOpt = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", callback=may_write, help="the plan as a table, a row a school")
    ] = None,
    calendar: Annotated[
        Path | None, typer.Option("--calendar", callback=may_write, help="dates of the plan, as an .ics file")
    ] = None,
    letters: Annotated[
        Path | None, typer.Option("--letters", help="a folder for the letters to heads and SIPs, as Word and PDF")
    ] = None,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="with --letters: as if every pair were confirmed; without, as proposed")
    ] = False,
    as_json: JsonOpt = False,
) -> None:
    """Files from any plan: the workbook, the page, the table of schools, a calendar, the letters."""
    from allocator.errors import UsageError
    from allocator.report.by_school import write_csv

    asked = [p for p in (excel, report, csv, calendar, letters) if p]
    if not asked:
        raise UsageError(
            "Say what to write: --excel FILE.xlsx, --report FILE.html, --csv FILE.csv, --calendar FILE.ics "
            "or --letters FOLDER."
        )
    if confirmed and letters is None:
        raise UsageError("--confirmed says how letters are written. Give --letters FOLDER with it.")
    if letters is not None and letters.exists() and not letters.is_dir():
        raise UsageError(f"{letters} is a file. Give a folder for the letters.")
    plan = read_plan(plan_file)
    of_plan(plan, None, excel, report)
    write_all([(csv, lambda p: write_csv(plan, p)), (calendar, lambda p: _calendar(plan, p))])
    if letters is not None:
        _letters(plan, letters, confirmed)
    if as_json:
        say_json({"written": [str(p) for p in asked]})


def _letters(plan: Plan, folder: Path, confirmed: bool) -> None:
    """In the wording that ships, and without a page to answer on: the service has both."""
    from allocator.cli.app import note
    from allocator.errors import UsageError
    from allocator.reasons.answer import ready_from
    from allocator.report.drafts import write_letters

    try:
        folder.mkdir(parents=True, exist_ok=True)
        said = write_letters(ready_from(plan), plan, folder, confirmed=confirmed)
    except OSError as error:
        raise UsageError(f"{folder}: the letters were not written: {error.strerror}.") from None
    note(f"Written in {folder}: {said}")


def _calendar(plan: Plan, path: Path) -> None:
    from allocator.report.ics import dates_of_plan, ics

    path.write_bytes(ics(dates_of_plan(plan)).encode())


def post_kind(text: str) -> PostKind:
    from allocator.errors import UsageError

    if text not in POSTS:
        raise UsageError(f"--post {text}: a post is lead, support or appraisal.")
    return POSTS[text]


@app.command()
def explain(
    plan_file: PlanArg,
    school: Annotated[str, typer.Option("--school", help="the school, by URN or name")],
    post: PostOpt = "lead",
    why_not: Annotated[str | None, typer.Option("--why-not", help="a SIP by id or name: why not this one?")] = None,
    audience: Annotated[str, typer.Option("--for", help="manager, school or sip")] = "manager",
    time_limit: TimeOpt = None,
    work_limit: WorkOpt = None,
    workers: SearchersOpt = 1,
    as_json: JsonOpt = False,
) -> None:
    """Why this SIP, why not that one, or why nobody."""
    from pydantic import TypeAdapter

    from allocator.errors import UsageError
    from allocator.reasons.answer import ready_from
    from allocator.reasons.why import Explanation
    from allocator.reasons.why import explain as why

    if audience not in AUDIENCES:
        raise UsageError(f"--for {audience}: an explanation is for manager, school or sip.")
    plan = read_plan(plan_file)
    people = People(plan)
    school, why_not = people.school(school), people.sip(why_not, "--why-not") if why_not else None
    answer = why(ready_from(plan), plan, school, post_kind(post), sip=why_not, audience=AUDIENCES[audience])
    if as_json:
        say_json(TypeAdapter(Explanation).dump_python(answer, mode="json"))
        return
    from allocator.report.terminal import tell

    console = out()
    tell(console, f"{answer.text} {answer.answer}".rstrip())
    for move in answer.why_not.chain if answer.why_not else ():
        tell(console, move.text, 2)


@app.command()
def verify(
    case: CaseArg,
    plan_file: PlanArg,
    before: Annotated[
        Path | None, typer.Option("--before", help="the plan that this one goes on from, for the days before it")
    ] = None,
    policy: PolicyOpt = None,
    year: YearOpt = None,
    claims: Annotated[
        bool, typer.Option("--claims", help="put what only a solve can show to a solve each, too")
    ] = False,
    as_json: JsonOpt = False,
) -> None:
    """The independent auditor on a plan from anywhere: every hard rule on every day, every total, every claim."""
    from dataclasses import asdict

    from allocator.check.audit import audit, sentences
    from allocator.check.trust import taken
    from allocator.domain.change import apply

    plan = read_plan(plan_file, as_made=False)  # the auditor has its own word on a broken seal
    earlier = read_plan(before, as_made=False) if before else None
    facts, in_force = load(case, year or str(plan.inputs.case.get("year") or "") or None, policy, quiet=True)
    world = apply(facts, in_force, plan.inputs.changes)
    breaches, trusted = audit(*world, plan, earlier), taken(plan, earlier)
    solved, wrong = _solved(plan) if claims and not breaches else (0, [])
    breaches += wrong
    told = None if breaches else sentences(*world, plan)
    if as_json:
        said = {**asdict(told), "solved": solved} if told else None
        say_json(
            {"holds": not breaches, "trusted": trusted, "breaches": [asdict(b) for b in breaches], "sentences": said}
        )
    elif breaches:
        say(f"{plan_file} breaks {len(breaches)} rule{'s' if len(breaches) > 1 else ''} or figures:")
        for breach in breaches:
            say(f"  {breach.rule}: {breach.text}")
    else:
        say(
            f"Every rule holds and every figure agrees: {counted(plan.summary.filled, 'post')} filled, "
            f"{plan.summary.unfilled} not."
        )
        say(_sentences(told, solved))
    if trusted and not as_json:
        say(trusted)
    if breaches:
        raise typer.Exit(5)


def _solved(plan: Plan) -> tuple[int, list[Breach]]:
    """Claims put to a solve: how many, and those that it contradicts."""
    from allocator.check.structure import Breach
    from allocator.reasons.answer import ready_from
    from allocator.reasons.contrast import proofs

    found = list(proofs(ready_from(plan), plan))
    return len(found), [
        Breach("claims", f"{c.urn} ({c.post}), {c.sip}, {c.kind}: {problem}.", c.urn, c.post, c.sip)
        for c, problem in found
        if problem
    ]


def _sentences(told: Count | None, solved: int) -> str:
    """1,204 sentences: 1,198 shown from tables and plan, 6 by a solve."""
    if told is None:
        return ""
    n, left = told.shown + told.by_solve + told.carried, told.by_solve - solved
    parts = [f"{told.shown:,} shown from tables and plan"]
    parts += [f"{solved} by a solve"] if solved else []
    parts += (
        [
            (
                f"{left} say that something was outweighed, which rests on the proof of the "
                f"plan{'' if solved else ' (--claims puts them to a solve)'}"
            )
        ]
        if left
        else []
    )
    parts += [f"{told.carried} of changes that an earlier plan decided"] if told.carried else []
    return f"{n:,} sentences: {', '.join(parts)}."


policy_app = typer.Typer(help="The policy: every switch, number and weight.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")


@policy_app.command("show")
def policy_show(
    case: Annotated[Path | None, typer.Argument(help="a case, whose own policy is shown")] = None,
    policy: PolicyOpt = None,
    named: Annotated[str | None, typer.Option("--named", help="steady, balanced or need-first")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="only what differs from the defaults")] = False,
    as_json: JsonOpt = False,
) -> None:
    """The policy in force, with each value's meaning, default and source."""
    from allocator.domain.policy import SHIPPED, Policy, settings, shipped
    from allocator.errors import UsageError

    in_force = Policy()
    if named is not None:
        if named not in SHIPPED:
            raise UsageError(f"--named {named}: the policies shipped are {', '.join(sorted(SHIPPED))}.")
        in_force = shipped(named)
    elif case is not None:
        _, in_force = load(case, None, policy, quiet=True)
    elif policy is not None:
        from allocator.cli.app import show_problems
        from allocator.intake.read import read_policy

        in_force, problems = read_policy(policy)
        if any(p.severity == "error" for p in problems):
            show_problems(tuple(problems))
            raise typer.Exit(3)
    rows = list(settings(in_force))
    if as_json:
        say_json([dict(zip(("key", "value", "default", "meaning", "source"), r, strict=True)) for r in rows])
        return
    show_policy(in_force, rows if not changed else [r for r in rows if r[1] != r[2]])


def show_policy(in_force: Policy, rows: Sequence[tuple[str, Any, Any, str, str]]) -> None:
    """A line a setting, its key and value whole; below it what it means, its default where that is another, its
    source."""
    from allocator.reasons.policy_words import in_words
    from allocator.report.terminal import tell

    console = out()
    title = f"Policy {in_force.name}"
    tell(console, title if rows else f"{title}: nothing differs from its defaults.", bold=len(title))
    for key, value, default, meaning, source in rows:
        was = f" (default {in_words(key, default)})" if value != default else ""
        tell(console, f"{key} = {in_words(key, value)}{was}", bold=len(key))
        tell(console, f"{meaning}; {source}", 4)


def scenarios_folder() -> Path:
    """The ready cases: inside an installed wheel, or beside the package in a checkout."""
    here = Path(__file__).resolve().parent.parent
    inside = here / "_scenarios"
    return inside if inside.is_dir() else here.parent / "scenarios"
