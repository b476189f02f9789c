"""A round: one year's allocation from draft to in force, as an append-only list of events (domain E2, F1, F2, 3.7).

Nothing is edited. What stands now is `fold(events)`; `allocator.rounds` decides which event may come next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from allocator.domain.case import PostKind

Key = tuple[str, PostKind]
Stage = Literal["draft", "proposed", "queried", "accepted", "refused", "overruled", "confirmed"]
AGREED: tuple[Stage, ...] = ("accepted", "overruled", "confirmed")  # stages in which a pair is to stay as it is
RoundState = Literal["empty", "draft", "proposed", "answered", "resubmitted", "confirmed", "in_force", "repaired"]
Cause = Literal["solved", "by_hand", "resubmitted", "repaired"]
Role = Literal["manager", "head", "chair", "sip", "auditor", "service"]
Via = Literal["page", "telephone", "letter", "silence"]
Kind = Literal[
    "plan", "sounded", "proposed", "withdrawn", "reminded", "answer", "refusal_decided", "query_closed",
    "governors", "confirmed", "in_force",
]  # fmt: skip


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Frozen):
    """Who acted. `sip` is set where the same person is also a SIP of the programme (practice: not one's own pair)."""

    id: str
    name: str
    role: Role
    sip: str | None = None


class Event(Frozen):
    """One thing that happened. `n` counts from 1; `at` is when it was recorded, UTC; `data` is plain JSON."""

    n: int
    at: dt.datetime
    by: Person
    kind: Kind
    data: dict[str, Any]


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
    """Where one pair of the plan now stands."""

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
    confirmed_by: str | None = None
    represented: bool = False  # a refusal that waits for a person's decision
    rung: str | None = None  # who has to decide it
    heard: Heard | None = None  # what was decided on it

    @property
    def key(self) -> Key:
        return (self.urn, self.post)


@dataclass(frozen=True)
class Query:
    """A question from a school or SIP: it leads to a person, with a time limit and an outcome (domain 3.7)."""

    id: int
    urn: str
    post: PostKind
    by: Role
    about: str  # query, move_on or interest
    text: str | None
    answer_by: dt.date
    outcome: str | None = None


@dataclass(frozen=True)
class Sounding:
    """What a SIP said when sounded out before schools were told."""

    answer_by: dt.date
    said: str | None = None


@dataclass(frozen=True)
class Round:
    """What stands now. `plans`: ids of the chain of plans, newest last. `moved`: pairs altered, by cause."""

    state: RoundState = "empty"
    plans: tuple[str, ...] = ()
    pairs: dict[Key, Pair] = field(default_factory=dict)
    queries: tuple[Query, ...] = ()
    soundings: dict[str, Sounding] = field(default_factory=dict)
    refused: tuple[tuple[str, PostKind, str], ...] = ()  # every refusal that stands: (urn, post, sip)
    resubmissions: int = 0
    in_force: bool = False
    repaired: bool = False
    moved: tuple[tuple[Cause, int], ...] = ()
    length: int = 0

    @property
    def waiting(self) -> tuple[Key, ...]:
        """Refusals that stand and have not been solved again."""
        return tuple(k for k, p in self.pairs.items() if p.stage == "refused" and not p.represented)

    @property
    def accepted(self) -> tuple[Key, ...]:
        return tuple(k for k, p in self.pairs.items() if p.stage in AGREED)


def fold(events: Iterable[Event]) -> Round:
    """The round after all events, in their order."""
    now = Round()
    for event in events:
        now = after(now, event)
    return now


def after(now: Round, event: Event) -> Round:
    """The round after one more event."""
    now = replace(STEPS[event.kind](now, event), length=event.n)
    return replace(now, state=_state(now))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _state(r: Round) -> RoundState:
    stages = {p.stage for p in r.pairs.values()}
    if not r.plans:
        return "empty"
    if r.repaired:
        return "repaired"
    if r.in_force:
        return "in_force"
    if stages == {"confirmed"}:
        return "confirmed"
    if stages <= {"draft"}:
        return "resubmitted" if r.resubmissions else "draft"
    if not stages & {"draft", "proposed", "queried"}:
        return "answered"
    return "resubmitted" if r.resubmissions else "proposed"


def _with(r: Round, urns: Iterable[str], kinds: Iterable[str] | None = None, **values: Any) -> Round:
    wanted, posts = set(urns), set(kinds) if kinds is not None else None
    return replace(
        r,
        pairs={
            k: replace(p, **values) if k[0] in wanted and (posts is None or k[1] in posts) else p
            for k, p in r.pairs.items()
        },
    )


def _plan(r: Round, e: Event) -> Round:
    """A new plan: pairs that stay keep their answers; the others start again as drafts."""
    pairs: dict[Key, Pair] = {}
    for urn, post, sip in e.data["pairs"]:
        old = r.pairs.get((urn, post))
        pairs[urn, post] = old if old is not None and old.sip == sip else Pair(urn, post, sip)
    cause: Cause = e.data["cause"]
    return replace(
        r,
        plans=(*r.plans, e.data["plan"]),
        pairs=pairs,
        resubmissions=r.resubmissions + (cause == "resubmitted"),
        repaired=r.repaired or cause == "repaired",
        moved=(*r.moved, (cause, len(e.data["moved"]))),
    )


def _sounded(r: Round, e: Event) -> Round:
    by = day(e.data["answer_by"])
    return replace(r, soundings={**r.soundings, **{s: Sounding(by) for s in e.data["sips"]}})


def _proposed(r: Round, e: Event) -> Round:
    out = set(e.data["urns"])
    fresh = {k for k, p in r.pairs.items() if k[0] in out and p.stage == "draft"}
    values: dict[str, Any] = {
        "stage": "proposed",
        "released_on": day(e.data["on"]),
        "answer_by": day(e.data["answer_by"]),
    }
    return replace(r, pairs={k: replace(p, **values) if k in fresh else p for k, p in r.pairs.items()})


def _withdrawn(r: Round, e: Event) -> Round:
    out = set(e.data["urns"])
    return replace(r, pairs={k: Pair(p.urn, p.post, p.sip) if k[0] in out else p for k, p in r.pairs.items()})


def _reminded(r: Round, e: Event) -> Round:
    return _with(r, e.data["urns"], reminded_on=day(e.data["on"]))


def _answer(r: Round, e: Event) -> Round:
    d, by = e.data, e.data["by"]
    if by == "sip":
        return _sip_says(r, e)
    if d["answer"] == "query":
        held = _with(r, d["urns"], [d["post"]], stage="queried", head="query")
        return replace(held, queries=(*held.queries, _query(held, e)))
    if d["answer"] == "veto":
        waits = d["standing"] != "stands"
        out = _with(r, d["urns"], [d["post"]], stage="refused", head="veto", represented=waits, rung=d.get("rung"))
        return out if waits else _refuse(out, d["urns"], d["post"])
    values: dict[str, Any] = {"chair": True} if by == "chair" else {"head": "accept"}
    if d["settles"]:
        values |= {"stage": "accepted", "silent": d["via"] == "silence"}
    return _with(r, d["urns"], d["posts"], **values)


def _refuse(r: Round, urns: Iterable[str], post: PostKind) -> Round:
    rows = tuple((u, post, r.pairs[u, post].sip) for u in urns if (u, post) in r.pairs)
    return replace(r, refused=(*r.refused, *rows))


def _query(r: Round, e: Event) -> Query:
    d = e.data
    return Query(len(r.queries) + 1, d["urns"][0], d["post"], d["by"], d["answer"], d.get("reason"), day(d["reply_by"]))


def _sip_says(r: Round, e: Event) -> Round:
    d = e.data
    old = r.soundings.get(d["sip"])
    if old is not None:
        r = replace(r, soundings={**r.soundings, d["sip"]: replace(old, said=d["answer"])})
    return r if d["answer"] == "accept" else replace(r, queries=(*r.queries, _query(r, e)))


def _refusal_decided(r: Round, e: Event) -> Round:
    d = e.data
    if d.get("next_rung"):
        return _with(r, d["urns"], [d["post"]], rung=d["next_rung"])
    pair = r.pairs.get((d["urns"][0], d["post"]))
    heard = Heard(d["stands"], d["reason"], e.by.name, day(d["on"]), pair.rung if pair else None)
    settled: dict[str, Any] = {"represented": False, "rung": None, "heard": heard}
    if d["stands"]:
        return _refuse(_with(r, d["urns"], [d["post"]], **settled), d["urns"], d["post"])
    return _with(r, d["urns"], [d["post"]], stage="overruled", **settled)


def _query_closed(r: Round, e: Event) -> Round:
    d = e.data
    found = r.queries[d["query"] - 1]
    queries = tuple(replace(q, outcome=d["outcome"]) if q.id == found.id else q for q in r.queries)
    r = replace(r, queries=queries)
    pair = r.pairs.get((found.urn, found.post))
    if found.by != "sip" and pair is not None and pair.stage == "queried":
        return _with(r, d["urns"], [found.post], stage="proposed", answer_by=day(d["answer_by"]))
    return r


def _governors(r: Round, e: Event) -> Round:
    return _with(r, [e.data["urn"]], ["appraisal"], governors=e.data["yes"])


def _confirmed(r: Round, e: Event) -> Round:
    done = {(urn, post) for urn, post in e.data["pairs"]}
    return replace(
        r,
        pairs={k: replace(p, stage="confirmed", confirmed_by=e.by.id) if k in done else p for k, p in r.pairs.items()},
    )


def _in_force(r: Round, e: Event) -> Round:
    return replace(r, in_force=True)


STEPS = {
    "plan": _plan, "sounded": _sounded, "proposed": _proposed, "withdrawn": _withdrawn, "reminded": _reminded,
    "answer": _answer, "refusal_decided": _refusal_decided, "query_closed": _query_closed, "governors": _governors,
    "confirmed": _confirmed, "in_force": _in_force,
}  # fmt: skip
