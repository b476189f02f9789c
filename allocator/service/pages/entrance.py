"""Coming in and going out: ask for a link, open it, press the button; which role; sign out."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from allocator.service import people
from allocator.service.asking import In, asker
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.problems import Refusal
from allocator.service.routes.people import ask_for_link, spend_link
from allocator.service.schemas import Id, SignInAsk, SignInSpend
from allocator.store import keep
from allocator.store.tables import Pass

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Next = Annotated[str, Query(max_length=2000)]
ROLES = {"manager": "SIP manager", "auditor": "Auditor", "school": "Head or chair of a school", "sip": "SIP"}


def inside(path: str) -> str:
    """A path of this service and nothing else, so that a link cannot lead away."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@router.get("/sign-in")
def sign_in(request: Request, office: In, next: Next = "/") -> Response:
    """Ask for a link."""
    return show(request, "sign-in.html", next=inside(next), oidc=bool(office.settings.oidc_issuer), errors={}, email="")


@router.post("/sign-in")
def asked(request: Request, office: In, form: Form) -> Response:
    """The same answer whether the address is known or not."""
    email, next = form.need("email", "Enter your email address"), inside(form.text("next") or "/")
    if not form.errors and people.plain_email(email).count("@") != 1:
        form.errors["email"] = "Enter an email address such as name@school.example"
    if form.errors:
        return show(request, "sign-in.html", status=422, next=next, oidc=False, errors=form.errors,
                    summary=form.summary, email=email)  # fmt: skip
    ask_for_link(SignInAsk(email=email), request, office)
    return show(request, "sign-in-sent.html", email=email, to_terminal=not office.settings.smtp_url)


@router.get("/sign-in/{secret}")
def link(request: Request, office: In, secret: Id, next: Next = "/") -> Response:
    """What the link opens. Looking does not spend it: mail scanners look."""
    with office.db.read() as s:
        row = people.look_at(s, secret)
        roles: list[Any] = [row.role] if row.role else list(people.roles_of(s, row.person_id))
    return show(request, "sign-in-link.html", roles=roles, names=ROLES, next=inside(next), errors={})


@router.post("/sign-in/{secret}")
def spend(request: Request, office: In, secret: Id, form: Form) -> Response:
    """The button spends the link and begins a session in one role."""
    role, next = form.text("role"), inside(form.text("next") or "/")
    with office.db.read() as s:
        row = people.look_at(s, secret)
        able: list[Any] = [row.role] if row.role else list(people.roles_of(s, row.person_id))
    if len(able) > 1 and role not in able:
        errors = {"role": "Choose the role in which you come in today"}
        return show(request, "sign-in-link.html", status=422, roles=able, names=ROLES, next=next, errors=errors,
                    summary=[{"text": errors["role"], "href": "#role"}])  # fmt: skip
    answer = done(next)
    spend_link(secret, office, answer, SignInSpend(role=role if role in able else None))
    return answer


@router.post("/sign-out")
def sign_out(request: Request, office: In) -> Response:
    """End this session; the cookie goes, whether or not the session still stood."""
    answer = done("/sign-in", "You are signed out.")
    try:
        me = asker(request)
    except Refusal:
        me = None
    if me is not None:
        with office.db.write() as s:
            s.execute(sa.update(Pass).where(Pass.id == me.pass_id).values(revoked_at=keep.now()))
    answer.delete_cookie(people.COOKIE, path="/")
    return answer
