"""The queue, on DBOS. Our table `jobs` says what is to be done and how it stands; DBOS hands it to one worker at a
time.

A worker has a name of its own and says every second that it is alive. Work of one that has gone silent is handed out
again by whoever notices first, so no job waits for a particular worker to come back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa
from dbos import DBOSClient
from dbos._serialization import DBOSDefaultSerializer, DBOSPortableJSON
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from allocator.domain.round import Person
from allocator.errors import QueueFull
from allocator.jobs import asks
from allocator.jobs.asks import ASKS, JobAsk
from allocator.jobs.tasks import SPREAD
from allocator.store import keep
from allocator.store.database import Database, cause
from allocator.store.tables import Job, Programme, WorkerRow

QUEUE, PARTS = "jobs", "parts"
VERSION = "2"  # of the work itself, not of the program: raise it when old queued work could no longer be done
SILENT = 10.0  # seconds after which a worker is taken for dead
LOST = 5.0  # seconds after which a job that the queue does not know is put there again
OPEN = ("queued", "running")
LEFT = "CANCELLED"  # how the queue calls what a worker left to another: nobody takes it until a newer one asks for it
ENDED = ("ERROR", "SUCCESS", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
COST = {
    "export": 1,
    "what_if": 2,
    "resubmission": 2,
    "solve": 4,
    "choices": 8,
    "frontier": 16,
    "sweep": 16,
}  # of a turn
AGAIN = "~again"  # how a job is called that the queue had done with before the store knew of it
NOT_YET = ("42P01", "3F000", "SQLITE_ERROR")  # the queue has no tables before the first worker has made them
TIDY = 3600.0  # seconds between throwing away links, passes and remembered answers that have run out
PATIENCE = 300.0  # seconds to wait for a database that does not answer

PLAIN = DBOSPortableJSON  # how the queue's rows are written: text, and no object that is made by being read

log = logging.getLogger("allocator.jobs")
T = TypeVar("T")


def _refused(text: str) -> Any:
    """DBOS reads a row that says it is a pickle as one, whatever we write; whoever may write to the queue would then
    run what they like in a worker."""
    raise ValueError("a pickle in the queue is not read")


DBOSDefaultSerializer.deserialize = _refused  # type: ignore[method-assign, assignment]  # DBOS has no setting for it


def patiently(do: Callable[[], T]) -> T:
    """Again while the database is away: restarted, out of reach, its disk full."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return do()
        except DBAPIError as error:
            if isinstance(error, sa.exc.IntegrityError) or time.monotonic() > until:
                raise
            log.warning("database away, trying again", extra={"error": cause(error)})
            time.sleep(0.5)


class Queue:
    """How the service puts work in, looks after it, and takes it back."""

    def __init__(self, db: Database, silent: float = SILENT) -> None:
        self.db, self.silent = db, silent

    @cached_property
    def client(self) -> DBOSClient:
        return DBOSClient(system_database_url=self.db.queue_url, serializer=PLAIN)

    def accept(
        self,
        session: sa.orm.Session,
        *,
        programme: str,
        round_id: str,
        ask: JobAsk,
        by: Person,
        limit: int,
        job_id: str | None = None,
        asked: str = "",
    ) -> Job:
        """Write the job down in the caller's transaction; `send` it once that is committed. `asked`: the request
        it came by.

        Raises QueueFull when the programme, or this person in whatever programmes, has `limit` jobs open.
        """
        if job_id is not None and (found := session.get(Job, job_id)) is not None:
            return found
        session.get(Programme, programme, with_for_update=True)  # one at a time: the limit is the programme's
        rows = session.execute(
            sa.select(Job.programme_id, Job.by["id"].as_string(), Job.kind, Job.state, Job.turn).where(
                Job.state.in_(OPEN)
            )
        ).all()
        for whose, mine in (
            ("this programme", [r[0] == programme for r in rows]),
            ("yours", [r[1] == by.id for r in rows]),
        ):
            if sum(mine) >= limit:
                raise QueueFull(f"{limit} jobs of {whose} are waiting or running, the most allowed. Try again soon.")
        at = keep.now()
        job = Job(
            id=job_id or keep.new_id(),
            programme_id=programme,
            round_id=round_id,
            kind=ask.kind,
            version=ask.version,
            request=ASKS.checked(ask).plain(),
            by=by.model_dump(mode="json"),
            state="queued",
            created_at=at,
            asked=asked,
            turn=turn(ask.kind, [(r[2], r[3], r[4], programme == r[0] or by.id == r[1]) for r in rows]),
        )
        session.add(job)
        session.flush()
        return job

    def send(self, job: Job) -> None:
        """Into the queue. If this fails the caretaker sends it later: what counts is that it is written down."""
        try:
            self._enqueue(job.id, job.kind, job.turn)
        except Exception as error:  # the job is accepted; only its start is late
            log.warning("queue away", extra={"job": job.id, "error": type(error).__name__})

    def _enqueue(self, job_id: str, kind: str, turn: int, again: str = "") -> None:
        self.client.enqueue(
            {
                "workflow_name": "run_spread" if kind in SPREAD else "run_job",
                "queue_name": QUEUE,
                "workflow_id": job_id + again,
                "app_version": VERSION,
                "priority": max(1, turn),
            },
            job_id,
        )

    def cancel(self, session: sa.orm.Session, job: Job) -> None:
        """Stop it. A plan in the making keeps its best, which is put into words and audited first; the trial of a
        setting ends at once: what was found so far is no answer."""
        job.cancel = True
        if job.state == "queued":
            job.state, job.ended_at, job.reason = "cancelled", keep.now(), "cancelled before it began"
        elif asks.is_trial(job):
            job.state, job.ended_at, job.reason = "cancelled", keep.now(), "stopped on request; nothing was changed"

    # -- looking after it --------------------------------------------------------------------------------------

    def alive(self, session: sa.orm.Session, kind: str = "worker") -> set[str]:
        """The workers (or servers) that were heard of lately."""
        now = self.db.clock()  # a sign of life from the future is one of a clock set back since
        lately = WorkerRow.seen.between(now - self.silent, now + self.silent)
        return set(session.scalars(sa.select(WorkerRow.id).where(lately, WorkerRow.kind == kind)))

    def look_after(self, free: bool = False) -> None:
        """One round of care: hand out again what a dead worker held, send what the queue has lost; and, by a worker
        who is `free`, what an older one has left (`worker.run_job`). A newer program looks after its jobs itself."""
        with self.db.read() as s:
            open_ = sa.select(Job.id, Job.kind, Job.version, Job.turn, Job.created_at, Job.attempt)
            waiting = s.execute(open_.where(Job.state.in_(OPEN)).order_by(Job.created_at)).all()
            if not waiting:
                return
            alive = self.alive(s)
        for flow in self.client.list_workflows(status="PENDING", load_input=False, load_output=False):
            if flow.executor_id not in alive:
                log.warning("taken over from a silent worker", extra={"job": flow.workflow_id})
                self.client.resume_workflow(flow.workflow_id, queue_name=PARTS if ":" in flow.workflow_id else QUEUE)
        known = {
            f.workflow_id: f.status
            for f in self.client.list_workflows(
                workflow_ids=[n for w in waiting for n in (w.id, w.id + AGAIN)], load_input=False, load_output=False
            )
        }
        for job_id, kind, version, turn, created, attempt in waiting:
            if not ASKS.knows(kind, version):
                continue
            late = (keep.now() - created).total_seconds() > LOST
            last = job_id + AGAIN if job_id + AGAIN in known else job_id
            how = known.get(last)
            if how is None and late:
                self._enqueue(job_id, kind, turn)
            elif how == LEFT:
                if free:
                    self.client.resume_workflow(last, queue_name=QUEUE)
            elif how in ENDED and attempt == 0 and job_id + AGAIN not in known:
                self._enqueue(job_id, kind, turn, AGAIN)  # a queue older or newer than the store: nobody began it here
            elif how in ENDED:
                self._close(job_id, how)

    def _close(self, job_id: str, how: str) -> None:
        """The queue is done with it, but it never said how it ended."""
        with self.db.write() as s:
            s.execute(
                sa.update(Job)
                .where(Job.id == job_id, Job.state.in_(OPEN))
                .values(state="failed", reason=f"the work ended without an answer ({how.lower()})", ended_at=keep.now())
            )

    def beat(self, name: str, kind: str) -> None:
        """A worker or server says that it is alive."""
        clock = self.db.clock()
        insert = (sqlite if self.db.sqlite else postgresql).insert(WorkerRow).values(id=name, kind=kind, seen=clock)
        with self.db.write() as s:
            s.execute(insert.on_conflict_do_update(index_elements=["id"], set_={"seen": clock}))

    def gone(self, name: str) -> None:
        """It has ended, not fallen silent: what it held is free at once."""
        with self.db.write() as s:
            s.execute(sa.delete(WorkerRow).where(WorkerRow.id == name))

    def caretaker(
        self,
        ended: threading.Event,
        every: float = 1.0,
        life: str | None = None,
        free: Callable[[], bool] = lambda: False,
    ) -> threading.Thread:
        """Look after the queue until `ended`, in the background; `life`: the server that does, which is alive
        meanwhile; `free`: whether a worker that does has nothing in hand."""

        def care() -> None:
            told, tidied = "", 0.0
            while not ended.wait(every):
                try:
                    if life:
                        self.beat(life, "server")
                    self.look_after(free())
                    if time.monotonic() - tidied > TIDY:
                        with self.db.write() as s:
                            keep.tidy(s)
                            s.execute(sa.delete(WorkerRow).where(WorkerRow.seen < self.db.clock() - TIDY))
                        tidied = time.monotonic()
                    told = ""
                except Exception as error:  # the database may be away: the next round is soon
                    if isinstance(error, DBAPIError) and cause(error) in NOT_YET:
                        continue
                    if told != (told := type(error).__name__):  # say it once, not every second
                        log.warning("care put off", extra={"error": told})

        thread = threading.Thread(target=care, name="caretaker", daemon=True)
        thread.start()
        return thread


def turn(kind: str, open_: Sequence[tuple[str, str, int, bool]]) -> int:
    """When a job's turn comes: the lower, the sooner. `open_`: (kind, state, turn, of the same programme or person).

    Start-time fair queueing: a turn is where one's own work before it ends, counted from what is being worked on
    now. So each programme is served in turn however many jobs another has waiting, nobody waits for ever, and
    one's own short jobs go before one's long ones.
    """
    cost = defaultdict(lambda: max(COST.values()), COST)  # a kind that only a newer program knows may be long
    running = [t - cost[k] for k, state, t, _ in open_ if state == "running"]
    waiting = [t - cost[k] for k, state, t, _ in open_ if state == "queued"]
    now = max(running) if running else min(waiting, default=0)
    mine = [t for k, _, t, own in open_ if own and cost[k] <= cost[kind]]
    return max([now, 0, *mine]) + COST[kind]


def jobs_of(session: sa.orm.Session, round_id: str, kinds: Sequence[str] = ()) -> list[Job]:
    query = sa.select(Job).where(Job.round_id == round_id).order_by(Job.created_at, Job.id)
    return list(session.scalars(query.where(Job.kind.in_(kinds)) if kinds else query))
