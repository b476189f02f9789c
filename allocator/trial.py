"""One post tried with another SIP: whether rules bar it, and else what keeping it would cost and who would move.

The answer is that of a change by hand (`rounds.by_hand`): everybody else stays where that can be, and what cannot stay
moves least. `explain.why_not` gives the other price, that of the best plan with the pair in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from allocator.allocate import Key, Setup
from allocator.domain.plan import Plan
from allocator.engine.instance import Solution
from allocator.engine.model import value
from allocator.engine.tiers import Conflict, Stop, solve
from allocator.errors import UsageError
from allocator.explain.why_not import TierPrice, tier_text
from allocator.rules.base import listed
from allocator.scenario import Key as Post
from allocator.scenario import scenario

MOST = "1a", "1b", "1c", "4"  # tiers of which more is better


@dataclass(frozen=True)
class Shift:
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
    `loses` is what the plan loses before points (negative = gains), `points` the points lost, `shifts` who else moves."""

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
    shifts: tuple[Shift, ...] = ()
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


UNPROVED = "A better way to fit it in was not ruled out in the time allowed: keeping it looks for longer."


def ground(plan: Plan, held: Collection[Post] = (), on: dt.date | None = None) -> Setup:
    """The setup in which posts of `plan` are tried: the plan as it stands on `on`, the pairs `held` not to be touched."""
    return scenario(plan, [], held=held, on=on).ready


def tried(ready: Setup, plan: Plan, key: Key, sip: str, stop: Stop | None = None) -> Trial:
    """The post `key` with `sip`, all else as near as can be to `plan`. `ready` is `ground(plan, ...)`.

    Raises UsageError for a SIP or post that is not there.
    """
    facts = ready.facts
    if sip not in facts.sips:
        raise UsageError(f"{sip} is not a SIP of this case.", sip=sip)
    if key not in ready.post_index:
        raise UsageError(f"There is no {key[1]} post at {key[0]} that is still open.", urn=key[0])
    holders = dict(ready.holders or {})
    told = Trial(key[0], facts.name(key[0]), key[1], sip, facts.sips[sip].name, holders.get(key))
    blocked = ready.pairs.blocks(*key, sip)
    if blocked or holders.get(key) == sip:
        return replace(told, blocked=blocked)
    now = tuple(ready.index[*k, s] for k, s in holders.items() if (*k, s) in ready.index)
    short = {
        ready.post_index[a.urn, a.post]: round(4 * a.days_short)
        for a in plan.assignments
        if a.days_short and not a.settled and (a.urn, a.post) in ready.post_index
    }
    # as in a change by hand, what this school accepted gives way, and so does a lock of this post; the rest stands
    locks = {c for s in ready.structures if s.kind == "fixed" for c in s.pairs if c[:2] != key}
    fixed = {i for i in ready.inst.fixed if ready.choices[i][0] != key[0] or ready.choices[i] in locks}
    inst = replace(ready.inst, fixed=tuple(sorted(fixed | {ready.index[*key, sip]})))
    try:
        found = solve(inst, stop, now, short=bool(short))  # the lot too: who moves is who will
    except Conflict as clash:
        rest = [ready.choices[i] for i in clash.pairs if ready.choices[i] != (*key, sip)]
        named = listed([f"{facts.sips[s].name} at {facts.name(u)}" for u, _, s in rest])
        return replace(told, clash=f"{told.name} cannot take {told.school} beside {named or 'the other rules'}.")
    if found.status == "stopped":
        return replace(
            told, proved=False, clash="No plan with this pair was found in the time allowed. Ask for longer."
        )
    prices = {
        tier.name: (value(inst, tier, now, short) - t.value) * (1 if t.name.startswith(MOST) else -1)
        for tier, t in zip(inst.tiers, found.tiers, strict=True)
    }
    points = prices.pop("4", 0)
    for silent in ("3", "5"):  # who moves is told by name; the lot is nobody's loss
        prices.pop(silent, None)
    return replace(
        told, points=points, shifts=_shifts(ready, key, holders, found), proved=found.status == "optimal",
        loses=tuple(TierPrice(n, lost, tier_text(n, lost)) for n, lost in prices.items() if lost),
    )  # fmt: skip


def _shifts(ready: Setup, key: Key, holders: dict[Key, str], found: Solution) -> tuple[Shift, ...]:
    facts = ready.facts
    after = {ready.choices[i][:2]: ready.choices[i][2] for i in found.chosen}

    def name(sip: str | None) -> str | None:
        return facts.sips[sip].name if sip else None

    return tuple(
        Shift(u, facts.name(u), k, name(holders.get((u, k))), name(after.get((u, k))))
        for u, k in sorted({*holders, *after})
        if (u, k) != key and (u, k) in ready.post_index and holders.get((u, k)) != after.get((u, k))
    )
