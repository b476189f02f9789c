"""Bringing in the people of a round: a school's head and chair, a SIP, each by a link of their own."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from allocator.domain.case import Case
from allocator.service import people
from allocator.service.asking import Office
from allocator.service.people import GrantRole

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Invited:
    """Somebody the case gives an address for. `urn` for a head or chair, `sip` for a SIP."""

    email: str
    name: str
    role: GrantRole
    urn: str = ""
    sip: str = ""


def of_case(case: Case) -> list[Invited]:
    """Everyone whose address the case knows: heads, chairs, SIPs."""
    found: list[Invited] = []
    for school in case.schools:
        if school.head_email:
            found.append(Invited(school.head_email, f"Head of {school.name}", "head", urn=school.urn))
        if school.chair_email:
            found.append(Invited(school.chair_email, f"Chair of {school.name}", "chair", urn=school.urn))
    return found + [Invited(s.email, s.name, "sip", sip=s.sip) for s in case.sips if s.email]


def letter_link(office: Office, s: Session, programme: str, whom: Invited, base: str, next: str) -> str:
    """A link for a letter: it opens the page `next` in this role, is spent on the button, and lives `letter_days`."""
    people.enrol(s, whom.email, whom.name, programme, whom.role, urn=whom.urn, sip=whom.sip)
    person = people.person_by_email(s, whom.email)
    assert person is not None
    secret = people.link(s, person, office.settings.letter_days * MINUTES_A_DAY, people.ROLE_OF[whom.role])
    return f"{base.rstrip('/')}/sign-in/{secret}?next={quote(next)}"
