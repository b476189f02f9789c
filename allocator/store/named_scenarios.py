"""Scenarios that a manager keeps by name: a plan of the round that is not on its desk, and the plan it went on from."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.errors import UsageError
from allocator.store.keep import new_id, now
from allocator.store.tables import ScenarioRow


def named(session: Session, round_id: str) -> list[ScenarioRow]:
    """The round's scenarios, newest first."""
    query = sa.select(ScenarioRow).where(ScenarioRow.round_id == round_id)
    return list(session.scalars(query.order_by(ScenarioRow.at.desc(), ScenarioRow.id)))


def keep(session: Session, round_id: str, name: str, plan_id: str, from_plan: str, by: Person) -> ScenarioRow:
    """Keep a plan under a name. Raises UsageError where the round has that name already."""
    if any(s.name.casefold() == name.casefold() for s in named(session, round_id)):
        raise UsageError(f"There is already a scenario called {name}. Give this one another name.")
    row = ScenarioRow(
        id=new_id(), round_id=round_id, name=name, plan_id=plan_id, from_plan=from_plan, by=by.name, at=now()
    )
    session.add(row)
    session.flush()
    return row


def drop(session: Session, round_id: str, id: str) -> str | None:
    """Forget the name; the plan stays, as all plans do. Returns the name, None where it is not there (any more)."""
    row = session.get(ScenarioRow, id)
    if row is None or row.round_id != round_id:
        return None
    session.delete(row)
    session.flush()
    return row.name
