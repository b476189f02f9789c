"""The academic year: its days, its four periods, and days of a post split over them (contract 2)."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from allocator.domain.plan import Plan
from allocator.domain.policy import Policy, YearPart

Four = tuple[int, int, int, int]


@lru_cache(maxsize=1024)
def first_year(label: str) -> int:
    """2026 of `2026/27`. Raises ValueError for anything else."""
    if not re.fullmatch(r"\d{4}/\d{2}", label) or (int(label[:4]) + 1) % 100 != int(label[5:]):
        raise ValueError(f"{label!r} is not an academic year such as 2026/27")
    return int(label[:4])


def year_label(first: int) -> str:
    return f"{first}/{(first + 1) % 100:02d}"


@lru_cache(maxsize=4096)
def quarters(days: float) -> Fraction:
    """Days as quarter-days, exactly as written."""
    return Fraction(str(days)) * 4


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


@lru_cache(maxsize=4096)
def whole_quarters(days: float) -> int:
    """Days as whole quarter-days, half up."""
    return half_up(quarters(days))


@dataclass(frozen=True)
class Year:
    """One academic year under a policy's calendar."""

    label: str
    part: YearPart

    @cached_property
    def start_year(self) -> int:
        return first_year(self.label)

    @cached_property
    def first(self) -> dt.date:
        return dt.date(self.start_year, 9, 1)

    @cached_property
    def last(self) -> dt.date:
        return dt.date(self.start_year + 1, 8, 31)

    def day(self, month_day: str) -> dt.date:
        """A month-day of policy within this year; 29 February becomes the 28th where there is none."""
        month, day = int(month_day[:2]), int(month_day[3:])
        year = self.start_year + (month < 9)
        if (month, day) == (2, 29) and year % 4:
            day = 28
        return dt.date(year, month, day)

    @cached_property
    def last_planned(self) -> dt.date:
        return self.day(self.part.last_day)

    @cached_property
    def appraisal_by(self) -> dt.date:
        return self.day(self.part.appraisal_by)

    @cached_property
    def latest_start(self) -> dt.date:
        return self.day(self.part.latest_start)

    @cached_property
    def starts(self) -> tuple[dt.date, dt.date, dt.date, dt.date]:
        """First days of the four periods."""
        p = self.part
        return self.first, self.day(p.autumn_2_starts), self.day(p.spring_starts), self.day(p.summer_starts)

    @cached_property
    def ends(self) -> tuple[dt.date, ...]:
        """Last days of the four periods; the last ends on the last planned day."""
        day = dt.timedelta(days=1)
        return (*(start - day for start in self.starts[1:]), self.last_planned)

    def period(self, day: dt.date) -> int:
        """Which period (0-3) a day falls in; days outside the year count to the nearest."""
        return next((n for n in (3, 2, 1) if self.starts[n] <= day), 0)

    def split(self, total: int) -> Four:
        """Quarter-days over the periods by policy shares: largest remainder, ties to the earlier."""
        p = self.part
        return largest_remainder(total, (p.autumn_1, p.autumn_2, p.spring, p.summer))

    def within(self, n: int, start: dt.date, end: dt.date) -> Fraction:
        """Share of period n's calendar days from start to end, both included."""
        a, b = self.starts[n], self.ends[n]
        whole = (b - a).days + 1
        part = (min(b, end) - max(a, start)).days + 1
        return Fraction(max(0, part), whole) if whole > 0 else Fraction(0)


def year_of(plan: Plan) -> Year:
    """The year that a plan is for, under the policy that it was made with."""
    return Year(str(plan.inputs.case["year"]), Policy.model_validate(plan.inputs.policy).calendar)


def largest_remainder(total: int, shares: Sequence[int | Fraction]) -> Four:
    """A total over four shares: each its whole part, what is left by largest remainder, ties to the earlier."""
    out = apportioned(total, shares)
    return out[0], out[1], out[2], out[3]


def apportioned(total: int, shares: Sequence[int | Fraction]) -> tuple[int, ...]:
    """The same over any number of shares, of which one at least is not 0."""
    return _remainder(total, tuple(shares))


@lru_cache(maxsize=65536)
def _remainder(total: int, shares: tuple[int | Fraction, ...]) -> tuple[int, ...]:
    weight = sum(shares)
    exact = [Fraction(total * s, weight) for s in shares]
    out = [math.floor(x) for x in exact]
    order = sorted(range(len(shares)), key=lambda n: (out[n] - exact[n], n))
    for n in order[: total - sum(out)]:
        out[n] += 1
    return tuple(out)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day of the month, so many months earlier (the year's first day is always the 1st)."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, day.day)
