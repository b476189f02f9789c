"""What each kind of job does: the same functions as the command line, the same answers."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.change import apply
from allocator.domain.change_args import Change
from allocator.domain.facts import Facts
from allocator.domain.happened import PlanPut
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.domain.round import Person
from allocator.engine.tiers import Stop
from allocator.errors import Stopped, UsageError
from allocator.jobs import asks
from allocator.jobs.asks import (
    ChoicesAsk,
    ExportAsk,
    FrontierAsk,
    PlanAsk,
    ResubmissionAsk,
    SolveAsk,
    SweepAsk,
    WhatIfAsk,
)
from allocator.reasons.answer import solve, world
from allocator.rounds import Desk
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Job, PlanRow, RoundRow

Result = dict[str, Any]


def perform(db: Database, job: Job, stop: Stop) -> Result:
    """Do the job; the result is plain JSON. Raises AllocatorError for a reason that a person can act on."""
    by = Person.model_validate(job.by)
    return DO[job.kind](db, job, asks.of(job), by, stop)


def told(plan_id: str, plan: Plan, *, adopted: bool = False) -> Result:
    """What a job that made a plan says of it; `adopted` = it went on the round's desk."""
    return {"plan": plan_id, "status": plan.status, "unfilled": len(plan.unfilled), "adopted": adopted}


@contextmanager
def ours(db: Database, job: Job) -> Iterator[Session]:
    """A write that counts only while this claim of the job stands: a worker that was slow, not dead, changes nothing.

    Raises Stopped when the job has been handed to another worker, or has ended.
    """
    with db.write() as s:
        now = s.get(Job, job.id, with_for_update=True)
        if now is None or (now.attempt, now.state) != (job.attempt, "running"):
            raise Stopped("Another worker has taken this job over.")
        yield s


def _before(session: Session, job: Job) -> PlanRow | None:
    """The plan that this job already put on the desk, by a worker that died before it could say so."""
    log = keep.events_of(session, job.round_id)
    done = next((e.fact for e in log if isinstance(e.fact, PlanPut) and e.fact.job == job.id), None)
    return keep.plan_named(session, job.round_id, done.plan) if done is not None else None


def _of(fact: PlanPut, job: Job) -> PlanPut:
    """The plan came by this job."""
    return fact.model_copy(update={"job": job.id})


def _solve(db: Database, job: Job, ask: SolveAsk, by: Person, stop: Stop) -> Result:
    with db.read() as s:
        if (done := _before(s, job)) is not None:
            return told(done.id, keep.plan_of(done), adopted=True)
        case, policy = keep.case_of(keep.case_numbered(s, job.round_id, ask.case))
        settled = rounds.settled(keep.standing(s, job.round_id), case)
    if ask.policy is not None:  # a policy that is tried before it is kept
        policy = Policy.model_validate(ask.policy)
    plan = solve(case, policy, seed=ask.seed, stop=stop, half=not ask.trial, changes=settled)  # half a trial is none
    adopted = ask.adopt and not _stopped(stop)
    with ours(db, job) as s:
        row = keep.the_round(s, job.round_id, lock=True)
        kept = keep.keep_plan(s, job.round_id, plan)
        if adopted:
            keep.keep_fact(s, row, _of(rounds.adopt(keep.standing(s, job.round_id), plan), job), by)
    return told(kept.id, plan, adopted=adopted)


def _what_if(db: Database, job: Job, ask: WhatIfAsk, by: Person, stop: Stop) -> Result:
    from allocator.questions.scenario import scenario

    if ask.adopt:
        return _adopting(
            db,
            job,
            by,
            stop,
            lambda desk: rounds.by_hand(desk, ask.changes, ask.reason or "", stop, rebuild=ask.rebuild),
            on=ask.plan,
        )
    before = _plan(db, ask.plan)
    plan = scenario(before, ask.changes, rebuild=ask.rebuild, on=ask.on, held=ask.held).plan(stop)
    with ours(db, job) as s:
        kept = keep.keep_plan(s, job.round_id, plan)
    return told(kept.id, plan)


def _resubmission(db: Database, job: Job, ask: ResubmissionAsk, by: Person, stop: Stop) -> Result:
    if not ask.adopt:  # only to see who would move
        with db.read() as s:
            _, desk = keep.desk(s, job.round_id)
        plan, _ = rounds.resubmit(desk, stop)
        with db.write() as s:
            kept = keep.keep_plan(s, job.round_id, plan)
        return told(kept.id, plan)
    return _adopting(db, job, by, stop, lambda desk: rounds.resubmit(desk, stop))


def _adopting(
    db: Database,
    job: Job,
    by: Person,
    stop: Stop,
    make: Callable[[Desk], tuple[Plan, PlanPut]],
    *,
    on: str | None = None,
) -> Result:
    """A plan made from the desk (of the plan `on` alone) goes on it, unless the desk changed meanwhile: then it is
    made again."""
    while True:
        with db.read() as s:
            row, desk = keep.desk(s, job.round_id)
            if (done := _before(s, job)) is not None:
                return told(done.id, keep.plan_of(done), adopted=True)
        if on not in (None, row.id):
            raise UsageError(f"Plan {on} is no longer the plan of this round; {row.id} is.")
        plan, fact = make(desk)
        if _stopped(stop):
            raise Stopped("Stopped before the plan was ready; nothing was changed.")
        with ours(db, job) as s:
            round_row = keep.the_round(s, job.round_id, lock=True)
            if keep.standing(s, job.round_id).length != desk.round.length:
                continue
            kept = keep.keep_plan(s, job.round_id, plan)
            keep.keep_fact(s, round_row, _of(fact, job), by)
            if fact.cause == "by_hand":
                _keep_locks(s, round_row, fact.changes, by)
        return told(kept.id, plan, adopted=True)


def _keep_locks(s: Session, row: RoundRow, changes: Sequence[Change], by: Person) -> None:
    """Locks and bars made by hand are decisions of the round's case too: a plan made again from it keeps them."""
    before = keep.case_row(s, row.id)
    if before is None:
        return
    case, policy = keep.case_of(before)
    locked = {(d.urn, d.sip, d.post or "lead") for d in case.decisions if d.decision == "lock"}
    mine = []
    for change in changes:
        kind, args = next(iter(change.items()))
        there = (args.get("urn"), args.get("sip"), args.get("post") or "lead") in locked
        if kind in ("lock", "forbid") or (kind == "unlock" and there):
            mine.append(change)
    if mine:
        keep.keep_case(s, row, apply(case, policy, mine)[0], policy, before.problems, by)


def _stopped(stop: Stop) -> bool:
    return stop.event is not None and stop.event.is_set()


def _choices(db: Database, job: Job, ask: ChoicesAsk, by: Person, stop: Stop) -> Result:
    from allocator.questions.choices import choices

    tell = stop.progress
    stop = Stop(seconds=stop.seconds, work=stop.work, event=stop.event)  # many short solves: telling of each is slow
    found = choices(
        _plan(db, ask.plan),
        ask.changes,
        [(c.urn, c.sip) for c in ask.chosen],
        stop,
        told=lambda done, whole: tell("parts", done, whole, {}) if tell else None,
    )
    with ours(db, job) as s:
        kept = keep.keep_plan(s, job.round_id, found.plan)
    return {"plan": kept.id, "lists": [asdict(c) for c in found.lists], "contests": list(found.contests)}


def _export(db: Database, job: Job, ask: ExportAsk, by: Person, stop: Stop) -> Result:
    plan = _plan(db, ask.plan)
    case, policy = world(plan)
    if ask.format == "html":
        from allocator.report.page import page

        with db.read() as s:
            on_desk = keep.current(s, job.round_id)
            about_it = on_desk is not None and on_desk.id == ask.plan  # the round is about the plan on its desk
            stands = keep.standing(s, job.round_id) if about_it else None
        data, kind = page(Facts(case, policy), plan, stands).encode(), "text/html; charset=utf-8"
    else:
        from allocator.report.plan_workbook import write_workbook

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "plan.xlsx"
            write_workbook(case, policy, plan, path)
            data = path.read_bytes()
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"content_type": kind, "base64": base64.b64encode(data).decode()}


class SpreadJob(Protocol):
    """A kind of job whose parts any worker may answer, about one plan: numbered, and put together in that order."""

    def __init__(self, plan: Plan, ask: Any) -> None: ...
    def numbers(self, stop: Stop) -> Sequence[int]: ...
    def part(self, n: int, stop: Stop) -> Result | None: ...
    @staticmethod
    def whole(parts: list[Result]) -> Result: ...


class _Sweep:
    def __init__(self, plan: Plan, ask: SweepAsk) -> None:
        from allocator.questions import sweep

        self.plan = plan
        self.jobs = sweep.gains(plan) if ask.gains else sweep.leaving(plan, ask.leaving)

    def numbers(self, stop: Stop) -> Sequence[int]:
        return range(len(self.jobs))

    def part(self, n: int, stop: Stop) -> Result | None:
        from allocator.questions import sweep

        found = sweep.answer(self.plan, self.jobs[n], stop)
        return None if found is None else asdict(found)

    @staticmethod
    def whole(parts: list[Result]) -> Result:
        from allocator.questions import sweep

        return {"results": [asdict(r) for r in sweep.ranked([sweep.read(p) for p in parts])]}


class _Frontier:
    def __init__(self, plan: Plan, ask: FrontierAsk) -> None:
        from allocator.questions.frontier import Question

        self.asked = Question(plan)

    def numbers(self, stop: Stop) -> Sequence[int]:
        return self.asked.numbers(stop)

    def part(self, n: int, stop: Stop) -> Result | None:
        found = self.asked.point(n, stop)
        return None if found is None else asdict(found)

    @staticmethod
    def whole(parts: list[Result]) -> Result:
        from allocator.questions import frontier

        return {"points": [asdict(p) for p in frontier.gained(frontier.read(p) for p in parts)]}


SPREAD: dict[str, type[SpreadJob]] = {"sweep": _Sweep, "frontier": _Frontier}
_asked: dict[str, SpreadJob] = {}  # the job in hand, its plan read and set up once a worker


def asked(db: Database, job: Job) -> SpreadJob:
    """The questions of a job that is spread."""
    if (found := _asked.get(job.id)) is None:
        ask = asks.of(job)
        assert isinstance(ask, PlanAsk)  # whatever is spread is about a plan
        found = SPREAD[job.kind](_plan(db, ask.plan), ask)
        _asked.clear()
        _asked[job.id] = found
    return found


def _plan(db: Database, plan_id: str) -> Plan:
    with db.read() as s:
        return keep.plan_of(keep.plan_row(s, plan_id))


DO: dict[str, Callable[[Database, Job, Any, Person, Stop], Result]] = {
    "solve": _solve,
    "what_if": _what_if,
    "choices": _choices,
    "resubmission": _resubmission,
    "export": _export,
}
