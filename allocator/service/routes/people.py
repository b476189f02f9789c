"""Signing in, who I am, users, tokens, the audit log."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from allocator.service import people
from allocator.service.asking import Anyone, Asker, In, Manager, Reader, note_everywhere, note_sign_in, programme_in
from allocator.service.once import OnceRoute
from allocator.service.problems import Refusal, errors
from allocator.service.schemas import (
    AuditOut,
    Cursor,
    GrantOut,
    Id,
    Limit,
    Me,
    PageOf,
    SignedIn,
    SignInAsk,
    SignInSpend,
    TokenIn,
    TokenNew,
    TokenOut,
    UserIn,
    UserOut,
    page,
)
from allocator.store import keep
from allocator.store.tables import AuditRow, Grant, Pass, Someone

router = APIRouter(route_class=OnceRoute)
door = APIRouter()  # before anybody is known, so no Idempotency-Key: asking twice sends two links


@door.post("/sign-in", status_code=202, responses=errors("too_many"))
def ask_for_link(ask: SignInAsk, request: Request, office: In) -> dict[str, str]:
    """Ask for a single-use link. The answer is the same whether the address is known or not."""
    office.limiter.count(
        f"sign-in {request.client.host if request.client else ''}", office.settings.sign_ins_per_minute
    )
    office.limiter.count(f"sign-in to {people.plain_email(ask.email)}", office.settings.sign_ins_per_minute)
    with office.db.write() as s:
        person = people.person_by_email(s, ask.email)
        if person is not None:
            secret = people.link(s, person, office.settings.link_minutes, ask.role)
            base = office.settings.public_url or str(request.base_url)
            address = f"{base.rstrip('/')}/sign-in/{secret}"
    if person is not None:
        office.mail.send_link(person.email, address, office.settings.link_minutes)
    return {"told": "If we know this address, a link is on its way. It works once."}


@door.get("/sign-in/{secret}", responses=errors("link_used"))
def see_link(secret: Id, office: In) -> dict[str, list[str]]:
    """What the link would open. Looking does not spend it: mail scanners look."""
    with office.db.read() as s:
        row = people.look_at(s, secret)
        return {"roles": [row.role] if row.role else list(people.roles_of(s, row.person_id))}


@door.post("/sign-in/{secret}", responses=errors("link_used"))
def spend_link(secret: Id, office: In, response: Response, ask: SignInSpend | None = None) -> SignedIn:
    """Sign in: spends the link and sets the session's cookie. A person with two roles says which."""
    with office.db.write() as s:
        key, row = people.spend(s, secret, ask.role if ask else None, office.settings.session_hours)
        note_sign_in(s, row.person_id, row.role)
    people.set_cookie(response, key, office.settings)
    return SignedIn(role=row.role, expires_at=row.expires_at)


router.include_router(door)


@router.get("/me")
def me(who: Anyone) -> Me:
    """Who I am in this session, and what it opens."""
    grants = [GrantOut.model_validate(g) for g in who.grants]
    return Me(id=who.id, name=who.name, email=who.email, role=who.role, scope=who.scope, grants=grants)


@router.delete("/me", status_code=204)
def sign_out(who: Asker, office: In, response: Response) -> None:
    """End this session, or give up this token."""
    with office.db.write() as s:
        s.execute(sa.update(Pass).where(Pass.id == who.pass_id).values(revoked_at=keep.now()))
    response.delete_cookie(people.COOKIE, path="/")


@router.get("/users")
def users(
    who: Reader, office: In, programme: Annotated[str, Query(max_length=64)], cursor: Cursor = None, limit: Limit = 100
) -> PageOf[UserOut]:
    """Everyone with a role in the programme."""
    with office.db.read() as s:
        programme_in(s, who, programme)

        def out(g: Grant) -> UserOut:
            p = s.get_one(Someone, g.person_id)
            return UserOut(**GrantOut.model_validate(g).model_dump(), email=p.email, name=p.name)

        return page(s, sa.select(Grant).where(Grant.programme_id == programme), [Grant.id], cursor, limit, out)


@router.post("/users", status_code=201, responses=errors("not_found"))
def add_user(new: UserIn, who: Manager, office: In) -> UserOut:
    """A person with a role in one of my programmes; made known if new."""
    with office.db.write() as s:
        programme_in(s, who, new.programme)
        g = people.enrol(s, new.email, new.name, new.programme, new.role, urn=new.urn, sip=new.sip)
        p = s.get_one(Someone, g.person_id)
        keep.note(
            s,
            who.person(new.programme),
            "user added",
            p.email,
            programme=new.programme,
            detail=f"{new.role} {new.urn}{new.sip}",
        )
        return UserOut(**GrantOut.model_validate(g).model_dump(), email=p.email, name=p.name)


@router.delete("/users/{id}", status_code=204, responses=errors("round_refuses"))
def remove_user(id: Id, who: Manager, office: In) -> None:
    """Take a role back. The last manager of a programme stays."""
    with office.db.write() as s:
        g = s.get(Grant, id)
        if g is None or g.programme_id not in who.programmes():
            raise Refusal("not_found", f"There is no such role: {id}.")
        managers = sa.select(sa.func.count()).where(Grant.programme_id == g.programme_id, Grant.role == "manager")
        if g.role == "manager" and s.scalar(managers) == 1:
            raise Refusal("round_refuses", "A programme has at least one manager. Add another first.")
        keep.note(s, who.person(g.programme_id), "user removed", g.person_id, programme=g.programme_id, detail=g.role)
        s.delete(g)


@router.get("/tokens")
def tokens(who: Anyone, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[TokenOut]:
    """My own API tokens; the secrets are not kept."""
    query = sa.select(Pass).where(Pass.person_id == who.id, Pass.kind == "token", Pass.role == who.role)
    with office.db.read() as s:
        return page(s, query, [Pass.id], cursor, limit, TokenOut.model_validate)


@router.post("/tokens", status_code=201)
def new_token(ask: TokenIn, who: Anyone, office: In) -> TokenNew:
    """An API token that acts as I do in this role, or only reads. It is shown once."""
    days = ask.days or office.settings.token_days
    with office.db.write() as s:
        life = dt.timedelta(days=days)
        secret, row = people.begin(s, who.id, who.role, "token", life, name=ask.name, scope=ask.scope)
        note_everywhere(s, who, "token made", row.id, f"{ask.scope}, {days} days")
        return TokenNew(**TokenOut.model_validate(row).model_dump(), token=secret)


@router.delete("/tokens/{id}", status_code=204)
def revoke_token(id: Id, who: Anyone, office: In) -> None:
    """A token stops working at once."""
    with office.db.write() as s:
        row = s.scalars(sa.select(Pass).where(Pass.id == id, Pass.person_id == who.id, Pass.kind == "token")).first()
        if row is None:
            raise Refusal("not_found", f"There is no token {id}.")
        row.revoked_at = row.revoked_at or keep.now()
        note_everywhere(s, who, "token revoked", id)


@router.get("/audit")
def audit(
    who: Reader, office: In, programme: Annotated[str, Query(max_length=64)], cursor: Cursor = None, limit: Limit = 100
) -> PageOf[AuditOut]:
    """Who did what and when: access refused, publishing, confirming, overriding, exporting."""
    with office.db.read() as s:
        programme_in(s, who, programme)
        query = sa.select(AuditRow).where(AuditRow.programme_id == programme)
        return page(s, query, [AuditRow.n], cursor, limit, AuditOut.model_validate)
