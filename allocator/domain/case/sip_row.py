"""The table of School Improvement Partners."""

import datetime as dt
from typing import Literal

from pydantic import Field

from allocator.domain.case.row import Kind, Phase, Row


class Sip(Row):
    """`sips`: one row a School Improvement Partner. Days are gross, offered to this programme."""

    sip: str = Field(description="a short id; every other table names the SIP by it")
    name: str = Field(description="as it should read in letters")
    kind: Kind = Field(
        description="what the SIP is; sets the most schools where max_schools is blank, and serving heads' rules"
    )
    phases: tuple[Phase, ...] = Field(min_length=1, description="phases served, e.g. primary;secondary")
    days: float = Field(ge=0, description="gross, offered to this programme in the year; overhead and reserve come off")
    status: Literal["active", "paused", "applied", "left"] | None = Field(
        None, description="only active SIPs are given schools; blank = active"
    )
    joined_on: dt.date | None = Field(
        None, description="first day: may be in the year; a newcomer is kept from churn-hit schools"
    )
    leaves_on: dt.date | None = Field(None, description="last day: a post that runs past it is barred")
    contract_ends: dt.date | None = Field(None, description="a post that runs past it is barred")
    trained: bool | None = Field(None, description="must be on record while policy requires it")
    board_approved: bool | None = Field(None, description="must be on record while policy requires it")
    dbs_checked_on: dt.date | None = Field(None, description="date of the check, nothing else of it")
    dbs_valid_until: dt.date | None = Field(None, description="a post that runs past it is barred; blank = no end")
    ever_head: bool | None = Field(None, description="whether ever a head, for policies that ask for headship")
    headship_phases: tuple[Phase, ...] = Field((), description="phases headed")
    headship_years: float | None = Field(None, ge=0, description="for serving heads' clauses, e.g. headship_years >= 5")
    current_urn: str | None = Field(
        None, description="the SIP's own school: barred; two heads are never SIP to each other"
    )
    current_la: str | None = Field(None, description="its authority: a serving head there needs a manager's yes")
    current_trust: str | None = Field(None, description="its trust: barred")
    current_cluster: str | None = Field(None, description="its cluster: barred")
    current_grade: str | None = Field(None, description="its grade as published, for serving heads' clauses")
    governor_release: bool | None = Field(None, description="release by its governors, where policy asks for it")
    evidence: tuple[str, ...] = Field(
        (), description="of serving heads' one-of list, e.g. nle;own_grade; the manager sees which was met"
    )
    max_schools: int | None = Field(None, ge=0, description="most schools as lead; blank: by kind, from policy")
    min_schools: int | None = Field(
        None, ge=0, description="fewest schools as lead, if any; blank: by kind, from policy"
    )
    autumn_1_days: float | None = Field(None, ge=0, description="most days in September and October; blank = no limit")
    autumn_2_days: float | None = Field(
        None, ge=0, description="most days in November and December, the peak; blank = no limit"
    )
    spring_days: float | None = Field(None, ge=0, description="most days from January to mid-April; blank = no limit")
    summer_days: float | None = Field(None, ge=0, description="most days from mid-April; blank = no limit")
    las: tuple[str, ...] = Field((), description="authorities the SIP works for; blank = any")
    easting: float | None = Field(None, description="metres, a base town will do; used for distance only")
    northing: float | None = Field(None, description="metres")
    max_km: float | None = Field(None, ge=0, description="farthest school; blank: from policy (60)")
    flexible_diary: bool | None = Field(
        None, description="can come at short notice: counts for where an inspection is due"
    )
    appraisal_trained: bool | None = Field(None, description="must be yes for a head's appraisal")
    experience: tuple[str, ...] = Field(
        (),
        description="e.g. special_measures;ri_to_good;small_school;large_school;faith_school;"
        "rural;high_fsm;new_head;high_performing;special_school",
    )
    specialisms: tuple[str, ...] = Field((), description="in the same words as the schools' focus")
    day_rate: float | None = Field(None, ge=0, description="for the cost rule (off); told to managers only")
    email: str | None = Field(None, description="where the SIP's link goes (service)")
    pen_portrait: str | None = Field(None, description="public: a school may read it")
