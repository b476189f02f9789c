"""Rows of a case found, replaced, added or taken away: what every kind of change is made of. Nothing is edited in
place."""

from __future__ import annotations

import difflib
from typing import Any

from allocator.domain.bodies import Bodies, named
from allocator.domain.case import Case, Row, School, Sip
from allocator.domain.policy import Policy
from allocator.errors import UsageError

World = tuple[Case, Policy]


def school_of(world: World, urn: str) -> School:
    found = next((s for s in world[0].schools if s.urn == urn), None)
    if found is None:
        raise UsageError(f"{urn} is not a school of this case.", urn=urn)
    return found


def sip_of(world: World, sip: str) -> Sip:
    found = next((s for s in world[0].sips if s.sip == sip), None)
    if found is None:
        near = difflib.get_close_matches(sip, [s.sip for s in world[0].sips], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"{sip} is not a SIP of this case.{hint}", sip=sip)
    return found


def on_team(world: World, sip: str) -> Sip:
    """The SIP, who must still be there to change."""
    row = sip_of(world, sip)
    if row.status == "left":
        raise UsageError(f"{row.name} ({sip}) has already left; nothing more can happen to that row.", sip=sip)
    return row


def put(world: World, table: str, old: Row | None, new: Row | None) -> World:
    """The case with one row replaced, added or taken away, order kept. Bodies that a new row names are spelt as
    the schools spell them."""
    case, policy = world
    rows = list(getattr(case, table))
    if new is not None and named(new) and (old is None or named(old) != named(new)):
        new, _ = Bodies(case.schools).row(new)
    if old is None and new is not None:
        rows.append(new)
    elif old is not None:
        at = rows.index(old)
        rows[at : at + 1] = [new] if new is not None else []
    return case.model_copy(update={table: tuple(rows)}), policy


def edit(world: World, table: str, row: Row, **values: Any) -> World:
    checked = type(row).model_validate({**row.model_dump(), **values})
    return put(world, table, row, checked)
