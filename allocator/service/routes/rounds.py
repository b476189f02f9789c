"""Programmes and their rounds: case, policy, solves, resubmissions, in force, next year, the log."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Body, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from allocator.domain.fold import fold
from allocator.domain.policy import Policy
from allocator.service import uploads
from allocator.service.access import Anyone, In, Manager, Reader, fresh, programme_in, round_in, tag
from allocator.service.actions import rounds as actions
from allocator.service.http_problems import HttpProblem, TableProblem, errors, table_problem
from allocator.service.idempotency import OnceRoute
from allocator.service.schemas import (
    CaseOut,
    CaseSaid,
    Cursor,
    EventOut,
    Id,
    JobOut,
    Limit,
    NewRound,
    PageOf,
    ProgrammeIn,
    ProgrammeOut,
    Recorded,
    RefusalDecision,
    ResubmitIn,
    RoundIn,
    RoundOut,
    SolveIn,
    page,
)
from allocator.service.views import event_out, not_about_oneself, round_listed, round_out
from allocator.service.work import answered, job_out
from allocator.store import keep
from allocator.store.tables import EventRow, Job, Programme, RoundRow

router = APIRouter(route_class=OnceRoute)
WRITE = ("stale", "round_refuses")


@router.get("/programmes")
def programmes(who: Anyone, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[ProgrammeOut]:
    """My programmes, in this role."""
    query = sa.select(Programme).where(Programme.id.in_(who.programmes()))
    with office.db.read() as s:
        return page(s, query, [Programme.id], cursor, limit, ProgrammeOut.model_validate)


@router.post("/programmes", status_code=201)
def new_programme(new: ProgrammeIn, who: Manager, office: In, response: Response) -> ProgrammeOut:
    """A programme of its own: nothing is shared with others. Whoever makes it manages it."""
    made = actions.new_programme(office, who, new)
    response.headers["Location"] = f"/api/v1/programmes/{made.id}"
    return made


@router.get("/programmes/{id}")
def programme(id: Id, who: Anyone, office: In) -> ProgrammeOut:
    """One of my programmes."""
    with office.db.read() as s:
        return ProgrammeOut.model_validate(programme_in(s, who, id))


@router.put("/programmes/{id}")
def change_programme(id: Id, new: ProgrammeIn, who: Manager, office: In) -> ProgrammeOut:
    """Its name, its office, and the telephone number that letters and pages give; what is left out is blank."""
    return actions.change_programme(office, who, id, new)


@router.get("/programmes/{id}/rounds")
def rounds_of(id: Id, who: Reader, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[RoundOut]:
    """The programme's rounds, oldest first."""
    with office.db.read() as s:
        programme_in(s, who, id)
        query = sa.select(RoundRow).where(RoundRow.programme_id == id)
        today = dt.date.today()
        return page(s, query, [RoundRow.created_at, RoundRow.id], cursor, limit, lambda r: round_listed(s, r, today))


@router.post("/programmes/{id}/rounds", status_code=201)
def new_round(id: Id, new: RoundIn, who: Manager, office: In, response: Response) -> RoundOut:
    """A round for a year."""
    made = actions.new_round(office, who, id, new)
    response.headers.update({"Location": f"/api/v1/rounds/{made.id}", "ETag": f'"{made.version}"'})
    return made


@router.get("/rounds/{id}")
def one_round(id: Id, who: Reader, office: In, response: Response) -> RoundOut:
    """Where the round stands. Its ETag, sent back as If-Match, keeps a write from going over somebody else's."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        response.headers["ETag"] = tag(row)
        return round_out(s, row, dt.date.today())


CASE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            uploads.JSON: {"schema": {"type": "object"}},
            uploads.XLSX: {"schema": {"type": "string", "format": "binary"}},
            uploads.ZIP: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
YearAsked = Annotated[str | None, Query(pattern=r"^\d{4}/\d{2}$", description="the academic year planned")]


@router.put(
    "/rounds/{id}/case",
    openapi_extra=CASE_BODY,
    responses=errors("stale", "unknown_media", "case_errors", "round_refuses"),
)
async def put_case(
    id: Id, request: Request, who: Manager, office: In, response: Response, year: YearAsked = None
) -> CaseSaid:
    """The round's case: a workbook, a zip of tables or JSON. With errors nothing is kept, and every one is listed.
    Earlier versions stay; the case in force, sent again, is no new one."""
    body = await request.body()
    media = request.headers.get("content-type", "")

    def put() -> CaseSaid:
        office.limiter.count(f"upload {who.id}", office.settings.uploads_per_minute)
        with office.db.read() as s:
            round_in(s, who, id)
        reading = uploads.read_upload(body, media, year, None)
        problems = [table_problem(p) for p in reading.problems]
        if reading.case is None:
            count = sum(p.severity == "error" for p in problems)
            raise HttpProblem("case_errors", f"{count} errors. Nothing was kept.", problems=problems)
        with office.db.write() as s:
            row = round_in(s, who, id, lock=True)
            plain = [p.model_dump() for p in problems]
            by, last = who.person(row.programme_id), keep.case_row(s, id)
            if last is not None and keep.same_case(last, reading.case, reading.policy):
                kept = last  # sent again: what was to be done is done
            else:
                fresh(request, row)
                not_about_oneself(s, row, keep.case_of(last)[0] if last else None, reading.case, who)
                kept = keep.keep_case(s, row, reading.case, reading.policy, plain, by)
                keep.note(s, by, "case put", id, programme=row.programme_id, detail=kept.sha256)
            response.headers["ETag"] = tag(row)
        case = reading.case
        return CaseSaid(
            sha256=kept.sha256, year=case.year, schools=len(case.schools), sips=len(case.sips), problems=problems
        )

    return await run_in_threadpool(put)


@router.get("/rounds/{id}/case")
def get_case(id: Id, who: Reader, office: In) -> CaseOut:
    """The case in force, with what was said about it."""
    with office.db.read() as s:
        round_in(s, who, id)
        row = keep.case_row(s, id)
        if row is None:
            raise HttpProblem("not_found", "This round has no case yet.")
        return CaseOut(sha256=row.sha256, case=row.case, problems=[TableProblem(**p) for p in row.problems])


@router.get("/rounds/{id}/policy")
def get_policy(id: Id, who: Reader, office: In) -> dict[str, Any]:
    """Every setting in force; those of *balanced* while there is no case."""
    with office.db.read() as s:
        round_in(s, who, id)
        row = keep.case_row(s, id)
        return row.policy if row else Policy().model_dump(mode="json")


@router.put("/rounds/{id}/policy", responses=errors("stale", "case_errors", "round_refuses"))
def put_policy(
    id: Id,
    request: Request,
    who: Manager,
    office: In,
    response: Response,
    policy: Annotated[dict[str, Any], Body(examples=[{"name": "steady", "tenure.limit": 6}])],
) -> dict[str, Any]:
    """Settings by key, over the shipped policy that `name` names. The case stays as it is, in a new version."""
    new, version = actions.put_policy(office, request, who, id, policy)
    response.headers["ETag"] = f'"{version}"'
    return new.model_dump(mode="json")


@router.get("/rounds/{id}/solves")
def solves(id: Id, who: Reader, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[JobOut]:
    """All work of the round, oldest first."""
    with office.db.read() as s:
        round_in(s, who, id)
        query = sa.select(Job).where(Job.round_id == id)
        return page(s, query, [Job.created_at, Job.id], cursor, limit, job_out)


@router.post("/rounds/{id}/solves", status_code=202, response_model=JobOut, responses=errors(*WRITE))
def solve(id: Id, request: Request, who: Manager, office: In, ask: SolveIn | None = None) -> Response:
    """The annual allocation, as a job. `Prefer: wait=N` answers with the plan itself if it is done in time."""
    return answered(office, request, actions.solve(office, request, who, id, ask or SolveIn.model_validate({})))


@router.post("/rounds/{id}/resubmissions", status_code=202, response_model=JobOut, responses=errors(*WRITE))
def resubmit(id: Id, request: Request, who: Manager, office: In, ask: ResubmitIn | None = None) -> Response:
    """Every refusal that stands, solved again with least change, as a job. Without `adopt` the desk stays as it is."""
    return answered(office, request, actions.resubmit(office, request, who, id, ask or ResubmitIn.model_validate({})))


def tagged(response: Response, done: Recorded) -> Recorded:
    """What was recorded, with the version that it made of the round where that may be read."""
    if done.version is not None:
        response.headers["ETag"] = f'"{done.version}"'
    return done


@router.post("/rounds/{id}/refusals", responses=errors(*WRITE))
def decide(id: Id, ask: RefusalDecision, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """A person's word on a refusal that could not stand by itself: a second one, or a school of concern's."""
    return tagged(response, actions.decide(office, request, who, id, ask))


@router.post("/rounds/{id}/in-force", responses=errors(*WRITE))
def in_force(id: Id, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """The confirmed plan becomes the year's plan."""
    return tagged(response, actions.in_force(office, request, who, id))


@router.post("/rounds/{id}/next-year", status_code=201, responses=errors(*WRITE))
def roll_over(id: Id, request: Request, who: Manager, office: In, response: Response) -> NewRound:
    """Next year's round, its case made from this year's end: tenure carried, what lapses left behind. A round has one:
    asked for again it is the answer, with 200."""
    made = actions.roll_over(office, request, who, id)
    if not made.opened:
        response.status_code = 200
    response.headers["Location"] = f"/api/v1/rounds/{made.round}"
    return made


@router.get("/rounds/{id}/events")
def events(id: Id, who: Reader, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[EventOut]:
    """The append-only log. Why a head refused is for managers only."""
    with office.db.read() as s:
        round_in(s, who, id)
        log = {e.n: e for e in keep.events_of(s, id)}
        assert fold(log.values()).length == len(log)  # a log that cannot be replayed is a defect, and is not shown
        query = sa.select(EventRow).where(EventRow.round_id == id)
        shown = who.role == "manager"
        return page(s, query, [EventRow.n], cursor, limit, lambda r: event_out(log[r.n], r.data, reasons=shown))
