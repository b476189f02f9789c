"""The data of a round: a file in the manager's own words, mapped and matched once, its problems in its cells, what
it changes."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.bodies import KINDS
from allocator.domain.case import TABLES, Case
from allocator.domain.characters import STRANGE, strange
from allocator.domain.since import since
from allocator.intake.last_year import LAST_SIP
from allocator.intake.mark import marked_bytes
from allocator.intake.problems import Problem, nearest, together
from allocator.intake.read import Reading
from allocator.intake.source import Raw
from allocator.intake.template import closed_list, write_template
from allocator.intake.unread import TITLE
from allocator.intake.write import write_case
from allocator.reasons.in_brief import in_brief
from allocator.reasons.preflight import preflight
from allocator.service import bounded, uploads
from allocator.service.access import In, Manager, Reader, round_in, writing
from allocator.service.http_problems import HttpProblem, table_problem
from allocator.service.pages.fact_forms import CALLED
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, attached, done, show
from allocator.service.roles import Who, names_in
from allocator.service.schemas import Id
from allocator.service.views import not_about_oneself
from allocator.store import keep, workbook_words
from allocator.store.tables import RoundRow, UploadRow
from allocator.words import counted

router = APIRouter(route_class=PageRoute, include_in_schema=False)
YEAR = re.compile(r"\d{4}/\d{2}")
OURS = "="  # in a form: keep it as the manager's own; as text it cannot be one of our columns
LISTED = 100  # problems shown on the page; the workbook holds all
# notices that a person should have seen before the file is taken: what may not be meant, or may mean somebody else
LOOK = (
    "hidden",
    "struck",
    "colours",
    "undated_sip",
    "not_history",
    "at_odds",
    "likely_duplicate",
    "shared_head",
    "gone_sips",
    "outside_case",
    "before_year",
    "after_year",
    "kind_assumed",
    "small_percent",
)


@router.get("/rounds/{id}/data")
def data(request: Request, id: Id, who: Reader, office: In) -> Response:
    """The data in force, or the file that waits to be taken."""
    with office.db.read() as s:
        return _page(request, s, id, who)


def _page(request: Request, s: Session, id: str, who: Who, status: int = 200, **more: Any) -> Response:
    at = around(s, id, who)
    row = round_in(s, who, id)
    waiting = s.get(UploadRow, id)
    told: dict[str, Any] = {"waiting": waiting, "year": row.name if YEAR.fullmatch(row.name) else "", "errors": {}}
    if waiting is not None:
        told |= _waiting(s, row, waiting)
    elif at["case_row"] is not None:
        told |= _in_force(s, row)
    memory = workbook_words.remembered(s, row.programme_id)
    return show(request, "data.html", who, status, **at, memory=memory, **told | more)


def _read(s: Session, row: RoundRow, waiting: UploadRow) -> Reading:
    """The waiting file, read in the words remembered."""
    known, _ = workbook_words.before(s, row)
    words = workbook_words.words_of(s, row.programme_id)
    return uploads.read_upload(workbook_words.body_of(waiting), waiting.media, waiting.year, None, words, known)


def _waiting(s: Session, row: RoundRow, waiting: UploadRow) -> dict[str, Any]:
    """What the file says, what is wrong with it, what there is to map and match, what it would change."""
    reading = _read(s, row, waiting)
    old, called = workbook_words.before(s, row)
    raw = reading.raw
    errors_ = [p for p in raw.problems if p.severity == "error" and not _asked_about(p, raw)]
    return {
        "reading": reading,
        "sheets": [(t, raw.likely.get(t) or nearest(t, TABLES, TITLE)) for t in raw.unknown],
        "tables": list(TABLES),
        "columns": [c for c in reading.columns if not c.read],
        "understood": [c for c in reading.columns if c.read],
        "titles": raw.read_titles,
        "likely": raw.likely,
        "values": _own_values(reading),
        "bodies": list(dict.fromkeys(raw.alike)),
        "brief": in_brief(reading.case, reading.policy, raw) if reading.case else (),
        "names": reading.unmatched,
        "wrong": [_shown(p, reading) for p in errors_[:LISTED]],
        "look": [p.text for p in together(p for p in raw.problems if p.code in LOOK)],
        "count": len(errors_),
        "said": [_shown(p, reading) for p in reading.problems if p.severity == "notice"],
        "rules": together(preflight(reading.case, reading.policy)) if reading.case else (),
        "called": called,
        "parts": since(old, reading.case) if old and reading.case else (),
        "everyone": {
            "school": [(s.urn, s.name) for s in reading.case.schools]
            if reading.case
            else _listed(reading, "schools", "urn"),
            "sip": [(s.sip, s.name) for s in reading.case.sips] if reading.case else _listed(reading, "sips", "sip"),
        },
    }


def _asked_about(p: Problem, raw: Raw) -> bool:
    """Whether a question on the page settles it, so that it need not stand among the errors to mend too."""
    choice = p.code == "bad_value" and p.expected is not None and p.expected.startswith("one of")
    missing = p.code == "missing_table" and p.table in raw.likely.values()
    return choice or missing or p.code in ("unknown_reference", "ambiguous_name", "ambiguous_body", "unread_sheet")


def _own_values(reading: Reading) -> list[tuple[str, str, int, list[str]]]:
    """(column, own word, rows, our words) of every word where one of a few belongs."""
    found: Counter[tuple[str, str, str]] = Counter()
    for p in reading.raw.problems:
        if p.code == "bad_value" and p.column and p.value and p.expected and p.expected.startswith("one of"):
            found[p.table, p.column, p.value] += 1
    return [(c, v, n, closed_list(TABLES[t].model_fields[c])) for (t, c, v), n in found.items()]


def _listed(reading: Reading, name: str, key: str) -> list[tuple[str, str]]:
    """(id, name) of a table that is not yet a case."""
    table = reading.raw.tables.get(name)
    if table is None or key not in table.header or "name" not in table.header:
        return []
    k, n = table.header.index(key), table.header.index("name")
    rows = [c for _, c in table.rows if max(k, n) < len(c) and c[k] and c[n]]
    return sorted(((str(c[k]), str(c[n])) for c in rows), key=lambda x: x[1])


@dataclass(frozen=True)
class OfSheet:
    """A problem against the manager's own sheet."""

    sheet: str
    row: int | None
    column: str | None
    text: str


def _shown(p: Problem, reading: Reading) -> OfSheet:
    table = reading.raw.tables.get(p.table)
    return OfSheet((table.title or p.table) if table else p.table, p.row, p.column, p.text)


def _in_force(s: Session, row: RoundRow) -> dict[str, Any]:
    """The case in force: who put it there and when, what was said, and how it differs from the one before."""
    now = keep.case_row(s, row.id)
    assert now is not None
    case, _ = keep.case_of(now)
    old: Case | None
    if now.n > 1:
        old, called = keep.case_of(keep.case_numbered(s, row.id, now.n - 1))[0], f"version {now.n - 1}"
    else:
        old, called = workbook_words.before_round(s, row)
    names = names_in(s, row.programme_id)
    return {
        "case": case,
        "put_by": names.get(now.by, now.by),
        "called": called,
        "tables": [(t, CALLED[t][0], len(getattr(case, t))) for t in CALLED],
        "parts": since(old, case) if old else (),
        "old": old is not None,
        "notices": now.problems,
    }


@router.post("/rounds/{id}/data")
def upload(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A file is given. Nothing is in the case until it is taken."""
    year = form.text("year")
    if year is not None and not YEAR.fullmatch(year):
        form.errors["year"] = f"{year}: write the academic year as 2027/28"
    file = form.file("file")
    body = file.file.read() if file else b""
    media = ""
    if not body:
        form.errors["file"] = "Choose a workbook, a zip of CSV tables, or a JSON file"
    else:
        try:
            media = uploads.sniffed(body)
        except HttpProblem as refusal:
            form.errors["file"] = refusal.detail
    if form.errors:
        with office.db.read() as s:
            return _page(request, s, id, who, 422, **form.wrong, waiting=None)
    with writing(request, office, who, id) as (s, row):
        name = STRANGE.sub("", Path(file.filename or "file").name)[:200] if file else ""
        workbook_words.give(s, row, name, media, year, body, who.person(row.programme_id))
    return done(f"/rounds/{id}/data", f"{name} has been read. Nothing of it is in the round until you take it.")


@router.post("/rounds/{id}/data/words")
def words(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What the manager's own sheets, columns and names mean: remembered for the programme."""
    count = 0
    with writing(request, office, who, id) as (s, row):
        by = who.person(row.programme_id)
        for field in form.data:
            kind, _, rest = field.partition("|")
            value = form.text(field)
            if value is None or kind not in ("sheet", "column", "school", "sip", "value", "body"):
                continue
            if odd := strange(field):
                raise HttpProblem("invalid", f"{odd} cannot be kept; take it out of the word.")
            place, _, text = rest.partition("|") if kind in ("column", "value", "body") else ("", "", rest)
            means = "" if value == OURS else value
            known = {
                *(TABLES[place].model_fields if place in TABLES else ()),
                *([LAST_SIP] if place == "schools" else []),
            }
            if kind == "column" and means and means not in known:
                raise HttpProblem("invalid", f"{means} is not a column of {place}.")
            if kind == "body" and place not in KINDS:
                raise HttpProblem("invalid", f"{place} is no kind of body.")
            if kind == "sheet" and means and means not in TABLES:
                raise HttpProblem("invalid", f"{means} is not a table.")
            workbook_words.remember(s, row.programme_id, kind, text, means, by, place=place)
            count += 1
        if count:
            keep.note(s, by, "own words", id, programme=row.programme_id, detail=f"{count} remembered")
    return done(f"/rounds/{id}/data", f"{count} remembered, for this file and the next ones.")


@router.post("/rounds/{id}/data/forget")
def forget(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A word that was wrong, or is no longer used."""
    with writing(request, office, who, id) as (s, row):
        text = form.need("text", "Say which word")
        workbook_words.forget(s, row.programme_id, form.text("kind") or "", form.text("place") or "", text)
    return done(f"/rounds/{id}/data", f"{text} is forgotten.")


@router.post("/rounds/{id}/data/take")
def take(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The file becomes the round's case, as its next version; as PUT rounds/{id}/case does."""
    with writing(request, office, who, id) as (s, row):
        waiting = _given(s, id)
        reading = _read(s, row, waiting)
        if reading.case is None:
            raise HttpProblem(
                "case_errors",
                "The file still has errors. Mend them first.",
                problems=[table_problem(p) for p in reading.problems if p.severity == "error"],
            )
        by = who.person(row.programme_id)
        before = keep.case_row(s, id)
        not_about_oneself(s, row, keep.case_of(before)[0] if before else None, reading.case, who)
        policy = reading.policy
        if (
            before is not None
            and reading.raw.policy is None
            and "policy" not in reading.raw.tables
            and reading.raw.policy_toml is None
        ):
            policy = keep.case_of(before)[1]  # a file that says nothing of the rules leaves them as they are
        kept = keep.keep_case(
            s, row, reading.case, policy, [table_problem(p).model_dump() for p in reading.problems], by
        )
        keep.note(s, by, "case put", id, programme=row.programme_id, detail=kept.sha256)
        s.delete(waiting)
    schools, sips = len(reading.case.schools), len(reading.case.sips)
    return done(
        f"/rounds/{id}/data", f"{counted(schools, 'school')} and {counted(sips, 'SIP')} are in, as version {kept.n}."
    )


def _given(s: Session, id: str) -> UploadRow:
    waiting = s.get(UploadRow, id)
    if waiting is None:
        raise HttpProblem("round_refuses", "No file waits to be taken. Give one first.")
    return waiting


@router.post("/rounds/{id}/data/drop")
def drop(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The waiting file goes; what was mapped and matched stays remembered."""
    with writing(request, office, who, id) as (s, _):
        s.delete(_given(s, id))
    return done(f"/rounds/{id}/data", "The file is gone. Nothing of it was in the round.")


# -- files ------------------------------------------------------------------------------------------------------


@router.get("/rounds/{id}/data/marked")
def corrected(request: Request, id: Id, who: Manager, office: In) -> Response:
    """The file as it came, every problem marked in its cell and listed on a sheet."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        waiting = _given(s, id)
        reading = _read(s, row, waiting)
        body = workbook_words.body_of(waiting) if waiting.media == uploads.XLSX else None
        if body is not None and not reading.raw.tables:
            raise HttpProblem("round_refuses", "This file cannot be opened, so there are no cells to mark.")
    return workbook_file(_marked(reading, body), f"{Path(waiting.name).stem}-to-correct.xlsx")


def _marked(reading: Reading, body: bytes | None) -> bytes:
    """In a process of its own: whoever edits a workbook lays out more of it than whoever reads it."""
    try:
        return bounded.read(body or b"", marked_bytes, reading.raw, small=-1)
    except RuntimeError:
        told = "This file can be read but not written in. Save it again as .xlsx, or correct it by the list above."
        raise HttpProblem("round_refuses", told) from None


@router.get("/rounds/{id}/data/workbook")
def workbook(request: Request, id: Id, who: Manager, office: In) -> Response:
    """The data in force as a workbook, or an empty one to fill where there is none."""
    with office.db.write() as s, tempfile.TemporaryDirectory() as folder:
        row = round_in(s, who, id)
        path, case = Path(folder) / "case.xlsx", keep.case_row(s, id)
        if case is None:
            write_template(path)
        else:
            write_case(keep.case_of(case)[0], path)
            keep.note(s, who.person(row.programme_id), "exported", id, programme=row.programme_id, detail="data")
        return workbook_file(path.read_bytes(), "to-fill.xlsx" if case is None else "data.xlsx")


def workbook_file(body: bytes, name: str) -> Response:
    """A workbook to be saved."""
    return Response(body, 200, {**attached(name), "Cache-Control": "no-store"}, uploads.XLSX)
