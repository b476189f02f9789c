"""The manager's way in: programmes, rounds, and the desk of one round with what to do next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.characters import is_telephone
from allocator.service.access import Anyone, In, Manager, Office, Reader, programme_in
from allocator.service.actions.rounds import change_programme, new_programme, new_round
from allocator.service.http_problems import HttpProblem
from allocator.service.ladders import open_ones
from allocator.service.pages.coming import outlook
from allocator.service.pages.doing import work_of
from allocator.service.pages.given import Given, around, next_of
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.roles import Who
from allocator.service.schemas import Id, ProgrammeIn, RoundIn, RoundOut
from allocator.service.views import round_listed
from allocator.store.tables import Programme, RoundRow
from allocator.words import counted

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def home(request: Request, who: Anyone, office: In) -> Response:
    """Where this role works: a manager's rounds, a head's school, a SIP's year."""
    if who.role in ("school", "sip"):
        return done(f"/{who.role}")
    return _home(request, who, office)


def _home(request: Request, who: Who, office: Office, wrong: str = "", form: Fields | None = None) -> Response:
    with office.db.read() as s:
        query = sa.select(Programme).where(Programme.id.in_(who.programmes())).order_by(Programme.name, Programme.id)
        mine = [(p, _rounds(s, p.id)) for p in s.scalars(query)]
    said = form.wrong if form else {"errors": {}}
    typed = form.data if form else {}
    return show(request, "home.html", who, 422 if form else 200, programmes=mine, wrong=wrong, typed=typed, **said)


def _rounds(s: Session, programme: str) -> list[RoundOut]:
    query = sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at.desc())
    return [round_listed(s, row, dt.date.today()) for row in s.scalars(query)]


@router.post("/programmes")
def make_programme(request: Request, who: Manager, office: In, form: Form) -> Response:
    """A programme of its own: nothing is shared with others."""
    name = form.need("programme", "Give the programme a name, such as Primary schools")
    if form.errors:
        raise HttpProblem("invalid", form.errors["programme"])
    new_programme(office, who, ProgrammeIn(name=name[:200]))
    return done("/", f"{name} is there. Next time, choose on signing in which of the two you work in.")


@router.post("/programmes/{id}")
def change(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Its name, its office, and where its SIP manager is rung."""
    name = form.text("called", most=200) or form.need("called", "Give the programme a name, such as Primary schools")
    line, telephone = form.text("office", most=200) or "", form.text("telephone", most=200) or ""
    if telephone and not is_telephone(telephone):
        form.errors.setdefault("telephone", "Enter a telephone number, such as 01632 960018 or +44 1632 960018 ext. 4")
    if form.errors:
        with office.db.read() as s:
            programme_in(s, who, id)
        return _home(request, who, office, id, form)
    made = change_programme(office, who, id, ProgrammeIn(name=name, office=line, telephone=telephone))
    told = (
        f"Letters and pages give {made.telephone} as your telephone." if telephone else "No telephone number is given."
    )
    return done("/", f"Saved. {told}")


@router.post("/programmes/{id}/rounds")
def make_round(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A round for a year."""
    name = form.need("name", "Give the round a name, such as 2027/28")
    if form.errors:
        raise HttpProblem("invalid", form.errors["name"])
    made = new_round(office, who, id, RoundIn(name=name[:200]))
    return done(f"/rounds/{made.id}", f"Round {name} is open. First its data.")


@dataclass(frozen=True)
class DeskStep:
    """A step of the year on the desk's strip."""

    title: str
    href: str
    status: str
    done: bool


@router.get("/rounds/{id}")
def desk(request: Request, id: Id, who: Reader, office: In) -> Response:
    """The desk: where the round stands, what to do next, and ways to everything else."""
    with office.db.read() as s:
        facts = around(s, id, who)
        work, comes = work_of(s, id), next_of(s, facts)
        plan = facts["plan"]
        waiting = open_ones(s, facts["programme"].id)
        look = outlook(rounds.facts_of(plan), plan) if plan else None
    return show(
        request, "desk.html", who, **facts, steps=steps(facts), work=work, coming=comes, outlook=look, ladders=waiting
    )


def steps(facts: Given) -> list[DeskStep]:
    """The year's steps in their order (practice, "The year"), each with how it stands; all but done and next are
    folded."""
    now, plan, case, stands = facts["round"], facts["plan"], facts["case_row"], facts["stands"]
    at = f"/rounds/{now.id}"
    stages = [p.stage for p in stands.everyone]
    total, draft, confirmed = len(stages), sum(p.untold for p in stands.everyone), stages.count("confirmed")
    answered = sum(a.answered_on is not None for a in facts["answered"].values())
    data = (
        f"{counted(len(case.case['schools']), 'school')}, {counted(len(case.case['sips']), 'SIP')}"
        if case
        else "not yet"
    )
    waiting = len({p.urn for p in stands.everyone if p.stage in ("proposed", "queried")})
    return [
        DeskStep("Data", f"{at}/data", data, case is not None),
        DeskStep("Ask", f"{at}/ask", f"{answered} answered" if facts["answered"] else "nobody asked", bool(answered)),
        DeskStep(
            "Plan",
            f"{at}/plan",
            f"{counted(plan.summary.filled, 'post')} filled, {plan.summary.unfilled} not" if plan else "not yet",
            plan is not None,
        ),
        DeskStep(
            "Tell",
            f"{at}/publish",
            f"{total - draft} of {total} pairs told" if total else "nobody",
            bool(total) and not draft,
        ),
        DeskStep(
            "Answers",
            f"{at}/answers",
            f"{counted(waiting, 'school')} to come" if total > draft else "none yet",
            total > draft and not waiting,
        ),
        DeskStep(
            "Confirm",
            f"{at}/confirm",
            f"{confirmed} of {total} pairs" if total else "none yet",
            bool(total) and confirmed == total,
        ),
        DeskStep("In force", f"{at}/confirm", "yes" if stands.in_force else "not yet", stands.in_force),
    ]
