"""Head's appraisal: only by trained SIPs, and a different person from the lead where asked (domain H3, H4)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class Appraisal(Rule):
    id = "appraisal"
    law = "domain H3, H4"
    title = "The head's appraisal"
    meaning = "Head's appraisal: only by trained SIPs, and a different person from the lead where asked."
    barred = "have no appraisal training on record"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return post.kind == "appraisal"

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if post.kind != "appraisal" or sip.appraisal_trained:
            return None
        return f"{sip.name} has no appraisal training on record"

    def structures(self, draft: Draft) -> list[Structure]:
        return [
            Structure(self.id, "different", ((p.urn, "lead"), (p.urn, "appraisal")))
            for p in draft.posts
            if p.slot == "appraisal" and draft.facts.schools[p.urn].appraisal == "different"
        ]

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if post.kind != "appraisal":
            return None
        wish = facts.schools[post.urn].appraisal
        if wish == "different":
            who = "you" if audience == "school" else "the school"
            return f"{who} asked that somebody other than the lead SIP support the head's appraisal"
        return None
