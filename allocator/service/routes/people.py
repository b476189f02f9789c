"""Users of a programme, and its audit log."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query

from allocator.service import roles
from allocator.service.access import In, Manager, Reader, programme_in
from allocator.service.actions import people as actions
from allocator.service.http_problems import errors
from allocator.service.idempotency import OnceRoute
from allocator.service.identity import AuditOut, GrantOut, UserIn, UserOut
from allocator.service.schemas import Cursor, Id, Limit, PageOf, page
from allocator.store.tables import AuditRow, Grant, Someone

router = APIRouter(route_class=OnceRoute)


@router.get("/users")
def users(
    who: Reader, office: In, programme: Annotated[str, Query(max_length=64)], cursor: Cursor = None, limit: Limit = 100
) -> PageOf[UserOut]:
    """Everyone with a role in the programme."""
    with office.db.read() as s:
        programme_in(s, who, programme)
        names = roles.names_in(s, programme)

        def out(g: Grant) -> UserOut:
            p = s.get_one(Someone, g.person_id)
            return UserOut(**GrantOut.model_validate(g).model_dump(), email=p.email, name=names[g.person_id])

        return page(s, sa.select(Grant).where(Grant.programme_id == programme), [Grant.id], cursor, limit, out)


@router.post("/users", status_code=201, responses=errors("not_found"))
def add_user(new: UserIn, who: Manager, office: In) -> UserOut:
    """A person with a role in one of my programmes. The answer is what was sent, whoever is known elsewhere."""
    return actions.add_user(office, who, new)


@router.delete("/users/{id}", status_code=204, responses=errors("round_refuses"))
def remove_user(id: Id, who: Manager, office: In) -> None:
    """Take a role back, with every session, token and link that opened it. The last manager of a programme stays."""
    actions.remove_user(office, who, id)


@router.get("/audit")
def audit(
    who: Reader, office: In, programme: Annotated[str, Query(max_length=64)], cursor: Cursor = None, limit: Limit = 100
) -> PageOf[AuditOut]:
    """Who did what and when: access refused, publishing, confirming, overriding, exporting."""
    with office.db.read() as s:
        programme_in(s, who, programme)
        query = sa.select(AuditRow).where(AuditRow.programme_id == programme)
        return page(s, query, [AuditRow.n], cursor, limit, AuditOut.model_validate)
