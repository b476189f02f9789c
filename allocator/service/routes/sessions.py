"""Coming in: single-use links, who I am, my sessions, my tokens."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from allocator.service import passes, roles
from allocator.service.access import Anyone, Halfway, In, note_everywhere
from allocator.service.actions import sessions as actions
from allocator.service.actions.second_factor import show_code
from allocator.service.http_problems import HttpProblem, errors
from allocator.service.idempotency import OnceRoute
from allocator.service.identity import (
    CodeIn,
    DoorIn,
    DoorOut,
    GrantOut,
    LinkOpens,
    Me,
    SessionOut,
    SignedIn,
    SignInAsk,
    SignInSpend,
    TokenIn,
    TokenNew,
    TokenOut,
)
from allocator.service.json_route import JsonRoute
from allocator.service.schemas import Cursor, Id, Limit, PageOf, page
from allocator.store.tables import Pass

router = APIRouter(route_class=OnceRoute)
door = APIRouter(route_class=JsonRoute)  # before anybody is known, so no Idempotency-Key: asking twice sends two links


@door.post("/sign-in", status_code=202, responses=errors("too_many", "forbidden"))
def ask_for_link(ask: SignInAsk, request: Request, office: In) -> dict[str, str]:
    """Ask for a single-use link. The answer, and the time it takes, are the same whether the address is known or
    not."""
    actions.ask_for_link(office, request, ask)
    return {"told": "If we know this address, a link is on its way. It works once."}


@door.get("/sign-in/{secret}", responses=errors("link_used"))
def see_link(secret: Id, office: In) -> LinkOpens:
    """What the link would open. Looking does not spend it: mail scanners look."""
    with office.db.read() as s:
        able = passes.opens(s, passes.look_at(s, secret))
        return LinkOpens(roles=roles.roles_of(able), opens=[DoorOut.model_validate(d) for d in able])


@door.post("/sign-in/{secret}", responses=errors("link_used", "forbidden"))
def spend_link(
    secret: Id, request: Request, office: In, response: Response, ask: SignInSpend | None = None
) -> SignedIn:
    """Sign in: spends the link and sets the session's cookie. Where it opens several roles or programmes, say which."""
    key, row = actions.spend_link(office, request, secret, ask or SignInSpend())
    passes.set_cookie(response, key, office.settings)
    return SignedIn(role=row.role, programme=row.programme_id, expires_at=row.expires_at)


@door.post("/second-factor", status_code=204, responses=errors("invalid", "forbidden"))
def show_second(ask: CodeIn, who: Halfway, office: In, response: Response) -> None:
    """A code of my second factor: this session opens what it is for, by the new cookie of the answer. It is enrolled
    on its page."""
    told, key = show_code(ask.code, who, office)
    if told:
        raise HttpProblem("invalid", told)
    passes.set_cookie(response, key, office.settings)


router.include_router(door)


@router.get("/me")
def me(who: Anyone) -> Me:
    """Who I am in this session, and what it opens."""
    grants = [GrantOut.model_validate(g) for g in who.grants]
    return Me(
        id=who.id,
        name=who.name,
        email=who.email,
        role=who.role,
        programme=who.programme,
        scope=who.scope,
        grants=grants,
    )


@router.delete("/me", status_code=204)
def sign_out(who: Halfway, office: In, response: Response) -> None:
    """End this session, or give up this token."""
    with office.db.write() as s:
        passes.end(s, s.scalars(sa.select(Pass).where(Pass.id == who.pass_id)).one())
    passes.drop_cookie(response, office.settings)


# -- sessions ------------------------------------------------------------------------------------------------------


@router.get("/sessions")
def sessions(who: Anyone, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[SessionOut]:
    """My sessions that are open. Signed in by a link of my own I see those of all my roles, else those of this one."""

    def out(row: Pass) -> SessionOut:
        return SessionOut.model_validate({**vars(row), "programme": row.programme_id, "this": row.id == who.pass_id})

    with office.db.read() as s:
        return page(s, passes.open_sessions(who), [Pass.id], cursor, limit, out)


@router.post("/sessions", status_code=201)
def change_session(ask: DoorIn, who: Anyone, office: In, response: Response) -> SignedIn:
    """Go on in another of my roles: this session ends and one in that role and programme takes its place."""
    key, row = actions.change_session(office, who, ask)
    passes.set_cookie(response, key, office.settings)
    return SignedIn(role=row.role, programme=row.programme_id, expires_at=row.expires_at)


@router.delete("/sessions", status_code=204)
def end_sessions(who: Anyone, office: In, response: Response) -> None:
    """Sign out everywhere: every session that I can see ends, this one too. Tokens stay."""
    actions.end_sessions(office, who)
    passes.drop_cookie(response, office.settings)


@router.delete("/sessions/{id}", status_code=204)
def end_session(id: Id, who: Anyone, office: In) -> None:
    """That session ends at once."""
    actions.end_session(office, who, id)


# -- tokens --------------------------------------------------------------------------------------------------------


@router.get("/tokens")
def tokens(who: Anyone, office: In, cursor: Cursor = None, limit: Limit = 100) -> PageOf[TokenOut]:
    """My own API tokens; the secrets are not kept."""
    with office.db.read() as s:
        return page(s, passes.own_passes(who, "token"), [Pass.id], cursor, limit, TokenOut.model_validate)


@router.post("/tokens", status_code=201)
def new_token(ask: TokenIn, who: Anyone, office: In) -> TokenNew:
    """An API token that acts as I do in this role and programme, or only reads. It is shown once. One made with a token
    ends with it."""
    with office.db.write() as s:
        secret, row = passes.token(s, who, ask.name, ask.scope, ask.days, office.settings.token_days)
        note_everywhere(s, who, "token made", row.id, f"{ask.scope}, until {row.expires_at:%Y-%m-%d}")
        return TokenNew(**TokenOut.model_validate(row).model_dump(), token=secret)


@router.delete("/tokens/{id}", status_code=204)
def revoke_token(id: Id, who: Anyone, office: In) -> None:
    """A token stops working at once, with those made by it."""
    with office.db.write() as s:
        row = s.scalars(passes.own_passes(who, "token").where(Pass.id == id)).first()
        if row is None:
            raise HttpProblem("not_found", f"There is no token {id}.")
        passes.end(s, row)
        note_everywhere(s, who, "token revoked", id)
