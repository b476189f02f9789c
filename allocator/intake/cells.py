"""One cell to one value, or what is wrong with it. Knows types, no tables."""

from __future__ import annotations

import datetime as dt
import math
import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from allocator.domain.calendar import first_year

YES = {"yes", "y", "true", "1", "x", "✓"}
NO = {"no", "n", "false", "0"}
SPELLINGS: dict[str, dict[str, str]] = {
    "phase": {
        "middle deemed primary": "middle_primary", "middle deemed secondary": "middle_secondary",
        "all-through": "all_through", "all through": "all_through", "16 plus": "sixteen_plus",
        "16-plus": "sixteen_plus", "16+": "sixteen_plus", "infant": "primary", "junior": "primary",
        "pru": "alternative", "alternative provision": "alternative", "special school": "special",
    },
    "category_of_concern": {
        "special measures": "SM", "serious weaknesses": "SWK", "requires significant improvement": "RSI",
    },
    "oeif": {
        "outstanding": "1", "good": "2", "requires improvement": "3", "inadequate": "4", "not judged": "not_judged",
    },
    "kind": {
        "adviser": "la_adviser", "la adviser": "la_adviser", "serving head": "serving_head", "head": "serving_head",
        "retired head": "retired_head", "external consultant": "consultant",
    },
}  # fmt: skip


TAGS = ("experience", "specialisms", "focus", "evidence")  # compared as words, however their parts are joined


class BadCell(ValueError):
    """`expected` says what would have been right."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def blank(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
    )


def text(value: Any) -> str:
    """A cell as text: a whole number from a workbook loses its `.0`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value).strip()


def convert(value: Any, kind: Any, column: str) -> Any:
    """A cell that is not blank as the type a column wants. Raises BadCell."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return convert(value, next(a for a in args if a is not type(None)), column)
    if origin is tuple:
        items = value if isinstance(value, list) else text(value).split(";")
        found = tuple(convert(i, args[0], column) for i in items if not blank(i))
        return tuple(tag(t) for t in found) if column in TAGS else found
    if origin is Literal:
        return choice(value, args, column)
    if kind is bool:
        return yes_no(value)
    if kind is dt.date:
        return date(value)
    if kind in (int, float):
        return number(value, kind)
    if column == "year":
        return academic_year(text(value))
    if isinstance(value, list | dict):
        raise BadCell("text")
    return text(value)


def tag(given: str) -> str:
    """`early reading` and `early-reading` as early_reading; capitals stay, and are not compared."""
    return re.sub(r"[\s_-]+", "_", given)


def choice(value: Any, options: tuple[Any, ...], column: str) -> Any:
    """One of a fixed set; case, blanks, hyphens and the national register's spellings are forgiven."""
    given = text(value)
    plain = re.sub(r"[\s_-]+", "_", given.casefold())
    for option in options:
        if plain == re.sub(r"[\s_-]+", "_", str(option).casefold()):
            return option
    group = "oeif" if "oeif" in column else "phase" if "phase" in column else column
    found = SPELLINGS.get(group, {}).get(" ".join(given.casefold().split()))
    if found in options:
        return found
    shown = ", ".join(str(o) for o in options)
    if group == "phase" and plain == "not_applicable":
        raise BadCell(
            "the phase itself: the register says *Not applicable* for special schools and alternative provision"
        )
    raise BadCell(f"one of {shown}")


def yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    plain = text(value).casefold()
    if plain in YES | NO:
        return plain in YES
    raise BadCell("yes or no")


def date(value: Any) -> dt.date:
    """A workbook's date, `YYYY-MM-DD` or `DD/MM/YYYY`."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    given = text(value)
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%d-%m-%Y"):
        try:
            return dt.datetime.strptime(given, pattern).date()
        except ValueError:
            continue
    raise BadCell("a date as 2026-09-01 or 01/09/2026")


def number(value: Any, kind: type) -> int | float:
    if isinstance(value, bool):
        raise BadCell("a number")
    try:
        found = float(text(value).replace(",", "").removesuffix("%"))
    except ValueError:
        raise BadCell("a whole number" if kind is int else "a number") from None
    if not math.isfinite(found) or abs(found) > 1e9:
        raise BadCell("a number of a sensible size")
    if kind is int:
        if not found.is_integer():
            raise BadCell("a whole number")
        return int(found)
    return found


def academic_year(given: str) -> str:
    """2025/26, also written 2025-26 or 2025/2026."""
    match = re.fullmatch(r"(\d{4})\s*[/-]\s*(\d{2}|\d{4})", given)
    label = f"{match[1]}/{match[2][-2:]}" if match else given
    try:
        first_year(label)
    except ValueError:
        raise BadCell("an academic year as 2025/26") from None
    return label
