"""What is wrong with, or to be said about, outside data: where, what, what was expected, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

FEW = 4  # problems of one kind that are still told one by one
SHOWN = 8  # rows and values named in a line that stands for many
MOST_LISTED = 20  # problems of one kind in one column that are listed one by one


def and_more(n: int) -> str:
    """What follows on a list of which the first MOST_LISTED of `n` are named."""
    return f" and {n - MOST_LISTED} more" if n > MOST_LISTED else ""


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


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The nearest known word, or None when none is `alike` (0 to 1)."""
    by_plain = {k.casefold(): k for k in known}
    found = get_close_matches(word.casefold(), list(by_plain), 1, alike)
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


def together(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """One cause, one line: problems of a kind in one column with one remedy are told by the first of them, with
    the rows and values of the others."""
    groups: dict[tuple[str, str, str, str | None, str | None], list[Problem]] = {}
    for p in problems:
        groups.setdefault((p.severity, p.code, p.table, p.column, p.expected), []).append(p)
    out: list[Problem] = []
    for found in groups.values():
        if len(found) < FEW:
            out += found
            continue
        rows = [str(p.row) for p in found if p.row is not None]
        values = Counter(p.value for p in found if p.value is not None)
        where = f", rows {_some(rows)}" if rows else ""
        what = f" ({_some([f'{v}: {n}' if n > 1 else v for v, n in values.most_common()])})" if len(values) > 1 else ""
        out.append(replace(found[0], text=f"{found[0].text} Like it {len(found):,} in all{where}{what}."))
    return tuple(out)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - SHOWN:,} more" if len(texts) > SHOWN else ""
    return f"{', '.join(texts[:SHOWN])}{more}"
