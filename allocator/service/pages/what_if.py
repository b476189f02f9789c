"""What if: pick what may happen, see both plans side by side, keep it by name, put it on the desk, or drop it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.change import all_of, apply
from allocator.domain.change_args import Change
from allocator.domain.plan import Fix, Plan
from allocator.domain.round import Round
from allocator.errors import AllocatorError, RoundRefuses, UsageError
from allocator.jobs.asks import ChoicesAsk, WhatIfAsk
from allocator.reasons.answer import world
from allocator.report.changes_told import sentences, title
from allocator.report.sides import sides
from allocator.service.access import In, Manager, Office, Reader, plan_in, round_in
from allocator.service.actions.jobs import begin
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.pages.happening_forms import choices_of, read
from allocator.service.pages.happenings import EVENTS, REBUILDS, World
from allocator.service.pages.jobs import follow
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep, named_scenarios
from allocator.store.tables import PlanRow, RoundRow, ScenarioRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Basket = Annotated[list[str] | None, Query(alias="and", max_length=50)]
Changes = list[Change]


# -- asking --------------------------------------------------------------------------------------------------------


@router.get("/rounds/{id}/what-if")
def ask(request: Request, id: Id, who: Reader, office: In, event: str = "", basket: Basket = None) -> Response:
    """What may happen: pick one, or several together. Other pages lead here with the answers filled in."""
    return _ask_page(
        request, id, who, office, event if event in EVENTS else "", unpacked(basket), dict(request.query_params)
    )


@router.post("/rounds/{id}/what-if")
def asked(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """`do`: add another event, see what it would do, or rank who could be offered."""
    basket, event, do = unpacked(form.all("and")), form.text("event") or "", form.text("do") or ""
    with office.db.read() as s:
        round_in(s, who, id)
        plan_id, plan, stands = plan_on_desk(s, id)
    try:
        if event in EVENTS:
            basket += read(event, form, world_of(plan))
        if not form.errors and not basket:
            form.errors["event"] = "Choose what may happen"
        if not form.errors:
            basket = list(all_of(basket))
            apply(*world(plan), basket)
    except UsageError as error:
        form.errors["event" if event not in EVENTS else EVENTS[event].asks[0].name] = error.text
    if form.errors:
        typed = {k: v for k, v in form.data.multi_items() if isinstance(v, str)}
        kept = unpacked(form.all("and"))
        return _ask_page(request, id, who, office, event, kept, typed, form, 422)
    if do == "add":
        return done(address(id, basket))
    if do == "choices":
        return choices_job(request, id, who, office, ChoicesAsk(plan=plan_id, changes=tuple(basket), chosen=()))
    return scenario_job(request, id, who, office, plan_id, stands, basket, form.text("rest") == "rebuild")


def scenario_job(
    request: Request, id: str, who: Who, office: Office, plan_id: str, stands: Round, basket: Changes, rebuild: bool
) -> Response:
    """The scenario as a job; what a change by hand may not move is not moved here either."""
    held = tuple(rounds.held_by_hand(stands, basket))
    answer = begin(office, request, who, WhatIfAsk(plan=plan_id, changes=tuple(basket), rebuild=rebuild, held=held))
    return follow(office, answer, f"/rounds/{id}/what-if/{{plan}}?before={plan_id}")


def choices_job(request: Request, id: str, who: Who, office: Office, ask: ChoicesAsk) -> Response:
    return follow(office, begin(office, request, who, ask), f"/rounds/{id}/choices/{{job}}")


def _ask_page(
    request: Request,
    id: str,
    who: Who,
    office: Office,
    event: str,
    basket: Changes,
    typed: Mapping[str, str],
    form: Fields | None = None,
    status: int = 200,
) -> Response:
    with office.db.read() as s:
        facts = around(s, id, who)
        kept = [(row, *told(s, row)) for row in named_scenarios.named(s, id)]
    plan, now, asks = facts["plan"], None, []
    if plan is not None:
        now = world_of(plan)
        if event:
            asks = [(a, choices_of(a, now)) for a in EVENTS[event].asks]
    said = sentences(basket, now.case) if now else []
    return show(
        request,
        "what-if.html",
        who,
        status,
        **facts,
        event=event,
        happening=EVENTS.get(event),
        events=EVENTS,
        asks=asks,
        typed=_dates(typed),
        basket=[
            (t, json.dumps(c), address(id, basket[:n] + basket[n + 1 :]))
            for n, (t, c) in enumerate(zip(said, basket, strict=False))
        ],
        packed=[json.dumps(c) for c in basket],
        here=address(id, basket),
        rebuilds=event in REBUILDS,
        kept=kept,
        errors=form.errors if form else {},
        summary=form.summary if form else [],
    )


def _dates(typed: Mapping[str, str]) -> dict[str, str]:
    """A day given in a link as 2026-12-31 fills the three fields of its date."""
    out = dict(typed)
    for name in ("on", "from", "to"):
        try:
            found = dt.date.fromisoformat(typed.get(name, ""))
        except ValueError:
            continue
        out |= {f"{name}-day": str(found.day), f"{name}-month": str(found.month), f"{name}-year": str(found.year)}
    return out


def address(id: str, basket: Changes) -> str:
    """Where these events wait together: the address itself carries them, so that back and reload lose nothing."""
    query = urlencode([("and", json.dumps(c, separators=(",", ":"))) for c in basket])
    return f"/rounds/{id}/what-if" + (f"?{query}" if query else "")


def unpacked(basket: Sequence[str] | None) -> Changes:
    """Events out of an address or a form. Raises HttpProblem `invalid` for what is none."""
    try:
        return [dict(c) for c in all_of([json.loads(text) for text in basket or ()])]
    except (ValueError, TypeError, AttributeError, RecursionError, AllocatorError):
        raise HttpProblem("invalid", "This address does not say what may happen. Begin again from What if.") from None


def world_of(plan: Plan) -> World:
    case, policy = world(plan)
    return World(case, policy, plan.inputs.repaired.since if plan.inputs.repaired else None)


def plan_on_desk(s: Session, id: str) -> tuple[str, Plan, Round]:
    """The plan on the desk and where the round stands. Raises RoundRefuses while there is none."""
    row, place = keep.desk(s, id)
    return row.id, place.plan, place.round


# -- the answer ----------------------------------------------------------------------------------------------------


def plan_of_round(s: Session, who: Who, id: str, plan_id: str) -> PlanRow:
    row, of = plan_in(s, who, plan_id)
    if of.id != id:
        raise HttpProblem("not_found", f"There is no plan {plan_id} in this round.")
    return row


def further(before: Plan, after: Plan) -> Changes | None:
    """The changes by which `after` goes on from `before`; None where it does not."""
    n = len(before.inputs.changes)
    same = after.inputs.base_sha256 == before.inputs.base_sha256 and after.inputs.changes[:n] == before.inputs.changes
    return [dict(c) for c in after.inputs.changes[n:]] if same else None


def told(s: Session, row: ScenarioRow) -> tuple[str, str]:
    """(the events of a scenario in one line, what it costs in one line)."""
    before, after = keep.plan_of(keep.plan_row(s, row.from_plan)), keep.plan_of(keep.plan_row(s, row.plan_id))
    changes = further(before, after) or []
    return title(changes, world(before)[0]), " ".join(sides(before, after).costs)


@router.get("/rounds/{id}/what-if/{plan}")
def answer(request: Request, id: Id, plan: Id, who: Reader, office: In, before: str = "") -> Response:
    """Before and after: what it costs in words, the schools that move in full, the rest folded."""
    return _answer_page(request, id, plan, who, office, before, {})


def _answer_page(
    request: Request,
    id: str,
    plan: str,
    who: Who,
    office: Office,
    before: str,
    errors: dict[str, str],
    typed: Mapping[str, str | None] | None = None,
) -> Response:
    with office.db.read() as s:
        facts = around(s, id, who)
        b = keep.plan_of(plan_of_round(s, who, id, plan))
        before = before or facts["plan_id"] or plan
        a = keep.plan_of(plan_of_round(s, who, id, before))
        kept = next((row for row in named_scenarios.named(s, id) if row.plan_id == plan), None)
    changes = further(a, b)
    adopt = changes and before == facts["plan_id"] and plan != before
    case: Case = world(a)[0]
    return show(
        request,
        "what-if-answer.html",
        who,
        422 if errors else 200,
        **facts,
        a=a,
        b=b,
        a_id=before,
        b_id=plan,
        found=sides(a, b),
        said=sentences(changes or [], case),
        heading=title(changes or [], case),
        kept=kept,
        adopt=adopt,
        rebuilt=bool(b.inputs.repaired is None or b.inputs.repaired.rebuild),
        packed=[json.dumps(c) for c in changes or []],
        change=address(id, changes or []),
        loses=_loses(changes or []),
        errors=errors,
        typed=typed or {},
        fixes={
            f"{u.urn}{u.post}{u.from_}": [(f.text, _try(id, changes or [], f, who)) for f in u.fixes]
            for u in b.unfilled
        },
        accepted=len(facts["stands"].accepted),
        summary=[{"text": t, "href": f"#{n}"} for n, t in errors.items()],
    )


def _try(id: str, changes: Changes, fix: Fix, who: Who) -> str:
    """Where a suggested fix can be tried: with these events, or as a form where it leaves something to be said."""
    more: Changes = []
    for change in fix.changes:
        kind, said = next(iter(change.items()))
        if kind == "sip_joins":
            query = urlencode({"event": kind, "days": f"{said['days']:g}", "phases": said["phases"][0]})
            there = address(id, [*changes, *more])
            return f"{there}{'&' if '?' in there else '?'}{query}"
        if kind == "decision":
            said = {**said, "reason": "suggested by a what-if", "by": who.name}
        more.append({kind: said})
    return address(id, [*changes, *more])


def _loses(changes: Changes) -> bool:
    """Whether a school loses its SIP by what happened, so that there is somebody to telephone."""
    return any(next(iter(c)) in ("sip_leaves", "sip_absent", "breakdown") for c in changes)


@router.post("/rounds/{id}/what-if/{plan}/again")
def again(request: Request, id: Id, plan: Id, who: Manager, office: In, form: Form) -> Response:
    """The same events, treated the other way, or who could be offered to each school."""
    with office.db.read() as s:
        round_in(s, who, id)
        on_desk, _, stands = plan_on_desk(s, id)
    basket = unpacked(form.all("and"))
    if form.text("do") == "choices":
        return choices_job(request, id, who, office, ChoicesAsk(plan=on_desk, changes=tuple(basket), chosen=()))
    return scenario_job(request, id, who, office, on_desk, stands, basket, form.text("rest") == "rebuild")


@router.post("/rounds/{id}/what-if/{plan}/keep")
def keep_it(request: Request, id: Id, plan: Id, who: Manager, office: In, form: Form) -> Response:
    """Keep it by name, beside the desk."""
    before = form.text("before") or ""
    name = form.need("name", "Give the scenario a name, such as If John leaves at Christmas")[:200]
    try:
        if form.errors:
            raise UsageError(form.errors["name"])
        with office.db.write() as s:
            row = round_in(s, who, id)
            plan_of_round(s, who, id, plan)
            plan_of_round(s, who, id, before)
            by = who.person(row.programme_id)
            named_scenarios.keep(s, id, name, plan, before, by)
            keep.note(s, by, "scenario kept", id, programme=row.programme_id, detail=name)
    except UsageError as error:
        return _answer_page(request, id, plan, who, office, before, {"name": error.text}, {"name": name})
    return done(f"/rounds/{id}/what-if", f"{name} is kept. The plan on the desk is as it was.")


@router.post("/rounds/{id}/what-if/{plan}/adopt")
def adopt(request: Request, id: Id, plan: Id, who: Manager, office: In, form: Form) -> Response:
    """Put it on the desk, as a change by hand or, once in force, as a repair; the reason is kept in the log."""
    before = form.text("before") or ""
    with office.db.read() as s:
        round_in(s, who, id)
        on_desk, a, _ = plan_on_desk(s, id)
        b = keep.plan_of(plan_of_round(s, who, id, plan))
    if on_desk != before:
        raise RoundRefuses(
            "The plan on the desk is no longer the one this scenario went on from. Ask again from What if."
        )
    reason = form.need("reason", "Say in a sentence why the plan is changed: it is kept in the log")
    changes = further(a, b)
    if form.errors or not changes:
        return _answer_page(
            request,
            id,
            plan,
            who,
            office,
            before,
            form.errors or {"reason": "There is nothing to put on the desk"},
            {"reason": reason},
        )
    rebuilt = b.inputs.repaired is None or b.inputs.repaired.rebuild
    asked = WhatIfAsk(plan=on_desk, changes=tuple(changes), rebuild=rebuilt, adopt=True, reason=reason)
    begun = begin(office, request, who, asked)
    return follow(office, begun, f"/rounds/{id}/what-if/{{plan}}?before={on_desk}")


@router.post("/rounds/{id}/scenarios/{scenario}/drop")
def drop(request: Request, id: Id, scenario: Id, who: Manager, office: In, form: Form) -> Response:
    """Forget a scenario. Its plan stays with the round's other plans."""
    with office.db.write() as s:
        row: RoundRow = round_in(s, who, id)
        name = named_scenarios.drop(s, id, scenario)
        if name is not None:
            keep.note(s, who.person(row.programme_id), "scenario dropped", id, programme=row.programme_id, detail=name)
    return done(f"/rounds/{id}/what-if", f"{name} is dropped." if name else "It had been dropped already.")
