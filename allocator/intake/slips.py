"""What is allowed but likely a slip: told as a notice, never mended silently."""

from __future__ import annotations

import re
from difflib import get_close_matches
from math import hypot
from typing import Any

from allocator.intake.source import Raw
from allocator.intake.template import EXAMPLES

Rows = dict[str, list[tuple[int, Any]]]  # table -> (row number, row of that table's model)
TITLES = re.compile(r"^(mr|mrs|ms|miss|mx|dr|rev|revd|sir|dame|prof|sister|father)\.?\s+", re.IGNORECASE)
EXPERIENCE = (  # the tags that rules ask for; others may be kept, and count for nothing
    "special_measures",
    "ri_to_good",
    "small_school",
    "large_school",
    "faith_school",
    "rural",
    "high_fsm",
    "new_head",
    "high_performing",
    "special_school",
)
SAME_SITE = 1000  # metres: schools of one name farther apart are two schools
NEAR = 0.75  # how alike a tag must be to be taken for a slip of a known one


def likely_slips(rows: Rows, raw: Raw) -> None:
    """Every slip of this kind, into `raw`."""
    _same_name(rows, raw)
    _example_left(rows, raw)
    _wishes_at_odds(rows, raw)
    _near_tags(rows, raw)
    _few_days(rows, raw)


def _example_left(rows: Rows, raw: Raw) -> None:
    """The template's own rows, which would be planned for as if they were real."""
    for table, example in EXAMPLES.items():
        tell = ("name",) if "name" in example else ("urn", "sip")
        for number, r in rows.get(table, []) if set(tell) <= set(example) else ():
            if all(getattr(r, k) == example[k] for k in tell):
                raw.error(
                    "example_row",
                    table,
                    f"{table}, row {number}: {' '.join(example[k] for k in tell)} is the template's example "
                    "and would be planned for. Type over it, or delete the row.",
                    row=number,
                    column=tell[0],
                    value=example[tell[0]],
                )


def _wishes_at_odds(rows: Rows, raw: Raw) -> None:
    """A school that asks to keep and to change the same SIP."""
    said: dict[tuple[str, str | None], tuple[int, str]] = {}
    for number, r in rows.get("wishes", []):
        if r.by != "school" or r.wish not in ("keep", "change"):
            continue
        before = said.setdefault((r.urn, r.sip), (number, r.wish))
        if before[1] != r.wish:
            raw.notice(
                "wishes_at_odds",
                "wishes",
                (
                    f"wishes: in rows {before[0]} and {number} school {r.urn} asks to keep its SIP and to "
                    "change. Keep one."
                ),
                row=number,
                column="wish",
                value=r.wish,
            )


def _near_tags(rows: Rows, raw: Raw) -> None:
    """Experience that is nearly a tag a rule asks for; specialisms nearly the word of a school's focus."""
    focus = {w.casefold() for _, s in rows.get("schools", []) for w in s.focus}
    for number, r in rows.get("sips", []):
        for column, known in (("experience", set(EXPERIENCE)), ("specialisms", focus)):
            for tag in getattr(r, column):
                near = get_close_matches(tag.casefold(), sorted(known), 1, NEAR)
                if near and tag.casefold() not in known:
                    raw.notice(
                        "near_tag",
                        "sips",
                        f"sips, row {number}: {column} {tag} of {r.name} is asked for nowhere. Did you mean {near[0]}?",
                        row=number,
                        column=column,
                        value=tag,
                        expected=near[0],
                    )


def _few_days(rows: Rows, raw: Raw) -> None:
    """A part of full time in place of days."""
    for number, r in rows.get("sips", []):
        if 0 < r.days <= 1:
            raw.notice(
                "few_days",
                "sips",
                f"sips, row {number}: {r.name} offers {r.days:g} days in the whole year. If that is a part of full "
                "time, write it as days.",
                row=number,
                column="days",
                value=f"{r.days:g}",
            )


def _same_name(rows: Rows, raw: Raw) -> None:
    for table, key in (("schools", "urn"), ("sips", "sip")):
        seen: dict[str, tuple[int, str, str]] = {}
        points: dict[str, Any] = {}
        for number, r in rows.get(table, []):
            name, own = str(r.name), str(getattr(r, key))
            plain = re.sub(r"[^a-z0-9]+", "", TITLES.sub("", name.strip()).casefold())
            if table == "schools":
                plain += str(r.la or "").casefold()
            if plain in seen and seen[plain][2] != own and not _elsewhere(points[plain], r):
                raw.notice(
                    "likely_duplicate",
                    table,
                    f"{table}: rows {seen[plain][0]} and {number}, {seen[plain][1]!r} and {name!r}, are likely "
                    "the same. If so, keep one.",
                    row=number,
                    column="name",
                    value=name,
                )
            seen.setdefault(plain, (number, name, own))
            points.setdefault(plain, r)


def _elsewhere(a: Any, b: Any) -> bool:
    """Whether two schools stand so far apart that they are two: a county has many of one saint's name."""
    x, y, x2, y2 = (getattr(r, c, None) for r in (a, b) for c in ("easting", "northing"))
    if x is None or y is None or x2 is None or y2 is None:
        return False
    return hypot(x - x2, y - y2) > SAME_SITE
