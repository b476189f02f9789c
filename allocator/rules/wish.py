"""What schools and SIPs asked for (domain E6, F3, F6, C2)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.case import Wish as Row
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule, strength

OF_ANYBODY = ("not_serving_head", "flexible_diary")  # wishes that name nobody


class Wish(Rule):
    id = "wish"
    law = "domain E6, F3, F6; C2 as a school's own preference"
    title = "Wishes"
    meaning = "What schools and SIPs asked for."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        wishes = facts.wishes_about(post.urn) if post.kind == "lead" else []
        if any(w.wish in OF_ANYBODY for w in wishes):
            return None
        return {sip for w in wishes if (sip := w.sip or facts.last_lead(post.urn))}

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        if post.kind != "lead":
            return 0
        total = sum(sign(facts, post, sip, w) * strength(w.strength) for w in facts.wishes_about(post.urn))
        return max(-100, min(100, total))

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if post.kind != "lead":
            return None
        parts = []
        for w in facts.wishes_about(post.urn):
            s = sign(facts, post, sip, w)
            if (s > 0 or (s and audience == "manager")) and (text := _said(sip, w, s, audience)):
                parts.append(text)
        return " and ".join(parts) or None


def sign(facts: Facts, post: Post, sip: Sip, w: Row) -> int:
    """+1, -1 or 0: what this wish says of this pair."""
    if w.by == "school":
        about = w.sip or facts.last_lead(post.urn)
        if w.wish in ("keep", "change"):
            return (1 if w.wish == "keep" else -1) if about == sip.sip else 0
        if w.wish in ("named", "follow_head"):
            return int(w.sip == sip.sip)
        if w.wish == "not_serving_head":
            return -int(sip.kind == "serving_head")
        if w.wish == "flexible_diary":
            return int(bool(sip.flexible_diary))
        return 0
    if w.sip != sip.sip:
        return 0
    return {"keep": 1, "named": 1, "move_on": -1, "change": -1}.get(w.wish, 0)


def _said(sip: Sip, w: Row, s: int, audience: str) -> str | None:
    if w.by == "sip":
        if audience == "school":
            return None  # a SIP's wish is the SIP's own affair
        who, is_ = ("you", "you") if audience == "sip" else (sip.name, "the SIP")
        return f"{who} asked to {'stay' if s > 0 else 'move on'}" if is_ else None
    asked = {
        "keep": f"to keep {sip.name}",
        "change": f"for a change from {sip.name}",
        "named": f"for {sip.name}",
        "follow_head": f"that {sip.name} come with the head",
        "not_serving_head": "not to have a serving head",
        "flexible_diary": "for someone with a flexible diary",
    }[w.wish]
    if audience == "sip":  # a school's wish against a person is told by people, not by letters
        return "the school asked for you" if s > 0 and w.wish in ("keep", "named", "follow_head") else None
    if audience == "school":
        return f"you asked {asked}"
    return f"the school asked {asked}{'' if s > 0 else ': not met'}"
