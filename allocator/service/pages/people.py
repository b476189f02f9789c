"""Who has which role in a programme: see, add, take back, send a link again."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from allocator.errors import UsageError
from allocator.service import passes, roles
from allocator.service.access import In, Manager, Office, Reader, programme_in
from allocator.service.actions.people import add_user, remove_user
from allocator.service.http_problems import HttpProblem
from allocator.service.identity import UserIn
from allocator.service.inviting import shows_links
from allocator.service.outbox import base_of
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store.tables import Grant, Someone

router = APIRouter(route_class=PageRoute, include_in_schema=False)
GRANTS = {
    "manager": "SIP manager",
    "auditor": "Auditor",
    "head": "Head of a school",
    "chair": "Chair of governors",
    "sip": "SIP",
}


NOT_SHOWN = (
    "No mail server is set, and this link is not shown to others. Whoever runs the service prints one: allocator user "
    "link, with the person's address."
)


@router.get("/programmes/{id}/people")
def people_of(
    request: Request, id: Id, who: Reader, office: In, role: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Everyone with a role here."""
    return page(request, id, who, office, role=role)


def page(
    request: Request, id: str, who: Who, office: Office, form: Fields | None = None, role: str = "", link: Any = None
) -> Response:
    with office.db.read() as s:
        programme = programme_in(s, who, id)
        case = keep.newest_case(s, id)
        rows = s.execute(
            sa.select(Grant, Someone).join(Someone, Someone.id == Grant.person_id).where(Grant.programme_id == id)
        )
        names = roles.names_in(s, id)
        schools = {x.urn: x.name for x in case.schools} if case else {}
        sips = {x.sip: x.name for x in case.sips} if case else {}
        grants = sorted(
            (
                {
                    "id": g.id,
                    "role": g.role,
                    "name": names[p.id],
                    "email": p.email,
                    "of": schools.get(g.urn, g.urn) or sips.get(g.sip, g.sip),
                }
                for g, p in rows
            ),
            key=lambda g: (list(GRANTS).index(g["role"]), g["of"], g["name"]),
        )
    errors = {"errors": form.errors, "summary": form.summary} if form and form.errors else {}
    return show(
        request,
        "people.html",
        who,
        422 if errors else 200,
        programme=programme,
        roles=GRANTS,
        role=role,
        link=link,
        grants=[g for g in grants if role in ("", g["role"])],
        schools=sorted(schools.items(), key=lambda x: x[1]),
        sips=sorted(sips.items(), key=lambda x: x[1]),
        typed=form.data if form else {},
        mail=bool(office.settings.smtp_url),
        **errors,
    )


@router.post("/programmes/{id}/people")
def add(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Give a person a role. They come in by a link to their address."""
    name = form.need("name", "Enter the person's name")
    email = form.need("email", "Enter their email address")
    role = form.choice("role", list(GRANTS), "Choose the role")
    urn = form.need("urn", "Choose the school") if role in ("head", "chair") else ""
    sip = form.need("sip", "Choose the SIP") if role == "sip" else ""
    if not form.errors:
        try:
            asked = UserIn.model_validate(
                {"email": email, "name": name, "programme": id, "role": role, "urn": urn, "sip": sip}
            )
            add_user(office, who, asked)
        except ValidationError:
            form.errors["email"] = "Enter an email address such as name@school.example"
        except UsageError as error:
            form.errors["role"] = error.text
    if form.errors:
        return page(request, id, who, office, form)
    return done(f"/programmes/{id}/people", f"{name} has the role. Send them a link when they are to come in.")


@router.post("/programmes/{id}/people/{grant}/remove")
def remove(request: Request, id: Id, grant: Id, who: Manager, office: In, form: Form) -> Response:
    """Take the role back. What they did stays in the log."""
    with office.db.read() as s:
        _grant(s, who, id, grant)
    remove_user(office, who, grant)
    return done(f"/programmes/{id}/people", "The role is taken back. What they did stays in the log.")


@router.post("/programmes/{id}/people/{grant}/link")
def resend(request: Request, id: Id, grant: Id, who: Manager, office: In, form: Form) -> Response:
    """A new sign-in link, for this role only: by mail, and where no mail server is set shown once. Only a head,
    chair or SIP is shown so, and only to who manages every programme here: nobody then has a role that another
    manager gave."""
    with office.db.write() as s:
        g, person = _grant(s, who, id, grant)
        mails, minutes = bool(office.settings.smtp_url), office.settings.link_minutes
        if not mails:
            if g.role in ("manager", "auditor") or not shows_links(office, s, who):
                raise HttpProblem("round_refuses", NOT_SHOWN)
            minutes = office.settings.shown_hours * 60
        secret = passes.link(s, person, minutes, roles.ROLE_OF[g.role], id)
        keep.note(s, who.person(id), "link made", person.email, programme=id, detail=g.role)
        to, name = person.email, roles.names_in(s, id)[person.id]
    address = f"{base_of(office, request)}/sign-in/{secret}"
    if mails:
        office.aside(lambda: office.mail.send_link(to, address, minutes))
        return done(f"/programmes/{id}/people", f"A link is on its way to {name}.")
    return page(request, id, who, office, link={"name": name, "email": to, "address": address})


def _grant(s: Any, who: Who, programme: str, grant: str) -> tuple[Grant, Someone]:
    programme_in(s, who, programme)
    g = s.get(Grant, grant)
    if g is None or g.programme_id != programme:
        raise HttpProblem("not_found", f"There is no such role: {grant}.")
    return g, s.get_one(Someone, g.person_id)
