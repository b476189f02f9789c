"""A SIP must be active, here in time, and under contract to the last planned day (domain D3, D10)."""

from __future__ import annotations

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule, day


class Availability(Rule):
    id = "availability"
    law = "domain D3, D10"
    setting = "availability.on"

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.status not in (None, "active"):
            return f"{sip.name} is recorded as {sip.status}, not active"
        if sip.joined_on and sip.joined_on > facts.year.latest_start:
            return f"{sip.name} joins on {day(sip.joined_on)}, after the latest start, {day(facts.year.latest_start)}"
        if sip.leaves_on and sip.leaves_on < post.end:
            return f"{sip.name} leaves on {day(sip.leaves_on)}, before the last planned day, {day(post.end)}"
        if sip.contract_ends and sip.contract_ends < post.end:
            return (
                f"{sip.name}'s contract ends on {day(sip.contract_ends)}, before the last planned day, {day(post.end)}"
            )
        return None
