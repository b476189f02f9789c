"""Flags of a school's position, each as published and dated; generations are never one score (domain 3.1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from allocator.domain.case import School

CONCERN = {
    "SM": ("special_measures", "special measures"),
    "SWK": ("significant_improvement", "serious weaknesses"),
    "RSI": ("significant_improvement", "requires significant improvement"),
}
CARD_AREAS = (
    "inclusion",
    "curriculum",
    "achievement",
    "attendance",
    "development",
    "early_years",
    "post_16",
    "leadership",
)


@dataclass(frozen=True)
class Flag:
    name: str
    text: str
    date: dt.date | None = None


def flags_of(s: School) -> tuple[Flag, ...]:
    """Every flag the published facts raise, in a fixed order."""
    out = []
    if s.category_of_concern:
        name, text = CONCERN[s.category_of_concern]
        out.append(Flag(name, text, s.card_date or s.oeif_date))
    card = any(getattr(s, f"card_{a}") for a in (*CARD_AREAS, "safeguarding"))
    if s.card_safeguarding == "not_met":
        out.append(Flag("safeguarding_not_met", "safeguarding standards not met", s.card_date))
    elif not card and s.oeif_safeguarding is False:
        out.append(Flag("safeguarding_not_met", "safeguarding not effective", s.oeif_date))
    urgent = [a for a in CARD_AREAS if getattr(s, f"card_{a}") == "urgent_improvement"]
    if urgent:
        out.append(Flag("urgent_improvement", f"urgent improvement in {', '.join(urgent)}", s.card_date))
    if s.card_leadership == "needs_attention":
        out.append(Flag("leadership_needs_attention", "leadership and governance needs attention", s.card_date))
    below = {"3": "requires improvement", "4": "inadequate"}
    if s.oeif_overall in below or s.previous_oeif_overall in below:
        graded = below.get(s.oeif_overall or "") or below[s.previous_oeif_overall or "3"]
        out.append(Flag("earlier_ri", f"graded {graded} earlier", s.oeif_date))
    elif s.oeif_overall == "not_judged":
        for text, grade in (("quality of education", s.oeif_quality_of_education), ("leadership", s.oeif_leadership)):
            if grade in below:
                out.append(Flag("earlier_ri", f"{text}: {below[grade]}", s.oeif_date))
                break
    if s.stuck:
        out.append(Flag("stuck", "below good at two inspections running"))
    if s.need == "top":
        out.append(Flag("top_need", "top need"))
    return tuple(out)
