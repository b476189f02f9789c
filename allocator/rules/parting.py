"""A strong wish to part is not something points may outvote (practice; domain F6)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule


class Parting(Rule):
    id = "parting"
    law = "practice; domain F6, F16"
    setting = "parting.on"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        firm = [w for w in facts.wishes_about(post.urn) if w.strength == 3]
        return [sip for w in firm if (sip := w.sip or facts.incumbent(post.urn))]

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        locked = any(d.sip == sip.sip and (d.post or "lead") == post.kind for d in facts.decisions("lock", post.urn))
        if locked:
            return None
        school = facts.schools[post.urn]
        for w in facts.wishes_about(post.urn):
            if w.strength != 3:
                continue
            if w.by == "school" and w.wish == "change" and (w.sip or facts.incumbent(post.urn)) == sip.sip:
                return f"{school.name} asked strongly for a change from {sip.name}"
            if w.by == "sip" and w.wish == "move_on" and w.sip == sip.sip:
                return f"{sip.name} asked strongly to move on from {school.name}"
        return None
