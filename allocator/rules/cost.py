"""Cheaper day rates preferred; off by default (domain L1). Pay is told to managers only (L4)."""

from __future__ import annotations

from fractions import Fraction

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import by_need
from allocator.rules.base import Rule, toward_zero


class Cost(Rule):
    id = "cost"
    law = "domain L1, L4"
    setting = "cost.on"
    soft = True

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        rates = facts.rates
        if sip.day_rate is None or rates is None or rates[0] == rates[1]:
            return 0
        least, most = rates
        return toward_zero(-100 * (Fraction(str(sip.day_rate)) - least) / (most - least))

    def weight(self, facts: Facts, post: Post) -> int:
        return by_need(facts.policy.cost.weight, post.need)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        return f"{sip.name}'s day rate is above the least in the team" if points and audience == "manager" else None
