"""Letters as they would go, sorted by what their readers have to hear: another SIP, a school of concern, other
days, the same SIP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from allocator.domain.before import last_year
from allocator.domain.round import State
from allocator.reasons.spoken import name_of
from allocator.report import letters, sip_letters
from allocator.report.wording import Letter, kind_of
from allocator.rounds import Desk
from allocator.service import outbox
from allocator.service.pages.ground import Fields
from allocator.service.pages.place import Place

Sort = Literal["new", "first", "concern", "changed", "same", "sip"]
Words = Annotated[str, Query(max_length=200)]
MANY, A_PAGE = 60, 25  # letters: of more than MANY, A_PAGE at a time are written
SORTS: dict[Sort, str] = {  # in the order in which a manager reads them
    "new": "Another SIP than last year",
    "concern": "Schools of concern",
    "changed": "Other days, dates or people than they were told",
    "first": "Nobody led them last year",
    "same": "The same SIP as last year",
    "sip": "To SIPs",
}


@dataclass(frozen=True)
class Preview:
    """A letter, written when it is looked at; whom it is to, the addresses it would go to, and in a line what it
    tells: who, and after whom."""

    sort: Sort
    to: str
    emails: tuple[str, ...]
    brief: str
    write: Callable[[], Letter]

    @cached_property
    def letter(self) -> Letter:
        return self.write()


class LettersAsked(NamedTuple):
    """Which of many letters are looked at: those that name `q`, of one sort, a page of them or `whole`."""

    q: str = ""
    sort: str = ""
    page: int = 1
    whole: bool = False


def letters_asked(
    q: Words = "",
    sort: Words = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    whole: bool = False,
) -> LettersAsked:
    """Which letters the address asks for."""
    return LettersAsked(q, sort if sort in SORTS else "", page, whole)


Looked = Annotated[LettersAsked, Depends(letters_asked)]


def asked_in(form: Fields) -> LettersAsked:
    """Which letters the form asks for."""
    page, sort = form.text("page") or "", form.text("sort") or ""
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return LettersAsked(form.text("q") or "", sort if sort in SORTS else "", number, form.text("whole") is not None)


def looked_through(previews: Sequence[Preview], asked: LettersAsked) -> dict[str, Any]:
    """What a page is given of these letters: of many a page's worth, the rest a press away."""
    q = asked.q.casefold()
    found = [
        p
        for p in previews
        if asked.sort in ("", p.sort)
        and all(w in f"{p.to} {p.brief} {' '.join(p.emails)}".casefold() for w in q.split())
    ]
    whole = asked.whole or len(previews) <= MANY
    pages = 1 if whole else max(1, -(-len(found) // A_PAGE))
    page = max(1, min(asked.page, pages))
    letters = found if whole else found[(page - 1) * A_PAGE : page * A_PAGE]
    return {
        "every": previews,
        "letters": letters,
        "found": len(found),
        "sorts": counted(previews),
        "shown": counted(letters),
        "asked": asked._replace(page=page),
        "pages": pages,
        "many": len(previews) > MANY,
    }


def previewed(
    s: Session, at: Place, shared: letters.LetterOffice, schools: outbox.States, sips: Mapping[str, Sequence[State]]
) -> list[Preview]:
    """The letters that would go, to heads, to chairs who are known, to SIPs; sorted as SORTS."""
    out: list[Preview] = []
    roles: tuple[Literal["head", "chair"], ...] = ("head", "chair")
    every = outbox.heads_in(s, at.row.programme_id, at.desk, schools)
    for g, states in schools.items():
        sort, brief = sort_of(at.desk, g, states)
        for role, state in ((r, x) for x in states for r in roles):
            to = tuple(a.invited.email for a in every[g] if a.invited.role == role)
            if to or role == "head":
                kind = kind_of(role, state)
                write = partial(letters.school_letter, at.desk, g, shared, kind=kind)
                out.append(Preview(sort, letters.to_whom(at.desk, g, kind), to, brief, write))
    for sip, due in sips.items():
        emails = tuple(a.invited.email for a in outbox.sip_of(s, at.row.programme_id, at.desk, sip))
        for x in due:
            write = partial(sip_letters.sip_letter, at.desk, sip, shared, kind=kind_of("sip", x))
            out.append(Preview("sip", name_of(at.desk.facts, sip), emails, "", write))
    return sorted(out, key=lambda p: list(SORTS).index(p.sort))


def sort_of(desk: Desk, urns: Sequence[str], states: Sequence[State]) -> tuple[Sort, str]:
    """Which sort the letter about these schools is, and its brief. A school of concern is one whatever else it
    hears."""
    leads = {u: rows[-1].name for u in urns if (rows := desk.plan.holders(u, "lead"))}
    before = {u: last_year(desk.facts, u, "lead") for u in urns}
    moved = [u for u in urns if any(c.urn == u and c.post == "lead" for c in desk.plan.changes)]
    names = list(dict.fromkeys(leads[u] for u in urns if u in leads))
    were = [name_of(desk.facts, b) for u in moved if (b := before[u])]
    brief = (" and ".join(names) or "nobody") + (f", after {' and '.join(dict.fromkeys(were))}" if were else "")
    if any(desk.facts.as_it_stands(u).category_of_concern for u in urns):
        return "concern", brief
    if any(x not in ("school", "confirmed") for x in states):
        return "changed", brief
    if moved:
        return "new", brief
    return ("same" if any(before.values()) else "first"), brief


def counted(previews: Sequence[Preview]) -> list[tuple[Sort, str, int]]:
    """(sort, its heading, how many letters), those that there are."""
    return [(k, text, n) for k, text in SORTS.items() if (n := sum(p.sort == k for p in previews))]
