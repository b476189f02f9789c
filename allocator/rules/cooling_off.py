"""No return soon after a tenure that reached the limit or ended by rotation (domain F5, F7)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule
from allocator.words import noun


class CoolingOff(Rule):
    id = "cooling_off"
    law = "domain F5, F7"
    title = "Return after a long tenure"
    meaning = "No return soon after a tenure that reached the limit or ended by rotation."
    barred = "may not return yet"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        return {row.sip for row in facts.history(post.urn)} if post.kind == "lead" else ()

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if post.kind != "lead" or facts.tenure_year(post.urn, sip.sip) > 1:
            return None
        led = facts.led(post.urn, sip.sip)
        if not led or facts.decisions("allow_return", post.urn, sip.sip):
            return None
        last = first = max(led)
        while first - 1 in led and led[first - 1] is None:
            first -= 1
        reached = last - first + 1 >= facts.policy.tenure.limit or led[last] == "rotation"
        away = facts.year.start_year - last - 1
        years = facts.policy.cooling_off.years
        if not reached or away >= years:
            return None
        return (
            f"{sip.name} led {facts.schools[post.urn].name} until {last + 1}; "
            f"a return needs {years} {noun(years, 'year')} between, and there have been {away}"
        )
