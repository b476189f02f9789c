"""Programmes and their rounds: case, policy, solves, resubmissions, in force, next year, the log."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Body, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from allocator import rounds
from allocator.domain.fold import fold
from allocator.domain.policy import Policy
from allocator.errors import RoundRefuses
from allocator.intake.policy import policy_from
from allocator.intake.source import Raw
from allocator.questions.rollover import next_year
from allocator.service import roles, uploads
from allocator.service.access import Anyone, In, Manager, Reader, fresh, programme_in, round_in, tag, writing
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
from allocator.service.views import event_out, round_out
from allocator.service.work import accept, answered, job_out
from allocator.store import keep
from allocator.store.tables import EventRow, Grant, Job, Programme, RoundRow

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
    with office.db.write() as s:
        row = Programme(id=keep.new_id(), name=new.name, created_at=keep.now(), made_with=who.pass_id)
        s.add(row)
        s.flush()
        s.add(Grant(id=keep.new_id(), person_id=who.id, programme_id=row.id, role="manager"))
        roles.call(s, who.id, row.id, who.name)
        keep.note(s, who.person(row.id), "programme made", row.id, programme=row.id, detail=row.name)
        response.headers["Location"] = f"/api/v1/programmes/{row.id}"
        return ProgrammeOut.model_validate(row)


@router.get("/programmes/{id}")
def programme(id: Id, who: Anyone, office: In) -> ProgrammeOut:
    """One of my programmes."""
    with office.db.read() as s:
        return ProgrammeOut.model_validate(programme_in(s, who, id))


@router.get("/programmes/{id}/rounds")
def rounds_of(id: Id, who: Reader, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[RoundOut]:
    """The programme's rounds, oldest first."""
    with office.db.read() as s:
        programme_in(s, who, id)
        query = sa.select(RoundRow).where(RoundRow.programme_id == id)
        today = dt.date.today()
        return page(s, query, [RoundRow.created_at, RoundRow.id], cursor, limit, lambda r: round_out(s, r, today))


@router.post("/programmes/{id}/rounds", status_code=201)
def new_round(id: Id, new: RoundIn, who: Manager, office: In, response: Response) -> RoundOut:
    """A round for a year."""
    with office.db.write() as s:
        programme_in(s, who, id)
        row = RoundRow(id=keep.new_id(), programme_id=id, name=new.name, created_at=keep.now())
        s.add(row)
        s.flush()
        keep.note(s, who.person(id), "round made", row.id, programme=id, detail=new.name)
        response.headers.update({"Location": f"/api/v1/rounds/{row.id}", "ETag": tag(row)})
        return round_out(s, row, dt.date.today())


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
    responses=errors("stale", "unknown_media", "case_errors"),
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
    raw = Raw()
    new = policy_from(policy, raw)
    if raw.problems:
        problems = [table_problem(p) for p in raw.problems]
        raise HttpProblem(
            "case_errors", f"{len(problems)} settings cannot be used. Nothing was kept.", problems=problems
        )
    with writing(request, office, who, id) as (s, row):
        before = keep.case_row(s, id)
        if before is None:
            raise RoundRefuses("This round has no case yet. Put the case first; its policy can then be changed.")
        case, _ = keep.case_of(before)
        by = who.person(row.programme_id)
        keep.keep_case(s, row, case, new, before.problems, by)
        keep.note(s, by, "policy put", id, programme=row.programme_id, detail=new.name)
        response.headers["ETag"] = tag(row)
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
    ask = ask or SolveIn.model_validate({})
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        fresh(request, row)
        case = keep.case_row(s, id)
        if case is None:
            raise RoundRefuses("This round has no case yet. Put one at rounds/{id}/case.")
        if ask.adopt:
            rounds.may_adopt(keep.standing(s, id))
        asked = {**ask.model_dump(), "case": case.n}  # cases are never edited, so its number is enough
        asked["time_limit"] = min(ask.time_limit or office.settings.solve_seconds, office.settings.solve_seconds)
        job = accept(office, s, request, row, "solve", asked, who)
    return answered(office, request, job)


@router.post("/rounds/{id}/resubmissions", status_code=202, response_model=JobOut, responses=errors(*WRITE))
def resubmit(id: Id, request: Request, who: Manager, office: In, ask: ResubmitIn | None = None) -> Response:
    """Every refusal that stands, solved again with least change, as a job. Without `adopt` the desk stays as it is."""
    ask = ask or ResubmitIn.model_validate({})
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        fresh(request, row)
        if not keep.standing(s, id).waiting:
            raise RoundRefuses("No refusal waits to be resubmitted.")
        job = accept(office, s, request, row, "resubmission", ask.model_dump(), who)
    return answered(office, request, job)


def recorded(row: RoundRow, events: list[Any], state: str, response: Response, told: str | None = None) -> Recorded:
    response.headers["ETag"] = tag(row)
    return Recorded(events=[e.n for e in events], state=state, version=row.version, told=told)


@router.post("/rounds/{id}/refusals", responses=errors(*WRITE))
def decide(id: Id, ask: RefusalDecision, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """A person's word on a refusal that could not stand by itself: a second one, or a school of concern's."""
    with writing(request, office, who, id) as (s, row):
        by, today = who.person(row.programme_id), dt.date.today()
        done = keep.step(
            s, id, by, lambda d: rounds.decide_refusal(d, ask.urn, ask.stands, ask.reason, today, ask.post)
        )
        keep.note(s, by, "refusal decided", ask.urn, programme=row.programme_id, detail=str(ask.stands))
        return recorded(row, done, keep.standing(s, id).state, response)


@router.post("/rounds/{id}/in-force", responses=errors(*WRITE))
def in_force(id: Id, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """The confirmed plan becomes the year's plan."""
    with writing(request, office, who, id) as (s, row):
        by = who.person(row.programme_id)
        done = keep.step(s, id, by, lambda d: rounds.put_in_force(d, dt.date.today()))
        keep.note(s, by, "put in force", id, programme=row.programme_id)
        return recorded(row, done, keep.standing(s, id).state, response)


@router.post("/rounds/{id}/next-year", status_code=201, responses=errors(*WRITE))
def roll_over(id: Id, request: Request, who: Manager, office: In, response: Response) -> NewRound:
    """Next year's round, its case made from this year's end: tenure carried, what lapses left behind."""
    with writing(request, office, who, id) as (s, row):
        _, place = keep.desk(s, id)
        if not place.round.in_force:
            raise RoundRefuses("Next year's case is made from a plan that was in force. Confirm this one first.")
        new = next_year(place.plan)
        by = who.person(row.programme_id)
        fresh_round = RoundRow(
            id=keep.new_id(), programme_id=row.programme_id, name=new.case.year, created_at=keep.now()
        )
        s.add(fresh_round)
        s.flush()
        keep.keep_case(s, fresh_round, new.case, place.facts.policy.model_copy(update={"year": None}), [], by)
        keep.note(s, by, "next year made", fresh_round.id, programme=row.programme_id, detail=new.case.year)
        response.headers["Location"] = f"/api/v1/rounds/{fresh_round.id}"
        return NewRound(round=fresh_round.id, notes=list(new.notes))


@router.get("/rounds/{id}/events")
def events(id: Id, who: Reader, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[EventOut]:
    """The append-only log. Why a head refused is for managers only."""
    with office.db.read() as s:
        round_in(s, who, id)
        log = {e.n: e for e in keep.events_of(s, id)}
        assert fold(log.values()).length == len(log)  # a log that cannot be replayed is a defect, and is not shown
        query = sa.select(EventRow).where(EventRow.round_id == id)
        shown = who.role == "manager"
        return page(s, query, [EventRow.n], cursor, limit, lambda r: event_out(log[r.n], reasons=shown))
