"""A round: one year's allocation from draft to in force, as an append-only list of events (domain E2, F1, F2, 3.7).

Nothing is edited. What stands now is `fold(events)` (`domain/fold.py`); `domain/happened.py` has what each event says,
and `allocator.rounds` decides which may come next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from allocator.domain.case import PostKind
from allocator.domain.lineup import LineUp, PostKey

Key = PostKey
Beside = tuple[str, PostKind, str]  # school, post, SIP
Stage = Literal["draft", "proposed", "queried", "accepted", "refused", "overruled", "confirmed"]
AGREED: tuple[Stage, ...] = ("accepted", "overruled", "confirmed")  # stages in which a pair is to stay as it is
RoundState = Literal["empty", "draft", "proposed", "answered", "resubmitted", "confirmed", "in_force", "repaired"]
Cause = Literal["solved", "by_hand", "resubmitted", "repaired"]
Role = Literal["manager", "head", "chair", "sip", "auditor", "service"]
Via = Literal["page", "telephone", "letter", "silence"]
State = Literal["school", "changed", "cover", "ended", "decided", "confirmed"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Frozen):
    """Who acted. `sip` is set where the same person is also a SIP of the programme (practice: not one's own pair)."""

    id: str
    name: str
    role: Role
    sip: str | None = None


@dataclass(frozen=True)
class Heard:
    """What was decided on a refusal that was a representation: whether it stands, why, by whom, on which rung, when."""

    stands: bool
    reason: str
    by: str
    on: dt.date
    rung: str | None


@dataclass(frozen=True)
class Pair:
    """Where one pair of the plan now stands. `told_of`: who had the letter that it is confirmed, *school* or *sip*."""

    urn: str
    post: PostKind
    sip: str
    stage: Stage = "draft"
    released_on: dt.date | None = None
    answer_by: dt.date | None = None
    reminded_on: dt.date | None = None
    head: str | None = None  # accept, veto or query, as last said
    chair: bool = False
    silent: bool = False  # accepted because nobody answered in time
    governors: bool | None = None
    governors_on: dt.date | None = None
    confirmed_by: str | None = None
    represented: bool = False  # a refusal that waits for a person's decision
    rung: str | None = None  # who has to decide it
    heard: Heard | None = None  # what was decided on it
    heard_told: bool = False  # the school has that decision in a letter
    decide_by: dt.date | None = None  # by when whoever has it decides, where a school took it one step up
    declined: bool = False  # opened because its SIP declined it, or asked to move on and was let go
    tied: bool = False  # opened because its SIP declared a tie that bars
    told_of: tuple[str, ...] = ()

    @property
    def untold(self) -> bool:
        """Its school has had no letter of it: a draft, or one whose SIP was let go before any went."""
        return self.stage == "draft" or (self.declined and self.released_on is None)

    @property
    def said_no(self) -> bool:
        """The governors will not have this SIP for the head's appraisal."""
        return self.governors is False and self.stage != "confirmed"

    @property
    def key(self) -> Key:
        return (self.urn, self.post)

    @property
    def beside(self) -> Beside:
        return (self.urn, self.post, self.sip)


@dataclass(frozen=True)
class Query:
    """A question from a school or SIP: it leads to a person, with a time limit and an outcome (domain 3.7)."""

    id: int
    urn: str
    post: PostKind
    by: Role
    about: str  # query, follow, move_on, decline or interest
    text: str | None
    answer_by: dt.date
    outcome: str | None = None
    sip: str | None = None  # who asked, where it was a SIP
    closed_by: str | None = None
    closed_on: dt.date | None = None
    opens: bool = False  # the SIP is let go: the pair is planned again
    told: bool = False  # whoever asked has the outcome in a letter
    whom: str | None = None  # follow: the SIP who is asked to come with the head
    granted: bool = False  # follow: that SIP had the school when it was decided


@dataclass(frozen=True)
class Sounding:
    """What a SIP said when sounded out before schools were told."""

    answer_by: dt.date
    said: str | None = None


@dataclass(frozen=True)
class Sent:
    """A letter that went: its text is kept beside the log (`id`), its SHA-256 here."""

    id: str
    kind: str
    key: str  # first URN, or SIP
    urns: tuple[str, ...]
    to: str
    role: Role
    on: dt.datetime
    by: str
    sha256: str


@dataclass(frozen=True)
class Round:
    """What stands now. `plans`: ids of the chain of plans, newest last. `moved`: posts altered, by cause.

    `pairs` has the last holder of each post; `beside` the pairs of those who hold it in the year before that: who
    stands in, who is away or goes. `now` is who holds each post when, `told` what schools were last told of it,
    `told_sips` each SIP.
    """

    state: RoundState = "empty"
    plans: tuple[str, ...] = ()
    pairs: dict[Key, Pair] = field(default_factory=dict)
    beside: dict[Beside, Pair] = field(default_factory=dict)
    now: dict[Key, LineUp] = field(default_factory=dict)
    told: dict[Key, LineUp] = field(default_factory=dict)
    told_sips: dict[str, dict[Key, LineUp]] = field(default_factory=dict)
    told_on: dict[tuple[str, str], dt.date] = field(default_factory=dict)  # (school or sip, URN or id): the last letter
    letters: tuple[Sent, ...] = ()
    queries: tuple[Query, ...] = ()
    soundings: dict[str, Sounding] = field(default_factory=dict)
    refused: tuple[tuple[str, PostKind, str], ...] = ()  # every refusal that stands: (urn, post, sip)
    noes: tuple[tuple[str, str], ...] = ()  # every no of governors that stands: (urn, sip), for the head's appraisal
    resubmissions: int = 0
    in_force: bool = False
    repaired: bool = False
    moved: tuple[tuple[Cause, tuple[Key, ...]], ...] = ()
    length: int = 0

    @property
    def altered(self) -> tuple[int, int]:
        """How many posts people moved by hand, and how many others moved after a refusal: each once, however often."""
        by = {c: {key for cause, keys in self.moved if cause == c for key in keys} for c in ("by_hand", "resubmitted")}
        return len(by["by_hand"]), len(by["resubmitted"] - by["by_hand"])

    @property
    def waiting(self) -> tuple[Pair, ...]:
        """Pairs whose refusal stands, or to which governors said no, and that have not been solved again."""
        return tuple(p for p in self.everyone if p.said_no or (p.stage == "refused" and not p.represented))

    @cached_property
    def everyone(self) -> tuple[Pair, ...]:
        """Every pair, by school and post, the last holder's after those beside it."""
        both = [*self.beside.values(), *self.pairs.values()]
        return tuple(sorted(both, key=lambda p: p.key))

    @cached_property
    def by_school(self) -> dict[str, tuple[Pair, ...]]:
        """Every pair of each school that has one."""
        found: dict[str, list[Pair]] = {}
        for p in self.everyone:
            found.setdefault(p.urn, []).append(p)
        return {urn: tuple(pairs) for urn, pairs in found.items()}

    def of(self, urns: Iterable[str]) -> list[Pair]:
        """Every pair of these schools."""
        return [p for u in sorted(set(urns)) for p in self.by_school.get(u, ())]

    @property
    def accepted(self) -> tuple[Key, ...]:
        """Posts of which every pair is agreed."""
        open_ = {p.key for p in self.everyone if p.stage not in AGREED}
        return tuple(k for k in self.pairs if k not in open_)
