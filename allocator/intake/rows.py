"""Raw rows to the typed rows of a table: columns matched, cells converted, every problem kept."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from typing import Any

from pydantic import ValidationError

from allocator.domain import canon
from allocator.domain.case import TABLES, Row
from allocator.intake.cells import CROSS, NOTHING, YES, BadCell, blank, convert, nil, text
from allocator.intake.last_year import LAST_SIP
from allocator.intake.problems import MOST_LISTED, Problem, and_more, nearest
from allocator.intake.source import Raw, RawTable
from allocator.intake.spelling import squeezed
from allocator.intake.unread_columns import belongs

FORMULA_ERROR = re.compile(  # saved as text in a CSV or an .ods
    r"#(?:REF|DIV/0|N/A|NAME|NULL|NUM|VALUE|SPILL|CALC|BLOCKED|FIELD|CONNECT|BUSY|UNKNOWN|GETTING_DATA)[!?]?|Err:\d{3}"
)
COLOURS = {
    "red",
    "amber",
    "green",
    "yellow",
    "blue",
    "purple",
    "grey",
    "orange",
    "r",
    "a",
    "g",
}  # a programme's own code, and near no word of ours
Told = dict[str, dict[str, str]]  # column -> a cell's text -> what it was read as
OPPOSITE = re.compile(  # *not accepted* and *unmet* are near *accept* and *met*, and mean their opposite
    r"\b(?:no|not|non|never|n[o']?t|don'?t|isn'?t|ex|former|was|were|previous|previously|lifted|removed|withdrawn)\b"
    r"|\b(?:un|dis)\w",
    re.IGNORECASE,
)
KEYS = {"schools": "urn", "sips": "sip"}  # tables whose extra columns are handed back by key


def columns(table: RawTable, raw: Raw) -> dict[int, str]:
    """Position -> column name. An unknown column is an error when it is nearly a known one that is missing."""
    known = TABLES[table.name].model_fields
    by_plain = {squeezed(k): k for k in known}
    out: dict[int, str] = {}
    for n, label in enumerate(table.header):
        name = by_plain.get(squeezed(label))
        if name in out.values():
            raw.error(
                "column_twice",
                table.name,
                f"{table.name}: the column {label} stands twice.",
                row=table.header_row,
                column=label,
            )
        elif name:
            out[n] = name
    free = [k for k in known if k not in out.values()]
    for n, label in enumerate(table.header):
        if n in out or not label or label in table.kept or label == LAST_SIP or by_plain.get(squeezed(label)):
            continue
        if where_to := belongs(table, n):
            raw.error(
                "unread_column",
                table.name,
                f"{table.name}: the column {label} is not read, and may say what a rule must know. Write it as "
                f"{where_to}, or, if it is your own and no rule need know it, say so: {label} as blank under "
                f"[columns.{table.name}] in a mapping, or on the page *The data*.",
                row=table.header_row,
                column=label,
                expected=where_to,
            )
            continue
        near = nearest(label, free)
        close = near is not None and _close(squeezed(label), squeezed(near))
        where: dict[str, Any] = {"row": table.header_row, "column": label, "expected": near or None}
        if close:
            raw.error(
                "unknown_column", table.name, f"{table.name}: unknown column {label}. Did you mean {near}?", **where
            )
        else:
            hint = f" The nearest known one is {nearest(label, known)}." if nearest(label, known) else ""
            raw.notice(
                "unknown_column",
                table.name,
                f"{table.name}: {label} is not a column of ours; it is kept and handed back, not used.{hint}",
                **where,
            )
    for name, info in known.items():
        if info.is_required() and name not in out.values():
            raw.error(
                "missing_column",
                table.name,
                f"{table.name}: the column {name} is missing. Add it; it must be filled.",
                row=table.header_row,
                column=name,
            )
    return out


def _close(a: str, b: str) -> bool:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, a, b).ratio() >= 0.8


def typed(table: RawTable, raw: Raw) -> tuple[list[tuple[int, Row]], dict[str, dict[str, Any]]]:
    """Typed rows with their row numbers, and a manager's own columns by row key."""
    model = TABLES[table.name]
    names = columns(table, raw)
    crossed = _crossed(table, names)
    own = {n: table.labels.get(n, label) for n, label in enumerate(table.header) if n not in names and label}
    if any(i.is_required() and k not in names.values() for k, i in model.model_fields.items()):
        return [], {}
    out: list[tuple[int, Row]] = []
    extras: dict[str, dict[str, Any]] = {}
    seen: dict[tuple[str, str], Any] = {}
    told: Told = defaultdict(dict)
    for number, cells in table.rows:
        values, good = _values(table.name, number, cells, names, raw, seen, told, crossed)
        if len(cells) > len(table.header) and any(not blank(c) for c in cells[len(table.header) :]):
            raw.error(
                "too_many_cells",
                table.name,
                f"{table.name}, row {number}: more cells than the header has names.",
                row=number,
            )
        if not good:
            continue
        try:
            row = model.model_validate(values)
        except ValidationError as error:
            for e in error.errors():
                column = str(e["loc"][0]) if e["loc"] else None
                raw.problems.append(_invalid(table.name, number, column, e))
            continue
        out.append((number, row))
        mine = {label: text(cells[n]) for n, label in own.items() if n < len(cells) and not blank(cells[n])}
        if mine:
            key = KEYS.get(table.name)
            extras[str(getattr(row, key)) if key else canon.text(canon.row_out(row))] = mine
    _tell(table.name, told, raw)
    return out, extras


def _crossed(table: RawTable, names: dict[int, str]) -> set[str]:
    """Columns of yes or no in which some say yes otherwise than with an x, so that x may be their no."""
    fields = TABLES[table.name].model_fields
    out = set()
    for n, name in names.items():
        if "bool" in str(fields[name].annotation):
            said = {text(c[n]).casefold() for _, c in table.rows if n < len(c) and not blank(c[n])}
            if CROSS in said and said & (YES - {CROSS}):
                out.add(name)
    return out


def _invalid(table: str, number: int, column: str | None, e: Any) -> Problem:
    value = text(e["input"]) if e.get("input") is not None else None
    limit = e.get("ctx", {})
    bound = {"greater_than_equal": f"{limit.get('ge')} or more", "less_than_equal": f"{limit.get('le')} or less"}
    expected = bound.get(e["type"], e["msg"])
    return Problem(
        "impossible_figure",
        "error",
        table,
        f"{table}, row {number}: {column} is {value}; it must be {expected}.",
        number,
        column,
        value,
        expected,
    )


def _values(
    table: str,
    number: int,
    cells: list[Any],
    names: dict[int, str],
    raw: Raw,
    seen: dict[tuple[str, str], Any],
    told: Told,
    crossed: set[str],
) -> tuple[dict[str, Any], bool]:
    fields = TABLES[table].model_fields
    values: dict[str, Any] = {}
    good = True
    for n, name in names.items():
        cell = cells[n] if n < len(cells) else None
        if blank(cell) or cell == []:
            if fields[name].is_required():
                good = False
                raw.error(
                    "missing_value",
                    table,
                    f"{table}, row {number}: {name} is blank and must be filled.",
                    row=number,
                    column=name,
                )
            continue
        if isinstance(cell, str) and FORMULA_ERROR.fullmatch(cell.strip()):
            good = False
            raw.error(
                "formula_error",
                table,
                f"{table}, row {number}: {name} shows {cell.strip()}. Mend the formula or type the value.",
                row=number,
                column=name,
                value=cell.strip(),
            )
            continue
        try:
            if name in crossed and text(cell).casefold() == CROSS:
                raise BadCell("yes or no: beside ticks, x may be either")
            if not isinstance(cell, str):
                values[name] = convert(cell, fields[name].annotation, name)
                if isinstance(cell, int | float) and isinstance(values[name], dt.date):
                    told[name][text(cell)] = shown(values[name])
                continue
            if (name, cell) not in seen:  # a column holds the same few texts again and again
                seen[name, cell] = convert(cell, fields[name].annotation, name)
                if not as_written(cell, seen[name, cell]):
                    told[name][cell.strip()] = shown(seen[name, cell])
            values[name] = seen[name, cell]
        except BadCell as bad:
            if text(cell).casefold() in NOTHING and not nil(text(cell), name) and not fields[name].is_required():
                told[name][text(cell)] = "blank"
                continue
            good = False
            _bad(table, number, name, cell, bad, raw)
    return values, good


def _bad(table: str, number: int, name: str, cell: Any, bad: BadCell, raw: Raw) -> None:
    choices = bad.expected.removeprefix("one of ").split(", ") if "one of" in bad.expected else []
    guess = text(cell).casefold() not in COLOURS and not OPPOSITE.search(text(cell)) and name != "outcome"
    near = nearest(text(cell), choices) if guess else None
    hint = f" Did you mean {near}?" if near else ""
    if choices and not near:
        hint = (
            f" If it is your own word, say what it means: under [values.{name}] in a "
            "mapping, or on the page *The data*."
        )
    raw.error(
        "bad_value",
        table,
        f"{table}, row {number}: {name} is {text(cell)!r}; expected {bad.expected}.{hint}",
        row=number,
        column=name,
        value=text(cell),
        expected=bad.expected,
    )


def as_written(cell: str, value: Any) -> bool:
    """Whether a text says the value in so many words, so that how it was read need not be told."""
    plain = re.sub(r"[\s_-]+", "_", cell.strip().casefold())
    if isinstance(value, tuple):
        return ";" in cell or (len(value) < 2 and all(as_written(cell, v) for v in value))
    if isinstance(value, dt.date):
        return not plain[:5].isdigit()  # else the number that a spreadsheet keeps for a day
    if isinstance(value, bool):
        return plain in ("yes", "y", "true", "1", "no", "n", "false", "0")
    if not isinstance(value, str | int | float):
        return True
    if isinstance(value, str):
        return plain == re.sub(r"[\s_-]+", "_", value.casefold()) or value == cell.strip()
    return re.fullmatch(r"-?[\d,]*\d(?:\.\d+)?(?:e[+-]?\d+)?_*%?", plain, re.ASCII) is not None and not re.search(
        r",\d{1,2}$", plain
    )


def shown(value: Any) -> str:
    """A value as the tables write it."""
    return (
        "; ".join(map(str, value))
        if isinstance(value, tuple)
        else ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _tell(table: str, told: Told, raw: Raw) -> None:
    for name, read in told.items():
        some = "; ".join(f"{given} as {value}" for given, value in list(read.items())[:MOST_LISTED])
        more = and_more(len(read))
        raw.notice("values_read", table, f"{table}: {name} is read: {some}{more}.", column=name)
