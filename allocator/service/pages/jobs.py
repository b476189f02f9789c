"""Waiting for work: what the best plan so far comes to, a stop button, on to the answer when it is there; and what
fails.

Where a script runs the page asks again twice a second, over lost connections and restarts; where none runs, it reloads.
"""

from __future__ import annotations

import time
from typing import Annotated
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.jobs import asks
from allocator.jobs.asks import SolveAsk, is_trial
from allocator.report.so_far import so_far
from allocator.service.access import In, Manager, Office, Reader, fresh, round_in, writing
from allocator.service.actions.jobs import cancel, job_in
from allocator.service.actions.rounds import solve
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.doing import AWAY, what
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, done, headers, show
from allocator.service.pages.sign_in import inside
from allocator.service.schemas import Id, SolveIn
from allocator.service.work import FINAL, LOOK, job_out
from allocator.store import keep
from allocator.store.legible import MadePlan, answer, as_written
from allocator.store.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)
THERE = {  # where a job's answer is shown
    "what_if": "/what-if/{plan}",
    "choices": "/choices/{job}",
    "sweep": "/resilience",
    "frontier": "/frontier",
    "export": "/out",
}
BRIEF = 1.0  # seconds in which work is waited for, and no waiting page shown
SHORT, LONGER = ("what_if", "resubmission", "export"), 3.0  # kinds waited for longer, once a worker has them


def wait_for(job: Job, then: str) -> Response:
    """To the waiting page of a job that was just accepted; `then` is where its answer is shown ({job}, {plan}
    filled in)."""
    return done(f"/rounds/{job.round_id}/jobs/{job.id}?then={quote(then)}")


def follow(office: Office, accepted: Job, then: str) -> Response:
    """On from a job that was accepted: to its answer where that is quick, else to wait for it."""
    began = time.monotonic()
    while True:
        with office.db.read() as s:
            job = s.get_one(Job, accepted.id)
        if job.state == "done":
            return done(there(job, then))
        most = LONGER if job.state == "running" and job.kind in SHORT else BRIEF
        if job.state in FINAL or time.monotonic() > began + most:
            return wait_for(job, then)
        time.sleep(LOOK)


def there(job: Job, then: str) -> str:
    """Where the job's answer is shown."""
    with as_written(f"Job {job.id}"):
        plan = str((job.result or {}).get("plan", ""))
    return inside(then).replace("{job}", job.id).replace("{plan}", plan)


def usual(job: Job) -> str:
    """`then` for a job that nobody sent from a page."""
    if is_trial(job):  # a setting tried before it is saved
        return f"/rounds/{job.round_id}/settings/preview/{job.id}"
    return f"/rounds/{job.round_id}{THERE.get(job.kind, '/board')}"


@router.post("/rounds/{id}/solve")
def make_plan(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The annual allocation, as a job."""
    return follow(office, solve(office, request, who, id, SolveIn.model_validate({})), f"/rounds/{id}/plan")


@router.get("/rounds/{id}/jobs/{job}")
def waiting(
    request: Request,
    id: Id,
    job: Id,
    who: Reader,
    office: In,
    then: Annotated[str, Query(max_length=500)] = "",
    seen: str = "",
) -> Response:
    """How the work stands. A script says what it has `seen`, and is told only what is new."""
    by_script = request.headers.get("hx-request") == "true"
    with office.db.read() as s:
        found = job_in(s, who, job)
        then = then or usual(found)
        if found.state == "done":
            return _told(request, HX_Redirect=there(found, then)) if by_script else done(there(found, then))
        with as_written(f"Job {job}"):
            now = so_far(found.progress)
        before = ahead(s, found)
        nobody = found.state == "queued" and not office.queue.alive(s)
        mark = (
            f"{before} {found.state} {found.reason} {found.cancel} {nobody} {now.step} {now.done} {' '.join(now.lines)}"
        )
        if by_script and (found.state in FINAL or mark == seen):
            return _told(request, HX_Refresh="true") if found.state in FINAL else _told(request)
        facts = around(s, id, who)
        trial = is_trial(found)
        with as_written(f"Job {job}"):
            beside = None if trial else (found.result or {}).get("plan")
        best = keep.plan_of(keep.plan_row(s, beside)) if beside else None
    return show(
        request,
        "jobs.html",
        who,
        **facts,
        job=job_out(found),
        then=then,
        final=found.state in FINAL,
        keeps=not trial,
        stopping=found.cancel,
        best=best,
        best_id=beside,
        trial=trial,
        doing=what(found),
        before=before,
        longest=round(office.settings.job_seconds / 60),
        so_far=now,
        seen=mark,
        nobody=nobody,
    )


def ahead(s: Session, job: Job) -> tuple[int, int]:
    """(at work, waiting since before it), whoever asked: what work in the queue waits for."""
    if job.state != "queued":
        return 0, 0
    older = sa.and_(Job.state == "queued", Job.created_at < job.created_at)
    counts = [
        s.scalar(sa.select(sa.func.count()).select_from(Job).where(w)) or 0 for w in (Job.state == "running", older)
    ]
    return counts[0], counts[1]


def _told(request: Request, **also: str) -> Response:
    """Nothing to draw: htmx keeps what it has, or does what a header says."""
    return Response(status_code=204, headers=headers(request) | {k.replace("_", "-"): v for k, v in also.items()})


@router.post("/rounds/{id}/jobs/{job}/stop")
def stop(request: Request, id: Id, job: Id, who: Manager, office: In, form: Form) -> Response:
    """Stop it; of a plan in the making the best so far is audited and kept."""
    with office.db.read() as s:
        fresh(request, round_in(s, who, id))
        found = job_in(s, who, job)
        ended, keeps = found.state in FINAL, not is_trial(found)
    if not ended:
        cancel(office, who, job)
    said = "Stopping. The best plan so far is kept." if keeps else "Stopped. Nothing was changed."
    return done(f"/rounds/{id}/jobs/{job}?then={quote(form.text('then') or '')}", said)


@router.post("/rounds/{id}/jobs/{job}/away")
def put_away(request: Request, id: Id, job: Id, who: Manager, office: In, form: Form) -> Response:
    """What did not end well leaves the desk; the log says who put it away."""
    with office.db.write() as s:
        found = job_in(s, who, job)
        if found.round_id != id or found.state not in FINAL:
            raise HttpProblem("not_found", "This work has not ended: stop it first.")
        keep.note(s, who.person(found.programme_id), AWAY, job, programme=found.programme_id, detail=found.kind)
    return done(f"/rounds/{id}", f"“{what(found)}” is put away.")


@router.post("/rounds/{id}/jobs/{job}/adopt")
def adopt(request: Request, id: Id, job: Id, who: Manager, office: In, form: Form) -> Response:
    """The best plan of a search that was stopped goes on the desk as the draft: audited, but not proved the best."""
    with writing(request, office, who, id) as (s, row):
        found = job_in(s, who, job)
        ask = asks.of(found)
        goes = isinstance(ask, SolveAsk) and ask.adopt
        if found.round_id != id or not goes or found.state != "cancelled" or not found.result:
            raise HttpProblem("not_found", "This work left no plan to put on the desk.")
        left = answer(found, MadePlan).plan
        plan = keep.plan_of(keep.plan_row(s, left))
        by = who.person(row.programme_id)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, id), plan), by)
        keep.note(s, by, "stopped plan adopted", id, programme=row.programme_id, detail=left)
    return done(
        f"/rounds/{id}/board", "The best plan so far is on the desk. Nobody has shown that there is no better one."
    )
