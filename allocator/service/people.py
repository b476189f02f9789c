"""Who asks: single-use links, sessions in one role, API tokens. Secrets are kept as hashes only (contract 5, domain N)."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from fastapi import Response
from sqlalchemy.orm import Session

from allocator.domain.round import Person
from allocator.errors import NotThere, UsageError
from allocator.service.problems import Refusal
from allocator.service.settings import Settings
from allocator.store import keep
from allocator.store.tables import Grant, Pass, Programme, SignIn, Someone

RoleName = Literal["manager", "auditor", "school", "sip"]
GrantRole = Literal["manager", "auditor", "head", "chair", "sip"]
ROLE_OF: dict[str, RoleName] = {
    "manager": "manager",
    "auditor": "auditor",
    "head": "school",
    "chair": "school",
    "sip": "sip",
}
COOKIE = "allocator_session"


@dataclass(frozen=True)
class Who:
    """The person asking, in the one role of this session or token (domain N3)."""

    id: str
    name: str
    email: str
    role: RoleName
    grants: tuple[Grant, ...]  # of this role only
    scope: str
    pass_id: str
    sips: tuple[tuple[str, str], ...] = ()  # (programme, sip) that the person also is, whatever the session's role

    def programmes(self) -> set[str]:
        return {g.programme_id for g in self.grants}

    def urns(self, programme: str) -> set[str]:
        return {g.urn for g in self.grants if g.programme_id == programme and g.urn}

    def sip(self, programme: str) -> str | None:
        return next((g.sip for g in self.grants if g.programme_id == programme and g.sip), None)

    def person(self, programme: str, urn: str | None = None) -> Person:
        """As the log will know them."""
        role = self.role
        told = (
            "chair"
            if role == "school" and self.answers_as(programme, urn) == "chair"
            else {"school": "head"}.get(role, role)
        )
        also = next((sip for p, sip in self.sips if p == programme), None)
        return Person(id=self.id, name=self.name, role=told, sip=also)

    def answers_as(self, programme: str, urn: str | None) -> Literal["head", "chair"]:
        mine = {g.role for g in self.grants if g.programme_id == programme and urn in (None, g.urn)}
        return "head" if "head" in mine else "chair"


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def plain_email(email: str) -> str:
    return email.strip().casefold()


def person_by_email(session: Session, email: str) -> Someone | None:
    return session.scalars(sa.select(Someone).where(Someone.email == plain_email(email))).one_or_none()


def enrol(
    session: Session, email: str, name: str, programme: str, role: GrantRole, *, urn: str = "", sip: str = ""
) -> Grant:
    """The person, made if new, with this role. Raises UsageError where a school or SIP is missing or out of place."""
    if (role in ("head", "chair")) != bool(urn) or (role == "sip") != bool(sip):
        raise UsageError("A head or chair needs the school's URN, a SIP the SIP's id; nobody else has either.")
    if session.get(Programme, programme) is None:
        raise NotThere(f"There is no programme {programme}.")
    person = person_by_email(session, email)
    if person is None:
        person = Someone(id=keep.new_id(), email=plain_email(email), name=name)
        session.add(person)
        session.flush()
    same = sa.select(Grant).where(
        Grant.person_id == person.id, Grant.programme_id == programme, Grant.role == role, Grant.urn == urn,
        Grant.sip == sip,
    )  # fmt: skip
    found = session.scalars(same).one_or_none()
    if found is None:
        found = Grant(id=keep.new_id(), person_id=person.id, programme_id=programme, role=role, urn=urn, sip=sip)
        session.add(found)
        session.flush()
    return found


def roles_of(session: Session, person_id: str) -> list[RoleName]:
    grants = session.scalars(sa.select(Grant.role).where(Grant.person_id == person_id))
    return sorted({ROLE_OF[g] for g in grants})


def link(session: Session, person: Someone, minutes: int, role: str | None = None) -> str:
    """A single-use secret for this person; spent by `spend`, not by being looked at."""
    secret = secrets.token_urlsafe(32)
    until = keep.now() + dt.timedelta(minutes=minutes)
    session.add(SignIn(hash=hashed(secret), person_id=person.id, role=role, expires_at=until))
    session.flush()
    return secret


def look_at(session: Session, secret: str) -> SignIn:
    """The link, unspent. Raises Refusal `link_used`."""
    row = session.get(SignIn, hashed(secret), with_for_update=True)
    if row is None or row.used_at is not None or row.expires_at < keep.now():
        raise Refusal("link_used", "This link has been used or has run out. Ask for another: it takes a minute.")
    return row


def spend(session: Session, secret: str, role: str | None, hours: int) -> tuple[str, Pass]:
    """Sign in: the link is spent and a session begins, in one role."""
    row = look_at(session, secret)
    able = roles_of(session, row.person_id)
    wanted = role or row.role or (able[0] if len(able) == 1 else None)
    if wanted is None or wanted not in able:
        raise Refusal("invalid", f"Say in which role you sign in: {' or '.join(able) or 'none is open to you'}.")
    row.used_at = keep.now()
    return begin(session, row.person_id, wanted, "session", dt.timedelta(hours=hours))


def begin(
    session: Session, person_id: str, role: str, kind: str, life: dt.timedelta, *, name: str = "", scope: str = "write"
) -> tuple[str, Pass]:
    """A new session or token: the secret, shown once, and its row."""
    secret = secrets.token_urlsafe(32)
    now = keep.now()
    row = Pass(
        hash=hashed(secret), id=keep.new_id(), person_id=person_id, role=role, kind=kind, name=name, scope=scope,
        created_at=now, expires_at=now + life,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return secret, row


def who(session: Session, secret: str) -> Who | None:
    """Whose pass this is, with what it opens now; None when it opens nothing."""
    row = session.get(Pass, hashed(secret))
    if row is None or row.revoked_at is not None or row.expires_at < keep.now():
        return None
    person = session.get(Someone, row.person_id)
    if person is None:
        return None
    grants = list(session.scalars(sa.select(Grant).where(Grant.person_id == row.person_id)))
    mine = tuple(g for g in grants if ROLE_OF[g.role] == row.role)
    if not mine:
        return None
    also = tuple((g.programme_id, g.sip) for g in grants if g.sip)
    return Who(person.id, person.name, person.email, row.role, mine, row.scope, row.id, also)  # type: ignore[arg-type]


def set_cookie(answer: Response, key: str, settings: Settings) -> None:
    """The session's cookie: not for scripts; from other sites' pages only with a plain link (a letter, the provider's
    sign-in), never with a write."""
    answer.set_cookie(
        COOKIE, key, httponly=True, samesite="lax", secure=settings.secure_cookies,
        max_age=settings.session_hours * 3600, path="/",
    )  # fmt: skip
