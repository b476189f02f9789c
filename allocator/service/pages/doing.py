"""Work of a round in words: what goes on now, and what lately did not end well."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.jobs.asks import is_trial
from allocator.store import keep
from allocator.store.tables import AuditRow, Job

DOING = {
    "solve": "Making the plan",
    "what_if": "Working out what would change",
    "choices": "Ranking who could be offered",
    "resubmission": "Planning again with as little change as possible",
    "sweep": "Trying each case in turn",
    "frontier": "Finding what each further change would buy",
    "export": "Writing the file",
}
TRIAL = "Trying a setting"
LATELY = dt.timedelta(days=2)
MOST = 5
AWAY = "work put away"  # the line of the audit log by which it is off the desk


def what(job: Job) -> str:
    """What the work is, as its page and the desk head it."""
    return TRIAL if is_trial(job) else DOING.get(job.kind, job.kind)


def work_of(s: Session, round_id: str) -> list[tuple[Job, str]]:
    """Open jobs, and those of the last days that did not end well, newest first, each with what it does."""
    since = keep.now() - LATELY
    away = sa.exists().where(AuditRow.action == AWAY, AuditRow.subject == Job.id)
    late = sa.and_(Job.state.in_(("failed", "cancelled")), Job.ended_at > since, ~away)
    query = sa.select(Job).where(Job.round_id == round_id, sa.or_(Job.state.in_(("queued", "running")), late))
    found = s.scalars(query.order_by(Job.created_at.desc(), Job.id).limit(MOST))
    return [(job, what(job)) for job in found]
