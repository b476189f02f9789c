"""How long things are kept, and taking out what is older (domain 3.7 point 8): reasons short, the fact longer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.happened import FACTS
from allocator.store import erase, keep
from allocator.store.database import Database
from allocator.store.settle import settle
from allocator.store.tables import (
    AskRow,
    AuditRow,
    CaseRow,
    EventRow,
    Job,
    JobPart,
    LetterRow,
    Mark,
    MatterRow,
    MatterStep,
    RoundRow,
    SentRow,
    UploadRow,
)

APPLIED = "retention"  # the mark of the last time
GONE = "taken out: kept no longer"
BRIEF = FACTS.brief()


@dataclass(frozen=True)
class KeepingRule:
    """What is kept, how many days, from when, and why so long. `key`: the setting `ALLOCATOR_KEEP_…_DAYS`."""

    key: str
    what: str
    days: int
    since: str
    why: str


RULES = (
    KeepingRule(
        "uploads",
        "files given as a round's data and not taken",
        30,
        "they were given",
        "they are taken or given again within days",
    ),
    KeepingRule(
        "work",
        "jobs, their results, the files they made",
        90,
        "they ended",
        "a result is worked out again from its plan",
    ),
    KeepingRule(
        "reasons",
        "why a school refused, and what heads, chairs and SIPs wrote in their own words",
        400,
        "they were written",
        "a refusal is heard within weeks and questioned within a year; that there was one is kept with the round",
    ),
    KeepingRule(
        "letters",
        "the words of letters, with the address",
        730,
        "they were sent",
        "what was promised may be asked about for two years",
    ),
    KeepingRule(
        "versions",
        "versions of a round's data before the one in force",
        730,
        "they were replaced",
        "who changed what is asked within two years",
    ),
    KeepingRule(
        "log",
        "the audit log: who did what and when",
        1095,
        "it was written",
        "access is looked into within three years",
    ),
    KeepingRule(
        "ladders",
        "complaints and concerns, with every step",
        1095,
        "the last step",
        "whether one was heard is asked within three years",
    ),
    KeepingRule(
        "rounds",
        "a round: its data, plans, answers and decisions",
        2555,
        "the last thing happened in it",
        "tenure and refusals count over six years, and a complaint may come a year later",
    ),
)


def schedule(days: Mapping[str, int]) -> tuple[KeepingRule, ...]:
    """The rules with the days in force."""
    return tuple(KeepingRule(r.key, r.what, days.get(r.key, r.days), r.since, r.why) for r in RULES)


def apply(
    db: Database, days: Mapping[str, int], *, now: dt.datetime | None = None, dry: bool = False
) -> dict[str, int]:
    """Take out what is older than `days` of its kind; how many rows of each. `dry`: only count."""
    now, found = now or keep.now(), {}
    before = {r.key: now - dt.timedelta(days=r.days) for r in schedule(days)}
    with db.read() if dry else db.write() as s:
        for r in RULES[:-1]:
            found[r.key] = DO[r.key](s, before[r.key], dry)
        old = _old_rounds(s, before["rounds"])
        if not dry:
            s.merge(Mark(name=APPLIED, at=now))
    found["rounds"] = len(old)
    for id in () if dry else old:
        erase.round_(db, id)
    if not dry and any(found.values()):
        settle(db)
    return found


def _delete(s: Session, table: Any, which: Any, dry: bool) -> int:
    if dry:
        return s.scalar(sa.select(sa.func.count()).select_from(table).where(which)) or 0
    done: Any = s.execute(sa.delete(table).where(which))
    return int(done.rowcount)


def _uploads(s: Session, before: dt.datetime, dry: bool) -> int:
    return _delete(s, UploadRow, UploadRow.at < before, dry)


def _work(s: Session, before: dt.datetime, dry: bool) -> int:
    old = Job.ended_at < before
    if not dry:
        s.execute(sa.delete(JobPart).where(JobPart.job_id.in_(sa.select(Job.id).where(old))))
    return _delete(s, Job, old, dry)


def _reasons(s: Session, before: dt.datetime, dry: bool) -> int:
    """Only what was written freely: who answered what and when stays, so the round is what it was."""
    count = 0
    for e in s.scalars(sa.select(EventRow).where(EventRow.at < before, EventRow.kind.in_(BRIEF))):
        said = _said(e.data, BRIEF[e.kind])
        count += bool(said)
        if said and not dry:
            e.data = {**e.data, **said}
    for a in s.scalars(sa.select(AskRow).where(AskRow.at < before, AskRow.kind.in_(("answered", "next_year")))):
        said = _said(a.data, ("note", "why"))
        count += bool(said)
        if said and not dry:
            a.data = {**a.data, **said}
    return count


def _said(data: Any, fields: Iterable[str]) -> dict[str, str]:
    """What is to stand in place of words; a spoilt row, which is no object, says nothing and holds nobody up."""
    return {k: GONE for k in fields if data.get(k) and data[k] != GONE} if isinstance(data, dict) else {}


def _letters(s: Session, before: dt.datetime, dry: bool) -> int:
    """The words and the address; that a letter went, and what became of it, stays."""
    count = 0
    for table, blank in ((LetterRow, {"text": GONE, "email": ""}), (SentRow, {"text": GONE})):
        moment, text = table.at, table.text
        old = sa.and_(moment < before, text != GONE)
        if dry:
            count += s.scalar(sa.select(sa.func.count()).select_from(table).where(old)) or 0
        else:
            done: Any = s.execute(sa.update(table).where(old).values(**blank))
            count += int(done.rowcount)
    return count


def _versions(s: Session, before: dt.datetime, dry: bool) -> int:
    newer = sa.orm.aliased(CaseRow)
    replaced = (
        sa.select(newer.n).where(newer.round_id == CaseRow.round_id, newer.n > CaseRow.n, newer.at < before).exists()
    )
    return _delete(s, CaseRow, replaced, dry)


def _log(s: Session, before: dt.datetime, dry: bool) -> int:
    return _delete(
        s, AuditRow, sa.and_(AuditRow.at < before, AuditRow.action.not_in(("person erased", "round erased"))), dry
    )


def _ladders(s: Session, before: dt.datetime, dry: bool) -> int:
    last = sa.select(sa.func.max(MatterStep.at)).where(MatterStep.matter_id == MatterRow.id).scalar_subquery()
    old = list(s.scalars(sa.select(MatterRow.id).where(last < before)))
    if not dry:
        s.execute(sa.delete(MatterStep).where(MatterStep.matter_id.in_(old)))
    return _delete(s, MatterRow, MatterRow.id.in_(old), dry)


def _old_rounds(s: Session, before: dt.datetime) -> list[str]:
    """Rounds in which nothing has happened since."""
    out = []
    for row in s.scalars(sa.select(RoundRow).where(RoundRow.created_at < before)):
        moments = [
            s.scalar(sa.select(sa.func.max(t.at)).where(t.round_id == row.id))
            for t in (EventRow, CaseRow, AskRow, LetterRow)
        ]
        if all(m is None or m < before for m in moments):
            out.append(row.id)
    return out


DO = {
    "uploads": _uploads,
    "work": _work,
    "reasons": _reasons,
    "letters": _letters,
    "versions": _versions,
    "log": _log,
    "ladders": _ladders,
}
