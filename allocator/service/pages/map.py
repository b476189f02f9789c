"""The map: schools and SIPs by easting and northing, a letter and a colour for each SIP, and a table with the same
facts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response

from allocator.report.places import drawing
from allocator.service.access import In, Reader
from allocator.service.pages.board import on_desk
from allocator.service.pages.ground import PageRoute, show
from allocator.service.schemas import Id

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CROWDED = 150  # marks; with more they are drawn smaller, and lines for one SIP at a time


@router.get("/rounds/{id}/map")
def the_map(
    request: Request, id: Id, who: Reader, office: In, sip: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Everybody, or one SIP's schools."""
    with office.db.read() as s:
        around_it, _, plan, facts = on_desk(s, id, who)
    url = office.settings.tile_url
    found = drawing(facts, plan, url)
    team = sorted(
        {(m.sip, m.sip_name, m.letter) for m in (found.schools + found.bases if found else ()) if m.sip},
        key=lambda t: t[1],
    )
    return show(
        request,
        "map.html",
        who,
        **around_it,
        drawing=found,
        team=team,
        asked=sip if sip in facts.sips else "",
        size=13 if found and len(found.schools) <= CROWDED else 8,
        lines=bool(found and len(found.schools) <= CROWDED),
        tile_url=url,
        tile_host=urlsplit(url).hostname,
    )
