"""Who has which role in a programme: given and taken back."""

from __future__ import annotations

import sqlalchemy as sa

from allocator.service import roles
from allocator.service.access import Office, programme_in
from allocator.service.http_problems import HttpProblem
from allocator.service.identity import GrantOut, UserIn, UserOut
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.tables import Grant, Programme


def add_user(office: Office, who: Who, new: UserIn) -> UserOut:
    """A person with a role in one of my programmes. The answer is what was sent, whoever is known elsewhere."""
    with office.db.write() as s:
        programme_in(s, who, new.programme)
        g = roles.enrol(s, new.email, new.name, new.programme, new.role, urn=new.urn, sip=new.sip)
        roles.call(s, g.person_id, new.programme, new.name)
        s.flush()
        email, told = roles.plain_email(new.email), f"{new.role} {new.urn}{new.sip}"
        keep.note(s, who.person(new.programme), "user added", email, programme=new.programme, detail=told)
        return UserOut(**GrantOut.model_validate(g).model_dump(), email=email, name=new.name)


def remove_user(office: Office, who: Who, id: str) -> None:
    """Take a role back, with every session, token and link that opened it. The last manager of a programme stays."""
    with office.db.write() as s:
        g = s.get(Grant, id)
        if g is None or g.programme_id not in who.programmes():
            raise HttpProblem("not_found", f"There is no such role: {id}.")
        s.get(Programme, g.programme_id, with_for_update=True)  # two who take one another's role: one stays
        if g.role == "sip" and g.person_id == who.id:  # one would then confirm one's own pairs
            raise HttpProblem("round_refuses", "Your own role as a SIP is taken back by another manager.")
        managers = sa.select(sa.func.count()).where(Grant.programme_id == g.programme_id, Grant.role == "manager")
        if g.role == "manager" and s.scalar(managers) == 1:
            raise HttpProblem("round_refuses", "A programme has at least one manager. Add another first.")
        keep.note(s, who.person(g.programme_id), "user removed", g.person_id, programme=g.programme_id, detail=g.role)
        roles.take_back(s, g)
