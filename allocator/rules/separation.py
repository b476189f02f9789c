"""Support kept apart from validation, where policy or a decision says so (domain G1-G4)."""

from __future__ import annotations

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class Separation(Rule):
    id = "separation"
    law = "domain G1-G4"
    title = "Support kept apart"
    meaning = "Support kept apart from validation, where policy or a decision says so."

    def structures(self, draft: Draft) -> list[Structure]:
        return [
            Structure(self.id, "different", ((p.urn, "lead"), (p.urn, "support")))
            for p in draft.posts
            if p.slot == "support"
        ]

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if post.kind != "support" or audience == "school":
            return None
        if audience == "sip":
            return "support is kept apart from validation here, so the lead is somebody else"
        return "support is kept apart from validation here, so this is somebody other than the lead"
