"""Schools that share a head share a lead: one lead, one answer, one appraisal (practice; contract 1)."""

from __future__ import annotations

from collections import defaultdict

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class SharedHead(Rule):
    id = "shared_head"
    law = "practice; contract 1"
    title = "Schools that share a head"
    meaning = "Schools that share a head share a lead: one lead, one answer, one appraisal."

    def structures(self, draft: Draft) -> list[Structure]:
        groups = sorted(led(draft.facts).items())
        return [Structure(self.id, "same", tuple((u, "lead") for u in urns)) for _, urns in groups if len(urns) > 1]

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        head = facts.schools[post.urn].head
        if post.kind != "lead" or not head or audience == "sip":
            return None
        others = [urn for urn in led(facts)[head] if urn != post.urn]
        if not others:
            return None
        if audience == "school":
            return "schools that share a head have one partner"
        names = ", ".join(facts.schools[urn].name for urn in others)
        return f"one head leads this school and {names}, so they have one SIP"


def led(facts: Facts) -> dict[str, list[str]]:
    """Head -> URNs of the schools in the run that they lead, in order."""
    return facts.once("heads", lambda: _led(facts))


def _led(facts: Facts) -> dict[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    for post in facts.posts:
        head = facts.schools[post.urn].head
        if post.slot == "lead" and head:
            out[head].append(post.urn)
    return out
