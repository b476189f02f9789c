"""One fact of the data changed without a workbook, or the same fact of many rows: each a version of its own,
checked as a workbook is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.case import TABLES, Case
from allocator.domain.policy import Policy
from allocator.errors import UsageError
from allocator.intake.edit import NAMED_BY, Edit, about_self, differs_about, edited, key_of
from allocator.service.access import In, Manager, Office, Reader, round_in, writing
from allocator.service.http_problems import HttpProblem, table_problem
from allocator.service.pages import fact_forms
from allocator.service.pages.fact_forms import CALLED, OFTEN, TOGETHER, ask, cells_of, columns_of, found, label, typed
from allocator.service.pages.given import around
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.service.views import own_sips
from allocator.store import keep, workbook_words
from allocator.words import noun

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Table = Annotated[str, Path(pattern=f"^({'|'.join(TABLES)})$")]
Key = Annotated[str, Query(max_length=200)]
Find = Annotated[str, Query(max_length=200)]
PAGE = 100  # rows of a list at once
NAMED = 30  # rows that are listed by name where many are changed
MINE = "This is about yourself as a SIP: another manager changes it."
OUT = "(out)"  # what is done to those ticked, in place of a column


def the_case(s: Session, id: str) -> tuple[Case, Policy]:
    row = keep.case_row(s, id)
    if row is None:
        raise HttpProblem("round_refuses", "This round has no data yet. Give a file on the page of the data first.")
    return keep.case_of(row)


@router.get("/rounds/{id}/data/facts/{table}")
def rows(
    request: Request,
    id: Id,
    table: Table,
    who: Reader,
    office: In,
    find: Find = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """A table as a list: find a row, change it, or tick several."""
    with office.db.read() as s:
        return _list(request, s, id, table, who, find, page)


def _list(
    request: Request,
    s: Session,
    id: str,
    table: str,
    who: Who,
    find: str,
    page: int = 1,
    status: int = 200,
    **more: Any,
) -> Response:
    facts = around(s, id, who)
    case, _ = the_case(s, id)
    lines = found(case, table, find)
    shown = [n for n, c in enumerate(columns_of(table)) if n == 0 or any(x.cells[n] for x in lines)]
    pages = max(1, -(-len(lines) // PAGE))
    page = min(page, pages)
    return show(
        request,
        "facts.html",
        who,
        status,
        **facts,
        table=table,
        called=CALLED,
        tables=[(t, CALLED[t][0], len(getattr(case, t))) for t in CALLED],
        heads=[label(columns_of(table)[n], table) for n in shown],
        shown=shown,
        lines=lines[(page - 1) * PAGE : page * PAGE],
        count=len(lines),
        find=find,
        page=page,
        pages=pages,
        columns=[(c, label(c, table)) for c in _changed_for_many(table)],
        out=None if table in NAMED_BY else OUT,
        **{"errors": {}, **more},
    )


def _changed_for_many(table: str) -> list[str]:
    """What several rows may be given at once: what comes first on the form, never whom the row is about."""
    own = (*NAMED_BY.values(), "name", "head", "email", "head_email", "chair_email", "current_urn", "urn")
    return [c for c in OFTEN.get(table, TABLES[table].model_fields) if c not in own]


# -- one row -------------------------------------------------------------------------------------------------------


@router.get("/rounds/{id}/data/facts/{table}/row")
def row(
    request: Request, id: Id, table: Table, who: Manager, office: In, key: Key = "", sip: Key = "", urn: Key = ""
) -> Response:
    """The form of one row, or of a new one; other pages lead here with the SIP or school filled in."""
    with office.db.read() as s:
        case, _ = the_case(s, id)
        given = {"sip": sip, "urn": urn, "by": "", "on": ""} if not key else {}
        now = {**_row(case, table, key), **{c: v for c, v in given.items() if v}}
        return _form(request, s, id, table, who, key, case, now)


def _row(case: Case, table: str, key: str) -> dict[str, str]:
    if not key:
        return {}
    found = next((r for r in getattr(case, table) if key_of(r) == key), None)
    if found is None:
        raise HttpProblem(
            "not_found", f"This row of {table} is not there, or somebody has changed it. Look at the list again."
        )
    return cells_of(found)


def _form(
    request: Request,
    s: Session,
    id: str,
    table: str,
    who: Who,
    key: str,
    case: Case,
    now: dict[str, str],
    status: int = 200,
    **more: Any,
) -> Response:
    columns = _columns(table, key)
    often = [
        c
        for c in columns
        if c in OFTEN.get(table, columns) or (not key and TABLES[table].model_fields[c].is_required())
    ]
    title = (
        fact_forms.FactNames(case).line(table, next(r for r in getattr(case, table) if key_of(r) == key)).title
        if key
        else ""
    )
    return show(
        request,
        "fact.html",
        who,
        status,
        **around(s, id, who),
        table=table,
        called=CALLED[table],
        key=key,
        title=title,
        often=ask(case, table, often, now),
        rest=ask(case, table, [c for c in columns if c not in often], now),
        may_go=bool(key) and table not in NAMED_BY,
        **{"errors": {}, **more},
    )


def _columns(table: str, key: str) -> list[str]:
    first = OFTEN.get(table, ())
    rest = [c for c in TABLES[table].model_fields if c not in first and not (key and c == NAMED_BY.get(table))]
    return [*rest, *first] if not key else [*first, *rest]


@router.post("/rounds/{id}/data/facts/{table}/row")
def change(request: Request, id: Id, table: Table, who: Manager, office: In, form: Form) -> Response:
    """The row as the form says, as the next version; only what differs is touched."""
    key = form.text("key", most=200) or ""
    with office.db.read() as s:
        round_in(s, who, id)
        case, _ = the_case(s, id)
        had = _row(case, table, key)
    if form.text("out") is not None and key:
        return _save(request, id, table, who, office, form, [Edit(table, key, None)], "taken out")
    said = typed(form, table, _columns(table, key))
    if (
        table == "interests"
        and said["outcome"] in ("cleared", "barred")
        and not said["decided_by"]
        and had.get("outcome") != said["outcome"]
    ):
        said["decided_by"] = who.name
    if form.errors:
        return _again(request, id, table, who, office, form, key, said)
    cells = {c: v for c, v in said.items() if v != had.get(c, "")}
    if not cells:
        return done(f"/rounds/{id}/data/facts/{table}", "Nothing differs from what was there: nothing was changed.")
    return _save(request, id, table, who, office, form, [Edit(table, key, cells)], ", ".join(sorted(cells)))


def _again(
    request: Request, id: str, table: str, who: Who, office: Office, form: Fields, key: str, said: dict[str, str]
) -> Response:
    """The form with what was typed and what is wrong with it."""
    with office.db.read() as s:
        case, _ = the_case(s, id)
        return _form(request, s, id, table, who, key, case, said, 422, **form.wrong)


# -- several rows --------------------------------------------------------------------------------------------------


@router.post("/rounds/{id}/data/facts/{table}/many")
def many(request: Request, id: Id, table: Table, who: Manager, office: In, form: Form) -> Response:
    """First what those ticked are to be given, then (`do` = change) their next version together."""
    find = form.text("find", most=200) or ""
    with office.db.read() as s:
        round_in(s, who, id)
        case, _ = the_case(s, id)
        lines = found(case, table, find)
        ticked = set(form.all("key"))
        chosen = lines if form.text("all") else [x for x in lines if x.key in ticked]
        column = form.text("column") or ""
        if not chosen:
            form.errors["key"] = "Tick at least one row"
        if column not in _changed_for_many(table) and not (column == OUT and table not in NAMED_BY):
            form.errors["column"] = "Choose what to change"
        if form.errors:
            return _list(request, s, id, table, who, find, 1, 422, **form.wrong)
        columns = () if column == OUT else (column, *TOGETHER.get((table, column), ()))
        said = typed(form, table, columns)
        if form.text("do") != "change" or form.errors:
            return show(
                request,
                "facts-many.html",
                who,
                422 if form.errors else 200,
                **around(s, id, who),
                table=table,
                called=CALLED[table],
                chosen=chosen,
                named=NAMED,
                find=find,
                column=column,
                out=column == OUT,
                asked=ask(case, table, columns, said),
                **form.wrong,
            )
    if (
        (table, column) == ("interests", "outcome")
        and said["outcome"] in ("cleared", "barred")
        and not said["decided_by"]
    ):
        said["decided_by"] = who.name
    if table == "interests" and column == "outcome" and said["outcome"] in ("", "open"):
        said["decided_by"] = ""
    edits = [Edit(table, x.key, None if column == OUT else said) for x in chosen]
    return _save(
        request, id, table, who, office, form, edits, "taken out" if column == OUT else ", ".join(sorted(said))
    )


# -- keeping -------------------------------------------------------------------------------------------------------


def _save(
    request: Request, id: str, table: str, who: Who, office: Office, form: Fields, edits: Sequence[Edit], what: str
) -> Response:
    """The data with these edits as their next version; read again as a workbook would be, and refused where that
    would be."""
    wrong: list[Any] = []
    with writing(request, office, who, id) as (s, row):
        case, policy = the_case(s, id)
        own = own_sips(case, who, row.programme_id)
        if about_self(case, edits, own):
            raise HttpProblem("round_refuses", MINE)
        try:
            reading = edited(case, policy, edits, workbook_words.words_of(s, row.programme_id))
        except UsageError as error:
            raise HttpProblem("round_refuses", error.text) from None
        wrong = [p for p in reading.problems if p.severity == "error"]
        if reading.case is not None:
            if differs_about(case, reading.case, own):  # named in another spelling, or by name
                raise HttpProblem("round_refuses", MINE)
            if reading.case.model_copy(update={"notices": case.notices}) == case:
                return done(
                    f"/rounds/{id}/data/facts/{table}", "Nothing differs from what was there: nothing was changed."
                )
            by = who.person(row.programme_id)
            told = [table_problem(p).model_dump() for p in reading.problems]
            kept = keep.keep_case(s, row, reading.case, policy, told, by)
            keep.note(
                s,
                by,
                "fact changed",
                id,
                programme=row.programme_id,
                detail=f"version {kept.n}: {table}, {len(edits)} {noun(len(edits), 'row')}: {what}",
            )
            return done(f"/rounds/{id}/data/versions/{kept.n}", f"Kept as version {kept.n} of the data.")
    for p in wrong:
        text = re.sub(r"^[a-z]+, row \d+: ", "", p.text)
        form.errors.setdefault(p.column if p.column and p.table == table else "key", text)
    key = edits[0].key if len(edits) == 1 else ""
    if len(edits) == 1 and form.text("do") != "change":
        return _again(request, id, table, who, office, form, key, typed(form, table, _columns(table, key)))
    raise HttpProblem(
        "case_errors",
        "With this the data would have errors. Nothing was changed.",
        problems=[table_problem(p) for p in wrong],
    )
