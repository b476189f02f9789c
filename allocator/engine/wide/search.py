"""Plain assignment that no proof settles soon: plans by diving along prices, bettered region by region.

A dive holds the posts that the best sets at the present prices agree on, mends the prices for what is left, and so on
until CP-SAT settles the rest (diving in a relaxation: Sadykov, Vanderbeck, Pessoa, Tahiri and Uchoa 2019). A plan is
bettered by freeing some of its posts and diving again among these. Every bound reached narrows the pairs that a better
plan could use, and the one search of `whole.py` is asked for a proof on those alone.

Where most people may fill most posts, only the pairs that cost little at people's prices are looked at (`levels.py`);
the bound stays one of all pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.matrix import Ints
from allocator.engine.model import value
from allocator.engine.part import cut_out
from allocator.engine.tiers import Clock, signed
from allocator.engine.tops import top
from allocator.engine.wide.exact import exact
from allocator.engine.wide.knapsack import NEVER, UNIT, KnapsackBound, Packing, descend, losses
from allocator.engine.wide.levels import kernel, levels
from allocator.engine.wide.whole import solve_whole

ROUGH, STEPS = 50, 300  # subgradient steps at first: until the bound falls slowly, and then
ANEW, AGAIN = 100, 30  # subgradient steps in each round, and each time a dive holds posts
HELD, SURE = 0.06, 0.98  # share of the posts left that are held at once; held this often a post counts as sure
LEFT = 26  # posts left to CP-SAT at the end of a dive
WALKS, LONGEST = 3, 6  # plans bettered side by side in a round; each works one unit more than in the last, up to this
IDLE = 3  # rounds without gain after which a plan is given up, and all plans after the square of it
NOISE, REGION = 0.1, (0.25, 0.6)  # chance in a dive, and the share of a plan that is held anew
WIDE = 4  # pairs of a post that are left, at most, for a proof to be tried
NODES = (100, 100_000)  # tree nodes of the first proof, and at most; later ones take as long as the walks
MANY = 20_000  # pairs: beyond, only those that cost little at people's prices are looked at
POSTS = 900  # beyond, a dive goes on by larger steps, so that it takes hardly longer
FAST = 3.0  # steps of a first dive
TURNS = 200  # of people, until every post has a holder
GROUP, NEARBY = (5, 11), 0.75  # people who change all their posts at once, chance in whom that is
MODEL = 0.01  # work of a dive's model, in CP-SAT's units


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
    pace: float = 1.0  # more: larger steps in a dive


class Search:
    """Plans of one packing: `pack`, the pairs' indices `at`, the bound so far and the plans in hand."""

    def __init__(self, inst: Instance, pack: Packing, at: Ints, clock: Clock, hint: Sequence[int] = ()) -> None:
        self.inst, self.pack, self.at, self.clock = inst, pack, at, clock
        self.narrow = len(inst.pairs) > MANY and pack.dense
        self.top, self.others = 0, -NEVER  # bound at people's prices, and what pairs not looked at cost at least
        if self.narrow:
            found = levels(pack)
            held = [inst.pairs[i] for i in hint]
            places = (
                np.array([x.person for x in held], dtype=np.int64),
                np.array([x.post for x in held], dtype=np.int64),
            )
            self.pack, self.others = kernel(pack, found, places)
            self.top = found.bound
            self.priced = descend(self.pack, found.prices, (found.bound - abs(found.bound) // 1000) // UNIT, ROUGH, 0.5)
            clock.work += ROUGH * self.pack.work
        else:
            start = np.sort(pack.points, axis=0)[-2:][0]
            start = np.where(start > NEVER, start, pack.points.max(axis=0)) * UNIT
            self.priced = self._priced(start)
        self.losses = losses(self.pack, self.priced.prices)
        self.plans: list[_Chosen | None] = [None] * WALKS
        self.idle = [0] * WALKS
        self.best: _Chosen | None = None

    def _priced(self, start: Ints) -> KnapsackBound:
        """Prices for the whole: the aim far below the bound while that still falls fast, then near it."""
        priced, before = descend(self.pack, start, 0, 1), None
        while before is None or before - priced.bound > abs(before) // 100:
            before = priced.bound
            priced = descend(self.pack, priced.prices, (before - abs(before) // 10) // UNIT, ROUGH)
            self.clock.work += ROUGH * self.pack.work
        self.clock.work += STEPS * self.pack.work
        return descend(self.pack, priced.prices, (priced.bound - abs(priced.bound) // 200) // UNIT, STEPS)

    @property
    def bound(self) -> int:
        """No plan with all posts filled has more points."""
        if not self.narrow:
            return self.priced.bound // UNIT
        return min(self.top, max(self.priced.bound, self.top - self.others)) // UNIT

    @property
    def open(self) -> bool:
        """Whether a pair that is not looked at could be in a better plan, or in one as good."""
        return self.narrow and (self.best is None or self.top - self.others >= self.best.points * UNIT)

    # -- one plan ----------------------------------------------------------------------------------

    def dive(self, task: _Task, posts: Ints, was: Ints | None = None) -> Ints | None:
        """A holder for each post, these posts held anew; None when it gets stuck. `was`: the holders so far."""
        holder = np.full(self.pack.points.shape[1], -1) if was is None else was.copy()
        room, prices = self.pack.room - self._used(holder, posts), self.priced.prices.copy()
        task.clock.work += MODEL
        still = np.setdiff1d(np.arange(len(holder)), posts)
        aim = (self.best.points if self.best else self.bound - abs(self.bound) // 1000) - self._points(holder, still)
        hint, pace = was, task.pace * max(1.0, (len(posts) / POSTS) ** 0.25)
        order: list[int] = []  # posts as they were held
        while len(posts) > LEFT and not task.clock.over:
            part = self.pack.part(posts, room)
            if (part.points.max(axis=0) <= NEVER).any():
                break
            steps = AGAIN if pace == 1 else max(10, int(AGAIN / pace))
            again = descend(part, prices[posts], aim, steps, 0.5)
            task.clock.work += steps * part.work
            prices[posts] = again.prices
            often = again.often * (1 + NOISE * task.rng.random(again.often.shape))
            likely = often.max(axis=0)
            many = max(1, int(HELD * pace * len(posts)), int((likely > SURE).sum()) // 2)
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
            if self.narrow:
                holder[posts] = -1
                return self.complete(task, holder)
            back = np.array(order[-len(posts) :], dtype=np.int64)  # no room: as many posts again are let go
            order = order[: -len(posts)]
            np.add.at(room, holder[back], self.pack.load[holder[back], back])
            posts = np.sort(np.concatenate([posts, back]))
        return None

    def complete(self, task: _Task, holder: Ints) -> Ints | None:
        """A holder for each post, where some have none (-1): people in turn deal their posts out anew beside those."""
        for _ in range(TURNS):
            without = np.nonzero(holder < 0)[0]
            if not len(without):
                return holder
            if task.clock.over:
                break
            first = int(without[int(task.rng.integers(len(without)))])
            able = np.nonzero(self.pack.points[:, first] > NEVER)[0]
            holder = self.among(task, holder, int(task.rng.choice(able)), without)
        return None

    def among(self, task: _Task, holder: Ints, first: int, without: Ints) -> Ints:
        """A few people, `first` among them, deal out anew all that they hold, and what is `without` a holder."""
        size = min(len(self.pack.room), int(task.rng.integers(*GROUP)))
        holds = np.zeros((len(holder), len(self.pack.room)))
        holds[np.nonzero(holder >= 0)[0], holder[holder >= 0]] = 1.0
        could = (self.pack.points > NEVER) @ holds  # posts of the second that the first could hold
        could += could.T
        near = could[first] * (0.3 + task.rng.random(len(self.pack.room)))
        near[first] = np.inf
        group = np.sort(np.argsort(-near, kind="stable")[:size])
        posts = np.sort(np.concatenate([np.nonzero(np.isin(holder, group))[0], without]))
        room = self.pack.room[group]
        points, load = self.pack.points[np.ix_(group, posts)], self.pack.load[np.ix_(group, posts)]
        part = Packing(np.where(load <= room[:, None], points, NEVER), load, room)
        now = np.where(holder[posts] >= 0, np.searchsorted(group, holder[posts]), -1)
        found = exact(part, now, task.clock)
        if found is None:
            return holder
        out = holder.copy()
        out[posts] = np.where(found >= 0, group[np.maximum(found, 0)], -1)
        return out

    def better(self, task: _Task, plan: _Chosen) -> _Chosen:
        """The plan with some of its posts held anew: those that cost the bound most, or all of a few people."""
        count = len(plan.holder)
        loss = self.losses[plan.holder, np.arange(count)] / UNIT + 0.25
        if self.narrow and task.rng.random() < NEARBY:
            people = np.bincount(plan.holder, loss, len(self.pack.room)) * task.rng.random(len(self.pack.room))
            dealt = self.among(task, plan.holder, int(people.argmax()), np.zeros(0, dtype=np.int64))
            return max(plan, self._plan(dealt), key=lambda p: p.points)
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

    def begin(self) -> None:
        """A first plan by a quick dive, where a careful one takes long."""
        task = _Task(np.random.default_rng(0), 0.0, self.clock, FAST)
        self.plans[0] = self.walk(task, None)
        self.take(self.plans[0])

    def take(self, plan: _Chosen | None) -> None:
        if plan and (self.best is None or plan.points > self.best.points):
            self.best = plan

    def reprice(self) -> None:
        """Better prices, now that the best plan says what to aim at."""
        assert self.best is not None
        again = descend(self.pack, self.priced.prices, self.best.points, ANEW)
        self.clock.work += ANEW * self.pack.work
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
        if best is None or search.open:
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
    search = Search(inst, *packed, clock, hint)
    if search.bound < search.pack.least:
        return None
    proof = _Proof(search, settle)
    if len(hint) == len(inst.posts):
        search.start(hint)
    elif search.narrow:
        search.begin()
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
