"""One post tried with another SIP: whether rules bar it, and else what keeping it would cost and who would move.

The answer is that of a change by hand (`rounds.by_hand`): everybody else stays where that can be, and what cannot stay
moves least. `reasons.why_not` gives the other price, that of the best plan with the pair in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from allocator.allocate import Key, Setup
from allocator.domain import tiers
from allocator.domain.plan import Plan
from allocator.engine.instance import Instance, Solution
from allocator.engine.method import SMALL, solve
from allocator.engine.model import value
from allocator.engine.part import cut_out
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import UsageError
from allocator.questions.scenario import Key as Post
from allocator.questions.scenario import scenario
from allocator.reasons.complete import short_in
from allocator.reasons.why_not import TierPrice
from allocator.words import listed


@dataclass(frozen=True)
class ChangeOfHands:
    """Another post that would change hands. Names; None = nobody."""

    urn: str
    school: str
    post: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        what = "" if self.post == "lead" else f" ({self.post})"
        return f"{self.school}{what}: from {self.before or 'nobody'} to {self.after or 'nobody'}"


@dataclass(frozen=True)
class Trial:
    """What came of it. `blocked` holds (rule, sentence); `clash` says with which locks it cannot stand; otherwise
    `loses` is what the plan loses before points (negative = gains), `points` the points lost, `shifts` who else
    moves."""

    urn: str
    school: str
    post: str
    sip: str
    name: str
    before: str | None  # who holds the post now, by id
    blocked: tuple[tuple[str, str], ...] = ()
    clash: str = ""
    loses: tuple[TierPrice, ...] = ()
    points: int = 0
    shifts: tuple[ChangeOfHands, ...] = ()
    proved: bool = True

    @property
    def possible(self) -> bool:
        return not (self.blocked or self.clash)

    @property
    def text(self) -> str:
        """One or two sentences for a manager, without points."""
        if self.before == self.sip:
            return f"{self.name} has {self.school} already."
        if self.blocked:
            return f"{self.name} may not take {self.school}: {'; '.join(t.rstrip('.') for _, t in self.blocked)}."
        if self.clash:
            return self.clash
        others = {s.urn for s in self.shifts} - {self.urn}
        moves = (
            "No other school moves" if not others else f"{len(others)} other school{'s' * (len(others) > 1)} would move"
        )
        fit = (
            "fits a little less well"
            if self.points > 0
            else "fits better"
            if self.points < 0
            else "fits as well as now"
        )
        costs = listed([p.text for p in self.loses])
        told = f"{self.name} may take {self.school}. {moves}; the plan as a whole {fit}."
        return told + (f" It costs: {costs}." if costs else "") + ("" if self.proved else " " + UNPROVED)


UNPROVED = "A way that moves fewer was not ruled out in the time allowed: keeping it looks for longer."


def ground(plan: Plan, held: Collection[Post] = (), on: dt.date | None = None) -> Setup:
    """The setup in which posts of `plan` are tried: the plan as it stands on `on`, the pairs `held` not to be
    touched."""
    return scenario(plan, [], held=held, on=on).ready


def tried(ready: Setup, plan: Plan, key: Key, sip: str, stop: Stop | None = None) -> Trial:
    """The post `key` with `sip`, all else as near as can be to `plan`. `ready` is `ground(plan, ...)`.

    Raises UsageError for a SIP or post that is not there.
    """
    facts = ready.facts
    if sip not in facts.sips:
        raise UsageError(f"{sip} is not a SIP of this case.", sip=sip)
    parts = ready.parts.of.get(key, ())
    if not parts:
        raise UsageError(f"There is no {key[1]} post at {key[0]} that is still open.", urn=key[0])
    key = next((p.key for p in reversed(parts) if (*p.key, sip) in ready.index), parts[-1].key)
    holders = dict(ready.holders or {})
    told = Trial(key[0], facts.name(key[0]), parts[0].kind, sip, facts.sips[sip].name, holders.get(key))
    blocked = ready.pairs.blocks(*key, sip)
    if blocked or holders.get(key) == sip:
        return replace(told, blocked=blocked)
    now = tuple(ready.index[*k, s] for k, s in holders.items() if (*k, s) in ready.index)
    short = short_in(ready, plan)
    # as in a change by hand, what this school accepted gives way, and so does a lock of this post; the rest stands
    locks = {c for s in ready.structures if s.kind == "fixed" for c in s.pairs if c[:2] != key}
    fixed = {i for i in ready.inst.fixed if ready.choices[i][0] != key[0] or ready.choices[i] in locks}
    inst = replace(ready.inst, fixed=tuple(sorted(fixed | {ready.index[*key, sip]})))
    proved = {t.name for t in plan.certificate.tiers if t.value == t.bound}
    question = _Asked(ready, inst, key, sip, now, short, proved)
    try:
        near = question.nearby(stop)
        found = near if near and question.least(near) else question.anywhere(near, stop)
    except Conflict as clash:
        rest = [ready.choices[i] for i in clash.pairs if ready.choices[i] != (*key, sip)]
        named = listed([f"{facts.sips[s].name} at {facts.name(u)}" for u, _, s in rest])
        return replace(told, clash=f"{told.name} cannot take {told.school} beside {named or 'the other rules'}.")
    if found is None or found.status == "stopped":
        return replace(told, proved=False, clash=f"No way to fit {told.name} in at {told.school} was found at once.")
    prices = {
        tier.name: tiers.lost(tier.name, value(inst, tier, now, short), t.value)
        for tier, t in zip(inst.tiers, found.tiers, strict=True)
    }
    points = prices.pop(tiers.POINTS, 0)
    for silent in (tiers.MOVED, tiers.LOT):  # who moves is told by name; the lot is nobody's loss
        prices.pop(silent, None)
    return replace(
        told,
        points=points,
        shifts=_shifts(ready, key, holders, found),
        proved=found.status == "optimal",
        loses=tuple(TierPrice(n, lost, tiers.text(n, lost)) for n, lost in prices.items() if lost),
    )


@dataclass(frozen=True)
class _Asked:
    """One question to the engine. `now` are the pairs held, `short` quarter-days short by post, `proved` names of
    tiers."""

    ready: Setup
    inst: Instance
    key: Key
    sip: str
    now: tuple[int, ...]
    short: dict[int, int]
    proved: set[str]

    def nearby(self, stop: Stop | None) -> Solution | None:
        """The best plan in which only schools of this SIP, and of the one who has the post, may change; None when none.

        Most cards need no more, and it takes a fraction of the whole: see `least`.
        """
        pairs = self.inst.pairs
        post = self.ready.post_index[self.key]
        near = {self.ready.person_index[self.sip]} | {pairs[i].person for i in self.now if pairs[i].post == post}
        counted = {i for b in self.inst.bonds for i in b.pairs}
        free = {pairs[i].post for i in self.now if pairs[i].person in near or i not in counted}
        free |= {p for group in self.inst.same if post in group for p in group} | {post}
        free |= set(range(len(self.inst.posts))) - {pairs[i].post for i in self.now}
        posts = self.ready.facts.posts
        schools = {posts[p].urn for p in free}
        held = {i for i in self.now if posts[pairs[i].post].urn not in schools} | set(self.inst.fixed)
        keep = [i for i, x in enumerate(pairs) if i in held or posts[x.post].urn in schools]
        part = cut_out(self.inst, range(len(self.inst.posts)), range(len(self.inst.people)), keep)
        start = [k for k, i in enumerate(part.pairs) if i in set(self.now)]
        try:
            found = solve(part.inst, stop, start, short=bool(self.short))
        except Conflict:
            return None
        if found.status == "stopped":
            return None
        chosen, short = part.out(found.chosen, found.short)
        return replace(found, chosen=tuple(chosen), short=short, near=None)

    def anywhere(self, near: Solution | None, stop: Stop | None) -> Solution | None:
        """The answer for the whole plan, begun from what was found nearby; stopped short, the better of the two.

        A large plan is not searched whole while somebody waits: then what was found nearby, not proved, or None.
        The lot is asked for too, so that who moves is who will. Raises Conflict when the pair cannot stand.
        """
        if len(self.inst.pairs) > SMALL:
            return near and replace(near, status="feasible")
        found = solve(self.inst, stop, near.chosen if near else self.now, short=bool(self.short))
        if near is None or found.status == "optimal":
            return found
        best = near if found.status == "stopped" else max(near, found, key=self._rank)
        return replace(best, status="feasible")

    @staticmethod
    def _rank(found: Solution) -> tuple[int, ...]:
        return tiers.rank((t.name, t.value) for t in found.tiers)

    def least(self, found: Solution) -> bool:
        """Whether `found`, proved nearby, is the answer for the whole plan too.

        It is when it loses nothing before points that the pair itself does not cost, and at most one other school
        moves: without a move the plan is as it was; and a single school that must make room is one of the two
        SIPs' own.
        """
        post = self.ready.post_index[self.key]
        pairs = self.inst.pairs
        swapped = [i for i in self.now if pairs[i].post != post] + [self.ready.index[*self.key, self.sip]]
        for tier, t in zip(self.inst.tiers, found.tiers, strict=True):
            best = value(self.inst, tier, swapped, self.short)
            if tier.name == tiers.MOVED:
                if t.value > best + (self.inst.most_load is None):  # under a budget any school may have to give way
                    return False
            elif tier.name not in (tiers.POINTS, tiers.LOT) and (t.value != best or tier.name not in self.proved):
                return False
        return found.status == "optimal"


def _shifts(ready: Setup, key: Key, holders: dict[Key, str], found: Solution) -> tuple[ChangeOfHands, ...]:
    facts = ready.facts
    after = {ready.choices[i][:2]: ready.choices[i][2] for i in found.chosen}

    def name(sip: str | None) -> str | None:
        return facts.sips[sip].name if sip else None

    return tuple(
        ChangeOfHands(u, facts.name(u), k, name(holders.get((u, k))), name(after.get((u, k))))
        for u, k in sorted({*holders, *after})
        if (u, k) != key and (u, k) in ready.post_index and holders.get((u, k)) != after.get((u, k))
    )
