"""What people wrote is text in every workbook and CSV that we write: it is never worked out as a formula.

In a workbook a cell says that it holds text. A CSV file cannot say so: there a text that a spreadsheet would work
out begins with an apostrophe, which reading takes off again.
"""

from __future__ import annotations

import re
from typing import Any

from allocator.domain.characters import STRANGE, lines

WORKED_OUT = re.compile(r"'*[=+\-@\t\r]")  # how a text begins that a spreadsheet takes for a formula
LONGEST = 32_767  # characters of a cell that Excel opens


def put(cell: Any, value: Any) -> Any:
    """The value in a cell of a workbook: numbers, dates and yes-or-no as they are, all else as text."""
    if isinstance(value, str):
        value = fit(value)
        cell.value = value
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in "=+-@"
    else:
        cell.value = value
    return cell


def fit(text: str) -> str:
    """The text as a workbook can hold it: what XML has no place for shows as a mark."""
    return STRANGE.sub("\ufffd", lines(text))[:LONGEST]


def guarded(text: str) -> str:
    """The text for a cell of CSV."""
    return f"'{text}" if WORKED_OUT.match(text) else text


def unguarded(text: str) -> str:
    """A cell of CSV as it was before `guarded`."""
    return text[1:] if text[:1] == "'" and WORKED_OUT.match(text) else text
