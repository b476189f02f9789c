"""Coming in and going out: ask for a link, open it, press the button; which role; where one is signed in; sign out."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from allocator.service import passes, roles
from allocator.service.access import Anyone, In, Office, asker, halfway
from allocator.service.actions.sessions import ask_for_link, change_session, end_session, end_sessions, spend_link
from allocator.service.http_problems import HttpProblem
from allocator.service.identity import DoorIn, SignInAsk, SignInSpend
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.roles import Door
from allocator.service.schemas import Id
from allocator.store.tables import Pass, Programme, Someone

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Next = Annotated[str, Query(max_length=2000)]
CLEAR = '"cache", "storage"'  # what a browser may still have of the pages of whoever signs out
ROLES = {"manager": "SIP manager", "auditor": "Auditor", "school": "Head or chair of a school", "sip": "SIP"}


def inside(path: str) -> str:
    """A path of this service and nothing else, so that a link cannot lead away."""
    plain = path.isprintable() and path.isascii() and "\\" not in path  # browsers drop tabs and turn strokes round
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


@router.get("/sign-in")
def sign_in(request: Request, office: In, next: Next = "/") -> Response:
    """Ask for a link."""
    return show(request, "sign-in.html", next=inside(next), oidc=bool(office.settings.oidc_issuer), errors={}, email="")


@router.post("/sign-in")
def asked(request: Request, office: In, form: Form) -> Response:
    """The same answer whether the address is known or not."""
    email, next = form.need("email", "Enter your email address"), inside(form.text("next") or "/")
    if not form.errors and roles.plain_email(email).count("@") != 1:
        form.errors["email"] = "Enter an email address such as name@school.example"
    if form.errors:
        return show(
            request,
            "sign-in.html",
            status=422,
            next=next,
            oidc=False,
            **form.wrong,
            email=email,
        )
    ask_for_link(office, request, SignInAsk(email=email), next)
    shown = office.mail.to_terminal
    return show(
        request, "sign-in-sent.html", email=email, to_terminal=shown, nowhere=not (office.settings.smtp_url or shown)
    )


@router.get("/sign-in/{secret}")
def link(request: Request, office: In, secret: Id, next: Next = "/") -> Response:
    """What the link opens, and for whom: nobody comes in by another's link unawares. Looking does not spend it: mail
    scanners look. A used one leads whoever is still signed in on to where it led."""
    try:
        return _link_page(request, office, secret, inside(next), {})
    except HttpProblem:
        try:
            me = asker(request)
        except HttpProblem:
            me = None
        if me is None:
            raise
    return done(inside(next), f"That link had been used or had run out. You are still signed in as {me.name}.")


def _link_page(request: Request, office: Office, secret: str, next: str, errors: dict[str, str]) -> Response:
    with office.db.read() as s:
        row = passes.look_at(s, secret)
        able, email = passes.opens(s, row), s.get_one(Someone, row.person_id).email
    items = [{"value": f"{d.role} {d.programme}", "text": _door(d, able)} for d in able]
    summary = [{"text": text, "href": f"#{name}"} for name, text in errors.items()]
    return show(
        request,
        "sign-in-link.html",
        status=422 if errors else 200,
        doors=items,
        email=email,
        next=next,
        errors=errors,
        summary=summary,
    )


def _door(door: Door, among: list[Door]) -> str:
    """The role, with its programme where there are several."""
    several = len({d.programme for d in among}) > 1
    return f"{ROLES[door.role]}, {door.name}" if several else ROLES[door.role]


@router.post("/sign-in/{secret}")
def spend(request: Request, office: In, secret: Id, form: Form) -> Response:
    """The button spends the link and begins a session in one role of one programme."""
    next, (role, _, programme) = inside(form.text("next") or "/"), (form.text("door") or "").partition(" ")
    with office.db.read() as s:
        able = passes.opens(s, passes.look_at(s, secret))
    asked = [d for d in able if (d.role, d.programme) == (role, programme)] or (able if len(able) == 1 else [])
    if not asked:
        return _link_page(request, office, secret, next, {"door": "Choose the role in which you come in today"})
    key, _ = spend_link(office, request, secret, SignInSpend(role=asked[0].role, programme=asked[0].programme))
    answer = done(next)
    passes.set_cookie(answer, key, office.settings)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, office: In) -> Response:
    """End this session; the cookie goes, whether or not the session still stood."""
    answer = done("/sign-in", "You are signed out.")
    try:
        me = halfway(request)
    except HttpProblem:
        me = None
    if me is not None:
        with office.db.write() as s:
            passes.end(s, s.scalars(sa.select(Pass).where(Pass.id == me.pass_id)).one())
    passes.drop_cookie(answer, office.settings)
    answer.headers["Clear-Site-Data"] = CLEAR
    return answer


# -- sessions --------------------------------------------------------------------------------------------------------


@router.get("/sessions")
def sessions(request: Request, who: Anyone, office: In) -> Response:
    """Where I am signed in, each to be ended; and my other roles, to go on in."""
    with office.db.read() as s:
        rows = list(s.scalars(passes.open_sessions(who).order_by(Pass.seen_at.desc())))
        named = sa.select(Programme).where(Programme.id.in_({r.programme_id for r in rows}))
        names = {p.id: p.name for p in s.scalars(named)}
        others = roles.doors(s, who.id) if who.own else []
    others = [d for d in others if (d.role, d.programme) != (who.role, who.programme)]
    return show(request, "sessions.html", who, rows=rows, names=names, roles=ROLES, others=others)


@router.post("/sessions")
def go_on(request: Request, who: Anyone, office: In, form: Form) -> Response:
    """In another of my roles from now on."""
    role, _, programme = (form.text("door") or "").partition(" ")
    try:
        asked = DoorIn.model_validate({"role": role, "programme": programme})
    except ValidationError:
        raise HttpProblem("not_found", "You have no such role.") from None
    key, _ = change_session(office, who, asked)
    answer = done("/")
    passes.set_cookie(answer, key, office.settings)
    return answer


@router.post("/sessions/end")
def end_all(request: Request, who: Anyone, office: In) -> Response:
    """Sign out everywhere."""
    answer = done("/sign-in", "You are signed out everywhere.")
    end_sessions(office, who)
    passes.drop_cookie(answer, office.settings)
    answer.headers["Clear-Site-Data"] = CLEAR
    return answer


@router.post("/sessions/{id}/end")
def end_one(request: Request, id: Id, who: Anyone, office: In) -> Response:
    """One session ends."""
    end_session(office, who, id)
    return done("/sessions", "That session is ended.")
