"""Distance: a limit for each SIP, and points that fall beyond a comfortable journey (domain J2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import lru_cache
from math import lcm

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.national_grid import Circles
from allocator.rules.base import Rule


def reachable(facts: Facts) -> tuple[Circles, frozenset[str], Mapping[str, frozenset[str]]]:
    """SIPs by the squares that their limits touch; those whose home is unknown; those with a given distance, by URN."""
    # a metre more: distances are rounded down to whole metres
    homes = {sip: (at, limit_km(facts, facts.sips[sip]) * 1000 + 1) for sip, at in facts.sip_at.items() if at}
    given: dict[str, set[str]] = defaultdict(set)
    for row in facts.case.travel:
        given[row.urn].add(row.sip)
    anywhere = frozenset(sip for sip, at in facts.sip_at.items() if at is None)
    squares = Circles(homes, (at for at in facts.school_at.values() if at))
    return squares, anywhere, {urn: frozenset(sips) for urn, sips in given.items()}


def limit_km(facts: Facts, sip: Sip) -> float:
    return facts.policy.travel.max_km if sip.max_km is None else sip.max_km


class Travel(Rule):
    id = "travel"
    law = "domain J2, C7"
    title = "Distance"
    meaning = "Distance: a limit for each SIP, and shorter journeys before longer ones."
    barred = "are too far away"
    soft = True

    def reach(self, facts: Facts, post: Post) -> Collection[str] | None:
        here = facts.school_at[post.urn]
        if here is None:
            return None
        squares, anywhere, given = facts.once("reach", lambda: reachable(facts))
        return anywhere.union(squares.over(here), given.get(post.urn, ()))

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        metres = facts.metres(post.urn, sip.sip)
        if metres is None:
            return None
        limit = limit_km(facts, sip)
        unit, _, most = between(facts.policy.travel.soft_km, limit)
        if metres * unit <= most:
            return None
        return (
            f"{facts.schools[post.urn].name} is {far(facts, post.urn, sip, metres)} from {sip.name}; the "
            f"limit is {limit:g} km"
        )

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        metres = facts.metres(post.urn, sip.sip)
        unit, soft, limit = between(facts.policy.travel.soft_km, limit_km(facts, sip))
        if metres is None or metres * unit <= soft or limit <= soft:
            return 0
        return max(-100, -(100 * (metres * unit - soft) // (limit - soft)))

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        metres = facts.metres(post.urn, sip.sip)
        if metres is None or audience == "school" or not points:
            return None
        if audience == "sip":
            return f"it is {far(facts, post.urn, sip, metres)} from your base"
        return f"{far(facts, post.urn, sip, metres)} from {sip.name}'s base, beyond {facts.policy.travel.soft_km:g} km"


@lru_cache(maxsize=4096)
def between(soft_km: float, limit_km: float) -> tuple[int, int, int]:
    """Both in the largest part of a metre in which they are whole, after how many of it make a metre."""
    soft, limit = thousandfold(soft_km), thousandfold(limit_km)
    unit = lcm(soft.denominator, limit.denominator)
    return unit, int(soft * unit), int(limit * unit)


@lru_cache(maxsize=4096)
def thousandfold(km: float) -> Fraction:
    """Kilometres as metres, exactly as written."""
    return Fraction(str(km)) * 1000


def far(facts: Facts, urn: str, sip: Sip, metres: int) -> str:
    """A distance that says which kind it is."""
    return f"{metres / 1000:.1f} km {'by the travel table' if facts.given_km(urn, sip.sip) else 'in a straight line'}"
