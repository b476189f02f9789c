"""What one comes in with: single-use links, sessions, API tokens. Secrets are kept as hashes only.

What signs in lives minutes; a new link ends the one before it; a session ends when it is left alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets

import sqlalchemy as sa
from fastapi import Request, Response
from sqlalchemy.orm import Session

from allocator.service import roles
from allocator.service.environment import Settings
from allocator.service.http_problems import HttpProblem
from allocator.service.roles import Door, Who
from allocator.store import keep
from allocator.store.tables import Called, Factor, Pass, Programme, SignIn, Someone

log = logging.getLogger("allocator.service")
COOKIE = "allocator_session"
APART = dt.timedelta(minutes=1)  # between two links that anybody may ask for in one's name
FREELY = 6  # such links in an hour; after them none while the last one still lives
SEEN_EVERY = 10  # times in its idle limit that a session's last use is written down


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# -- links ---------------------------------------------------------------------------------------------------------


def link(
    session: Session,
    person: Someone,
    minutes: float,
    role: str | None = None,
    programme: str | None = None,
    *,
    about: str = "",
    own: bool = False,
) -> str:
    """A single-use secret for this person; spent by `spend`, not by being looked at. It ends the one before it."""
    secret, now = secrets.token_urlsafe(32), keep.now()
    before = sa.update(SignIn).where(SignIn.person_id == person.id, SignIn.used_at.is_(None), SignIn.about == about)
    session.execute(
        before.where(SignIn.role.is_not_distinct_from(role), SignIn.programme_id.is_not_distinct_from(programme))
        .where(SignIn.own == own)
        .values(used_at=now)
    )
    session.add(
        SignIn(
            hash=hashed(secret),
            person_id=person.id,
            role=role,
            programme_id=programme,
            about=about,
            own=own,
            created_at=now,
            expires_at=now + dt.timedelta(minutes=minutes),
        )
    )
    session.flush()
    return secret


def lately(session: Session, person: Someone, about: str | None = None) -> bool:
    """Whether this person has a link of their own already, or one to the page `about`: asking again and again in
    somebody's name sends them few letters, and leaves them a link that works."""
    now = keep.now()
    mine = sa.select(SignIn).where(SignIn.person_id == person.id, SignIn.created_at > now - 60 * APART)
    mine = mine.where(SignIn.own if about is None else SignIn.about == about)
    rows = list(session.scalars(mine.order_by(SignIn.created_at.desc())))
    if not rows or rows[0].used_at is not None or rows[0].expires_at < now:
        return False
    return rows[0].created_at > now - APART or len(rows) >= FREELY


def look_at(session: Session, secret: str) -> SignIn:
    """The link, unspent. Raises HttpProblem `link_used`."""
    row = session.get(SignIn, hashed(secret), with_for_update=True)
    if row is None or row.used_at is not None or row.expires_at < keep.now():
        log.warning("link refused", extra={"why": "unknown" if row is None else "used" if row.used_at else "run out"})
        raise HttpProblem("link_used", "This link has been used or has run out. Ask for another: it takes a minute.")
    return row


def opens(session: Session, row: SignIn) -> list[Door]:
    """What the link can open, of which one is chosen: its own role and programme, where it names them."""
    return [
        d
        for d in roles.doors(session, row.person_id)
        if row.role in (None, d.role) and row.programme_id in (None, d.programme)
    ]


def chosen(able: list[Door], role: str | None, programme: str | None) -> Door:
    """The one that was asked for, where that is one. Raises HttpProblem `invalid`."""
    fit = [d for d in able if role in (None, d.role) and programme in (None, d.programme)]
    if len(fit) == 1:
        return fit[0]
    if len({d.programme for d in able}) < 2:
        raise HttpProblem(
            "invalid", f"Say in which role you sign in: {' or '.join(roles.roles_of(able)) or 'none is open to you'}."
        )
    told = " or ".join(f"{d.role} of {d.name} ({d.programme})" for d in able)
    raise HttpProblem("invalid", f"Say in which role and programme you sign in: {told}.")


def spend(session: Session, secret: str, role: str | None, programme: str | None, hours: float) -> tuple[str, Pass]:
    """Sign in: the link is spent and a session begins, in one role of one programme."""
    row = look_at(session, secret)
    door = chosen(opens(session, row), role, programme)
    row.used_at = keep.now()
    return begin(
        session, row.person_id, door.role, "session", dt.timedelta(hours=hours), programme=door.programme, own=row.own
    )


# -- sessions and tokens ----------------------------------------------------------------------------------------------


def begin(
    session: Session,
    person_id: str,
    role: str,
    kind: str,
    life: dt.timedelta,
    *,
    programme: str,
    name: str = "",
    scope: str = "write",
    own: bool = False,
    parent: str | None = None,
    second: bool = False,
) -> tuple[str, Pass]:
    """A new session or token: the secret, shown once, and its row."""
    secret = secrets.token_urlsafe(32)
    now = keep.now()
    row = Pass(
        hash=hashed(secret),
        id=keep.new_id(),
        person_id=person_id,
        role=role,
        programme_id=programme,
        kind=kind,
        name=name,
        scope=scope,
        own=own,
        second=second,
        parent=parent,
        created_at=now,
        seen_at=now,
        expires_at=now + life,
    )
    session.add(row)
    session.flush()
    return secret, row


def token(session: Session, who: Who, name: str, scope: str, days: int | None, most: int) -> tuple[str, Pass]:
    """A token that acts as its maker; of a token, one that does not outlive it. Raises HttpProblem `invalid`."""
    life = dt.timedelta(days=days or most)
    maker = session.scalars(sa.select(Pass).where(Pass.id == who.pass_id)).one() if who.kind == "token" else None
    if maker and days and keep.now() + life > maker.expires_at:
        told = f"A token makes none that outlives it: this one ends on {maker.expires_at:%d %B %Y}."
        raise HttpProblem("invalid", f"{told} Sign in to make one for {days} days.")
    secret, row = begin(
        session,
        who.id,
        who.role,
        "token",
        life,
        programme=who.programme,
        name=name,
        scope=scope,
        parent=maker.id if maker else None,
    )
    if maker:
        row.expires_at = min(row.expires_at, maker.expires_at)
    return secret, row


def end(session: Session, row: Pass) -> None:
    """It opens nothing from now on, nor does any token that was made with it."""
    row.revoked_at = row.revoked_at or keep.now()
    for child in session.scalars(sa.select(Pass).where(Pass.parent == row.id)):
        end(session, child)


def own_passes(who: Who, kind: str) -> sa.Select[Pass]:
    """One's own that may be seen here: those of this role and programme; in a session begun by a link that only the
    person had, those of all their roles."""
    query = sa.select(Pass).where(Pass.person_id == who.id, Pass.kind == kind)
    return query if who.own else query.where(Pass.role == who.role, Pass.programme_id == who.programme)


def open_sessions(who: Who) -> sa.Select[Pass]:
    return own_passes(who, "session").where(Pass.revoked_at.is_(None), Pass.expires_at > keep.now())


def change(session: Session, who: Who, role: str, programme: str) -> tuple[str, Pass]:
    """Go on in another of one's roles: this session ends and another begins. Raises HttpProblem `forbidden`."""
    if not who.own or who.kind != "session":
        raise HttpProblem("forbidden", "This opens one role only. Ask for a link of your own on the sign-in page.")
    door = next((d for d in roles.doors(session, who.id) if (d.role, d.programme) == (role, programme)), None)
    if door is None:
        raise HttpProblem("not_found", "You have no such role.")
    row = session.scalars(sa.select(Pass).where(Pass.id == who.pass_id)).one()
    left = row.expires_at - keep.now()  # it does not make a session longer
    end(session, row)
    return begin(session, who.id, door.role, "session", left, programme=door.programme, own=True, second=row.second)


def who(session: Session, secret: str, idle: dt.timedelta) -> tuple[Who, bool] | None:
    """(whose pass this is with what it opens now, whether its use is to be written down); None when it opens
    nothing."""
    return _opened(session, session.get(Pass, hashed(secret)), idle)


def still(session: Session, before: Who, idle: dt.timedelta) -> Who | None:
    """The same person with what their pass opens by now; None once it opens nothing."""
    found = _opened(session, session.scalars(sa.select(Pass).where(Pass.id == before.pass_id)).first(), idle)
    return None if found is None or found[0].waits else found[0]


def _opened(session: Session, row: Pass | None, idle: dt.timedelta) -> tuple[Who, bool] | None:
    now = keep.now()
    if row is None or row.revoked_at is not None or row.expires_at < now:
        return None
    if row.kind == "session" and row.seen_at < now - idle:
        return None
    person = session.get(Someone, row.person_id)
    mine, every = roles.grants_with(session, row)
    if person is None or not mine:
        return None
    called = session.get(Called, (person.id, row.programme_id))
    also = tuple((g.programme_id, g.sip) for g in every if g.sip)
    schools = tuple((g.programme_id, g.urn) for g in every if g.urn)
    found = Who(
        person.id,
        called.name if called else person.email,
        person.email,
        row.role,  # type: ignore[arg-type]
        row.programme_id,
        tuple(mine),
        row.scope,
        row.id,
        row.kind,
        row.own,
        also,
        schools,
        _waits(session, row),
    )
    return found, row.seen_at < now - idle / SEEN_EVERY


def _waits(session: Session, row: Pass) -> bool:
    """Whether a session as manager is still to show a second factor: its person has one, or its programme asks for
    one."""
    if row.kind != "session" or row.role != "manager" or row.second:
        return False
    factor = session.get(Factor, row.person_id)
    if factor is not None and factor.confirmed_at is not None:
        return True
    here = sa.or_(Programme.id == row.programme_id, Programme.made_with == row.id)  # what it opens, as in `grants_with`
    return bool(session.scalar(sa.select(sa.func.count()).where(Programme.second_factor, here)))


def renew(session: Session, pass_id: str) -> str:
    """A new key to the same session, and the one before it opens nothing: more has been shown than it was given for."""
    key = secrets.token_urlsafe(32)
    session.execute(sa.update(Pass).where(Pass.id == pass_id).values(hash=hashed(key)))
    return key


def leave(session: Session, request: Request, settings: Settings) -> None:
    """The session that this browser had is over, as it begins another."""
    secret = request.cookies.get(cookie_name(settings))
    row = session.get(Pass, hashed(secret)) if secret else None
    if row is not None and row.kind == "session":
        end(session, row)


def seen(session: Session, pass_id: str) -> None:
    session.execute(sa.update(Pass).where(Pass.id == pass_id).values(seen_at=keep.now()))


# -- the cookie -----------------------------------------------------------------------------------------------------


def cookie_name(settings: Settings, name: str = COOKIE) -> str:
    """Over HTTPS no page of another name under the same domain can set it, nor a request in the clear (`__Host-`)."""
    return f"__Host-{name}" if settings.https else name


def set_cookie(answer: Response, key: str, settings: Settings) -> None:
    """The session's cookie: not for scripts; from other sites' pages only with a plain link (a letter, the provider's
    sign-in), never with a write."""
    answer.set_cookie(
        cookie_name(settings),
        key,
        httponly=True,
        samesite="lax",
        secure=settings.https,
        max_age=int(settings.session_hours * 3600),
        path="/",
    )


def drop_cookie(answer: Response, settings: Settings) -> None:
    answer.delete_cookie(cookie_name(settings), path="/", secure=settings.https, httponly=True)


def secret_of(request: Request, settings: Settings) -> tuple[str | None, bool]:
    """(the bearer token or session cookie, whether it came by cookie)."""
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        return header[7:].strip(), False
    return request.cookies.get(cookie_name(settings)), True
