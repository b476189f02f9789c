"""Requests and answers about people: links, sessions, tokens, users, the audit log."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from allocator.service.roles import GrantRole, RoleName
from allocator.service.schemas import Email, In, Key, Name, Out, storable


class SignInAsk(In):
    email: Email
    role: RoleName | None = None


class SignInSpend(In):
    role: RoleName | None = None
    programme: Key | None = None


class CodeIn(In):
    """`code`: six digits of the authenticator, or one of the codes kept for when it is lost."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class DoorIn(In):
    role: RoleName
    programme: Key


class DoorOut(Out):
    """A role of a programme; `name` is the programme's."""

    role: RoleName
    programme: str
    name: str


class LinkOpens(BaseModel):
    """What a link can open, of which one is chosen."""

    roles: list[RoleName]
    opens: list[DoorOut]


class GrantOut(Out):
    id: str
    person_id: str
    programme_id: str
    role: str
    urn: str
    sip: str


class Me(BaseModel):
    id: str
    name: str
    email: str
    role: RoleName
    programme: str
    scope: str
    grants: list[GrantOut]


class SignedIn(BaseModel):
    role: str
    programme: str
    expires_at: dt.datetime


class SessionOut(Out):
    """`seen_at`: used last, to within some minutes. `this`: the one that asks."""

    id: str
    role: str
    programme: str
    created_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime
    this: bool


class UserIn(In):
    email: Email
    name: Name
    programme: Key
    role: GrantRole
    urn: Annotated[str, StringConstraints(max_length=100), AfterValidator(storable)] = ""
    sip: Annotated[str, StringConstraints(max_length=100), AfterValidator(storable)] = ""


class UserOut(GrantOut):
    email: str
    name: str


class TokenIn(In):
    name: Name
    scope: Literal["read", "write"] = "read"
    days: int | None = Field(None, ge=1, le=730)


class TokenOut(Out):
    id: str
    name: str
    role: str
    scope: str
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None


class TokenNew(TokenOut):
    token: str | None = Field(description="shown this once; null where the request is only repeated")


class AuditOut(Out):
    n: int
    at: dt.datetime
    person_id: str | None
    role: str | None
    programme_id: str | None
    action: str
    subject: str
    detail: str
