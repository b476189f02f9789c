"""Ways out: the workbook, letters as Word and PDF, their wording, a print view, the director's page."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from allocator import rounds
from allocator.errors import NotThere
from allocator.jobs import asks
from allocator.jobs.asks import ExportAsk
from allocator.report import letters, sip_letters
from allocator.report.by_school import csv_of
from allocator.report.ics import Date, dates_of_plan, ics
from allocator.report.letter_files import pdf, word
from allocator.report.wording import (
    DEFAULTS,
    FIELDS,
    KINDS,
    LONGEST,
    TO_CHAIRS,
    TO_SIPS,
    Letter,
    LetterKind,
    kind_of,
    merge,
    problems,
    state_of,
)
from allocator.rounds import Desk
from allocator.service.access import In, Manager, Office, Reader
from allocator.service.actions.jobs import begin
from allocator.service.outbox import batch, keep_wording, wordings
from allocator.service.pages.ground import Form, PageRoute, done, saved, show
from allocator.service.pages.jobs import wait_for
from allocator.service.pages.place import place_in, school_lines
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.service.sent import kept
from allocator.store import keep
from allocator.store.tables import Job
from allocator.words import noun

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Kind = Annotated[LetterKind, Path()]
File = Annotated[str, Path(pattern=r"^[^/]{1,100}\.(pdf|docx)$")]
A_PAGE = 50
STATE_NAMES = {
    "school": "The proposal",
    "changed": "A change after that",
    "cover": "Who stands in",
    "ended": "An ending",
    "decided": "What was decided on a request",
    "confirmed": "Once confirmed",
}
MAKE = {
    "pdf": (pdf, "application/pdf"),
    "docx": (word, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


MERGE = ("To", "Address", "School", "URN", "SIP", "Link", "Subject", "Letter")


def merge_file(rows: Sequence[tuple[str, ...]]) -> bytes:
    """A mail merge's table: a row a letter, with its own link."""
    return csv_of(MERGE, rows)


@router.get("/rounds/{id}/out/calendar.ics")
def calendar(request: Request, id: Id, who: Reader, office: In) -> Response:
    """What has a date: when answers and questions are due, who begins where, who takes over from whom."""
    with office.db.read() as s:
        at = place_in(s, id, who)
    stands = at.desk.round
    due = Counter(
        p.answer_by for p in stands.pairs.values() if p.stage == "proposed" and p.answer_by and p.post == "lead"
    )
    dates = [Date(on, f"{n} {noun(n, 'school')} to answer by today", f"{id}|answers|{on}") for on, n in due.items()]
    asked = Counter(x.answer_by for x in stands.soundings.values() if x.said is None)
    dates += [Date(on, f"{n} {noun(n, 'SIP')} to answer by today", f"{id}|sips|{on}") for on, n in asked.items()]
    dates += [
        Date(q.answer_by, f"Answer the question of {at.desk.facts.name(q.urn)}", f"{id}|query|{q.id}")
        for q in stands.queries
        if q.outcome is None
    ]
    return saved(
        request,
        ics([*dates, *dates_of_plan(at.desk.plan)], f"{at.facts['programme'].name}, {at.row.name}").encode(),
        "calendar.ics",
        "text/calendar; charset=utf-8",
    )


@router.get("/rounds/{id}/out")
def ways_out(
    request: Request, id: Id, who: Reader, office: In, file: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """What can be handed out."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        job = s.get(Job, file) if file else None
        ready = job if job is not None and job.round_id == at.row.id and job.state == "done" else None
        made = asks.legible(ready) if ready is not None else None
        own = {k: v != DEFAULTS[k] for k, v in wordings(s, at.row.programme_id).items()}  # type: ignore[index]
    desk = at.desk
    groups, team = rounds.together(desk, {u for u, _ in (*desk.round.pairs, *desk.round.told)}), team_of(desk)
    counts = {
        k: sum(sip_letters.gets(desk, k, x) for _, x in team)
        if k in TO_SIPS
        else sum(letters.gets(desk, k, g) for g in groups)
        for k in KINDS
    }
    return show(
        request,
        "out.html",
        who,
        **at.facts,
        team=team,
        own=own,
        ready=ready if isinstance(made, ExportAsk) else None,
        unread=ready is not None and made is None,
        book=isinstance(made, ExportAsk) and made.format == "xlsx",
        counts=counts,
        states=STATE_NAMES,
        kind_of=kind_of,
        schools=[(g[0], " and ".join(desk.facts.name(u) for u in g)) for g in groups],
        kept=len(desk.round.letters),
    )


def team_of(desk: Desk) -> list[tuple[str, str]]:
    """Name and id of every SIP with a pair, or who was told of one."""
    ids = {p.sip for p in desk.round.everyone} | set(desk.round.told_sips)
    return sorted((desk.facts.sips[x].name if x in desk.facts.sips else x, x) for x in ids)


@router.get("/rounds/{id}/sent")
def as_sent(
    request: Request,
    id: Id,
    who: Reader,
    office: In,
    to: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Letters as they went, newest first, narrowed by whom they went to."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        mine = [x for x in at.desk.round.letters if to.casefold() in x.to.casefold()]
        pages = max(1, -(-len(mine) // A_PAGE))
        page = min(page, pages)
        ids = {x.id for x in mine[::-1][(page - 1) * A_PAGE : page * A_PAGE]}
        found = kept(s, id, at.desk.round, lambda x: x.id in ids)
    return show(request, "sent.html", who, **at.facts, letters=found, total=len(mine), to=to, page=page, pages=pages)


@router.post("/rounds/{id}/out/file")
def make_file(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The workbook or the director's page, as a job."""
    kind = form.choice("format", ("xlsx", "html"), "Choose the workbook or the page")
    with office.db.read() as s:
        at = place_in(s, id, who)
    job = begin(office, request, who, ExportAsk(plan=at.plan.id, format=kind or "xlsx"))
    with office.db.write() as s:
        keep.note(s, who.person(at.row.programme_id), "exported", id, programme=at.row.programme_id, detail=kind)
    return wait_for(job, f"/rounds/{id}/out?file={{job}}")


def all_letters(
    request: Request, office: Office, who: Who, id: str, kind: LetterKind, key: str
) -> tuple[list[Letter], tuple[str, ...]]:
    """Every letter of a kind, or the one of a school or SIP, and the letterhead. Raises NotThere."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        shared = batch(office, s, request, who, at.row, at.plan, at.desk)
    desk = at.desk
    if kind in TO_SIPS:
        mine = [x for _, x in team_of(desk) if key == x or (key == "all" and sip_letters.gets(desk, kind, x))]
        found = [sip_letters.sip_letter(desk, x, shared, kind=kind) for x in mine]
    else:
        known = {u for u, _ in (*desk.round.pairs, *desk.round.told)}
        found = letters.to_schools(desk, kind, [u for u in known if key in ("all", u)], shared)
    if not found:
        raise NotThere(f"There is no letter to {key} in this plan.")
    return sorted(found, key=lambda x: x.to), shared.head


@router.get("/rounds/{id}/out/letters/{kind}/{name}")
def letter_file(request: Request, id: Id, kind: Kind, name: File, who: Reader, office: In) -> Response:
    """One letter, or all of a kind, as a file: KEY.pdf, KEY.docx, all.pdf, all.docx."""
    key, _, ending = name.rpartition(".")
    found, head = all_letters(request, office, who, id, kind, key)
    make, media = MAKE[ending]
    body = make(found, who.name, dt.date.today(), head)
    with office.db.write() as s:
        at = place_in(s, id, who)
        subject = f"{id}/{kind}/{key}.{ending}"
        keep.note(
            s, who.person(at.row.programme_id), "exported", subject, programme=at.row.programme_id, detail="letters"
        )
    plain = f"letters-{kind.replace('_', '-')}.{ending}" if key == "all" else f"letter-{quote(key)}.{ending}"
    return saved(request, body, plain, media)


@router.get("/rounds/{id}/out/print")
def printed(request: Request, id: Id, who: Reader, office: In) -> Response:
    """The plan to be printed: by SIP, then by school."""
    with office.db.read() as s:
        at = place_in(s, id, who)
    rows = sorted(at.desk.rows.values(), key=lambda a: (a.name, a.school, a.post))
    by_sip: dict[str, list[Any]] = {}
    for a in rows:
        by_sip.setdefault(a.name, []).append(a)
    return show(
        request,
        "print.html",
        who,
        **at.facts,
        by_sip=by_sip,
        lines=school_lines(at.desk),
        rows=at.desk.rows,
        unfilled=at.desk.plan.unfilled,
    )


# -- the wording ---------------------------------------------------------------------------------------------------


@router.get("/rounds/{id}/out/wording/{kind}")
def wording(request: Request, id: Id, kind: Kind, who: Reader, office: In) -> Response:
    """The wording of a kind of letter, with a letter as it would read."""
    return wording_page(request, id, kind, who, office, None, [])


def wording_page(
    request: Request, id: str, kind: LetterKind, who: Who, office: Office, text: str | None, wrong: list[str]
) -> Response:
    with office.db.read() as s:
        at = place_in(s, id, who)
        shared = batch(office, s, request, who, at.row, at.plan, at.desk)
    shown = shared.wordings[kind] if text is None else text
    sample = None
    if not wrong:
        shared.wordings[kind] = shown
        sample = sample_of(at.desk, kind, shared)
    errors = (
        {"errors": {"text": ". ".join(wrong)}, "summary": [{"text": w, "href": "#text"} for w in wrong]}
        if wrong
        else {}
    )
    return show(
        request,
        "wording.html",
        who,
        422 if wrong else 200,
        **at.facts,
        whom="a SIP" if kind in TO_SIPS else "a chair of governors" if kind in TO_CHAIRS else "a head",
        state=STATE_NAMES[state_of(kind)],
        kind=kind,
        text=shown,
        fields=FIELDS[kind],
        sample=sample,
        changed=shown != DEFAULTS[kind],
        unsaved=text is not None,
        **errors,
    )


def sample_of(desk: Desk, kind: LetterKind, shared: letters.LetterOffice) -> Letter | None:
    """A letter of this kind as it would read: to somebody who gets one, whose plan has changed if there is one."""
    if kind in TO_SIPS:
        team = sorted((x for _, x in team_of(desk)), key=lambda x: not sip_letters.gets(desk, kind, x))
        return sip_letters.sip_letter(desk, team[0], shared, kind=kind) if team else None
    changed = {c.urn for c in desk.plan.changes}
    groups = sorted(
        rounds.together(desk, [u for u, _ in desk.round.pairs]),
        key=lambda g: (not letters.gets(desk, kind, g), g[0] not in changed, g),
    )
    return letters.school_letter(desk, groups[0], shared, kind=kind) if groups else None


@router.post("/rounds/{id}/out/wording/{kind}")
def keep_it(request: Request, id: Id, kind: Kind, who: Manager, office: In, form: Form) -> Response:
    """See how it reads (`look`), keep it, or go back to the wording we ship (`reset`)."""
    text = (form.text("text", most=LONGEST) or "").replace("\r\n", "\n")
    reset = bool(form.text("reset"))
    if not reset:
        wrong = list(form.errors.values()) or problems(kind, text)
        if not wrong and form.text("look"):
            return wording_page(request, id, kind, who, office, text, [])
        if wrong:
            return wording_page(request, id, kind, who, office, text, wrong)
        merge(kind, text, dict.fromkeys(FIELDS[kind], "x"), "", "", ())
    with office.db.write() as s:
        at = place_in(s, id, who)
        keep_wording(s, at.row.programme_id, kind, None if reset else text, who)
    said = "The wording that we ship is back." if reset else "The wording is kept, for every letter of this programme."
    return done(f"/rounds/{id}/out/wording/{kind}", said)
