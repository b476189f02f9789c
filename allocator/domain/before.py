"""Who held a post before, and what has changed against that: the one count behind every page (contract 2, *before*)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from allocator.domain.calendar import first_year
from allocator.domain.case import History, PostKind
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Unfilled

Key = tuple[str, str]  # (urn, post kind)


@dataclass(frozen=True)
class Change:
    """From `on`, somebody else than before holds the post; `to` is None where nobody does."""

    urn: str
    post: PostKind
    from_: str
    to: str | None
    on: dt.date


def last_year(facts: Facts, urn: str, post: str) -> str | None:
    """Who held the post in the year before, whatever way that ended; None = nobody on record."""
    if post == "lead":
        return facts.last_lead(urn)
    rows = [h for h in facts.history(urn) if _year(h) == facts.year.start_year - 1 and (h.role or "lead") == post]
    return min(rows, key=_standing).sip if rows else None


def _year(row: History) -> int:
    return first_year(row.year)


def _standing(row: History) -> tuple[bool, int, str]:
    """First who was there to the end, then who ended last, then the first id."""
    on = row.ended_on or dt.date(_year(row) + 1, 8, 31)
    return row.ended not in (None, "end_of_year"), -on.toordinal(), row.sip


def changes(facts: Facts, rows: Iterable[Assignment], empty: Iterable[Unfilled]) -> tuple[Change, ...]:
    """Every row, and every part that nobody holds, against who was there before it; by URN, post and day."""
    spells: dict[Key, list[tuple[dt.date, PostKind, str | None]]] = defaultdict(list)
    for row in rows:
        spells[row.urn, row.post].append((row.from_, row.post, row.sip))
    for gap in empty:
        spells[gap.urn, gap.post].append((gap.from_ or facts.year.first, gap.post, None))
    return tuple(c for (urn, _), mine in sorted(spells.items()) for c in _of_post(facts, urn, sorted(mine, key=_day)))


def _day(spell: tuple[dt.date, PostKind, str | None]) -> dt.date:
    return spell[0]


def _of_post(facts: Facts, urn: str, spells: Sequence[tuple[dt.date, PostKind, str | None]]) -> list[Change]:
    """Nobody counts once, however many parts in a row; who comes after is compared with who was there before."""
    was = last_year(facts, urn, spells[0][1]) if urn in facts.schools else None
    out: list[Change] = []
    there = True
    for on, post, sip in spells:
        if was is not None and sip != was and (sip is not None or there):
            out.append(Change(urn, post, was, sip, on))
        was, there = sip or was, sip is not None
    return out


def counts(facts: Facts, filled: Iterable[str], found: Iterable[Change]) -> tuple[int, int, int]:
    """(kept, changed, had none) of the lead posts filled, given by URN; they add up."""
    changed = {c.urn for c in found if c.post == "lead"}
    here = set(filled)
    none = {u for u in here - changed if last_year(facts, u, "lead") is None}
    return len(here - changed - none), len(here & changed), len(none)
