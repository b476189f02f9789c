"""What a manager gets by hand: neediest school first, last year's SIP if there is room, else the nearest who may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from allocator import rules
from allocator.domain.case import NEEDS, POST_KINDS, Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.national_grid import Grid
from allocator.domain.posts import Five
from allocator.rules.base import Rule


@dataclass(frozen=True)
class ByHandCounts:
    """Posts filled and not, and schools that keep last year's SIP."""

    filled: int
    unfilled: int
    kept: int
    held: dict[tuple[str, str], str]


def hard_rules(facts: Facts) -> list[Rule]:
    """The rules in force that may bar a pair."""
    return [r for r in rules.RULES if type(r).block is not Rule.block and r.on(facts)]


def by_hand(facts: Facts) -> ByHandCounts:
    """Post by post without second thoughts, under the rules on pairs, days and numbers of schools.

    Looks outward from each school, so that it takes no table of schools by SIPs.
    """
    return _Desk(facts).work()


class _Desk:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.hard = hard_rules(facts)
        placed = {s.sip: (s.easting, s.northing) for s in facts.sips.values()}
        self.homes = Grid({s: (e, n) for s, (e, n) in placed.items() if e is not None and n is not None})
        self.anywhere = sorted(set(facts.sips) - set(self.homes.points))
        limits = [facts.policy.travel.max_km, *(s.max_km for s in facts.sips.values() if s.max_km is not None)]
        self.within = max(limits) * 1000
        self.room = {s: self._limits(row) for s, row in facts.sips.items()}
        self.leads: Counter[str] = Counter()
        self.heads: dict[str, str] = {}
        self.held: dict[tuple[str, str], str] = {}

    def _limits(self, sip: Sip) -> list[float]:
        """Quarter-days left: the year, then the four periods."""
        if not self.facts.policy.capacity.on:
            return [float("inf")] * 5
        hard = self.facts.period_hard(sip)
        return [float(self.facts.capacity(sip)), *(float("inf") if q is None else float(q) for q in hard)]

    def work(self) -> ByHandCounts:
        order = {need: n for n, need in enumerate(NEEDS)}
        kinds = {kind: n for n, kind in enumerate(POST_KINDS)}
        posts = sorted(self.facts.posts, key=lambda p: (kinds[p.kind], order[p.need], p.urn))
        for post in posts:
            chosen = next((s for s in self._candidates(post) if self._fits(post, s)), None)
            if chosen:
                self._give(post, chosen)
        kept = sum(self.facts.incumbent(u) == s for (u, kind), s in self.held.items() if kind == "lead")
        return ByHandCounts(len(self.held), len(posts) - len(self.held), kept, self.held)

    def _candidates(self, post: Post) -> Iterator[str]:
        head = self.facts.schools[post.urn].head
        if post.kind == "lead" and head and self.facts.policy.shared_head.on and head in self.heads:
            yield self.heads[head]
            return
        was = self.facts.incumbent(post.urn)
        if post.kind == "lead" and was in self.facts.sips:
            yield str(was)
        school = self.facts.schools[post.urn]
        if school.easting is None or school.northing is None:
            yield from self.facts.sips
        else:
            yield from (s for _, s in self.homes.near((school.easting, school.northing), self.within))
            yield from self.anywhere

    def _fits(self, post: Post, sip: str) -> bool:
        row = self.facts.sips[sip]
        load: Five = self.facts.load(post, row) if self.room[sip][0] >= post.due else (post.due + 1,) * 5
        if any(q > left for q, left in zip(load, self.room[sip], strict=True)):
            return False
        if post.kind == "lead" and self.facts.policy.portfolio.on and self.leads[sip] >= self.facts.most_schools(row):
            return False
        lead = self.held.get((post.urn, "lead"))
        apart = post.kind == "support" or self.facts.schools[post.urn].appraisal == "different"
        if post.kind != "lead" and apart and lead == sip:
            return False
        return not any(rule.block(self.facts, post, row) for rule in self.hard)

    def _give(self, post: Post, sip: str) -> None:
        load = self.facts.load(post, self.facts.sips[sip])
        self.room[sip] = [left - q for left, q in zip(self.room[sip], load, strict=True)]
        self.held[post.key] = sip
        if post.kind == "lead":
            self.leads[sip] += 1
            head = self.facts.schools[post.urn].head
            if head:
                self.heads.setdefault(head, sip)
