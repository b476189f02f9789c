"""`allocator serve`: the server and its workers, on one machine, by one command."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import sqlalchemy as sa
import uvicorn

from allocator.errors import UsageError
from allocator.service import passes, roles
from allocator.service.app import create_app
from allocator.service.connection import Connection
from allocator.service.environment import PREFIX, Settings
from allocator.service.middleware import log_as_json
from allocator.service.pages import ground
from allocator.store import keep, migrate
from allocator.store.database import Database, open_store
from allocator.store.tables import Grant, Programme, Someone

FIRST = "manager@localhost"
FIRST_MINUTES = 30  # the link printed at the start is for a person who is looking


def first_link(db: Database, base: str, minutes: int, *, seen: bool) -> str | None:
    """On a new store: a programme, its manager, and the manager's link, without which nobody could come in. On
    another a link for the local manager, where a person sees it (`seen`) and no log keeps it."""
    with db.write() as s:
        new = s.scalar(sa.select(sa.func.count()).select_from(Grant)) == 0
        if not (new or seen):
            return None
        if new:
            programme = Programme(id=keep.new_id(), name="My programme", created_at=keep.now())
            s.add(programme)
            s.flush()
            roles.enrol(s, FIRST, "Manager", programme.id, "manager")
        person = s.scalars(sa.select(Someone).where(Someone.email == FIRST)).one_or_none()
        return f"{base}/sign-in/{passes.link(s, person, minutes, own=True)}" if person else None


class Workers:
    """Worker processes of our own, begun again when one ends unasked."""

    def __init__(self, count: int, settings: Settings) -> None:
        self.env = {**os.environ, PREFIX + "DATABASE_URL": settings.database_url}
        self.ended = threading.Event()
        self.processes = [self._begin() for _ in range(count)]
        threading.Thread(target=self._watch, name="workers", daemon=True).start()

    def _begin(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "allocator.cli", "worker", "--attached"]
        return subprocess.Popen(command, env=self.env, stdin=subprocess.PIPE)  # closed when we are gone, however we go

    def _watch(self) -> None:
        while not self.ended.wait(0.5):
            for n, process in enumerate(self.processes):
                if process.poll() is not None and not self.ended.is_set():
                    self.processes[n] = self._begin()

    def end(self) -> None:
        self.ended.set()
        for process in self.processes:
            process.terminate()
        until = time.monotonic() + 25
        for process in self.processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def _settle_in() -> None:
    """Beside the first requests: all templates, and then the program lives to the end, which looked through for
    garbage would hold everybody up for 0.2 s."""
    ground.compile_all()
    gc.collect()
    gc.freeze()


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until told to end; workers end with us, and what they held is taken up again at the next start."""
    log_as_json(requests=settings.log_requests)
    if settings.smtp_url and not settings.public_url:
        raise UsageError(
            "Letters are to be sent (ALLOCATOR_SMTP_URL), so say where their links lead: ALLOCATOR_PUBLIC_URL."
        )
    db = open_store(settings.database_url)
    migrate.upgrade(db)
    base = settings.public_url.rstrip("/") or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
    with db.write() as s:
        keep.serve_at(s, base)
    at_home = not settings.public_url and host in ("127.0.0.1", "localhost", "::1")  # nobody else reads this terminal
    link = first_link(db, base, FIRST_MINUTES, seen=sys.stderr.isatty()) if at_home else None
    settings = replace(settings, public_url=base)
    staff = Workers(workers, settings)
    app = create_app(settings, db)
    threading.Thread(target=_settle_in, name="templates", daemon=True).start()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            http=Connection,
            timeout_graceful_shutdown=10,
            server_header=False,
        )
    )

    print(f"Serving at {base}", file=sys.stderr, flush=True)
    if link:
        print(f"Sign in as the manager: {link}", file=sys.stderr, flush=True)
    elif at_home:
        print(f"To sign in as the manager: allocator user link {FIRST}", file=sys.stderr, flush=True)
    try:
        server.run()
    finally:
        staff.end()
