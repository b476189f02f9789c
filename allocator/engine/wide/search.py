"""Plain assignment that no proof settles soon: plans by diving along prices, bettered region by region.

A dive holds the posts that the best sets at the present prices agree on, mends the prices for what is left, and so on
until CP-SAT settles the rest (diving in a relaxation: Sadykov, Vanderbeck, Pessoa, Tahiri and Uchoa 2019). A plan is
bettered by freeing some of its posts and diving again among these. Every bound reached narrows the pairs that a better
plan could use, and the one search of `whole.py` is asked for a proof on those alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.matrix import Ints
from allocator.engine.model import value
from allocator.engine.part import cut_out
from allocator.engine.tiers import Clock, run, signed
from allocator.engine.tops import top
from allocator.engine.wide.knapsack import NEVER, UNIT, KnapsackBound, Packing, descend, losses
from allocator.engine.wide.whole import solve_whole

ROUGH, STEPS = 50, 300  # subgradient steps at first: until the bound falls slowly, and then
ANEW, AGAIN = 100, 30  # subgradient steps in each round, and each time a dive holds posts
HELD, SURE = 0.06, 0.98  # share of the posts left that are held at once; held this often a post counts as sure
LEFT, WORK = 26, 0.5  # posts left to CP-SAT at the end of a dive, and its work there
WALKS, LONGEST = 3, 6  # plans bettered side by side in a round; each works one unit more than in the last, up to this
IDLE = 3  # rounds without gain after which a plan is given up, and all plans after the square of it
NOISE, REGION = 0.1, (0.25, 0.6)  # chance in a dive, and the share of a plan that is held anew
WIDE = 4  # pairs of a post that are left, at most, for a proof to be tried
NODES = (100, 100_000)  # tree nodes of the first proof, and at most; later ones take as long as the walks
CELL, ROW, MODEL = 4e-9, 8e-6, 0.01  # work of a cell and a row of knapsacks, and of a dive's model, in CP-SAT's units


@dataclass(frozen=True)
class _Chosen:
    """The person of each post, and what it is worth in points."""

    holder: Ints
    points: int


@dataclass
class _Task:
    """What one walk has to itself: its own chances, its own clock, and the work after which it stops."""

    rng: np.random.Generator
    work: float
    clock: Clock


class Search:
    """Plans of one packing: `pack`, the pairs' indices `at`, the bound so far and the plans in hand."""

    def __init__(self, inst: Instance, pack: Packing, at: Ints, clock: Clock) -> None:
        self.inst, self.pack, self.at, self.clock = inst, pack, at, clock
        start = np.sort(pack.points, axis=0)[-2:][0]
        start = np.where(start > NEVER, start, pack.points.max(axis=0)) * UNIT
        self.priced = self._priced(start)
        self.losses = losses(pack, self.priced.prices)
        self.plans: list[_Chosen | None] = [None] * WALKS
        self.idle = [0] * WALKS
        self.best: _Chosen | None = None

    def _priced(self, start: Ints) -> KnapsackBound:
        """Prices for the whole: the aim far below the bound while that still falls fast, then near it."""
        priced, before = descend(self.pack, start, 0, 1), None
        while before is None or before - priced.bound > abs(before) // 100:
            before = priced.bound
            priced = descend(self.pack, priced.prices, (before - abs(before) // 10) // UNIT, ROUGH)
            self.clock.work += ROUGH * _work(self.pack)
        self.clock.work += STEPS * _work(self.pack)
        return descend(self.pack, priced.prices, (priced.bound - abs(priced.bound) // 200) // UNIT, STEPS)

    @property
    def bound(self) -> int:
        """No plan with all posts filled has more points."""
        return self.priced.bound // UNIT

    # -- one plan ----------------------------------------------------------------------------------

    def dive(self, task: _Task, posts: Ints, was: Ints | None = None) -> Ints | None:
        """A holder for each post, these posts held anew; None when it gets stuck. `was`: the holders so far."""
        holder = np.full(self.pack.points.shape[1], -1) if was is None else was.copy()
        room, prices = self.pack.room - self._used(holder, posts), self.priced.prices.copy()
        task.clock.work += MODEL
        still = np.setdiff1d(np.arange(len(holder)), posts)
        aim = (self.best.points if self.best else self.bound - abs(self.bound) // 1000) - self._points(holder, still)
        hint = was
        order: list[int] = []  # posts as they were held
        while len(posts) > LEFT and not task.clock.over:
            part = self.pack.part(posts, room)
            if (part.points.max(axis=0) <= NEVER).any():
                break
            again = descend(part, prices[posts], aim, AGAIN, 0.5)
            task.clock.work += AGAIN * _work(part)
            prices[posts] = again.prices
            often = again.often * (1 + NOISE * task.rng.random(again.often.shape))
            likely = often.max(axis=0)
            many = max(1, int(HELD * len(posts)), int((likely > SURE).sum()) // 2)
            held: list[int] = []
            for k in np.argsort(-likely, kind="stable")[:many].tolist():
                person, post = int(often[:, k].argmax()), int(posts[k])
                if self.pack.points[person, post] > NEVER and self.pack.load[person, post] <= room[person]:
                    holder[post] = person
                    room[person] -= self.pack.load[person, post]
                    aim -= int(self.pack.points[person, post])
                    held.append(k)
            if not held:
                break
            order += posts[held].tolist()
            posts, hint = np.delete(posts, held), None
        while not task.clock.over:
            rest = exact(self.pack.part(posts, room), None if hint is None else hint[posts], task.clock)
            if rest is not None:
                holder[posts] = rest
                return holder
            if was is not None or not order:
                break
            back = np.array(order[-len(posts) :], dtype=np.int64)  # no room: as many posts again are let go
            order = order[: -len(posts)]
            np.add.at(room, holder[back], self.pack.load[holder[back], back])
            posts = np.sort(np.concatenate([posts, back]))
        return None

    def better(self, task: _Task, plan: _Chosen) -> _Chosen:
        """The plan with some of its posts held anew: those that cost the bound most, or all of a few people."""
        count = len(plan.holder)
        loss = self.losses[plan.holder, np.arange(count)] / UNIT + 0.25
        size = LEFT if task.rng.random() < 0.5 else int(count * task.rng.uniform(*REGION))
        weight = loss * task.rng.random(count)
        if task.rng.random() < 0.5:
            people = np.bincount(plan.holder, weight, len(self.pack.room)) * task.rng.random(len(self.pack.room))
            weight = people[plan.holder]
        posts = np.sort(np.argsort(-weight, kind="stable")[:size])
        again = self.dive(task, posts, plan.holder)
        return plan if again is None else max(plan, self._plan(again), key=lambda p: p.points)

    def walk(self, task: _Task, plan: _Chosen | None) -> _Chosen | None:
        """A plan (a new one, if none is given) bettered region by region."""
        if plan is None:
            holder = self.dive(task, np.arange(self.pack.points.shape[1]))
            plan = None if holder is None else self._plan(holder)
        while plan is not None and task.clock.work < task.work and not task.clock.over:
            plan = self.better(task, plan)
        return plan

    def _plan(self, holder: Ints) -> _Chosen:
        return _Chosen(holder, self._points(holder, np.arange(len(holder))))

    def _points(self, holder: Ints, posts: Ints) -> int:
        return int(self.pack.points[np.maximum(holder[posts], 0), posts][holder[posts] >= 0].sum())

    def _used(self, holder: Ints, free: Ints) -> Ints:
        kept = holder >= 0
        kept[free] = False
        used = np.zeros_like(self.pack.room)
        np.add.at(used, holder[kept], self.pack.load[holder[kept], np.nonzero(kept)[0]])
        return used

    # -- rounds ------------------------------------------------------------------------------------

    def start(self, pairs: Sequence[int]) -> None:
        """Begin from a plan with all posts filled."""
        holder = np.empty(self.pack.points.shape[1], dtype=np.int64)
        for i in pairs:
            holder[self.inst.pairs[i].post] = self.inst.pairs[i].person
        self.plans[0] = self.best = self._plan(holder)

    def take(self, plan: _Chosen | None) -> None:
        if plan and (self.best is None or plan.points > self.best.points):
            self.best = plan

    def reprice(self) -> None:
        """Better prices, now that the best plan says what to aim at."""
        assert self.best is not None
        again = descend(self.pack, self.priced.prices, self.best.points, ANEW)
        self.clock.work += ANEW * _work(self.pack)
        if again.bound < self.priced.bound:
            self.priced, self.losses = again, losses(self.pack, again.prices)

    def round(self, n: int, prove: Callable[[], None]) -> float:
        """Walks and a proof side by side; nothing of one is seen by another before all have ended. The walks' work."""
        tasks = [
            _Task(
                np.random.default_rng((n, w)),
                min(LONGEST, n),
                Clock(replace(self.clock.stop, work=None), self.clock.began),
            )
            for w in range(WALKS)
        ]
        with ThreadPoolExecutor(max(1, self.clock.stop.workers)) as pool:
            proof = pool.submit(prove)
            walks = [pool.submit(self.walk, t, p) for t, p in zip(tasks, self.plans, strict=True)]
            found = [w.result() for w in walks]
            proof.result()
        for w, (task, plan) in enumerate(zip(tasks, found, strict=True)):
            self.clock.work += task.clock.work
            was = self.plans[w]
            gained = plan is not None and (was is None or plan.points > was.points)
            self.idle[w] = 0 if gained else self.idle[w] + 1
            self.plans[w] = plan
            self.take(plan)
        for w, plan in enumerate(self.plans):
            if plan and self.idle[w] >= IDLE and plan is not self.best:
                self.plans[w], self.idle[w] = None, 0
        return float(sum(t.clock.work for t in tasks))


def _work(pack: Packing) -> float:
    """Of one subgradient step."""
    people, posts = pack.load.shape
    width = people * int(pack.room.max())
    return float(posts * (ROW + width * CELL))


def exact(pack: Packing, was: Ints | None, clock: Clock) -> Ints | None:
    """The best persons for a few posts by CP-SAT, or the best found within WORK; None where there is no room."""
    persons, posts = np.nonzero(pack.points > NEVER)
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(posts))]
    for post in range(pack.points.shape[1]):
        model.add_exactly_one(x[k] for k in np.nonzero(posts == post)[0])
    for person, room in enumerate(pack.room.tolist()):
        mine = np.nonzero(persons == person)[0]
        load = pack.load[person, posts[mine]].tolist()
        if sum(load) > room:
            model.add(cp_model.LinearExpr.weighted_sum([x[k] for k in mine], load) <= room)
    model.maximize(cp_model.LinearExpr.weighted_sum(x, pack.points[persons, posts].tolist()))
    if was is not None:
        for k, var in enumerate(x):
            model.add_hint(var, int(was[posts[k]] == persons[k]))
    stop = replace(clock.stop, work=WORK, workers=1, progress=None)
    own = Clock(stop, clock.began)
    solver, status = run(model, own)
    clock.work += own.work
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    chosen = np.array([solver.boolean_value(v) for v in x], dtype=np.bool_)
    out = np.empty(pack.points.shape[1], dtype=np.int64)
    out[posts[chosen]] = persons[chosen]
    return out


class _Proof:
    """Proofs by the one search, on the pairs that a better plan could use."""

    def __init__(self, search: Search, settle: bool) -> None:
        self.search, self.settle = search, settle
        self.nodes, self.bound = NODES[0], search.bound
        self.done: Solution | None = None
        self.found: _Chosen | None = None
        self.work = 0.0

    def attempt(self) -> None:
        """One attempt with so many tree nodes as are set."""
        search, best = self.search, self.search.best
        if best is None:
            return
        inst, gap = search.inst, search.priced.bound - best.points * UNIT
        people, posts = np.nonzero((search.losses <= gap) & (search.at >= 0))
        if len(posts) > WIDE * len(inst.posts):
            return
        part = cut_out(inst, range(len(inst.posts)), range(len(inst.people)), search.at[people, posts].tolist())
        mine = set(search.at[best.holder, np.arange(len(best.holder))].tolist())
        stop = replace(search.clock.stop, work=None, nodes=self.nodes, progress=None)
        clock = Clock(stop, search.clock.began)
        hint = [k for k, i in enumerate(part.pairs) if i in mine]
        got = solve_whole(part.inst, stop, clock, hint, settle=self.settle, hope=self.nodes)
        self.work = clock.work
        chosen, _ = part.out(got.chosen, {})
        if len(chosen) < len(inst.posts):
            return
        points = next(t for t, tier in zip(got.tiers, inst.tiers, strict=True) if tier.points)
        if got.status == "optimal":
            self.done = replace(got, chosen=tuple(sorted(chosen)))
        self.bound = min(self.bound, max(points.bound, best.points))
        holder = np.empty(len(inst.posts), dtype=np.int64)
        for i in chosen:
            holder[inst.pairs[i].post] = inst.pairs[i].person
        self.found = search._plan(holder)

    def next(self, walked: float) -> None:
        """Count the work, and set the nodes so that the next attempt takes about as long as the walks did."""
        if self.work:
            self.nodes = int(np.clip(self.nodes * walked / self.work, *NODES))
        self.search.clock.work, self.work = self.search.clock.work + self.work, 0.0


def solve_plain(
    inst: Instance,
    packed: tuple[Packing, Ints],
    clock: Clock,
    hint: Sequence[int] = (),
    *,
    settle: bool = True,
) -> Solution | None:
    """The optimum, or the best plan found with a bound; None when no plan with all posts filled was found.

    `packed`: of the same instance (`knapsack.packing`); `hint`: pairs of a plan to start from. Without a time limit
    the same whatever the number of workers.
    """
    stop = clock.stop
    search = Search(inst, *packed, clock)
    if search.bound < search.pack.least:
        return None
    proof = _Proof(search, settle)
    if len(hint) == len(inst.posts):
        search.start(hint)
    tier = next(t for t in inst.tiers if t.points)
    n = last = 0
    while not clock.over and n - last < (IDLE * IDLE if search.best else IDLE):
        was = search.best
        walked = search.round(n, proof.attempt)
        search.take(proof.found)
        proof.next(walked)
        if proof.done:
            return replace(proof.done, deterministic_time=clock.work)
        n += 1
        if search.best is None:
            continue
        if not clock.over:
            search.reprice()
        last = n if search.best is not was else last
        bound = min(search.bound, proof.bound)
        chosen = _chosen(search)
        if stop.progress:
            so_far = {t.name: value(inst, t, chosen, {}) for t in inst.tiers}
            stop.progress(tier.name, so_far[tier.name], bound, so_far)
        if bound - search.best.points <= stop.gap * abs(search.best.points) and stop.gap:
            break
    if search.best is None:
        return None
    chosen, values = _chosen(search), list[TierValue]()
    for t in inst.tiers:
        got = value(inst, t, chosen, {})
        limit = min(search.bound, proof.bound) if t.points else top(inst, t)
        values.append(TierValue(t.name, got, signed(t, max(limit, signed(t, got)))))
    done = all(v.proved for v in values)
    return Solution("optimal" if done else "feasible", chosen, {}, tuple(values), clock.work)


def _chosen(search: Search) -> tuple[int, ...]:
    assert search.best is not None
    return tuple(sorted(search.at[search.best.holder, np.arange(len(search.best.holder))].tolist()))
