"""The school page: why this SIP, who was next, why not each of the others, and all that is known and said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup, escape

from allocator.allocate import Setup
from allocator.domain.case import POST_KINDS, PostKind
from allocator.domain.claims import Cause, Outweighed
from allocator.domain.facts import Facts
from allocator.domain.interests import concerns
from allocator.domain.plan import Assignment, Moved, Plan, Unfilled
from allocator.domain.round import AGREED, Pair
from allocator.errors import NotThere
from allocator.reasons.position import position
from allocator.reasons.spoken import name_of
from allocator.reasons.why import explain
from allocator.reasons.why_not import WhyNot
from allocator.reasons.why_not import why_not as price_of
from allocator.report.lapses import tie
from allocator.service.access import In, Reader
from allocator.service.pages.board import on_desk
from allocator.service.pages.ground import PageRoute, show
from allocator.service.pages.move import TRY, Candidate, choices
from allocator.service.schemas import Id, UrnPath
from allocator.service.views import ready_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Asked = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class PostShown:
    """One post of the school in the plan, filled or not, with what is said of it."""

    kind: PostKind
    row: Assignment | None
    empty: Unfilled | None
    settled: tuple[Assignment, ...]  # holders earlier in the year
    moved: Moved | None
    pair: Pair | None
    tied: tuple[tuple[str, str], ...]  # (id, name)
    choices: tuple[Candidate, ...]
    head_reads: str


def linked(facts: Facts, round_id: str, text: str, causes: Iterable[Cause]) -> Markup:
    """The words of these causes, in which each “why not …?” leads to its answer."""
    out = escape(text)
    for c in causes:
        if isinstance(c, Outweighed) and c.sip and c.price is None:
            asked = escape(f"“why not {name_of(facts, c.sip)}?”")
            query = urlencode({"post": c.post.partition("/")[0], "why_not": c.sip})
            href = escape(f"/rounds/{round_id}/schools/{quote(c.urn)}?{query}#price")
            out = out.replace(asked, Markup('<a class="govuk-link" href="{}">{}</a>').format(href, asked))
    return out


@router.get("/rounds/{id}/schools/{urn}")
def school(
    request: Request, id: Id, urn: UrnPath, who: Reader, office: In, post: Asked = "lead", why_not: Asked = ""
) -> Response:
    """All about one school. `why_not` names a SIP whose exact price is worked out (contract 2, Price)."""
    with office.db.read() as s:
        around_it, row, plan, facts = on_desk(s, id, who)
    if urn not in facts.schools:
        raise NotThere(f"There is no school {urn} in this plan.")
    ready, stands = ready_of(row, plan), around_it["stands"]
    own = facts.as_it_stands(urn)
    posts = [p for kind in POST_KINDS if (p := _post(ready, plan, urn, kind, stands.pairs.get((urn, kind))))]
    price = _price(ready, plan, urn, post, why_not) if why_not else None
    ties = [
        tie(facts, i, [urn], {urn} & _held(plan, i.sip))
        for i in facts.case.interests
        if i.sip in facts.sips and concerns(facts, i, own)
    ]
    return show(
        request,
        "schools.html",
        who,
        **around_it,
        school=own,
        facts=facts,
        posts=posts,
        price=price,
        price_post=post,
        position=position(own),
        ties=ties,
        name_of=partial(name_of, facts),
        linked=partial(linked, facts, id),
        history=sorted(facts.history(urn), key=lambda h: (h.year, h.role or "lead"), reverse=True),
        wishes=facts.wishes_about(urn),
        decisions=[d for d in facts.case.decisions if d.urn == urn],
        refusals=[r for r in facts.case.refusals if r.urn in facts.predecessors(urn)],
        queries=[q for q in stands.queries if q.urn == urn],
        need=facts.need(urn),
    )


def _post(ready: Setup, plan: Plan, urn: str, kind: PostKind, pair: Pair | None) -> PostShown | None:
    mine = plan.holders(urn, kind)
    row = next((a for a in mine if not a.settled), None)
    empty = next((u for u in plan.unfilled if (u.urn, u.post) == (urn, kind)), None)
    if not mine and empty is None:
        return None
    names = ready.facts.sips
    return PostShown(
        kind,
        row,
        empty,
        tuple(a for a in mine if a.settled),
        next((c for c in plan.changes if (c.urn, c.post) == (urn, kind)), None),
        pair,
        tuple((t, names[t].name) for t in (row.tied_with if row else ())),
        tuple(choices(ready, plan, urn, kind)) if (urn, kind) in ready.post_index else (),
        explain(
            ready, plan, urn, kind, audience="school", on=dt.date.today(), agreed=pair is None or pair.stage in AGREED
        ).text,
    )


def _price(ready: Setup, plan: Plan, urn: str, post: str, sip: str) -> WhyNot:
    return price_of(ready, plan, (urn, post), sip, TRY)


def _held(plan: Plan, sip: str) -> set[str]:
    return {a.urn for a in plan.assignments if a.sip == sip}
