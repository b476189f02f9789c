"""Two serving heads are never SIP to each other's schools (practice)."""

from __future__ import annotations

from collections import defaultdict

from allocator.rules.base import Draft, Rule, Structure


class Reciprocal(Rule):
    id = "reciprocal"
    law = "practice; domain C8"
    title = "Heads who would be each other's SIP"
    meaning = "Two serving heads are never SIP to each other's schools."

    def structures(self, draft: Draft) -> list[Structure]:
        facts = draft.facts
        owners: dict[str, list[str]] = defaultdict(list)  # school -> serving heads who lead it
        for row in facts.sips.values():
            if row.kind == "serving_head" and row.current_urn:
                for urn in facts.successors(row.current_urn):
                    owners[urn].append(row.sip)
        taken: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        heads = {s for sips in owners.values() for s in sips}
        for (urn, kind), sips in sorted(draft.allowed.items()):
            for sip in sips if urn in owners else ():
                if sip in heads:
                    taken[urn, sip].append((urn, kind, sip))
        out = []
        for (urn, sip), choices in sorted(taken.items()):
            for other in (o for o in owners[urn] if o != sip):
                own = [u for u, sips in owners.items() if sip in sips]
                for back in (c for u in own for c in taken.get((u, other), ())):
                    out += [Structure(self.id, "never_both", pairs=(c, back)) for c in choices if c < back]
        return out
