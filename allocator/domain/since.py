"""What changed between two cases, in a manager's words: last year and this, or two versions of one year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allocator.domain.case import Case, School, Sip
from allocator.words import listed, words

ONE_BY_ONE = 12  # changes of one column that are told one by one; more are counted
GROUPS = {  # column of schools or sips -> heading
    "need": "Need and category",
    "category_of_concern": "Need and category",
    "head": "Heads",
    "head_started": "Heads",
    "head_status": "Heads",
    "days": "Days",
    "support_days": "Days",
    "appraisal_days": "Days",
    "autumn_1_days": "Days",
    "autumn_2_days": "Days",
    "spring_days": "Days",
    "summer_days": "Days",
    "max_schools": "Days",
    "participation": "Taking part",
    "status": "Taking part",
    "closes_on": "Taking part",
    "opens_on": "Taking part",
    "leaves_on": "Taking part",
    "joined_on": "Taking part",
    "contract_ends": "Taking part",
    "focus": "Focus, appraisal, other support",
    "appraisal": "Focus, appraisal, other support",
    "other_support": "Focus, appraisal, other support",
}
SOUGHT = {
    "keep": "to keep {whom}",
    "change": "for a change from {whom}",
    "known_locally": "for somebody known locally",
    "fresh_eyes": "for fresh eyes",
    "named": "for {whom}",
    "not_serving_head": "not to have a serving head",
    "flexible_diary": "for a flexible diary",
    "follow_head": "that {whom} come with the head",
    "move_on": "to move on",
}


@dataclass(frozen=True)
class SincePart:
    """A heading and its lines, one a change."""

    title: str
    lines: tuple[str, ...]


def since(old: Case, new: Case) -> tuple[SincePart, ...]:
    """Everything that differs, under headings in the order a manager reads; empty when nothing does."""
    found: dict[str, list[str]] = {
        t: []
        for t in (
            "Schools that are new",
            "Schools that are gone",
            "SIPs who are new",
            "SIPs who are gone",
            "Need and category",
            "Heads",
            "Days",
            "Taking part",
            "Focus, appraisal, other support",
        )
    }
    tables: tuple[tuple[str, str, Iterable[Any], Iterable[Any]], ...] = (
        ("urn", "Schools", old.schools, new.schools),
        ("sip", "SIPs", old.sips, new.sips),
    )
    for key, what, before, after in tables:
        was, now = {getattr(r, key): r for r in before}, {getattr(r, key): r for r in after}
        verb = "that" if what == "Schools" else "who"
        found[f"{what} {verb} are new"] += [named(now[k], k) for k in sorted(now.keys() - was.keys())]
        found[f"{what} {verb} are gone"] += [named(was[k], k) for k in sorted(was.keys() - now.keys())]
        for title, lines in columns([(was[k], now[k]) for k in sorted(was.keys() & now.keys())], what).items():
            found.setdefault(title, []).extend(lines)
    found["Heads"] = [*_heads(old, new), *found["Heads"]]
    if old.year == new.year:  # what was asked and decided for one year says nothing of the next
        for title, lines in _rows(old, new).items():
            found.setdefault(title, []).extend(lines)
    return tuple(SincePart(t, tuple(lines)) for t, lines in found.items() if lines)


def _heads(old: Case, new: Case) -> list[str]:
    """Which schools share a head now and did not, or no longer do: the id of a head is for nobody to read."""

    def beside(case: Case) -> dict[str, list[str]]:
        of: dict[str, list[School]] = defaultdict(list)
        for s in case.schools:
            if s.head:
                of[s.head].append(s)
        return {s.urn: [x.name for x in group if x is not s] for group in of.values() for s in group}

    had, have = beside(old), beside(new)
    was, out = {s.urn: s for s in old.schools}, []
    for s in new.schools:
        if s.urn not in was or s.head == was[s.urn].head:
            continue
        if others := have.get(s.urn):
            out.append(f"{s.name}: shares its head with {listed(others)}")
        elif others := had.get(s.urn):
            out.append(f"{s.name}: no longer shares its head with {listed(others)}")
        elif not s.head:
            out.append(f"{s.name}: no head is on record any more")
        else:
            out.append(f"{s.name}: {'another' if was[s.urn].head else 'a'} head is on record")
    return out


def named(row: School | Sip, key: str) -> str:
    return f"{row.name} ({key})"


def columns(pairs: list[tuple[Any, Any]], what: str) -> dict[str, list[str]]:
    """Heading -> lines for columns that differ between rows of the same key."""
    moved: dict[str, list[str]] = defaultdict(list)
    for was, now in pairs:
        for column in type(now).model_fields:
            a, b = getattr(was, column), getattr(now, column)
            if a != b and column != "head":
                moved[column].append(f"{now.name}: {words(column)} {say(b)}, was {say(a)}")
    out: dict[str, list[str]] = defaultdict(list)
    for column, lines in moved.items():
        known = column in GROUPS
        if not known and len(lines) > ONE_BY_ONE:
            lines = [f"{words(column)}: changed for {len(lines)}"]
        out[GROUPS[column] if known else f"Other facts of {what}"] += lines
    return out


def say(value: Any, column: str = "") -> str:
    """A cell in words."""
    if column == "strength":
        return STRENGTH[value or 2]
    if value is None or value == ():
        return BLANK.get(column, "not recorded")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(say(v) for v in value)
    if isinstance(value, dt.date):
        return f"{value.day} {value:%B %Y}"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


WHOSE = {  # table -> the columns that say what a row is of; where they are the same, the others have changed
    "wishes": ("by", "urn", "sip", "wish"),
    "interests": ("sip", "urn", "trust", "la", "kind"),
    "absences": ("sip", "away_from"),
    "decisions": ("decision", "urn", "post", "sip"),
    "refusals": ("urn", "sip", "kind", "year"),
    "history": ("urn", "sip", "year", "role"),
    "needs": ("urn", "on"),
    "successions": ("old_urn", "new_urn"),
    "travel": ("urn", "sip"),
    "worked": ("urn", "post", "sip", "on"),
    "answers": ("urn", "post", "by", "on"),
}
TITLES = {
    "interests": "Declared interests",
    "history": "Past years",
    "needs": "Needs within the year",
    "worked": "Days worked",
}
STRENGTH = {1: "mild", 2: "ordinary", 3: "strong"}
BLANK = {"outcome": "open"}  # what a blank of the column is


def _rows(old: Case, new: Case) -> dict[str, list[str]]:
    """Rows that came, went or changed, in words; of tables with many only how many."""
    out: dict[str, list[str]] = {}
    words = _Words(old, new)
    for table, key in WHOSE.items():
        had, have = set(getattr(old, table)), set(getattr(new, table))
        was, now = ([r for r in getattr(old, table) if r not in have], [r for r in getattr(new, table) if r not in had])
        moved = []
        for row in list(now):
            before = next((r for r in was if all(getattr(r, c) == getattr(row, c) for c in key)), None)
            if before is not None:
                moved.append(words.moved(table, before, row))
                now.remove(row)
                was.remove(before)
        lines = [*moved, *(words.row(table, r) for r in now), *(f"No longer: {words.row(table, r)}" for r in was)]
        if len(lines) > ONE_BY_ONE and table not in ("wishes", "interests", "absences", "decisions", "refusals"):
            lines = [f"{len(now)} rows came, {len(was)} went, {len(moved)} changed"]
        out[TITLES.get(table, table.capitalize())] = lines
    return out


class _Words:
    """Rows as a manager reads them, with names for ids."""

    def __init__(self, old: Case, new: Case) -> None:
        self.schools = {s.urn: s.name for c in (old, new) for s in c.schools}
        self.sips = {s.sip: s.name for c in (old, new) for s in c.sips}

    def school(self, urn: str | None) -> str:
        return self.schools.get(urn or "", urn or "a school")

    def sip(self, id: str | None) -> str:
        return self.sips.get(id or "", id or "its SIP")

    def moved(self, table: str, was: Any, now: Any) -> str:
        """The same row, with what of it is otherwise."""
        columns = [c for c in type(now).model_fields if getattr(was, c) != getattr(now, c)]
        parts = [f"{c.replace('_', ' ')} {say(getattr(now, c), c)}, was {say(getattr(was, c), c)}" for c in columns]
        return f"{self.of(table, now)}: {'; '.join(parts)}"

    def of(self, table: str, r: Any) -> str:
        """What the row is of, without what it says of it."""
        match table:
            case "interests":
                kind = "" if r.kind == "family" else f" ({say(r.kind)})"
                return (
                    f"{self.sip(r.sip)}, interest in {self.schools.get(r.urn or '') or r.urn or r.trust or r.la}{kind}"
                )
            case "wishes":
                who = self.school(r.urn) if r.by == "school" else self.sip(r.sip)
                where = f" from {self.school(r.urn)}" if r.by == "sip" and r.urn else ""
                return f"{who} asks {SOUGHT[r.wish].format(whom=self.sip(r.sip))}{where}"
            case "absences":
                return f"{self.sip(r.sip)} away from {say(r.away_from)}"
            case "decisions":
                return f"{say(r.decision)}, {self.school(r.urn)}" + (f", {self.sip(r.sip)}" if r.sip else "")
            case "refusals":
                return f"{self.school(r.urn)} refused {self.sip(r.sip)} in {r.year}"
            case "history":
                return f"{self.sip(r.sip)} at {self.school(r.urn)} in {r.year} ({say(r.role or 'lead')})"
            case "successions":
                return f"{self.school(r.old_urn)} goes on as {self.school(r.new_urn)}"
        who = f" and {self.sip(r.sip)}" if getattr(r, "sip", None) else ""
        return f"{self.school(r.urn)}{who}" + (f" on {say(r.on)}" if hasattr(r, "on") else "")

    def row(self, table: str, r: Any) -> str:
        """The whole row."""
        match table:
            case "interests":
                state = {"cleared": "cleared", "barred": "barred"}.get(r.outcome or "", "bars until decided")
                by = f" by {r.decided_by}" if r.decided_by and state != "bars until decided" else ""
                return f"{self.of(table, r).replace(', interest', ' declares an interest', 1)}: {state}{by}"
            case "wishes":
                return self.of(table, r) + (", strongly" if r.strength == 3 else "")
            case "absences":
                return f"{self.sip(r.sip)} is away from {say(r.away_from)} to {say(r.away_to)}"
            case "decisions":
                return f"{self.of(table, r)}: {r.reason} ({r.by})"
        shown = {c: getattr(r, c) for c in type(r).model_fields if c not in WHOSE[table]}
        said = [f"{c.replace('_', ' ')} {say(v, c)}" for c, v in shown.items() if v is not None]
        return self.of(table, r) + (f": {'; '.join(said)}" if said else "")
