"""Every post and SIP through every rule: who may, who may not and why, and what each pair is worth."""

from __future__ import annotations

from dataclasses import dataclass, field

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.rules.base import Rule

Choice = tuple[str, str, str]  # (urn, post kind, SIP id)
Blocks = tuple[tuple[str, str], ...]  # (rule, sentence)


@dataclass
class Pairs:
    """`allowed` pairs and `blocked` ones with every reason; points on demand."""

    facts: Facts
    rules: tuple[Rule, ...]
    allowed: set[Choice] = field(default_factory=set)
    blocked: dict[Choice, Blocks] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    _given: dict[Choice, tuple[dict[str, int], dict[str, int]]] = field(default_factory=dict)

    def _points(self, choice: Choice) -> tuple[dict[str, int], dict[str, int]]:
        if choice not in self._given:
            facts, post, sip = self.facts, self._posts[choice[:2]], self.facts.sips[choice[2]]
            raw = {r.id: p for r in self.soft if (p := r.points(facts, post, sip))}
            weighted = {r.id: raw[r.id] * r.weight(facts, post) for r in self.soft if r.id in raw}
            self._given[choice] = raw, weighted
        return self._given[choice]

    def __post_init__(self) -> None:
        self.soft = tuple(r for r in self.rules if r.soft and r.on(self.facts))
        self._posts = {p.key: p for p in self.facts.posts}

    def raw(self, urn: str, kind: str, sip: str) -> dict[str, int]:
        """Points by rule before weight, zeros left out."""
        return self._points((urn, kind, sip))[0]

    def weighted(self, urn: str, kind: str, sip: str) -> dict[str, int]:
        """Points by rule after weight."""
        return self._points((urn, kind, sip))[1]

    def points(self, urn: str, kind: str, sip: str) -> int:
        """All points of the pair."""
        return sum(self._points((urn, kind, sip))[1].values())


def pairs(facts: Facts, rules: tuple[Rule, ...]) -> Pairs:
    """All pairs of a case; a sole specialist past the tenure limit is kept, and said (practice)."""
    hard = [r for r in rules if type(r).block is not Rule.block and r.on(facts)]
    out = Pairs(facts, rules)
    for post in facts.posts:
        mine: dict[str, Blocks] = {s: blocks(facts, hard, post, row) for s, row in facts.sips.items()}
        free = [s for s, why in mine.items() if not why]
        if not free and post.kind == "lead" and facts.policy.tenure.sole_specialist == "extend":
            spared = [s for s, why in mine.items() if [rule for rule, _ in why] == ["tenure"]]
            if len(spared) == 1:  # with two or more past the limit, none of them is the only one
                mine[spared[0]] = ()
                out.notices.append(
                    f"{facts.sips[spared[0]].name} stays with {facts.schools[post.urn].name} past the limit of "
                    f"{facts.policy.tenure.limit} years: nobody else may take it (tenure.sole_specialist)."
                )
        for sip, why in mine.items():
            if why:
                out.blocked[post.urn, post.kind, sip] = why
            else:
                out.allowed.add((post.urn, post.kind, sip))
    return out


def blocks(facts: Facts, hard: list[Rule], post: Post, sip: Sip) -> Blocks:
    """Every rule that blocks this pair, with its sentence."""
    return tuple((r.id, text) for r in hard if (text := r.block(facts, post, sip)))
