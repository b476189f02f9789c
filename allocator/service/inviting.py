"""Bringing in the people of a round: a school's head and chair, a SIP, each by a link of their own."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy.orm import Session

from allocator.domain.case import Case
from allocator.service import passes, roles
from allocator.service.access import Office
from allocator.service.roles import GrantRole, Who
from allocator.store.tables import Someone


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


def shows_links(office: Office, s: Session, who: Who) -> bool:
    """Whether this manager is shown links to hand over: where no mail server carries them, and nobody here has a
    role that another manager gave. Who is known elsewhere is then nobody's to learn, for it is asked of all of
    them at once."""
    return not office.settings.smtp_url and roles.alone(s, who.id)


def letter_link(office: Office, s: Session, programme: str, whom: Invited, base: str, next: str) -> str:
    """A link for a letter: it opens the page `next` in this role of this programme and is spent on the button. It
    is handed over by a manager and lives `shown_hours`; a letter that is mailed has no such link (`posting`)."""
    grant = roles.enrol(s, whom.email, whom.name, programme, whom.role, urn=whom.urn, sip=whom.sip)
    person, minutes = s.get_one(Someone, grant.person_id), office.settings.shown_hours * 60
    secret = passes.link(s, person, minutes, roles.ROLE_OF[whom.role], programme, about=next)
    return f"{base.rstrip('/')}/sign-in/{secret}?next={quote(next)}"
