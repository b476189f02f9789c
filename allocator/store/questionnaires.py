"""The log of asking first, kept; answers never bump the round's version, so that nobody's form goes stale over one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.rounds.ask_first import Asked, Key, Step, fold
from allocator.store import keep
from allocator.store.tables import AskRow


def record(
    session: Session, round_id: str, key: Key, step: Step, by: Person, data: Mapping[str, Any] | None = None
) -> AskRow:
    """The next line of the log."""
    keep.the_round(session, round_id, lock=True)
    last = session.scalar(sa.select(sa.func.max(AskRow.n)).where(AskRow.round_id == round_id)) or 0
    row = AskRow(
        round_id=round_id,
        n=last + 1,
        at=keep.now(),
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
    rows = session.scalars(sa.select(AskRow).where(AskRow.round_id == round_id).order_by(AskRow.n))
    log = ((r.whose, r.key, r.kind, r.at, Person.model_validate(r.by), r.data) for r in rows)
    return fold(log)  # type: ignore[arg-type]  # words as they were recorded
