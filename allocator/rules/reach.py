"""Who may hold which post: pairs through every rule, without the product of schools and SIPs.

Rules say what little they look at (`sees`, `touches`, `reach` in base.py), so that posts alike are judged once and
only SIPs near or on a register one by one. Barred pairs are not stored; asked about, they are judged then.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from allocator.domain.case import Sip
from allocator.domain.dated import as_of, told_after
from allocator.domain.facts import Facts, Post
from allocator.domain.standing import DAY, Bars, Stretch, of_absence
from allocator.rules.base import EVER, Draft, Rule, Span
from allocator.words import listed

Key = tuple[str, str]  # (urn, post kind)
Choice = tuple[str, str, str]  # (urn, post kind, SIP id)
Blocks = tuple[tuple[str, str], ...]  # (rule, sentence)
OUT_OF_REACH = ("travel", "authority")  # too far, another authority (contract 2)
FEW_NAMED = 5  # so many pairs past the limit are named; more are counted
MANY = 2_000  # posts of which is kept which rules speak at them
FEW = 64  # so many SIPs are judged one by one sooner than looked up by place


@dataclass
class Pairs:
    """`allowed`: post -> SIPs whom no rule bars, sorted. Reasons and points on demand, for any pair."""

    facts: Facts
    rules: tuple[Rule, ...]
    allowed: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    spared: set[Choice] = field(default_factory=set)  # past the limit of years, and kept all the same
    kept: set[Choice] = field(default_factory=set)  # who holds a kept part within the year
    notices: list[str] = field(default_factory=list)
    _why: dict[Choice, Blocks] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hard = tuple(r for r in self.rules if type(r).block is not Rule.block and r.on(self.facts))
        self.soft = tuple(r for r in self.rules if r.soft and r.on(self.facts))
        self.posts = {p.key: p for p in self.facts.posts}
        self.alike = _Alike(self.facts)
        self._speaks: dict[Key, list[tuple[Rule, int, Collection[str] | None]]] = {}

    def blocks(self, urn: str, kind: str, sip: str) -> Blocks:
        """Every rule that bars this pair, with its sentence; none for an allowed pair, or one that is not there."""
        choice = (urn, kind, sip)
        if choice[:2] not in self.posts or sip not in self.facts.sips or choice in self.kept:
            return ()
        if choice not in self._why:
            why = blocks(self.facts, self.hard, self.posts[urn, kind], self.facts.sips[sip])
            kept = () if choice in self.spared else why
            found = (*kept, *self.below(self.posts[urn, kind], sip))
            self._why[choice] = () if choice in self.kept else found  # judged day by day when the part was cut
        return self._why[choice]

    def barred(self, urns: Collection[str]) -> Iterator[tuple[Choice, Blocks]]:
        """All barred pairs of these schools with their reasons, in order: schools times SIPs, so for few of them."""
        for key in sorted(k for k in self.posts if k[0] in urns):
            for sip in self.facts.sips:
                if why := self.blocks(*key, sip):
                    yield (*key, sip), why

    def in_reach(self, key: Key) -> list[str]:
        """SIPs for whom the post is neither too far nor in another authority, sorted."""
        place = [r for r in self.hard if r.id in OUT_OF_REACH]
        return sorted(may(self.facts, self.alike, place, self.posts[key]))

    def raw(self, urn: str, kind: str, sip: str) -> dict[str, int]:
        """Points by rule before weight, zeros left out."""
        facts, post, row = self.facts, self.posts[urn, kind], self.facts.sips[sip]
        touching = (r for r, _, who in self._speaking(post) if who is None or sip in who)
        return {r.id: p for r in touching if (p := r.points(facts, post, row))}

    def weighted(self, urn: str, kind: str, sip: str) -> dict[str, int]:
        """Points by rule after weight."""
        weights = {r.id: weight for r, weight, _ in self._speaking(self.posts[urn, kind])}
        return {rule: p * weights[rule] for rule, p in self.raw(urn, kind, sip).items()}

    def points(self, urn: str, kind: str, sip: str) -> int:
        """All points of the pair."""
        facts, post, row = self.facts, self.posts[urn, kind], self.facts.sips[sip]
        return sum(r.points(facts, post, row) * w for r, w, who in self._speaking(post) if who is None or sip in who)

    def points_of(self, key: Key) -> list[int]:
        """All points of each allowed pair of a post, in their order."""
        facts, post, rows = self.facts, self.posts[key], self.facts.sips
        out = dict.fromkeys(self.allowed[key], 0)
        for rule, weight, who in self._speaking(post):
            for sip in out if who is None else out.keys() & who:
                out[sip] += rule.points(facts, post, rows[sip]) * weight
        return list(out.values())

    def below(self, post: Post, sip: str) -> Blocks:
        """The policy's floor, where a lead's points would fall below it; no rule of its own, as it looks at all of
        them."""
        floor = self.facts.policy.objective.floor
        if floor is None or post.kind != "lead" or (points := self.points(*post.key, sip)) >= floor:
            return ()
        name, school = self.facts.sips[sip].name, self.facts.schools[post.urn].name
        return (("floor", f"{name} fits {school} with {points} points; policy asks for {floor} at least"),)

    def _speaking(self, post: Post) -> list[tuple[Rule, int, Collection[str] | None]]:
        """Soft rules with something to say at this post, their weight here, and of whom; kept for the last MANY posts.

        Pages ask about one plan from several threads, so what is returned is never read back from `self`.
        """
        kept = self._speaks.get(post.key)
        if kept is None:
            found = [(r, r.weight(self.facts, post), r.touches(self.facts, post)) for r in self.soft]
            kept = [row for row in found if row[2] is None or row[2]]
            if len(self._speaks) >= MANY:
                self._speaks = {}
            self._speaks[post.key] = kept
        return kept


def pairs(facts: Facts, rules: tuple[Rule, ...]) -> Pairs:
    """All pairs of a case; a sole specialist past the tenure limit is kept, and said (practice)."""
    out = Pairs(facts, rules)
    but_tenure = [r for r in out.hard if r.id != "tenure"]
    for post in facts.posts:
        free = may(facts, out.alike, out.hard, post)
        if facts.standing is not None and (holder := facts.standing.holders.get(post.key)):
            free.add(holder)  # judged day by day when the part was cut
            out.kept.add((*post.key, holder))
        if not free and post.kind == "lead" and facts.policy.tenure.sole_specialist == "extend":
            past = may(facts, out.alike, but_tenure, post)
            if len(past) == 1:  # with two or more past the limit, none of them is the only one
                (sip,) = free = past
                out.spared.add((*post.key, sip))
        out.allowed[post.key] = tuple(sorted(free))
    facts.useful = frozenset(s for sips in out.allowed.values() for s in sips)
    if facts.policy.objective.floor is not None:  # of those whom the rules let by: it makes nobody the only one
        for post in facts.posts:
            may_stay = [s for s in out.allowed[post.key] if (*post.key, s) in out.kept or not out.below(post, s)]
            out.allowed[post.key] = tuple(may_stay)
    out.notices += _past_the_limit(out)
    return out


def _past_the_limit(pairs: Pairs) -> Iterator[str]:
    """What the settings of tenure let by, said (contract 2)."""
    facts, limit = pairs.facts, pairs.facts.policy.tenure.limit
    for urn, kind, sip in sorted(pairs.spared):
        if sip in pairs.allowed[urn, kind]:
            yield (
                f"{facts.sips[sip].name} may stay with {facts.name(urn)} past the limit of {limit} years: "
                "nobody else may take it (tenure.sole_specialist)."
            )
    if not (facts.policy.tenure.on and facts.policy.tenure.first_year_amnesty):
        return
    leads = [(urn, row.sip) for urn, kind in pairs.allowed if kind == "lead" for row in facts.history(urn)]
    past = {(u, s) for u, s in leads if s in pairs.allowed[u, "lead"] and facts.tenure_year(u, s) > limit}
    spared = sorted(pair for pair in past if not facts.extended(*pair))
    if spared:
        said = listed([f"{facts.sips[s].name} with {facts.name(u)}" for u, s in spared[:FEW_NAMED]])
        more = f" and {len(spared) - FEW_NAMED} more" if len(spared) > FEW_NAMED else ""
        yield (
            f"Past the limit of {limit} years, and may stay in this first run (tenure.first_year_amnesty): "
            f"{said}{more}."
        )


def bars(facts: Facts, rules: tuple[Rule, ...], accepted: Collection[tuple[str, Span]], since: dt.date) -> Bars:
    """Of a row of a plan: the days from `since` on which its SIP may not hold its post. `facts` see the changed
    case as a whole year; `accepted` are absences (SIP, first and last day) that the plan gone on from allowed for."""
    floor = facts.policy.objective.floor is not None
    judge = pairs(facts, rules) if floor else Pairs(facts, rules)  # points ask who is of use
    dated = [r for r in judge.hard if r.dated]
    passed = {r.id for r in dated} | ({"tenure"} if facts.policy.tenure.sole_specialist == "extend" else set())
    lasting = [r for r in judge.hard if r.id not in passed]
    readings = _readings(facts, since)
    daily: dict[str, list[Span]] = {}
    allowed_for: dict[str, set[Span]] = defaultdict(set)
    for sip, span in accepted:
        allowed_for[sip].add(span)

    def of(row: Stretch) -> list[Span]:
        sip, post = facts.sips.get(row.sip), judge.posts.get(row.key)
        if sip is None or (post is not None and judge.below(post, row.sip)):
            return [EVER]
        if row.sip not in daily:
            daily[row.sip] = [span for r in dated for span in r.bars(facts, sip, allowed_for[row.sip])]
        spans = list(daily[row.sip])
        if post is not None:
            spans += of_absence(span for span, then in readings if any(r.block(then, post, sip) for r in lasting))
        return spans

    return of


def _readings(facts: Facts, since: dt.date) -> list[tuple[Span, Facts]]:
    """The year's facts as they stand from day to day, where refusals, forbids, interests or needs tell later than
    `since`."""
    turns = told_after(facts.case, since)
    if not turns:
        return [(EVER, facts)]
    starts, ends = [since, *turns], [*(day - DAY for day in turns), EVER[1]]
    return [((a, b), Facts(as_of(facts.case, a), facts.policy)) for a, b in zip(starts, ends, strict=True)]


def one_lead(facts: Facts, rules: tuple[Rule, ...]) -> list[tuple[str, ...]]:
    """Groups of schools that must have one lead, as rules say; `facts` see a whole year."""
    draft = Draft(facts, facts.posts)
    found = (s for r in rules if r.on(facts) for s in r.structures(draft) if s.kind == "same")
    return [tuple(urn for urn, _ in s.posts) for s in found]


class _Alike:
    """SIPs whom rules let by that look at little of a post: judged once for all posts alike in it."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._passed: dict[tuple[str, Hashable], frozenset[str]] = {}
        self._together: dict[tuple[tuple[str, Hashable], ...], frozenset[str]] = {}

    def by(self, post: Post, rules: Sequence[tuple[Rule, Hashable]]) -> frozenset[str]:
        """SIPs whom all these rules let by at this post, each given with what it sees of it."""
        key = tuple((r.id, seen) for r, seen in rules)
        if key not in self._together:
            by_rule = sorted((self._one(post, r, seen) for r, seen in rules), key=len)
            self._together[key] = frozenset(self.facts.sips).intersection(*by_rule[:1]).intersection(*by_rule[1:])
        return self._together[key]

    def _one(self, post: Post, rule: Rule, seen: Hashable) -> frozenset[str]:
        key = (rule.id, seen)
        if key not in self._passed:
            rows = self.facts.sips.items()
            self._passed[key] = frozenset(s for s, row in rows if not rule.block(self.facts, post, row))
        return self._passed[key]


def may(facts: Facts, alike: _Alike, hard: Sequence[Rule], post: Post) -> set[str]:
    """SIPs whom none of these rules bars at this post."""
    seen = [(r, r.sees(facts, post)) for r in hard]
    free = set(alike.by(post, [(r, what) for r, what in seen if what is not None]))
    one_by_one = [r for r, what in seen if what is None]
    for rule in one_by_one if len(free) > FEW else ():
        near = rule.reach(facts, post)
        if near is not None:
            free.intersection_update(near)
    for rule in one_by_one:
        who = rule.touches(facts, post)
        for sip in list(free) if who is None else free.intersection(who):
            if rule.block(facts, post, facts.sips[sip]):
                free.discard(sip)
    return free


def blocks(facts: Facts, hard: Sequence[Rule], post: Post, sip: Sip) -> Blocks:
    """Every rule that blocks this pair, with its sentence."""
    return tuple((r.id, text) for r in hard if (text := r.block(facts, post, sip)))
