"""Plans: the plan itself, why, why not, and the questions asked of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from allocator.domain.case import PostKind
from allocator.domain.change import all_of
from allocator.domain.plan import Plan
from allocator.errors import NotThere, UsageError
from allocator.jobs.asks import ChoicesAsk, ExportAsk, FrontierAsk, SweepAsk, WhatIfAsk
from allocator.questions.compare import compare
from allocator.reasons.why import explain
from allocator.service.access import Anyone, In, Manager, Reader, plan_in
from allocator.service.actions.jobs import begin
from allocator.service.http_problems import HttpProblem, errors
from allocator.service.idempotency import OnceRoute
from allocator.service.schemas import (
    ChoicesIn,
    ExportIn,
    Id,
    JobOut,
    Key,
    OwnPair,
    OwnPlan,
    SweepIn,
    UrnPath,
    WhatIfIn,
)
from allocator.service.views import own_plan, ready_of
from allocator.service.work import answered
from allocator.store import keep

router = APIRouter(route_class=OnceRoute)
Post = Annotated[PostKind, Query(description="which post of the school")]


@router.get("/plans/{id}", response_model=Plan | OwnPlan, responses={304: {"description": "as you have it"}})
def plan(id: Id, request: Request, who: Anyone, office: In) -> Response:
    """The plan, word for word as the command line writes it. A school or SIP gets its own pairs, in words."""
    with office.db.read() as s:
        row, of = plan_in(s, who, id)
        if who.role in ("school", "sip"):
            body = own_plan(s, row, of, who).model_dump_json(by_alias=True)
            return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
        tag = f'"{row.content}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(row.body, media_type="application/json", headers={"ETag": tag})


@router.get("/plans/{id}/assignments/{urn}", response_model=dict[str, Any] | OwnPair)
def assignment(id: Id, urn: UrnPath, who: Anyone, office: In, post: Post = "lead") -> Any:
    """Why this SIP: for a manager points, runner-up and margin; for a school or SIP what it may know."""
    with office.db.read() as s:
        row, of = plan_in(s, who, id)
        if who.role in ("school", "sip"):
            own = [a for a in own_plan(s, row, of, who).assignments if (a.urn, a.post) == (urn, post)]
            if not own:
                raise HttpProblem(
                    "not_found", f"There is no {post} post of yours at {urn} in this plan.", withheld=True
                )
            return own[0]
        made = keep.plan_of(row)
    try:
        return asdict(explain(ready_of(row, made), made, urn, post))
    except UsageError as error:
        raise NotThere(error.text) from None


@router.get("/plans/{id}/why-not")
def why_not(
    id: Id, who: Reader, office: In, urn: Annotated[Key, Query()], sip: Annotated[Key, Query()], post: Post = "lead"
) -> dict[str, Any]:
    """Why not that one: the rules that block, or the exact price by a forced solve, with the chain of moves."""
    with office.db.read() as s:
        row, _ = plan_in(s, who, id)
        made = keep.plan_of(row)
    with office.thinking.one(who.id):
        return asdict(explain(ready_of(row, made), made, urn, post, sip=sip))


@router.get("/plans/{id}/comparison")
def comparison(
    id: Id, who: Reader, office: In, other: Annotated[str, Query(alias="with", pattern=r"^[0-9A-Za-z_-]{1,64}$")]
) -> dict[str, Any]:
    """This plan against another: what moved, why, what it cost."""
    with office.db.read() as s:
        a, of = plan_in(s, who, id)
        b, of_other = plan_in(s, who, other)
        if of.programme_id != of_other.programme_id:
            raise NotThere(f"There is no plan {other} in this programme.")
        return asdict(compare(keep.plan_of(a), keep.plan_of(b)))


@router.post("/plans/{id}/what-ifs", status_code=202, response_model=JobOut, responses=errors("stale", "round_refuses"))
def what_if(id: Id, ask: WhatIfIn, request: Request, who: Manager, office: In) -> Response:
    """A scenario against this plan: repaired with least change, or rebuilt. With `adopt` it goes on the desk."""
    return answered(
        office,
        request,
        begin(office, request, who, WhatIfAsk(plan=id, **{**ask.model_dump(), "changes": all_of(ask.changes)})),
    )


@router.post("/plans/{id}/choices", status_code=202, response_model=JobOut, responses=errors("stale"))
def choices(id: Id, ask: ChoicesIn, request: Request, who: Manager, office: In) -> Response:
    """For each school that the changes leave without its SIP: whom it could be offered, ranked, with consequences."""
    return answered(
        office,
        request,
        begin(office, request, who, ChoicesAsk(plan=id, **{**ask.model_dump(), "changes": all_of(ask.changes)})),
    )


@router.post("/plans/{id}/sweeps", status_code=202, response_model=JobOut, responses=errors("stale"))
def sweep(id: Id, request: Request, who: Manager, office: In, ask: SweepIn | None = None) -> Response:
    """Every SIP leaving in turn, or what one more day or SIP would gain; spread over all workers."""
    asked = SweepAsk(plan=id, **(ask or SweepIn.model_validate({})).model_dump())
    return answered(office, request, begin(office, request, who, asked))


@router.post("/plans/{id}/frontier", status_code=202, response_model=JobOut, responses=errors("stale"))
def frontier(id: Id, request: Request, who: Manager, office: In) -> Response:
    """Best points for every number of schools changed."""
    return answered(office, request, begin(office, request, who, FrontierAsk(plan=id)))


@router.post("/plans/{id}/exports", status_code=202, response_model=JobOut, responses=errors("stale"))
def export(id: Id, request: Request, who: Manager, office: In, ask: ExportIn | None = None) -> Response:
    """The plan as a workbook or a page; fetch it at solves/{id}/file."""
    asked = ExportAsk(plan=id, format=(ask or ExportIn.model_validate({})).format)
    return answered(office, request, begin(office, request, who, asked))
