"""Two ladders, kept apart: complaints about a SIP or the service (domain M1), concerns about a school (domain M2).

A matter climbs rung by rung. Each step says who took it, when, in which words, who has it from then on and by when they
answer. Who may take which step, and who reads which words, is decided here and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from allocator.domain.round import Person
from allocator.errors import RoundRefuses

MatterKind = Literal["complaint", "concern"]
Word = Literal["opened", "answered", "raised", "closed"]
Owner = Literal["head", "chair", "sip", "manager"]
Sight = Literal["all", "facts", "first"]  # every word; that and when, no words; the first rung's alone


@dataclass(frozen=True)
class Step:
    """`rung`: who has it from this step on. `reply_by`: when they answer; None where nobody waits. `text`: None =
    not shown."""

    at: dt.datetime
    by: Person
    word: Word
    rung: int
    text: str | None
    reply_by: dt.date | None = None


@dataclass(frozen=True)
class Matter:
    """`owner`: whose it is: the head or chair of `urn` who complains, the SIP `sip` or a manager who is concerned.
    A complaint's `sip` is the one complained about, blank for the service."""

    id: str
    programme: str
    kind: MatterKind
    owner: Owner
    urn: str
    sip: str
    rungs: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def rung(self) -> int:
        return self.steps[-1].rung

    @property
    def with_(self) -> str:
        """Who has it now."""
        return self.rungs[self.rung]

    @property
    def closed(self) -> bool:
        return self.steps[-1].word == "closed"

    @property
    def reply_by(self) -> dt.date | None:
        """By when an answer is due; None while none is."""
        return self.steps[-1].reply_by

    @property
    def above(self) -> str | None:
        """Who hears it next; None on the last rung."""
        return self.rungs[self.rung + 1] if self.rung + 1 < len(self.rungs) else None


@dataclass(frozen=True)
class Viewer:
    """Somebody in one role: the schools they head or chair, the SIPs that they are (whatever their role), the
    schools that a SIP works with now, and those that a manager also heads or chairs."""

    role: Literal["manager", "auditor", "school", "sip"]
    heads: frozenset[str] = frozenset()
    chairs: frozenset[str] = frozenset()
    sips: frozenset[str] = frozenset()
    works_with: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()

    def owns(self, m: Matter) -> bool:
        """Whether it is theirs: they may take it up and close it."""
        if self.role == "school":
            return m.urn in {"head": self.heads, "chair": self.chairs}.get(m.owner, frozenset())
        return self.role == "sip" and m.owner == "sip" and m.sip in self.sips


def sight(m: Matter, v: Viewer) -> Sight | None:
    """What of the matter this person reads; None = it is not there for them (domain N1, N2)."""
    match v.role:
        case "manager":
            about_them = m.kind == "complaint" and m.sip in v.sips
            return "facts" if about_them else "all"  # a complaint about oneself is heard by somebody else
        case "auditor":
            return "facts"
        case "school":
            about_it = m.kind == "concern" and m.urn in v.heads  # nothing that its head does not read (domain N6)
            return "all" if about_it or v.owns(m) else None
        case "sip":
            if m.sip not in v.sips or m.urn not in v.works_with:
                return None
            if m.kind == "concern":
                return "all" if v.owns(m) else None
            return "first" if m.steps[0].rung == 0 else None


def shown(m: Matter, how: Sight) -> tuple[Step, ...]:
    """The steps as they are read: words that are not for this person are left out, the dates stay."""
    lowest = {"all": len(m.rungs), "facts": 0, "first": 1}[how]  # the rung from which on nothing is read
    return tuple(replace(s, text=None) if s.rung >= lowest else s for s in m.steps)


def may(m: Matter, v: Viewer) -> tuple[Word, ...]:
    """The steps that this person may take now."""
    how = sight(m, v)
    if m.closed or how is None or how == "facts" or m.urn in v.leads:  # of one's own school another manager hears
        return ()
    up: tuple[Word, ...] = ("raised",) if m.above else ()
    if v.role == "manager":
        return ("answered", *up, "closed")
    if v.owns(m):
        return (*up, "closed")
    return ("answered",) if m.rung == 0 else ()  # whom it is about, while it is with them


def opened(by: Person, rung: int, text: str, at: dt.datetime, days: int) -> Step:
    """The first step: on the first rung, or on the second where one would rather not begin with the person."""
    return Step(at, by, "opened", rung, text, at.date() + dt.timedelta(days=days))


def next_step(m: Matter, v: Viewer, by: Person, word: Word, text: str, at: dt.datetime, days: int) -> Step:
    """The step taken. Raises RoundRefuses where it is not this person's to take, or nobody is left to hear it."""
    if word == "raised" and not m.closed and m.above is None:
        raise RoundRefuses(f"The {m.with_} is the last to hear it.")
    if word not in may(m, v):
        closed = "It is closed." if m.closed else "This is not yours to do now. Read it again: it may have moved on."
        raise RoundRefuses(closed)
    if word == "raised":
        return Step(at, by, word, m.rung + 1, text, at.date() + dt.timedelta(days=days))
    return Step(at, by, word, m.rung, text)
