"""The plan as a table: one row a school, the same on the page, in CSV and in the workbook.

Days are all that a school is given in the year, by whoever holds its posts: so the column adds up to the plan's days.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from allocator.domain.before import last_year
from allocator.domain.case import CARD_GRADES, NEEDS, School
from allocator.domain.facts import Facts
from allocator.domain.flags import CARD_AREAS, CONCERN
from allocator.domain.plan import Assignment, Moved, Plan
from allocator.domain.round import Key, Pair
from allocator.intake.plain import guarded
from allocator.intake.write import cell
from allocator.reasons.answer import world
from allocator.reasons.in_a_word import in_a_word
from allocator.reasons.position import OEIF
from allocator.words import day, days, words

NOBODY = "nobody yet"
STAGES = {
    "draft": "not told",
    "proposed": "waiting",
    "queried": "asked",
    "accepted": "yes",
    "overruled": "decided: stays",
    "refused": "refused",
    "confirmed": "confirmed",
}
WISHES = {
    "keep": "keep",
    "change": "change",
    "known_locally": "known locally",
    "fresh_eyes": "fresh eyes",
    "named": "named",
    "not_serving_head": "no serving head",
    "flexible_diary": "flexible diary",
    "follow_head": "follow head",
    "move_on": "move on",
}


@dataclass(frozen=True)
class SchoolRow:
    """One school. `sip` is who leads it from here on, `sip_id` empty where nobody does; `last_id`, `last`: last year.

    `marks` are keys of MARKS, for filters; `flags` say them, and what else is special, in words.
    """

    urn: str
    school: str
    phase: str
    need: str
    ofsted: str
    area: str
    trust: str
    head: str
    last_id: str
    last: str
    sip_id: str
    sip: str
    why: str
    days: float
    short: float
    year: int | None
    km: float | None
    wish: str
    stage: str
    support: str
    appraisal: str
    marks: frozenset[str]
    flags: tuple[str, ...]

    @property
    def locked(self) -> bool:
        return "locked" in self.marks


MARKS = {  # what rows may be narrowed to
    "changed": "Another SIP than last year",
    "nobody": "A post that nobody holds",
    "unmet": "A wish not met",
    "concern": "A category of concern",
    "short": "Short of days",
    "locked": "Locked",
    "tie": "Equal choice",
    "waiting": "Told, and not answered",
    "refused": "Refused",
}


@dataclass(frozen=True)
class SchoolColumn:
    """A column: its heading, its cell, and whether it is shown unless somebody chooses otherwise."""

    key: str
    head: str
    cell: Callable[[SchoolRow], Any]
    kind: Literal["text", "number", "urn"] = "text"
    shown: bool = True
    order: Callable[[SchoolRow], Any] | None = None


COLUMNS: tuple[SchoolColumn, ...] = (
    SchoolColumn("urn", "URN", lambda r: r.urn, "urn"),
    SchoolColumn("school", "School", lambda r: r.school),
    SchoolColumn("phase", "Phase", lambda r: r.phase, shown=False),
    SchoolColumn("need", "Need", lambda r: r.need, order=lambda r: NEEDS.index(r.need)),
    SchoolColumn("ofsted", "Ofsted", lambda r: r.ofsted),
    SchoolColumn("area", "Area", lambda r: r.area),
    SchoolColumn("trust", "Trust", lambda r: r.trust, shown=False),
    SchoolColumn("head", "Head", lambda r: r.head, shown=False),
    SchoolColumn("last", "Last year", lambda r: r.last),
    SchoolColumn("sip", "This year", lambda r: r.sip),
    SchoolColumn("sip_id", "SIP id", lambda r: r.sip_id, shown=False),
    SchoolColumn("why", "Why changed", lambda r: r.why),
    SchoolColumn("days", "Days", lambda r: r.days, "number"),
    SchoolColumn("short", "Days short", lambda r: r.short or None, "number", shown=False),
    SchoolColumn("year", "Year", lambda r: r.year, "number"),
    SchoolColumn("km", "km", lambda r: r.km, "number"),
    SchoolColumn("wish", "Wish", lambda r: r.wish),
    SchoolColumn("stage", "Stage", lambda r: r.stage),
    SchoolColumn("support", "Support", lambda r: r.support, shown=False),
    SchoolColumn("appraisal", "Appraisal", lambda r: r.appraisal, shown=False),
    SchoolColumn("flags", "Flags", lambda r: ", ".join(r.flags)),
)
BY_KEY = {c.key: c for c in COLUMNS}
GROUPS = {"": "nothing", "sip": "SIP", "area": "area", "last": "last year's SIP", "need": "need"}


def by_school(facts: Facts, plan: Plan, pairs: Mapping[Key, Pair] | None = None) -> list[SchoolRow]:
    """A row for every school with a post in the year, by name. `pairs`: where the round stands; None = no round."""
    held: dict[str, list[Assignment]] = defaultdict(list)
    for a in sorted(plan.assignments, key=lambda a: a.from_):
        held[a.urn].append(a)
    empty: dict[str, list[str]] = defaultdict(list)
    for u in plan.unfilled:
        empty[u.urn].append(u.post)
    changes: dict[str, Moved] = {c.urn: c for c in sorted(plan.changes, key=_day) if c.post == "lead"}
    wishes: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for w in plan.wishes:
        if w.by == "school":
            wishes[w.urn].append((WISHES[w.wish], w.met))
    make = _Rows(facts, held, empty, changes, wishes, pairs)
    return sorted((make.row(urn) for urn in sorted(held.keys() | empty.keys())), key=lambda r: (r.school, r.urn))


def _day(c: Moved) -> str:
    return c.on.isoformat() if c.on else ""


@dataclass(frozen=True)
class _Rows:
    facts: Facts
    held: Mapping[str, Sequence[Assignment]]
    empty: Mapping[str, Sequence[str]]
    changes: Mapping[str, Moved]
    wishes: Mapping[str, Sequence[tuple[str, bool]]]
    pairs: Mapping[Key, Pair] | None

    def row(self, urn: str) -> SchoolRow:
        facts, mine, empty = self.facts, self.held.get(urn, ()), self.empty.get(urn, ())
        s = facts.as_it_stands(urn)
        leads = [a for a in mine if a.post == "lead"]
        now = next((a for a in reversed(leads) if not a.settled), None) if "lead" not in empty else None
        now = now or (leads[-1] if leads and "lead" not in empty else None)
        last, change = last_year(facts, urn, "lead"), self.changes.get(urn)
        pair = (self.pairs or {}).get((urn, "lead"))
        metres = facts.metres(urn, now.sip) if now and now.sip in facts.sips else None
        marks, flags = self._marks(s, mine, now, empty, pair, changed=bool(last and (now is None or now.sip != last)))
        return SchoolRow(
            urn=urn,
            school=s.name,
            phase=words(s.phase),
            need=facts.need(urn),
            ofsted=ofsted(s),
            area=s.cluster or s.la or "",
            trust=s.trust or "",
            head=s.head or "",
            last_id=last or "",
            last=_last(facts, last),
            sip_id=now.sip if now else "",
            sip=now.name if now else NOBODY,
            why=self._why(last, now, change),
            days=sum(a.days for a in mine),
            short=sum(a.days_short for a in mine),
            year=now.tenure_year if now else None,
            km=None if metres is None else round(metres / 1000, 1),
            wish=", ".join(f"{what}: {'met' if met else 'not met'}" for what, met in self.wishes.get(urn, ())),
            stage="" if self.pairs is None else STAGES[pair.stage] if pair else "",
            support=self._post(mine, empty, "support"),
            appraisal=self._post(mine, empty, "appraisal"),
            marks=marks,
            flags=flags,
        )

    @staticmethod
    def _why(last: str | None, now: Assignment | None, change: Moved | None) -> str:
        if change is not None and (now is None or change.to == now.sip):
            return in_a_word(change.claims)
        return "none last year" if last is None and now is not None else ""

    @staticmethod
    def _post(mine: Sequence[Assignment], empty: Sequence[str], kind: str) -> str:
        """Who holds a post other than the lead from here on; blank where the school has no such post."""
        if kind in empty:
            return NOBODY
        return next((a.name for a in reversed(mine) if a.post == kind), "")

    def _marks(
        self,
        s: School,
        mine: Sequence[Assignment],
        now: Assignment | None,
        empty: Sequence[str],
        pair: Pair | None,
        *,
        changed: bool,
    ) -> tuple[frozenset[str], tuple[str, ...]]:
        short = sum(a.days_short for a in mine)
        on = {
            "changed": changed,
            "nobody": bool(empty),
            "unmet": any(not met for _, met in self.wishes.get(s.urn, ())),
            "concern": bool(s.category_of_concern),
            "short": bool(short),
            "locked": bool(now and now.locked),
            "tie": bool(now and now.tied_with),
            "waiting": bool(pair and pair.stage == "proposed"),
            "refused": bool(pair and pair.stage == "refused"),
        }
        flags = [f"no {post}" for post in empty if post != "lead"]
        flags += ["new"] if now and now.new_pairing else []
        flags += ["locked"] if on["locked"] else []
        flags += ["equal choice"] if on["tie"] else []
        flags += [f"{days(short)} short"] if short else []
        flags += [f"{a.name} to {day(a.to)}" for a in mine if a.post == "lead" and a is not now]
        return frozenset(k for k, there in on.items() if there), tuple(flags)


def ofsted(s: School) -> str:
    """The latest published position in a word: a category first, then the newer framework; never one score (domain
    3.1)."""
    if s.category_of_concern:
        return CONCERN[s.category_of_concern][1]
    if s.card_safeguarding == "not_met":
        return "safeguarding not met"
    grades = [g for a in CARD_AREAS if (g := getattr(s, f"card_{a}"))]
    if grades:
        lowest = max(grades, key=CARD_GRADES.index)
        return f"{words(lowest)} in {grades.count(lowest)}" if len(set(grades)) > 1 else words(lowest)
    return OEIF.get(s.oeif_overall or "", s.ungraded_outcome or "")


# -- what is shown of it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """What of the table is shown, and in which order. `sort` is a column's key, `-key` the other way round."""

    q: str = ""
    need: str = ""
    area: str = ""
    sip: str = ""
    mark: str = ""
    group: str = ""
    sort: str = "school"
    columns: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[SchoolColumn, ...]:
        """The school's name always stands."""
        wanted = {"school", *self.columns} if self.columns else {c.key for c in COLUMNS if c.shown}
        return tuple(c for c in COLUMNS if c.key in wanted)

    @property
    def narrowed(self) -> bool:
        return any((self.q, self.need, self.area, self.sip, self.mark))


def viewed(rows: Iterable[SchoolRow], view: View) -> list[tuple[str, list[SchoolRow]]]:
    """(heading, rows) by group in the order asked for; one group without a heading where nothing is grouped."""
    found = [r for r in rows if _wanted(r, view)]
    key = view.sort.removeprefix("-")
    column = BY_KEY.get(key, BY_KEY["school"])
    filled = [r for r in found if _order(column, r) is not None]
    filled.sort(key=lambda r: _order(column, r), reverse=view.sort.startswith("-"))
    filled += [r for r in found if _order(column, r) is None]  # blank cells last, whichever way
    if view.group not in GROUPS or not view.group:
        return [("", filled)]
    groups: dict[str, list[SchoolRow]] = defaultdict(list)
    for r in filled:
        groups[str(getattr(r, view.group)) or "none recorded"].append(r)
    first: dict[str, int] = {n: i for i, n in enumerate(NEEDS)} if view.group == "need" else {}
    return sorted(groups.items(), key=lambda g: (g[0] == NOBODY, first.get(g[0], 0), g[0]))


def _last(facts: Facts, sip: str | None) -> str:
    """Who led last year, in a word: a table has no room for more."""
    if sip is None:
        return "nobody"
    return facts.sips[sip].name if sip in facts.sips else f"{sip} (left)"


def _order(column: SchoolColumn, r: SchoolRow) -> Any:
    value = column.order(r) if column.order else column.cell(r)
    return value.casefold() or None if isinstance(value, str) else value


def _wanted(r: SchoolRow, v: View) -> bool:
    text = " ".join((r.urn, r.school, r.area, r.trust, r.head, r.last, r.sip)).casefold()
    return (
        all(word in text for word in v.q.casefold().split())
        and v.need in ("", r.need)
        and v.area in ("", r.area)
        and v.sip in ("", r.sip_id, r.last_id)
        and (not v.mark or v.mark in r.marks)
    )


def cells(r: SchoolRow, columns: Sequence[SchoolColumn]) -> list[Any]:
    """The row's cells for a workbook or CSV: numbers as numbers, a URN as the register has it."""
    return [number(c.cell(r)) if c.kind == "urn" else c.cell(r) for c in columns]


def number(urn: str) -> Any:
    """A URN as the number that it is, so that a look-up against the register finds it."""
    return int(urn) if urn.isascii() and urn.isdigit() and str(int(urn)) == urn else urn


def write_csv(plan: Plan, path: Path) -> None:
    """The table of a plan by itself, every column but the stage of a round; with the mark by which Excel knows
    UTF-8."""
    columns = [c for c in COLUMNS if c.key != "stage"]
    path.write_bytes(
        csv_of([c.head for c in columns], [cells(r, columns) for r in by_school(Facts(*world(plan)), plan)])
    )


def csv_of(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV for a spreadsheet: no text is worked out as a formula."""
    text = io.StringIO()
    csv.writer(text).writerows([head, *([guarded(v) if isinstance(v, str) else cell(v) for v in row] for row in rows)])
    return text.getvalue().encode("utf-8-sig")
