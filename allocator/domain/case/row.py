"""What a row of any table is, and the closed lists of columns that several tables or rules know.

The files of tables and of the policy leave annotations as they are: those put off until later, pydantic would read as
text at every start.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

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
Participation = Literal["needs_sip", "buys_in", "own_sip", "la_sip", "trust_provided", "partnership", "not_taking_part"]
PERIODS = ("autumn_1", "autumn_2", "spring", "summer")
CARD_GRADES: tuple[CardGrade, ...] = get_args(CardGrade)  # best first
NEEDS: tuple[Need, ...] = ("top", "high", "raised", "standard", "low")  # neediest first
POST_KINDS: tuple[PostKind, ...] = ("lead", "support", "appraisal")
PHASES: tuple[Phase, ...] = get_args(Phase)


class Row(BaseModel):
    """One row of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
