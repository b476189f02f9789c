"""How long things are kept, and taking out what is older (domain 3.7 point 8): reasons short, the fact longer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
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
from allocator.words import counted, listed

APPLIED = "retention"  # the mark of the last time
GONE = "taken out: kept no longer"
BRIEF = FACTS.brief()
MOST = 5  # rows told by name


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


class OlderRows(dict[str, int]):
    """How many rows of each kind are older; `unread`: those that cannot be read, whose words therefore stay."""

    unread: tuple[str, ...] = ()


def apply(db: Database, days: Mapping[str, int], *, now: dt.datetime | None = None, dry: bool = False) -> OlderRows:
    """Take out what is older than `days` of its kind; how many rows of each. `dry`: only count."""
    now, found = now or keep.now(), OlderRows()
    before = {r.key: now - dt.timedelta(days=r.days) for r in schedule(days)}
    with db.read() if dry else db.write() as s:
        for r in RULES[:-1]:
            found[r.key] = DO[r.key](s, before[r.key], dry)
        old = _old_rounds(s, before["rounds"])
        found.unread = tuple(_unread(s, before["reasons"], old))
        if not dry:
            s.merge(Mark(name=APPLIED, at=now))
    found["rounds"] = len(old)
    for id in () if dry else old:
        erase.round_(db, id)
    if not dry and any(found.values()):
        settle(db)
    return found


def untaken(rows: Sequence[str]) -> str:
    """What to say of rows that cannot be read."""
    more = counted(len(rows) - MOST, "more row")
    named = listed([*rows[:MOST], *([more] if len(rows) > MOST else [])])
    return (
        f"{named} cannot be read, so what was written there in people's own words stays beyond its days; all else is "
        "as told. Restore the store from a backup, and tell whoever answers for data protection."
    )


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


@dataclass(frozen=True)
class _Wordy:
    """An old row with words, as the store has it: `data` is None where that is no object of JSON."""

    table: type[EventRow | AskRow]
    round_id: str
    n: int
    kind: str
    data: dict[str, Any] | None

    def said(self) -> dict[str, str]:
        """What is to stand in place of words."""
        data, fields = self.data or {}, BRIEF[self.kind] if self.table is EventRow else ("note", "why")
        return {k: GONE for k in fields if data.get(k) and data[k] != GONE}


def _wordy(s: Session, before: dt.datetime) -> Iterator[_Wordy]:
    """Read as text: one row that is spoilt holds up no other."""
    for table, kinds in ((EventRow, tuple(BRIEF)), (AskRow, ("answered", "next_year"))):
        written = sa.cast(table.data, sa.Text)
        query = sa.select(table.round_id, table.n, table.kind, written)
        for id, n, kind, text in s.execute(query.where(table.at < before, table.kind.in_(kinds))).all():
            try:
                data = json.loads(text)
            except (TypeError, ValueError):
                data = None
            yield _Wordy(table, id, n, kind, data if isinstance(data, dict) else None)


def _reasons(s: Session, before: dt.datetime, dry: bool) -> int:
    """Only what was written freely: who answered what and when stays, so the round is what it was."""
    count = 0
    for row in _wordy(s, before):
        said, table = row.said(), row.table
        count += bool(said)
        if said and not dry:
            one = sa.update(table).where(table.round_id == row.round_id, table.n == row.n)
            s.execute(one.values(data={**(row.data or {}), **said}))
    return count


def _unread(s: Session, before: dt.datetime, going: Collection[str]) -> Iterator[str]:
    """The rows whose words cannot be taken out; those of rounds that are `going` go with them."""
    for row in _wordy(s, before):
        if row.data is None and row.round_id not in going:
            named = "Event {}" if row.table is EventRow else "Row {} of what was asked first"
            yield f"Round {keep.the_round(s, row.round_id).name}: {named.format(row.n)}"


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
