"""Answers taken down on the telephone, many at once in one list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from allocator import rounds
from allocator.errors import RoundRefuses
from allocator.questions.veto import one_answer
from allocator.rounds.answers import Says
from allocator.service.access import In, Manager, Office, Reader, writing
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.pages.place import SchoolLine, by_letter, place_in, school_lines
from allocator.service.roles import Who
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.words import noun

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SAID = {"accept": "yes", "veto": "no", "query": "asks"}
ROWS = 10  # lines in which the school is typed, where there are more than so many to look through
SAYS: dict[str, Says] = {"accept": "accept", "veto": "veto", "query": "query"}


@router.get("/rounds/{id}/telephone")
def telephone(
    request: Request, id: Id, who: Reader, office: In, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Every school that has still to answer, one line each; `q` finds some by school, URN or SIP."""
    return list_page(request, id, who, office, None, q.strip())


def list_page(request: Request, id: str, who: Who, office: Office, form: Fields | None, q: str = "") -> Response:
    with office.db.read() as s:
        at = place_in(s, id, who)
    whole = [x for x in school_lines(at.desk) if x.main.stage in ("proposed", "queried")]
    lines = [x for x in whole if q.casefold() in f"{x.name} {x.urn} {x.posts[0][1]}".casefold()]
    typed = {x.urn: _typed(form, x.urn) for x in lines}
    return show(
        request,
        "telephone.html",
        who,
        422 if form else 200,
        **at.facts,
        whole=len(whole),
        parts=by_letter(lines),
        searched=q,
        findable=len(whole) > ROWS,
        typed=typed,
        named=[{k: form.text(f"{k}-{n}") or "" if form else "" for k in ("who", "says", "line")} for n in range(ROWS)],
        by_name=sorted(x.name if _alone(whole, x) else f"{x.name} {x.urn}" for x in whole) if len(whole) > ROWS else [],
        said=SAID,
        errors=form.errors if form else {},
        summary=form.summary if form else [],
    )


def _typed(form: Fields | None, urn: str) -> dict[str, str]:
    if form is None:
        return {"word": "", "reason": ""}
    return {"word": form.text(f"word-{urn}") or "", "reason": form.text(f"reason-{urn}") or ""}


def meant(lines: Sequence[SchoolLine], typed: str) -> list[SchoolLine]:
    """The schools that what was typed may mean: the one called so, or with that URN, else those with all its words; of
    these the one whose name begins with two words or more as typed."""
    text = typed.casefold()
    called = [x for x in lines if text in (x.name.casefold(), x.urn.casefold())]
    has = called or [x for x in lines if all(w in f"{x.name} {x.urn}".casefold() for w in text.split())]
    begin = [x for x in has if x.name.casefold().startswith(text)] if " " in text else []
    return begin if len(begin) == 1 else has


def _alone(lines: Sequence[SchoolLine], one: SchoolLine) -> bool:
    return not any(x.name == one.name and x.urn != one.urn for x in lines)


def _which(typed: str | None, found: Sequence[SchoolLine]) -> str:
    if typed is None:
        return "Type which school said so"
    if not found:
        return f"{typed} is no school that has still to answer: choose it from the list, or type its URN"
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{typed} may be {', '.join(f'{x.name} ({x.urn})' for x in found[:3])}{more}: type more of it, or its URN"


@router.post("/rounds/{id}/telephone")
def take_down(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What was said, school by school: all of it, or nothing where one of them cannot be."""
    with office.db.read() as s:
        whole = [x for x in school_lines(place_in(s, id, who).desk) if x.main.stage in ("proposed", "queried")]
    reasons = {k.removeprefix("reason-"): form.text(k) for k in form.data if k.startswith("reason-")}
    words = {k.removeprefix("word-"): w for k in form.data if k.startswith("word-") and (w := form.text(k))}
    for urn in [u for u, w in words.items() if w not in SAID]:
        form.errors[f"word-{urn}"] = "Choose yes, no or asks"
    for n in range(ROWS):
        called, word = form.text(f"who-{n}"), form.text(f"says-{n}")
        if called is None and word is None:
            continue
        found = meant(whole, called or "")
        if called is None or len(found) != 1:
            form.errors[f"who-{n}"] = _which(called, found)
        elif found[0].urn in words:
            form.errors[f"who-{n}"] = f"{found[0].name} is here twice: take one of them out"
        elif word not in SAID:
            form.errors[f"says-{n}"] = f"Choose what {found[0].name} says"
        else:
            words[found[0].urn], reasons[found[0].urn] = word, form.text(f"line-{n}")
    if not words and not form.errors:
        form.errors["list"] = "Choose what at least one school said"
    if form.errors:
        return list_page(request, id, who, office, form)
    told: set[str] = set()
    with writing(request, office, who, id) as (s, row):
        _, desk = keep.desk(s, id)
        for urn, word in words.items():
            if urn in told:  # schools that share a head have answered with the other
                continue
            by, reason = who.person(row.programme_id, urn), reasons.get(urn)
            try:
                said = partial(rounds.answer, urn=urn, says=SAYS[word], by="head", on=dt.date.today(), reason=reason)
                keep.step(s, id, by, partial(said, via="telephone"))
            except RoundRefuses as error:
                raise HttpProblem("round_refuses", f"{error.text} Nothing of the list was written down.") from None
            told |= set(one_answer(desk.facts, urn))
            keep.note(s, by, "answer", urn, programme=row.programme_id, detail=f"{word} by head, telephone")
    n = len(words)
    return done(f"/rounds/{id}/telephone", f"{n} {noun(n, 'answer')} written down.")
