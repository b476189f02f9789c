"""A limit on consecutive years as lead; a prompt before it, never an automatic rotation (domain F5)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule, years


class Tenure(Rule):
    id = "tenure"
    law = "domain F5; contract 2"
    title = "Tenure"
    meaning = "A limit on consecutive years as lead; a prompt before it, never an automatic rotation."
    barred = "have reached the limit of years"

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        if facts.policy.tenure.limit < 1:
            return None
        return {row.sip for row in facts.history(post.urn)} if post.kind == "lead" else ()

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        part = facts.policy.tenure
        if post.kind != "lead" or part.first_year_amnesty:
            return None
        year = facts.tenure_year(post.urn, sip.sip)
        if year <= part.limit or facts.extended(post.urn, sip.sip):
            return None
        return (
            f"{sip.name} has led {facts.schools[post.urn].name} for {years(year - 1)}; the limit is {part.limit}. "
            "An extension on record lifts it; a lock then holds the pair"
        )

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        part = facts.policy.tenure
        year = facts.tenure_year(post.urn, sip.sip)
        if post.kind != "lead" or audience != "manager" or year <= part.review:
            return None
        if year > part.limit:
            rows = facts.extended(post.urn, sip.sip)
            if rows:
                return f"year {year}, beyond the limit of {part.limit}: extended by {rows[0].by}: {rows[0].reason}"
            cause = "the first run's amnesty" if part.first_year_amnesty else "nobody else may take this school"
            return f"year {year}, beyond the limit of {part.limit}: {cause}"
        return f"year {year}: past the review at {part.review}; ask both sides whether to go on"
