"""Erasure: of one person in a programme, or of a whole round, proved gone by looking through everything that is kept.

Of a person everything goes that tells who they are: name, address, portrait, what was written by and about them,
how they signed in. Their rows stay under a mark, with the figures on which the proof of everybody else's plan
rests, until the round itself goes; the plans are sealed anew and pass the auditor as before. Of a round everything
goes; what is left is a line in the audit log with the hashes of its last case and plan, by which a copy kept
elsewhere can still be told to be true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain import canon, seal
from allocator.domain.case import Case
from allocator.domain.happened import FACTS
from allocator.domain.plan import Plan, plan_text
from allocator.errors import AllocatorError, Spoilt, UsageError
from allocator.store import keep, legible, one_person
from allocator.store.database import Database
from allocator.store.marks import FREE, GONE, Marks
from allocator.store.settle import settle
from allocator.store.tables import (
    AskRow,
    AuditRow,
    Base,
    Called,
    CaseRow,
    EventRow,
    Factor,
    Grant,
    Job,
    JobPart,
    LetterRow,
    MatterRow,
    MatterStep,
    Once,
    Pass,
    PlanRow,
    Programme,
    Remembered,
    RoundRow,
    ScenarioRow,
    SentRow,
    SignIn,
    Someone,
    UploadRow,
    Wording,
)

OF_A_ROUND: tuple[type[Base], ...] = (
    JobPart,
    ScenarioRow,
    LetterRow,
    SentRow,
    UploadRow,
    AskRow,
    EventRow,
    Job,
    PlanRow,
    CaseRow,
)


@dataclass(frozen=True)
class Erased:
    """What was done: rows changed or taken out, and how often the person is still found (0, or nothing was kept)."""

    mark: str
    rows: int
    left: int
    ids: tuple[str, ...] = ()  # of SIPs that read like the name: the lot is drawn by the id, so it stays


def person(db: Database, programme: str, email: str = "", sip: str = "") -> Erased:
    """Everything in the programme that tells who this is, by address, by the id of a SIP, or both. Raises
    NotThere, UsageError."""
    with db.write() as s:
        if db.sqlite:
            s.execute(sa.text("pragma secure_delete = on"))
        try:
            marks = one_person.marks(s, programme, email, sip)
            rows = _accounts(s, programme, marks)
            for row in s.scalars(sa.select(RoundRow).where(RoundRow.programme_id == programme)):
                rows += _in_round(s, row, marks)
            rows += _beside(s, programme, marks)
            s.flush()
            s.expire_all()
            left = sum(1 for _ in _where(s, programme, marks))
        except (*legible.UNFIT, Spoilt) as why:
            raise _unfit(db, programme, why) from why
        if left:
            raise UsageError(f"They would still be found in {left} places. Nothing was erased; tell us of it.")
        keep.note(s, None, "person erased", marks.name, programme=programme, detail=f"{rows} rows")
    settle(db)
    return Erased(marks.name, rows, left, tuple(sorted(i for i in marks.sips if marks.told(i))))


def _unfit(db: Database, programme: str, why: Exception) -> AllocatorError:
    """What stood in the way: a row that cannot be read as it is, or one that could not be read without them."""
    with db.read() as s:
        if told := legible.unread(s, programme):
            return Spoilt(f"Nothing was erased. {told}")
    if isinstance(why, Spoilt):
        return why
    return UsageError(
        "Nothing was erased: without them a round could not be read again. Where the name is also a word of ours (sip, "
        "lead), correct it in the data first."
    )


def round_(db: Database, round_id: str) -> int:
    """A round with all that is kept of it; the number of rows. Raises NotThere."""
    with db.write() as s:
        if db.sqlite:
            s.execute(sa.text("pragma secure_delete = on"))
        row = keep.the_round(s, round_id, lock=True)
        case, plan = keep.case_sha256(s, round_id), _plan_on_the_desk(s, round_id)
        told = f"case {case or 'none'}, plan {plan}"
        jobs = sa.select(Job.id).where(Job.round_id == round_id)
        count = 0
        for table in OF_A_ROUND:
            rows = sa.delete(table)
            of = rows.where(JobPart.job_id.in_(jobs)) if table is JobPart else rows.filter_by(round_id=round_id)
            done: Any = s.execute(of)
            count += done.rowcount
        s.execute(sa.delete(Once))  # answers kept for repeated requests may tell of it
        keep.note(s, None, "round erased", round_id, programme=row.programme_id, detail=f"{row.name}: {told}")
        s.delete(row)
    settle(db)
    return count + 1


def _plan_on_the_desk(s: Session, round_id: str) -> str:
    try:
        plan = keep.current(s, round_id)
    except (UsageError, Spoilt):  # a round that cannot be read goes all the same
        return "not to be read"
    return plan.content if plan else "none"


def _accounts(s: Session, programme: str, m: Marks) -> int:
    """How they came in."""
    return sum(_account(s, programme, m, person) for person in sorted(m.people))


def _account(s: Session, programme: str, m: Marks, person: str) -> int:
    """One account of theirs; the person behind it too, where no other programme knows them."""
    count = 0
    for table in (Grant, Called, Pass):
        done: Any = s.execute(sa.delete(table).where(table.person_id == person, table.programme_id == programme))
        count += int(done.rowcount)
    here = sa.or_(SignIn.programme_id == programme, SignIn.programme_id.is_(None))
    s.execute(sa.delete(SignIn).where(SignIn.person_id == person, here))
    mine_rounds = sa.select(RoundRow.id).where(RoundRow.programme_id == programme)
    done = s.execute(sa.delete(LetterRow).where(LetterRow.person_id == person, LetterRow.round_id.in_(mine_rounds)))
    count += int(done.rowcount)
    s.execute(
        sa.update(AuditRow)
        .where(AuditRow.person_id == person, AuditRow.programme_id == programme)
        .values(person_id=m.name)
    )
    if not s.scalar(sa.select(sa.func.count()).where(Grant.person_id == person, Grant.role == "manager")):
        s.execute(sa.delete(Factor).where(Factor.person_id == person))
    elsewhere = [
        s.scalar(sa.select(sa.func.count()).where(t.person_id == person)) for t in (Grant, Called, LetterRow, Pass)
    ]
    if not any(elsewhere):
        s.execute(sa.delete(SignIn).where(SignIn.person_id == person))
        s.execute(sa.delete(Someone).where(Someone.id == person))
        count += 1
    return count


def _in_round(s: Session, row: RoundRow, m: Marks) -> int:
    """The round's cases, plans, events and work. Plans are sealed anew, and events name them as they are called now."""
    count = _in_cases(s, row.id, m)
    called = _in_plans(s, row.id, m)
    seals = _in_letters(s, row.id, m)
    count += len(called) + len(seals) + _in_logs(s, row.id, m, called, seals) + _in_work(s, row.id, m)
    for kept in s.scalars(sa.select(ScenarioRow).where(ScenarioRow.round_id == row.id)):
        kept.by, kept.name = m.scrubbed(kept.by), m.scrubbed(kept.name)
    for letter in s.scalars(sa.select(LetterRow).where(LetterRow.round_id == row.id)):
        letter.heading, letter.text = m.plain(letter.heading), m.plain(letter.text)
    row.name, row.version = m.plain(row.name), row.version + 1
    return count


def _in_cases(s: Session, round_id: str, m: Marks) -> int:
    count = 0
    for kept in s.scalars(sa.select(CaseRow).where(CaseRow.round_id == round_id)):
        new = m.scrubbed(_unaddressed(kept.case, m))
        if new != kept.case:
            kept.case, kept.sha256, count = new, canon.case_sha256(Case.model_validate(new)), count + 1
        kept.problems = m.scrubbed(kept.problems)
        kept.by = m.name if kept.by in m.people else kept.by
    return count


def _in_plans(s: Session, round_id: str, m: Marks) -> dict[str, str]:
    """How each plan that changed was called -> how it is called now."""
    called = {}
    for kept in s.scalars(sa.select(PlanRow).where(PlanRow.round_id == round_id)):
        was = json.loads(kept.body)
        new = m.scrubbed(_unaddressed(was, m))
        if new != was:
            plan = _sealed(Plan.model_validate(was), Plan.model_validate(new))
            called[kept.content] = kept.content = rounds.plan_id(plan)
            kept.body = plan_text(plan)
    return called


def _in_letters(s: Session, round_id: str, m: Marks) -> dict[str, str]:
    """Letters as they went: id -> the seal of what is left of those that told of them."""
    seals = {}
    for kept in s.scalars(sa.select(SentRow).where(SentRow.round_id == round_id)):
        if (new := (m.plain(kept.heading), m.plain(kept.text))) != (kept.heading, kept.text):
            kept.heading, kept.text = new
            seals[kept.id] = rounds.sealed(*new)
    return seals


def _in_logs(s: Session, round_id: str, m: Marks, called: dict[str, str], seals: dict[str, str]) -> int:
    """What happened, and what was asked before: who did it, and what they wrote; each row in its own version."""
    count = 0
    rows: list[EventRow | AskRow] = [
        *s.scalars(sa.select(EventRow).where(EventRow.round_id == round_id)),
        *s.scalars(sa.select(AskRow).where(AskRow.round_id == round_id)),
    ]
    for e in rows:
        mine = e.by["id"] in m.people
        by, data = m.scrubbed(e.by) | (m.theirs if mine else {}), m.scrubbed(e.data)
        if mine:
            data = {k: GONE if k in FREE and v else v for k, v in data.items()}
        if data.get("plan") in called:
            data["plan"] = called[data["plan"]]
        for x in data.get("letters", ()):
            x["sha256"] = seals.get(x["id"], x["sha256"])
        if isinstance(e, EventRow):
            FACTS.read(e.n, e.kind, e.version, data, e.at)  # a log that could not be read would be a round gone
        if (data, by) != (e.data, e.by):
            e.data, e.by, count = data, by, count + 1
    return count


def _in_work(s: Session, round_id: str, m: Marks) -> int:
    """Jobs; what can be worked out or given again where it is wanted goes."""
    jobs, count = sa.select(Job.id).where(Job.round_id == round_id), 0
    for gone in (
        sa.delete(JobPart).where(JobPart.job_id.in_(jobs)),
        sa.delete(UploadRow).where(UploadRow.round_id == round_id),
    ):
        done: Any = s.execute(gone)
        count += int(done.rowcount)
    for job in s.scalars(sa.select(Job).where(Job.round_id == round_id)):
        job.by = m.scrubbed(job.by) | (m.theirs if job.by["id"] in m.people else {})
        for name in ("request", "progress", "reason", "result"):
            setattr(job, name, m.scrubbed(getattr(job, name)))
        if job.kind == "export" and job.state == "done":  # a file, in which nobody can be looked for
            job.result, job.state, job.reason = None, "failed", GONE
    return count


def _unaddressed(value: Any, m: Marks) -> Any:
    """Without their address where a school's head or chair has it, or a SIP."""
    if isinstance(value, dict):
        return {
            k: None if k.endswith("email") and isinstance(v, str) and v.casefold() in m.emails else _unaddressed(v, m)
            for k, v in value.items()
        }
    return [_unaddressed(v, m) for v in value] if isinstance(value, list) else value


def _sealed(old: Plan, new: Plan) -> Plan:
    """The hashes and the seal of a plan whose words have changed, where they were true before."""
    from allocator.reasons.answer import world

    base = canon.sha256(new.inputs.case)
    inputs = new.inputs.model_copy(update={"base_sha256": base})
    if old.inputs.seal is not None and old.inputs.seal == seal.make(old.inputs):
        inputs = seal.sealed(inputs)
    plan = new.model_copy(update={"inputs": inputs})
    made = plan.made_with.model_copy(update={"case_sha256": canon.case_sha256(world(plan)[0])})
    return plan.model_copy(update={"made_with": made})


def _beside(s: Session, programme: str, m: Marks) -> int:
    """The audit log, words that the programme told us, and answers kept for repeated requests."""
    count = 0
    for a in s.scalars(sa.select(AuditRow).where(AuditRow.programme_id == programme)):
        if (new := (m.plain(a.subject), m.plain(a.detail))) != (a.subject, a.detail):
            (a.subject, a.detail), count = (new[0] or m.name, new[1]), count + 1
    for r in s.scalars(sa.select(Remembered).where(Remembered.programme_id == programme)):
        theirs = r.kind == "sip" and (r.means in m.sips or m.told(r.text))
        if theirs or m.found_in(r.text):
            s.delete(r)
            count += 1
        elif r.by in m.people:
            r.by = m.name
    for w in s.scalars(sa.select(Wording).where(Wording.programme_id == programme)):
        w.text, w.by = m.plain(w.text), m.name if w.by in m.people else w.by
    here = s.get_one(Programme, programme)
    here.office = m.plain(here.office)
    s.execute(sa.delete(Once))
    return count + _in_matters(s, programme, m)


def _in_matters(s: Session, programme: str, m: Marks) -> int:
    """Complaints and concerns: that there was one, on which rung and when stays; who they are and what was said
    goes."""
    count, mine = 0, sa.select(MatterRow.id).where(MatterRow.programme_id == programme)
    for step in s.scalars(sa.select(MatterStep).where(MatterStep.matter_id.in_(mine))):
        theirs = step.by["id"] in m.people
        by = m.scrubbed(step.by) | (m.theirs if theirs else {})
        text = GONE if step.text and (theirs or m.told(step.text)) else step.text
        if (by, text) != (step.by, step.text):
            step.by, step.text, count = by, text, count + 1
    return count


def _where(s: Session, programme: str, m: Marks) -> Iterator[str]:
    """Every place of the programme where they are still found."""
    mine = sa.select(RoundRow.id).where(RoundRow.programme_id == programme)
    matters = sa.select(MatterRow.id).where(MatterRow.programme_id == programme)
    of = {
        "round_id": lambda c: c.in_(mine),
        "programme_id": lambda c: c == programme,
        "matter_id": lambda c: c.in_(matters),
    }
    for table in Base.metadata.sorted_tables:
        columns = [c for name, c in table.columns.items() if name in of]
        if not columns:
            continue
        for row in s.execute(sa.select(table).where(of[columns[0].name](columns[0]))).mappings():
            for name, value in row.items():
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
                held = json.loads(text) if (table.name, name) == (PlanRow.__tablename__, "body") else value
                if m.found_in(held) or any(p in text for p in m.people):
                    yield f"{table.name}.{name}"
