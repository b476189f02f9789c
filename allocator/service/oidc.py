"""Sign-in with an organisation's own accounts (OpenID Connect; Microsoft Entra is what authorities have). Optional.

Authlib does the protocol: discovery, state, nonce, PKCE, the token's signature, issuer, audience and times. We take the
address that the provider vouches for, and open only what that address was given here: nobody is made known by
signing in.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware

from allocator.errors import UsageError
from allocator.service import passes, roles
from allocator.service.access import In, Office, note_sign_in
from allocator.service.http_problems import HttpProblem, errors
from allocator.service.identity import SignedIn

log = logging.getLogger("allocator.oidc")
router = APIRouter()
SHARED = ("common", "organizations", "consumers")  # issuers of Microsoft's for everybody's accounts
STEP_SECONDS = 600  # to come back from the provider


def install(app: FastAPI, office: Office) -> None:
    """The client, and the short-lived signed cookie that carries state, nonce and verifier there and back."""
    settings = office.settings
    app.state.oidc = None
    if not settings.oidc_issuer:
        return
    if urlsplit(settings.oidc_issuer).path.strip("/").split("/")[0] in SHARED:
        raise UsageError(
            "ALLOCATOR_OIDC_ISSUER: name your own tenant. In a shared one anybody gives themselves your address."
        )
    oauth = OAuth()
    app.state.oidc = oauth.register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret or None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.cookie_secret or secrets.token_urlsafe(32),
        same_site="lax",
        session_cookie=passes.cookie_name(settings, "allocator_step"),
        max_age=STEP_SECONDS,
        https_only=settings.https,
    )


def client(request: Request) -> Any:
    if request.app.state.oidc is None:
        raise HttpProblem(
            "not_found", "Sign-in with an organisation's accounts is not set up here (ALLOCATOR_OIDC_ISSUER)."
        )
    return request.app.state.oidc


@router.get("/oidc", status_code=302, response_class=Response, responses=errors("not_found", "provider_away"))
async def go(
    request: Request,
    office: In,
    role: roles.RoleName | None = None,
    programme: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """To the provider's sign-in page."""
    provider = client(request)
    base = office.settings.public_url or str(request.base_url)
    request.session["role"], request.session["programme"] = role, programme
    try:
        answer: Response = await provider.authorize_redirect(request, f"{base.rstrip('/')}/api/v1/oidc/back")
    except Exception as error:
        log.error("provider away", extra={"error": type(error).__name__})
        told = "Your organisation's sign-in does not answer. Try again soon, or ask for a link."
        raise HttpProblem("provider_away", told, {"Retry-After": "30"}) from None
    return answer


@router.get(
    "/oidc/back", response_model=SignedIn, responses=errors("forbidden", "not_found", "not_signed_in", "invalid")
)
async def back(request: Request, office: In) -> Response:
    """Back from the provider: the session's cookie, for an address that is known here."""
    provider = client(request)
    try:
        token = await provider.authorize_access_token(request)
    except OAuthError as error:
        log.warning("provider refused", extra={"error": error.error})
        raise HttpProblem("not_signed_in", "The provider did not sign you in. Begin again.") from None
    except Exception as error:  # a token that does not hold, a provider out of reach
        log.warning("no sign-in", extra={"error": type(error).__name__})
        raise HttpProblem("not_signed_in", "The provider's answer could not be checked. Begin again.") from None
    claims = token.get("userinfo") or {}
    asked = request.session.pop("role", None), request.session.pop("programme", None)
    return await run_in_threadpool(_enter, request, office, claims, *asked)


def _enter(
    request: Request, office: Office, claims: dict[str, Any], role: str | None, programme: str | None
) -> Response:
    email = str(claims.get("email") or "")
    if not email or claims.get("email_verified", True) not in (True, "true"):
        raise HttpProblem("not_signed_in", "The provider does not vouch for your address.")
    with office.db.write() as s:
        person = roles.person_by_email(s, email)
        able = roles.doors(s, person.id) if person else []
        if person is None or not able:
            raise HttpProblem("forbidden", "Your address is not known here. Ask your SIP manager to add it.")
        if role is None and programme is None and len(able) > 1:  # the page of a link asks which
            secret = passes.link(s, person, office.settings.link_minutes, own=True)
            return RedirectResponse(f"/sign-in/{secret}", 303)
        door = passes.chosen(able, role, programme)
        life = dt.timedelta(hours=office.settings.session_hours)
        amr = claims.get("amr")
        second = isinstance(amr, list) and "mfa" in amr  # the provider says that more than a password was shown
        key, row = passes.begin(
            s, person.id, door.role, "session", life, programme=door.programme, own=True, second=second
        )
        passes.leave(s, request, office.settings)
        note_sign_in(s, row, ", by the provider")
    answer = RedirectResponse("/api/v1/me", 303)
    passes.set_cookie(answer, key, office.settings)
    return answer
