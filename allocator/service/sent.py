"""Letters as they went: kept word for word with the step that they tell of, and shown later as they were
(rounds.md, *told*)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.happened import LetterLine, LettersKept, Proposed, Reminded, Sounded, StandingTold, named
from allocator.domain.round import Round, Sent, State
from allocator.report import letters, sip_letters
from allocator.report.wording import TO_CHAIRS, TO_SIPS, Letter, kind_of
from allocator.rounds import Desk, Fact
from allocator.service.access import Office
from allocator.service.outbox import batch, heads_in
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.retention import GONE
from allocator.store.tables import RoundRow, SentRow

TELLS = (Proposed, Reminded, Sounded, StandingTold)  # steps by which somebody is written to
REMINDER = "A reminder: "


Group = tuple[str, ...]  # schools that share a head


def of(desk: Desk, fact: Fact, shared: letters.LetterOffice, chair: Callable[[Group], bool]) -> list[Letter]:
    """The letters that a step tells people, as the round stood just before it: to each head, to each chair who is
    known, to each SIP. Nothing for a step that tells nobody."""

    def both(g: Group, state: State) -> list[Letter]:
        roles: list[Literal["head", "chair"]] = ["head", "chair"] if chair(g) else ["head"]
        return [letters.school_letter(desk, g, shared, kind=kind_of(r, state)) for r in roles]

    match fact:
        case Proposed():
            return [x for g in rounds.together(desk, fact.urns) for x in both(g, rounds.asks(desk, g) or "school")]
        case Reminded():
            again = [x for g in rounds.together(desk, fact.urns) for x in both(g, "school")]
            return [replace(x, heading=f"{REMINDER}{x.heading}") for x in again]
        case Sounded():
            return [sip_letters.sip_letter(desk, x, shared, kind=kind_of("sip", asked_as(desk, x))) for x in fact.sips]
        case StandingTold():
            schools = [x for g in rounds.together(desk, fact.schools) for k in fact.schools[g[0]] for x in both(g, k)]
            people = [(x, k) for x, due in fact.sips.items() for k in due]
            return schools + [sip_letters.sip_letter(desk, x, shared, kind=kind_of("sip", k)) for x, k in people]
    return []


def asked_as(desk: Desk, sip: str) -> State:
    """The letter by which a SIP is asked: the first offer, or what has changed since."""
    return next((x for x in rounds.sip_due(desk, sip) if x in ("school", "changed", "cover", "ended")), "school")


def kept_with(
    office: Office, s: Session, request: Request, who: Who, row: RoundRow, take: Callable[[Desk], Fact | list[Fact]]
) -> Callable[[Desk], list[Fact]]:
    """The step, and after it the letters that tell of it, kept in the same transaction."""

    def both(at: Desk) -> list[Fact]:
        facts = take(at)
        whole = facts if isinstance(facts, list) else [facts]
        tell = [f for f in whole if isinstance(f, TELLS)]
        if not tell:
            return whole
        plan = keep.current(s, row.id)
        assert plan is not None  # there is a desk
        by = next((f.answer_by for f in tell if isinstance(f, Proposed | Sounded)), None)
        shared = batch(office, s, request, who, row, plan, at, by)
        told = {u for f in tell for u in named(f)[0]}
        heads = heads_in(s, row.programme_id, at, rounds.together(at, told))  # asked for at once: a county has hundreds
        made = [
            (keep.new_id(), x)
            for f in tell
            for x in of(at, f, shared, lambda g: any(a.invited.role == "chair" for a in heads[g]))
        ]
        s.add_all(SentRow(id=id, round_id=row.id, heading=x.heading, text=x.text, at=keep.now()) for id, x in made)
        return [*whole, LettersKept(letters=tuple(_line(id, x) for id, x in made))] if made else whole

    return both


def _line(id: str, x: Letter) -> LetterLine:
    """A letter as the log has it."""
    return LetterLine(
        id=id,
        kind=x.kind,
        key=x.key,
        urns=x.urns,
        to=x.to,
        role="sip" if x.kind in TO_SIPS else "chair" if x.kind in TO_CHAIRS else "head",
        sha256=rounds.sealed(x.heading, x.text),
    )


@dataclass(frozen=True)
class SentLetter:
    """A letter as it went. `whole`: its text is still the one that the log has sealed."""

    sent: Sent
    heading: str
    paragraphs: tuple[str, ...]
    whole: bool


def kept(s: Session, round_id: str, now: Round, wanted: Callable[[Sent], bool]) -> list[SentLetter]:
    """Letters of the round that are `wanted`, newest first, as they went."""
    mine = {x.id: x for x in now.letters if wanted(x)}
    rows = {r.id: r for r in s.scalars(sa.select(SentRow).where(SentRow.round_id == round_id)) if r.id in mine}
    return [_kept(mine[id], rows[id]) for id in reversed(mine) if id in rows]


def _kept(x: Sent, row: SentRow) -> SentLetter:
    whole = row.text == GONE or rounds.sealed(row.heading, row.text) == x.sha256
    return SentLetter(x, row.heading, tuple(row.text.strip().split("\n\n")), whole)


def to_school(urns: Iterable[str], role: str) -> Callable[[Sent], bool]:
    """Letters to this head, or chair, of any of these schools."""
    own = set(urns)
    return lambda x: x.role == role and bool(own & set(x.urns))


def about_school(urn: str) -> Callable[[Sent], bool]:
    """Letters to head and chair of this school."""
    return lambda x: x.role in ("head", "chair") and urn in x.urns


def to_sip(sip: str) -> Callable[[Sent], bool]:
    """Letters to this SIP."""
    return lambda x: x.role == "sip" and x.key == sip
