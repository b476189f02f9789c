"""One row of an inspection file, whatever its edition, as results of the three generations (domain 3.1).

Grades of 1 to 4 with or without an overall one, report cards, and ungraded outcomes stand side by side and are never
folded into one. Editions since September 2005 are known; before, inspectors used another scale.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from allocator.domain.case import TABLES
from allocator.domain.flags import CARD_AREAS
from allocator.intake.cells import BadCell, convert, date
from allocator.intake.national import plain

Generation = Literal["oeif", "card", "ungraded"]
FIRST_DAY = dt.date(2005, 9, 1)  # the four-point scale began here
OEIF = r"(latest |most recent )?(oeif )?"
AREAS = {  # of a report card -> the published name, in plain form
    "safeguarding": "safeguarding standards?",
    "inclusion": "inclusion",
    "curriculum": "curriculum and teaching",
    "achievement": "achievement",
    "attendance": "attendance and behaviou?r",
    "development": "personal development and well ?being",
    "early_years": "early years( where applicable)?",
    "post_16": "post 16( provision)?( where applicable)?",
    "leadership": "leadership and governance",
}
GRADES: dict[str, tuple[str, ...]] = {  # our column -> patterns of the published name, in plain form
    "oeif_overall": (
        OEIF + "overall effectiveness( how good is the school)?",
        "(the )?overall effectiveness of the school",
    ),
    "oeif_quality_of_education": (OEIF + "quality of education",),
    "oeif_leadership": (
        OEIF + "effectiveness of leadership and management",
        "leadership and management",
        "how (effective|well) (are|is) .*leadership and management.*",
        "the effectiveness of leadership and management.*",
    ),
    "oeif_safeguarding": (OEIF + "safeguarding is effective", "is safeguarding effective", "safeguarding effective"),
    "previous_oeif_overall": ("previous .*overall effectiveness.*",),
    **{f"card_{area}": (pattern,) for area, pattern in AREAS.items()},
    "ungraded_outcome": ("(latest )?(ungraded|section 8) inspection overall outcome",),
}
HELPERS: dict[str, tuple[str, ...]] = {  # read on the way to our columns
    "urn": ("urn", "school urn"),
    "category_latest": ("most recent category of concern",),
    "category_oeif": ("latest oeif category of concern",),
    "category": ("category of concern", "category", "school category of concern"),
    "inspected_on": ("inspection start date", "(latest |most recent )?inspection date", "start date of inspection"),
    "oeif_on": ("inspection start date of latest (oeif )?(graded|full) inspection",),
    "ungraded_on": ("date of latest (ungraded|section 8) inspection.*",),
    "event": ("event type grouping", "inspection type grouping", "inspection type"),
    "urn_of_full": (r"urn at time of (the )?latest full inspection",),
    "urn_of_oeif": (r"urn at time of (the )?latest oeif .*inspection",),
    "urn_of_ungraded": (r"urn at time of (the )?(latest )?(ungraded|section 8) inspection",),
    "urn_before": ("predecessor (school )?urn", "previous urn"),
    **{f"{area}_on": (pattern + " date of grade",) for area, pattern in AREAS.items()},
}
COLUMNS = {**GRADES, **HELPERS}
EARLIER_URN = ("urn_of_full", "urn_of_oeif", "urn_of_ungraded", "urn_before")
NAMES = {  # our columns in the order of contract 1 -> a name they are published under
    "category_of_concern": "Most recent category of concern",
    "oeif_overall": "Latest OEIF overall effectiveness",
    "oeif_quality_of_education": "Latest OEIF quality of education",
    "oeif_leadership": "Latest OEIF effectiveness of leadership and management",
    "oeif_safeguarding": "Latest OEIF safeguarding is effective?",
    "oeif_date": "Inspection start date of latest OEIF graded inspection",
    "previous_oeif_overall": "Previous … overall effectiveness",
    "card_safeguarding": "Safeguarding standards",
    "card_inclusion": "Inclusion",
    "card_curriculum": "Curriculum and teaching",
    "card_achievement": "Achievement",
    "card_attendance": "Attendance and behaviour",
    "card_development": "Personal development and wellbeing",
    "card_early_years": "Early years (where applicable)",
    "card_post_16": "Post-16 provision (where applicable)",
    "card_leadership": "Leadership and governance",
    "card_date": "… - date of grade",
    "ungraded_outcome": "Ungraded inspection overall outcome",
    "ungraded_date": "Date of latest ungraded inspection",
}
PUBLISHED = {c: NAMES[c] for c in TABLES["schools"].model_fields if c in NAMES}
NO_GRADE = {"0", "8", "9", "not applicable", "n/a"}  # how editions say that there is no grade
NO_CATEGORY = {"none", "no", "no category", "not in a category"}
CARD = tuple(f"card_{a}" for a in ("safeguarding", *CARD_AREAS))
GRADED = ("oeif_overall", "oeif_quality_of_education", "oeif_leadership")  # safeguarding alone is no graded inspection
WHOLE: dict[Generation, tuple[str, ...]] = {  # the columns of one inspection's result, its date last
    "oeif": (*GRADED, "oeif_safeguarding", "oeif_date"),
    "card": (*CARD, "card_date"),
    "ungraded": ("ungraded_outcome", "ungraded_date"),
}


@dataclass(frozen=True)
class InspectionResult:
    """What one inspection gave: our columns -> values. A monitoring visit adds to a report card and does not
    replace it."""

    values: dict[str, Any]
    on: dt.date | None
    adds: bool = False


@dataclass
class RowSays:
    """What one row says. `category`: None where the row says nothing of it, blank where it says there is none."""

    results: dict[Generation, InspectionResult] = field(default_factory=dict)
    category: str | None = None
    category_on: dt.date | None = None
    too_old: bool = False


def fills(found: Collection[str]) -> tuple[str, ...]:
    """Which of our columns a file with these columns can fill, in order; none when it is no file of outcomes."""
    out = {c for c in GRADES if c in found}
    if not out:
        return ()
    if out & set(CARD):
        out.add("card_date")
    if out & set(WHOLE["oeif"]) and {"oeif_on", "inspected_on"} & set(found):
        out.add("oeif_date")
    if "ungraded_on" in found or ("ungraded_outcome" in found and "inspected_on" in found):
        out.add("ungraded_date")
    if {"category_latest", "category_oeif", "category"} & set(found):
        out.add("category_of_concern")
    return tuple(c for c in PUBLISHED if c in out)


def read_row(row: Mapping[str, str | None], unread: Counter[str]) -> RowSays:
    """The results of one published row. Texts that could not be read are counted in `unread`."""
    given = {c: _grade(c, row.get(c), unread) for c in GRADES}
    inspected = _date(row, "inspected_on", unread)
    monitoring = "monitoring" in (row.get("event") or "").casefold()
    out = RowSays()
    card = {c: given[c] for c in CARD}
    if _any(card):
        days = [d for c in CARD if (d := _date(row, f"{c.removeprefix('card_')}_on", unread))]
        on = max(days, default=inspected)
        out.results["card"] = InspectionResult({**card, "card_date": on}, on, monitoring)
    graded = {c: given[c] for c in (*GRADED, "oeif_safeguarding")}
    if _any({c: graded[c] for c in GRADED}):
        on = _date(row, "oeif_on", unread) if "oeif_on" in row else None if "card" in out.results else inspected
        if on is not None and on < FIRST_DAY:
            out.too_old = True
        else:
            before = {"previous_oeif_overall": given["previous_oeif_overall"]}
            out.results["oeif"] = InspectionResult({**graded, "oeif_date": on, **before}, on)
    if given["ungraded_outcome"] is not None:
        on = _date(row, "ungraded_on", unread) if "ungraded_on" in row else inspected
        values = {"ungraded_outcome": given["ungraded_outcome"], "ungraded_date": on}
        out.results["ungraded"] = InspectionResult(values, on)
    if not out.too_old:
        _category(row, out, inspected, unread)
    return out


def _category(row: Mapping[str, str | None], out: RowSays, inspected: dt.date | None, unread: Counter[str]) -> None:
    """The category as the row states it. A row without a grade, or whose date cannot be read, can put a school in a
    category, never take it out."""
    graded = [r for g, r in out.results.items() if g != "ungraded"]
    if "category_latest" in row:
        given = row["category_latest"]
    else:  # a report card is later than any grade of the old framework
        given = row.get("category") or (None if "card" in out.results else row.get("category_oeif"))
    stated = {"category_latest", "category_oeif", "category"} & set(row)
    given_dates = any(v for c, v in row.items() if c.endswith("_on") and c != "ungraded_on")
    dated = any(r.on for r in graded) or not given_dates
    if (given is None or plain(given) in NO_CATEGORY) and stated and graded:
        out.category = "" if dated else None
    elif given is not None:
        out.category = _grade("category_of_concern", given, unread)  # unreadable: nothing is said
    out.category_on = max((r.on for r in graded if r.on), default=inspected)


def _any(values: Mapping[str, Any]) -> bool:
    return any(v is not None for v in values.values())


def _grade(column: str, given: str | None, unread: Counter[str]) -> Any:
    if given is None or given.casefold() in NO_GRADE:
        return None
    try:
        return convert(given, TABLES["schools"].model_fields[column].annotation, column)
    except BadCell:
        unread[f"{column}: {given}"] += 1
        return None


def _date(row: Mapping[str, str | None], name: str, unread: Counter[str]) -> dt.date | None:
    given = row.get(name)
    if given is None:
        return None
    try:
        return date(given)
    except BadCell:
        unread[f"{name.replace('_', ' ')}: {given}"] += 1
        return None
