"""The facts of a case as lists and forms: what each table shows, how each column is asked for, what was typed as
cells of a workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from allocator.domain import canon
from allocator.domain.case import TABLES, Case, Row
from allocator.intake.edit import NAMED_BY, key_of
from allocator.intake.template import filled
from allocator.intake.write import cell
from allocator.service.pages.ground import Fields, day

Widget = Literal["choice", "yes_no", "date", "sip", "school", "long", "text"]
CALLED = {  # table -> (heading, one row of it)
    "schools": ("Schools", "school"),
    "sips": ("SIPs", "SIP"),
    "interests": ("Interests declared", "interest"),
    "wishes": ("Wishes", "wish"),
    "history": ("Past years and how they ended", "year"),
    "decisions": ("Decisions", "decision"),
    "refusals": ("Refusals", "refusal"),
    "absences": ("SIPs away and back", "absence"),
    "needs": ("Needs within the year", "change of need"),
    "worked": ("Days worked", "visit"),
    "successions": ("Schools that go on under a new URN", "succession"),
    "answers": ("Answers from outside these pages", "answer"),
    "travel": ("Distances known", "distance"),
}
LISTED = {  # what a list shows of the tables that have many columns
    "schools": (
        "name",
        "urn",
        "phase",
        "need",
        "days",
        "participation",
        "trust",
        "appraisal",
        "head_email",
        "chair_email",
    ),
    "sips": (
        "name",
        "sip",
        "kind",
        "days",
        "max_schools",
        "dbs_checked_on",
        "dbs_valid_until",
        "trained",
        "board_approved",
        "status",
        "email",
    ),
}
OFTEN = {  # what a form asks before its fold
    "schools": (
        "need",
        "days",
        "support_days",
        "participation",
        "appraisal",
        "appraisal_days",
        "head",
        "head_status",
        "head_started",
        "head_email",
        "chair_email",
        "focus",
        "other_support",
        "category_of_concern",
        "inspection_due",
        "trust",
        "la",
        "closes_on",
    ),
    "sips": (
        "days",
        "autumn_1_days",
        "autumn_2_days",
        "spring_days",
        "summer_days",
        "max_schools",
        "min_schools",
        "dbs_checked_on",
        "dbs_valid_until",
        "trained",
        "board_approved",
        "appraisal_trained",
        "status",
        "contract_ends",
        "leaves_on",
        "email",
        "current_urn",
        "current_la",
        "current_trust",
    ),
}
TOGETHER = {("interests", "outcome"): ("decided_by",)}  # asked with a column that is changed for many
SPELT = {
    "dbs": "DBS",
    "urn": "URN",
    "sip": "SIP",
    "fsm": "FSM",
    "la": "authority",
    "las": "authorities",
    "oeif": "inspection grade:",
    "km": "kilometres",
}
LONG = ("reason", "note", "pen_portrait", "other_support")


@dataclass(frozen=True)
class FormColumn:
    """One column on a form. `value`: the cell as text; a date as ISO."""

    column: str
    label: str
    hint: str
    widget: Widget
    value: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def date(self) -> dt.date | None:
        return dt.date.fromisoformat(self.value) if self.value else None


@dataclass(frozen=True)
class FactRow:
    """One row of a list."""

    key: str
    title: str
    cells: tuple[str, ...]


def label(column: str, table: str = "") -> str:
    """A column's name in words; a URN that says whose row it is, is a school to its reader."""
    if column == "urn" and table != "schools":
        return "School"
    text = " ".join(SPELT.get(w, w) for w in column.split("_"))
    return text[:1].upper() + text[1:]


def widget(table: str, column: str) -> tuple[Widget, tuple[tuple[str, str], ...]]:
    """How the column is asked for, and from what one chooses."""
    kind = filled(TABLES[table].model_fields[column].annotation)
    if get_origin(kind) is Literal:
        return "choice", tuple((str(v), str(v).replace("_", " ")) for v in get_args(kind))
    if kind is bool:
        return "yes_no", (("yes", "yes"), ("no", "no"))
    if kind is dt.date:
        return "date", ()
    if column in ("sip", "urn") and table not in NAMED_BY:
        return ("sip" if column == "sip" else "school"), ()
    return ("long" if column in LONG else "text"), ()


def cells_of(row: Row) -> dict[str, str]:
    """The row as a workbook would hold it, blanks left out."""
    return {c: cell(v) for c, v in canon.row_out(row).items()}


def ask(
    case: Case, table: str, columns: Iterable[str], now: Mapping[str, str], *, hints: bool = True
) -> list[FormColumn]:
    """The columns as asked for, filled with what is known."""
    people = tuple((s.sip, s.name) for s in sorted(case.sips, key=lambda s: s.name))
    schools = tuple((s.urn, f"{s.name} ({s.urn})") for s in sorted(case.schools, key=lambda s: (s.name, s.urn)))
    out = []
    for column in columns:
        how, options = widget(table, column)
        value = now.get(column, "")
        if how in ("sip", "school"):
            options = people if how == "sip" else schools
            if value and value not in dict(options):
                options = (*options, (value, f"{value}, not in the data"))
        hint = (TABLES[table].model_fields[column].description or "") if hints else ""
        out.append(FormColumn(column, label(column, table), hint[:1].upper() + hint[1:], how, value, options))
    return out


def typed(form: Fields, table: str, columns: Iterable[str]) -> dict[str, str]:
    """What the form says of these columns, as cells; what is no date is in `form.errors`."""
    out = {}
    for column in columns:
        if widget(table, column)[0] == "date":
            found = form.date(column)
            out[column] = str(found) if found else ""
        else:
            out[column] = form.text(column) or ""
    return out


class FactNames:
    """Names for ids, and a row's cells as a list shows them."""

    def __init__(self, case: Case) -> None:
        self.of = {"urn": {s.urn: s.name for s in case.schools}, "sip": {s.sip: s.name for s in case.sips}}
        self.of |= {"old_urn": self.of["urn"], "new_urn": self.of["urn"]}

    def shown(self, column: str, value: Any) -> str:
        if isinstance(value, dt.date):
            return day(value)
        text = cell(list(value) if isinstance(value, tuple) else value)
        return (
            self.of[column].get(text, text)
            if column in self.of
            else text
            if "email" in column
            else text.replace("_", " ")
        )

    def line(self, table: str, row: Row) -> FactRow:
        own = NAMED_BY.get(table)
        cells = tuple(str(getattr(row, c)) if c == own else self.shown(c, getattr(row, c)) for c in columns_of(table))
        if table == "interests":
            cells = tuple(x or "open" if c == "outcome" else x for c, x in zip(columns_of(table), cells, strict=True))
        title = f"{cells[0]} ({getattr(row, own)})" if own else ", ".join(c for c in cells[:4] if c)
        return FactRow(key_of(row), title, cells)


def columns_of(table: str) -> tuple[str, ...]:
    """What a list of this table shows."""
    return LISTED.get(table) or tuple(TABLES[table].model_fields)


def found(case: Case, table: str, wanted: str) -> list[FactRow]:
    """The rows in which every word of `wanted` stands somewhere, in order of what they are called."""
    names, words = FactNames(case), wanted.casefold().split()
    lines = [names.line(table, r) for r in getattr(case, table)]
    kept = [x for x in lines if all(any(w in c.casefold() for c in (x.title, *x.cells)) for w in words)]
    return sorted(kept, key=lambda x: x.cells if table == "history" else (x.title.casefold(), x.key), reverse=False)
