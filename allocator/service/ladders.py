"""Complaints and concerns as each person of a programme may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from allocator.rounds import ladders
from allocator.rounds.ladders import Matter, Step, Viewer, Word
from allocator.service.own import rounds_before
from allocator.service.roles import Who
from allocator.service.views import own_schools, own_sips
from allocator.store import keep
from allocator.store import ladders as kept


@dataclass(frozen=True)
class Seen:
    """A matter as this person reads it. `may`: the steps that are theirs to take."""

    matter: Matter
    steps: tuple[Step, ...]
    school: str
    about: str  # whom a complaint is about
    may: tuple[Word, ...]


@dataclass(frozen=True)
class Nameable:
    """Whom somebody may write about: (URN, name) of schools, (id, name) of SIPs."""

    schools: Sequence[tuple[str, str]] = ()
    sips: Sequence[tuple[str, str]] = ()


def viewer_of(s: Session, who: Who, programme: str) -> tuple[Viewer, Nameable]:
    """The person as the ladders know them, and whom they may write about: a school its own SIPs, a SIP their
    schools."""
    case = keep.newest_case(s, programme)
    names = {x.urn: x.name for x in case.schools} if case else {}
    if who.role in ("manager", "auditor"):
        sips = {x.sip: x.name for x in case.sips} if case else {}
        own = frozenset(own_sips(case, who, programme)) if case else frozenset()
        led = frozenset(own_schools(case, who, programme)) if case else frozenset()
        return Viewer(who.role, sips=own, leads=led), Nameable(_named(names), _named(sips))
    pairs = {(p.urn, p.sip): b.desk for b in rounds_before(s, who) if b.row.programme_id == programme for p in b.pairs}
    if who.role == "school":
        mine = [g for g in who.grants if g.programme_id == programme]
        heads, chairs = (frozenset(g.urn for g in mine if g.role == r) for r in ("head", "chair"))
        theirs = {sip: desk.facts.sips[sip].name for (_, sip), desk in pairs.items()}
        return Viewer("school", heads, chairs), Nameable(
            _named({u: names.get(u, u) for u in heads | chairs}), _named(theirs)
        )
    works_with = {urn: desk.facts.name(urn) for (urn, _), desk in pairs.items()}
    me = who.sip(programme)
    own = frozenset({me} if me else ())
    return Viewer("sip", sips=own, works_with=frozenset(works_with)), Nameable(_named(works_with))


def _named(names: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda x: x[1])


def seen_by(s: Session, who: Who, programme: str) -> tuple[list[Seen], Nameable, Viewer]:
    """What this person may read, the newest first."""
    me, known = viewer_of(s, who, programme)
    case = keep.newest_case(s, programme)
    schools = {x.urn: x.name for x in case.schools} if case else {}
    sips = {x.sip: x.name for x in case.sips} if case else {}
    found = []
    for m in kept.matters(s, programme):
        how = ladders.sight(m, me)
        if how is not None:
            about = sips.get(m.sip, m.sip) if m.kind == "complaint" and m.sip else "the service"
            steps = ladders.shown(m, how)
            found.append(Seen(m, steps, schools.get(m.urn, m.urn), about, ladders.may(m, me)))
    return found, known, me


def open_ones(s: Session, programme: str) -> list[Matter]:
    """Those that wait for an answer from somebody beyond the first rung, the longest due first: for the desk."""
    waiting = [m for m in kept.matters(s, programme) if m.reply_by and m.rung > 0 and not m.closed]
    return sorted(waiting, key=lambda m: (m.reply_by is None, m.reply_by))
