"""The auditor's tables opened at the right page: rows by school, by SIP, by decision, instead of read through each
time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar

from allocator.domain.case import Case

Row = TypeVar("Row")
Page = TypeVar("Page")
Self = TypeVar("Self", bound="Keeping")
Args = ParamSpec("Args")


def by(rows: Iterable[Row], page: Callable[[Row], Page]) -> dict[Page, list[Row]]:
    """Rows in their order, under what `page` says of each."""
    out: dict[Page, list[Row]] = defaultdict(list)
    for row in rows:
        out[page(row)].append(row)
    return dict(out)


class Keeping:
    """What its answers are kept in, so that they go when it goes."""

    kept: dict[tuple[Any, ...], Any]


def once(work: Callable[Concatenate[Self, Args], Page]) -> Callable[Concatenate[Self, Args], Page]:
    """A method worked out once for the same arguments."""

    def answer(self: Self, /, *args: Args.args, **named: Args.kwargs) -> Page:
        question = (work, *args)  # nobody asks by name
        try:
            found: Page = self.kept[question]
        except KeyError:
            found = self.kept[question] = work(self, *args, **named)
        return found

    return answer


class Ledger:
    """Where to find the rows of a case. Look up with `.get(page, ())`."""

    def __init__(self, case: Case) -> None:
        self.history = by(case.history, lambda h: h.urn)
        self.decisions = by(case.decisions, lambda d: (d.decision, d.urn))
        self.interests = by(case.interests, lambda i: i.sip)
        self.refusals = by(case.refusals, lambda r: r.sip)
        self.wishes = by(case.wishes, lambda w: w.urn)
        self.general = by((w for w in case.wishes if w.urn is None and w.by == "sip" and w.sip), lambda w: w.sip)
        self.needs = by(case.needs, lambda n: n.urn)
        self.absences = by(case.absences, lambda a: a.sip)
        self.worked = by(case.worked, lambda w: w.sip)
        self.km = {(t.urn, t.sip): t.km for t in reversed(case.travel) if t.km is not None}
        self.old = by(case.successions, lambda s: s.new_urn)
