"""A SIP must be active, here in time, and under contract to the last planned day (domain D3, D10)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Absence, Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule, day


class Availability(Rule):
    id = "availability"
    law = "domain D3, D10"
    setting = "availability.on"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return post.start, post.end

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.status not in (None, "active"):
            return f"{sip.name} is recorded as {sip.status}, not active"
        latest = max(facts.year.latest_start, post.start)
        if sip.joined_on and sip.joined_on > latest:
            return f"{sip.name} joins on {day(sip.joined_on)}, after the latest start, {day(latest)}"
        if sip.leaves_on and sip.leaves_on < post.end:
            return f"{sip.name} leaves on {day(sip.leaves_on)}, before the last planned day, {day(post.end)}"
        if sip.contract_ends and sip.contract_ends < post.end:
            return (
                f"{sip.name}'s contract ends on {day(sip.contract_ends)}, before the last planned day, {day(post.end)}"
            )
        for absence in facts.case.absences:
            if absence.sip == sip.sip and away_mostly(absence, post):
                return f"{sip.name} is away from {day(absence.away_from)} to {day(absence.away_to)}"
        return None


def away_mostly(absence: Absence, post: Post) -> bool:
    """At least half of the post's days from start to end fall in the absence."""
    days = (min(absence.away_to, post.end) - max(absence.away_from, post.start)).days + 1
    return 2 * max(0, days) >= (post.end - post.start).days + 1
