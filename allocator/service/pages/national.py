"""The nation's files for a round: each first as what it would change, then all of them taken as a new version of
the data."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.errors import AllocatorError
from allocator.service import national_files
from allocator.service.access import In, Manager, Reader, round_in, writing
from allocator.service.http_problems import HttpProblem, table_problem
from allocator.service.pages.data import workbook_file
from allocator.service.pages.given import around
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.service.views import not_about_oneself
from allocator.store import keep, workbook_words

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LISTED = 300  # cells shown of one file
ONE_AT_A_TIME = threading.Lock()  # a national file fills a good part of a small machine's memory
WAIT = 60  # seconds


@router.get("/rounds/{id}/national")
def files(request: Request, id: Id, who: Reader, office: In) -> Response:
    """What may be given, and where it comes from."""
    with office.db.read() as s:
        return _page(request, s, id, who)


def _page(request: Request, s: Session, id: str, who: Who, status: int = 200, **more: Any) -> Response:
    facts: dict[str, Any] = {
        "kinds": national_files.KINDS,
        "told": (),
        "errors": {},
        "listed": LISTED,
        "las": "",
        "ticked": (),
    }
    return show(request, "national.html", who, status, **around(s, id, who) | facts | more)


@router.post("/rounds/{id}/national")
def look(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What the files would change; nothing is kept. Without data in the round: a workbook to fill, made of them."""
    las = [la.strip() for la in (form.text("las") or "").split(";") if la.strip()]
    asked: dict[str, Any] = {"las": "; ".join(las), "ticked": form.all("options")}
    with office.db.read() as s:
        row, kept = round_in(s, who, id), keep.case_row(s, id)
        name, words = row.name, workbook_words.words_of(s, row.programme_id)
        case, policy = keep.case_of(kept) if kept else (None, Policy())
    with tempfile.TemporaryDirectory() as folder:
        given = _saved(form, Path(folder))
        if not given:
            form.errors["register"] = "Choose at least one file"
        if case is None and not las:
            form.errors["las"] = "Name the authorities whose schools you want, such as Kent; Medway"
        brought = None if form.errors else _brought(form, case, given, las)
        if brought is not None and case is None:
            return workbook_file(national_files.to_fill(brought, Path(folder) / "to-fill.xlsx"), f"to-fill-{name}.xlsx")
    with office.db.read() as s:
        if brought is None or case is None or kept is None:
            return _page(request, s, id, who, 422, **form.wrong, **asked)
        reading = national_files.as_case(case, policy, brought.tables(), brought.now, words)
        wrong = [p for p in reading.problems if p.severity == "error"]
        new = reading.case is not None and canon.case_sha256(reading.case) != kept.sha256
        package = national_files.packed(brought, kept.n) if new else ""
        return _page(request, s, id, who, told=brought.told, wrong=wrong, package=package, **asked)


def plain_name(given: str) -> str:
    """A file's own name as a file of this machine may have it, whatever a browser says."""
    name = Path(given.replace("\0", "")).name.encode()[-150:].decode("utf-8", "ignore")
    return name if name.strip(".") else "file"


def _saved(form: Fields, folder: Path) -> dict[str, Path]:
    """The files given, each in a folder of its own under the name it came with."""
    out = {}
    for kind in national_files.KINDS:
        file = form.file(kind)
        if file is None:
            continue
        (folder / kind).mkdir()
        out[kind] = folder / kind / plain_name(file.filename or "")
        with out[kind].open("wb") as target:
            shutil.copyfileobj(file.file, target)
    return out


def _brought(form: Fields, case: Case | None, given: dict[str, Path], las: list[str]) -> national_files.Brought | None:
    """None with an error on the form where a file cannot be used."""
    if not ONE_AT_A_TIME.acquire(timeout=WAIT):
        raise HttpProblem(
            "too_many", "Other national files are being read. Try again in a minute.", {"Retry-After": "60"}
        )
    try:
        options = form.all("options")
        return national_files.bring_in(case, given, las=las, add="add" in options, renumber="renumber" in options)
    except AllocatorError as error:
        about = next((k for k, p in given.items() if p.name in error.text), "register")
        form.errors["las" if error.text.startswith("--la: ") else about] = error.text.removeprefix("--la: ")
        return None
    finally:
        ONE_AT_A_TIME.release()


@router.post("/rounds/{id}/national/take")
def take(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What was looked at becomes the round's next version."""
    with writing(request, office, who, id) as (s, row):
        package = national_files.unpacked(form.text("package", most=2 * national_files.MOST) or "")
        before = keep.case_row(s, id)
        if before is None or before.n != package.base:
            raise HttpProblem("round_refuses", "The data have changed since you gave the files. Give them again.")
        case, policy = keep.case_of(before)
        words = workbook_words.words_of(s, row.programme_id)
        reading = national_files.as_case(case, policy, package.tables, package.now, words)
        if reading.case is None:
            raise HttpProblem(
                "case_errors",
                "With these files the data would have errors. Nothing was taken.",
                problems=[table_problem(p) for p in reading.problems if p.severity == "error"],
            )
        not_about_oneself(s, row, case, reading.case, who)  # the package came by the browser: anybody can write one
        by = who.person(row.programme_id)
        told = [table_problem(p).model_dump() for p in reading.problems]
        kept = keep.keep_case(s, row, reading.case, policy, told, by)
        keep.note(s, by, "case put", id, programme=row.programme_id, detail=kept.sha256)
    return done(f"/rounds/{id}/data", f"The national files are in, as version {kept.n} of the data.")
