"""The FastAPI application: routes, errors, care; and a caretaker for the queue while it runs."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import DBAPIError

from allocator.jobs.queue import Queue
from allocator.service import http_problems, middleware, oidc, pages, probes
from allocator.service.access import Office, note_refusal
from allocator.service.environment import Settings
from allocator.service.mail import Mail, server_of
from allocator.service.openapi import describe
from allocator.service.pages.ground import refused
from allocator.service.routes import answers, jobs, people, plans, rounds, sessions
from allocator.store.database import Database

BASE = "/api/v1"


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The service on a store whose tables are up to date (`store.migrate.upgrade`)."""
    if settings.smtp_url:
        server_of(settings.smtp_url)  # told at the start, not when the first letter is due
    db = database or Database(settings.database_url)
    mail = Mail(settings.smtp_url, settings.mail_from, settings.mail_reply_to)
    office = Office(db, Queue(db, settings.silent_seconds), settings, mail)
    ended = threading.Event()

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        care_of = office.queue.caretaker(ended, life=office.life)
        yield
        ended.set()
        care_of.join(2)
        with suppress(DBAPIError):
            office.queue.gone(office.life)
        db.close()

    app = FastAPI(
        title="SIP allocator",
        version=version("sip-allocator"),
        lifespan=life,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        description="Allocates School Improvement Partners to schools: every pair explained, every plan audited.",
    )
    app.state.office = office
    http_problems.install(app, note_refusal, refused)
    for family in (sessions, people, rounds, jobs, plans, answers):
        app.include_router(family.router, prefix=BASE, tags=[family.__name__.rsplit(".", 1)[-1]])
    app.include_router(oidc.router, prefix=BASE, tags=["people"])
    oidc.install(app, office)
    app.include_router(probes.router, prefix=BASE, tags=["care"])
    app.include_router(probes.router, include_in_schema=False)  # where probes look for them
    for page in pages.FAMILIES:
        app.include_router(page.router)
    app.mount("/static", StaticFiles(packages=[("allocator.service", "static")]), name="static")
    sizes = {"most_bytes": settings.upload_mb * 2**20, "national_bytes": settings.national_mb * 2**20}
    app.add_middleware(middleware.Care, https=settings.https, **sizes)
    make = app.openapi

    @cache
    def openapi() -> dict[str, object]:
        return describe(app, make())

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app
