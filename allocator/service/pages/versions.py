"""The versions of a round's data: who made each, when, what it changed and what that does to the plan; an earlier
one put back."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.changes_of import changes_of
from allocator.domain.policy import Policy, settings
from allocator.domain.since import SincePart, since
from allocator.reasons.effect import effect
from allocator.service.access import In, Manager, Reader, round_in, writing
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.roles import names_in
from allocator.service.schemas import Id
from allocator.service.views import not_about_oneself
from allocator.store import keep
from allocator.store.tables import CaseRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=1_000_000)]
AT_ONCE = 10  # versions told on one page: each is compared with the one before


@dataclass(frozen=True)
class Version:
    """One version, and what it changed against the one before (nothing for the first)."""

    n: int
    at: dt.datetime
    by: str
    parts: tuple[SincePart, ...]
    settings: int  # settings that differ too


def _version(s: Session, row: CaseRow, names: dict[str, str]) -> Version:
    parts: tuple[SincePart, ...] = ()
    moved = 0
    if row.n > 1:
        before = keep.case_numbered(s, row.round_id, row.n - 1)
        case, policy = keep.case_of(row)
        old, was = keep.case_of(before)
        parts, moved = since(old, case), _moved(was, policy)
    return Version(row.n, row.at, names.get(row.by, row.by), parts, moved)


def _moved(was: Policy, now: Policy) -> int:
    had = {k: v for k, v, *_ in settings(was)}
    return sum(had.get(k) != v for k, v, *_ in settings(now))


@router.get("/rounds/{id}/data/versions")
def versions(
    request: Request, id: Id, who: Reader, office: In, before: Annotated[int, Query(ge=2, le=1_000_000)] = 1_000_000
) -> Response:
    """All versions, the newest first."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        query = sa.select(CaseRow).where(CaseRow.round_id == id, CaseRow.n < before).order_by(CaseRow.n.desc())
        found = list(s.scalars(query.limit(AT_ONCE)))
        names = names_in(s, row.programme_id)
        told = [_version(s, r, names) for r in found]
        facts = around(s, id, who)
    return show(request, "versions.html", who, **facts, told=told, errors={})


@router.get("/rounds/{id}/data/versions/{n}")
def version(request: Request, id: Id, n: Number, who: Reader, office: In) -> Response:
    """One version: what it changed, what that does to the plan on the desk, and the way back."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        facts = around(s, id, who)
        asked = keep.case_numbered(s, id, n)
        newest = keep.case_row(s, id)
        assert newest is not None
        shown = _version(s, asked, names_in(s, row.programme_id))
        case, policy = keep.case_of(newest)
        more: dict[str, Any] = {
            "effect": None,
            "changes": (),
            "back": since(case, keep.case_of(asked)[0]) if asked.n < newest.n else (),
        }
        if asked.n == newest.n and n > 1:
            old = keep.case_of(keep.case_numbered(s, id, n - 1))[0]
            more["effect"] = effect(old, case, policy, facts["plan"])
            changes = changes_of(old, case) if facts["plan"] is not None else None
            more["changes"] = [json.dumps(c) for c in changes or ()]
    return show(request, "version.html", who, **facts, shown=shown, newest=newest.n, errors={}, **more)


@router.post("/rounds/{id}/data/versions/{n}/back")
def back(request: Request, id: Id, n: Number, who: Manager, office: In, form: Form) -> Response:
    """The data of an earlier version again, as the next one; the settings in force stay."""
    with writing(request, office, who, id) as (s, row):
        newest, wanted = keep.case_row(s, id), keep.case_numbered(s, id, n)
        if newest is None or n == newest.n:
            raise HttpProblem("round_refuses", f"Version {n} is in force already.")
        case, policy = keep.case_of(newest)
        old, _ = keep.case_of(wanted)
        not_about_oneself(s, row, case, old, who)
        if old == case:
            raise HttpProblem("round_refuses", f"The data are already those of version {n}.")
        by = who.person(row.programme_id)
        kept = keep.keep_case(s, row, old, policy, wanted.problems, by)
        keep.note(s, by, "data put back", id, programme=row.programme_id, detail=f"version {kept.n}: as version {n}")
    return done(f"/rounds/{id}/data/versions/{kept.n}", f"The data of version {n} are back, as version {kept.n}.")
