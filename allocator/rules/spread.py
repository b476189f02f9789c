"""Strong and needy schools spread over the team (domain E9)."""

from __future__ import annotations

from allocator.rules.base import Draft, Rule, Structure, share

GROUPS = (("raised", "high", "top"), ("low",))


class Spread(Rule):
    id = "spread"
    law = "domain E9"
    setting = "spread.on"

    def structures(self, draft: Draft) -> list[Structure]:
        facts = draft.facts
        capacity = {s: facts.capacity(facts.sips[s]) for s in draft.usable}
        whole = sum(capacity.values())
        out = []
        for needs in GROUPS:
            posts = tuple(p.key for p in draft.posts if p.kind == "lead" and p.need in needs)
            for sip, c in capacity.items() if posts and whole else ():
                free = share(len(posts) * c, whole)
                out.append(
                    Structure(
                        self.id, "above", posts, sip=sip, measure="posts", free=free, price=facts.policy.spread.price
                    )
                )
        return out
