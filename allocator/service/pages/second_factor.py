"""A manager's second factor: enrol one, show a code of it, have codes for the day it is lost, take it away."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from allocator.service import passes, second
from allocator.service.access import Halfway, In, Manager, Office, note_everywhere, programme_in
from allocator.service.actions.second_factor import show_code
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.pages.sign_in import Next, inside
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/second-factor")
def page(request: Request, who: Halfway, office: In, next: Next = "/") -> Response:
    """What there is to do: begin, give a first code, show a code, or see what one has."""
    second.in_own_session(who)
    return _page(request, who, office, next)


def _page(
    request: Request,
    who: Who,
    office: Office,
    next: str,
    error: str = "",
    codes: list[str] | None = None,
    begun: bool = False,
) -> Response:
    """`begun`: just now, in this browser, which alone is shown the secret: whoever else came in in this name would
    keep it unseen."""
    with office.db.read() as s:
        row, asked = second.factor(s, who.id), second.asked_of_all(s, who.id)
    new = row is not None and row.confirmed_at is None
    address = second.address(row, who.email) if row is not None and begun else ""
    facts: dict[str, Any] = {
        "address": address,
        "secret": row.secret if row is not None and begun else "",
        "picture": Markup(second.picture(address)) if address else "",
        "left": len(row.codes) if row is not None else 0,
    }
    errors = {"errors": {"code": error}, "summary": [{"text": error, "href": "#code"}]} if error else {}
    return show(
        request,
        "second-factor.html",
        who,
        422 if error else 200,
        next=inside(next),
        asked=asked,
        new=new,
        have=row is not None and not new,
        codes=codes,
        **facts,
        **errors,
    )


@router.post("/second-factor/begin")
def begin(request: Request, who: Halfway, office: In, form: Form) -> Response:
    """A new secret; it asks nothing until a code of it was right."""
    second.in_own_session(who)
    with office.db.write() as s:
        second.begin(s, who)
    return _page(request, who, office, form.text("next") or "/", begun=True)


@router.post("/second-factor")
def code(request: Request, who: Halfway, office: In, form: Form) -> Response:
    """A code: this session is whole. The first one enrols, and brings the codes to keep."""
    second.in_own_session(who)
    next, typed = form.text("next") or "/", form.text("code") or ""
    with office.db.read() as s:
        first = not second.enrolled(s, who.id)
    told, key = show_code(typed, who, office)
    if told:
        return _page(request, who, office, next, told)
    answer = _codes(request, who, office, next) if first else done(inside(next))
    passes.set_cookie(answer, key, office.settings)
    return answer


def _codes(request: Request, who: Who, office: Office, next: str) -> Response:
    with office.db.write() as s:
        made = second.new_codes(s, who.id)
        note_everywhere(s, who, "recovery codes made", who.id)
    return _page(request, who, office, next, codes=made)


@router.post("/second-factor/codes")
def codes(request: Request, who: Manager, office: In, form: Form) -> Response:
    """New codes for when it is lost, for a code of it; the old are void."""
    return _again(request, who, office, form) or _codes(request, who, office, "/")


@router.post("/second-factor/away")
def away(request: Request, who: Manager, office: In, form: Form) -> Response:
    """Take it away, for a code of it; every session as manager ends."""
    with office.db.read() as s:
        asked = second.asked_of_all(s, who.id)
    if asked:
        raise HttpProblem("round_refuses", f"{' and '.join(asked)} asks it of every manager.")
    refused = _again(request, who, office, form)
    if refused:
        return refused
    with office.db.write() as s:
        second.drop(s, who.id)
        note_everywhere(s, who, "second factor taken away", who.id)
    return done("/sign-in", "Your second factor is gone. Sign in again.")


def _again(request: Request, who: Who, office: Office, form: Fields) -> Response | None:
    """The page with what is wrong, unless a code of the factor came with the form."""
    second.in_own_session(who)
    with office.db.write() as s:
        told = second.wrong(s, who.id, form.text("code") or "", keep.now())
        if told:
            note_everywhere(s, who, "second factor refused", who.id)
    return _page(request, who, office, "/", told) if told else None


@router.post("/programmes/{id}/second-factor")
def ask_of_all(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Whether every manager of the programme is asked. Only by one who has it: nobody is shut out by a press."""
    wanted = form.text("asked") == "yes"
    with office.db.write() as s:
        row = programme_in(s, who, id)
        if wanted and not second.enrolled(s, who.id):
            raise HttpProblem("round_refuses", "Have a second factor yourself first, under Your sessions.")
        row.second_factor = wanted
        keep.note(
            s, who.person(id), f"second factor asked of {'every manager' if wanted else 'nobody'}", id, programme=id
        )
    told = "Every manager is asked for a second factor from now on." if wanted else "It is asked of those who have one."
    return done(f"/programmes/{id}/people", told)
