"""How a head or SIP reaches the SIP manager: by telephone where the programme has a number; where it has none, no page
promises one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.service.roles import Who
from allocator.store.tables import Programme


def ring(telephone: str, whom: str = "your SIP manager") -> str:
    """What to do, within a sentence."""
    return f"ring {whom} on {telephone}" if telephone else f"speak to {whom}"


def ring_of(s: Session, programme: str) -> str:
    """The same as a sentence of its own, for a programme."""
    said = ring(s.get_one(Programme, programme).telephone)
    return f"{said[:1].upper()}{said[1:]}."


def desks_of(s: Session, me: Who) -> list[Programme]:
    """This person's programmes that say how to reach them, by name."""
    mine = sa.select(Programme).where(Programme.id.in_(me.programmes()))
    return list(s.scalars(mine.where(Programme.office + Programme.telephone != "").order_by(Programme.name)))
