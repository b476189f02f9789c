"""The map: schools and SIPs by easting and northing, a letter and a colour for each SIP, and a table with the same
facts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response

from allocator.report.places import MapMark, drawing
from allocator.service.access import In, Reader
from allocator.service.pages.board import on_desk
from allocator.service.pages.ground import PageRoute, show
from allocator.service.schemas import Id

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CROWDED = 150  # schools; more are dots until one comes closer or chooses a SIP, and the table is folded by SIP


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
    chosen = sip if sip in facts.sips else ""
    marks = sorted((m for m in (found.schools if found else ()) if chosen in ("", m.sip)), key=lambda m: m.name)
    crowded = len(marks) > CROWDED
    by_sip: dict[tuple[str, str, str], list[MapMark]] = {}
    for m in sorted(marks, key=lambda m: m.sip_name):
        by_sip.setdefault((m.sip, m.sip_name, m.letter), []).append(m)
    return show(
        request,
        "map.html",
        who,
        **around_it,
        drawing=found,
        team=team,
        asked=chosen,
        marks=marks,
        crowded=crowded,
        by_sip=by_sip,
        size=6 if crowded else 13,
        tile_url=url,
        tile_host=urlsplit(url).hostname,
    )
