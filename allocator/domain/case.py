"""Facts in: the tables of a case (contract 1). Frozen; a blank is None, never zero."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Phase = Literal[
    "nursery",
    "primary",
    "middle_primary",
    "secondary",
    "middle_secondary",
    "all_through",
    "sixteen_plus",
    "special",
    "alternative",
]
Need = Literal["low", "standard", "raised", "high", "top"]
Kind = Literal["la_adviser", "serving_head", "retired_head", "consultant"]
PostKind = Literal["lead", "support", "appraisal"]
CardGrade = Literal["exceptional", "strong", "expected", "needs_attention", "urgent_improvement"]
Oeif = Literal["1", "2", "3", "4", "not_judged"]
Ended = Literal["end_of_year", "sip_left", "school_asked", "sip_asked", "breakdown", "rotation", "manager"]
WishKind = Literal[
    "keep",
    "change",
    "known_locally",
    "fresh_eyes",
    "named",
    "not_serving_head",
    "flexible_diary",
    "follow_head",
    "move_on",
]
InterestKind = Literal[
    "head",
    "governor",
    "family",
    "employed",
    "paid_work",
    "financial",
    "former_head",
    "inspected",
    "former_adviser",
    "other",
]
DecisionKind = Literal[
    "lock",
    "forbid",
    "extend_tenure",
    "allow_change",
    "allow_return",
    "accept_local_head",
    "clear_breakdown",
    "separate_support",
    "one_sip_for_cluster",
]
PERIODS = ("autumn_1", "autumn_2", "spring", "summer")
CARD_GRADES: tuple[CardGrade, ...] = get_args(CardGrade)  # best first
NEEDS: tuple[Need, ...] = ("top", "high", "raised", "standard", "low")  # neediest first
POST_KINDS: tuple[PostKind, ...] = ("lead", "support", "appraisal")


class Row(BaseModel):
    """One row of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class School(Row):
    """`schools`: one row a school. Coordinates in metres, British National Grid; days in days."""

    urn: str
    name: str
    phase: Phase
    phase_choice: Literal["primary", "secondary", "both"] | None = None
    la: str | None = None
    trust: str | None = None
    diocese: str | None = None
    cluster: str | None = None
    cluster_wants_one_sip: bool | None = None
    head: str | None = None
    head_status: Literal["substantive", "interim", "acting"] | None = None
    paired_with: str | None = None
    easting: float | None = None
    northing: float | None = None
    pupils: int | None = Field(None, ge=0)
    fsm_percent: float | None = Field(None, ge=0, le=100)
    rural: bool | None = None
    religious_character: str | None = None
    status: Literal["open", "proposed_to_close", "proposed_to_open", "closed"] | None = None
    opens_on: dt.date | None = None
    closes_on: dt.date | None = None
    participation: (
        Literal[
            "needs_sip",
            "buys_in",
            "own_sip",
            "la_sip",
            "trust_provided",
            "partnership",
            "not_taking_part",
        ]
        | None
    ) = None
    need: Need | None = None
    days: float | None = Field(None, ge=0)
    support_days: float | None = Field(None, ge=0)
    appraisal_days: float | None = Field(None, ge=0)
    other_support: str | None = None
    inspection_due: bool | None = None
    head_started: dt.date | None = None
    head_email: str | None = None
    chair_email: str | None = None
    appraisal: Literal["none", "same", "different", "any"] | None = None
    focus: tuple[str, ...] = ()
    category_of_concern: Literal["SM", "SWK", "RSI"] | None = None
    oeif_overall: Oeif | None = None
    oeif_quality_of_education: Oeif | None = None
    oeif_leadership: Oeif | None = None
    oeif_safeguarding: bool | None = None
    oeif_date: dt.date | None = None
    previous_oeif_overall: Oeif | None = None
    card_safeguarding: Literal["met", "not_met"] | None = None
    card_inclusion: CardGrade | None = None
    card_curriculum: CardGrade | None = None
    card_achievement: CardGrade | None = None
    card_attendance: CardGrade | None = None
    card_development: CardGrade | None = None
    card_early_years: CardGrade | None = None
    card_post_16: CardGrade | None = None
    card_leadership: CardGrade | None = None
    card_date: dt.date | None = None
    ungraded_outcome: str | None = None
    ungraded_date: dt.date | None = None
    stuck: bool | None = None


class Sip(Row):
    """`sips`: one row a School Improvement Partner. Days are gross, offered to this programme."""

    sip: str
    name: str
    kind: Kind
    phases: tuple[Phase, ...] = Field(min_length=1)
    days: float = Field(ge=0)
    status: Literal["active", "paused", "applied", "left"] | None = None
    joined_on: dt.date | None = None
    leaves_on: dt.date | None = None
    contract_ends: dt.date | None = None
    trained: bool | None = None
    board_approved: bool | None = None
    dbs_checked_on: dt.date | None = None
    dbs_valid_until: dt.date | None = None
    ever_head: bool | None = None
    headship_phases: tuple[Phase, ...] = ()
    headship_years: float | None = Field(None, ge=0)
    current_urn: str | None = None
    current_la: str | None = None
    current_trust: str | None = None
    current_cluster: str | None = None
    current_grade: str | None = None
    governor_release: bool | None = None
    evidence: tuple[str, ...] = ()
    max_schools: int | None = Field(None, ge=0)
    min_schools: int | None = Field(None, ge=0)
    autumn_1_days: float | None = Field(None, ge=0)
    autumn_2_days: float | None = Field(None, ge=0)
    spring_days: float | None = Field(None, ge=0)
    summer_days: float | None = Field(None, ge=0)
    las: tuple[str, ...] = ()
    easting: float | None = None
    northing: float | None = None
    max_km: float | None = Field(None, ge=0)
    flexible_diary: bool | None = None
    appraisal_trained: bool | None = None
    experience: tuple[str, ...] = ()
    specialisms: tuple[str, ...] = ()
    day_rate: float | None = Field(None, ge=0)
    email: str | None = None
    pen_portrait: str | None = None


class History(Row):
    """`history`: who was SIP to whom, one row a year and role."""

    urn: str
    sip: str
    year: str
    role: PostKind | None = None
    ended: Ended | None = None
    ended_on: dt.date | None = None


class Worked(Row):
    """`worked`: time already given in the year of the case."""

    urn: str
    post: PostKind
    sip: str
    on: dt.date
    days: float = Field(ge=0)


class NeedChange(Row):
    """`needs`: need or category that changed within the year of the case; days are pro rata from `on`."""

    urn: str
    on: dt.date
    need: Need | None = None
    category_of_concern: Literal["SM", "SWK", "RSI"] | None = None


class Absence(Row):
    """`absences`: a SIP away within the year who comes back; both days included."""

    sip: str
    away_from: dt.date
    away_to: dt.date


class Succession(Row):
    """`successions`: history, refusals, interests and unused days follow from old to new URN."""

    old_urn: str
    new_urn: str
    on: dt.date
    kind: Literal["conversion", "amalgamation", "split"]


class Interest(Row):
    """`interests`: the register of conflicts (domain D9). Exactly one of urn, trust, la."""

    sip: str
    urn: str | None = None
    trust: str | None = None
    la: str | None = None
    kind: InterestKind
    declared_on: dt.date | None = None
    until: dt.date | None = None
    outcome: Literal["open", "cleared", "barred"] | None = None
    decided_by: str | None = None


class Wish(Row):
    """`wishes`: what a school or a SIP asked for (domain E, F3, F6)."""

    by: Literal["school", "sip"]
    urn: str | None = None
    sip: str | None = None
    wish: WishKind
    strength: Literal[1, 2, 3] | None = None
    note: str | None = None


class Decision(Row):
    """`decisions`: a manager's recorded word, always with a reason."""

    decision: DecisionKind
    urn: str
    post: PostKind | None = None
    sip: str | None = None
    until: dt.date | None = None
    reason: str
    by: str
    on: dt.date


class Refusal(Row):
    """`refusals`: a veto bars the pair that year and the next; a breakdown until cleared."""

    urn: str
    sip: str
    kind: Literal["veto", "breakdown"]
    year: str
    on: dt.date | None = None


class Answer(Row):
    """`answers`: what head, chair or SIP said to a proposal."""

    urn: str
    post: PostKind
    by: Literal["head", "chair", "sip"]
    answer: Literal["accept", "veto", "query", "agree"]
    reason: str | None = None
    on: dt.date


class Travel(Row):
    """`travel`: a known distance that overrides the straight line."""

    urn: str
    sip: str
    km: float | None = Field(None, ge=0)
    minutes: float | None = Field(None, ge=0)


class Case(BaseModel):
    """All tables of one programme's year. Rows are kept sorted, so that equal cases are equal.

    `year` is the academic year planned, as `2026/27`. `extras` holds the manager's own unknown
    columns: table -> list of {column: text}, keyed by the row's key text; it never enters the model, nor do
    `notices`, what was said when the tables were read, which go with every plan made of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: str
    schools: tuple[School, ...]
    sips: tuple[Sip, ...]
    history: tuple[History, ...] = ()
    worked: tuple[Worked, ...] = ()
    needs: tuple[NeedChange, ...] = ()
    absences: tuple[Absence, ...] = ()
    successions: tuple[Succession, ...] = ()
    interests: tuple[Interest, ...] = ()
    wishes: tuple[Wish, ...] = ()
    decisions: tuple[Decision, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    answers: tuple[Answer, ...] = ()
    travel: tuple[Travel, ...] = ()
    extras: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    notices: tuple[str, ...] = ()


TABLES: dict[str, type[Row]] = {
    "schools": School,
    "sips": Sip,
    "history": History,
    "worked": Worked,
    "needs": NeedChange,
    "absences": Absence,
    "successions": Succession,
    "interests": Interest,
    "wishes": Wish,
    "decisions": Decision,
    "refusals": Refusal,
    "answers": Answer,
    "travel": Travel,
}
PHASES: tuple[Phase, ...] = get_args(Phase)
