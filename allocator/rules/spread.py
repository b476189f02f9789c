"""Strong and needy schools spread over the team (domain E9)."""

from __future__ import annotations

from collections import defaultdict

from allocator.rules.base import Draft, Rule, Structure, share

GROUPS = (("raised", "high", "top"), ("low",))


class Spread(Rule):
    id = "spread"
    law = "domain E9"
    title = "Strong and needy schools spread"
    meaning = "Strong and needy schools spread over the team."

    def structures(self, draft: Draft) -> list[Structure]:
        facts = draft.facts
        capacity = {s: facts.capacity(facts.sips[s]) for s in draft.usable}
        whole = sum(capacity.values())
        out = []
        for needs in GROUPS:
            leads = [p for p in draft.posts if p.kind == "lead" and p.last and p.need in needs]
            posts = [p.key for p in leads if draft.allowed.get(p.key)]
            may: dict[str, list[tuple[str, str]]] = defaultdict(list)  # only posts that each may hold: as few as pairs
            for key in posts:
                for sip in draft.allowed.get(key, ()):
                    may[sip].append(key)
            for sip in sorted(may) if whole else ():
                free, price = share(len(posts) * capacity[sip], whole), facts.policy.spread.price
                out.append(
                    Structure(self.id, "above", tuple(may[sip]), sip=sip, measure="posts", free=free, price=price)
                )
        return out
