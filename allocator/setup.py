"""A case made ready for the engine: facts, pairs, and the Instance in canonical order, with the way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from allocator import rules, yielding
from allocator.domain.calendar import quarters
from allocator.domain.case import NEEDS, Case
from allocator.domain.facts import Facts, Post
from allocator.domain.lots import lots
from allocator.domain.plan import Assignment
from allocator.domain.policy import Policy
from allocator.domain.posts import loads
from allocator.domain.standing import Standing
from allocator.engine import instance as en
from allocator.parts import Parts
from allocator.rules.base import Draft, Structure
from allocator.rules.reach import Pairs

Key = tuple[str, str]  # (urn, slot): a post, or a part of one within the year
Choice = tuple[str, str, str]  # (urn, slot, SIP id)


def _not_known(case: Case, policy: Policy) -> Setup:
    # only a setup that knows how it was made can be made again of a changed case: `again` says how
    raise NotImplementedError("this setup cannot be asked of another case")


@dataclass(frozen=True)
class Setup:
    """A case ready for the engine, with the way back from indices to schools and SIPs."""

    facts: Facts
    pairs: Pairs
    structures: tuple[Structure, ...]
    inst: en.Instance
    choices: tuple[Choice, ...]  # by pair index
    index: Mapping[Choice, int]
    post_index: Mapping[Key, int]
    person_index: Mapping[str, int]
    seed: int
    parts: Parts
    uncounted: frozenset[Key] = frozenset()
    again: Callable[[Case, Policy], Setup] = field(compare=False, default=_not_known)  # the same, asked of another case
    cut: bool = False  # an area of a larger setup (`reasons/area.py`); `facts` and `pairs` are still the whole's

    @property
    def holders(self) -> Mapping[Key, str] | None:
        """In a repair: who holds each open post; None in an annual allocation."""
        return None if self.facts.standing is None else self.facts.standing.holders

    def load(self, post: Post, sip: str) -> tuple[int, ...]:
        """What the pair takes, as the instance counts it: `Facts.load`, then schools led on each of `parts.days`."""
        return (*self.facts.load(post, self.facts.sips[sip]), *self.parts.led(post))

    def held_by(self, row: Assignment) -> tuple[Post, ...]:
        """The parts that a row of the plan holds, in order of time; none for a row that is past."""
        mine = self.parts.of.get((row.urn, row.post), ())
        return tuple(p for p in mine if not row.settled and row.from_ <= p.end and p.start <= row.to)


def setup(
    case: Case,
    policy: Policy,
    seed: int = 1,
    *,
    standing: Standing | None = None,
    near: bool = True,
    days_first: bool = True,
    held: Mapping[Key, str] | None = None,
    uncounted: frozenset[Key] = frozenset(),
) -> Setup:
    """Facts, pairs and the instance of a case.

    In a repair, `standing` is where the plan stands (tier 3 stays near it), `held` the pairs that may not be
    touched, `uncounted` the posts whose move is the event itself (a leaver's, a refused pair's). With `near`
    off (a rebuild) nothing holds the plan near to what stood; with `days_first` off bonds are kept before days.
    """
    facts = Facts(case, policy, standing=standing)
    pairs = rules.pairs(facts)
    made = instance(facts, pairs, seed, held or {}, uncounted, near, days_first)
    return replace(made, again=lambda c, p: setup(c, p, seed))


def instance(
    facts: Facts,
    pairs: Pairs,
    seed: int,
    held: Mapping[Key, str] | None = None,
    uncounted: frozenset[Key] = frozenset(),
    near: bool = True,
    days_first: bool = True,
) -> Setup:
    """The engine's Instance for allowed pairs, with everything in canonical order."""
    posts = facts.posts
    people = sorted(facts.sips)
    post_index = {p.key: n for n, p in enumerate(posts)}
    person_index = {s: n for n, s in enumerate(people)}
    choices: tuple[Choice, ...] = tuple((*p.key, s) for p in posts for s in pairs.allowed[p.key])
    index = {c: i for i, c in enumerate(choices)}
    draft, parts = Draft(facts, posts, pairs.allowed), Parts(posts, facts.standing is not None)
    said = (s for rule in rules.RULES if rule.on(facts) for s in rule.structures(draft))
    structures = (*parts.carried(said), *parts.handovers(facts.policy.repair.handover))
    structures = yielding.standing(facts, pairs, structures, index)
    by = _Translate(post_index, person_index, index)
    stay = [(*key, sip) for key, sip in (held or {}).items() if (*key, sip) in index]
    fixed = by.fixed(structures) | {index[c] for c in stay if not yielding.whole(pairs, structures, index, c)}
    aims, bonds = tiers(facts, posts, index, uncounted, near, days_first)
    inst = en.Instance(
        posts=tuple(en.Post(f"{p.urn} {p.slot}", 1, p.kind == "lead" and p.last, parts.trims(p)) for p in posts),
        people=tuple(person(facts, s, len(parts.days)) for s in people),
        pairs=tuple(
            en.Pair(n, person_index[s], (*load, *led) if led else load, worth, lot)
            for n, post in enumerate(posts)
            for able, led in [(pairs.allowed[post.key], parts.led(post))]
            for s, worth, load, lot in zip(
                able,
                pairs.points_of(post.key),
                loads(facts, post, (facts.sips[s] for s in able)),
                lots(seed, post.key, able),
                strict=True,
            )
        ),
        tiers=aims,
        bonds=bonds,
        same=by.same(structures),
        different=by.different(structures),
        never_both=by.never_both(structures),
        fixed=tuple(sorted(fixed)),
        above=by.above(structures),
        together=by.together(structures),
        most_load=_budget(facts),
    )
    return Setup(facts, pairs, structures, inst, choices, index, post_index, person_index, seed, parts, uncounted)


def _budget(facts: Facts) -> int | None:
    """Quarter-days still to be given under the budget's cap; None = no cap (domain L5)."""
    days = facts.policy.budget.days
    if days is None:
        return None
    fixed = facts.standing.fixed if facts.standing else ()
    return max(0, math.floor(quarters(days)) - sum(sum(part.periods) + part.extra for part in fixed))


def person(facts: Facts, sip: str, days: int = 0) -> en.Person:
    """A SIP's limits in quarter-days: the year, then four periods; then schools led on each of so many days."""
    row, policy, given = facts.sips[sip], facts.policy, facts.spent(sip)
    limits: list[en.Limit] = []
    if policy.capacity.on:
        limits.append(en.Limit(0, max(0, facts.capacity(row) - given[0])))
        for n, (soft, hard) in enumerate(zip(facts.period_limits(row), facts.period_hard(row), strict=True), 1):
            if soft is not None and hard is not None:
                left, stretched = max(0, soft - given[n]), max(0, hard - given[n])
                limits.append(en.Limit(n, stretched, left, policy.capacity.stretch_price))
    if not policy.portfolio.on:
        return en.Person(sip, tuple(limits))
    most = facts.most_schools(row)
    limits += [en.Limit(n, most) for n in range(5, 5 + days)]
    return en.Person(sip, tuple(limits), most, facts.fewest_schools(row))


def tiers(
    facts: Facts,
    posts: Sequence[Post],
    index: Mapping[Choice, int],
    uncounted: frozenset[Key],
    near: bool,
    days_first: bool,
) -> tuple[tuple[en.Tier, ...], tuple[en.Kept, ...]]:
    """The tiers of contract 2, as data, and the bonds that tiers 2 and 3 count."""
    bonds: list[en.Kept] = []
    protected = _bonds(
        bonds, "protected", _kept(facts, [p for p in posts if p.kind == "lead" and facts.protected(p.urn)], index)
    )
    moved: dict[int, int] = {}
    stands = facts.standing is not None and near
    if stands:
        moved = _bonds(bonds, "school", _kept(facts, [p for p in posts if (p.urn, p.kind) not in uncounted], index))
    numbered = list(enumerate(posts))

    def of(kind: str, need: str | None = None) -> dict[int, int]:
        return {n: 1 for n, p in numbered if p.kind == kind and need in (None, p.need)}

    out = [en.Tier(f"1a_{need}", "most", filled=of("lead", need)) for need in NEEDS]
    out += [en.Tier("1b", "most", filled=of("support")), en.Tier("1c", "most", filled=of("appraisal"))]
    short = [en.Tier(f"1d_{need}", "least", short={n: 1 for n, p in numbered if p.need == need}) for need in NEEDS]
    bonds_kept = [en.Tier("2", "least", broken=protected)]
    if stands:
        bonds_kept.append(en.Tier("3", "least", broken=moved))
    out += [*short, *bonds_kept] if days_first else [*bonds_kept, *short]
    leads = tuple(n for n, p in numbered if p.kind == "lead")
    if facts.policy.objective.worst_first and leads:
        out.append(en.Tier("4_worst", "most", worst=leads))
    out += [en.Tier("4", "most", points=True), en.Tier("5", "least", lot=True)]
    return tuple(out), tuple(bonds)


def _kept(facts: Facts, posts: Sequence[Post], index: Mapping[Choice, int]) -> dict[str, list[int]]:
    """School -> the pairs that stand at these posts and may go on."""
    out: dict[str, list[int]] = {}
    for p in posts:
        who = facts.incumbent_of(p)
        if who and (*p.key, who) in index:
            out.setdefault(p.urn, []).append(index[*p.key, who])
    return out


def _bonds(bonds: list[en.Kept], name: str, pairs: Mapping[str, list[int]]) -> dict[int, int]:
    """One bond a school, added to `bonds`; each counts once."""
    counted = {len(bonds) + n: 1 for n in range(len(pairs))}
    bonds += [en.Kept(f"{name} {urn}", tuple(mine)) for urn, mine in sorted(pairs.items())]
    return counted


@dataclass(frozen=True)
class _Translate:
    """Structures in schools' words to the engine's indices; what names nobody present is left out."""

    posts: Mapping[Key, int]
    people: Mapping[str, int]
    pairs: Mapping[Choice, int]

    def fixed(self, structures: Sequence[Structure]) -> set[int]:
        return {self.pairs[c] for s in structures if s.kind == "fixed" for c in s.pairs}

    def same(self, structures: Sequence[Structure]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(self.posts[p] for p in s.posts) for s in structures if s.kind == "same")

    def different(self, structures: Sequence[Structure]) -> tuple[tuple[int, int], ...]:
        return tuple((self.posts[s.posts[0]], self.posts[s.posts[1]]) for s in structures if s.kind == "different")

    def never_both(self, structures: Sequence[Structure]) -> tuple[tuple[int, int], ...]:
        return tuple((self.pairs[s.pairs[0]], self.pairs[s.pairs[1]]) for s in structures if s.kind == "never_both")

    def above(self, structures: Sequence[Structure]) -> tuple[en.Above, ...]:
        return tuple(
            en.Above(
                s.rule,
                self.people[s.sip or ""],
                s.free,
                s.price,
                None if s.measure == "load" else tuple(self.posts[p] for p in s.posts),
            )
            for s in structures
            if s.kind == "above"
        )

    def together(self, structures: Sequence[Structure]) -> tuple[en.Together, ...]:
        return tuple(
            en.Together(s.rule, tuple(self.posts[p] for p in s.posts), s.price)
            for s in structures
            if s.kind == "together"
        )
