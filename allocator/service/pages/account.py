"""Account given, on pages: the documents, outcomes, the story of each pair as a pack, a copy for a person; rules
for the public."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from allocator.domain.case import PostKind
from allocator.service.access import In, Manager, Reader, programme_in, round_in
from allocator.service.account.about import About, of_round
from allocator.service.account.documents import DOCUMENTS
from allocator.service.account.outcomes import HEAD, outcomes, rows
from allocator.service.account.pair import pack
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import PageRoute, saved, show
from allocator.service.schemas import Id, Key
from allocator.service.subject_access import copy_for
from allocator.store import keep
from allocator.store.tables import Grant, Programme, Someone

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/rounds/{id}/account")
def account(request: Request, id: Id, who: Reader, office: In) -> Response:
    """What an officer, an auditor or the public asks for, in one place."""
    with office.db.read() as s:
        facts = around(s, id, who)
        found, posts = [], []
        if keep.current(s, id) is not None:
            _, desk = keep.desk(s, id)
            found = rows(outcomes(desk.facts.case, desk.plan, desk.round))
            posts = [
                (p.urn, p.post, desk.facts.name(p.urn), desk.rows[p.key].name)
                for _, p in sorted(desk.round.pairs.items())
            ]
        data = keep.case_row(s, id) is not None
    return show(
        request,
        "account.html",
        who,
        **facts,
        documents=DOCUMENTS if data else {},
        head=HEAD,
        lines=found,
        posts=posts,
        public=office.settings.public_rules,
    )


@router.get("/rounds/{id}/account/documents/{name}")
def document(request: Request, id: Id, name: Key, who: Reader, office: In) -> Response:
    """A draft, filled from the settings in force, as text to go on with."""
    if name not in DOCUMENTS:
        raise HttpProblem("not_found", "There is no such document.")
    with office.db.read() as s:
        about = of_round(s, round_in(s, who, id), office.settings)
    return saved(request, DOCUMENTS[name][1](about).encode(), f"{name}.md", "text/markdown; charset=utf-8")


@router.get("/rounds/{id}/account/pair")
def story(
    request: Request,
    id: Id,
    who: Reader,
    office: In,
    urn: Annotated[Key, Query()],
    post: Annotated[PostKind, Query()] = "lead",
) -> Response:
    """The pack of a pair. An auditor's has not why a school refused."""
    with office.db.write() as s:
        row = round_in(s, who, id)
        made = pack(s, row, urn, post, reasons=who.role == "manager")
        keep.note(s, who.person(row.programme_id), "pack of a pair made", urn, programme=row.programme_id, detail=post)
    return saved(request, made.zipped(), made.name, "application/zip")


@router.get("/programmes/{id}/people/{grant}/held")
def copy(request: Request, id: Id, grant: Id, who: Manager, office: In) -> Response:
    """The copy for a person who asks what is held on them."""
    with office.db.write() as s:
        programme_in(s, who, id)
        g = s.get(Grant, grant)
        if g is None or g.programme_id != id:
            raise HttpProblem("not_found", f"There is no such role: {grant}.")
        if g.person_id == who.id:  # what others said of a manager is no more theirs to read than a SIP's
            raise HttpProblem("round_refuses", "The copy of what is held on you is made by another manager.")
        person = s.get_one(Someone, g.person_id)
        parts = copy_for(s, id, person.email)
        keep.note(s, who.person(id), "copy made of what is held", person.id, programme=id)
    return show(request, "held.html", who, parts=parts, back=f"/programmes/{id}/people", of=person.email)


@router.get("/published/{programme}")
def published(request: Request, programme: Id, office: In) -> Response:
    """Rules, weights and counts for everybody, where the setting says so; groups of fewer than five without figures."""
    nothing = HttpProblem("not_found", "Nothing is published here.")
    if not office.settings.public_rules:
        raise nothing
    with office.db.read() as s:
        row = s.get(Programme, programme)
        newest = keep.newest_with_data(s, [programme])
        if row is None or newest is None:
            raise nothing
        about: About = of_round(s, newest, office.settings)
        stands, lines = keep.standing(s, newest.id), []
        if stands.in_force:
            _, desk = keep.desk(s, newest.id)
            lines = rows(outcomes(desk.facts.case, desk.plan, desk.round), hide=True)
        version = keep.case_row(s, newest.id)
    return show(request, "published.html", about=about, head=HEAD, lines=lines, version=version)
