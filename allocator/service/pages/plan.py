"""The plan as a table: a row a school, narrowed, sorted, grouped, with the columns that the address says; also as
a file.

An earlier plan of the round goes back on the desk in one press: the undo of the last change by hand.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.canon import sort_rows
from allocator.domain.case import NEEDS
from allocator.domain.happened import Event, PlanPut
from allocator.domain.plan import Plan
from allocator.domain.round import Round
from allocator.errors import RoundRefuses
from allocator.reasons.answer import world
from allocator.report.by_school import BY_KEY, COLUMNS, GROUPS, MARKS, SchoolRow, View, by_school, cells, csv_of, viewed
from allocator.service.access import In, Manager, Office, Reader, writing
from allocator.service.pages.board import on_desk
from allocator.service.pages.data import workbook_file
from allocator.service.pages.given import Given
from allocator.service.pages.ground import Fields, Form, PageRoute, done, headers, moment, show
from allocator.service.pages.move import WHY, by_hand, lock, on_day
from allocator.service.pages.sign_in import inside
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store.tables import RoundRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Words = Annotated[str, Query(max_length=100)]
LONG = 100  # rows; of more each has what is done in it written by plan.js, where the mouse or the focus is
BARE = ("urn", "school", "phase", "need", "area", "flags")  # columns whose cells say what they are
Keys = Annotated[tuple[str, ...], Query(max_length=len(COLUMNS))]


def view(
    q: Words = "",
    need: Words = "",
    area: Words = "",
    sip: Words = "",
    mark: Words = "",
    group: Words = "",
    sort: Words = "school",
    column: Keys = (),
) -> View:
    """What the address asks for; what it cannot mean is left out."""
    return View(
        q,
        need,
        area,
        sip,
        mark if mark in MARKS else "",
        group if group in GROUPS else "",
        sort if sort.removeprefix("-") in BY_KEY else "school",
        tuple(c for c in column if c in BY_KEY),
    )


Asked = Annotated[View, Depends(view)]


def query(v: View, **other: Any) -> str:
    """The address of a view, with what is to be otherwise; a template's way to every link of the table."""
    v = replace(v, **other)
    said = {k: getattr(v, k) for k in ("q", "need", "area", "sip", "mark", "group") if getattr(v, k)}
    said |= {"sort": v.sort} if v.sort != "school" else {}
    text = urlencode({**said, **({"column": v.columns} if v.columns else {})}, doseq=True)
    return f"?{text}" if text else ""


def view_at(address: str) -> View:
    """The view that an address of the table shows: `query` the other way round."""
    said = parse_qs(urlsplit(address).query)
    one = {k: said[k][0] for k in ("q", "need", "area", "sip", "mark", "group", "sort") if k in said}
    return view(**one, column=tuple(said.get("column", ())))


def rows_of(s: Session, id: str, who: Who) -> tuple[Given, Plan, list[SchoolRow]]:
    """The round, its plan and every row of it. Raises RoundRefuses while there is no plan."""
    around_it, _, plan, facts = on_desk(s, id, who)
    return around_it, plan, by_school(facts, plan, around_it["stands"].pairs)


@router.get("/rounds/{id}/plan")
def the_table(request: Request, id: Id, who: Reader, office: In, asked: Asked) -> Response:
    """The whole plan, one row a school."""
    with office.db.read() as s:
        around_it, plan, rows = rows_of(s, id, who)
        before = the_one_before(s, id, around_it["stands"])
    found = viewed(rows, asked)
    shown = [r for _, group in found for r in group]
    urns = {r.urn for r in shown}
    return show(
        request,
        "plan.html",
        who,
        **around_it,
        asked=asked,
        query=query,
        groups=found,
        columns=asked.shown,
        lockable=any(r.sip_id for r in shown),
        bare=BARE,
        long=len(shown) > LONG,
        all_columns=COLUMNS,
        ways=GROUPS,
        marks=list(MARKS.items()),
        counts=_counted(rows),
        count=len(shown),
        total=len(rows),
        before=before[1] if before else None,
        undone=_moved(before[0], plan) if before else set(),
        days=sum(r.days for r in shown),
        short=sum(r.short for r in shown),
        to_begin=sum(a.extra_days for a in plan.assignments if a.urn in urns),
        needs=[(n, n) for n in NEEDS if any(r.need == n for r in rows)],
        areas=sorted({(r.area, r.area) for r in rows if r.area}),
        team=sorted(
            ({r.last_id: r.last for r in rows if r.last_id} | {r.sip_id: r.sip for r in rows if r.sip_id}).items(),
            key=lambda x: x[1],
        ),
    )


@router.get("/rounds/{id}/plan/locks")
def lockable(request: Request, id: Id, who: Manager, office: In, asked: Asked) -> Response:
    """The schools of a view of the table, to lock or unlock those ticked."""
    return locks_page(request, id, who, office, asked)


def locks_page(
    request: Request, id: str, who: Who, office: Office, asked: View, form: Fields | None = None
) -> Response:
    """The page, with the errors of a form that could not be taken."""
    with office.db.read() as s:
        around_it, _, rows = rows_of(s, id, who)
    return show(
        request,
        "plan-locks.html",
        who,
        422 if form else 200,
        **around_it,
        view=query(asked),
        lockable=[r for _, group in viewed(rows, asked) for r in group if r.sip_id],
        errors=form.errors if form else {},
        summary=form.summary if form else [],
        ticked=form.all("urns") if form else [],
        reason=form.text("reason") or "" if form else "",
    )


@router.post("/rounds/{id}/plan/locks")
def locks(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Several leads locked to the SIP they have, or unlocked, for one reason; nobody moves for that alone. A job."""
    urns, word = set(form.all("urns")), form.choice("word", ("lock", "unlock"), "Say whether to lock or unlock them")
    reason = form.need("reason", WHY)
    with office.db.read() as s:
        around_it, plan, rows = rows_of(s, id, who)
    meant = [r for r in rows if r.urn in urns and r.sip_id and r.locked == (word == "unlock")]
    if not meant and word:
        form.errors["urns"] = f"Tick schools that are {'not yet ' if word == 'lock' else ''}locked"
    if form.errors:
        return locks_page(request, id, who, office, view_at(form.text("then") or ""), form)
    on = {"by": who.name, **on_day(plan, around_it["stands"])} if word == "lock" else {}
    changes = [lock(word, r.urn, "lead", r.sip_id, reason, on) for r in meant]
    return by_hand(request, id, who, office, form, changes, reason, "")


def _counted(rows: list[SchoolRow]) -> list[tuple[str, str, int]]:
    """What rows can be narrowed to, with how many there are."""
    return [(key, text, n) for key, text in MARKS.items() if (n := sum(key in r.marks for r in rows))]


@router.get("/rounds/{id}/plan.{kind}")
def as_file(request: Request, id: Id, kind: Literal["csv", "xlsx"], who: Reader, office: In, asked: Asked) -> Response:
    """The table as it is shown, to go on with in a spreadsheet."""
    with office.db.write() as s:
        around_it, _, rows = rows_of(s, id, who)
        programme = around_it["programme"].id
        keep.note(s, who.person(programme), "exported", id, programme=programme, detail=f"plan as {kind}")
    heads = [c.head for c in asked.shown]
    body = [cells(r, asked.shown) for _, group in viewed(rows, asked) for r in group]
    if kind == "csv":
        saved = headers(request) | {"Content-Disposition": 'attachment; filename="plan.csv"'}
        return Response(csv_of(heads, body), 200, saved, "text/csv; charset=utf-8")
    from allocator.report.sheets import write_table

    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "plan.xlsx", "plan", heads, body)
        return workbook_file((Path(folder) / "plan.xlsx").read_bytes(), "plan.xlsx")


# -- an earlier plan ------------------------------------------------------------------------------------------------


def the_one_before(s: Session, id: str, stands: Round) -> tuple[Plan, Event] | None:
    """The plan that was on the desk before this one, and how this one came; None where it cannot come back."""
    if stands.in_force or len(set(stands.plans)) < 2:
        return None
    (_, earlier), (last, _) = _came(s, id)[-2:]
    return keep.plan_of(keep.plan_named(s, id, earlier.plan)), last


def _came(s: Session, id: str) -> list[tuple[Event, PlanPut]]:
    """Every plan that came to the desk, newest last."""
    return [(e, e.fact) for e in keep.events_of(s, id) if isinstance(e.fact, PlanPut)]


def _moved(before: Plan, now: Plan) -> set[str]:
    """Schools of which somebody else is lead than in the plan before."""
    a, b = ({(x.urn, x.sip) for x in p.assignments if x.post == "lead" and not x.settled} for p in (before, now))
    return {urn for urn, _ in a ^ b}


@router.post("/rounds/{id}/plan/back")
def back(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The plan before this one (or the one named `plan`) goes back on the desk, with the locks that it had."""
    with writing(request, office, who, id) as (s, row):
        _, desk = keep.desk(s, id)
        came = _came(s, id)
        named = form.text("plan") or next((fact.plan for _, fact in came[-2:-1]), "")
        at = next((e.at for e, fact in reversed(came[:-1]) if fact.plan == named), None)
        if at is None:
            raise RoundRefuses("There is no earlier plan of this round to go back to.")
        earlier = keep.plan_of(keep.plan_named(s, id, named))
        by = who.person(row.programme_id)
        keep.keep_fact(s, row, rounds.put_back(desk, earlier, f"The plan of {moment(at)} is back on the desk."), by)
        _locks_of(s, row, desk.plan, earlier, who)
        keep.note(s, by, "earlier plan put back", id, programme=row.programme_id, detail=named)
    return done(inside(form.text("then") or f"/rounds/{id}/plan"), f"The plan of {moment(at)} is back on the desk.")


def _locks_of(s: Session, row: RoundRow, now: Plan, earlier: Plan, who: Who) -> None:
    """Locks and bars that came between the two plans leave the round's case again, and those that went come back."""
    kept = keep.case_row(s, row.id)
    if kept is None:
        return
    case, policy = keep.case_of(kept)
    had, have = ({d for d in world(p)[0].decisions if d.decision in ("lock", "forbid")} for p in (earlier, now))
    decisions = [d for d in case.decisions if d not in have - had]
    decisions += had - have - set(decisions)
    if set(decisions) != set(case.decisions):
        new = sort_rows(case.model_copy(update={"decisions": tuple(decisions)}))
        keep.keep_case(s, row, new, policy, kept.problems, who.person(row.programme_id))
