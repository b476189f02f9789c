"""Complaints and concerns, kept step by step beside the rounds: they are a programme's, and outlast a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.errors import NotThere
from allocator.rounds.ladders import Matter, MatterKind, Owner, Step, Word
from allocator.store import keep
from allocator.store.legible import as_written, rungs
from allocator.store.tables import MatterRow, MatterStep


def begin(
    s: Session, programme: str, kind: MatterKind, owner: str, urn: str, sip: str, rungs: Sequence[str], first: Step
) -> str:
    """A matter with its first step; its id."""
    row = MatterRow(
        id=keep.new_id(), programme_id=programme, kind=kind, owner=owner, urn=urn, sip=sip, rungs=list(rungs)
    )
    s.add(row)
    s.flush()
    _keep(s, row.id, 1, first)
    return row.id


def add(s: Session, matter: Matter, step: Step) -> None:
    """The next step of a matter that was read with `lock`."""
    _keep(s, matter.id, len(matter.steps) + 1, step)


def _keep(s: Session, matter: str, n: int, step: Step) -> None:
    by = step.by.model_dump(mode="json")
    due = step.reply_by.isoformat() if step.reply_by else None
    s.add(
        MatterStep(
            matter_id=matter, n=n, at=step.at, by=by, word=step.word, rung=step.rung, text=step.text or "", reply_by=due
        )
    )
    s.flush()


def matters(s: Session, programme: str) -> list[Matter]:
    """All of a programme, the newest first."""
    rows = s.scalars(sa.select(MatterRow).where(MatterRow.programme_id == programme))
    found = [_matter(s, row) for row in rows]
    return sorted(found, key=lambda m: (m.steps[0].at, m.id), reverse=True)


def matter(s: Session, id: str, *, lock: bool = False) -> Matter:
    """Raises NotThere. `lock`: held against others until the transaction ends."""
    query = sa.select(MatterRow).where(MatterRow.id == id)
    row = s.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotThere("There is no such complaint or concern.")
    return _matter(s, row)


def _matter(s: Session, row: MatterRow) -> Matter:
    rows = s.scalars(sa.select(MatterStep).where(MatterStep.matter_id == row.id).order_by(MatterStep.n))
    with as_written(f"Matter {row.id}"):
        steps = tuple(
            Step(x.at, Person.model_validate(x.by), cast(Word, x.word), x.rung, x.text, _day(x.reply_by)) for x in rows
        )
        names = rungs(row)
        if not steps or any(step.rung not in range(len(names)) for step in steps):
            raise TypeError
        kind, owner = cast(MatterKind, row.kind), cast(Owner, row.owner)
        return Matter(row.id, row.programme_id, kind, owner, row.urn, row.sip, names, steps)


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
