"""The SIP page for a manager: schools, days by period, distances, history, interests, checks; and the register of
all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup

from allocator.domain import tiers
from allocator.domain.change_args import Change
from allocator.domain.facts import Facts
from allocator.domain.interests import concerns
from allocator.domain.plan import Assignment, Plan
from allocator.domain.round import Pair
from allocator.errors import NotThere
from allocator.jobs.asks import WhatIfAsk
from allocator.questions.compare import Comparison, compare
from allocator.reasons.why import explain
from allocator.report import lists, terms_svg
from allocator.report.lapses import checks, last_visits, tie, ties
from allocator.report.listing import Listing
from allocator.service.access import In, Manager, Reader, plan_in
from allocator.service.actions.jobs import begin
from allocator.service.http_problems import HttpProblem
from allocator.service.pages import cards
from allocator.service.pages.board import on_desk
from allocator.service.pages.ground import Form, PageRoute, show
from allocator.service.pages.jobs import wait_for
from allocator.service.schemas import Id
from allocator.service.views import ready_of
from allocator.store import keep
from allocator.words import listed

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ALL = "all"
MOST_ROWS = 300  # of all lists together; of more each shows its FIRST rows and leads to the rest
FIRST, FEW, LONG = 3, 5, 160  # rows of a list, rows of a short one, characters of a cell
SipPath = Annotated[str, Path(max_length=100, description="the SIP's id")]


@dataclass(frozen=True)
class Held:
    """One school of the SIP: the row, how far and how that is known, where the pair stands, what the SIP will read."""

    row: Assignment
    km: str
    pair: Pair | None
    reads: str


@router.get("/rounds/{id}/sips/{sip}")
def sip_page(
    request: Request,
    id: Id,
    sip: SipPath,
    who: Reader,
    office: In,
    gain: Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = "",
) -> Response:
    """All about one SIP. `gain` is a plan made with one more day of theirs, to be set against the one on the desk."""
    with office.db.read() as s:
        around_it, row, plan, facts = on_desk(s, id, who)
        other = keep.plan_of(plan_in(s, who, gain)[0]) if gain else None
    if sip not in facts.sips:
        raise NotThere(f"There is no SIP {sip} in this plan.")
    own, ready, stands = facts.sips[sip], ready_of(row, plan), around_it["stands"]
    mine = [a for a in plan.assignments if a.sip == sip]
    held = [
        Held(
            a,
            _km(facts, a.urn, sip),
            stands.pairs.get((a.urn, a.post)),
            ""
            if a.settled
            else explain(ready, plan, a.urn, a.post, audience="sip", holder=sip, on=dt.date.today()).text,
        )
        for a in mine
    ]
    load = next(x for x in plan.loads if x.sip == sip)
    year, periods = cards.bars(facts, own, load)
    by_term = terms_svg.terms(facts, plan, load)
    reached = sorted(facts.schools)
    interests = [
        tie(facts, i, [u for u in reached if concerns(facts, i, facts.schools[u])], {a.urn for a in mine})
        for i in facts.case.interests
        if i.sip == sip
    ]
    return show(
        request,
        "sips.html",
        who,
        **around_it,
        sip=own,
        load=load,
        year=year,
        periods=periods,
        held=held,
        facts=facts,
        picture=Markup(terms_svg.picture(by_term)),
        by_term=by_term,
        said=terms_svg.sentence(by_term),
        interests=interests,
        checks=checks(facts, own, last_visits(plan).get(sip), dt.date.today()),
        history=sorted((h for h in facts.case.history if h.sip == sip), key=lambda h: (h.year, h.urn), reverse=True),
        wishes=[w for w in facts.case.wishes if w.by == "sip" and w.sip == sip],
        absences=[a for a in facts.case.absences if a.sip == sip],
        most=facts.most_schools(own),
        gain=compare(plan, other) if other else None,
        gained=_gained(compare(plan, other)) if other else [],
        given=[a.urn for a in mine if facts.given_km(a.urn, sip)],
    )


def _km(facts: Facts, urn: str, sip: str) -> str:
    metres = facts.metres(urn, sip) if urn in facts.schools else None
    if metres is None:
        return "not known"
    return f"{metres / 1000:.1f} km {'by the travel table' if facts.given_km(urn, sip) else 'in a straight line'}"


def _gained(found: Comparison) -> list[str]:
    """What the other plan gains, tier by tier, in words; points last."""
    lost = [(n, tiers.lost(n, a, b)) for n, a, b in found.tiers if a is not None and b is not None]
    within = [f"{what}: {b:g} instead of {a:g}" for what, a, b in found.figures if found.part_of_year and a != b]
    return [*within, *(tiers.text(n, x) for n, x in lost if x)]


@router.post("/rounds/{id}/sips/{sip}/one-more-day")
def one_more_day(request: Request, id: Id, sip: SipPath, who: Manager, office: In, form: Form) -> Response:
    """What one more day of this SIP would buy: the best plan with it, made as a job and set aside."""
    with office.db.read() as s:
        _, plan, _, facts = on_desk(s, id, who)
        on = plan.id
    if sip not in facts.sips:
        raise NotThere(f"There is no SIP {sip} in this plan.")
    row = facts.sips[sip]
    if row.status not in (None, "active"):
        raise HttpProblem("invalid", f"{row.name} is not active: one more day would buy nothing.")
    more: Change = {"days": {"sip": sip, "days": row.days + 1}}
    job = begin(office, request, who, WhatIfAsk(plan=on, changes=(more,), rebuild=True))
    return wait_for(job, f"/rounds/{id}/sips/{sip}?gain={{plan}}#more")


@router.get("/rounds/{id}/checks")
def register(request: Request, id: Id, who: Reader, office: In) -> Response:
    """Interests declared in schools of the plan with who cleared them, and checks that run out (questions 9 and 12)."""
    with office.db.read() as s:
        around_it, _, plan, facts = on_desk(s, id, who)
    return show(
        request,
        "checks.html",
        who,
        **around_it,
        ties=ties(facts, plan),
        checks=lists.make(plan, "checks", today=dt.date.today()),
    )


@router.get("/rounds/{id}/lists")
def all_lists(
    request: Request, id: Id, who: Reader, office: In, of: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Every list that a manager is asked for, of the plan on the desk (domain part 4): of a county the first rows of
    each. `of`: one of them whole, or *all*."""
    if of not in ("", ALL, *lists.LISTS):
        raise NotThere(f"There is no list {of}. They are {listed(list(lists.LISTS))}.")
    with office.db.read() as s:
        around_it, row, plan, facts = on_desk(s, id, who)
    today, setup = dt.date.today(), partial(ready_of, row, plan)
    one = of in lists.LISTS
    found = [lists.make(plan, of, today=today, setup=setup)] if one else lists.every(plan, today=today, setup=setup)
    rows = {x.name: len(x.rows) for x in found}
    folded = not of and sum(rows.values()) > MOST_ROWS
    shown = [_first(x) for x in found] if folded else found
    pictures = [] if folded or "days" not in rows else _team(facts, plan)
    return show(
        request,
        "lists.html",
        who,
        **around_it,
        lists=shown,
        rows=rows,
        cut={x.name for x, whole in zip(shown, found, strict=True) if x != whole},
        folded=folded,
        of=of,
        pictures=pictures,
    )


def _first(x: Listing) -> Listing:
    """Its first rows, and the sum where there is one; a list that is hardly longer has all. What is long in it is
    begun."""
    rows = x.rows
    if len(rows) > FEW:
        rows = (*rows[:FIRST], *(row for row in rows[FIRST:] if row[0] == "all"))
    return replace(x, rows=tuple(tuple(_begun(cell) for cell in row) for row in rows), said=_begun(x.said))


def _begun(cell: Any) -> Any:
    """Of a long list of names the first."""
    if not isinstance(cell, str) or len(cell) <= LONG or ", " not in cell[:LONG]:
        return cell
    return f"{cell[:LONG].rpartition(', ')[0]} and others"


def _team(facts: Facts, plan: Plan) -> list[tuple[str, Markup]]:
    """A picture of each SIP's days by term, all on one scale."""
    team = terms_svg.of_team(facts, plan)
    most = terms_svg.scale(team)
    return [(t.name, Markup(terms_svg.picture(t, most))) for t in team]
