"""Cheaper day rates preferred; off by default (domain L1). Pay is told to managers only (L4)."""

from __future__ import annotations

from fractions import Fraction

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


def rates(facts: Facts) -> tuple[Fraction, Fraction]:
    """Least and most day rate known of the SIPs who may take some post: nobody else's changes anybody's points."""
    known = [
        Fraction(str(row.day_rate)) for s, row in facts.sips.items() if row.day_rate is not None and s in facts.useful
    ]
    return (min(known), max(known)) if known else (Fraction(0), Fraction(0))


class Cost(Rule):
    id = "cost"
    law = "domain L1, L4"
    title = "Day rates"
    meaning = "Cheaper day rates preferred; off by default. Pay is told to managers only (L4)."
    soft = True

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        least, most = facts.once("day rates", lambda: rates(facts))
        if sip.day_rate is None or least == most:
            return 0
        # a SIP who may take nothing sets no rate, and is asked about all the same: held within what others may give
        return int(-100 * min(Fraction(1), max(Fraction(0), (Fraction(str(sip.day_rate)) - least) / (most - least))))

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        return f"{sip.name}'s day rate is above the least in the team" if points and audience == "manager" else None
