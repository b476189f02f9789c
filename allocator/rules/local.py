"""Known locally or fresh eyes, as the school asked (domain C10, F11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from allocator.domain.calendar import first_year
from allocator.domain.case import Interest, Sip
from allocator.domain.facts import Facts, Post, plain, same_text
from allocator.domain.interests import concerns
from allocator.rules.base import Rule, strength
from allocator.words import listed


def local_adviser(facts: Facts, urn: str, sip: Sip) -> bool:
    """An adviser of the school's authority; one whose own authority is not recorded is taken to be."""
    return sip.kind == "la_adviser" and (not plain(sip.current_la) or same_text(sip.current_la, facts.schools[urn].la))


def known_locally(facts: Facts, urn: str, sip: Sip) -> bool:
    """An adviser of the authority, at home in it, or the lead of one of its schools last year (contract 2)."""
    la = plain(facts.schools[urn].la)
    led = facts.once("authorities led in last year", lambda: _led_in(facts))
    return local_adviser(facts, urn, sip) or (bool(la) and (plain(sip.current_la) == la or la in led.get(sip.sip, ())))


def _led_in(facts: Facts) -> dict[str, set[str]]:
    """SIP -> authorities of the schools (or their predecessors) that they led in the year before."""
    out: dict[str, set[str]] = defaultdict(set)
    for urn, school in facts.schools.items():
        for row in facts.history(urn) if plain(school.la) else ():
            if row.role in (None, "lead") and first_year(row.year) == facts.year.start_year - 1:
                out[row.sip].add(plain(school.la))
    return out


def fresh_eyes(facts: Facts, urn: str, sip: Sip) -> bool:
    """Never at this school, no tie to it declared, and neither an adviser of its authority nor a head in it
    (contract 2)."""
    school = facts.schools[urn]
    if local_adviser(facts, urn, sip) or (sip.kind == "serving_head" and same_text(sip.current_la, school.la)):
        return False
    declared = facts.once("ties ever declared", lambda: _declared(facts))
    return not any(row.sip == sip.sip for row in facts.history(urn)) and not any(
        concerns(facts, row, school) for row in declared.get(sip.sip, ())
    )


def _declared(facts: Facts) -> dict[str, list[Interest]]:
    """SIP -> ties declared, lapsed and cleared ones too: what was once is not fresh."""
    out: dict[str, list[Interest]] = defaultdict(list)
    for row in facts.case.interests:
        out[row.sip].append(row)
    return out


IS = {"known_locally": known_locally, "fresh_eyes": fresh_eyes}
WORDS = {"known_locally": "someone known locally", "fresh_eyes": "fresh eyes"}


class Local(Rule):
    id = "local"
    law = "domain C10, F11; contract 2"
    title = "Known locally or fresh eyes"
    meaning = "Known locally or fresh eyes, as the school asked."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        asked = any(w.wish in ("known_locally", "fresh_eyes") for w in facts.wishes_about(post.urn))
        return None if asked and post.kind == "lead" else ()

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        if post.kind != "lead":
            return 0
        total = 0
        for w in facts.wishes_about(post.urn):
            if w.by == "school" and w.wish in IS:
                total += strength(w.strength) * (1 if IS[w.wish](facts, post.urn, sip) else -1)
        return max(-100, min(100, total))

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points or audience == "sip":
            return None
        asked = [w.wish for w in facts.wishes_about(post.urn) if w.by == "school" and w.wish in IS]
        met = [WORDS[w] for w in asked if IS[w](facts, post.urn, sip)]
        if audience == "school":
            return f"you asked for {listed(met)}" if met else None
        unmet = [f"the school asked for {WORDS[w]}: not met" for w in asked if WORDS[w] not in met]
        return listed([*([f"the school asked for {listed(met)}"] if met else []), *unmet])
