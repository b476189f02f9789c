"""Load evened out: nobody far above a fair share of the days due (domain A11)."""

from __future__ import annotations

from allocator.rules.base import Draft, Rule, Structure, share


class Balance(Rule):
    id = "balance"
    law = "domain A11, B9"
    title = "Even load"
    meaning = "Load evened out: nobody far above a fair share of the days due."

    def structures(self, draft: Draft) -> list[Structure]:
        facts = draft.facts
        if not facts.policy.capacity.on:
            return []
        capacity = {s: facts.capacity(facts.sips[s]) for s in draft.usable}
        given = {s: facts.spent(s)[0] for s in capacity}  # in a repair: what each has worked already
        wanted = sum(
            p.due for p in draft.posts if draft.allowed.get(p.key)
        )  # what nobody may take is in nobody's share
        whole, due = sum(capacity.values()), wanted + sum(given.values())
        price = facts.policy.balance.price
        return [
            Structure(self.id, "above", sip=s, free=max(0, share(c * due, whole) - given[s]), price=price)
            for s, c in capacity.items()
            if whole
        ]
