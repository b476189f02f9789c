"""A worker process: takes jobs from the queue, one at a time, and one part of a job that is spread beside it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, is_dataclass
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from dbos import DBOS
from dbos._dbos import _get_dbos_instance
from dbos._error import DBOSAwaitedWorkflowCancelledError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from allocator.check.aside import Aside
from allocator.engine.tiers import Stop
from allocator.errors import AllocatorError, Stopped
from allocator.jobs import asks, tasks
from allocator.jobs.asked_parts import MOST_ATTEMPTS, AskedParts
from allocator.jobs.asks import ASKS
from allocator.jobs.queue import COST, OPEN, PARTS, PATIENCE, PLAIN, QUEUE, SILENT, VERSION, Queue, patiently
from allocator.jobs.quiet import quieten
from allocator.reasons import answer
from allocator.store import keep, migrate
from allocator.store.database import Database, cause
from allocator.store.tables import Job, JobPart

HEARTBEAT = 1.0  # seconds
WATCH = 0.1  # seconds between looks at whether a job was cancelled
POLL = 0.2  # seconds between looks into the queue
SOON = 2  # of a turn (queue.COST): a job that costs more gives way
LOW = 10  # by how much the priority of what gives way is lower (`nice`)
DRAIN = 3  # seconds a worker told to end gives its running job to finish
TOO_NEW = "It waits for a worker of the newer version of the program. If none comes, tell whoever runs the service."
BACK = 1.5  # seconds in which a newer worker asks for what is left and takes it, before the one who left it looks again
LEAVING = 10  # seconds after which it has ended, whatever it waits for

log = logging.getLogger("allocator.worker")
logging.getLogger("dbos").addFilter(  # what is left, or stopped, is no error
    lambda line: not (line.exc_info and isinstance(line.exc_info[1], DBOSAwaitedWorkflowCancelledError))
)
T = TypeVar("T")
_db: Database | None = None  # one a process, for the workflows below
_name = ""
_held: dict[str, int] = {}  # what this worker is at: jobs with their claim, and parts of jobs


def db() -> Database:
    assert _db is not None
    return _db


def work(database: Database, ended: threading.Event, name: str | None = None, silent: float = SILENT) -> bool:
    """Serve the queue until `ended`; whether a search still goes on then, of which nobody hears any more. One call a
    process: DBOS keeps its state there.

    `silent`: seconds without a sign of life after which another worker is taken for dead.
    """
    global _db, _name
    _db, _name = database, name or f"{socket.gethostname()}-{os.getpid()}-{keep.new_id()[:6]}"
    patiently(lambda: migrate.upgrade(database))
    queue = Queue(database, silent)
    patiently(lambda: queue.beat(_name, "worker"))
    answer.aside = Aside()
    _launch()
    queue.caretaker(ended, free=lambda: not _held)
    while not ended.wait(HEARTBEAT):
        try:
            queue.beat(_name, "worker")
        except Exception as error:  # the database is away; the work waits for it too
            log.warning("no heartbeat", extra={"error": type(error).__name__})
    DBOS.destroy(workflow_completion_timeout_sec=DRAIN)
    left = dict(_held)
    try:
        for job_id, attempt in left.items():
            _give_back(job_id, attempt)
        queue.gone(_name)
    except Exception as error:  # the database is away: this worker falls silent, and others take its work up
        log.warning("left without a word", extra={"error": type(error).__name__})
    answer.aside.end()
    return bool(left)


def _give_back(job_id: str, attempt: int) -> None:
    """What is not finished waits again. Nobody was brought down by it, so this claim does not count."""
    mine = (Job.id == job_id, Job.attempt == attempt, Job.state == "running")
    waits = sa.update(Job).where(*mine).values(state="queued", attempt=attempt - 1, worker=None, progress=None)
    with db().write() as s:
        done: Any = s.execute(waits)
    if done.rowcount:
        log.info("job given back", extra={"job": job_id, "attempt": attempt, "worker": _name})


def _launch() -> None:
    """Begin to listen to the queue; again and again while the database is away, as long as `patiently` would."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            DBOS(
                config={
                    "name": "allocator",
                    "system_database_url": db().queue_url,
                    "serializer": PLAIN,
                    "executor_id": _name,
                    "application_version": VERSION,
                    "log_level": "ERROR",
                    "enable_otlp": False,
                    "notification_coalesce_sec": 0.5,  # of what we never send: at first it wakes up 100 times a second
                }
            )
            DBOS.launch()
            quieten(_get_dbos_instance()._sys_db)
            for queue in (QUEUE, PARTS):
                DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=POLL)
            return
        except Exception as error:
            DBOS.destroy()
            if time.monotonic() > until:
                raise
            log.warning("queue away, trying again", extra={"error": type(error).__name__})
            time.sleep(0.5)


@DBOS.workflow(name="run_job", max_recovery_attempts=1000)  # we count attempts ourselves
def run_job(job_id: str) -> None:
    _run(job_id, lambda job, stop: tasks.perform(db(), job, stop))


@DBOS.workflow(name="run_spread", max_recovery_attempts=1000)
def run_spread(job_id: str) -> None:
    """A sweep or a frontier is spread over all workers, a part each; parts already answered are not asked again."""

    def whole(job: Job, stop: Stop) -> dict[str, Any]:
        asked = tasks.asked(db(), job)
        numbers = asked.numbers(stop)
        parts = AskedParts(Queue(db()).client, job, numbers)
        while True:
            with db().read() as s:
                done = list(s.scalars(sa.select(JobPart).where(JobPart.job_id == job_id).order_by(JobPart.n)))
            if stop.event is not None and stop.event.is_set():
                parts.cancel()
                raise Stopped(f"Stopped after {len(done)} of {len(numbers)} parts.")
            if len(done) == len(numbers):
                return asked.whole([p.result for p in done])
            parts.ask_again({p.n for p in done})
            if stop.progress:
                stop.progress("parts", len(done), len(numbers), {})
            time.sleep(0.2)

    _run(job_id, whole)


@DBOS.workflow(name="run_part", max_recovery_attempts=1000)
def run_part(job_id: str, n: int) -> None:
    with db().read() as s:
        job = s.get(Job, job_id)
        if job is None or job.cancel or s.get(JobPart, (job_id, n)) is not None:
            return
    if not ASKS.knows(job.kind, job.version):
        return _leave()
    ends, part = Ends(), f"{job_id}:{n}"
    threading.Thread(target=_watch, args=(job_id, None, ends, {}), daemon=True).start()
    _held[part] = 0
    try:
        result = giving_way(lambda: patiently(lambda: tasks.asked(db(), job).part(n, Stop(event=ends.stop))))
    finally:
        ends.over.set()
        _held.pop(part)
    if result is None or ends.stop.is_set():
        return

    def put() -> None:
        insert = (
            (sqlite if db().sqlite else postgresql).insert(JobPart).values(job_id=job_id, n=n, result=_plain(result))
        )
        with db().write() as s:
            s.execute(insert.on_conflict_do_nothing())

    patiently(put)


def giving_way(work: Callable[[], T]) -> T:
    """Do it in a thread whose priority, and that of all it begins, is lower: where processors are fewer than what is
    at work, whoever asks something short is answered first. Only Linux gives a thread a priority of its own."""

    def lower() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)

    with ThreadPoolExecutor(1, initializer=lower) as aside:
        return aside.submit(work).result()


def _run(job_id: str, do: Any) -> None:
    """Claim it, do it, say how it ended. An answer is written only by the claim that made it."""
    if patiently(lambda: _too_new(job_id)):
        return _leave()
    claim = patiently(lambda: _claim(job_id))
    if claim is None:
        return
    job, attempt = claim
    _held[job_id] = attempt
    try:
        _claimed(job, attempt, do)
    finally:
        _held.pop(job_id)


def _claimed(job: Job, attempt: int, do: Any) -> None:
    began = time.monotonic()
    named = {"job": job.id, "kind": job.kind, "request": job.asked, "attempt": attempt}
    log.info("job begun", extra={**named, "worker": _name})
    if attempt > MOST_ATTEMPTS:
        patiently(lambda: _end(job, attempt, "failed", f"it brought down {MOST_ATTEMPTS} workers", None))
        log.error("job failed", extra={**named, "cause": "workers brought down"})
        return
    try:
        ask = asks.of(job)
    except AllocatorError as error:  # a spoilt row
        unread = error.text
        patiently(lambda: _end(job, attempt, "failed", unread, None))
        log.error("job failed", extra={**named, "cause": type(error).__name__})
        return
    ends, why = Ends(ask.most_seconds), ""
    told: dict[str, Any] = {}
    threading.Thread(target=_watch, args=(job.id, attempt, ends, told), daemon=True).start()

    def progress(tiers: str, best: float, bound: float, so_far: Mapping[str, int]) -> None:
        told.update({"tiers": tiers, "best": best, "bound": bound, "gap": abs(bound - best), "so_far": dict(so_far)})

    state, reason, result = "failed", None, None
    try:
        stop = Stop(seconds=ask.time_limit, work=ask.work_limit, event=ends.stop, progress=progress)
        work = partial(patiently, lambda: do(job, stop))
        result = giving_way(work) if COST[job.kind] > SOON else work()
        stopped = ends.stop.is_set() and not result.get("adopted")  # too late once the plan is on the desk
        state = "cancelled" if stopped else "done"
        reason = (
            f"stopped {'at the limit' if ends.late else 'on request'}; the best audited plan is kept"
            if stopped
            else None
        )
    except Stopped as error:
        state, reason = ("cancelled" if ends.stop.is_set() and not ends.late else "failed"), error.text
        why = f"stopped after {ends.most:g} s" if ends.late else "stopped"
        if ends.late:
            reason = f"{error.text} No job may take more than {ends.most:g} s (ALLOCATOR_JOB_SECONDS)."
    except AllocatorError as error:
        reason, why = error.text, type(error).__name__
    except Exception as error:
        why = cause(error) if isinstance(error, DBAPIError) else type(error).__name__
        log.exception("job failed", extra={**named, "cause": why})
        reason = f"a defect of ours ({why}); the log of the worker has the details"
    finally:
        ends.over.set()
    kept = patiently(lambda: _end(job, attempt, state, reason, result))
    line = {"state": state if kept else "taken over", "seconds": round(time.monotonic() - began, 1)}
    log.info("job ended", extra={**named, **line, **({"cause": why} if why else {})})


def _too_new(job_id: str) -> bool:
    """Whether only a newer program reads what it asks; then it waits for a worker of that, which may be beside us while
    the program is being renewed, and says so."""
    with db().write() as s:
        job = s.get(Job, job_id, with_for_update=True)
        if job is None or job.state not in OPEN or ASKS.knows(job.kind, job.version):
            return False
        job.state, job.reason, job.worker, job.progress = "queued", TOO_NEW, None, None
        return True


def _leave() -> None:
    """The workflow that we are in is no worker's until it is resumed (`Queue.look_after`, `AskedParts.ask_again`);
    others go first."""
    log.info("left to a newer worker", extra={"job": DBOS.workflow_id, "worker": _name})
    _get_dbos_instance()._sys_db.cancel_workflows([str(DBOS.workflow_id)])
    time.sleep(BACK)


def _claim(job_id: str) -> tuple[Job, int] | None:
    with db().write() as s:
        job = s.get(Job, job_id, with_for_update=True)
        if job is None or job.state not in OPEN:
            return None
        job.attempt += 1
        job.reason = None
        job.state, job.worker, job.started_at = "running", _name, job.started_at or keep.now()
        return job, job.attempt


def _end(job: Job, attempt: int, state: str, reason: str | None, result: Any) -> bool:
    """Whether it was ours to end: an answer is written only by the claim that made it."""
    with db().write() as s:
        done: Any = s.execute(
            sa.update(Job)
            .where(Job.id == job.id, Job.attempt == attempt, Job.state == "running")
            .values(state=state, reason=reason, result=_plain(result), ended_at=keep.now())
        )
        return bool(done.rowcount)


class Ends:
    """How a job may come to its end: `stop` tells it to, `late` that it had taken `most` seconds, `over` that it
    has ended."""

    def __init__(self, most: float | None = None) -> None:
        self.stop, self.over, self.late = threading.Event(), threading.Event(), False
        self.most = most or float("inf")
        self.until = time.monotonic() + self.most


def _watch(job_id: str, attempt: int | None, ends: Ends, told: dict[str, Any]) -> None:
    """Passes on a wish to cancel, and progress the other way. `attempt`: the claim that must stand; None = any."""
    shown: dict[str, Any] = {}
    while not ends.over.wait(WATCH):
        if time.monotonic() > ends.until and not ends.stop.is_set():
            ends.late = True
            ends.stop.set()
        try:
            with db().read() as s:
                row = s.execute(sa.select(Job.cancel, Job.attempt, Job.state).where(Job.id == job_id)).one()
            if row.cancel or row.state != "running" or attempt not in (None, row.attempt):
                ends.stop.set()  # cancelled, ended, or somebody else has taken over
            if told and told != shown:
                shown = dict(told)
                with db().write() as s:
                    s.execute(sa.update(Job).where(Job.id == job_id, Job.attempt == attempt).values(progress=shown))
        except Exception:  # the database is away; look again
            continue


def _plain(value: Any) -> Any:
    """Tuples and dataclasses as plain JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def main(url: str, silent: float = SILENT, attached: bool = False) -> None:
    """`allocator worker`: until told to end, or `attached` to a server, until that is gone. Then no new job is begun,
    and the running one has a little time to finish; if it does not, it is given back, another worker begins it again,
    and this process ends in the middle of its search, which would hear of it late."""
    ended = threading.Event()

    def follow() -> None:
        sys.stdin.buffer.read()
        ended.set()

    if attached:
        threading.Thread(target=follow, daemon=True).start()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: ended.set())
    threading.Thread(target=_no_later, args=(ended,), daemon=True).start()
    database = Database(url)
    searching = work(database, ended, silent=silent)
    database.close()
    if searching:
        _exit()


def _no_later(ended: threading.Event) -> None:
    """A database that is away would else be waited for; what is held here is taken up once this worker is silent."""
    ended.wait()
    time.sleep(LEAVING)
    log.warning("left without a word", extra={"error": "told to end, and still waiting"})
    _exit()


def _exit() -> None:
    logging.shutdown()
    os._exit(0)
