"""Schools changed against their will lately are not changed again: tier 2, never a block (domain F13)."""

from __future__ import annotations

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Protection(Rule):
    id = "protection"
    law = "domain F13; contract 2"
    title = "Schools changed against their will"
    meaning = "Schools whose SIP was changed against their will lately are not changed again if it can be helped."

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if post.kind != "lead" or not facts.protected(post.urn) or facts.incumbent_of(post) != sip.sip:
            return None
        if audience == "manager":
            return (
                f"changed against its will within {facts.policy.protection.months} months, so it is kept from another"
            )
        return "you have had a change of partner lately and should not have another" if audience == "school" else None
