"""What managers and registers call our sheets, columns and values, most used first (docs/reference/headers.md lists them).

A header is compared without case, blanks and signs: `% FSM`, `FSM (%)` and `fsm` are one.
"""

from __future__ import annotations

import re

from allocator.domain.case import TABLES
from allocator.intake.headers import AREAS, COLUMNS, FORMS, TITLES


def _blocks(text: str) -> dict[str, str]:
    """Column -> its headers, of one table's block."""
    lines = text.replace("\n  ", " ").splitlines()
    return {column: said for column, _, said in (line.partition(": ") for line in lines)}


HEADERS = {table: _blocks(text) for table, text in COLUMNS.items()}  # table -> our column -> its headers, with commas
HEADERS["schools"] |= {c: ", ".join(f.format(n) for n in names for f in FORMS) for c, names in AREAS.items()}
VALUES: dict[str, dict[str, str]] = {  # column -> a programme's usual word -> ours; what it was read as is always said
    "need": {"universal": "standard", "core": "standard", "targeted": "raised", "enhanced": "raised", "intensive": "high", "light touch": "low",
             "light": "low", "minimal": "low", "medium": "standard", "significant": "high", "very high": "top", "critical": "top", "urgent": "top"},
    "interest": {"governor": "governor", "governance": "governor", "trustee": "governor", "governors": "governor", "chair of governors": "governor",
                 "husband": "family", "wife": "family", "spouse": "family", "daughter": "family", "son": "family", "child": "family", "children": "family",
                 "sister": "family", "brother": "family", "parent": "family", "relative": "family", "related": "family", "employee": "employed",
                 "employer": "employed", "employment": "employed", "consultancy": "paid_work", "paid": "paid_work", "contract": "paid_work",
                 "shares": "financial", "inspector": "inspected", "inspection": "inspected", "ex head": "former_head", "former headteacher": "former_head",
                 "headteacher": "head"},
}  # fmt: skip
LAST_SIP = re.compile(  # a column of the schools sheet that holds the SIP of a year: `SIP 25/26`, `Current SIP`, `Last year's adviser`
    r"(?:(?:current|existing|previous|last|old|allocated|assigned|named|lead|link|our|lastyears|lastyear|202\d(?:20)?2\d|2\d2\d)*)(?:sip|adviser|advisor|partner|improvementpartner|leadadviser)"
    r"(?:s?name)?(?:(?:in|for)?(?:current|existing|previous|last|lastyear|20\d\d(?:20)?\d\d|2\d2\d))*"
)
YEAR = re.compile(r"(?<!\d)(?:20)?(2\d)\s*[-/–_]\s*(?:20)?(2\d)(?!\d)")


def plain_label(label: str) -> str:
    """A header or title as it is compared with the usual ones: letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]+", "", label.casefold().replace("&", "and"))


def year_in(text: str) -> str | None:
    """The academic year that a title or header tells: `SIP 25/26` is 2025/26."""
    found = YEAR.search(text)
    return f"20{found[1]}/{found[2]}" if found and int(found[2]) == int(found[1]) + 1 else None


_OWN = {t: {plain_label(c): c for c in model.model_fields} for t, model in TABLES.items()} | {
    "policy": {"key": "key", "value": "value"}
}
_HEADERS = {
    t: {plain_label(h): c for c, said in reversed(cols.items()) for h in said.split(", ")}
    for t, cols in HEADERS.items()
}
ASIDE = re.compile(r"\b(?:list|data|sheet|table|tab|current|20\d\d|final|master|the|v\d+)\b", re.IGNORECASE)


def _bare(title: str) -> str:
    """A title without its years and words such as *list*, as it is compared."""
    return plain_label(ASIDE.sub(" ", YEAR.sub(" ", title)))


_TITLES = {f(t): table for f in (_bare, plain_label) for table, said in TITLES.items() for t in said.split(", ")}


def usual_column(table: str, label: str) -> str | None:
    """Our column for a usual header of the table."""
    plain = plain_label(label)
    return _OWN.get(table, {}).get(plain) or _HEADERS.get(table, {}).get(plain)


def known_by(table: str, column: str) -> set[str]:
    """All that a column of ours is known by, as compared: our own name and the usual headers."""
    said = HEADERS.get(table, {}).get(column, "")
    return {plain_label(column)} | {plain_label(h) for h in said.split(", ") if h}


def usual_table(title: str) -> str | None:
    """Our table for a usual title of a sheet: years and words such as *list* or *sheet* apart."""
    return _TITLES.get(plain_label(title)) or _TITLES.get(_bare(title))


def holds_last_sip(label: str) -> bool:
    """Whether a column of the schools sheet tells who a school's SIP is or was."""
    return LAST_SIP.fullmatch(plain_label(label).replace("lastyears", "last")) is not None
