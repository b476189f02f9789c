"""Infant and junior halves the same SIP, unless either objects (practice)."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


def other_half(facts: Facts, urn: str) -> str | None:
    """The school this one is paired with, whichever of the two says so."""
    return facts.halves.get(urn)


class Halves(Rule):
    id = "halves"
    law = "practice"
    title = "Infant and junior halves"
    meaning = "Infant and junior halves the same SIP, unless either objects."

    def structures(self, draft: Draft) -> list[Structure]:
        facts, posts, out = draft.facts, {p.key for p in draft.posts}, []
        for a, b in facts.paired:
            if (a, "lead") not in posts or (b, "lead") not in posts or self._objects(facts, a, b):
                continue
            out.append(Structure(self.id, "together", ((a, "lead"), (b, "lead")), price=facts.policy.halves.price))
        return out

    @staticmethod
    def _objects(facts: Facts, a: str, b: str) -> bool:
        return any(w.by == "school" and w.wish == "change" for u in (a, b) for w in facts.wishes_about(u))

    def met(self, facts: Facts, post: Post, held: Mapping[tuple[str, str], str]) -> bool | None:
        other = other_half(facts, post.urn)
        return None if other is None else held.get((other, "lead")) == held.get(post.key)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        other = other_half(facts, post.urn)
        if post.kind != "lead" or other is None or audience == "sip" or self._objects(facts, post.urn, other):
            return None
        if audience == "school":
            return "infant and junior schools side by side have one partner"
        return f"{facts.schools[other].name} is the other half and should have the same SIP"
