"""A manager's recorded word: lock fixes a pair, forbid bars it (contract 1)."""

from __future__ import annotations

from collections.abc import Collection

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Draft, Rule, Structure


class Decision(Rule):
    id = "decision"
    law = "contract 1; domain E2"
    title = "Decisions of a manager"
    meaning = "A manager's recorded word: lock fixes a pair, forbid bars it."
    barred = "are forbidden by a decision"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        return [row.sip for row in facts.decisions("forbid", post.urn) if row.sip]

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        for row in facts.decisions("forbid", post.urn):
            if row.sip == sip.sip and row.post in (None, post.kind):
                return f"{row.by} barred {sip.name} from {facts.schools[post.urn].name}: {row.reason}"
        return None

    def structures(self, draft: Draft) -> list[Structure]:
        rows = [d for d in draft.facts.case.decisions if d.decision == "lock" and d.sip]
        in_force = {(d.urn, d.post or "lead", d.sip or "") for d in rows if d in draft.facts.decisions("lock", d.urn)}
        return [Structure(self.id, "fixed", pairs=(pair,)) for pair in sorted(in_force)]

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if audience != "manager":
            return None
        for row in facts.decisions("lock", post.urn):
            if row.sip == sip.sip and (row.post or "lead") == post.kind:
                return f"locked by {row.by}: {row.reason}"
        return None
