"""Churn-hit schools are kept from newcomers (domain F14)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule
from allocator.words import day


class Churn(Rule):
    id = "churn"
    law = "domain F14"
    title = "Schools with many changes"
    meaning = "Churn-hit schools are kept from newcomers."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        return None if post.kind == "lead" and facts.protected(post.urn) else ()

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        return -100 if post.kind == "lead" and facts.newcomer(sip) and facts.protected(post.urn) else 0

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points or audience != "manager" or sip.joined_on is None:
            return None
        return f"{sip.name} joined on {day(sip.joined_on)}, and this school has had a change against its will lately"
