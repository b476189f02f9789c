"""Requests and answers of the service. Days are days; times UTC, RFC 3339."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from allocator.domain import characters
from allocator.domain.case import PostKind
from allocator.domain.change_args import Change
from allocator.service.http_problems import HttpProblem, TableProblem

T = TypeVar("T")


def storable(text: str) -> str:
    """Text with no character that cannot be kept (`domain.characters`)."""
    found = characters.lines(text)
    if odd := characters.strange(found):
        raise ValueError(f"{odd} cannot be kept; take it out")
    return found


def _address(text: str) -> str:
    if not characters.is_address(text):
        raise ValueError("not an email address such as name@school.example")
    return text


def _number(text: str) -> str:
    if text and not characters.is_telephone(text):
        raise ValueError("not a telephone number such as 01632 960018 or +44 1632 960018 ext. 4")
    return text


Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="an id, as the service gave it")]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, strip_whitespace=True),
    AfterValidator(storable),
    AfterValidator(characters.one_line),
]
Line = Annotated[
    str,
    StringConstraints(max_length=200, strip_whitespace=True),
    AfterValidator(storable),
    AfterValidator(characters.one_line),
]
Telephone = Annotated[str, StringConstraints(max_length=40, strip_whitespace=True), AfterValidator(_number)]
Words = Annotated[str, StringConstraints(max_length=2000), AfterValidator(storable)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(storable)]  # a URN or SIP id
UrnPath = Annotated[str, Path(max_length=100, description="the school's URN"), AfterValidator(storable)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]
Cursor = Annotated[str | None, Query(max_length=500, description="where the page before ended: its `next`")]
Limit = Annotated[int, Query(ge=1, le=500, description="most items on the page")]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PageOf(BaseModel, Generic[T]):
    """One page; ask again with `cursor` = `next` while that is not null."""

    items: list[T]
    next: str | None = None


def page(
    session: Session, query: Any, columns: list[Any], cursor: str | None, limit: int, out: Callable[[Any], T]
) -> PageOf[T]:
    """Rows after the cursor, in the order of `columns` (unique together)."""
    if cursor is not None:
        try:
            raw = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
            if not isinstance(raw, list) or len(raw) != len(columns):
                raise ValueError
            values = [_back(v, c) for v, c in zip(raw, columns, strict=True)]
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise HttpProblem("invalid", "This cursor is not one that we gave. Begin again without it.") from None
        query = query.where(
            sa.tuple_(*columns) > sa.tuple_(*[sa.literal(v, c.type) for v, c in zip(values, columns, strict=True)])
        )
    rows = list(session.scalars(query.order_by(*columns).limit(limit + 1)))
    following = None
    if len(rows) > limit:
        last = [getattr(rows[limit - 1], c.key) for c in columns]
        text = json.dumps([v.isoformat() if isinstance(v, dt.datetime) else v for v in last])
        following = base64.urlsafe_b64encode(text.encode()).decode()
    return PageOf(items=[out(r) for r in rows[:limit]], next=following)


def _back(value: Any, column: Any) -> Any:
    kind = column.type.python_type
    if kind is dt.datetime:
        return dt.datetime.fromisoformat(storable(value))
    if type(value) is not kind or (kind is int and abs(value) > 2**31):
        raise ValueError
    return storable(value) if kind is str else value


# -- programmes and rounds ------------------------------------------------------------------------------------------


class ProgrammeIn(In):
    """`office` and `telephone`: below the manager's name in letters, and where people are told to ring; blank: none."""

    name: Name
    office: Line = ""
    telephone: Telephone = Field("", examples=["01632 960018"])


class ProgrammeOut(Out):
    id: str
    name: str
    office: str
    telephone: str
    created_at: dt.datetime


class RoundIn(In):
    name: Name = Field(examples=["2026/27"])


class RoundOut(BaseModel):
    """`state` as in docs/explanation/rounds.md; `plan` is the one on the desk."""

    id: str
    programme: str
    name: str
    version: int
    created_at: dt.datetime
    state: str
    resubmissions: int
    plan: str | None
    case_sha256: str | None
    altered: str
    reminders_due: list[str]
    private_words: list[str]


class CaseSaid(BaseModel):
    sha256: str
    year: str
    schools: int
    sips: int
    problems: list[TableProblem]


class CaseOut(BaseModel):
    sha256: str
    case: dict[str, Any]
    problems: list[TableProblem]


class EventOut(BaseModel):
    n: int
    at: dt.datetime
    by: dict[str, Any]
    kind: str
    data: dict[str, Any]


class RefusalDecision(In):
    urn: Key
    post: PostKind = "lead"
    stands: bool | None = Field(None, description="null = pass it to the next rung of the ladder")
    reason: Words


class NewRound(BaseModel):
    """A round's next year. `opened`: by this request; false where it was open already, and nothing was done."""

    round: str
    notes: list[str]
    opened: bool = True


# -- work --------------------------------------------------------------------------------------------------------


class Bounds(In):
    time_limit: float | None = Field(None, gt=0, le=3600, description="seconds; the plan may then differ")
    work_limit: float | None = Field(None, gt=0, le=1e6, description="deterministic work; repeatable")


class SolveIn(Bounds):
    seed: int = Field(1, ge=0, le=2**31 - 1)
    adopt: bool = Field(True, description="put the plan on the round's desk as its draft")


class WhatIfIn(Bounds):
    changes: list[Change] = Field(min_length=1, max_length=200, examples=[[{"sip_leaves": {"sip": "john"}}]])
    rebuild: bool = False
    on: dt.date | None = None
    adopt: bool = Field(False, description="put it on the desk: a change by hand, or a repair once in force")
    reason: Words | None = None


class ResubmitIn(In):
    adopt: bool = Field(True, description="put it on the desk; false = only work out who would move")


class Chosen(In):
    urn: Key
    sip: Key


class ChoicesIn(Bounds):
    changes: list[Change] = Field(min_length=1, max_length=200)
    chosen: list[Chosen] = Field([], max_length=500)


class SweepIn(In):
    leaving: Literal[1, 2] = 1
    gains: bool = False


class ExportIn(In):
    format: Literal["xlsx", "html"] = "xlsx"


class JobOut(BaseModel):
    """`state`: queued, running, done, cancelled or failed; `reason` where it did not end well, or waits for a
    worker of a newer version of the program."""

    id: str
    kind: str
    round: str
    state: str
    reason: str | None
    result: dict[str, Any] | None
    progress: dict[str, Any] | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


# -- plans and answers ---------------------------------------------------------------------------------------------


class Publication(In):
    """`propose`: letters go out (all, or these schools). `sound`: SIPs are asked first. `withdraw` needs a reason.
    `remind`: those due. `close`: the date has passed; what silence means is recorded. `tell`: letters that ask for
    no answer (other days, endings, decisions, confirmations) to whom one is due, all or these."""

    action: Literal["propose", "sound", "withdraw", "remind", "close", "tell"] = "propose"
    urns: list[Key] | None = Field(None, max_length=30_000)
    sips: list[Key] | None = Field(None, max_length=5_000)
    answer_by: dt.date | None = None
    reason: Words | None = None


class AnswerIn(In):
    """A school's, SIP's or governing body's word. A manager who takes it down by telephone says for whom, in `by`.
    `raise`: a head takes a refusal that did not stand one step up. `decline`: a SIP says no to one school, with
    the reason."""

    urn: Key
    post: PostKind | None = None
    answer: Literal[
        "accept", "agree", "veto", "query", "raise", "move_on", "decline", "interest", "governors_yes", "governors_no"
    ]
    reason: Words | None = None
    by: Literal["head", "chair", "sip", "governors"] | None = None
    via: Literal["page", "telephone", "letter"] = "page"


class QueryOut(BaseModel):
    id: str
    urn: str
    post: str
    by: str
    about: str
    text: str | None
    answer_by: dt.date
    outcome: str | None
    sip: str | None
    closed_by: str | None
    closed_on: dt.date | None
    opens: bool
    whom: str | None = Field(None, description="follow: the SIP who is asked to come with the head")
    granted: bool = Field(False, description="follow: that SIP had the school when it was decided")


class QueryIn(In):
    outcome: Words
    opens: bool = Field(
        False, description="a SIP who declined a school, asked to move on, or declared a tie that bars, is let go"
    )


class PairRef(In):
    """A pair: the post's last holder, or the SIP named where several hold it in the year."""

    urn: Key
    post: PostKind = "lead"
    sip: Key | None = None


class ConfirmIn(In):
    pairs: list[PairRef] = Field(min_length=1, max_length=30_000)


class Recorded(BaseModel):
    """What was recorded, and where the round now stands; a school and a SIP read neither, as both tell what others
    did."""

    events: list[int]
    state: str | None
    version: int | None
    told: str | None = None


class Standing(BaseModel):
    """Where one pair stands, for managers and auditors."""

    urn: str
    school: str
    post: str
    sip: str
    name: str
    stage: str
    released_on: dt.date | None
    answer_by: dt.date | None
    head: str | None
    chair: bool
    silent: bool
    governors: bool | None
    represented: bool
    rung: str | None
    decide_by: dt.date | None
    declined: bool
    confirmed_by: str | None
    from_: dt.date = Field(serialization_alias="from")
    to: dt.date
    missing: list[str] = []


class LetterOut(BaseModel):
    """A letter as it went. `whole`: its text is the one that the log has sealed."""

    id: str
    kind: str
    urns: list[str]
    to: str
    role: str
    on: dt.datetime
    by: str
    heading: str
    text: str
    whole: bool


class OwnPair(BaseModel):
    """What a school or a SIP is told of its own pair: no points, rival or other school (domain N)."""

    urn: str
    school: str
    post: str
    sip_name: str
    pen_portrait: str | None
    from_: dt.date = Field(serialization_alias="from")
    to: dt.date
    days: float
    periods: dict[str, float] | None = None
    text: str
    stage: str | None = Field(description="for the school; what a school said is not told to its SIP")
    answer_by: dt.date | None
    answer: str | None
    may_refuse: bool | None = None


class OwnPlan(BaseModel):
    id: str
    assignments: list[OwnPair]
