"""A manager's second factor: a code from an authenticator (RFC 6238, every thirty seconds another), or one of ten codes
kept for the day it is lost. Each is taken once. Whoever has one is asked in every session as manager; a programme
may ask it of all its managers. Tokens are made in a session that has shown it, and are not asked again."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

import pyotp
import segno
import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.service import passes
from allocator.service.http_problems import HttpProblem
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.tables import Factor, Grant, Pass, Programme

ISSUER = "School Improvement Partners"
SECONDS = 30
BESIDE = (-1, 0, 1)  # clocks differ: the code before and the one after are taken, too
MOST = 5  # wrong codes one after another, after which none is looked at for a while
WHILE = dt.timedelta(minutes=15)
CODES, LENGTH = 10, 10  # codes for its loss, and their characters
SALT = 16  # bytes
WORK = 2**14  # of scrypt, for each guess


def in_own_session(who: Who) -> None:
    """Raises HttpProblem: a second factor is shown and changed in a manager's own session, by nobody's token."""
    if who.role != "manager" or who.kind != "session":
        raise HttpProblem("forbidden", "A second factor is asked of managers' sessions only.")


def factor(s: Session, person: str, *, lock: bool = False) -> Factor | None:
    return s.get(Factor, person, with_for_update=lock, populate_existing=lock)


def enrolled(s: Session, person: str) -> bool:
    found = factor(s, person)
    return found is not None and found.confirmed_at is not None


def asked_of_all(s: Session, person: str) -> list[str]:
    """The programmes of this manager that ask it of all their managers, by name."""
    mine = sa.select(Grant.programme_id).where(Grant.person_id == person, Grant.role == "manager")
    query = sa.select(Programme.name).where(Programme.second_factor, Programme.id.in_(mine))
    return list(s.scalars(query.order_by(Programme.name)))


def begin(s: Session, who: Who) -> Factor:
    """A new secret, which asks nothing until a code of it was right. Raises HttpProblem where there is one already."""
    row = factor(s, who.id, lock=True)
    if row is not None and row.confirmed_at is not None:
        raise HttpProblem("round_refuses", "You have a second factor. Take it away first, with a code of it.")
    if row is not None:
        s.delete(row)
        s.flush()
    row = Factor(person_id=who.id, secret=pyotp.random_base32(), codes=[])
    s.add(row)
    s.flush()
    return row


def address(row: Factor, email: str) -> str:
    """What an authenticator reads from the picture, or is given as a link."""
    return pyotp.TOTP(row.secret, interval=SECONDS).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(address: str) -> str:
    """The address as a QR code in SVG."""
    return segno.make(address, micro=False).svg_inline(scale=4, title="QR code of the secret")


def wrong(s: Session, person: str, code: str, now: dt.datetime) -> str | None:
    """Why this code is not taken; None where it was, once and for all. What was tried is written down: commit it."""
    row = factor(s, person, lock=True)
    if row is None:
        return "You have no second factor yet. Begin with that."
    if row.wrong >= MOST and row.wrong_at is not None and row.wrong_at > now - WHILE:
        return "Too many wrong codes one after another. Wait a quarter of an hour, then try again."
    typed = "".join(c for c in code if c.isalnum()).casefold()
    if not (_of_now(row, typed, now) or (row.confirmed_at is not None and _kept(row, typed))):
        row.wrong, row.wrong_at = row.wrong + 1, now
        return (
            "This code is not right, or was used before. Wait for the next one, and look whether your "
            "device's clock is right."
        )
    row.wrong, row.wrong_at = 0, None
    return None


def _of_now(row: Factor, typed: str, now: dt.datetime) -> bool:
    code, at = pyotp.TOTP(row.secret, interval=SECONDS), int(now.timestamp()) // SECONDS
    for counter in (at + n for n in BESIDE):
        if counter > row.counter and secrets.compare_digest(code.generate_otp(counter).encode(), typed.encode()):
            row.counter = counter
            return True
    return False


def _kept(row: Factor, typed: str) -> bool:
    if len(typed) != LENGTH:  # a code of the authenticator: nothing to work out
        return False
    slow = _slowly(typed, row.codes[0][: 2 * SALT]) if row.codes else ""  # those made together have one salt
    if slow not in row.codes:
        return False
    row.codes = [c for c in row.codes if c != slow]
    return True


def _slowly(code: str, salt: str) -> str:
    """The salt and a hash that takes its time: a code is short, and whoever reads the store could try them all."""
    return salt + hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), n=WORK, r=8, p=1, dklen=32).hex()


def new_codes(s: Session, person: str) -> list[str]:
    """Ten codes for when the authenticator is lost, shown this once; those from before are void."""
    made, salt = [secrets.token_hex(LENGTH // 2) for _ in range(CODES)], secrets.token_hex(SALT)
    row = factor(s, person, lock=True)
    assert row is not None
    row.codes = [_slowly(code, salt) for code in made]
    return [f"{code[:5]}-{code[5:]}" for code in made]


def shown(s: Session, who: Who, now: dt.datetime) -> tuple[bool, str]:
    """This session has shown it: whether that was the first time, so that it is asked from now on, and the
    session's new key."""
    row = factor(s, who.id, lock=True)
    assert row is not None
    first = row.confirmed_at is None
    row.confirmed_at = row.confirmed_at or now
    s.execute(sa.update(Pass).where(Pass.id == who.pass_id).values(second=True))
    return first, passes.renew(s, who.pass_id)


def drop(s: Session, person: str) -> bool:
    """It is taken away, and every session as manager with it; whether there was one."""
    row = factor(s, person, lock=True)
    if row is None:
        return False
    s.delete(row)
    s.execute(sa.update(Pass).where(Pass.person_id == person).values(second=False))  # what was shown is worth nothing
    mine = sa.select(Pass).where(Pass.person_id == person, Pass.role == "manager", Pass.kind == "session")
    for session in s.scalars(mine.where(Pass.revoked_at.is_(None))):
        session.revoked_at = keep.now()
    return True
