"""Known locally or fresh eyes, as the school asked (domain C10, F11)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.policy import by_need
from allocator.rules.base import Rule, strength


class Local(Rule):
    id = "local"
    law = "domain C10, F11; contract 2"
    setting = "local.on"
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        asked = any(w.wish in ("known_locally", "fresh_eyes") for w in facts.wishes_about(post.urn))
        return None if asked and post.kind == "lead" else ()

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        if post.kind != "lead":
            return 0
        total, local = 0, None
        for w in facts.wishes_about(post.urn):
            if w.by == "school" and w.wish in ("known_locally", "fresh_eyes"):
                local = facts.known_locally(post.urn, sip) if local is None else local
                total += strength(w.strength) * (1 if local == (w.wish == "known_locally") else -1)
        return max(-100, min(100, total))

    def weight(self, facts: Facts, post: Post) -> int:
        return by_need(facts.policy.local.weight, post.need)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points or audience == "sip":
            return None
        wish = next(w.wish for w in facts.wishes_about(post.urn) if w.wish in ("known_locally", "fresh_eyes"))
        what = "someone known locally" if wish == "known_locally" else "fresh eyes"
        who = "you" if audience == "school" else "the school"
        unmet = "" if points > 0 or audience == "school" else ", which could not be met"
        return f"{who} asked for {what}{unmet}"
