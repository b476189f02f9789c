"""Keeping and finding: rounds with their cases, plans and events. A session is a transaction; the caller commits."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.fold import after, fold
from allocator.domain.happened import FACTS, Event, read
from allocator.domain.plan import Plan, plan_text
from allocator.domain.policy import Policy
from allocator.domain.round import Person, Round
from allocator.errors import NotThere, RoundRefuses, Spoilt, UsageError
from allocator.rounds import Desk, Fact
from allocator.store.legible import as_written, whole
from allocator.store.tables import AuditRow, CaseRow, EventRow, Mark, Once, Pass, PlanRow, RoundRow, SignIn

SERVED = "served at "  # and an address: the mark of when that last began
ONCE_DAYS = 7  # a request may be repeated with its Idempotency-Key for so long


def new_id() -> str:
    return uuid.uuid4().hex


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def note(
    session: Session, who: Person | None, action: str, subject: str, *, programme: str | None = None, detail: str = ""
) -> None:
    """A line of the audit log."""
    session.add(
        AuditRow(
            at=now(),
            person_id=who.id if who else None,
            role=who.role if who else None,
            programme_id=programme,
            action=action,
            subject=subject,
            detail=detail,
        )
    )


def serve_at(session: Session, address: str) -> None:
    """Remember where this store is served, so that links printed elsewhere lead there."""
    session.merge(Mark(name=f"{SERVED}{address}", at=now()))


def served_at(session: Session) -> str:
    """Where this store was last served, or would be if nothing else is said."""
    last = sa.select(Mark.name).where(Mark.name.startswith(SERVED)).order_by(Mark.at.desc(), Mark.name)
    return (session.scalars(last).first() or "http://127.0.0.1:8000").removeprefix(SERVED)


def tidy(session: Session) -> None:
    """Throw away what nobody can use any more: links and passes long run out, answers kept for repeated requests."""
    for row, moment, days in (
        (SignIn, SignIn.expires_at, 1),
        (Pass, Pass.expires_at, 30),
        (Once, Once.created_at, ONCE_DAYS),
    ):
        session.execute(sa.delete(row).where(moment < now() - dt.timedelta(days=days)))


def the_round(session: Session, round_id: str, *, lock: bool = False) -> RoundRow:
    """The round, held against other writers when `lock`. Raises NotThere."""
    query = sa.select(RoundRow).where(RoundRow.id == round_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if lock and round_id not in (held := session.info.setdefault("held", set())):
        held.add(round_id)
        _logs(session).pop(round_id, None)  # read before it was held: another may have added to it
    if row is None:
        raise NotThere(f"There is no round {round_id}.")
    return row


@dataclass
class Log:
    """A round's events and where they have brought it, read and folded once a transaction."""

    events: list[Event]
    stands: Round


def _logs(session: Session) -> dict[str, Log]:
    found: dict[str, Log] = session.info.setdefault("logs", {})
    return found


def _log(session: Session, round_id: str) -> Log:
    logs = _logs(session)
    if round_id not in logs:
        query = sa.select(EventRow).where(EventRow.round_id == round_id).order_by(EventRow.n)
        try:
            events = [read(r.n, r.at, r.by, r.kind, r.version, r.data) for r in session.scalars(query)]
            logs[round_id] = Log(events, fold(events))
        except (UsageError, Spoilt) as error:
            raise type(error)(f"Round {round_id}: {error.text}") from None
    return logs[round_id]


def events_of(session: Session, round_id: str) -> list[Event]:
    return list(_log(session, round_id).events)


def standing(session: Session, round_id: str) -> Round:
    return _log(session, round_id).stands


def keep_fact(session: Session, row: RoundRow, fact: Fact, by: Person) -> Event:
    """The fact becomes the next event of the round."""
    log = _log(session, row.id)
    at = now()
    event = Event(log.stands.length + 1, at, by, FACTS.checked(fact))
    stands = after(log.stands, event)  # before it is kept: what cannot be read back never is
    session.add(
        EventRow(
            round_id=row.id,
            n=event.n,
            at=at,
            by=by.model_dump(mode="json"),
            kind=fact.kind,
            version=fact.version,
            data=fact.plain(),
        )
    )
    row.version += 1
    session.flush()
    log.events.append(event)
    log.stands = stands
    return event


def keep_plan(session: Session, round_id: str, plan: Plan) -> PlanRow:
    """The plan's row; an equal plan already kept is that row."""
    content = rounds.plan_id(plan)
    found = session.scalars(sa.select(PlanRow).where(PlanRow.round_id == round_id, PlanRow.content == content)).first()
    if found is None:
        name = canon.sha256([round_id, content])[:24]
        found = PlanRow(id=name, round_id=round_id, content=content, body=plan_text(plan), created_at=now())
        session.add(found)
        session.flush()
    return found


def plan_row(session: Session, plan_id: str) -> PlanRow:
    row = session.get(PlanRow, plan_id)
    if row is None:
        raise NotThere(f"There is no plan {plan_id}.")
    return row


@lru_cache(maxsize=16)
def _parsed(plan_id: str, body: str) -> Plan:
    return Plan.model_validate_json(body)


_reading = threading.Lock()


def plan_of(row: PlanRow) -> Plan:
    """The plan itself. Plans never change, so each is read once, however many ask for it at the same time."""
    with _reading, as_written(f"Plan {row.id}"):
        return _parsed(row.id, row.body)


def current(session: Session, round_id: str, stands: Round | None = None) -> PlanRow | None:
    """The plan on the desk: the newest of the round's chain."""
    stands = stands or standing(session, round_id)
    if not stands.plans:
        return None
    return plan_named(session, round_id, stands.plans[-1])


def plan_named(session: Session, round_id: str, content: str) -> PlanRow:
    """A plan of the round by the name its events use (`rounds.plan_id`)."""
    query = sa.select(PlanRow).where(PlanRow.round_id == round_id, PlanRow.content == content)
    return session.scalars(query).one()


def desk(session: Session, round_id: str) -> tuple[PlanRow, Desk]:
    """The plan on the desk and where the round stands. Raises RoundRefuses while there is no plan."""
    stands = standing(session, round_id)
    row = current(session, round_id, stands)
    if row is None:
        raise RoundRefuses("This round has no plan yet. Give it a case and solve it.")
    return row, Desk(plan_of(row), stands)


def step(
    session: Session,
    round_id: str,
    by: Person,
    take: Callable[[Desk], Fact | list[Fact]],
    *,
    plan_id: str | None = None,
) -> list[Event]:
    """One step of a round, whole or not at all. `plan_id`: refused unless that plan is the one on the desk."""
    row = the_round(session, round_id, lock=True)
    on_desk, place = desk(session, round_id)
    if plan_id is not None and on_desk.id != plan_id:
        raise RoundRefuses(f"Plan {plan_id} is no longer the plan of this round; {on_desk.id} is. Look at that first.")
    facts = take(place)
    return [keep_fact(session, row, f, by) for f in (facts if isinstance(facts, list) else [facts])]


def keep_case(session: Session, row: RoundRow, case: Case, policy: Policy, problems: list[Any], by: Person) -> CaseRow:
    """The next version of a round's case and policy."""
    last = session.scalar(sa.select(sa.func.max(CaseRow.n)).where(CaseRow.round_id == row.id)) or 0
    kept = CaseRow(
        round_id=row.id,
        n=last + 1,
        sha256=canon.case_sha256(case),
        case=case.model_dump(mode="json"),
        policy=policy.model_dump(mode="json"),
        problems=problems,
        by=by.id,
        at=now(),
    )
    session.add(kept)
    row.version += 1
    session.flush()
    return kept


def same_case(row: CaseRow, case: Case, policy: Policy) -> bool:
    """Whether this is the case and policy of that version."""
    return row.sha256 == canon.case_sha256(case) and row.policy == policy.model_dump(mode="json")


def newest_with_data(session: Session, programmes: Collection[str]) -> RoundRow | None:
    """The newest round of these programmes that has data."""
    query = sa.select(RoundRow).where(RoundRow.programme_id.in_(programmes))
    with_data = query.where(RoundRow.id.in_(sa.select(CaseRow.round_id)))
    return session.scalars(with_data.order_by(RoundRow.created_at.desc(), RoundRow.id)).first()


def case_row(session: Session, round_id: str) -> CaseRow | None:
    """The case in force."""
    query = sa.select(CaseRow).where(CaseRow.round_id == round_id).order_by(CaseRow.n.desc())
    row = session.scalars(query).first()
    return row and whole(row)


def case_sha256(session: Session, round_id: str) -> str | None:
    """The hash of the case in force, without reading the case."""
    query = sa.select(CaseRow.sha256).where(CaseRow.round_id == round_id).order_by(CaseRow.n.desc())
    return session.scalars(query).first()


def case_numbered(session: Session, round_id: str, n: int) -> CaseRow:
    """The `n`th case of the round, as it was when work was asked for on it."""
    row = session.get(CaseRow, (round_id, n))
    if row is None:
        raise NotThere(f"Round {round_id} has no case {n}.")
    return row


def case_of(row: CaseRow) -> tuple[Case, Policy]:
    with as_written(f"Data {row.n} of round {row.round_id}"):
        return Case.model_validate(row.case), Policy.model_validate(row.policy)


def newest_case(session: Session, programme: str) -> Case | None:
    """The case of the programme's newest round that has one: names for URNs and SIP ids."""
    query = sa.select(RoundRow.id).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at.desc())
    for round_id in session.scalars(query):
        row = case_row(session, round_id)
        if row is not None:
            return case_of(row)[0]
    return None
