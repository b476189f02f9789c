"""Schools that share a head share a lead: one lead, one answer, one appraisal (practice; contract 1)."""

from __future__ import annotations

from collections import defaultdict

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class SharedHead(Rule):
    id = "shared_head"
    law = "practice; contract 1"
    setting = "shared_head.on"

    def structures(self, draft: Draft) -> list[Structure]:
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for post in draft.posts:
            head = draft.facts.schools[post.urn].head
            if post.kind == "lead" and head:
                groups[head].append(post.key)
        return [Structure(self.id, "same", tuple(posts)) for _, posts in sorted(groups.items()) if len(posts) > 1]

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        head = facts.schools[post.urn].head
        if post.kind != "lead" or not head or audience == "sip":
            return None
        others = [
            p for p in facts.posts if p.kind == "lead" and p.urn != post.urn and facts.schools[p.urn].head == head
        ]
        if not others:
            return None
        if audience == "school":
            return "schools that share a head have one partner"
        names = ", ".join(facts.schools[p.urn].name for p in others)
        return f"one head leads this school and {names}, so they have one SIP"
