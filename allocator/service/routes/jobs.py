"""Jobs: how they stand, as they go, cancelled, and the files that exports make."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from allocator.jobs import asks
from allocator.jobs.asks import ExportAsk
from allocator.service import passes
from allocator.service.access import In, Manager, Reader
from allocator.service.actions import jobs as actions
from allocator.service.actions.jobs import job_in
from allocator.service.http_problems import HttpProblem, errors
from allocator.service.idempotency import OnceRoute
from allocator.service.limits import AtOnce
from allocator.service.schemas import Id, JobOut
from allocator.service.uploads import XLSX
from allocator.service.work import FINAL, job_out
from allocator.store import keep
from allocator.store.legible import as_written
from allocator.store.tables import Job

router = APIRouter(route_class=OnceRoute)
TICK = 0.25  # seconds between looks for a listener
AGAIN = 2.0  # seconds between looks at whether the listener may still listen
QUIET = 15.0  # seconds after which a listener is told that nothing is new


class EventStream(StreamingResponse):
    """A stream of events to one listener, whose place is free when it ends, however it ends."""

    def __init__(self, told: AsyncIterator[str], listeners: AtOnce, key: str) -> None:
        super().__init__(told, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self.listeners, self.key = listeners, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.listeners.free(self.key)


@router.get("/solves/{id}")
def one_job(id: Id, who: Reader, office: In) -> JobOut:
    """A job: queued, running, done, cancelled or failed with a reason."""
    with office.db.read() as s:
        return job_out(job_in(s, who, id))


@router.delete("/solves/{id}", status_code=202, responses=errors("round_refuses"))
def cancel(id: Id, who: Manager, office: In) -> JobOut:
    """Stop it. A running solve ends within a second or so and keeps its best audited plan, beside the desk."""
    return job_out(actions.cancel(office, who, id))


@router.get(
    "/solves/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def listen(id: Id, request: Request, who: Reader, office: In) -> EventStream:
    """Server-sent events: `progress` with best, bound and gap as they come, then `ended` with the job. Each tells the
    whole state, so a listener that was cut off misses nothing; with its `Last-Event-ID` it is not told the same
    again."""

    def look(known: JobOut | None) -> JobOut | None:
        """The job. None once it is no longer theirs to see, which is asked wherever it is not as `known`."""
        with office.db.read() as s:
            if known is not None and (job := s.get(Job, id)) is not None and job_out(job) == known:
                return known
            me = passes.still(s, who, office.settings.idle)
            try:
                return job_out(job_in(s, me, id)) if me else None
            except HttpProblem:
                return None

    def first() -> JobOut:
        with office.db.read() as s:
            return job_out(job_in(s, who, id))

    job_now: JobOut | None = await run_in_threadpool(first)
    office.listeners.take(who.id)

    async def told() -> AsyncIterator[str]:
        job, said, quiet, looked = job_now, request.headers.get("last-event-id"), 0.0, 0.0
        while job is not None:
            text = json.dumps({"state": job.state, **(job.progress or {})})
            name = hashlib.sha256(text.encode()).hexdigest()[:16]
            if name != said:
                yield f"id: {name}\nevent: progress\ndata: {text}\n\n"
                said, quiet = name, 0.0
            elif quiet > QUIET:
                yield ": still here\n\n"  # or what is in between would close the line
                quiet = 0.0
            if job.state in FINAL:
                yield f"event: ended\ndata: {job.model_dump_json()}\n\n"
                return
            if await request.is_disconnected():
                return
            await asyncio.sleep(TICK)
            quiet, looked = quiet + TICK, looked + TICK
            known, looked = (None, 0.0) if looked >= AGAIN else (job, looked)
            job = await run_in_threadpool(look, known)

    return EventStream(told(), office.listeners, who.id)


BYTES = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/solves/{id}/file",
    response_class=Response,
    responses={**errors("not_finished"), 200: {"content": {XLSX: BYTES, "text/html": BYTES}}},
)
def file(id: Id, who: Reader, office: In) -> Response:
    """The file that an export made."""
    with office.db.write() as s:
        job = job_in(s, who, id)
        ask = asks.of(job)
        if not isinstance(ask, ExportAsk):
            raise HttpProblem("not_found", "This job makes no file.")
        if job.state != "done" or job.result is None:
            raise HttpProblem("not_finished", f"The file is not there: the job is {job.state}.")
        by = who.person(job.programme_id)
        keep.note(s, by, "exported", ask.plan, programme=job.programme_id, detail=ask.format)
        name = f'attachment; filename="plan.{ask.format}"'
        with as_written(f"Job {id}"):
            data, kind = base64.b64decode(job.result["base64"]), str(job.result["content_type"])
        return Response(data, 200, {"Content-Disposition": name}, kind)
