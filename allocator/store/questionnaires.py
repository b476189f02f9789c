"""The log of asking first, kept; answers never bump the round's version, so that nobody's form goes stale over one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.rounds.ask_first import Asked, Key, Log, Step, fold
from allocator.rounds.ask_first import for_next_year as said_of_next_year
from allocator.store import keep
from allocator.store.legible import as_written
from allocator.store.tables import AskRow


def record(
    session: Session,
    round_id: str,
    key: Key,
    step: Step,
    by: Person,
    data: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> AskRow:
    """The next line of the log, of now unless it was said before."""
    keep.the_round(session, round_id, lock=True)
    last = session.scalar(sa.select(sa.func.max(AskRow.n)).where(AskRow.round_id == round_id)) or 0
    row = AskRow(
        round_id=round_id,
        n=last + 1,
        at=at or keep.now(),
        by=by.model_dump(mode="json"),
        kind=step,
        whose=key[0],
        key=key[1],
        data=dict(data or {}),
    )
    session.add(row)
    session.flush()
    return row


def asked(session: Session, round_id: str) -> dict[Key, Asked]:
    """Everyone who was asked or has answered."""
    with as_written(f"What was asked first of round {round_id}"):
        return fold(_log(_rows(session, round_id)))


def for_next_year(session: Session, round_id: str) -> dict[Key, Asked]:
    """What was said of the year after this round's."""
    with as_written(f"What was asked first of round {round_id}"):
        return said_of_next_year(_log(_rows(session, round_id)))


def carry_on(session: Session, round_id: str, to: str, urns: Collection[str]) -> int:
    """What these schools said of the next year, as their answers in its round, of the day on which they said it; how
    many."""
    last = {r.key: r for r in _rows(session, round_id) if r.kind == "next_year" and r.key in urns}
    for r in last.values():
        record(session, to, ("school", r.key), "answered", Person.model_validate(r.by), r.data, r.at)
    return len(last)


def words_of(session: Session, round_id: str, keys: Collection[Key]) -> list[AskRow]:
    """What was said for these schools or SIPs, of the year or of the next, oldest first."""
    said = ("answered", "next_year")
    return [r for r in _rows(session, round_id) if (r.whose, r.key) in keys and r.kind in said]


def _rows(session: Session, round_id: str) -> list[AskRow]:
    return list(session.scalars(sa.select(AskRow).where(AskRow.round_id == round_id).order_by(AskRow.n)))


def _log(rows: list[AskRow]) -> Log:
    log = [(r.whose, r.key, r.kind, r.at, Person.model_validate(r.by), dict(r.data)) for r in rows]
    return log  # type: ignore[return-value]  # words as they were recorded
