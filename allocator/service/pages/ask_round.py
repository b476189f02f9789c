"""The round in which heads and SIPs are asked in May (domain X17), who of them, and until when."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Query
from sqlalchemy.orm import Session

from allocator.domain.case import School
from allocator.domain.facts import Facts
from allocator.questions.rollover import next_year
from allocator.questions.veto import one_answer
from allocator.rounds.ask_first import OPEN, schools_asked
from allocator.service.http_problems import HttpProblem
from allocator.service.reached import ring
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.tables import CaseRow, Programme, RoundRow

Named = Annotated[str | None, Query(max_length=64)]


def round_of(s: Session, me: Who, named: str | None) -> RoundRow:
    """The round asked about: the one named, else the newest with data in a programme of theirs."""
    query = sa.select(RoundRow).where(
        RoundRow.programme_id.in_(me.programmes()), RoundRow.id.in_(sa.select(CaseRow.round_id))
    )
    if named is not None:
        query = query.where(RoundRow.id == named)
    row = s.scalars(query.order_by(RoundRow.created_at.desc(), RoundRow.id)).first()
    if row is None:
        raise HttpProblem("not_found", "Nobody is being asked at the moment.")
    return row


def newest(s: Session, row: RoundRow) -> RoundRow:
    """The programme's newest round with data: this one, or one that was opened after it."""
    query = sa.select(RoundRow).where(
        RoundRow.programme_id == row.programme_id, RoundRow.id.in_(sa.select(CaseRow.round_id))
    )
    return s.scalars(query.order_by(RoundRow.created_at.desc(), RoundRow.id)).first() or row


def facts_ahead(s: Session, row: RoundRow) -> Facts:
    """Of the year after a plan in force. Raises HttpProblem while none is."""
    _, desk = keep.desk(s, row.id)
    if not desk.round.in_force:
        raise HttpProblem("round_refuses", "The plan of this year is not in force yet: next year is not asked about.")
    return Facts(next_year(desk.plan).case, desk.facts.policy.model_copy(update={"year": None}))


def facts_of(s: Session, row: RoundRow) -> Facts:
    case = keep.case_row(s, row.id)
    if case is None:
        raise HttpProblem("not_found", "Nobody is being asked yet: the schools and SIPs are not in.")
    return Facts(*keep.case_of(case))


def own_schools(facts: Facts, me: Who, programme: str) -> list[list[School]]:
    """The person's schools; those that share a head answer as one. Raises HttpProblem where none is asked."""
    groups = schools_of(facts, me, programme)
    if not groups:
        raise HttpProblem("not_found", "Your school is not among those asked this year.")
    return groups


def schools_of(facts: Facts, me: Who, programme: str) -> list[list[School]]:
    """The same, empty where none is asked."""
    mine = me.urns(programme)
    groups: dict[frozenset[str], list[School]] = {}
    for school in schools_asked(facts):
        if school.urn in mine:
            together = [u for u in one_answer(facts, school.urn) if u in mine]
            groups.setdefault(frozenset(together), [facts.schools[u] for u in sorted(together)])
    return list(groups.values())


def group_of(facts: Facts, me: Who, row: RoundRow, urn: str | None) -> list[School] | None:
    groups = own_schools(facts, me, row.programme_id)
    if urn is None:
        return groups[0] if len(groups) == 1 else None
    found = next((g for g in groups if any(x.urn == urn for x in g)), None)
    if found is None:
        raise HttpProblem("not_found", f"There is no school {urn}.")
    return found


def still_open(s: Session, row: RoundRow) -> bool:
    return keep.standing(s, row.id).state in OPEN


def address(path: str, round_id: str, urn: str | None = None) -> str:
    return f"{path}?{urlencode({'round': round_id} | ({'urn': urn} if urn else {}))}"


def refuse_late(s: Session, row: RoundRow) -> None:
    if not still_open(s, row):
        raise HttpProblem(
            "round_refuses",
            "Proposals for the year are already out, so this form is closed. Answer the proposal itself, or "
            f"{ring(s.get_one(Programme, row.programme_id).telephone)}.",
        )


def typed(form: Any) -> dict[str, Any]:
    """What was typed, field by field, to be shown again."""
    return {name: form.all(name) if name == "move_on" else form.data.get(name) for name in form.data}
