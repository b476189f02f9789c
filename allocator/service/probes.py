"""For machines that watch: whether it is alive, whether it is ready, and figures. Nothing of a programme or a person.

Whether it is ready is everybody's to ask, as a load balancer does; the figures are for whoever watches (`watches`).
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import time
from dataclasses import asdict

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from allocator.service import figures
from allocator.service.access import Office, Probed, office_of
from allocator.service.figures import FIGURES
from allocator.service.http_problems import HttpProblem, errors
from allocator.store import keep
from allocator.store.migrate import newest
from allocator.store.tables import Job

PROBE_SECONDS = 3.0  # within which a store that is well has answered
FRESH = 0.5  # seconds for which what one probe found is told to the next, by whoever may ask without end
PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip")  # what a proxy says of whom it asks for
router = APIRouter()


def watches(request: Request) -> bool:
    """Whether whoever asks may read figures: they show the token that the setting names, or ask on this very machine
    and not through a proxy."""
    token, said = office_of(request).settings.metrics_token, request.headers.get("authorization", "")
    if token and secrets.compare_digest(said.encode(), f"Bearer {token}".encode()):
        return True
    try:
        here = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
    return here and not any(h in request.headers for h in PASSED_ON)


@router.get("/healthz")
async def health() -> dict[str, str]:
    """The process answers: whatever its threads and its store are doing."""
    return {"status": "ok"}


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The store answers, takes writes, and its tables are of this version. `status`: `ok`; or `no workers`, and work
    waits. Whoever may read `/metrics` is told more: `workers` heard of lately, and `oldest_queued_seconds`, how long
    the job longest in the queue has waited."""
    office, inside = office_of(request), watches(request)
    if office.probe is None or (office.probe.done() and time.monotonic() - office.probed > FRESH * (not inside)):
        office.probe, office.probed = office.probes.submit(_look, office), time.monotonic()
    try:
        found = await asyncio.wait_for(asyncio.wrap_future(office.probe), PROBE_SECONDS)
    except TimeoutError:
        raise HttpProblem(
            "store_away", f"The store did not answer in {PROBE_SECONDS:g} s.", {"Retry-After": "5"}
        ) from None
    return JSONResponse(asdict(found) if inside else {"status": found.status})


def _look(office: Office) -> Probed:
    """What a probe is told. On a thread of its own: a store that hangs holds up no other request."""
    with office.db.read() as s:
        at = s.execute(sa.text("select version_num from alembic_version")).scalar()
        workers = len(office.queue.alive(s))
        oldest = s.scalar(sa.select(sa.func.min(Job.created_at)).where(Job.state == "queued"))
    if at != newest():
        told = f"The store is at step {at}, this version needs {newest()}."
        raise HttpProblem("store_away", told, {"Retry-After": "5"})
    office.db.takes_writes()
    waited = round((keep.now() - oldest).total_seconds(), 1) if oldest else None
    return Probed("ok" if workers else "no workers", workers, waited)


@router.get(
    "/metrics",
    response_class=Response,
    responses={**errors("forbidden"), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request) -> Response:
    """Figures for Prometheus; nothing personal. To whoever asks on the machine itself, or with the token of the
    service's settings (`ALLOCATOR_METRICS_TOKEN`) as a bearer."""
    if not watches(request):
        told = "Figures are told on this machine, or to whoever shows the token that ALLOCATOR_METRICS_TOKEN names."
        raise HttpProblem("forbidden", told)
    office = office_of(request)
    figures.look(office.db, office.queue)
    return Response(generate_latest(FIGURES), media_type=CONTENT_TYPE_LATEST)
