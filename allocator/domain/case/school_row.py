"""The table of schools."""

import datetime as dt
from typing import Literal

from pydantic import Field

from allocator.domain.case.row import CardGrade, Need, Oeif, Participation, Phase, Row


class School(Row):
    """`schools`: one row a school. Coordinates in metres, British National Grid; days in days."""

    urn: str = Field(description="the national number; every other table names the school by it")
    name: str = Field(description="as it should read in letters")
    phase: Phase = Field(description="a SIP must serve it; a middle school counts as its deemed phase")
    phase_choice: Literal["primary", "secondary", "both"] | None = Field(
        None, description="an all-through school's: which phase its SIP must serve; blank = both"
    )
    la: str | None = Field(
        None, description="the authority: for SIPs who work for some only, ties, and who is known locally"
    )
    trust: str | None = Field(None, description="the trust that runs it: a SIP's own trust is barred")
    diocese: str | None = Field(None, description="kept and handed back; no rule uses it")
    cluster: str | None = Field(
        None, description="its partnership: a SIP's own cluster is barred, and a cluster may ask for one SIP"
    )
    cluster_wants_one_sip: bool | None = Field(
        None, description="the cluster asks for one SIP; any member's yes counts"
    )
    head: str | None = Field(
        None,
        description="an id for the head, never a name; schools with the same one share a lead, one answer, "
        "one appraisal",
    )
    head_status: Literal["substantive", "interim", "acting"] | None = Field(
        None, description="an interim or acting head counts as new for experience"
    )
    paired_with: str | None = Field(
        None, description="URN of an infant or junior school's other half: the same SIP where that can be"
    )
    easting: float | None = Field(None, description="metres, British National Grid; blank = distance rules let it pass")
    northing: float | None = Field(None, description="metres, British National Grid")
    pupils: int | None = Field(None, ge=0, description="for experience of small and large schools")
    fsm_percent: float | None = Field(None, ge=0, le=100, description="percent with free meals, for experience")
    rural: bool | None = Field(None, description="for experience of rural schools")
    religious_character: str | None = Field(
        None, description="the school's, as published, for experience of faith schools; never a person's"
    )
    status: Literal["open", "proposed_to_close", "proposed_to_open", "closed"] | None = Field(
        None, description="closed and coming schools are counted, not in the run; blank = open"
    )
    opens_on: dt.date | None = Field(
        None, description="first day of a school that opens in the year; its days are pro rata"
    )
    closes_on: dt.date | None = Field(
        None, description="last day of a school that closes in the year; its days are pro rata"
    )
    participation: Participation | None = Field(
        None, description="needs_sip and buys_in are in the run, the others are counted; blank = needs_sip"
    )
    need: Need | None = Field(
        None,
        description="your own category: who is filled first, days if graduated, separate support; blank = standard",
    )
    days: float | None = Field(None, ge=0, description="days due, where they differ from policy")
    support_days: float | None = Field(None, ge=0, description="days of separate support; 0 = none")
    appraisal_days: float | None = Field(None, ge=0, description="days of the head's appraisal; 0 = none")
    other_support: str | None = Field(
        None, description="who else helps (RISE, trust): shown to the manager, so that the SIP's part is agreed"
    )
    inspection_due: bool | None = Field(None, description="in its inspection window: a flexible diary counts for")
    head_started: dt.date | None = Field(
        None,
        description="the head's first day here: a first year costs extra time and asks for experience of new heads",
    )
    head_email: str | None = Field(None, description="where the head's link goes (service)")
    chair_email: str | None = Field(None, description="where the chair's link goes (service)")
    appraisal: Literal["none", "same", "different", "any"] | None = Field(
        None,
        description="whose support the head's appraisal has: same = the lead, different = somebody else; blank = none",
    )
    focus: tuple[str, ...] = Field(
        (), description="what the head wants help with, e.g. early_reading; met by a SIP's specialisms"
    )
    category_of_concern: Literal["SM", "SWK", "RSI"] | None = Field(
        None, description="the most recent, as published: demands experience"
    )
    oeif_overall: Oeif | None = Field(None, description="earlier framework's overall grade")
    oeif_quality_of_education: Oeif | None = Field(None, description="its sub-grade")
    oeif_leadership: Oeif | None = Field(None, description="its sub-grade")
    oeif_safeguarding: bool | None = Field(None, description="whether safeguarding was effective")
    oeif_date: dt.date | None = Field(None, description="date of that inspection")
    previous_oeif_overall: Oeif | None = Field(None, description="overall grade of the inspection before")
    card_safeguarding: Literal["met", "not_met"] | None = Field(None, description="report card: safeguarding standards")
    card_inclusion: CardGrade | None = Field(None, description="report card grade")
    card_curriculum: CardGrade | None = Field(None, description="report card grade, curriculum and teaching")
    card_achievement: CardGrade | None = Field(None, description="report card grade")
    card_attendance: CardGrade | None = Field(None, description="report card grade, attendance and behaviour")
    card_development: CardGrade | None = Field(
        None, description="report card grade, personal development and wellbeing"
    )
    card_early_years: CardGrade | None = Field(None, description="report card grade, where there are early years")
    card_post_16: CardGrade | None = Field(None, description="report card grade, where there is a sixth form")
    card_leadership: CardGrade | None = Field(None, description="report card grade, leadership and governance")
    card_date: dt.date | None = Field(None, description="date of the report card")
    ungraded_outcome: str | None = Field(None, description="as published; shown to the manager")
    ungraded_date: dt.date | None = Field(None, description="date of that inspection")
    stuck: bool | None = Field(None, description="below good at two inspections running, as published")
