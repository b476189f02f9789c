"""Commands that give account: the documents, the story of a pair and its check, everything held on a person,
outcomes."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import CaseArg, JsonOpt, app, load, may_write, read_plan, say, say_json, write

if TYPE_CHECKING:
    from allocator.store.database import Database

AccountApp = typer.Typer(
    help="What an officer, an auditor or the public asks for.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(AccountApp, name="account")
WIDTHS = (5, 7, 7, 6, 6, 7, 6, 4, 8)  # with the group, 80 columns
RoundArg = Annotated[str, typer.Argument(metavar="ROUND", help="the round's id, as in its address")]


@AccountApp.command("documents")
def documents(
    case: CaseArg,
    into: Annotated[Path, typer.Option("--into", help="the folder to write them in")],
    programme: Annotated[str, typer.Option(help="the programme's name")] = "[to be filled in]",
    organisation: Annotated[str, typer.Option(help="the authority, diocese or trust")] = "[to be filled in]",
    owner: Annotated[str, typer.Option(help="the senior responsible owner")] = "[to be filled in]",
    contact: Annotated[str, typer.Option(help="where people write to")] = "[to be filled in]",
    as_json: JsonOpt = False,
) -> None:
    """Transparency record, impact assessment, privacy notice, record of processing and retention schedule, as
    drafts."""
    from allocator.service.account.about import of_case
    from allocator.service.account.documents import DOCUMENTS
    from allocator.service.environment import from_env

    facts, policy = load(case, None, None, quiet=True)
    about = of_case(facts, policy, programme, from_env(), organisation=organisation, owner=owner, contact=contact)
    into.mkdir(parents=True, exist_ok=True)
    written = [into / f"{name}.md" for name in DOCUMENTS]
    for path, (_, make) in zip(written, DOCUMENTS.values(), strict=True):
        write(path, partial(_text, text=make(about) + "\n"))
    say_json([str(p) for p in written]) if as_json else say(
        f"Written: {', '.join(str(p) for p in written)}. Fill in what is marked."
    )


def _text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


@AccountApp.command("pair")
def pair(
    round_id: RoundArg,
    urn: Annotated[str, typer.Argument(help="the school")],
    output: Annotated[Path, typer.Option("--output", "-o", callback=may_write, help="the pack, as .zip")],
    post: Annotated[str, typer.Option(help="lead, support or appraisal")] = "lead",
    as_json: JsonOpt = False,
) -> None:
    """The story of one pair of the service, from data to letters, as a pack that another machine checks."""
    from allocator.cli.planning import post_kind
    from allocator.service.account.pair import pack
    from allocator.store import keep

    db = _store()
    with db.read() as s:
        made = pack(s, keep.the_round(s, round_id), urn, post_kind(post))
    write(output, lambda p: _bytes(p, made.zipped()))
    say_json({"written": str(output)}) if as_json else say(
        f"Written: {output}. Check it anywhere: allocator account check {output}"
    )


def _bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _store() -> Database:
    from allocator.service.environment import from_env
    from allocator.store import migrate
    from allocator.store.database import open_store

    db = open_store(from_env().database_url, make=False)
    migrate.check(db)
    return db


@AccountApp.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="a pack that `account pair` or the page wrote")],
    again: Annotated[bool, typer.Option("--again", help="solve the last plan again, too")] = False,
    as_json: JsonOpt = False,
) -> None:
    """A pair's pack from anywhere: its hashes, its plans by the auditor, its events, and the reasons worked out
    again."""
    from allocator.errors import UsageError
    from allocator.intake.ordinary import unreadable
    from allocator.service.account.pair import verify

    if told := unreadable(file):
        raise UsageError(told)
    if not file.exists():
        raise UsageError(f"{file}: there is no such file.")
    wrong = verify(file.read_bytes(), again=again)
    if as_json:
        say_json({"holds": not wrong, "wrong": wrong})
    else:
        say("Everything in it holds: hashes, plans, events, reasons." if not wrong else "\n".join(wrong))
    if wrong:
        raise typer.Exit(5)


@AccountApp.command("person")
def person(
    email: Annotated[str, typer.Argument(help="the person's address")],
    programme: Annotated[str, typer.Option(help="the programme's name or id")],
    as_json: JsonOpt = False,
) -> None:
    """Everything that a programme holds on a person: rows, proposals with their reasons, decisions, letters, acts,
    the logic."""
    from allocator.cli.service import the_programme
    from allocator.service.subject_access import copy_for

    db = _store()
    with db.read() as s:
        parts = copy_for(s, the_programme(s, programme), email)
    if as_json:
        say_json([{"heading": h, "rows": [{"what": a, "value": b} for a, b in rows]} for h, rows in parts])
        return
    for heading, rows in parts:
        say(f"\n{heading}\n" + "\n".join(f"  {a}: {b}" for a, b in rows))


@AccountApp.command("outcomes")
def outcomes(
    plan_file: Annotated[Path, typer.Argument(metavar="PLAN", help="a plan written by `solve -o`")],
    groups: Annotated[
        list[Path] | None,
        typer.Option("--groups", help="a CSV of two columns: urn or sip, and a heading with each one's group"),
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="without figures for groups of fewer than five")] = False,
    as_json: JsonOpt = False,
) -> None:
    """What a plan comes to by kind of SIP, need, phase and size, and by groups given beside it, which no plan ever
    sees."""
    from dataclasses import asdict

    from allocator.reasons.answer import world
    from allocator.service.account import outcomes as counted

    plan = read_plan(plan_file)
    given = {path.stem: _groups(path) for path in groups or ()}
    lines = counted.outcomes(world(plan)[0], plan, groups=given)
    if as_json:
        say_json([asdict(x) for x in lines])
        return
    for row in [counted.BRIEF, *counted.rows(lines, hide=public)]:
        say(f"{row[0]:<24.24}" + "".join(f"{c:>{n}}" for c, n in zip(row[1:], WIDTHS, strict=True)).rstrip())


def _groups(path: Path) -> dict[str, str]:
    from allocator.errors import UsageError
    from allocator.intake.ordinary import unreadable

    if told := unreadable(path):
        raise UsageError(told)
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UsageError(f"{path}: not a CSV file in UTF-8.") from None
    return {r[0].strip(): r[1].strip() for r in rows[1:] if len(r) > 1 and r[0].strip() and r[1].strip()}
