"""One cell to one value, or what is wrong with it. Knows types, no tables."""

from __future__ import annotations

import datetime as dt
import math
import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from allocator.domain.bodies import is_authority
from allocator.domain.calendar import first_year
from allocator.domain.characters import is_address, lines, one_line, strange
from allocator.intake.usual import SPELLINGS

YES = {"yes", "y", "true", "1", "x", "✓", "✔", "√", "☑"}
NO = {"no", "n", "false", "0", "✗", "✘", "☐"}
CROSS = "x"  # a mark of its own among blanks; beside ticks it may be their opposite
NOTHING = {
    "n/a",
    "na",
    "n.a.",
    "-",
    "--",
    "\u2013",
    "tbc",
    "tba",
    "tbd",
    "unknown",
    "not known",
    "not applicable",
    "does not apply",
    "none",
    "nil",
    "null",
    "?",
    "not yet known",
    "to be confirmed",
    "no data",
}
ANYWHERE = NOTHING | {
    "any",
    "all",
    "anywhere",
    "everywhere",
    "all areas",
    "any area",
    "all las",
    "any la",
    "all authorities",
}
NOBODY = NOTHING | {
    "vacant",
    "vacancy",
    "to be appointed",
    "interim",
    "acting",
    "no head",
    "not appointed",
    "recruiting",
}  # as a person
NIL = ("nil", "none", "no", "zero")  # as a figure: 0, or that there is no limit
HALF = {
    "am": 0.5,
    "pm": 0.5,
    "a.m.": 0.5,
    "p.m.": 0.5,
    "half": 0.5,
    "half day": 0.5,
    "half a day": 0.5,
    "full day": 1.0,
    "1/2": 0.5,
    "all day": 1.0,
}
FRACTIONS = {"\u00bc": 0.25, "\u00bd": 0.5, "\u00be": 0.75, "1/4": 0.25, "1/2": 0.5, "3/4": 0.75}
SERIAL = re.compile(r"(?:3[3-9]|4\d|5[0-8])\d{3}(?:\.\d+)?")  # days from 1990 to 2060 as spreadsheets count them
DAY_0 = dt.date(1899, 12, 30)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


AHEAD = ("until", "away_to", "leaves_on", "contract_ends", "dbs_valid_until", "closes_on")  # when something ends
UNITS = {  # column -> what may stand behind its figure; of days it is *days*
    "km": "km|kilometres?",
    "max_km": "km|kilometres?",
    "minutes": "mins?|minutes?",
    "pupils": "pupils",
    "fsm_percent": "%|percent|per cent",
    "headship_years": "years?|yrs?",
    "easting": "m",
    "northing": "m",
    "day_rate": "a day|per day|/ ?day",
}
FIRST_YEAR = 1950  # no year of anybody's work here is before it; 0225/26 is a slip
TAGS = ("experience", "specialisms", "focus", "evidence")  # compared as words, however their parts are joined


SENTENCES = ("note", "reason", "pen_portrait", "governor_release")
ADDRESSES = ("head_email", "chair_email", "email")
BUT = re.compile(
    r"\b(?:not|except|excluding|excl|but|apart from|other than)\b", re.IGNORECASE
)  # before what is meant least
BLANKS = re.compile(r"[^\S\n]+")  # as one, so that parting a cell at its commas never takes long


class BadCell(ValueError):
    """`expected` says what would have been right."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


def blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and math.isnan(value))


def text(value: Any) -> str:
    """A cell as text: a whole number from a workbook loses its `.0`."""
    if isinstance(value, str):
        return value.strip()
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
        return several(value, args[0], column)
    if origin is Literal:
        return choice(value, args, column)
    if kind is bool:
        return yes_no(value, column)
    if kind is dt.date:
        found = date(value)
        if column in AHEAD and found.year < 2000 and "19" not in text(value):
            raise BadCell("a date with its year in four digits")  # 31/12/99 may be for ever
        return found
    if kind in (int, float):
        return number(value, kind, column)
    if column == "year":
        return academic_year(text(value))
    if isinstance(value, list | dict):
        raise BadCell("text")
    return words(text(value), column)


def words(given: str, column: str) -> str:
    """What people wrote: on one line but where a column holds sentences, and an address where it holds one."""
    found = lines(given) if column in SENTENCES else one_line(given)
    if odd := strange(found):
        raise BadCell(f"text without {odd}")
    if column in ADDRESSES and not is_address(found):
        raise BadCell("one email address, such as head@school.example, or blank")
    return found


def several(value: Any, kind: Any, column: str) -> tuple[Any, ...]:
    """A list: separated by `;`, or by commas, slashes, lines or *and* where its parts are what the column wants."""
    if isinstance(value, list):
        items = value
    else:
        given = BLANKS.sub(" ", text(value))
        if column == "las":
            given = re.sub(r"\s+only$|^only\s+", "", given.strip(), flags=re.IGNORECASE)
            if BUT.search(given):
                raise BadCell("the authorities that the SIP works for, by name, or blank for any")
        items = given.split(";")
        if ";" not in given and not _whole(given, kind, column):
            items = re.split(
                r"\s*(?:,|/|\n|\||\+)\s*(?:and\s+)?" if kind is str else r"\s*(?:,|/|\n|\||\+|&|\band\b)\s*", given
            )
    found = tuple(convert(i, kind, column) for i in items if not blank(i))
    return tuple(tag(t) for t in found) if column in TAGS else found


def _whole(given: str, kind: Any, column: str) -> bool:
    """Whether a text without `;` is one item: a choice as it stands, or an authority whose name holds a comma."""
    if kind is str:
        return column == "las" and is_authority(given)
    try:
        convert(given, kind, column)
    except BadCell:
        return False
    return True


def tag(given: str) -> str:
    """`early reading` and `early-reading` as early_reading; capitals stay, and are not compared."""
    return re.sub(r"[\s_-]+", "_", given)


def choice(value: Any, options: tuple[Any, ...], column: str) -> Any:
    """One of a fixed set; case, blanks, hyphens and the national register's spellings are forgiven."""
    given = re.sub(r"(?<=^\d)\.0$", "", text(value))  # a grade that went through a spreadsheet
    plain = re.sub(r"[\s_-]+", "_", given.casefold())
    if column.startswith("card_"):
        plain = plain.removesuffix("_standard")  # *Strong standard*, as published, is our `strong`
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


def yes_no(value: Any, column: str = "") -> bool:
    """A yes or a no; of `rural` also what the register says: `(England/Wales) Rural village`, `Urban: nearer to …`."""
    if isinstance(value, bool):
        return value
    plain = text(value).casefold()
    if plain in YES | NO:
        return plain in YES
    told = set(re.findall(r"rural|urban", plain)) if column == "rural" else set()
    if len(told) == 1:
        return told == {"rural"}
    raise BadCell("yes or no")


def date(value: Any) -> dt.date:
    """A workbook's date, `YYYY-MM-DD`, `DD/MM/YYYY` (also with `.` or `-`, or a year of two digits), `1 September
    2026`, or the number that a spreadsheet keeps for a day (46143)."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    given = text(value)
    if SERIAL.fullmatch(given) and not isinstance(value, bool):
        return DAY_0 + dt.timedelta(days=int(given[:5]))
    for pattern in (
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%Y-%m-%dT%H:%M:%S",
        "%d-%m-%Y",
        "%d.%m.%Y",
        "%d/%m/%y",
        "%d.%m.%y",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
    ):
        try:
            return dt.datetime.strptime(given, pattern).date()
        except ValueError:
            continue
    words = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2})", given.casefold())
    if words and words[2][:3] in MONTHS:
        year = int(words[3]) + (2000 if len(words[3]) == 2 else 0)
        try:
            return dt.date(year, MONTHS.index(words[2][:3]) + 1, int(words[1]))
        except ValueError:
            pass
    raise BadCell("a date as 2026-09-01 or 01/09/2026, the day first")


def nil(given: str, column: str) -> bool:
    """Whether *none* stands where it may mean 0 as well as that there is no limit."""
    return given.casefold() in NIL and (is_days(column) or column in ("max_schools", "min_schools", "max_km"))


def is_days(column: str) -> bool:
    return column == "days" or column.endswith("_days")


def number(value: Any, kind: type, column: str = "") -> int | float:
    """A figure, with the signs people put to it: `1,204`, `0,5`, `4\u00bd`; with the unit of its column, and no
    other: `42%`, `40 days`, `25 km`; of days also `am` or `half` for half a day."""
    if isinstance(value, bool | dt.date | dt.time | dt.timedelta):
        raise BadCell("a number")
    given = text(value)
    if nil(given, column):
        raise BadCell("0, or blank where there is no figure")
    try:
        found = float(given)
    except ValueError:
        found = _figure(given.casefold(), kind, column)
    if not math.isfinite(found) or abs(found) > 1e9:
        raise BadCell("a number of a sensible size")
    if kind is int:
        if not found.is_integer():
            raise BadCell("a whole number")
        return int(found)
    return found


def _figure(given: str, kind: type, column: str) -> float:
    days = is_days(column)
    if kind is float and days and given in HALF:
        return HALF[given]
    bare = given.removeprefix("\u00a3").strip() if column == "day_rate" else given
    unit = r"days?|d" if days else UNITS.get(column)
    bare = re.sub(rf"\s*(?:{unit})\.?$", "", bare) if unit else bare
    mixed = re.fullmatch(r"(\d+)?\s*(\u00bc|\u00bd|\u00be|1/4|1/2|3/4)", bare)
    if mixed and kind is float:
        return int(mixed[1] or 0) + FRACTIONS[mixed[2]]
    if re.fullmatch(r"-?\d{1,3}(?:[, \u00a0]\d{3})+(?:\.\d+)?", bare):
        bare = re.sub(r"[, \u00a0]", "", bare)
    elif re.fullmatch(r"-?\d+,\d{1,2}", bare):
        bare = bare.replace(",", ".")  # a decimal comma
    try:
        return float(bare)
    except ValueError:
        raise BadCell("a number of days" if days else "a whole number" if kind is int else "a number") from None


def academic_year(given: str) -> str:
    """2025/26, also written 2025-26, 2025_26, 2025/2026, 25/26 or AY25/26."""
    match = re.fullmatch(r"(?:(?:AY|academic year)\s*)?(\d{4}|2\d)\s*[/_\u2013-]\s*(\d{2}|\d{4})", given, re.IGNORECASE)
    label = f"{match[1] if len(match[1]) == 4 else '20' + match[1]}/{match[2][-2:]}" if match else given
    try:
        sound = FIRST_YEAR <= first_year(label) < FIRST_YEAR + 150
    except ValueError:
        sound = False
    if not sound:
        raise BadCell("an academic year as 2025/26")
    return label
