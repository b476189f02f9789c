"""A worker at rest looks into the queue five times a second. Each look of DBOS's is a transaction and several
statements, which is most of what an idle worker costs; here it begins only where a cheap look says that work waits."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from dbos._sys_db import SystemDatabase

SETTINGS_KEPT = 30.0  # seconds for which a queue's settings are not read again: nobody changes them


def quieten(system: SystemDatabase) -> None:
    """Let this system database be asked for work only where some waits."""
    rows = system.tables.workflow_status
    work = sa.select(sa.literal(1)).where(rows.c.queue_name == sa.bindparam("queue"), rows.c.status == "ENQUEUED")
    waits, scopes, settings = work.limit(1), system.dequeue_scopes, system.get_queue
    known: dict[str, tuple[float, Any]] = {}
    at_once = {} if system.engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    look = system.engine.execution_options(**at_once)

    def where_work_waits(queue_name: str) -> list[str | None]:
        with look.connect() as c:
            return scopes(queue_name) if c.execute(waits, {"queue": queue_name}).first() else []

    def kept(name: str, **given: Any) -> Any:
        read, found = known.get(name, (0.0, None))
        if found is None or time.monotonic() > read + SETTINGS_KEPT:
            found = settings(name, **given)
            known[name] = time.monotonic(), found
        return found

    system.dequeue_scopes, system.get_queue = where_work_waits, kept  # type: ignore[method-assign]  # no setting for it
    system.cancel_timed_out_workflows = lambda limit: []  # type: ignore[method-assign]  # we give none a deadline
    system.transition_delayed_workflows = lambda: None  # type: ignore[method-assign]  # and put none off
