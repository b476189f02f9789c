"""The telephone round: for each school that loses its SIP the ranked choices; one chosen is locked, the rest
worked out again."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from allocator.domain.plan import Plan
from allocator.jobs import asks
from allocator.jobs.asks import ChoicesAsk, ChosenRow
from allocator.questions.choices import Choice, Offer
from allocator.reasons.answer import world
from allocator.report.changes_told import NamesWithChanges, sentences, title
from allocator.report.sides import sides
from allocator.service.access import In, Manager, Office, Reader, round_in
from allocator.service.actions.jobs import job_in
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, show
from allocator.service.pages.what_if import address, choices_job, plan_of_round
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store.legible import answer
from allocator.store.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class ListsTold:
    """What came of the work: the plan if nobody chooses, each school's list, who compete for one place."""

    plan: str
    lists: tuple[Choice, ...]
    contests: tuple[str, ...]


@router.get("/rounds/{id}/choices/{job}")
def lists(request: Request, id: Id, job: Id, who: Reader, office: In) -> Response:
    """Each school's list: known locally or fresh eyes, what each choice does to others; chosen ones first."""
    return _page(request, id, job, who, office, "choices.html")


@router.get("/rounds/{id}/choices/{job}/sheet")
def sheet(request: Request, id: Id, job: Id, who: Reader, office: In) -> Response:
    """The same on paper: a school a block, with room to write what the head said."""
    return _page(request, id, job, who, office, "choices-sheet.html")


def _page(request: Request, id: str, job: str, who: Who, office: Office, template: str) -> Response:
    with office.db.read() as s:
        facts = around(s, id, who)
        found, ask = _choices_of(job_in(s, who, job), id)
        told = answer(found, ListsTold)
        before = keep.plan_of(plan_of_round(s, who, id, ask.plan))
        after = keep.plan_of(plan_of_round(s, who, id, told.plan))
    case, changes = world(before)[0], list(ask.changes)
    chosen = [(c.urn, c.sip) for c in ask.chosen]
    return show(
        request,
        template,
        who,
        **facts,
        job=job,
        lists=told.lists,
        contests=told.contests,
        chosen=chosen,
        names=NamesWithChanges(case, changes),
        heading=title(changes, case),
        said=sentences(changes, case),
        answer=told.plan,
        before=ask.plan,
        found=sides(before, after),
        change=address(id, changes),
        heads=_heads(before),
        offered=_offered(after),
        consequence=consequence,
        errors={},
    )


def _choices_of(job: Job, id: str) -> tuple[Job, ChoicesAsk]:
    ask = asks.of(job)
    if job.round_id != id or not isinstance(ask, ChoicesAsk) or job.state != "done":
        raise HttpProblem("not_found", "There is no list of choices at this address.")
    return job, ask


def consequence(offer: Offer) -> str:
    """What a choice does to others, without the name and the tag that the page shows apart (`choices.Offer.text`)."""
    text = offer.text.partition("): ")[2]
    return f"{text[:1].upper()}{text[1:]}"


def _heads(plan: Plan) -> dict[str, str]:
    """URN -> the address at which a head can be reached, where the case has one."""
    return {s["urn"]: s["head_email"] for s in plan.inputs.case["schools"] if s.get("head_email")}


def _offered(plan: Plan) -> dict[str, str]:
    """URN and post -> the SIP whom the plan gives if nobody chooses."""
    return {a.urn + a.post: a.sip for a in sorted(plan.assignments, key=lambda a: a.from_)}


@router.post("/rounds/{id}/choices/{job}")
def choose(request: Request, id: Id, job: Id, who: Manager, office: In, form: Form) -> Response:
    """A head has said yes to one: it is locked, and the other lists are worked out again. Or it is let go."""
    with office.db.read() as s:
        round_in(s, who, id)
        _, ask = _choices_of(job_in(s, who, job), id)
    said = form.text("choice") or ""
    try:
        urn, sip = json.loads(said)
    except (ValueError, TypeError, RecursionError):
        raise HttpProblem("invalid", "Choose one of the list.") from None
    chosen = [c for c in ask.chosen if c.urn != urn]
    if sip:
        chosen.append(ChosenRow(urn=str(urn), sip=str(sip)))
    return choices_job(request, id, who, office, ask.model_copy(update={"chosen": tuple(chosen)}))
