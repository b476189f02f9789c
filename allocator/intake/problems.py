"""What is wrong with, or to be said about, outside data: where, what, what was expected, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

MOST_LISTED = 20  # problems of one kind in one column that are listed one by one


@dataclass(frozen=True)
class Problem:
    """`row` counts as the file or sheet does, header included; None when it is about the whole table.

    An *error* means the case cannot be used as it is; a *notice* means it is used, and says how.
    """

    code: str
    severity: Literal["error", "notice"]
    table: str
    text: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    expected: str | None = None


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The nearest known word, or None when nothing is near."""
    by_plain = {k.casefold(): k for k in known}
    found = get_close_matches(word.casefold(), list(by_plain), 1, 0.6)
    return by_plain[found[0]] if found else None


def capped(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """At most MOST_LISTED of one code, table and column; the rest are counted in the last one's text."""
    seen: Counter[tuple[str, str, str | None]] = Counter()
    out: list[Problem] = []
    last: dict[tuple[str, str, str | None], int] = {}
    for p in problems:
        key = (p.code, p.table, p.column)
        seen[key] += 1
        if seen[key] <= MOST_LISTED:
            last[key] = len(out)
            out.append(p)
    for key, n in seen.items():
        if n > MOST_LISTED:
            at = last[key]
            out[at] = replace(out[at], text=f"{out[at].text} And {n - MOST_LISTED:,} more like it.")
    return tuple(out)
