"""The head's focus for the year against the SIP's specialisms (domain E1)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post, plain
from allocator.rules.base import Rule
from allocator.words import listed, words


class Focus(Rule):
    id = "focus"
    law = "domain E1"
    title = "Focus"
    meaning = "The head's focus for the year against the SIP's specialisms."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        return None if post.kind != "appraisal" and facts.schools[post.urn].focus else ()

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        wanted = facts.schools[post.urn].focus
        if post.kind == "appraisal" or not wanted:
            return 0
        return 100 * len(shared(wanted, sip.specialisms)) // len({plain(w) for w in wanted})

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points:
            return None
        both = listed([words(w) for w in shared(facts.schools[post.urn].focus, sip.specialisms)])
        if audience == "school":
            return f"you asked for help with {both}, which {sip.name} knows well"
        if audience == "sip":
            return f"the school asked for help with {both}, which you know well"
        return f"the head's focus, {both}, is among {sip.name}'s specialisms"


def shared(wanted: tuple[str, ...], has: tuple[str, ...]) -> list[str]:
    """Words in both, once each, in the school's order."""
    able = {plain(h) for h in has}
    own = {plain(w): w for w in reversed(wanted)}
    return [own[w] for w in dict.fromkeys(plain(x) for x in wanted) if w in able]
