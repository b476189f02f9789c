"""Everything held on a person, for them to print (domain 3.7, subject access). Nothing of other people is in it.

What others wrote in free text (why a school refused, a manager's reason for a decision) may name others: that it exists
is said here, and the manager gives it out with others' names taken out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.case import Case
from allocator.service.people import Who
from allocator.store import keep
from allocator.store.tables import AuditRow, Pass, Programme, RoundRow

Part = tuple[str, list[tuple[str, str]]]  # heading, (what, value)


def held_on(s: Session, who: Who) -> list[Part]:
    """By kind of thing: you, your sign-ins, your row and what is recorded of you in each round, what you said."""
    parts: list[Part] = [("You", [("Name", who.name), ("Email address", who.email), ("Role", who.role)])]
    passes = s.scalars(
        sa.select(Pass).where(Pass.person_id == who.id, Pass.programme_id == who.programme).order_by(Pass.created_at)
    )
    parts.append(("Your sign-ins", [(f"{p.created_at:%d %B %Y %H:%M} UTC", f"{p.kind}, as {p.role}") for p in passes]))
    for programme in sorted(who.programmes()):
        name = s.get_one(Programme, programme).name
        for row in s.scalars(
            sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at)
        ):
            kept = keep.case_row(s, row.id)
            if kept is not None:
                parts += _of_case(f"{name}, {row.name}", keep.case_of(kept)[0], who, programme)
            said = [e for e in keep.events_of(s, row.id) if e.by.id == who.id]
            rows = [(f"{e.at:%d %B %Y %H:%M} UTC", _said(e.data)) for e in said]
            parts.append((f"{name}, {row.name}: what you said here", rows))
    mine = sa.select(AuditRow).where(AuditRow.person_id == who.id, AuditRow.programme_id.in_(who.programmes()))
    lines = s.scalars(mine.order_by(AuditRow.n))
    parts.append(("What the audit log has of you", [(f"{a.at:%d %B %Y %H:%M} UTC", a.action) for a in lines]))
    return [(heading, rows) for heading, rows in parts if rows]


def _said(data: dict[str, Any]) -> str:
    word = str(data.get("answer") or "").replace("_", " ")
    return f"{word}: {data['reason']}" if data.get("reason") else word


def _of_case(where: str, case: Case, who: Who, programme: str) -> Iterable[Part]:
    if who.role == "school":
        for school in (x for x in case.schools if x.urn in who.urns(programme)):
            yield f"{where}: the row of {school.name}", _row(school.model_dump())
            wishes = [w for w in case.wishes if w.by == "school" and w.urn == school.urn]
            yield f"{where}: what {school.name} asked for", [(w.wish.replace("_", " "), w.note or "") for w in wishes]
            refused = [r for r in case.refusals if r.urn == school.urn]
            yield f"{where}: refusals by {school.name}", [(r.year, r.kind) for r in refused]
        return
    sip = who.sip(programme)
    names = {x.urn: x.name for x in case.schools}
    for person in (x for x in case.sips if x.sip == sip):
        yield f"{where}: your row", _row(person.model_dump())
    history = [h for h in case.history if h.sip == sip]
    yield (
        f"{where}: schools on record with you",
        [
            (
                f"{h.year} {h.role or 'lead'}",
                names.get(h.urn, h.urn) + (f", ended: {h.ended.replace('_', ' ')}" if h.ended else ""),
            )
            for h in history
        ],
    )
    ties = [i for i in case.interests if i.sip == sip]
    yield (
        f"{where}: ties declared",
        [
            (
                names.get(i.urn or "", i.urn or i.trust or i.la or ""),
                f"{i.kind.replace('_', ' ')}, {i.outcome or 'open'}",
            )
            for i in ties
        ],
    )
    wishes = [w for w in case.wishes if w.by == "sip" and w.sip == sip]
    yield f"{where}: what you asked for", [(w.wish.replace("_", " "), w.note or "") for w in wishes]
    away = [a for a in case.absences if a.sip == sip]
    yield f"{where}: times away", [(str(a.away_from), f"to {a.away_to}") for a in away]
    worked = [w for w in case.worked if w.sip == sip]
    yield f"{where}: days given", [(str(w.on), f"{w.days:g} at {names.get(w.urn, w.urn)}, {w.post}") for w in worked]
    others = sum(w.by == "school" and w.sip == sip for w in case.wishes) + sum(d.sip == sip for d in case.decisions)
    others += sum(r.sip == sip for r in case.refusals)
    yield (
        f"{where}: written by others",
        [
            (
                "Wishes, refusals and decisions that name you",
                f"{others}; they may name others too: ask the SIP manager for a copy",
            )
        ]
        if others
        else [],
    )


def _row(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Every filled cell, in words."""
    out = []
    for key, value in data.items():
        if value in (None, (), ""):
            continue
        text = ", ".join(str(v).replace("_", " ") for v in value) if isinstance(value, tuple) else str(value)
        out.append((key.replace("_", " "), {"True": "yes", "False": "no"}.get(text, text)))
    return out
