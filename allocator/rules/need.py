"""Experience that a school's Ofsted position and need demand (domain E10, 3.1)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post, plain
from allocator.rules.base import Rule
from allocator.words import words


class Need(Rule):
    id = "need"
    law = "domain E10, 3.1"
    title = "Experience that a school's position demands"
    meaning = "Experience that a school's Ofsted position and need demand."
    barred = "lack the experience that the school's position demands"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return () if post.kind == "appraisal" else tuple(flag.name for flag in facts.flags(post.urn))

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        if post.kind == "appraisal":
            return None
        have = {plain(t) for t in sip.experience}
        for flag in facts.flags(post.urn):
            tags = facts.policy.need.requires.get(flag.name)
            if tags is not None and not have & {plain(t) for t in tags}:
                wanted = " or ".join(words(t) for t in tags)
                return (
                    f"{facts.schools[post.urn].name} ({flag.text}) needs experience of {wanted}; {sip.name} "
                    "records none"
                )
        return None
