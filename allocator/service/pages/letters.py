"""A letter by its link: to read again, and to ask there for the link that lets one answer it."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from allocator.service import posting
from allocator.service.access import In, from_here
from allocator.service.limits import whence
from allocator.service.outbox import base_of
from allocator.service.pages.ground import PageRoute, show
from allocator.service.schemas import Id

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/letters/{secret}")
def letter(request: Request, office: In, secret: Id) -> Response:
    """The letter as it was sent."""
    with office.db.read() as s:
        row = posting.shown(s, secret)
    paragraphs = _read_here(row.text, secret).strip().split("\n\n")
    return show(request, "letter.html", heading=row.heading, paragraphs=paragraphs, sent=False, at=row.at)


def _read_here(text: str, secret: str) -> str:
    """The letter without the address that led here: whoever reads it is there already."""
    here = rf"https?://\S+/letters/{re.escape(secret)}"
    return re.sub(here, "this page", re.sub(rf":\n\n{here}(?=\n|$)", ".", text))


@router.post("/letters/{secret}")
def ask(request: Request, office: In, secret: Id) -> Response:
    """A sign-in link to the letter's address, from which it is answered."""
    from_here(request)
    office.limiter.count(f"sign-in {whence(request)}", office.settings.sign_ins_per_minute)
    with office.db.write() as s:
        row = posting.shown(s, secret)
        key, to, minutes = posting.answer_link(office, s, row), row.email, office.settings.link_minutes
    if key is not None:
        address = f"{base_of(office, request)}/sign-in/{key}?next={quote(row.next)}"
        office.aside(lambda: office.mail.send_link(to, address, minutes))
    return show(request, "letter.html", heading="Look for our email", paragraphs=(), sent=True, minutes=minutes)
