"""Experience that fits the school's context (domain E1, E3, E12). Facts only, no personality scores."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post, plain
from allocator.rules.base import Rule
from allocator.words import listed, words

NO_FAITH = {"", "none", "does not apply", "not applicable"}
RECOVERING = {"earlier_ri", "stuck", "leadership_needs_attention", "significant_improvement"}
WORDS = {  # how a tag reads to a manager
    "small_school": "small schools",
    "large_school": "large schools",
    "high_fsm": "schools where many have free meals",
    "rural": "rural schools",
    "faith_school": "faith schools",
    "new_head": "heads new in post",
    "high_performing": "schools that do well",
    "ri_to_good": "schools on their way from requires improvement to good",
    "special_school": "special and alternative provision",
}
PUBLIC = {  # how a tag reads in a letter; a school's own category never stands in one (practice)
    "small_school": "small schools",
    "large_school": "large schools",
    "high_fsm": "schools where many children have free meals",
    "rural": "rural schools",
    "faith_school": "faith schools",
    "new_head": "heads new in post",
    "high_performing": "schools that do well",
    "special_school": "special and alternative provision",
}


def asked(facts: Facts, urn: str) -> tuple[str, ...]:
    """Experience tags that this school's context asks for, in a fixed order."""
    s, part = facts.schools[urn], facts.policy.experience
    flags = {f.name for f in facts.flags(urn)}
    wants = {
        "small_school": s.pupils is not None and s.pupils <= part.small_pupils,
        "large_school": s.pupils is not None and s.pupils >= part.large_pupils,
        "high_fsm": s.fsm_percent is not None and s.fsm_percent >= part.high_fsm_percent,
        "rural": bool(s.rural),
        "faith_school": plain(s.religious_character) not in NO_FAITH,
        "new_head": facts.new_head(urn) or s.head_status in ("interim", "acting"),
        "high_performing": s.oeif_overall == "1" or s.card_leadership == "exceptional",
        "ri_to_good": bool(flags & RECOVERING),
        "special_measures": "special_measures" in flags,
        "special_school": s.phase in ("special", "alternative"),
    }
    return tuple(tag for tag, wanted in wants.items() if wanted)


def wanted(facts: Facts, urn: str) -> frozenset[str]:
    """`asked`, worked out once a school."""
    return facts.once(("experience", urn), lambda: frozenset(asked(facts, urn)))


@lru_cache(maxsize=65536)
def held(tags: tuple[str, ...]) -> frozenset[str]:
    return frozenset(plain(t) for t in tags)


def _with(facts: Facts, tags: frozenset[str]) -> frozenset[str]:
    """SIPs with some of this experience."""
    return frozenset(sip for sip, row in facts.sips.items() if held(row.experience) & tags)


class Experience(Rule):
    id = "experience"
    law = "domain E1, E3, E12, C14"
    title = "Fitting experience"
    meaning = "Experience that fits the school's context. Facts only, no personality scores."
    soft = True

    def touches(self, facts: Facts, post: Post) -> Collection[str] | None:
        tags = wanted(facts, post.urn) if post.kind != "appraisal" else frozenset[str]()
        return facts.once(("with experience", tags), lambda: _with(facts, tags))

    def points(self, facts: Facts, post: Post, sip: Sip) -> int:
        tags = wanted(facts, post.urn)
        if post.kind == "appraisal" or not tags:
            return 0
        return 100 * len(held(sip.experience) & tags) // len(tags)

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if not points:
            return None
        has = [t for t in asked(facts, post.urn) if t in held(sip.experience)]
        if audience == "manager":
            return f"{sip.name} has experience of {listed([WORDS.get(t, words(t)) for t in has])}"
        public = [PUBLIC[t] for t in has if t in PUBLIC]
        if not public:
            return None
        return (
            f"{sip.name if audience == 'school' else 'you'} {'has' if audience == 'school' else 'have'} "
            f"experience of {listed(public)}"
        )
