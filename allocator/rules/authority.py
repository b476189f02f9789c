"""SIPs work only for the authorities they name (domain D7)."""

from __future__ import annotations

from collections.abc import Hashable

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post, plain
from allocator.rules.base import Rule


class Authority(Rule):
    id = "authority"
    law = "domain D7"
    title = "Authorities a SIP works for"
    meaning = "SIPs work only for the authorities they name."
    barred = "do not work for its authority"

    def sees(self, facts: Facts, post: Post) -> Hashable:
        return plain(facts.schools[post.urn].la)

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        la = facts.schools[post.urn].la
        if not sip.las or not plain(la) or plain(la) in {plain(x) for x in sip.las}:
            return None
        return f"{sip.name} works for {', '.join(sip.las)}, not for {la}"
