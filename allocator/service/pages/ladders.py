"""Complaints and concerns: a page each for a school, a SIP and the staff, with what each may read and do next."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.errors import NotThere
from allocator.rounds import ladders
from allocator.rounds.ladders import Matter, MatterKind, Word
from allocator.service.access import Head, In, Manager, Office, Partner, Reader, programme_in
from allocator.service.http_problems import HttpProblem
from allocator.service.ladders import seen_by, viewer_of
from allocator.service.outbox import base_of
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.reached import ring
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store import ladders as kept
from allocator.store.tables import Grant, Programme, Someone

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_OPEN = 5  # that one school or SIP has begun and not closed
WORDS: dict[Word, str] = {"answered": "Answer", "raised": "Take it one step up", "closed": "It is settled"}
DONE: dict[Word, str] = {
    "answered": "Your answer is written down.",
    "raised": "It has gone one step up.",
    "closed": "It is closed.",
}


@router.get("/school/ladders")
def of_school(request: Request, who: Head, office: In) -> Response:
    """A school's complaints, and what was raised about it with its head."""
    return _page(request, who, office, who.programme)


@router.get("/sip/ladders")
def of_sip(request: Request, who: Partner, office: In) -> Response:
    """A SIP's concerns about their schools, and complaints that were brought to them."""
    return _page(request, who, office, who.programme)


@router.get("/programmes/{id}/ladders")
def of_programme(request: Request, id: Id, who: Reader, office: In) -> Response:
    """All of the programme: who has each, since when, and by when they answer."""
    return _page(request, who, office, id)


def _page(request: Request, who: Who, office: Office, programme: str, form: Fields | None = None) -> Response:
    with office.db.read() as s:
        named = programme_in(s, who, programme)
        found, known, me = seen_by(s, who, programme)
    typed: Any = form.data if form else {}
    beside = typed.get("matter") or ("concern" if who.role == "manager" and typed.get("kind") == "concern" else "")
    summary = [{"text": t, "href": f"#{n}-{beside}".rstrip("-")} for n, t in form.errors.items()] if form else []
    errors = {"errors": form.errors, "summary": summary} if form else {}
    return show(
        request,
        "ladders.html",
        who,
        422 if form else 200,
        programme=named,
        found=found,
        known=known,
        viewer=me,
        rungs={k: office.settings.rungs(k) for k in ("complaint", "concern")},
        days=office.settings.ladder_days,
        words=WORDS,
        typed=typed,
        **errors,
    )


@router.post("/school/ladders")
def from_school(request: Request, who: Head, office: In, form: Form) -> Response:
    """A complaint begun, or the next step of one; a head's answer to a concern."""
    return _take(request, who, office, who.programme, form)


@router.post("/sip/ladders")
def from_sip(request: Request, who: Partner, office: In, form: Form) -> Response:
    """A concern told to the head, or the next step of one; an answer to a complaint."""
    return _take(request, who, office, who.programme, form)


@router.post("/programmes/{id}/ladders")
def from_manager(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The next step, or one taken down for somebody who rang."""
    return _take(request, who, office, id, form)


def _take(request: Request, who: Who, office: Office, programme: str, form: Fields) -> Response:
    request.state.if_match = None  # rounds are no concern of this
    if form.text("matter"):
        return _step(request, who, office, programme, form)
    return _begin(request, who, office, programme, form)


def _begin(request: Request, who: Who, office: Office, programme: str, form: Fields) -> Response:
    kinds = {"school": ("complaint",), "sip": ("concern",), "manager": ("complaint", "concern")}[who.role]
    kind: MatterKind = "complaint" if (form.text("kind") or kinds[0]) == "complaint" else "concern"
    text = form.need("text", "Write what it is about")
    with office.db.write() as s:
        programme_in(s, who, programme)
        _, known = viewer_of(s, who, programme)
        urns, sips = [u for u, _ in known.schools], [x for x, _ in known.sips]
        urn = urns[0] if len(urns) == 1 else form.choice("urn", urns, "Choose the school")
        owner, sip, rung = _whose(who, kind, urn, form, sips)
        if form.errors or kind not in kinds:
            return _page(request, who, office, programme, form)
        by = who.person(programme, urn if who.role == "school" else None)
        if _pressed_twice(s, who, programme, kind, urn, text):
            return done(request.url.path, "It is written down.")
        mine = [m for m in kept.matters(s, programme) if not m.closed and m.steps[0].by.id == who.id]
        if who.role != "manager" and len(mine) >= MOST_OPEN:  # each brings somebody a letter
            how = ring(s.get_one(Programme, programme).telephone, "the SIP manager")
            raise HttpProblem("too_many", f"{MOST_OPEN} that you began are open. Close one, or {how}.")
        first = ladders.opened(by, rung, text, keep.now(), office.settings.ladder_days)
        sip = who.sip(programme) or "" if owner == "sip" else sip
        id = kept.begin(s, programme, kind, owner, urn, sip, office.settings.rungs(kind), first)
        _note(s, who, kept.matter(s, id))
        told = _addresses(s, kept.matter(s, id))
    _tell(request, office, told)
    return done(request.url.path, f"It is written down, and with the {office.settings.rungs(kind)[rung]}.")


def _pressed_twice(s: Session, who: Who, programme: str, kind: MatterKind, urn: str, text: str) -> bool:
    """Whether this person has just written the same of the same school."""
    lately = [m for m in kept.matters(s, programme) if (m.kind, m.urn) == (kind, urn)]
    first = [m.steps[0] for m in lately]
    return any(x.by.id == who.id and x.text == text and x.at > keep.now() - dt.timedelta(minutes=1) for x in first)


def _whose(who: Who, kind: MatterKind, urn: str, form: Fields, sips: list[str]) -> tuple[Any, str, int]:
    """(whose it is, the SIP it is about or whose it is, the rung it begins on)."""
    if kind == "concern":
        return ("manager" if who.role == "manager" else "sip"), "", 0
    owner = form.choice("owner", ("head", "chair"), "Choose whose complaint it is") if who.role == "manager" else None
    about = form.text("sip") or ""
    if about and about not in sips:
        form.errors["sip"] = "Choose the SIP, or the service"
    first = bool(about) and form.text("begin") == "first"
    return owner or who.answers_as(who.programme, urn), about, 0 if first else 1


def _step(request: Request, who: Who, office: Office, programme: str, form: Fields) -> Response:
    word = form.choice("word", list(WORDS), "Choose what you do")
    text = form.text("text") or ""
    if word in ("answered", "raised") and not text and "text" not in form.errors:
        form.errors["text"] = "Write your answer" if word == "answered" else "Write what is to be looked at"
    if form.errors:
        return _page(request, who, office, programme, form)
    with office.db.write() as s:
        me, _ = viewer_of(s, who, programme)
        try:
            m = kept.matter(s, form.text("matter") or "", lock=True)
        except NotThere:
            m = None
        if m is None or m.programme != programme or ladders.sight(m, me) is None:
            raise HttpProblem("not_found", "There is no such complaint or concern.", withheld=m is not None)
        if str(len(m.steps)) != form.text("read"):
            raise HttpProblem("round_refuses", "Somebody has taken a step since you opened the page. Read it again.")
        by = who.person(programme, m.urn if who.role == "school" else None)
        days = office.settings.ladder_days
        step = ladders.next_step(m, me, by, word, text, keep.now(), days)  # type: ignore[arg-type]  # one of WORDS
        kept.add(s, m, step)
        _note(s, who, kept.matter(s, m.id))
    return done(request.url.path, DONE[word])  # type: ignore[index]  # one of WORDS


def _note(s: Session, who: Who, m: Matter) -> None:
    """A line of the audit log: that, where and until when; never what was said."""
    due = f", answer by {m.reply_by}" if m.reply_by else ""
    person: Person = who.person(m.programme)
    keep.note(s, person, f"{m.kind} {m.steps[-1].word}", m.id, programme=m.programme, detail=f"{m.with_}{due}")


def _addresses(s: Session, m: Matter) -> list[tuple[str, str]]:
    """(address, page) of whom it was brought to, where that is a person of the service."""
    if m.rung > 0:
        return []
    role, page = ("sip", "/sip/ladders") if m.kind == "complaint" else ("head", "/school/ladders")
    whose = Grant.sip == m.sip if role == "sip" else Grant.urn == m.urn
    query = sa.select(Someone.email).join(Grant, Grant.person_id == Someone.id)
    found = s.scalars(query.where(Grant.programme_id == m.programme, Grant.role == role, whose))
    return [(email, page) for email in found]


def _tell(request: Request, office: Office, told: list[tuple[str, str]]) -> None:
    """A few lines by mail that something is to be read; nothing of what it is."""
    base = base_of(office, request)
    letters = [
        (
            email,
            "Something to read on your page",
            f"Something was written to you and asks for your answer. Sign in to read it:\n\n{base}{page}\n",
        )
        for email, page in told
    ]

    def send() -> None:
        office.mail.post(letters)

    if letters and office.settings.smtp_url:
        office.aside(send)
