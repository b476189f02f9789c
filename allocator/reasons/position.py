"""A school's position as published, each generation by itself with its date, never one score (domain 3.1, E1)."""

from __future__ import annotations

import datetime as dt

from allocator.domain.case import School
from allocator.domain.flags import CARD_AREAS, CONCERN
from allocator.words import day, listed, words

OEIF = {"1": "outstanding", "2": "good", "3": "requires improvement", "4": "inadequate", "not_judged": "not judged"}


def position(s: School) -> tuple[str, ...]:
    """One line a fact that a manager weighs; empty when nothing is on record."""
    out = []
    if s.category_of_concern:
        out.append(f"Category of concern: {CONCERN[s.category_of_concern][1]}.")
    card = [(words(a), g) for a in CARD_AREAS if (g := getattr(s, f"card_{a}"))]
    if s.card_safeguarding or card:
        grades: dict[str, list[str]] = {}
        for area, grade in card:
            grades.setdefault(words(grade), []).append(area)
        said = [f"safeguarding {words(s.card_safeguarding)}"] if s.card_safeguarding else []
        said += [f"{grade} in {listed(areas)}" for grade, areas in grades.items()]
        out.append(f"Report card{_on(s.card_date)}: {'; '.join(said)}.")
    graded = [
        f"{name} {OEIF[value]}"
        for name, value in (
            ("overall", s.oeif_overall),
            ("quality of education", s.oeif_quality_of_education),
            ("leadership", s.oeif_leadership),
            ("before that", s.previous_oeif_overall),
        )
        if value
    ]
    if s.oeif_safeguarding is not None:
        graded.append(f"safeguarding {'effective' if s.oeif_safeguarding else 'not effective'}")
    if graded:
        out.append(f"Earlier framework{_on(s.oeif_date)}: {', '.join(graded)}.")
    if s.ungraded_outcome:
        out.append(f"Ungraded inspection{_on(s.ungraded_date)}: {s.ungraded_outcome}.")
    if s.stuck:
        out.append("Below good at two inspections running (stuck).")
    if s.inspection_due:
        out.append("An inspection is expected.")
    if s.other_support:
        out.append(f"Other support: {s.other_support}. Agree the SIP's part in it.")
    return tuple(out)


def _on(date: dt.date | None) -> str:
    return f", {day(date)}" if date else ""
