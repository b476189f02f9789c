"""Plain assignment as so many knapsacks: bounds by prices of posts, and what a pair would cost the bound.

Every post is filled by one person, every person has one limit of load. With a price for each post, each person's best
set of posts is a knapsack of its own, solved exactly; prices and best sets together bound the points (Lagrangian
relaxation; Fisher, Jaikumar and Van Wassenhove 1986 for this problem). All is in whole numbers: a price is counted in
1/UNIT of a point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.instance import Instance
from allocator.engine.matrix import Flags, Floats, Ints

UNIT = 1024  # prices are in 1/UNIT of a point, so that bounds are exact
NEVER = -(2**44)  # points of a pair that does not exist
CELLS = 40_000_000  # people x posts x load: beyond, tables of all pairs take too long
CELL, ROW = 4e-9, 8e-6  # work of a cell and a row of tables, in CP-SAT's units
PLACES, DENSE = 2**21, 0.5  # people x posts at most; share of them that are pairs from which a few stand for all
FADE, DRAG, PATIENCE = 0.95, 0.5, 8  # of the average, of the last step, steps without gain before steps shorten


@dataclass(frozen=True)
class Packing:
    """Points and load of each pair, people x posts (NEVER where there is no pair); `room`: each person's limit."""

    points: Ints
    load: Ints
    room: Ints

    @property
    def work(self) -> float:
        """Of one subgradient step, in CP-SAT's units."""
        people, posts = self.load.shape
        return float(posts * (ROW + people * int(self.room.max()) * CELL))

    @property
    def dense(self) -> bool:
        """Whether most people may fill most posts."""
        return int((self.points > NEVER).sum()) >= DENSE * self.load.size

    @property
    def least(self) -> int:
        """No plan with all posts filled has fewer points."""
        real = self.points > NEVER
        return int(np.where(real, self.points, self.points.max(axis=0)).min(axis=0).sum())

    def part(self, posts: Ints, room: Ints) -> Packing:
        """Only these posts, and so much room left; a pair that no longer fits is gone."""
        points, load = self.points[:, posts], self.load[:, posts]
        return Packing(np.where(load <= room[:, None], points, NEVER), load, room)


@dataclass(frozen=True)
class KnapsackBound:
    """A bound in 1/UNIT of a point, the prices it was reached at, how often each person's best set held each post."""

    bound: int
    prices: Ints
    often: Floats


def packing(inst: Instance) -> tuple[Packing, Ints] | None:
    """The instance as knapsacks, and the pair at each place (-1: none). None where it has more than limits to keep.

    Every post needs a pair that fits, and a tier before the points that wants it filled, so that a plan with all of
    them filled is as good as it can be.
    """
    plain = not (inst.same or inst.different or inst.never_both or inst.fixed or inst.above or inst.together)
    plain = plain and not (inst.bonds or inst.least_points) and inst.most_load is None
    wanted = {p for t in inst.tiers for p, c in t.filled.items() if t.sense == "most" and c > 0}
    plain = plain and not any(t.worst or (t.filled and t.sense == "least") for t in inst.tiers)
    plain = plain and wanted == {pair.post for pair in inst.pairs} == set(range(len(inst.posts)))
    plain = plain and all(p.wants == 1 and not p.trims for p in inst.posts)
    plain = plain and any(t.points for t in inst.tiers)
    for person in inst.people:
        alone = len(person.limits) <= 1 and all(x.soft is None for x in person.limits)
        plain = plain and alone and person.at_most is None and person.at_least <= 1 and not person.must
    if not plain or len(inst.people) * len(inst.posts) > PLACES:
        return None
    shape = len(inst.people), len(inst.posts)
    points, load, at = np.full(shape, NEVER), np.zeros(shape, dtype=np.int64), np.full(shape, -1)
    for i, pair in enumerate(inst.pairs):
        limits = inst.people[pair.person].limits
        place = pair.person, pair.post
        at[place], load[place] = i, pair.load[limits[0].resource] if limits else 0
        points[place] = pair.points
    step = max(1, int(np.gcd.reduce(load, axis=None)))
    room = np.array([p.limits[0].hard if p.limits else 0 for p in inst.people], dtype=np.int64) // step
    load //= step
    points = np.where(load <= room[:, None], points, NEVER)
    small = np.abs(points[points > NEVER]).max(initial=0) < 2**30
    if (room < 0).any() or not small or (points.max(axis=0) <= NEVER).any():
        return None
    pack = Packing(points, load, room)
    return (pack, at) if pack.dense or load.size * (int(room.max()) + 1) <= CELLS else None


def best_sets(worth: Ints, load: Ints, room: Ints) -> tuple[int, Flags]:
    """Each person's best set of posts by itself (people x posts), and what all are worth together."""
    people, width = len(room), int(room.max()) + 1
    wanted = worth > 0
    order = np.argsort(~wanted, axis=1, kind="stable")[:, : int(wanted.sum(axis=1).max())]
    value = np.where(wanted, worth, -1)[np.arange(people)[:, None], order]
    weigh = np.where(wanted, load, 0)[np.arange(people)[:, None], order]
    edge = int(weigh.max(initial=0))
    table = np.full((people, edge + width), NEVER)
    reached = table[:, edge:]
    reached[:] = 0
    here = np.arange(people)[:, None] * (edge + width) + edge + np.arange(width)
    took = np.zeros((order.shape[1], people, width), dtype=np.bool_)
    for k in range(order.shape[1]):
        with_it = table.take(here - weigh[:, k, None]) + value[:, k, None]
        np.greater(with_it, reached, out=took[k])
        np.maximum(reached, with_it, out=reached)
    rows, left = np.arange(people), room.copy()
    total = int(reached[rows, left].sum())
    chosen = np.zeros(worth.shape, dtype=np.bool_)
    for k in range(order.shape[1] - 1, -1, -1):
        taken = took[k, rows, left]
        chosen[rows[taken], order[taken, k]] = True
        left -= weigh[:, k] * taken
    return total, chosen


def descend(pack: Packing, prices: Ints, aim: int, steps: int, length: float = 1.0) -> KnapsackBound:
    """Lower the bound from these prices by so many subgradient steps; `aim`: points that a plan may come to."""
    best, best_prices = None, prices
    often, weight, idle = np.zeros(pack.points.shape), 0.0, 0
    way, least = np.zeros(len(prices)), pack.least * UNIT
    for _ in range(steps):
        total, chosen = best_sets(pack.points * UNIT - prices, pack.load, pack.room)
        bound = total + int(prices.sum())
        if best is None or bound < best:
            best, best_prices, idle = bound, prices, 0
        else:
            idle += 1
        if idle >= PATIENCE:
            length, idle, prices = length * 0.7, 0, best_prices
        often, weight = often * FADE + chosen, weight * FADE + 1
        lack = 1 - chosen.sum(axis=0)
        if not lack.any() or bound < least:  # a plan; or no room for all, and prices would rise for ever
            break
        way = DRAG * way + lack
        far = max(bound - aim * UNIT, UNIT / 4)
        prices = prices - np.round(length * far / max(1e-9, float(way @ way)) * way).astype(np.int64)
    assert best is not None
    return KnapsackBound(best, best_prices, often / weight)


def losses(pack: Packing, prices: Ints) -> Ints:
    """By how much the bound falls, in 1/UNIT of a point, when a pair has to be chosen (people x posts).

    A plan with the pair has points of at most the bound less this; where there is no pair, it is -NEVER.
    """
    out = np.full(pack.points.shape, -NEVER)
    for s, room in enumerate(pack.room.tolist()):
        able = np.nonzero(pack.points[s] > NEVER)[0]
        worth, load = (pack.points[s] * UNIT - prices)[able], pack.load[s][able]
        before = np.zeros((len(able) + 1, room + 1), dtype=np.int64)
        after = np.zeros_like(before)
        for k in range(len(able)):
            _with(before[k], worth[k], load[k], before[k + 1])
        for k in range(len(able) - 1, -1, -1):
            _with(after[k + 1], worth[k], load[k], after[k])
        for k, post in enumerate(able.tolist()):
            left = room - int(load[k])
            forced = int(worth[k]) + int((before[k, : left + 1] + after[k + 1, left::-1]).max())
            out[s, post] = int(before[-1, room]) - forced
    return out


def _with(table: Ints, worth: int, load: int, out: Ints) -> None:
    """The table of a knapsack with one more post."""
    out[:] = table
    if worth > 0:
        np.maximum(out[load:], table[: len(table) - load] + worth, out=out[load:])
