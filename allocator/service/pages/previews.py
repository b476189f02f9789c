"""Letters as they would go, sorted by what their readers have to hear: another SIP, a school of concern, other
days, the same SIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from allocator.domain.before import last_year
from allocator.domain.round import State
from allocator.reasons.spoken import name_of
from allocator.report import letters, sip_letters
from allocator.report.wording import Letter, kind_of
from allocator.rounds import Desk
from allocator.service import outbox
from allocator.service.pages.place import Place

Sort = Literal["new", "first", "concern", "changed", "same", "sip"]
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
    """A letter, the addresses it would go to, and in a line what it tells: who, and after whom."""

    sort: Sort
    letter: Letter
    emails: tuple[str, ...]
    brief: str


def previewed(
    s: Session, at: Place, shared: letters.LetterOffice, schools: outbox.States, sips: Mapping[str, Sequence[State]]
) -> list[Preview]:
    """The letters that would go, to heads, to chairs who are known, to SIPs; sorted as SORTS."""
    out: list[Preview] = []
    roles: tuple[Literal["head", "chair"], ...] = ("head", "chair")
    for g, states in schools.items():
        whom = outbox.heads_of(s, at.row.programme_id, at.desk, g)
        sort, brief = sort_of(at.desk, g, states)
        for role, state in ((r, x) for x in states for r in roles):
            to = tuple(a.invited.email for a in whom if a.invited.role == role)
            if to or role == "head":
                out.append(
                    Preview(sort, letters.school_letter(at.desk, g, shared, kind=kind_of(role, state)), to, brief)
                )
    for sip, due in sips.items():
        emails = tuple(a.invited.email for a in outbox.sip_of(s, at.row.programme_id, at.desk, sip))
        for x in due:
            letter = sip_letters.sip_letter(at.desk, sip, shared, kind=kind_of("sip", x))
            out.append(Preview("sip", letter, emails, letter.heading))
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
