"""Telling people and hearing them: publication, answers, queries, confirmations."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from allocator.domain.round import Query
from allocator.service.access import Anyone, In, Manager, Reader, plan_in, round_in
from allocator.service.actions import answers as actions
from allocator.service.http_problems import HttpProblem, errors
from allocator.service.idempotency import OnceRoute
from allocator.service.roles import Who
from allocator.service.routes.rounds import tagged
from allocator.service.schemas import (
    AnswerIn,
    ConfirmIn,
    Id,
    LetterOut,
    OwnPlan,
    PageOf,
    Publication,
    QueryIn,
    QueryOut,
    Recorded,
    Standing,
)
from allocator.service.sent import kept
from allocator.service.views import own_plan, standings
from allocator.store import keep

router = APIRouter(route_class=OnceRoute)
WRITE = ("stale", "round_refuses")


@router.get("/plans/{id}/publication", responses=errors("round_refuses"))
def published(id: Id, who: Reader, office: In) -> PageOf[Standing]:
    """Where every pair stands: told, answered, queried, refused, confirmed, and what is missing to confirm it."""
    with office.db.read() as s:
        _, of = plan_in(s, who, id)
        on_desk, place = keep.desk(s, of.id)
        if on_desk.id != id:
            raise HttpProblem("round_refuses", f"Plan {id} is not on the desk; {on_desk.id} is.")
        return PageOf(items=standings(place, who, of.programme_id))


@router.post("/plans/{id}/publication", responses=errors(*WRITE))
def publish(id: Id, ask: Publication, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """Sound SIPs out, send proposals (all or a stage), tell what has changed or is settled, remind, withdraw, or
    close when the date has passed. What each letter says is kept as it goes."""
    return tagged(response, actions.publish(office, request, who, id, ask))


@router.get("/rounds/{id}/letters")
def letters(id: Id, who: Reader, office: In) -> PageOf[LetterOut]:
    """Every letter of the round, newest first: to whom, when, by whom, and what it said, as it went."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        found = kept(s, row.id, keep.standing(s, row.id), lambda _: True)
    return PageOf(
        items=[
            LetterOut(
                id=k.sent.id,
                kind=k.sent.kind,
                urns=list(k.sent.urns),
                to=k.sent.to,
                role=k.sent.role,
                on=k.sent.on,
                by=k.sent.by,
                heading=k.heading,
                text="\n\n".join(k.paragraphs),
                whole=k.whole,
            )
            for k in found
        ]
    )


@router.get("/plans/{id}/answers", response_model=PageOf[Standing] | OwnPlan, responses=errors("round_refuses"))
def answers(id: Id, who: Anyone, office: In) -> Any:
    """What has been said: all of it for a manager, one's own for a school or SIP."""
    if who.role in ("manager", "auditor"):
        return published(id, who, office)
    with office.db.read() as s:
        row, of = plan_in(s, who, id)
        return own_plan(s, row, of, who)


@router.post("/plans/{id}/answers", responses=errors(*WRITE))
def answer(id: Id, ask: AnswerIn, request: Request, who: Anyone, office: In, response: Response) -> Recorded:
    """A school accepts, refuses or asks; a SIP accepts, asks, asks to move on, or declares an interest; a manager
    takes down what was said by telephone or letter, for the one named in `by`."""
    return tagged(response, actions.answer(office, request, who, id, ask))


@router.get("/rounds/{id}/queries")
def queries(id: Id, who: Reader, office: In) -> PageOf[QueryOut]:
    """Questions of the round, each with the date by which a person answers it."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        found = keep.standing(s, row.id).queries
    return PageOf(items=[_query_out(q, f"{id}-{q.id}", who) for q in found])


def _query_out(q: Query, id: str, who: Who) -> QueryOut:
    """Why a SIP declined is for managers only."""
    hidden = q.about == "decline" and who.role != "manager"
    said = {k: v for k, v in vars(q).items() if k != "told"}
    return QueryOut(**{**said, "id": id, "text": None if hidden else q.text})


@router.get("/queries/{id}")
def query(id: Id, who: Reader, office: In) -> QueryOut:
    """A question, by whom it is to be answered when, and the outcome."""
    round_id, n = actions.query_of(office, who, id)
    with office.db.read() as s:
        q = keep.standing(s, round_id).queries[n - 1]
    return _query_out(q, id, who)


@router.patch("/queries/{id}", responses=errors("stale", "round_refuses"))
def close(id: Id, ask: QueryIn, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """What was answered. A school then has the usual days to accept or refuse."""
    return tagged(response, actions.close_query(office, request, who, id, ask))


@router.get("/plans/{id}/confirmations", responses=errors("round_refuses"))
def confirmations(id: Id, who: Reader, office: In) -> PageOf[Standing]:
    """Pairs with what is missing before you can confirm them."""
    return published(id, who, office)


@router.post("/plans/{id}/confirmations", responses=errors(*WRITE))
def confirm(id: Id, ask: ConfirmIn, request: Request, who: Manager, office: In, response: Response) -> Recorded:
    """Confirm these pairs, each by name. Nobody confirms a pair whose SIP they are; all or none."""
    return tagged(response, actions.confirm(office, request, who, id, ask))
