"""Next year before anything is planned: what lapses and runs out, what is mended where, and the coming three years."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from allocator.domain.facts import Facts
from allocator.report.ahead import NextYear, after, before_planning, by_year
from allocator.report.years_svg import narrow, picture
from allocator.service.access import In, Manager, Reader
from allocator.service.actions.rounds import roll_over
from allocator.service.pages.facts import the_case
from allocator.service.pages.given import Given, around
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.schemas import Id
from allocator.store import keep, questionnaires
from allocator.store.tables import RoundRow
from allocator.words import counted

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/rounds/{id}/next-year")
def next_year(request: Request, id: Id, who: Reader, office: In) -> Response:
    """From a plan: the year after it. In a round that has data and no plan: its own year."""
    with office.db.read() as s:
        around_it = around(s, id, who)
        ahead, mend_in = _ahead(s, around_it)
        wished = len(questionnaires.for_next_year(s, id))
    return show(
        request,
        "next-year.html",
        who,
        **around_it,
        year=ahead.facts.case.year,
        lists=ahead.lists,
        mend_in=mend_in,
        parts=by_year(ahead),
        wished=wished,
        picture=Markup(picture(ahead.found)),
        narrow=Markup(narrow(ahead.found)),
    )


def _ahead(s: Session, around_it: Given) -> tuple[NextYear, str | None]:
    """What is looked at, and the round in which its facts are mended: None while that is not open."""
    today, id = dt.date.today(), around_it["round"].id
    if around_it["plan"] is not None:
        ahead = after(around_it["plan"], today)
        return ahead, _open_for(s, around_it["programme"].id, ahead.facts.case.year, id)
    return before_planning(Facts(*the_case(s, id)), today), id


def _open_for(s: Session, programme: str, year: str, besides: str) -> str | None:
    """A round of this programme whose data are of that year: the one that follows this, else the newest."""
    query = sa.select(RoundRow).where(RoundRow.programme_id == programme, RoundRow.id != besides)
    first = sa.case((RoundRow.follows == besides, 0), else_=1)
    for row in s.scalars(query.order_by(first, RoundRow.created_at.desc())):
        case = keep.case_row(s, row.id)
        if case is not None and case.case.get("year") == year:
            return row.id
    return None


@router.post("/rounds/{id}/next-year")
def open_next_year(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Next year's round, its data made from this year's end; what is to be mended there stands on its own page."""
    made = roll_over(office, request, who, id)
    if not made.opened:
        return done(f"/rounds/{made.round}/next-year", "Next year's round is open already. It is this one.")
    with office.db.read() as s:
        said = len(questionnaires.asked(s, made.round))
    word = f" {counted(said, 'school')} said before what they would like: it waits on the page Ask." if said else ""
    return done(
        f"/rounds/{made.round}/next-year", f"Next year's round is open: history and tenure are carried over.{word}"
    )
