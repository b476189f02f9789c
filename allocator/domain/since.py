"""What changed between two cases, in a manager's words: last year and this, or two versions of one year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from allocator.domain.case import Absence, Case, Decision, Interest, Refusal, School, Sip, Wish

ONE_BY_ONE = 12  # changes of one column that are told one by one; more are counted
GROUPS = {  # column of schools or sips -> heading
    "need": "Need and category", "category_of_concern": "Need and category",
    "head": "Heads", "head_started": "Heads", "head_status": "Heads",
    "days": "Days", "support_days": "Days", "appraisal_days": "Days", "autumn_1_days": "Days", "autumn_2_days": "Days",
    "spring_days": "Days", "summer_days": "Days", "max_schools": "Days",
    "participation": "Taking part", "status": "Taking part", "closes_on": "Taking part", "opens_on": "Taking part",
    "leaves_on": "Taking part", "joined_on": "Taking part", "contract_ends": "Taking part",
    "focus": "Focus, appraisal, other support", "appraisal": "Focus, appraisal, other support",
    "other_support": "Focus, appraisal, other support",
}  # fmt: skip
SOUGHT = {
    "keep": "to keep {whom}", "change": "for a change from {whom}", "known_locally": "for somebody known locally",
    "fresh_eyes": "for fresh eyes", "named": "for {whom}", "not_serving_head": "not to have a serving head",
    "flexible_diary": "for a flexible diary", "follow_head": "that {whom} come with the head", "move_on": "to move on",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A heading and its lines, one a change."""

    title: str
    lines: tuple[str, ...]


def since(old: Case, new: Case) -> tuple[Part, ...]:
    """Everything that differs, under headings in the order a manager reads; empty when nothing does."""
    found: dict[str, list[str]] = {
        t: [] for t in ("Schools that are new", "Schools that are gone", "SIPs who are new", "SIPs who are gone",
                        "Need and category", "Heads", "Days", "Taking part", "Focus, appraisal, other support")
    }  # fmt: skip
    tables: tuple[tuple[str, str, Iterable[Any], Iterable[Any]], ...] = (
        ("urn", "Schools", old.schools, new.schools), ("sip", "SIPs", old.sips, new.sips),
    )  # fmt: skip
    for key, what, before, after in tables:
        was, now = {getattr(r, key): r for r in before}, {getattr(r, key): r for r in after}
        verb = "that" if what == "Schools" else "who"
        found[f"{what} {verb} are new"] += [named(now[k], k) for k in sorted(now.keys() - was.keys())]
        found[f"{what} {verb} are gone"] += [named(was[k], k) for k in sorted(was.keys() - now.keys())]
        for title, lines in columns([(was[k], now[k]) for k in sorted(was.keys() & now.keys())], what).items():
            found.setdefault(title, []).extend(lines)
    if old.year == new.year:  # what was asked and decided for one year says nothing of the next
        for title, lines in _rows(old, new).items():
            found.setdefault(title, []).extend(lines)
    return tuple(Part(t, tuple(lines)) for t, lines in found.items() if lines)


def named(row: School | Sip, key: str) -> str:
    return f"{row.name} ({key})"


def columns(pairs: list[tuple[Any, Any]], what: str) -> dict[str, list[str]]:
    """Heading -> lines for columns that differ between rows of the same key."""
    moved: dict[str, list[str]] = defaultdict(list)
    for was, now in pairs:
        for column in type(now).model_fields:
            a, b = getattr(was, column), getattr(now, column)
            if a != b:
                moved[column].append(f"{now.name}: {column.replace('_', ' ')} {say(b)}, was {say(a)}")
    out: dict[str, list[str]] = defaultdict(list)
    for column, lines in moved.items():
        known = column in GROUPS
        if not known and len(lines) > ONE_BY_ONE:
            lines = [f"{column.replace('_', ' ')}: changed for {len(lines)}"]
        out[GROUPS[column] if known else f"Other facts of {what}"] += lines
    return out


def say(value: Any) -> str:
    """A cell in words."""
    if value is None or value == ():
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(say(v) for v in value)
    if isinstance(value, dt.date):
        return f"{value.day} {value:%B %Y}"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def _rows(old: Case, new: Case) -> dict[str, list[str]]:
    """Rows that came or went, in words; of the long tables only how many."""
    schools = {s.urn: s.name for c in (old, new) for s in c.schools}
    sips = {s.sip: s.name for c in (old, new) for s in c.sips}

    def school(urn: str | None) -> str:
        return schools.get(urn or "", urn or "a school")

    def sip(id: str | None) -> str:
        return sips.get(id or "", id or "its SIP")

    def wish(w: Wish) -> str:
        who = school(w.urn) if w.by == "school" else sip(w.sip)
        asked = SOUGHT[w.wish].format(whom=sip(w.sip))
        where = f" from {school(w.urn)}" if w.by == "sip" and w.urn else ""
        return f"{who} asks {asked}{where}" + (", strongly" if w.strength == 3 else "")

    def interest(i: Interest) -> str:
        kind = "" if i.kind == "family" else f" ({say(i.kind)})"
        state = {"cleared": "cleared", "barred": "barred"}.get(i.outcome or "", "bars until decided")
        return f"{sip(i.sip)} declares an interest in {schools.get(i.urn or '') or i.urn or i.trust or i.la}{kind}: {state}"

    def absence(x: Absence) -> str:
        return f"{sip(x.sip)} is away from {say(x.away_from)} to {say(x.away_to)}"

    def decision(d: Decision) -> str:
        return f"{say(d.decision)}, {school(d.urn)}" + (f", {sip(d.sip)}" if d.sip else "") + f": {d.reason} ({d.by})"

    def refusal(r: Refusal) -> str:
        return f"{school(r.urn)} refused {sip(r.sip)} in {r.year}"

    told: dict[str, tuple[str, Callable[[Any], str]]] = {
        "wishes": ("Wishes", wish), "interests": ("Declared interests", interest), "absences": ("Absences", absence),
        "decisions": ("Decisions", decision), "refusals": ("Refusals", refusal),
    }  # fmt: skip
    out: dict[str, list[str]] = {}
    for table, (title, words) in told.items():
        was, now = getattr(old, table), getattr(new, table)
        out[title] = [words(r) for r in now if r not in was] + [f"No longer: {words(r)}" for r in was if r not in now]
    for table in ("history", "worked", "needs", "successions", "answers", "travel"):
        a, b = set(getattr(old, table)), set(getattr(new, table))
        if a != b:
            out.setdefault("Other tables", []).append(f"{table}: {len(b - a)} rows came, {len(a - b)} went")
    return out
