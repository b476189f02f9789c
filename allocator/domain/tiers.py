"""What a plan is judged by, in order: of each tier its sense, its unit, and its words for one and for many
(contract 2).

The one place where this is said; the auditor has its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from allocator.domain.case import NEEDS

QUARTERS = 4  # of a day: what days short are counted in


@dataclass(frozen=True)
class Meaning:
    """`most`: more is better. `unit`: so much of the tier's value is one of what `one` and `many` name."""

    name: str
    most: bool
    one: str
    many: str
    unit: int = 1

    def lost(self, was: int, now: int) -> int:
        """How much worse `now` is than `was`; negative when it is better."""
        return was - now if self.most else now - was

    def text(self, lost: int) -> str:
        """What a loss comes to (a gain when negative): `2 fewer schools of high need with a SIP`, `0.5 more days
        short`."""
        n = abs(lost) / self.unit
        return f"{n:g} {'fewer' if (lost > 0) == self.most else 'more'} {self.one if n == 1 else self.many}"

    def figure(self, value: int) -> float:
        """The value in the unit of its words: days, not quarter-days."""
        return value / self.unit


def _all() -> Iterable[Meaning]:
    for need in NEEDS:
        with_a_sip = f"of {need} need with a SIP"
        yield Meaning(f"1a_{need}", True, f"school {with_a_sip}", f"schools {with_a_sip}")
    yield Meaning("1b", True, "support post filled", "support posts filled")
    yield Meaning("1c", True, "appraisal filled", "appraisals filled")
    for need in NEEDS:
        short = f"short at {need} need"
        yield Meaning(f"1d_{need}", False, f"day {short}", f"days {short}", QUARTERS)
    again = "changed again against"
    yield Meaning("2", False, f"school {again} its will", f"schools {again} their will")
    yield Meaning("3", False, "school moved", "schools moved")
    yield Meaning("4_worst", True, "point at the school worst off", "points at the school worst off")
    yield Meaning("4", True, "point", "points")
    yield Meaning("5", False, "in the lot", "in the lot")


TIERS: dict[str, Meaning] = {tier.name: tier for tier in _all()}  # in contract 2's order
POINTS, LOT, MOVED = "4", "5", "3"
FILLED = tuple(name for name in TIERS if name[:2] in ("1a", "1b", "1c"))  # posts filled, neediest leads first
SHORT = tuple(name for name in TIERS if TIERS[name].unit == QUARTERS)  # days short


def lost(name: str, was: int, now: int) -> int:
    """How much worse a tier is at `now` than at `was`; negative when it is better."""
    return TIERS[name].lost(was, now)


def text(name: str, lost: int) -> str:
    """A loss in a tier in words (a gain when negative)."""
    return TIERS[name].text(lost)


def rank(values: Iterable[tuple[str, int]]) -> tuple[int, ...]:
    """(name, value) of tiers in order as a key: the larger the better plan."""
    return tuple(value if TIERS[name].most else -value for name, value in values)
