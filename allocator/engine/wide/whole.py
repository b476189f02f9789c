"""One piece, tier by tier, with HiGHS: for instances too wide for CP-SAT and small enough for one search.

First the hopeful question: the best points if every tier before them is as good as it could ever be. Mostly it can be;
if not, the best of the last tier that can be asked for so. Those after it are solved one after another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import floor
from typing import Literal

import numpy as np

from allocator.engine.climb import Laid
from allocator.engine.highs import MARGIN, NODES, WIDE, Effort, Floor, Found, maximise
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.ladder import stopped
from allocator.engine.matrix import Ints, Matrix
from allocator.engine.model import value
from allocator.engine.rings import ringed
from allocator.engine.rounding import at_once
from allocator.engine.tiers import Clock, Conflict, Stop, any_plan, best_of, clashing, signed
from allocator.engine.tops import top
from allocator.engine.walk import columns, ends, few, folded, turns
from allocator.engine.wide.ending import end
from allocator.engine.wide.idle import as_good

PASSES = (0.6, 1_000), (1.0, NODES)  # share of the time left, and tree nodes, that a search has before it is held
BEFORE, ONCE = 0.3, 60  # of that share: a tier before the points, and a draft; nodes of such a tier's first search
SLIGHT, DRAFT, ROUGHLY = 400, 20, 2e-3  # a draft: pairs beside one a post that need none, tree nodes, gap
ROUNDS, WORTH = 2, 5e-3  # of people in turn, and the gain (of the points) that another is worth
BRIEF = 3  # tree nodes of one turn
NARROW, SOON = 5_000, 2.5  # pairs up to which CP-SAT is asked about days, and the work that it has
HOPE, FEWER = 200, 20  # tree nodes for the hopeful question, answered near the root or not at all, and for those after


class Whole:
    """The search: floors gathered so far, the plan in hand and what each tier is proved to be at most."""

    def __init__(self, inst: Instance, clock: Clock, gap: float) -> None:
        self.inst, self.clock, self.gap = inst, clock, gap
        self.bounds: dict[str, int] = {}
        self.known: dict[str, tuple[int, ...]] = {}  # tiers proved, with the values of those before and their own
        self.tops = {t.name: top(inst, t) for t in inst.tiers}
        self.chosen: tuple[int, ...] | None = None
        self.short: Mapping[int, int] = {}
        self.proved, self.sole = True, False  # so far; whether the plan is known to be the only one
        self.written: dict[bool, Matrix] = {}  # with trims and without, as they were before any search
        self.start(trimming=False)

    def start(self, trimming: bool) -> None:
        """Begin again without floors; with `trimming` off no post is trimmed."""
        if trimming not in self.written:
            self.written[trimming] = Matrix(self.inst, trimming)
        self.matrix = self.written[trimming].again()
        self.floors: list[Floor] = []
        self.least: dict[int, int] = {}

    def best(
        self,
        aim: Ints,
        nodes: int | None = None,
        gap: float = 0.0,
        share: float = 1.0,
        ends: tuple[Ints, Ints] | None = None,
        sure: bool = False,
        seed: int = 0,
    ) -> Found:
        """The most of `aim` above the floors, from the plan in hand (`sure`: a good one), in a share of the time left.

        `ends`: lower and upper ends of columns, in place of the matrix's own.
        """
        clock = self.clock
        left = clock.left()
        most = min(Effort.nodes if nodes is None else nodes, clock.stop.nodes or Effort.nodes)
        effort = Effort(gap, None if left is None else share * left, most, clock.stop.event, sure, seed=seed)
        hint = None if self.chosen is None else self.matrix.columns(self.chosen, self.short)
        ends = as_good(self.matrix, self.floors, ends, self.least, aim, self.chosen)
        answer = maximise(self.matrix, aim, effort, floors=self.floors, least=self.least, hint=hint, ends=ends)
        clock.work += answer.work
        return answer

    def take(self, answer: Found) -> bool:
        if answer.values is None:
            return False
        self.chosen, self.short = self.matrix.read(answer.values)
        if self.clock.stop.progress:
            known = {t.name: value(self.inst, t, self.chosen, self.short) for t in self.inst.tiers}
            self.clock.stop.progress("", 0, 0, known)
        return True

    def at_top(self, tier: Tier) -> None:
        """Hold a tier at the best it could ever be."""
        able = self.inst.able
        rest = replace(tier, filled={})
        for p, c in tier.filled.items():
            if tier.sense == "most" and c > 0 and able[p] and self.inst.posts[p].wants == 1:
                self.least[p] = 1  # rows of posts come first, in order
            else:
                rest = replace(rest, filled={**rest.filled, p: c})
        self.hold(rest, top(self.inst, rest))

    def stay(self, tier: Tier) -> None:
        """Hold a tier at its value in the plan in hand."""
        got = self.value(tier)
        if got == self.tops[tier.name]:
            self.at_top(tier)
        else:
            self.hold(tier, got)

    def hold(self, tier: Tier, least: int) -> None:
        aim, constant = self.matrix.aim(tier)
        if tier.broken and least == 0 and not (tier.filled or tier.short):
            self.keep({i for b, c in tier.broken.items() if c > 0 for i in self.inst.bonds[b].pairs})
        if aim.any():
            self.floors.append(Floor(aim, least - constant))

    def keep(self, pairs: Collection[int]) -> None:
        """Fix pairs, and with them whom else their posts could have: a search over a few columns is what remains."""
        for i in pairs:
            if self.inst.posts[self.inst.pairs[i].post].wants == 1:
                for j in self.matrix.of_post[self.inst.pairs[i].post].tolist():
                    if j not in pairs:
                        self.matrix.upper[j] = 0
            self.matrix.lower[i] = 1

    def hope(self, before: Sequence[Tier], points: Tier | None, nodes: int = HOPE) -> bool:
        """Ask the hopeful question; True when answered with a plan."""
        for tier in before:
            self.at_top(tier)
        aim = self.matrix.aim(points)[0] if points else np.zeros(len(self.matrix.upper), dtype=np.int64)
        answer = self.best(aim, nodes, self.gap)
        if not self.take(answer):
            return False
        for tier in before:
            self.bounds[tier.name] = self.tops[tier.name]
        if points:
            self.note(points, answer)
        return True

    def fewer_hopes(self, before: Sequence[Tier], nodes: int) -> bool:
        """The best of one tier while all before it are as good as could ever be, the last for which that can be; True
        with a plan."""
        for n in reversed(range(len(before))):
            if before[n].filled or self.clock.over:
                return False
            self.start(trimming=any(p.trims for p in self.inst.posts) and any(t.short for t in before[n:]))
            if self.hope(before[:n], before[n], min(nodes, FEWER)):
                return True
        return False

    def note(self, tier: Tier, answer: Found) -> None:
        """Record a tier's bound: it holds only while those above are at theirs."""
        constant = self.matrix.aim(tier)[1]
        limit = self.tops[tier.name]
        if self.proved and np.isfinite(answer.bound):
            limit = min(limit, floor(answer.bound + MARGIN) + constant)
        got = self.value(tier)
        self.bounds[tier.name] = max(limit, got)
        if answer.status == "optimal":
            self.known[tier.name] = (*self.before(tier), got)
        self.proved = self.proved and answer.status == "optimal"

    def value(self, tier: Tier) -> int:
        return signed(tier, value(self.inst, tier, self.chosen or (), self.short))

    def worths(self) -> list[int]:
        """The tiers of the plan in hand, made most; none without one."""
        return [self.value(t) for t in self.inst.tiers if not t.worst] if self.chosen is not None else []

    def climb(self, tiers: Sequence[Tier], gap: float = 0.0) -> bool:
        """Solve tiers one after another, holding each at its value; False when there is no plan at all.

        A tier that is not proved in its share of time and nodes is held as well, so that those after it are bettered;
        then its proof is gone back to, from the plan by then in hand.
        """
        if not (self.known or self.bounds):
            self.at_once([t for t in tiers if not (t.points or t.lot)])
        for n, (share, nodes) in enumerate(PASSES):
            for tier in tiers:
                if not self.settled(tier) and not (n == 0 and self.soon(tier)):
                    good = tier.points and not gap and len(self.inst.pairs) - sum(self.inst.able) > SLIGHT
                    if self.chosen is not None and tier.points and not n and (good or gap):
                        self.draft(tier)
                    answer = self.asked(tier, share, nodes, gap if tier.points else 0.0, sure=good and self.matrix.soon)
                    if answer.values is None and self.chosen is None:
                        if answer.status == "infeasible":
                            raise Conflict(clashing(self.inst))
                        return False
                    self.better(tier, answer)
                    self.note(tier, answer)
                self.stay(tier)
            if self.proved or self.clock.over or gap or len(self.inst.pairs) > WIDE or n + 1 == len(PASSES):
                return True
            self.proved = True
            self.start(self.matrix.trimming)
            for earlier in self.inst.tiers[: self.inst.tiers.index(tiers[0])]:
                self.stay(earlier)
        return True

    def asked(self, tier: Tier, share: float, nodes: int, gap: float, *, sure: bool) -> Found:
        """The most of a tier, in a share of the time and so many nodes. Before the points two searches that begin
        otherwise have them: chance decides which ends soon."""
        aim = self.matrix.aim(tier)[0]
        if tier.points:
            return self.best(aim, NODES if self.proved else nodes, gap, share, sure=sure)  # nothing waits for a proof
        first = self.best(aim, min(ONCE, nodes), share=share * BEFORE / 2)
        if first.status in ("optimal", "infeasible") or self.clock.over:
            return first
        self.better(tier, first)
        second = self.best(aim, nodes, share=share * BEFORE, seed=1)
        bound = min(first.bound, second.bound)
        done = second.values is not None and bound <= int(aim @ second.values)
        return replace(second, bound=bound, status="optimal" if done else second.status)

    def soon(self, tier: Tier) -> bool:
        """Whether CP-SAT proves in little work what is most of a tier of days, from the plan in hand: what one search
        leaves open for long, the other mostly does not."""
        if self.matrix.soon or not tier.short or self.chosen is None or len(self.inst.pairs) > NARROW:
            return False
        (self.chosen, self.short), proved = best_of(self.inst, tier, (self.chosen, self.short), self.clock, SOON)
        if proved:
            self.known[tier.name] = (*self.before(tier), self.value(tier))
        return proved and self.settled(tier)

    def at_once(self, tiers: Sequence[Tier]) -> None:
        """Days and bonds in as few questions as can be, where every post is filled that may be: mostly all of them
        are."""
        tiers = [t for t in tiers if t.filled or t.short or t.broken]
        rest = [t for t in tiers if not t.filled]
        if not rest or len(self.inst.pairs) > WIDE or rest != list(tiers[len(tiers) - len(rest) :]):
            return
        for tier in tiers:
            if tier.filled:
                self.at_top(tier)
        for group, aim in folded(self.matrix, rest):
            answer = self.best(aim, DRAFT, share=BEFORE)
            was, now = (self.chosen, self.short), [*map(self.value, tiers)] if self.chosen is not None else None
            if answer.status != "optimal" or not self.take(answer):
                break
            if now is not None and [*map(self.value, tiers)] <= now:
                self.chosen, self.short = was
            for tier in group:
                self.known[tier.name] = (*self.before(tier), self.value(tier))
                self.stay(tier)
        self.start(self.matrix.trimming)

    def settled(self, tier: Tier) -> bool:
        """Whether a tier needs no search: it is as good as it could ever be, proved in an earlier pass, or time is
        up."""
        if self.chosen is None:
            return False
        limit, got = self.tops[tier.name], self.value(tier)
        proved = got == limit or self.known.get(tier.name) == (*self.before(tier), got)
        if not proved and not self.clock.over:
            return False
        if self.proved:
            limit = got if proved else min(limit, self.bounds.get(tier.name, limit))
        self.bounds[tier.name], self.proved = limit, self.proved and proved
        return True

    def before(self, tier: Tier) -> tuple[int, ...]:
        """The values of the tiers before this one, on which a proof rests."""
        return tuple(self.value(t) for t in self.inst.tiers[: self.inst.tiers.index(tier)])

    def better(self, tier: Tier, answer: Found) -> bool:
        """Take an answer that is better than the plan in hand: one that is as good could be worse in the tiers
        after."""
        if answer.values is None:
            return False
        aim, constant = self.matrix.aim(tier)
        return (self.chosen is None or int(aim @ answer.values) + constant > self.value(tier)) and self.take(answer)

    def draft(self, points: Tier) -> None:
        """Most of the points in little of the time: a few people at a time change places, in rounds while that
        gains."""
        aim = self.matrix.aim(points)[0]
        self.turn(aim)
        if len(self.inst.pairs) > WIDE:
            self.better(points, self.best(aim, DRAFT, ROUGHLY, BEFORE, few(self.matrix, self.chosen or ())))
            return
        for _ in range(ROUNDS):
            before = self.value(points)
            for person in turns(self.matrix, self.chosen or ()):
                if self.clock.over:
                    return
                near = ends(self.matrix, person, self.chosen or ())
                self.better(points, self.best(aim, BRIEF, share=BEFORE, ends=near))
            if self.value(points) > before:
                self.turn(aim)
            if self.value(points) - before < WORTH * abs(before):
                return

    def turn(self, aim: Ints) -> None:
        """More of an aim by rings of people."""
        at = columns(self.matrix, aim, self.chosen or (), self.short)
        if at is not None:
            self.chosen, self.short = self.matrix.read(
                ringed(self.matrix, aim, at, self.floors, self.least, self.clock)
            )

    def go_on(self, plan: Laid) -> None:
        """From a plan, of which some tiers are proved."""
        self.start(trimming=any(p.trims for p in self.inst.posts))
        self.chosen, self.short, proved = plan
        for tier in self.inst.tiers:
            if tier.name in proved:
                self.known[tier.name] = (*self.before(tier), self.value(tier))

    def resort(self, hint: Sequence[int]) -> bool:
        """Any plan that breaks no rule, when time ran out before there was one."""
        found = any_plan(self.inst, hint)
        if found:
            self.chosen, self.short = found
            self.proved = False
            self.bounds.clear()
        return found is not None

    def stand(self, hint: Sequence[int]) -> None:
        """A first plan: of the posts that `hint` fills none changes hands, and the others are filled beside them."""
        tops = np.array(self.matrix.upper, dtype=np.int64)
        held = np.array(sorted(set(hint)), dtype=np.int64)
        others = np.isin(self.matrix.post, self.matrix.post[held])
        others[held] = False
        tops[: self.matrix.pairs][others] = 0
        aim = sum((self.matrix.aim(t)[0] for t in self.inst.tiers if t.filled), np.zeros_like(tops))
        effort = Effort(0.0, self.clock.left(), HOPE, self.clock.stop.event)
        answer = maximise(self.matrix, aim, effort, ends=(np.array(self.matrix.lower, dtype=np.int64), tops))
        self.clock.work += answer.work
        was, now = (self.chosen, self.short), self.worths()
        if self.take(answer) and now > self.worths():
            self.chosen, self.short = was


def _soon(inst: Instance, hint: Sequence[int]) -> tuple[tuple[int, ...], dict[int, int]] | None:
    return at_once(inst, hint) or any_plan(inst, hint)


def solve_whole(
    inst: Instance,
    stop: Stop,
    clock: Clock,
    hint: Sequence[int] = (),
    *,
    settle: bool = True,
    hope: int = HOPE,
    first: Laid | None = None,
) -> Solution:
    """The optimum of `inst` tier by tier, or the best found when stopped. Raises Conflict when fixed pairs clash.

    `first`: a plan to go on from where the hopeful question has none, and what is proved of it.
    """
    if clock.over and (plan := _soon(inst, hint)):  # nobody waits for a matrix
        return stopped(inst, (*plan, {}), clock.work)
    before = [t for t in inst.tiers if not (t.points or t.lot)]
    last = [t for t in inst.tiers if t.points or t.lot]
    search = Whole(inst, clock, stop.gap)
    if not search.hope(before, last[0] if last else None, hope):
        if clock.over and (plan := _soon(inst, hint)):  # nor for another
            return stopped(inst, (*plan, {}), clock.work)
        if first:
            search.go_on(first)
        elif not search.fewer_hopes(before, hope):
            search.start(trimming=any(p.trims for p in inst.posts))
            search.chosen, search.short = at_once(inst, hint) or (None, {})
            if hint:
                search.stand(hint)
        search.proved = True  # each tier is looked at anew
        if not search.climb([*before, *last[:1]], stop.gap) and not search.resort(hint):
            return Solution("stopped", (), {}, (), clock.work)
    elif last:
        search.stay(last[0])
    unique = search.proved and end(search, last[1:], settle)
    tiers = []
    for tier in inst.tiers:
        got = search.value(tier)
        bound = search.bounds.get(tier.name, search.tops[tier.name])
        tiers.append(TierValue(tier.name, signed(tier, got), signed(tier, max(bound, got))))
    status: Literal["optimal", "feasible"] = "optimal" if all(t.proved for t in tiers) else "feasible"
    return Solution(status, search.chosen or (), dict(search.short), tuple(tiers), clock.work, unique)
