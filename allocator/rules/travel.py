"""Distance: a limit for each SIP, and points that fall beyond a comfortable journey (domain J2)."""

from __future__ import annotations

from fractions import Fraction

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import by_need
from allocator.rules.base import Rule, toward_zero


def limit_km(facts: Facts, sip: Sip) -> float:
    return facts.policy.travel.max_km if sip.max_km is None else sip.max_km


class Travel(Rule):
    id = "travel"
    law = "domain J2, C7"
    setting = "travel.on"
    soft = True

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        metres = facts.metres(post.urn, sip.sip)
        limit = limit_km(facts, sip)
        if metres is None or metres <= Fraction(str(limit)) * 1000:
            return None
        return f"{facts.schools[post.urn].name} is {far(facts, post.urn, sip, metres)} from {sip.name}; the limit is {limit:g} km"

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        metres = facts.metres(post.urn, sip.sip)
        soft = Fraction(str(facts.policy.travel.soft_km)) * 1000
        limit = Fraction(str(limit_km(facts, sip))) * 1000
        if metres is None or metres <= soft or limit <= soft:
            return 0
        return max(-100, toward_zero(-100 * (metres - soft) / (limit - soft)))

    def weight(self, facts: Facts, post: Post) -> int:
        return by_need(facts.policy.travel.weight, post.need)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        metres = facts.metres(post.urn, sip.sip)
        if metres is None or audience == "school" or not points:
            return None
        if audience == "sip":
            return f"it is {far(facts, post.urn, sip, metres)} from your base"
        return f"{far(facts, post.urn, sip, metres)} from {sip.name}'s base, beyond {facts.policy.travel.soft_km:g} km"


def far(facts: Facts, urn: str, sip: Sip, metres: int) -> str:
    """A distance that says which kind it is."""
    return f"{metres / 1000:.1f} km ({'as given' if facts.given_km(urn, sip.sip) else 'straight line'})"
