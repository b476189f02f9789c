"""What another line-up would mean in what people know: schools that keep their SIP, wishes, kilometres; points
come last."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.allocate import Setup
from allocator.domain.before import last_year
from allocator.domain.facts import Facts
from allocator.reasons.claims import wishes_met
from allocator.words import counted

Lead = tuple[str, str, str | None, str | None]  # URN, part, who holds it, who would


def in_people(ready: Setup, shifts: Iterable[Lead]) -> list[str]:
    """What would be otherwise, each as a clause with *would*; of a lead held in turn its last holder counts."""
    facts = ready.facts
    last = {parts[-1].key for (_, kind), parts in ready.parts.of.items() if kind == "lead" and parts}
    leads = [(urn, was, now) for urn, part, was, now in shifts if (urn, part) in last]
    kept = sum((now == before) - (was == before) for u, was, now in leads if (before := last_year(facts, u, "lead")))
    met = sum(wishes_met(facts, u, now) - wishes_met(facts, u, was) for u, was, now in leads)
    km = round(sum(_km(facts, u, now) - _km(facts, u, was) for u, was, now in leads))
    said = []
    if kept:
        said.append(f"{_more(kept, 'school')} would keep {'its' if abs(kept) == 1 else 'their'} SIP")
    if met:
        said.append(f"{_more(met, 'wish', 'wishes')} would be met")
    if km:
        said.append(f"distances from SIP to school would be {abs(km):,} km {'longer' if km > 0 else 'shorter'} in all")
    return said


def _more(n: int, one: str, many: str = "") -> str:
    return f"{counted(abs(n), one, many)} {'more' if n > 0 else 'fewer'}"


def _km(facts: Facts, urn: str, sip: str | None) -> float:
    return (facts.metres(urn, sip) or 0) / 1000 if sip in facts.sips else 0.0
