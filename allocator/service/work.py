"""Jobs as the service shows them: accepted, waited for, answered."""

from __future__ import annotations

import re
import time
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from allocator.service.asking import Office
from allocator.service.people import Who
from allocator.service.schemas import JobOut
from allocator.store import keep
from allocator.store.tables import Job, RoundRow

FINAL = ("done", "cancelled", "failed")
LOOK = 0.02  # seconds between looks while waiting


def accept(
    office: Office, s: Session, request: Request, row: RoundRow, kind: str, ask: dict[str, Any], who: Who
) -> Job:  # fmt: skip
    """Written down; with an Idempotency-Key the same request is the same job, whatever happened in between."""
    return office.queue.accept(
        s, programme=row.programme_id, round_id=row.id, kind=kind, request=ask, by=who.person(row.programme_id),
        limit=office.settings.open_jobs, job_id=getattr(request.state, "once", None),
    )  # fmt: skip


def job_out(job: Job) -> JobOut:
    """A job without the case it carries, or the bytes of a file it made."""
    result = {k: v for k, v in job.result.items() if k != "base64"} if job.result else None
    return JobOut(
        id=job.id, kind=job.kind, round=job.round_id, state=job.state, reason=job.reason, result=result,
        progress=job.progress, created_at=job.created_at, started_at=job.started_at, ended_at=job.ended_at,
    )  # fmt: skip


def answered(office: Office, request: Request, job: Job) -> Response:
    """Into the queue; 202 with where to look, or within `Prefer: wait` 200 with what came of it: a plan where the
    job makes one."""
    if job.state == "queued":
        office.queue.send(job)
    location = f"/api/v1/solves/{job.id}"
    wait = _wait(request, office.settings.wait_seconds)
    until = time.monotonic() + wait
    while wait and time.monotonic() < until:
        with office.db.read() as s:
            now = s.get_one(Job, job.id)
            if now.state in FINAL:
                if now.state == "done" and now.result and job.kind in ("solve", "what_if", "resubmission"):
                    row = keep.plan_row(s, str(now.result["plan"]))
                    headers = {"Content-Location": f"/api/v1/plans/{row.id}", "Location": location}
                    return Response(
                        row.body, 200, {**headers, "ETag": f'"{row.content}"', "Preference-Applied": f"wait={wait}"},
                        "application/json",
                    )  # fmt: skip
                return JSONResponse(job_out(now).model_dump(mode="json"), 200, {"Location": location})
        time.sleep(LOOK)
    return JSONResponse(job_out(job).model_dump(mode="json"), 202, {"Location": location})


def _wait(request: Request, most: int) -> int:
    found = re.search(r"(?:^|[\s,])wait\s*=\s*(\d{1,6})", request.headers.get("prefer", ""))
    return min(int(found[1]), most) if found else 0
