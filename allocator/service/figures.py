"""Figures for Prometheus: what whoever is on call watches. Nothing personal (docs/how-to/on-call.md says what each
is for)."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from allocator.errors import Spoilt, UsageError
from allocator.jobs.queue import Queue
from allocator.service.cache import AnswerCache
from allocator.store import keep
from allocator.store.backup import MADE
from allocator.store.database import Database
from allocator.store.tables import Job, Mark, RoundRow

FIGURES = CollectorRegistry()
REQUESTS = Counter("allocator_requests_total", "Requests", ["method", "route", "status"], registry=FIGURES)
SECONDS = Histogram("allocator_request_seconds", "Seconds a request takes", ["method", "route"], registry=FIGURES)
AWAY = Counter(
    "allocator_store_away_total", "Requests refused because the store failed, by cause", ["cause"], registry=FIGURES
)
LINKS = Counter("allocator_links_refused_total", "Links, sessions and tokens that opened nothing", registry=FIGURES)


def gauge(name: str, what: str, *labels: str) -> Gauge:
    return Gauge(f"allocator_{name}", what, labels, registry=FIGURES)


JOBS = gauge("jobs", "Jobs by state", "state")
WORKERS = gauge("workers", "Workers heard of lately")
OLDEST = gauge("oldest_queued_seconds", "How long the job longest in the queue has waited; 0 with none")
LONGEST = gauge("longest_running_seconds", "How long the job longest at work has been; 0 with none")
TAKEN_OVER = gauge("jobs_taken_over", "Jobs that more than one worker has begun")
FAILED = gauge("jobs_failed", "Jobs that failed, by kind", "kind")
POOL = gauge("database_connections", "Connections to the database in use by this server")
BACKUP = gauge("last_backup_seconds", "Seconds since the last backup; -1 where none was made")
OVERDUE = gauge("questions_overdue", "Questions of schools and SIPs open after the day they were to be answered by")
STATES = ("queued", "running", "done", "cancelled", "failed")
_open: AnswerCache[tuple[dt.date, ...]] = AnswerCache(500)


def look(db: Database, queue: Queue) -> None:
    """Bring the figures that the store tells up to date."""
    now = keep.now()
    with db.read() as s:
        rows = s.execute(sa.select(Job.state, sa.func.count()).group_by(Job.state))
        counts = {row[0]: row[1] for row in rows}
        failed = s.execute(sa.select(Job.kind, sa.func.count()).where(Job.state == "failed").group_by(Job.kind)).all()
        queued = s.scalar(sa.select(sa.func.min(Job.created_at)).where(Job.state == "queued"))
        running = s.scalar(sa.select(sa.func.min(Job.started_at)).where(Job.state == "running"))
        WORKERS.set(len(queue.alive(s)))
        TAKEN_OVER.set(s.scalar(sa.select(sa.func.count()).where(Job.attempt > 1)) or 0)
        made = s.get(Mark, MADE)
        OVERDUE.set(sum(due < now.date() for row in s.scalars(sa.select(RoundRow)) for due in _due(s, row)))
    for state in STATES:
        JOBS.labels(state).set(counts.get(state, 0))
    for kind, count in failed:
        FAILED.labels(kind).set(count)
    OLDEST.set((now - queued).total_seconds() if queued else 0)
    LONGEST.set((now - running).total_seconds() if running else 0)
    BACKUP.set((now - made.at).total_seconds() if made else -1)
    pool = db.engine.pool
    POOL.set(pool.checkedout() if isinstance(pool, QueuePool) else 0)


def _due(s: Session, row: RoundRow) -> tuple[dt.date, ...]:
    """By when each open question of a round is to be answered; worked out once a version of it. Of a round that
    cannot be read, nothing: the other figures are told all the same."""
    try:
        return _open.get(
            (row.id, row.version),
            lambda: tuple(q.answer_by for q in keep.standing(s, row.id).queries if q.outcome is None),
        )
    except (UsageError, Spoilt):
        return ()
