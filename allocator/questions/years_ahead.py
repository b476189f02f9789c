"""The coming three years before anything is planned: days due against days offered, who reaches review and limit
(domain F5, D10).

It reads a case as it is, with today's team and every pair going on: what a roll-over leaves (`rollover`), or a new
round's data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from allocator.domain.calendar import year_label
from allocator.domain.case import Sip
from allocator.domain.facts import Facts

YEARS = 3  # the year itself and two more; ours
Turn = Literal["gone", "limit", "review"]


@dataclass(frozen=True)
class Turning:
    """What comes to a pair in a year: its SIP is gone, it is at the limit, or at the review.

    `year` is the first calendar year, `led` the years in a row as lead by its first day.
    """

    year: int
    turn: Turn
    urn: str
    sip: str
    led: int


@dataclass(frozen=True)
class YearAhead:
    """One year with today's team, in days. `only_if`: those of `offered` that come only with a renewal."""

    year: int
    schools: int
    due: float
    offered: float
    only_if: float

    @property
    def left(self) -> float:
        """Negative where more is due than is offered."""
        return self.offered - self.due


@dataclass(frozen=True)
class Ahead:
    """The coming years; every pair that comes to a turn in them; and the schools that nobody leads as they begin."""

    years: tuple[YearAhead, ...]
    turns: tuple[Turning, ...]
    nobody: tuple[str, ...]

    def of(self, year: int, turn: Turn) -> list[Turning]:
        return [t for t in self.turns if (t.year, t.turn) == (year, turn)]


def years_ahead(facts: Facts) -> Ahead:
    """The year of the case and the two after it."""
    years = [_in(facts, facts.year.start_year + k) for k in range(YEARS)]
    turns = [t for urn in facts.schools for t in _turns(years, urn)]
    return Ahead(
        tuple(_year(f) for f in years),
        tuple(sorted(turns, key=lambda t: (t.year, t.turn, facts.name(t.urn), t.urn))),
        tuple(sorted(u for u in _leads(years[0]) if facts.incumbent(u) is None)),
    )


def _in(facts: Facts, year: int) -> Facts:
    """The same case, read in another year."""
    return Facts(facts.case.model_copy(update={"year": year_label(year)}), facts.policy)


def _leads(facts: Facts) -> frozenset[str]:
    return facts.once("schools with a lead", lambda: frozenset(p.urn for p in facts.year_posts if p.kind == "lead"))


def on_team(facts: Facts, sip: Sip | None) -> bool:
    """Active, here by the latest start, and not known to leave before the year's last planned day."""
    if sip is None or sip.status not in (None, "active"):
        return False
    joins = sip.joined_on is None or sip.joined_on <= facts.year.latest_start
    return joins and not _before(sip.leaves_on, facts.year.last_planned)


def wants_renewal(facts: Facts, sip: Sip) -> bool:
    """Whether contract, DBS, training or approval, as recorded, bars this SIP from a post of the whole year."""
    last, part = facts.year.last_planned, facts.policy
    dbs = not (sip.dbs_checked_on or sip.dbs_valid_until) or _before(sip.dbs_valid_until, last)
    return (
        (part.availability.on and _before(sip.contract_ends, last))
        or (part.require_dbs and dbs)
        or (part.require_training and not sip.trained)
        or (part.require_board_approval and not sip.board_approved)
    )


def _before(ends: dt.date | None, last: dt.date) -> bool:
    return ends is not None and ends < last


def _year(facts: Facts) -> YearAhead:
    team = [s for s in facts.sips.values() if on_team(facts, s)]
    return YearAhead(
        facts.year.start_year,
        len(_leads(facts)),
        sum(p.due for p in facts.year_posts) / 4,
        _days(facts, team),
        _days(facts, (s for s in team if wants_renewal(facts, s))),
    )


def _days(facts: Facts, team: Iterable[Sip]) -> float:
    return sum(facts.capacity(s) for s in team) / 4


def _turns(years: list[Facts], urn: str) -> list[Turning]:
    """What comes to this school's pair, if it goes on: nothing more once its SIP is gone or the limit is reached."""
    sip = years[0].incumbent(urn)
    if sip is None:
        return []
    tenure, led = years[0].policy.tenure, years[0].tenure_year(urn, sip) - 1
    out: list[Turning] = []
    for k, facts in enumerate(years):
        year, so_far = facts.year.start_year, led + k
        if urn not in _leads(facts):
            return out
        if not on_team(facts, facts.sips.get(sip)):
            return [*out, Turning(year, "gone", urn, sip, so_far)]
        if not tenure.on or tenure.first_year_amnesty:
            continue
        if so_far >= tenure.limit and not facts.extended(urn, sip):
            return [*out, Turning(year, "limit", urn, sip, so_far)]
        if so_far == tenure.review:
            out.append(Turning(year, "review", urn, sip, so_far))
    return out
