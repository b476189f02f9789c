"""Who asks, and what it opens: one person in one role of one programme (contract 5, domain N)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.characters import one_line
from allocator.domain.round import Person
from allocator.errors import NotThere, UsageError
from allocator.store import keep
from allocator.store.tables import Called, Grant, Pass, Programme, SignIn, Someone

RoleName = Literal["manager", "auditor", "school", "sip"]
GrantRole = Literal["manager", "auditor", "head", "chair", "sip"]
ROLE_OF: dict[str, RoleName] = {
    "manager": "manager",
    "auditor": "auditor",
    "head": "school",
    "chair": "school",
    "sip": "sip",
}
GRANTS_OF: dict[str, list[str]] = {role: [g for g, r in ROLE_OF.items() if r == role] for role in ROLE_OF.values()}


@dataclass(frozen=True)
class Door:
    """A role of a programme that somebody has; `name` is the programme's."""

    role: RoleName
    programme: str
    name: str


@dataclass(frozen=True)
class Who:
    """The person asking, in the one role and programme of this session or token (domain N3)."""

    id: str
    name: str
    email: str
    role: RoleName
    programme: str
    grants: tuple[Grant, ...]  # of this role only; of this programme and those made with this very pass
    scope: str
    pass_id: str
    kind: str
    own: bool
    sips: tuple[tuple[str, str], ...] = ()  # (programme, sip) that the person also is, whatever the session's role
    schools: tuple[tuple[str, str], ...] = ()  # (programme, URN) of schools that they also head or chair
    waits: bool = False  # a second factor is still to be shown, and nothing is open until then

    @property
    def asker(self) -> str:
        """Whose Idempotency-Keys these are: another role of the same person has its own."""
        return f"{self.id}/{self.role}/{self.programme}"

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


def plain_email(email: str) -> str:
    """As addresses are compared. Of one with other letters than ASCII nothing is made: a long s or a Kelvin sign would
    become somebody else's s or k."""
    text = email.strip()
    return text.lower() if text.isascii() else text


def person_by_email(session: Session, email: str) -> Someone | None:
    return session.scalars(sa.select(Someone).where(Someone.email == plain_email(email))).one_or_none()


def enrol(
    session: Session, email: str, name: str, programme: str, role: GrantRole, *, urn: str = "", sip: str = ""
) -> Grant:
    """The person, made if new, with this role; `name` is how the programme calls them, unless it does already.
    Raises UsageError where a school or SIP is missing or out of place."""
    if (role in ("head", "chair")) != bool(urn) or (role == "sip") != bool(sip):
        raise UsageError("A head or chair needs the school's URN, a SIP the SIP's id; nobody else has either.")
    if session.get(Programme, programme) is None:
        raise NotThere(f"There is no programme {programme}.")
    person = person_by_email(session, email)
    if person is None:
        person = Someone(id=keep.new_id(), email=plain_email(email))
        session.add(person)
        session.flush()
    same = sa.select(Grant).where(
        Grant.person_id == person.id,
        Grant.programme_id == programme,
        Grant.role == role,
        Grant.urn == urn,
        Grant.sip == sip,
    )
    found = session.scalars(same).one_or_none()
    if found is None:
        found = Grant(id=keep.new_id(), person_id=person.id, programme_id=programme, role=role, urn=urn, sip=sip)
        session.add(found)
        if session.get(Called, (person.id, programme)) is None:
            call(session, person.id, programme, name)
        session.flush()
    return found


def call(session: Session, person_id: str, programme: str, name: str) -> None:
    """The programme calls the person so from now on."""
    session.merge(Called(person_id=person_id, programme_id=programme, name=one_line(name)))


def names_in(session: Session, programme: str) -> dict[str, str]:
    """Person -> how this programme calls them, also those who have no role in it any more."""
    rows = session.scalars(sa.select(Called).where(Called.programme_id == programme))
    return {row.person_id: row.name for row in rows}


def take_back(session: Session, grant: Grant) -> None:
    """The role ends, and with it every session, token and link that opened it: given again, it opens none of them."""
    role, now = ROLE_OF[grant.role], keep.now()
    session.execute(
        sa.update(Pass)
        .where(Pass.person_id == grant.person_id, Pass.role == role, Pass.programme_id == grant.programme_id)
        .where(Pass.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    unused = sa.update(SignIn).where(SignIn.person_id == grant.person_id, SignIn.used_at.is_(None))
    session.execute(
        unused.where(sa.or_(SignIn.role.is_(None), SignIn.role == role))
        .where(sa.or_(SignIn.programme_id.is_(None), SignIn.programme_id == grant.programme_id))
        .values(used_at=now)
    )
    theirs = sa.select(Pass.id).where(Pass.person_id == grant.person_id)
    made = sa.update(Programme).where(Programme.id == grant.programme_id, Programme.made_with.in_(theirs))
    session.execute(made.values(made_with=None))
    session.delete(grant)


def doors(session: Session, person_id: str) -> list[Door]:
    """Every role of every programme that the person has, in order of the programmes' names."""
    rows = session.execute(
        sa.select(Grant.role, Programme.id, Programme.name)
        .join(Programme, Programme.id == Grant.programme_id)
        .where(Grant.person_id == person_id)
    )
    found = {Door(ROLE_OF[role], programme, name) for role, programme, name in rows}
    return sorted(found, key=lambda d: (d.name, d.programme, d.role))


def roles_of(doors: list[Door]) -> list[RoleName]:
    return sorted({d.role for d in doors})


def grants_with(session: Session, row: Pass) -> tuple[list[Grant], list[Grant]]:
    """(what this pass opens, every grant of its person in the same programmes): the pass's programme, and those that
    were made with it."""
    here = sa.select(Programme.id).where(sa.or_(Programme.id == row.programme_id, Programme.made_with == row.id))
    rows = list(session.scalars(sa.select(Grant).where(Grant.person_id == row.person_id, Grant.programme_id.in_(here))))
    return [g for g in rows if ROLE_OF[g.role] == row.role], rows


def alone(session: Session, person_id: str) -> bool:
    """Whether this person manages every programme of the service: then nobody has a role that they did not give."""
    managed = sa.select(Grant.programme_id).where(Grant.person_id == person_id, Grant.role == "manager")
    other = sa.select(sa.func.count()).select_from(Programme).where(Programme.id.not_in(managed))
    return session.scalar(other) == 0
