"""Prices of people's room, and by them the pairs that a good plan of plain assignment chooses.

With a price m >= 0 for each unit of a person's room, each post goes to whoever is worth most there less what the load
costs, and

    points of any plan  <=  sum over posts of max(points - m . load) + sum over people of m . room.

That is as near as the linear relaxation comes, in a second where everybody may hold everything (hundreds of thousands
of pairs): a price for each person, not one for each post. A pair that lies r below the best of its post costs any plan
that holds it r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.matrix import Floats, Ints
from allocator.engine.wide.knapsack import NEVER, UNIT, Packing

STEPS, DRAG, BOLD, MEEK, PATIENCE = 1_200, 0.6, 1.3, 0.6, 12  # subgradient steps: how far they reach grows and shrinks
FIRST, NEAR = 0.3, 1e-6  # how far at first, and where it ends, as shares of the bound
KEPT, ALWAYS = 8, 3  # pairs of a post that are kept: on average, and at least


@dataclass(frozen=True)
class Levels:
    """In 1/UNIT of a point: a bound, a price for each post at it, and what each pair costs a plan (people x posts)."""

    bound: int
    prices: Ints
    cost: Ints


def levels(pack: Packing) -> Levels:
    """Prices of room by a subgradient that aims as far below the bound as it has lately got."""
    points, load, room = pack.points.astype(float), pack.load.astype(float), pack.room.astype(float)
    posts = np.arange(load.shape[1])

    def at(price: Floats) -> tuple[float, Floats]:
        net = points - price[:, None] * load
        who = net.argmax(axis=0)
        used = np.bincount(who, load[who, posts], len(room))
        return float(net[who, posts].sum() + price @ room), room - used

    price = np.zeros(len(room))
    best, spare = at(price)
    best_price, best_spare = price, spare
    far, way, idle = FIRST * max(1.0, abs(best)), np.zeros(len(room)), 0
    for _ in range(STEPS):
        way = DRAG * way + spare
        price = np.maximum(0.0, price - far / max(1e-9, float(way @ way)) * way)
        bound, spare = at(price)
        idle += 1
        if bound < best - 0.02 * far:
            far, idle = far * BOLD, 0
        if bound < best:
            best, best_price, best_spare = bound, price, spare
        if idle >= PATIENCE:
            far, idle, price, spare, way = far * MEEK, 0, best_price, best_spare, np.zeros(len(room))
        if far < NEAR * max(1.0, abs(best)):
            break
    whole = np.rint(best_price * UNIT).astype(np.int64)
    net = np.where(pack.points > NEVER, pack.points * UNIT - whole[:, None] * pack.load, NEVER)
    prices = net.max(axis=0)
    return Levels(int(prices.sum() + whole @ pack.room), prices, np.where(net > NEVER, prices - net, -NEVER))


def kernel(pack: Packing, found: Levels, held: tuple[Ints, Ints]) -> tuple[Packing, int]:
    """The pairs that cost little, and those of the plan `held` (persons and posts); what any other costs at least."""
    people, posts = pack.load.shape
    order = np.sort(found.cost, axis=0)
    last = min(KEPT * posts, found.cost.size - 1)
    limit = int(np.partition(found.cost, last, axis=None)[last])
    kept = (found.cost <= limit) | (found.cost <= order[min(ALWAYS, people) - 1])
    kept[held] = True
    kept &= pack.points > NEVER
    others = found.cost[~kept & (pack.points > NEVER)]
    return Packing(np.where(kept, pack.points, NEVER), pack.load, pack.room), int(others.min(initial=-NEVER))
