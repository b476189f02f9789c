"""Where a school asked for the same SIP at the head's appraisal, that is a wish (domain H3; contract 2)."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class SameAppraiser(Rule):
    id = "same_appraiser"
    law = "domain H3; contract 2"
    title = "The same person at the appraisal"
    meaning = "Where a school asked for the same SIP at the head's appraisal, that is a wish."

    def structures(self, draft: Draft) -> list[Structure]:
        price = draft.facts.policy.same_appraiser.price
        return [
            Structure(self.id, "together", ((p.urn, "lead"), (p.urn, "appraisal")), price=price)
            for p in draft.posts
            if p.slot == "appraisal" and draft.facts.schools[p.urn].appraisal == "same"
        ]

    def met(self, facts: Facts, post: Post, held: Mapping[tuple[str, str], str]) -> bool | None:
        return held.get((post.urn, "lead")) == held.get(post.key)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if post.kind != "appraisal" or facts.schools[post.urn].appraisal != "same":
            return None
        who = {"school": "you", "manager": "the school", "sip": "the school"}[audience]
        return (
            f"{who} asked for its own SIP at the head's appraisal"
            if who != "you"
            else "you asked that your own partner support it"
        )
