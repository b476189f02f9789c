"""Jobs as the service shows them: accepted, waited for, answered."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from allocator.jobs.asks import JobAsk
from allocator.service import passes
from allocator.service.access import Office
from allocator.service.http_problems import HttpProblem
from allocator.service.limits import AtOnce
from allocator.service.roles import Who
from allocator.service.schemas import JobOut
from allocator.store import keep
from allocator.store.legible import MadePlan, answer, as_written
from allocator.store.tables import Job, RoundRow

log = logging.getLogger("allocator.service")
FINAL = ("done", "cancelled", "failed")
LOOK, SLOWEST_LOOK = 0.02, 0.25  # seconds between looks while waiting


def accept(office: Office, s: Session, request: Request, row: RoundRow, ask: JobAsk, who: Who) -> Job:
    """Written down; with an Idempotency-Key the same request is the same job, whatever happened in between."""
    job = office.queue.accept(
        s,
        programme=row.programme_id,
        round_id=row.id,
        ask=ask.model_copy(update={"most_seconds": office.settings.job_seconds}),
        by=who.person(row.programme_id),
        limit=office.settings.open_jobs,
        job_id=getattr(request.state, "once", None),
        asked=getattr(request.state, "id", ""),
    )
    log.info("job accepted", extra={"job": job.id, "kind": ask.kind, "request": job.asked})
    return job


def sent(office: Office, job: Job) -> Job:
    """Into the queue, once it is committed."""
    if job.state == "queued":
        office.queue.send(job)
    return job


def job_out(job: Job) -> JobOut:
    """A job without the case it carries, or the bytes of a file it made."""
    with as_written(f"Job {job.id}"):
        result = {k: v for k, v in job.result.items() if k != "base64"} if job.result else None
        return JobOut(
            id=job.id,
            kind=job.kind,
            round=job.round_id,
            state=job.state,
            reason=job.reason,
            result=result,
            progress=job.progress,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
        )


class Later(JSONResponse):
    """202 with the job as it stands, or what came of it if that is there within `wait` seconds (`Prefer: wait`).

    It is waited for without holding a thread: `settled` is the answer to send. Who waits is a listener like others
    (`AtOnce`); where no place is free for `key`, the preference is not applied.
    """

    def __init__(
        self,
        job: Job,
        headers: dict[str, str],
        look: Callable[[], Response | None],
        wait: int,
        listeners: AtOnce,
        key: str,
    ) -> None:
        super().__init__(job_out(job).model_dump(mode="json"), 202, headers)
        self.look, self.wait, self.listeners, self.key = look, wait, listeners, key

    async def settled(self) -> Response:
        if not self.wait:
            return self
        try:
            with self.listeners.one(self.key):
                return await self._waited()
        except HttpProblem:  # the most at once
            del self.headers["preference-applied"]
            return self

    async def _waited(self) -> Response:
        until, pause = time.monotonic() + self.wait, LOOK
        while True:
            found = await run_in_threadpool(self.look)
            if found is not None:
                return found
            if time.monotonic() > until:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, SLOWEST_LOOK)
        return self


def answered(office: Office, request: Request, job: Job) -> Response:
    """202 with where to look, or within `Prefer: wait` 200 with what came of it: a plan where the
    job makes one."""
    wait = _wait(request, office.settings.wait_seconds)
    headers = {"Location": f"/api/v1/solves/{job.id}"} | ({"Preference-Applied": f"wait={wait}"} if wait else {})
    asked, who = job_out(job).model_dump(mode="json"), request.state.who

    def look() -> Response | None:
        with office.db.read() as s:
            now = s.get(Job, job.id)
            if now is not None and now.state not in FINAL:
                return None
            me = passes.still(s, who, office.settings.idle)
            if (
                now is None or me is None or now.programme_id not in me.programmes()
            ):  # told no more than what they asked
                return JSONResponse(asked, 202, headers)
            if now.state == "done" and now.result and now.kind in ("solve", "what_if", "resubmission"):
                row = keep.plan_row(s, answer(now, MadePlan).plan)
                plan = {"Content-Location": f"/api/v1/plans/{row.id}", "ETag": f'"{row.content}"'}
                return Response(row.body, 200, headers | plan, "application/json")
            return JSONResponse(job_out(now).model_dump(mode="json"), 200, headers)

    return Later(job, headers, look, wait, office.listeners, who.id)


def _wait(request: Request, most: int) -> int:
    found = re.search(r"(?:^|[\s,])wait\s*=\s*(\d{1,6})", request.headers.get("prefer", ""))
    return min(int(found[1]), most) if found else 0
