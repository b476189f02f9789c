"""Days offered, so that the team's capacity is just so much more than what the posts take."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.domain.case import Case, Sip
from allocator.domain.facts import Facts

STEP, FINE = 0.5, 0.25  # days are offered in halves; in quarters where halves would miss the tightness
CLOSE = 0.005  # of the tightness asked for


def days_for(facts: Facts, loads: Mapping[str, int], tightness: float, noise: Mapping[str, float]) -> dict[str, float]:
    """SIP -> days offered, gross. `loads` in quarter-days; all capacities together are `tightness` x all loads.

    `noise` is each SIP's own factor about 1; where tightness is 1 or more, nobody offers less than their load.
    """
    scale = sum(loads.values()) / sum(q * noise[s] for s, q in loads.items())
    aims = {s: q * noise[s] * scale * tightness for s, q in loads.items()}
    empty = Facts(Case(year=facts.case.year, schools=(), sips=()), facts.policy)
    out: dict[str, float] = {}
    for step in (STEP, FINE):
        carry = 0.0
        for sip, aim in aims.items():
            least = loads[sip] if tightness >= 1 else 0
            out[sip] = _days(empty, max(aim + carry, least), step)
            carry += aim - capacity_of(empty, out[sip])
        if abs(carry) <= CLOSE * sum(loads.values()):
            break
    return out


def capacity_of(empty: Facts, days: float) -> int:
    """Quarter-days left for schools of so many days offered."""
    return empty.capacity(Sip(sip=f"{days:g}", name="", kind="consultant", phases=("primary",), days=days))


def _days(empty: Facts, aim: float, step: float) -> float:
    """The fewest days, in steps, whose capacity is at least the aim (to half a quarter-day)."""
    low, high = 0, 1
    while capacity_of(empty, high * step) < aim - 0.5:
        low, high = high, high * 2
    while low < high:
        mid = (low + high) // 2
        if capacity_of(empty, mid * step) < aim - 0.5:
            low = mid + 1
        else:
            high = mid
    return low * step
