"""The board: every SIP a column with days against capacity, every post a card; search, filter, sort; posts that
nobody fills."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from allocator import rounds
from allocator.domain.case import PostKind
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.errors import RoundRefuses
from allocator.service.access import In, Reader
from allocator.service.pages import cards
from allocator.service.pages.given import Given, around
from allocator.service.pages.ground import PageRoute, show
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.service.views import tried_on
from allocator.store import keep
from allocator.store.tables import PlanRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Words = Annotated[str, Query(max_length=100)]
FEW = 4  # columns that begin open; more begin closed, so that a whole team is seen at once


def on_desk(s: Session, id: str, who: Who) -> tuple[Given, PlanRow, Plan, Facts]:
    """What a page about the plan on the desk stands on. Raises RoundRefuses while there is no plan."""
    facts = around(s, id, who)
    plan, plan_id = facts["plan"], facts["plan_id"]
    if plan is None or plan_id is None:
        raise RoundRefuses("This round has no plan yet. Give it its data, then make the plan from the desk.")
    return facts, keep.plan_row(s, plan_id), plan, rounds.facts_of(plan)


@router.get("/rounds/{id}/board")
def board(
    request: Request,
    id: Id,
    who: Reader,
    office: In,
    q: Words = "",
    tag: Words = "",
    order: Words = "name",
    sort: Words = "name",
    sip: Words = "",
    opened: Words = "",
) -> Response:
    """The whole plan, one card a post. Search, filter and order come in the address, so that a view can be sent on."""
    with office.db.read() as s:
        around_it, row, plan, facts = on_desk(s, id, who)
    tag = tag if tag in cards.TAGS else ""
    asked = {
        "q": q,
        "tag": tag,
        "sip": sip if sip in facts.sips else "",
        "order": order if order in cards.ORDERS else "name",
        "sort": sort if sort in cards.SORTS else "name",
    }
    all_cards = cards.cards(facts, plan, around_it["stands"])
    found = cards.columns(facts, plan, all_cards, q=q, tag=tag, order=asked["order"], sort=asked["sort"])
    empty = [c for c in all_cards if c.sip is None and cards.wanted(c, q, tag)]
    shown = [c for c in found if asked["sip"] in ("", c.sip.sip)]
    answer = show(
        request,
        "board.html",
        who,
        **around_it,
        columns=shown,
        team=found,
        empty=empty,
        asked=asked,
        fixes={(u.urn, u.post): plan.fixes(u.urn, u.post) for u in plan.unfilled},
        over=cards.over_peak(found),
        tags=cards.TAGS,
        orders=cards.ORDERS,
        sorts=cards.SORTS,
        opened=opened == "yes" or len(shown) <= FEW or bool(q or tag),
        names=names(facts),
        count=sum(len(c.cards) for c in shown) + len(empty),
        total=len(all_cards),
        longest=office.settings.solve_seconds / 60,
    )
    if who.role == "manager":  # so that the first card moved need not wait for it
        answer.background = BackgroundTask(tried_on, row, plan, around_it["stands"])
    return answer


def names(facts: Facts) -> dict[str, str]:
    """SIP id -> name."""
    return {s.sip: s.name for s in facts.sips.values()}


Urn = Annotated[str, Query(max_length=100)]
Post = Annotated[PostKind, Query()]
