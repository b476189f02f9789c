"""Two at one desk: whoever has a page of a round open hears, within seconds, that somebody else changed the round."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from allocator.service.access import In, Reader, round_in
from allocator.service.pages.ground import PageRoute, headers, show
from allocator.service.pages.sign_in import inside
from allocator.service.roles import Who, names_in
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store.tables import CaseRow, RoundRow
from allocator.words import listed

router = APIRouter(route_class=PageRoute, include_in_schema=False)
DID = {
    "plan": "another plan",
    "sounded": "SIPs sounded out",
    "proposed": "proposals sent",
    "withdrawn": "proposals withdrawn",
    "reminded": "reminders",
    "answer": "an answer",
    "refusal_decided": "a refusal decided",
    "query_closed": "a question answered",
    "governors": "the governors' word",
    "confirmed": "pairs confirmed",
    "in_force": "put in force",
    "raised": "a decision taken one step up",
    "told": "word of what now stands",
    "letters": "letters sent",
    "case": "data or settings",
}


@router.get("/rounds/{id}/news")
def news(request: Request, id: Id, who: Reader, office: In, since: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Nothing (204) while the round is as it was at version `since`; else who changed it, and what."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        if row.version <= since:
            return Response(status_code=204, headers=headers(request))
        people, what = _since(s, row, since, who)
    asked = urlsplit(request.headers.get("hx-current-url", ""))
    back = inside(asked.path + (f"?{asked.query}" if asked.query else "")) if asked.path else f"/rounds/{id}"
    return show(request, "news.html", who, names=listed(people) or "Somebody", what=listed(what), back=back)


def _since(s: Session, row: RoundRow, since: int, me: Who) -> tuple[list[str], list[str]]:
    """(who, what) of the writes after a version, as far as the newest of the log and of the data tell."""
    count = row.version - since
    last = s.scalars(sa.select(CaseRow).where(CaseRow.round_id == row.id).order_by(CaseRow.n.desc())).first()
    found = [(e.at, e.by.id, e.by.name, str(e.kind)) for e in keep.events_of(s, row.id)[-count:]]
    if last is not None:
        names = names_in(s, row.programme_id)
        found.append((last.at, last.by, names.get(last.by, "Somebody"), "case"))
    newest = sorted(found, key=lambda f: f[0])[-count:]
    people = ["You, on another page," if id == me.id else name for _, id, name, _ in newest]
    return list(dict.fromkeys(people)), list(dict.fromkeys(DID[kind] for *_, kind in newest))
