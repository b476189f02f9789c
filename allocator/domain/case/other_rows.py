"""Every other table: what was between schools and SIPs, what each asked for, what was decided."""

import datetime as dt
from typing import Literal

from pydantic import Field

from allocator.domain.case.row import DecisionKind, Ended, InterestKind, Need, PostKind, Row, WishKind


class History(Row):
    """`history`: who was SIP to whom, one row a year and role."""

    urn: str = Field(description="the school")
    sip: str = Field(description="the SIP's id then; may be somebody who has left")
    year: str = Field(description="as 2025/26")
    role: PostKind | None = Field(None, description="blank = lead")
    ended: Ended | None = Field(None, description="how the tenure ended; blank or end_of_year = it goes on")
    ended_on: dt.date | None = Field(None, description="the day; blank = 31 August of that year")


class Worked(Row):
    """`worked`: time already given in the year of the case."""

    urn: str = Field(description="the school")
    post: PostKind = Field(description="which post")
    sip: str = Field(description="who gave the time")
    on: dt.date = Field(description="the day, in the year of the case")
    days: float = Field(ge=0, description="how much: a repair never touches it")


class NeedChange(Row):
    """`needs`: need or category that changed within the year of the case; days are pro rata from `on`."""

    urn: str = Field(description="the school")
    on: dt.date = Field(description="from this day")
    need: Need | None = Field(None, description="its new need; days are pro rata")
    category_of_concern: Literal["SM", "SWK", "RSI"] | None = Field(None, description="its new category, as published")


class Absence(Row):
    """`absences`: a SIP away within the year who comes back; both days included."""

    sip: str = Field(description="who is away")
    away_from: dt.date = Field(description="first day")
    away_to: dt.date = Field(description="last day, both included")


class Succession(Row):
    """`successions`: history, refusals, interests and unused days follow from old to new URN."""

    old_urn: str = Field(description="the school that was")
    new_urn: str = Field(description="the school that carries on")
    on: dt.date = Field(description="the day")
    kind: Literal["conversion", "amalgamation", "split"] = Field(
        description="what happened; history, refusals and interests follow in each case"
    )


class Interest(Row):
    """`interests`: the register of conflicts (domain D9). Exactly one of urn, trust, la."""

    sip: str = Field(description="who declared it")
    urn: str | None = Field(None, description="the school it is in; fill one of urn, trust, la")
    trust: str | None = Field(None, description="or every school of a trust")
    la: str | None = Field(None, description="or every school of an authority")
    kind: InterestKind = Field(description="every kind bars but former_adviser, which counts for")
    declared_on: dt.date | None = Field(None, description="the day")
    until: dt.date | None = Field(None, description="when it lapses; blank = never")
    outcome: Literal["open", "cleared", "barred"] | None = Field(
        None, description="cleared lifts the bar; blank = open, which bars"
    )
    decided_by: str | None = Field(None, description="who cleared or barred it")


class Wish(Row):
    """`wishes`: what a school or a SIP asked for (domain E, F3, F6)."""

    by: Literal["school", "sip"] = Field(description="who wishes")
    urn: str | None = Field(
        None, description="the school; a SIP's wish without one is about every school led last year"
    )
    sip: str | None = Field(None, description="the SIP who wishes, or is named")
    wish: WishKind = Field(description="what; follow_head and named must name the SIP")
    strength: Literal[1, 2, 3] | None = Field(
        None, description="1 to 3; blank = 2; a change or move_on of 3 bars the pair"
    )
    note: str | None = Field(None, description="kept for you; the person may be shown it")


class Decision(Row):
    """`decisions`: a manager's recorded word, always with a reason."""

    decision: DecisionKind = Field(description="lock fixes a pair, forbid bars it; the others lift or set one rule")
    urn: str = Field(description="the school; for one_sip_for_cluster any member")
    post: PostKind | None = Field(None, description="blank = lead for a lock, every post for a forbid")
    sip: str | None = Field(None, description="whom it is about; blank = anybody, where that makes sense")
    until: dt.date | None = Field(None, description="last day it holds; blank = until taken back")
    reason: str = Field(description="why, in a sentence you would show")
    by: str = Field(description="who decided")
    on: dt.date = Field(description="when")


class Refusal(Row):
    """`refusals`: a veto bars the pair that year and the next; a breakdown until cleared."""

    urn: str = Field(description="the school")
    sip: str = Field(description="whom it refused, or with whom the work broke down")
    kind: Literal["veto", "breakdown"] = Field(
        description="a veto bars this year and the next; a breakdown until clear_breakdown"
    )
    year: str = Field(description="as 2026/27")
    on: dt.date | None = Field(None, description="the day")


class Answer(Row):
    """`answers`: what head, chair or SIP said to a proposal."""

    urn: str = Field(description="the school")
    post: PostKind = Field(description="which post")
    by: Literal["head", "chair", "sip"] = Field(description="who answered")
    answer: Literal["accept", "veto", "query", "agree"] = Field(
        description="an accepted pair is held when others refuse"
    )
    reason: str | None = Field(None, description="optional; never shown to others")
    on: dt.date = Field(description="the day; the last answer counts")


class Travel(Row):
    """`travel`: a known distance that overrides the straight line."""

    urn: str = Field(description="the school")
    sip: str = Field(description="the SIP")
    km: float | None = Field(None, ge=0, description="by road: used instead of the straight line, and said so")
    minutes: float | None = Field(None, ge=0, description="kept and handed back; no rule uses it")
