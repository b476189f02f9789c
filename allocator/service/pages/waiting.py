"""Waiting for work: progress with the best plan so far, a stop button, and on to the answer when it is there."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from allocator.service.asking import In, Manager, Reader, fresh, round_in
from allocator.service.pages.desk import around
from allocator.service.pages.entrance import inside
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.routes.rounds import solve
from allocator.service.routes.work import cancel, job_in
from allocator.service.schemas import Id, SolveIn
from allocator.service.work import FINAL, job_out
from allocator.store.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)
DOING = {
    "solve": "Making the plan", "what_if": "Working out what would change", "choices": "Ranking who could be offered",
    "resubmission": "Planning again with as little change as possible", "sweep": "Trying each SIP leaving",
    "frontier": "Finding what each further change would buy", "export": "Writing the file",
}  # fmt: skip


def wait_for(job: Job, then: str) -> Response:
    """To the waiting page of a job that was just accepted; `then` is where its answer is shown ({job}, {plan} filled in)."""
    return done(f"/rounds/{job.round_id}/jobs/{job.id}?then={quote(then)}")


@router.post("/rounds/{id}/solve")
def make_plan(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The annual allocation, as a job."""
    answer = solve(id, request, who, office, SolveIn.model_validate({}))
    job = answer.headers["location"].rsplit("/", 1)[1]
    with office.db.read() as s:
        return wait_for(s.get_one(Job, job), f"/rounds/{id}/board")


@router.get("/rounds/{id}/jobs/{job}")
def waiting(
    request: Request, id: Id, job: Id, who: Reader, office: In, then: Annotated[str, Query(max_length=500)] = "/"
) -> Response:
    """How the work stands. Without script the page asks again by itself."""
    with office.db.read() as s:
        round_in(s, who, id)
        found = job_out(job_in(s, who, job))
        facts = around(s, id, who)
    plan = str((found.result or {}).get("plan", ""))
    there = inside(then).replace("{job}", job).replace("{plan}", plan)
    if found.state == "done":
        return done(there)
    return show(request, "waiting.html", who, **facts, job=found, then=then, there=there, final=found.state in FINAL,
                doing=DOING.get(found.kind, found.kind))  # fmt: skip


@router.post("/rounds/{id}/jobs/{job}/stop")
def stop(request: Request, id: Id, job: Id, who: Manager, office: In, form: Form) -> Response:
    """Stop it; the best audited plan so far is kept."""
    with office.db.read() as s:
        fresh(request, round_in(s, who, id))
        ended = job_in(s, who, job).state in FINAL
    if not ended:
        cancel(job, who, office)
    return done(
        f"/rounds/{id}/jobs/{job}?then={quote(form.text('then') or '/')}", "Stopping. The best plan so far is kept."
    )
