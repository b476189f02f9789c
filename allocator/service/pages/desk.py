"""The manager's way in: programmes, rounds, and the desk of one round with what to do next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.facts import Facts
from allocator.rounds.ask_first import schools_asked, sips_asked
from allocator.service.asking import Anyone, In, Manager, Reader, round_in, the_plan
from allocator.service.pages.doing import work_of
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.people import Who
from allocator.service.problems import Refusal
from allocator.service.routes.rounds import new_programme, new_round
from allocator.service.schemas import Id, ProgrammeIn, RoundIn, RoundOut
from allocator.service.views import round_out
from allocator.store import keep, questionnaires
from allocator.store.tables import Programme, RoundRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def home(request: Request, who: Anyone, office: In) -> Response:
    """Where this role works: a manager's rounds, a head's school, a SIP's year."""
    if who.role in ("school", "sip"):
        return done(f"/{who.role}")
    with office.db.read() as s:
        query = sa.select(Programme).where(Programme.id.in_(who.programmes())).order_by(Programme.name, Programme.id)
        mine = [(p, _rounds(s, p.id)) for p in s.scalars(query)]
    return show(request, "home.html", who, programmes=mine, errors={})


def _rounds(s: Session, programme: str) -> list[RoundOut]:
    query = sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at.desc())
    return [round_out(s, row, dt.date.today()) for row in s.scalars(query)]


@router.post("/programmes")
def make_programme(request: Request, who: Manager, office: In, form: Form) -> Response:
    """A programme of its own: nothing is shared with others."""
    name = form.need("programme", "Give the programme a name, such as Primary schools")
    if form.errors:
        raise Refusal("invalid", form.errors["programme"])
    new_programme(ProgrammeIn(name=name[:200]), who, office, Response())
    return done("/", f"{name} is there. Next time, choose on signing in which of the two you work in.")


@router.post("/programmes/{id}/rounds")
def make_round(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A round for a year."""
    name = form.need("name", "Give the round a name, such as 2027/28")
    if form.errors:
        raise Refusal("invalid", form.errors["name"])
    made = new_round(id, RoundIn(name=name[:200]), who, office, Response())
    return done(f"/rounds/{made.id}", f"Round {name} is open. First its data.")


@dataclass(frozen=True)
class Task:
    """A line of the desk's task list."""

    title: str
    href: str
    status: str
    hint: str = ""
    open: bool = True


@router.get("/rounds/{id}")
def desk(request: Request, id: Id, who: Reader, office: In) -> Response:
    """The desk: where the round stands, what to do next, and ways to everything else."""
    with office.db.read() as s:
        facts = around(s, id, who)
        work = work_of(s, id)
    return show(request, "desk.html", who, **facts, tasks=tasks(facts), work=work)


def around(s: Session, id: str, me: Who) -> dict[str, Any]:
    """What every page of a round is given: the round, its programme, case and plan (None while there is none)."""
    row = round_in(s, me, id)
    now = round_out(s, row, dt.date.today())
    plan = keep.current(s, id)
    return {
        "round": now, "version": row.version, "programme": s.get_one(Programme, row.programme_id),
        "case_row": keep.case_row(s, id), "plan": the_plan(plan) if plan else None, "plan_id": plan.id if plan else None,
        "stands": keep.standing(s, id), "answered": questionnaires.asked(s, id),
    }  # fmt: skip


def tasks(facts: dict[str, Any]) -> list[tuple[str, list[Task]]]:
    """The year's steps in their order (practice, "The year"), each with how it stands."""
    now, plan, case, stands = facts["round"], facts["plan"], facts["case_row"], facts["stands"]
    at = f"/rounds/{now.id}"
    stages = [p.stage for p in stands.pairs.values()]

    def count(*wanted: str) -> int:
        return sum(stage in wanted for stage in stages)

    notices = len(case.problems) if case else 0
    answered = [whose for (whose, _), a in facts["answered"].items() if a.answered_on]
    asked = "Needs the data first"
    if case is not None:
        among = Facts(*keep.case_of(case))
        asked = (f"{answered.count('school')} of {len(schools_asked(among))} schools, "
                 f"{answered.count('sip')} of {len(sips_asked(among))} SIPs answered")  # fmt: skip
    data = "Not started" if case is None else f"{len(case.case['schools'])} schools, {len(case.case['sips'])} SIPs"
    planned = "Not yet" if plan is None else f"{plan.summary.filled} posts filled, {plan.summary.unfilled} not"
    told = f"{len(stages) - count('draft')} of {len(stages)} told" if stages else "Nobody told"
    open_ = sum(q.outcome is None for q in stands.queries)
    refused = count("refused")
    said = f"{refused} refusal{'' if refused == 1 else 's'}, {open_} question{'' if open_ == 1 else 's'} open"
    decide = sum(p.represented for p in stands.pairs.values())
    waits = f"{decide} for a person to decide" if decide else ""
    return [
        ("Prepare", [
            Task("Ask schools and SIPs first", f"{at}/ask", asked, "Wishes, interests and days, before anything is planned"),
            Task("The data", f"{at}/data", data, f"{notices} notices" if notices else "Schools, SIPs, last year's pairs"),
            Task("People and their roles", f"/programmes/{now.programme}/people", "", "Managers, auditors, heads, chairs, SIPs"),
            Task("Settings in force", f"{at}/settings", case.policy.get("name", "") if case else "balanced"),
        ]),
        ("Plan", [
            Task("The board", f"{at}/board", planned, "Every SIP and school; move, lock, ask why", plan is not None),
            Task("The map", f"{at}/map", "", "", plan is not None),
            Task("What if", f"{at}/what-if", "", "A SIP leaves, days are cut, a school needs more", plan is not None),
        ]),
        ("Agree", [
            Task("Tell SIPs and schools", f"{at}/publish", told, "", plan is not None),
            Task("Refusals and questions", f"{at}/answers", said, waits, plan is not None),
            Task("Confirm", f"{at}/confirm", f"{count('confirmed')} of {len(stages)} confirmed", "Pair by pair, by a named manager", plan is not None),
        ]),
        ("Hand out", [
            Task("Workbook, letters, print", f"{at}/out", "", "", plan is not None),
            Task("The log", f"{at}/log", f"{stands.length} entr{'y' if stands.length == 1 else 'ies'}", "Who did what, and when"),
        ]),
    ]  # fmt: skip
