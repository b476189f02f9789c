"""The tables as they stand on a day: what tells only from its date on bars nobody before it (rules.md, "Barred on
a day")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from allocator.domain.case import Case, Decision, Interest, NeedChange, Refusal

DATED = ("refusals", "interests", "decisions", "needs")  # of decisions only a forbid: what allows, allows for the year


def told_after(case: Case, day: dt.date) -> list[dt.date]:
    """The days after `day` on which a row of these tables begins to tell."""
    rows = (row for table in DATED for row in getattr(case, table))
    return sorted({on for row in rows if (on := _from(row)) is not None and on > day})


def as_of(case: Case, day: dt.date) -> Case:
    """The case without the rows that tell only after `day`."""
    return case.model_copy(update={table: tuple(_told(getattr(case, table), day)) for table in DATED})


Dated = Refusal | Interest | Decision | NeedChange


def _told(rows: tuple[Dated, ...], day: dt.date) -> Iterator[Dated]:
    for row in rows:
        on = _from(row)
        if on is None or on <= day:
            yield row


def _from(row: Dated) -> dt.date | None:
    if isinstance(row, Interest):
        return row.declared_on
    if isinstance(row, Decision) and row.decision != "forbid":
        return None
    return row.on
