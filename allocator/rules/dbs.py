"""A DBS check must be on record before the start and valid to the last planned day (domain D4)."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import DAY, EVER, Rule, Span
from allocator.words import day


class Dbs(Rule):
    id = "dbs"
    law = "domain D4"
    title = "DBS check on record"
    meaning = "A DBS check must be on record before the start and valid to the last planned day."
    barred = "have no valid DBS check"
    setting = "require_dbs"
    dated = True

    def bars(self, facts: Facts, sip: Sip, accepted: Collection[Span]) -> list[Span]:
        if sip.dbs_checked_on is None and sip.dbs_valid_until is None:
            return [EVER]
        out = [(EVER[0], sip.dbs_checked_on - DAY)] if sip.dbs_checked_on else []
        return out + ([(sip.dbs_valid_until + DAY, EVER[1])] if sip.dbs_valid_until else [])

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return post.start, post.end

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if sip.dbs_checked_on is None and sip.dbs_valid_until is None:
            return f"no DBS check on record for {sip.name}"
        if sip.dbs_checked_on and sip.dbs_checked_on > facts.starts(post, sip):
            return (
                f"{sip.name}'s DBS check is dated {day(sip.dbs_checked_on)}, after the start, "
                f"{day(facts.starts(post, sip))}"
            )
        if sip.dbs_valid_until and sip.dbs_valid_until < post.end:
            return (
                f"{sip.name}'s DBS check runs out on {day(sip.dbs_valid_until)}, "
                f"before the last planned day, {day(post.end)}"
            )
        return None
