"""Moving a card: who may take the post, what it would change, and then keep it with a reason or let it go."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from allocator.allocate import Setup
from allocator.domain.calendar import year_of
from allocator.domain.change_args import Change
from allocator.domain.plan import Plan
from allocator.domain.round import Round
from allocator.engine.tiers import Stop
from allocator.errors import RoundRefuses, UsageError
from allocator.jobs.asks import WhatIfAsk
from allocator.questions.trial import tried
from allocator.rules.travel import far
from allocator.service.access import In, Manager, Office, Reader, fresh, round_in
from allocator.service.actions.jobs import begin
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.board import Post, Urn, on_desk
from allocator.service.pages.ground import Fields, Form, PageRoute, show
from allocator.service.pages.jobs import wait_for
from allocator.service.pages.sign_in import inside
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.service.views import told_from, tried_on
from allocator.store import keep

router = APIRouter(route_class=PageRoute, include_in_schema=False)
TRY = Stop(seconds=6.0, work=2.0)  # work first: the same card tried twice gets the same answer
Then = Annotated[str, Query(max_length=500)]  # the page to go back to, where it is not the board
WHY = "Say why in a sentence: it is kept with the change, and the log shows it"
CHANGED = "The plan on the desk is another one since you opened the page. Nothing was changed: look at the board again."


@dataclass(frozen=True)
class Candidate:
    """A SIP for a post. `why` = the rules that bar them; `fit` against the one who has it now; `room` in days."""

    sip: str
    name: str
    why: tuple[str, ...]
    fit: int
    room: float
    far: str
    holds: bool

    @property
    def fits(self) -> str:
        return "better" if self.fit > 0 else "less well" if self.fit < 0 else "as well"


def choices(ready: Setup, plan: Plan, urn: str, post: str) -> list[Candidate]:
    """Every SIP for a post: those who may take it, best fit first, then those who may not.

    Raises UsageError where there is no such post open.
    """
    facts = ready.facts
    if (urn, post) not in ready.post_index:
        raise UsageError(f"There is no {post} post at {urn} that is still open.", urn=urn)
    held = next((a.sip for a in plan.open(urn, post)), None)
    now = ready.pairs.points(urn, post, held) if held and held in ready.pairs.allowed[urn, post] else 0
    room = {x.sip: x.capacity - x.days for x in plan.loads}
    found = []
    for sip in facts.sips.values():
        metres = facts.metres(urn, sip.sip)
        why = tuple(text for _, text in ready.pairs.blocks(urn, post, sip.sip))
        fit = 0 if why else ready.pairs.points(urn, post, sip.sip) - now
        how_far = "" if metres is None else far(facts, urn, sip, metres)
        found.append(Candidate(sip.sip, sip.name, why, fit, room.get(sip.sip, 0.0), how_far, sip.sip == held))
    return sorted(found, key=lambda c: (bool(c.why), not c.holds, -c.fit, c.name, c.sip))


@router.get("/rounds/{id}/board/move")
def move(request: Request, id: Id, who: Reader, office: In, urn: Urn, post: Post = "lead", then: Then = "") -> Response:
    """Who could have this post: the card's menu, which the page's script reads too, and the whole of moving
    without script."""
    with office.db.read() as s:
        around_it, row, plan, facts = on_desk(s, id, who)
    found = choices(tried_on(row, plan, around_it["stands"]), plan, urn, post)
    return show(
        request,
        "move.html",
        who,
        **around_it,
        choices=found,
        card=card_of(plan, urn, post),
        urn=urn,
        post=post,
        school=facts.name(urn),
        then=then and inside(then),
    )


def card_of(plan: Plan, urn: str, post: str) -> Any:
    """The post's open row of the plan; None where nobody holds it."""
    return next(iter(plan.open(urn, post)), None)


@router.get("/rounds/{id}/board/try")
def try_it(
    request: Request, id: Id, who: Reader, office: In, urn: Urn, sip: Urn = "", post: Post = "lead", then: Then = ""
) -> Response:
    """What it would change if this SIP, or the one who has it, had this post: barred and why, or what the plan loses
    and who would move."""
    return tried_page(request, id, who, office, urn, sip, post, then=then)


def tried_page(
    request: Request,
    id: str,
    who: Who,
    office: Office,
    urn: str,
    sip: str,
    post: Any,
    form: Fields | None = None,
    then: str = "",
) -> Response:
    then = then or (form and form.text("then")) or ""
    with office.db.read() as s:
        around_it, row, plan, _ = on_desk(s, id, who)
    card = card_of(plan, urn, post)
    sip = sip or (card.sip if card else "")
    found = tried(tried_on(row, plan, around_it["stands"]), plan, (urn, post), sip, TRY)
    return show(
        request,
        "try.html",
        who,
        422 if form else 200,
        **around_it,
        trial=found,
        card=card,
        urn=urn,
        post=post,
        sip=sip,
        errors=form.errors if form else {},
        summary=form.summary if form else [],
        reason=str(form.data.get("reason", "")) if form else "",
        then=then and inside(then),
    )


# -- keeping it -----------------------------------------------------------------------------------------------------


@router.post("/rounds/{id}/board/keep")
def keep_it(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The pair is locked with its reason, and the rest of the plan made good with least change, as a job."""
    urn, post, sip = _named(form)
    reason = form.need("reason", WHY)
    if form.errors:
        return tried_page(request, id, who, office, urn, sip, post, form)
    with office.db.read() as s:
        around_it, _, plan, _ = on_desk(s, id, who)
    card = card_of(plan, urn, post)
    first = [lock("unlock", urn, post, card.sip, reason, {})] if card is not None and card.locked else []
    locked = lock("lock", urn, post, sip, reason, {"by": who.name, **on_day(plan, around_it["stands"])})
    return by_hand(request, id, who, office, form, [*first, locked], reason, f"#{urn}-{post}")


@router.post("/rounds/{id}/board/unlock")
def unlock(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The lock is taken away; nobody moves for that alone."""
    urn, post, sip = _named(form)
    reason = form.need("reason", WHY)
    if form.errors:
        return tried_page(request, id, who, office, urn, sip, post, form)
    change = lock("unlock", urn, post, sip, reason, {})
    return by_hand(request, id, who, office, form, [change], reason, f"#{urn}-{post}")


@router.post("/rounds/{id}/board/fix")
def fix(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """One of the smallest changes that would fill a post which nobody has."""
    urn, post, n = form.text("urn") or "", form.text("post") or "", form.text("n") or ""
    reason = form.need("reason", WHY)
    with office.db.read() as s:
        _, _, plan, _ = on_desk(s, id, who)
    mends = plan.fixes(urn, post)  # as the board numbers them
    if not n.isdigit() or int(n) >= len(mends):
        raise RoundRefuses(CHANGED)
    if form.errors:
        raise HttpProblem("invalid", f"{form.errors['reason']}.")
    first = year_of(plan).first
    said = {
        "reason": reason,
        "by": who.name,
        "on": min(first, dt.date.today()).isoformat(),
    }  # it tells for the whole year
    changes = [{k: {**said, **v} if k == "decision" else v for k, v in c.items()} for c in mends[int(n)].changes]
    return by_hand(request, id, who, office, form, changes, reason, f"#{urn}-{post}")


def by_hand(
    request: Request,
    id: str,
    who: Who,
    office: Office,
    form: Fields,
    changes: list[Change],
    reason: str,
    at: str,
) -> Response:
    """A change by hand of the plan that the form was made from (`rounds.by_hand`), as a job; then back to the board."""
    plan_id = form.text("plan") or ""
    with office.db.read() as s:
        row = round_in(s, who, id)
        fresh(request, row)  # first: what was typed is then kept
        on_it = keep.current(s, row.id)
    if on_it is None or on_it.id != plan_id:
        raise RoundRefuses(CHANGED)
    job = begin(office, request, who, WhatIfAsk(plan=plan_id, changes=tuple(changes), adopt=True, reason=reason))
    then = form.text("then")
    return wait_for(job, inside(then) if then else f"/rounds/{id}/board{at}")


def _named(form: Fields) -> tuple[str, str, str]:
    post = form.text("post") or "lead"
    if post not in ("lead", "support", "appraisal"):
        raise HttpProblem("invalid", f"{post} is not a post: lead, support or appraisal.")
    return form.text("urn") or "", post, form.text("sip") or ""


def lock(kind: str, urn: str, post: str, sip: str, reason: str, on: dict[str, str]) -> Change:
    """A change that locks a post to a SIP, or unlocks it."""
    return {kind: {"urn": urn, "post": post, "sip": sip, "reason": reason, **on}}


def on_day(plan: Plan, stands: Round) -> dict[str, str]:
    """Once the plan is in force a lock tells from today, or from the day of the last repair if that is later."""
    day = told_from(plan, stands, dt.date.today())
    return {"on": day.isoformat()} if day else {}
