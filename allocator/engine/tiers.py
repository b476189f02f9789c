"""Tiers solved strictly in order, each to a proof or to the stop; the last ties settled by order.

Tiers are folded into one objective only where mixed-radix weights fit in 2**45 (contract 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from allocator.engine.cp import cp_model
from allocator.engine.cpsat import Clock as Clock
from allocator.engine.cpsat import Stop as Stop
from allocator.engine.cpsat import run as run
from allocator.engine.instance import Instance, Solution, Tier, TierValue
from allocator.engine.model import Built, Range, value
from allocator.engine.spread import spread_short

LAST_RESORT = 2.0  # deterministic work for a first plan when time has already run out
FAIR, ROUGHLY = 0.2, 0.01  # ... of which so much for one that fills and keeps what it can, and how near that comes
Plan = tuple[tuple[int, ...], dict[int, int]]  # pairs, and by post the units it is short of
FILLED, SHORT = 256, 4  # in it, what a post filled and a quarter day given are worth, in the points of the best pair
WIDEST = 2**45  # far inside 64 bits, and small enough for the linear relaxation to keep its precision


class Conflict(Exception):
    """The fixed pairs cannot all stand; `pairs` is a minimal set of them that clashes."""

    def __init__(self, pairs: tuple[int, ...]) -> None:
        super().__init__(f"fixed pairs clash: {pairs}")
        self.pairs = pairs


def solve(
    inst: Instance, stop: Stop | None = None, hint: Sequence[int] = (), *, settle: bool = True, short: bool = False
) -> Solution:
    """The optimum of `inst`, tier by tier, or the best found when stopped.

    Without `settle` plans equal in every tier are not told apart: enough where only the tiers are asked for.
    `short` says that days are known to run short, and saves the attempt to do without trims.
    Raises Conflict when the fixed pairs cannot stand together.
    """
    stop = stop or Stop()
    clock = Clock(stop, monotonic())
    able = {pair.post for pair in inst.pairs}
    search = _Search(inst, clock, trimming=False)
    cuttable = any(p.trims for p in inst.posts)
    found = search.climb(_before_points(inst), hint) if cuttable and not short else None
    if found is None or not (found.proved and _in_full(inst, able, found)):
        if cuttable or found is None:
            search = _Search(inst, clock, trimming=cuttable)
        found = search.climb(_before_points(inst), found.chosen if found else hint)
    if found is None and not clock.over:
        raise Conflict(clashing(inst))
    if found is None or (clock.over and not found.proved):
        plans = [p for p in (found, search.any_plan(hint)) if p]
        if not plans:
            return Solution("stopped", (), {}, (), clock.work)
        best = max(plans, key=lambda p: worths(inst, p.chosen, p.short))
        if best is not found:
            search.forget(best)
        found = best
    return search.finish(found, settle)


def worths(inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> list[int]:
    """A plan's tiers, each made most: of two plans the greater list is the better."""
    return [signed(t, value(inst, t, chosen, short)) for t in inst.tiers]


def _in_full(inst: Instance, able: set[int], found: _Found) -> bool:
    """Whether trims could add nothing: every post that can be is filled, and no bond broken that comes before days."""
    last = max((n for n, t in enumerate(inst.tiers) if t.short), default=0)
    broken = sum(value(inst, t, found.chosen, found.short) for t in inst.tiers[:last] if t.broken)
    return not broken and able <= {inst.pairs[i].post for i in found.chosen}


def _before_points(inst: Instance) -> list[Tier]:
    return [t for t in inst.tiers if not (t.points or t.lot)]


@dataclass
class _Found:
    chosen: tuple[int, ...]
    short: dict[int, int]
    proved: bool


class _Search:
    def __init__(self, inst: Instance, clock: Clock, trimming: bool) -> None:
        self.inst, self.clock = inst, clock
        self.built = Built(inst, trimming)
        self.bounds: dict[str, int] = {}
        self.held: tuple[Sequence[Tier], tuple[int, ...], dict[int, int]] | None = None  # the last fold, its answer
        self.ranges = {t.name: self.built.tier(t) for t in inst.tiers}

    def any_plan(self, start: Sequence[int]) -> _Found | None:
        """Some plan that breaks no rule, when the search was stopped before it had one: with many posts filled, few
        days short, of `start` what can stay, and good pairs, in this order and as far as is soon found."""
        model, pairs, stay = self.built.model, self.inst.pairs, set(start)
        most = 1 + max((abs(p.points) for p in pairs), default=0)
        worth = [FILLED * most + most * (i in stay) + p.points for i, p in enumerate(pairs)]
        short = [self.ranges[t.name].expr for t in self.inst.tiers if t.short]
        self.hint(start)
        terms = [w * x for w, x in zip(worth, self.built.x, strict=True)]
        model.maximize(sum([*terms, *(SHORT * most * x for x in short)]))
        for effort in (Stop(work=FAIR, gap=ROUGHLY), Stop(work=LAST_RESORT)):
            solver, status = run(model, Clock(effort, monotonic()))
            model.clear_objective()  # type: ignore[no-untyped-call]  # untyped upstream
            if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return _Found(*self.built.read(solver), False)
        return None

    def hint(self, chosen: Sequence[int], short: Mapping[int, int] | None = None) -> None:
        b = self.built
        b.model.clear_hints()  # type: ignore[no-untyped-call]  # untyped upstream
        on = set(chosen)
        for i, x in enumerate(b.x):
            b.model.add_hint(x, i in on)
        for group, counts in (g for mine in b.cuts.values() for g in mine):
            for count, many in zip(counts, group.counts(self.inst, short or {}, on), strict=True):
                b.model.add_hint(count, many)

    def climb(
        self, tiers: Sequence[Tier], start: Sequence[int] = (), short: Mapping[int, int] | None = None
    ) -> _Found | None:
        """Solve `tiers` in folds, holding each fold's value; None when nothing was found."""
        found: _Found | None = None
        self.hint(start, short)
        folds = self.folds(tiers) or [[]]
        for fold in folds:
            if found is not None and self.clock.over:
                return _Found(found.chosen, found.short, False)
            weighted, weights = self.weigh(fold)
            self.hold()
            self.built.model.maximize(weighted.expr)
            reads = partial(self.known, found, fold, weights)
            solver, status = run(
                self.built.model, self.clock, " ".join(t.name for t in fold), reads, sure=found is None
            )
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                return None if found is None else _Found(found.chosen, found.short, False)
            chosen, short = self.built.read(solver)
            proved = status == cp_model.OPTIMAL
            found = _Found(chosen, short, proved)
            self.note(fold, weights, found, solver)
            if not proved:
                return found
            self.held = (fold, chosen, short)
            self.hint(chosen, short)
        return found

    def known(self, found: _Found | None, fold: Sequence[Tier], weights: Sequence[int], best: int) -> dict[str, int]:
        """What each tier comes to: those solved before from their answer, this fold's out of its objective."""
        rest = best - sum(w * self.ranges[t.name].lo for w, t in zip(weights, fold, strict=True))
        out = {} if found is None else {t.name: value(self.inst, t, found.chosen, found.short) for t in self.inst.tiers}
        for tier, w in zip(fold, weights, strict=True):
            digit, rest = divmod(rest, w)
            out[tier.name] = signed(tier, self.ranges[tier.name].lo + digit)
        return out

    def hold(self) -> None:
        """Make the last fold's values floors, tier by tier: small coefficients keep the relaxation strong."""
        for tier in self.held[0] if self.held else ():
            chosen, short = self.held[1:] if self.held else ((), {})
            v = signed(tier, value(self.inst, tier, chosen, short))
            self.built.model.add(self.ranges[tier.name].expr >= v)
        self.held = None

    def folds(self, tiers: Sequence[Tier]) -> list[list[Tier]]:
        """Consecutive tiers whose joint range fits; a tier that cannot vary costs nothing."""
        out: list[list[Tier]] = []
        width = 1
        for tier in tiers:
            r = self.ranges[tier.name]
            span = r.hi - r.lo + 1
            if out and width * span < WIDEST:
                out[-1].append(tier)
                width *= span
            else:
                out.append([tier])
                width = span
        return out

    def weigh(self, fold: Sequence[Tier]) -> tuple[Range, list[int]]:
        weights, w = [], 1
        for tier in reversed(fold):
            weights.append(w)
            r = self.ranges[tier.name]
            w *= r.hi - r.lo + 1
        weights.reverse()
        rs = [self.ranges[t.name] for t in fold]
        expr = sum(w * r.expr for w, r in zip(weights, rs, strict=True)) if fold else 0
        lo = sum(w * r.lo for w, r in zip(weights, rs, strict=True))
        hi = sum(w * r.hi for w, r in zip(weights, rs, strict=True))
        return Range(expr, lo, hi), weights

    def note(self, fold: Sequence[Tier], weights: Sequence[int], found: _Found, solver: cp_model.CpSolver) -> None:
        """Record each tier's proved bound from the fold's."""
        values = [signed(t, value(self.inst, t, found.chosen, found.short)) for t in fold]
        best = sum(w * v for w, v in zip(weights, values, strict=True))
        limit = solver.best_objective_bound  # a float: one part in 2**52 is allowed for
        bound = best if found.proved else max(best, int(limit + abs(limit) * 2**-52) + 1)
        rest = bound - sum(w * self.ranges[t.name].lo for w, t in zip(weights, fold, strict=True))
        for tier, w, v in zip(fold, weights, values, strict=True):
            r = self.ranges[tier.name]
            top = min(r.hi, r.lo + rest // w)
            self.bounds[tier.name] = top
            rest -= (v - r.lo) * w  # what a plan at this tier's value has left for those below; more where it is open

    def forget(self, found: _Found) -> None:
        """Bounds below the first tier that this plan leaves open: they were found beside another plan's values."""
        open_ = False
        for tier, worth in zip(self.inst.tiers, worths(self.inst, found.chosen, found.short), strict=True):
            limit = self.bounds.pop(tier.name, None) if open_ else self.bounds.get(tier.name)
            open_ = open_ or limit is None or limit > worth

    def finish(self, found: _Found, settle: bool) -> Solution:
        """Points, the lot and the last ties, from an answer to the tiers before them."""
        done, unique = found.proved and not self.clock.over, False
        rest = [t for t in self.inst.tiers if t.points or t.lot]
        if done and rest:
            better = self.climb(rest, found.chosen)
            found, done = (better, better.proved) if better else (found, False)
        if done and settle:
            unique = self.settle(found)
            found = _Found(*self.settled, True)
        tiers = []
        for t in self.inst.tiers:
            v = value(self.inst, t, found.chosen, found.short)
            r = self.ranges[t.name]
            bound = self.bounds.get(t.name, r.hi) if not done else signed(t, v)
            tiers.append(TierValue(t.name, v, signed(t, bound)))
        return Solution(
            "optimal" if done else "feasible", found.chosen, found.short, tuple(tiers), self.clock.work, unique
        )

    # -- the last ties -----------------------------------------------------------------------------

    settled: tuple[tuple[int, ...], dict[int, int]] = ((), {})

    def settle(self, found: _Found) -> bool:
        """Of plans equal in every tier the first in order; True when proved the only one."""
        b = self.built
        self.settled = (found.chosen, found.short)
        if not self.alone(found):
            self.hold()
            for mine in b.of_post:
                ranked = sorted(mine, key=lambda i: self.inst.pairs[i].person)
                order = sum((r - len(ranked)) * b.x[i] for r, i in enumerate(ranked))
                if ranked and not self.least(order, hold=ranked):
                    return False
        if not self.settled[1]:
            return True
        spread = spread_short(self.inst, self.settled[0], self.settled[1], self.run)
        if spread is None:
            return False
        self.settled = self.settled[0], spread
        return True

    def run(self, model: cp_model.CpModel) -> tuple[cp_model.CpSolver, int]:
        return run(model, self.clock)

    def alone(self, found: _Found) -> bool:
        """Whether no other choice of pairs equals `found` in the last fold: the best of the others is worse."""
        b, on = self.built, set(found.chosen)
        trial = b.model.clone()
        others: list[cp_model.LiteralT] = [
            trial.get_bool_var_from_proto_index(x.index) for i, x in enumerate(b.x) if i not in on
        ]
        mine = [trial.get_bool_var_from_proto_index(b.x[i].index).negated() for i in found.chosen]
        trial.add_bool_or(others + list(mine))
        solver, status = run(trial, self.clock)
        if status == cp_model.INFEASIBLE:
            return True
        if status != cp_model.OPTIMAL or self.held is None:
            return False
        fold, *_ = self.held
        theirs = [signed(t, value(self.inst, t, *self.built.read(solver))) for t in fold]
        return theirs < [signed(t, value(self.inst, t, found.chosen, found.short)) for t in fold]

    def least(self, expr: cp_model.LinearExprT, hold: Sequence[int]) -> bool:
        """Minimise `expr` among the equal plans and hold the pairs `hold` where they then are."""
        b = self.built
        self.hint(*self.settled)
        b.model.minimize(expr)
        solver, status = run(b.model, self.clock)
        if status != cp_model.OPTIMAL:
            return False
        self.settled = self.built.read(solver)
        now = set(self.settled[0])
        for i in hold:
            b.model.add(b.x[i] == (i in now))
        return True


def any_plan(inst: Instance, start: Sequence[int] = ()) -> Plan | None:
    """Some plan that breaks no rule, like `start` where it can be, for when a search was stopped before it had one;
    None where that is not soon found."""
    found = _Search(inst, Clock(Stop(), monotonic()), trimming=any(p.trims for p in inst.posts)).any_plan(start)
    return (found.chosen, found.short) if found else None


def richer(inst: Instance, plan: Plan) -> Plan:
    """`plan`, or one as good in every tier before the points with more of these, where it is soon found."""
    points = next((t for t in inst.tiers if t.points), None)
    if points is None:
        return plan
    search = _Search(inst, Clock(Stop(), monotonic()), trimming=any(p.trims for p in inst.posts))
    for tier in _before_points(inst):
        search.built.keep(tier, signed(tier, value(inst, tier, *plan)))
    search.hint(*plan)
    search.built.model.maximize(search.ranges[points.name].expr)
    solver, status = run(search.built.model, Clock(Stop(work=FAIR, gap=ROUGHLY), monotonic()))
    more = [search.built.read(solver)] if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else []
    return max([plan, *more], key=lambda p: worths(inst, *p))


def best_of(
    inst: Instance, tier: Tier, plan: tuple[Sequence[int], Mapping[int, int]], clock: Clock, work: float
) -> tuple[Plan, bool]:
    """`plan`, or one with more of a tier while those before it are as they are, or as much and more of those after; and
    whether none has more of it, as far as CP-SAT finds out in so much work."""
    left = clock.work_left()
    own = Clock(replace(clock.stop, seconds=clock.left(), work=work if left is None else min(work, left)), monotonic())
    search = _Search(inst, own, trimming=any(p.trims for p in inst.posts))
    for earlier in inst.tiers[: inst.tiers.index(tier)]:
        search.built.keep(earlier, signed(earlier, value(inst, earlier, *plan)))
    found = search.climb([tier], *plan)
    clock.work += own.work
    plans = [(tuple(plan[0]), dict(plan[1])), *([(found.chosen, found.short)] if found else [])]
    return max(plans, key=lambda p: worths(inst, *p)), found is not None and found.proved


def conclude(
    inst: Instance, clock: Clock, plan: tuple[Sequence[int], Mapping[int, int]], trimming: bool, settle: bool
) -> tuple[tuple[int, ...], dict[int, int], bool] | None:
    """The lot and the last ties from a plan proved best in every tier before the lot: pairs, units short, whether
    unique.

    None when the search was stopped, be it in the last ties.
    """
    search = _Search(inst, clock, trimming)
    for tier in inst.tiers:
        if not tier.lot:
            search.built.keep(tier, signed(tier, value(inst, tier, *plan)))
    found = search.climb([t for t in inst.tiers if t.lot], *plan)
    if found is None or not found.proved:
        return None
    if not settle:
        return found.chosen, found.short, False
    unique = search.settle(found)
    return None if clock.over else (*search.settled, unique)


def signed(tier: Tier, v: int) -> int:
    return v if tier.sense == "most" else -v


def clashing(inst: Instance) -> tuple[int, ...]:
    """A minimal set of fixed pairs that cannot stand together, found by deletion on a bare copy."""

    def stands(fixed: tuple[int, ...]) -> bool:
        bare = Built(replace(inst, fixed=fixed, above=(), together=(), bonds=()), trimming=True)
        _, status = run(bare.model, Clock(Stop(), monotonic()), sure=True)
        return status != cp_model.INFEASIBLE

    kept = tuple(inst.fixed)
    for i in inst.fixed:
        without = tuple(j for j in kept if j != i)
        if not stands(without):
            kept = without
    return kept
