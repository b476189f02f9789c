"""What happened in a round: what each kind of event says, field by field (docs/reference/recorded.md).

A `Fact` is what a step found; recorded, with its number, its time and who acted, it is an `Event`. A field without a
default is in every row; one with a default is left out where it does not apply.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError

from allocator.domain.case import PostKind
from allocator.domain.policy import RoundRules
from allocator.domain.round import Cause, Frozen, Person, State, Via
from allocator.domain.versioned import (
    Changes,
    Digest,
    Id,
    Name,
    OwnWords,
    PlanName,
    Rung,
    Schemas,
    SipId,
    TextKind,
    Urn,
    Versioned,
    Why,
    free_fields,
)
from allocator.errors import Spoilt

Kind = Literal[
    "plan",
    "sounded",
    "proposed",
    "withdrawn",
    "reminded",
    "answer",
    "refusal_decided",
    "query_closed",
    "governors",
    "confirmed",
    "in_force",
    "raised",
    "told",
    "letters",
]
About = Literal["query", "follow", "move_on", "decline", "interest"]
PostOf = tuple[Urn, PostKind]
PairOf = tuple[Urn, PostKind, SipId]
SpellOf = tuple[Urn, PostKind, SipId, dt.date, dt.date, float]


class Fact(Versioned):
    """What happened, as a step found it: without its number, its time and who acted."""

    kind: ClassVar[Kind]
    private: ClassVar[bool] = False  # why is for managers alone

    @property
    def words(self) -> str | None:
        """What somebody wrote in their own words."""
        return next((getattr(self, f) for f in free_fields(type(self))), None)

    @property
    def confided(self) -> bool:
        """Whether those words are for managers alone (domain N2)."""
        return self.private


class PlanPut(Fact):
    """A plan came to the desk: solved, changed by hand, resubmitted, repaired or put back."""

    kind = "plan"
    version = 2
    plan: PlanName = Field(description="its name, the same for equal plans")
    cause: Cause = Field(description="how it came to be")
    reason: Why | None = Field(description="why, of a change by hand")
    changes: Changes = Field(description="what was changed, on the plan before")
    pairs: tuple[PairOf, ...] = Field(description="school, post and SIP: who has each post at the end")
    beside: tuple[PairOf, ...] = Field(description="who else has it in the year: stands in, is away or goes")
    behind: tuple[PairOf, ...] = Field(description="whose work at a post lies behind the change")
    line_ups: tuple[SpellOf, ...] = Field(description="school, post, SIP, from, to, days: who has it when")
    moved: tuple[PostOf, ...] = Field(description="posts that another SIP has than in the plan before")
    follows: tuple[tuple[Urn, SipId], ...] = Field(description="heads who asked that this SIP come with them")
    reply_days: int = Field(description="days within which such a request is answered")
    job: Id | None = Field(None, description="the job that made it; none: a person put it there")


class Sounded(Fact):
    """SIPs were asked about their schools, before any school was told."""

    kind = "sounded"
    sips: tuple[SipId, ...] = Field(description="who was asked")
    on: dt.date = Field(description="the day of the letter")
    answer_by: dt.date = Field(description="the date to answer by")


class Proposed(Fact):
    """Proposals went to schools."""

    kind = "proposed"
    urns: tuple[Urn, ...] = Field(description="the schools")
    on: dt.date = Field(description="the day of the letter")
    answer_by: dt.date = Field(description="the date to answer by")


class Withdrawn(Fact):
    """Proposals were taken back."""

    kind = "withdrawn"
    urns: tuple[Urn, ...] = Field(description="the schools")
    reason: Why = Field(description="why")


class Reminded(Fact):
    """Schools that had not answered were reminded."""

    kind = "reminded"
    urns: tuple[Urn, ...] = Field(description="the schools")
    on: dt.date = Field(description="the day of the letter")


class SchoolReplies(Fact):
    """A head's or chair's word, for all schools that the head has."""

    kind = "answer"
    urns: tuple[Urn, ...] = Field(description="the schools, which answer as one")
    post: PostKind = Field(description="the post that it is about")
    by: Literal["head", "chair"] = Field(description="whose word it is")
    answer: Literal["accept", "query", "veto"] = Field(description="what was said")
    reason: OwnWords | None = Field(description="in their own words: why, or what they ask")
    on: dt.date = Field(description="the day it was said")
    via: Via = Field(description="how it came; *silence*: nobody answered in time")


class SchoolAccepts(SchoolReplies):
    """A yes."""

    answer: Literal["accept"] = Field(description="yes")
    posts: tuple[PostKind, ...] = Field(description="every post that it is a yes to")
    settles: bool = Field(description="whether nobody else has to say yes too")


class SchoolAsks(SchoolReplies):
    """A question."""

    answer: Literal["query"] = Field(description="a question")
    reply_by: dt.date = Field(description="by when it is answered")


class SchoolRefuses(SchoolReplies):
    """Somebody else is asked for."""

    private = True
    answer: Literal["veto"] = Field(description="no")
    standing: Literal["stands", "referred", "represented"] = Field(
        description="*stands* by itself, or waits for a person: a second refusal (*referred*), a school of concern "
        "(*represented*)"
    )
    rung: Rung | None = Field(None, description="who decides, where it waits")
    sip: SipId | None = Field(None, description="the SIP refused; none: who has the post at the end")


class SipReplies(Fact):
    """A SIP's word."""

    kind = "answer"
    sip: SipId = Field(description="whose word it is")
    urns: tuple[Urn, ...] = Field(description="the school that it is about, or their first")
    post: PostKind = Field(description="the post that it is about")
    by: Literal["sip"] = Field(description="a SIP's word")
    answer: Literal["accept", "query", "move_on", "decline", "interest"] = Field(description="what was said")
    reason: OwnWords | None = Field(description="in their own words: why, or what they ask")
    on: dt.date = Field(description="the day it was said")
    via: Via = Field(description="how it came")
    reply_by: dt.date = Field(description="by when it is answered")

    @property
    def confided(self) -> bool:
        return self.answer == "decline"


class RefusalDecided(Fact):
    """A person decided on a refusal that waited, or passed it up."""

    kind = "refusal_decided"
    urns: tuple[Urn, ...] = Field(description="the schools")
    post: PostKind = Field(description="the post")
    stands: bool | None = Field(description="whether the refusal stands; null: passed up")
    reason: OwnWords = Field(description="why")
    on: dt.date = Field(description="the day of the decision")
    sip: SipId | None = Field(None, description="the SIP refused; none: who has the post at the end")
    next_rung: Rung | None = Field(None, description="to whom it was passed up")


class QueryClosed(Fact):
    """A question, a no, a wish to move on, a tie or a head's request was answered."""

    kind = "query_closed"
    version = 2
    query: int = Field(ge=1, description="its number in the round, from 1")
    urns: tuple[Urn, ...] = Field(description="the schools that answer as one with the one it is about")
    outcome: OwnWords = Field(description="what was answered")
    answer_by: dt.date = Field(description="by when the school then accepts or refuses")
    on: dt.date = Field(description="the day of the answer")
    opens: bool = Field(description="whether the SIP is let go, and the pair planned again")
    about: About | None = Field(description="what was asked; null: recorded before that was kept")
    granted: bool | None = Field(None, description="of a head's request that a SIP come too: whether they do")


class GovernorsSay(Fact):
    """The governing body's word on who supports the head's appraisal."""

    kind = "governors"
    urn: Urn = Field(description="the school")
    yes: bool = Field(description="their word")
    on: dt.date = Field(description="the day it was said")


class PairsConfirmed(Fact):
    """A named manager, who did it, confirmed pairs."""

    kind = "confirmed"
    pairs: tuple[PostOf | PairOf, ...] = Field(description="school and post; with the SIP, where not the last holder")


class PutInForce(Fact):
    """The plan became the year's plan."""

    kind = "in_force"
    on: dt.date = Field(description="the day")


class TakenUp(Fact):
    """A head whose refusal did not stand took it one step up."""

    kind = "raised"
    private = True
    urns: tuple[Urn, ...] = Field(description="the schools")
    post: PostKind = Field(description="the post")
    rung: Rung = Field(description="who looks at it")
    reason: OwnWords | None = Field(description="why, in the head's own words")
    on: dt.date = Field(description="the day")
    decide_by: dt.date = Field(description="by when it is decided")
    sip: SipId | None = Field(None, description="the SIP; none: who has the post at the end")


class StandingTold(Fact):
    """Letters that ask for no answer went: other days, endings, decisions, confirmations."""

    kind = "told"
    schools: dict[Urn, tuple[State, ...]] = Field(description="by school, the states that it was told of")
    sips: dict[SipId, tuple[State, ...]] = Field(description="by SIP, the same")
    on: dt.date = Field(description="the day of the letter")


class LetterLine(Frozen):
    """A letter that went; its text is kept beside the log."""

    id: Id
    kind: Annotated[str, TextKind("a kind of letter (`report.wording`)")]
    key: Annotated[str, TextKind("the first URN, or the SIP's id")]
    urns: tuple[Urn, ...]
    to: Name
    role: Literal["head", "chair", "sip"]
    sha256: Digest


class LettersKept(Fact):
    """The letters of the step just before, as they went."""

    kind = "letters"
    letters: tuple[LetterLine, ...] = Field(
        description="each with `id`, `kind`, `key` (first URN or SIP), `urns`, `to` (a name), `role` and the `sha256` "
        "of what it says"
    )


SAYS: dict[str, type[SchoolReplies]] = {"accept": SchoolAccepts, "query": SchoolAsks, "veto": SchoolRefuses}
SHAPES: dict[str, tuple[type[Fact], ...]] = {
    "plan": (PlanPut,),
    "sounded": (Sounded,),
    "proposed": (Proposed,),
    "withdrawn": (Withdrawn,),
    "reminded": (Reminded,),
    "answer": (*SAYS.values(), SipReplies),
    "refusal_decided": (RefusalDecided,),
    "query_closed": (QueryClosed,),
    "governors": (GovernorsSay,),
    "confirmed": (PairsConfirmed,),
    "in_force": (PutInForce,),
    "raised": (TakenUp,),
    "told": (StandingTold,),
    "letters": (LettersKept,),
}


def _shape(kind: str, data: Mapping[str, Any]) -> type[Fact]:
    if kind == "answer":
        return SipReplies if data["by"] == "sip" else SAYS[data["answer"]]
    return FACTS.shapes[kind][0]


def _plan_2(data: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """At first a plan had one holder a post, whose days, work done and heads' requests to come too were not in it."""
    first = {"beside": [], "behind": [], "line_ups": [], "follows": [], "reply_days": RoundRules().query_days}
    return first | data


def _query_closed_2(data: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """At first an answer let nobody go, its day was that on which it was recorded, and what was asked was not kept."""
    return {"on": at.date().isoformat(), "opens": False, "about": None, **data}


FACTS = Schemas[Fact]("event", SHAPES, {("plan", 1): _plan_2, ("query_closed", 1): _query_closed_2}, _shape)


@dataclass(frozen=True)
class Event:
    """One thing that happened. `n` counts from 1; `at` is when it was recorded, UTC."""

    n: int
    at: dt.datetime
    by: Person
    fact: Fact

    @property
    def kind(self) -> Kind:
        return self.fact.kind


def read(n: int, at: dt.datetime, by: Mapping[str, Any], kind: str, version: int, data: Mapping[str, Any]) -> Event:
    """An event as it was recorded, by whichever version of this program. Raises UsageError, Spoilt
    (`versioned.Schemas.read`)."""
    fact = FACTS.read(n, kind, version, data, at)
    try:
        return Event(n, at, Person.model_validate(by), fact)
    except ValidationError:
        raise Spoilt(f"Event {n} ({kind}) does not say who did it. Restore the store from a backup.") from None


def named(fact: Fact) -> tuple[frozenset[str], frozenset[str]]:
    """The schools and the SIPs that it names; of a letter to a SIP that SIP alone, and nobody of a whole plan."""
    match fact:
        case Proposed() | Withdrawn() | Reminded() | SchoolAccepts() | SchoolAsks() | QueryClosed():
            return frozenset(fact.urns), frozenset()
        case SchoolRefuses() | RefusalDecided() | TakenUp() | SipReplies():
            return frozenset(fact.urns), frozenset(() if fact.sip is None else (fact.sip,))
        case Sounded():
            return frozenset(), frozenset(fact.sips)
        case StandingTold():
            return frozenset(fact.schools), frozenset(fact.sips)
        case GovernorsSay():
            return frozenset({fact.urn}), frozenset()
        case PairsConfirmed():
            return frozenset(ref[0] for ref in fact.pairs), frozenset()
        case LettersKept():
            ours = [x for x in fact.letters if x.role != "sip"]
            return frozenset(u for x in ours for u in x.urns), frozenset(x.key for x in fact.letters if x.role == "sip")
    return frozenset(), frozenset()
