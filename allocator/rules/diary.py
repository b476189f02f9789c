"""Flexible diaries for schools in their inspection window (domain B20)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Diary(Rule):
    id = "diary"
    law = "domain B20"
    title = "Flexible diaries"
    meaning = "Flexible diaries for schools in their inspection window."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        if post.kind != "lead" or not facts.schools[post.urn].inspection_due:
            return ()
        return facts.once("flexible", lambda: frozenset(s for s, row in facts.sips.items() if row.flexible_diary))

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        due = facts.schools[post.urn].inspection_due
        return 100 if post.kind == "lead" and due and sip.flexible_diary else 0

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points:
            return None
        if audience == "sip":
            return "you can move a visit at short notice when an inspection comes"
        return f"{sip.name} can move a visit at short notice when an inspection comes"
