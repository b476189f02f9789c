"""The last word: pair by pair by a named manager, those changed first; governors, one or all; in force; next year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.facts import Facts
from allocator.domain.happened import PlanPut
from allocator.domain.plan import Assignment
from allocator.domain.round import Key, Pair
from allocator.reasons.in_a_word import OPEN, OPEN_TOLD, in_a_word
from allocator.reasons.spoken import name_of
from allocator.service.access import In, Manager, Office, Reader, writing
from allocator.service.actions.answers import answer, confirm
from allocator.service.actions.rounds import in_force
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.answers import PLAN_AGAIN
from allocator.service.pages.cards import line
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.pages.place import Place, place_in
from allocator.service.pages.schools import linked
from allocator.service.roles import Who
from allocator.service.schemas import AnswerIn, ConfirmIn, Id, PairRef
from allocator.service.views import sips_of
from allocator.store import keep
from allocator.store.tables import AuditRow
from allocator.words import day, noun

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FOLDED = 25  # changed pairs; of more the list is folded by cause
OPENED = "changed pairs opened"  # the audit line that lets this person confirm several pairs at once


@dataclass(frozen=True)
class PairLine:
    """A pair to be confirmed. `missing`: what stands in the way of this person; `because`: why it changed, if it
    did."""

    pair: Pair
    row: Assignment
    missing: tuple[str, ...]
    before: str | None
    because: str | None
    cause: str  # the same in a word
    by_people: bool  # changed by hand or after a refusal in this round
    confirmed_by: str | None
    next: str | None  # whom the plan would have had instead, all else as it is
    dates: str  # from when to when, where several hold the post in the year

    @property
    def why(self) -> str:
        return line(self.row)

    @property
    def ref(self) -> str:
        return "/".join(self.pair.beside)


def lines_of(s: Session, at: Place, who: Who) -> list[PairLine]:
    """Every pair: changed ones first, then by school."""
    desk, me = at.desk, who.person(at.row.programme_id)
    own, log = sips_of(desk, who, at.row.programme_id), keep.events_of(s, at.row.id)
    names = {e.by.id: e.by.name for e in log if e.kind == "confirmed"}
    people: set[Key] = {(u, k) for e in log if isinstance(e.fact, PlanPut) for u, k in e.fact.moved}
    changed = {(c.urn, c.post, c.to): c for c in desk.plan.changes}
    out = []
    for pair in desk.round.everyone:
        key = pair.key
        c = changed.get((*key, pair.sip))
        before = name_of(desk.facts, c.from_) if c and c.from_ else None
        out.append(
            PairLine(
                pair,
                desk.row(pair),
                tuple(rounds.missing(desk, pair.beside, me, own)),
                before,
                linked(desk.facts, at.row.id, c.because, c.claims) if c else None,
                (in_a_word(c.claims) if c.from_ else "nobody before") if c else "",
                key in people,
                names.get(pair.confirmed_by or ""),
                sip_name(desk.facts, desk.row(pair)),
                f"{day(desk.row(pair).from_)} to {day(desk.row(pair).to)}"
                if len(desk.round.now.get(key, ())) > 1
                else "",
            )
        )
    return sorted(out, key=lambda x: (not (x.because or x.by_people), x.row.school, x.pair.key))


def sip_name(facts: Facts, row: Assignment) -> str | None:
    """The runner-up's name."""
    return name_of(facts, row.runner_up.sip) if row.runner_up else None


def opened(s: Session, at: Place, who: Who) -> bool:
    """Whether this person has opened the list of those changed, for the plan that is on the desk."""
    query = sa.select(AuditRow.n).where(
        AuditRow.action == OPENED, AuditRow.person_id == who.id, AuditRow.subject == f"{at.row.id}/{at.plan.id}"
    )
    return s.scalars(query).first() is not None


@router.get("/rounds/{id}/confirm")
def confirming(request: Request, id: Id, who: Reader, office: In) -> Response:
    """Every pair with what is missing before you can confirm it."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        lines, seen = lines_of(s, at, who), opened(s, at, who)
    able = [x for x in lines if not x.missing]
    drafts = [x for x in lines if x.pair.stage == "draft"]
    waiting = [x for x in lines if x.missing and x.pair.stage not in ("draft", "confirmed")]
    return show(
        request,
        "confirm.html",
        who,
        **at.facts,
        able=able,
        waiting=[x for x in waiting if x.pair.stage != "proposed"],
        unanswered=[x for x in waiting if x.pair.stage == "proposed"],
        other_days=len({x.pair.urn for x in waiting if rounds.other_days(at.desk.round, x.pair.key)}),
        drafts=drafts,
        seen=seen,
        total=len(lines),
        confirmed=[x for x in lines if x.pair.stage == "confirmed"],
        unfilled=at.desk.plan.unfilled,
        changed=sum(bool(x.because or x.by_people) for x in lines),
        in_force=at.desk.round.in_force,
    )


@router.get("/rounds/{id}/confirm/changed")
def changed(request: Request, id: Id, who: Reader, office: In, whole: bool = False) -> Response:
    """Those changed, each with why; many are folded by cause, unless asked for `whole`. That it was opened is written
    down, and lets a manager confirm the rest together."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        lines = [x for x in lines_of(s, at, who) if x.because or x.by_people]
        seen = opened(s, at, who)
    if who.role == "manager" and not seen:
        with office.db.write() as s:
            by = who.person(at.row.programme_id)
            keep.note(s, by, OPENED, f"{at.row.id}/{at.plan.id}", programme=at.row.programme_id)
    parts = by_cause(lines) if len(lines) > FOLDED and not whole else {}
    told = {OPEN: OPEN_TOLD}
    return show(
        request,
        "confirm-changed.html",
        who,
        **at.facts,
        lines=lines,
        parts=parts,
        told=told,
        folded=FOLDED,
        whole=whole,
        linked=partial(linked, at.desk.facts, id),
    )


def by_cause(lines: Sequence[PairLine]) -> dict[str, list[PairLine]]:
    """What people changed in this round first, then each cause, the one of most pairs first."""
    parts: dict[str, list[PairLine]] = {}
    for x in lines:
        parts.setdefault("changed by people in this round" if x.by_people else x.cause or "other", []).append(x)
    return dict(sorted(parts.items(), key=lambda part: (not part[1][0].by_people, -len(part[1]), part[0])))


@router.post("/rounds/{id}/confirm")
def confirm_pairs(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """One pair, or all that can be; all only for one who has opened the list of those changed."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        able = [x for x in lines_of(s, at, who) if not x.missing]
        seen = opened(s, at, who)
    one, every = form.text("pair"), bool(form.text("all"))
    if every and not seen:
        raise HttpProblem(
            "round_refuses", "Open the list of pairs that changed first: then you may confirm the others together."
        )
    chosen = [x.ref for x in able] if every else [one] if one else []
    if not chosen:
        raise HttpProblem(
            "round_refuses", "No pair can be confirmed by you as things stand; each says what is missing."
        )
    refs = [c.split("/", 2) for c in chosen]
    pairs = [PairRef.model_validate(dict(zip(("urn", "post", "sip"), ref, strict=False))) for ref in refs]
    confirm(office, request, who, at.plan.id, ConfirmIn(pairs=pairs))
    said = f"{len(pairs)} pairs" if len(pairs) > 1 else at.desk.facts.name(pairs[0].urn)
    return done(f"/rounds/{id}/confirm", f"{said} confirmed, in your name.")


@router.post("/rounds/{id}/confirm/governors")
def governors(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The governing body's word on who supports the head's appraisal, as the manager took it down."""
    urn, word = form.text("urn") or "", form.choice("word", ("governors_yes", "governors_no"), "Say yes or no")
    if form.errors:
        raise HttpProblem("invalid", "Say whether the governors said yes or no.")
    plan = _plan(office, id, who)
    asked = AnswerIn.model_validate(
        {"urn": urn, "post": "appraisal", "answer": word, "by": "governors", "via": "letter"}
    )
    answer(office, request, who, plan, asked)
    if word == "governors_no":
        return done(f"/rounds/{id}/answers", f"The governors' no is written down. {PLAN_AGAIN}")
    return done(f"/rounds/{id}/confirm", "The governors' yes is written down.")


@router.post("/rounds/{id}/confirm/all-governors")
def all_governors(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The governors said yes at each of these schools."""
    urns = form.all("urns")
    if not urns:
        raise HttpProblem("invalid", "Tick the schools whose governors have said yes.")
    with writing(request, office, who, id) as (s, row):
        by, today = who.person(row.programme_id), dt.date.today()
        keep.step(s, id, by, lambda d: [rounds.governors(d, u, True, today) for u in urns])
        for urn in urns:
            keep.note(s, by, "answer", urn, programme=row.programme_id, detail="governors_yes by governors, letter")
    n = len(urns)
    return done(f"/rounds/{id}/confirm", f"The governors' yes is written down for {n} {noun(n, 'school')}.")


def _plan(office: Office, id: str, who: Who) -> str:
    with office.db.read() as s:
        return place_in(s, id, who).plan.id


@router.post("/rounds/{id}/confirm/in-force")
def put_in_force(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The confirmed plan becomes the year's plan."""
    in_force(office, request, who, id)
    return done(f"/rounds/{id}/confirm", f"The plan is in force from {dt.date.today():%d %B %Y}.".replace(" 0", " "))
