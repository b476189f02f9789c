"""Work about a plan: begun, found again, stopped."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.errors import RoundRefuses
from allocator.jobs.asks import PlanAsk, WhatIfAsk
from allocator.service.access import Office, fresh, plan_in
from allocator.service.http_problems import HttpProblem
from allocator.service.roles import Who
from allocator.service.views import moves_only
from allocator.service.work import FINAL, accept, sent
from allocator.store import keep
from allocator.store.tables import Job


def job_in(s: Session, who: Who, id: str, *, lock: bool = False) -> Job:
    """A job of a programme of theirs. Raises HttpProblem `not_found`."""
    job = s.get(Job, id, with_for_update=lock)
    if job is None or job.programme_id not in who.programmes():
        raise HttpProblem("not_found", f"There is no job {id}.", withheld=job is not None)
    return job


def begin(office: Office, request: Request, who: Who, ask: PlanAsk) -> Job:
    """A job about a plan."""
    most = office.settings.solve_seconds
    with office.db.write() as s:
        row, of = plan_in(s, who, ask.plan)
        held = keep.the_round(s, of.id, lock=True)
        fresh(request, held)
        if isinstance(ask, WhatIfAsk) and ask.adopt:
            on_desk = keep.current(s, of.id)
            if on_desk is None or on_desk.id != row.id:
                raise RoundRefuses(
                    "Only the plan on the round's desk can be changed by hand. Compare this one instead."
                )
            reason = ask.reason or ""
            if not reason.strip():
                raise RoundRefuses("A change by hand is kept with its reason. Say why in a sentence.")
            moves_only(rounds.facts_of(keep.plan_of(row)), ask.changes, who, of.programme_id)
            by = who.person(of.programme_id)
            keep.note(s, by, "changed by hand", row.id, programme=of.programme_id, detail=reason)
        ask = ask.model_copy(update={"time_limit": min(ask.time_limit or most, most)})
        job = accept(office, s, request, held, ask, who)
    return sent(office, job)


def cancel(office: Office, who: Who, id: str) -> Job:
    """Stop it. A running solve ends within a second or so and keeps its best audited plan, beside the desk."""
    with office.db.write() as s:
        job = job_in(s, who, id, lock=True)
        if job.state in FINAL:
            raise HttpProblem("round_refuses", f"This job has ended already: {job.state}.")
        office.queue.cancel(s, job)
        keep.note(s, who.person(job.programme_id), "job cancelled", id, programme=job.programme_id, detail=job.kind)
        return job
