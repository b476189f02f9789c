"""One search by relaxations: rows more at its root, and columns parted where they are not whole.

How many posts each person holds is parted first (`Matrix.tallies`): once that is settled the relaxation mostly has
whole answers, however short days are. A search leaves boxes behind, that hold all plans as good as its best; the search
for the next aim has only to look there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engine.cpsat import Clock
from allocator.engine.matrix import Ints, Matrix
from allocator.engine.relaxation import Imprecise, Relaxation, Relaxed

ROUNDS = 6  # of new rows at the root of a question
NEAR = 1e-6  # a relaxed value this near to a whole number is one
BOXES, MANY = 20, 60  # apart from one another, before the points and after; more are taken as one
ALONE = 3  # boxes up to which rows more are looked for at the root of each

Boxes = Sequence[tuple[Ints, Ints]]  # lower and upper ends of the columns; no plan is in two of them
Node = tuple[Ints, Ints, Relaxed]
Laid = tuple[tuple[int, ...], dict[int, int], dict[str, int]]  # pairs, units short, tiers (made most)


class Unsettled(Exception):
    """Not answered in this way. `plan`: the best found by then, and how good each tier proved by then is (made
    most)."""

    plan: Laid | None = None


@dataclass(frozen=True)
class WholePlan:
    """Values by column, and what they come to."""

    at: Ints
    worth: int


def beside(matrix: Matrix, net: Ints, ends: tuple[Ints, Ints]) -> tuple[Ints, int]:
    """What a unit of each column is worth, a pair beside the best of its post, of which no plan has two; and how much
    less the bound is for it. `net`: what each is worth by itself."""
    (lows, tops), mine, posts = (x[: matrix.pairs] for x in ends), net[: matrix.pairs], len(matrix.of_post)
    most, best = np.zeros(posts, dtype=np.int64), np.zeros(posts, dtype=np.int64)
    np.add.at(most, matrix.post, np.maximum(mine * lows, mine * tops))
    np.maximum.at(best, matrix.post, np.where(tops > 0, mine, 0))
    several = np.array([p.wants > 1 for p in matrix.inst.posts], dtype=np.bool_)
    best = np.where(several, 0, np.minimum(best, most))
    return np.append(mine - best[matrix.post], net[matrix.pairs :]), int((most - best)[~several].sum())


def hull(boxes: Boxes) -> tuple[Ints, Ints]:
    """One box around them all."""
    return np.min([low for low, _ in boxes], axis=0), np.max([top for _, top in boxes], axis=0)


class Climb:
    """One search: relaxations, rows more, and columns parted where they are not whole."""

    def __init__(
        self,
        matrix: Matrix,
        of: Relaxation,
        cut: Callable[[Relaxed], bool],
        clock: Clock,
        limit: int,
        patience: float = math.inf,
    ) -> None:
        """`cut` adds rows that a relaxed plan breaks; `limit`: relaxations, and `patience`: work, past which the search
        is given up (Unsettled)."""
        self.matrix, self.of, self.cut, self.clock, self.limit = matrix, of, cut, clock, limit
        self.most_work = of.work + patience
        self.nodes, self.enough = 0, False
        self.best: WholePlan | None = None
        self.ended: list[Node] = []

    def most(self, boxes: Boxes, best: WholePlan | None = None) -> WholePlan | None:
        """The best within the boxes, no worse than `best`."""
        todo: list[Node] = []
        for ends in reversed(boxes):
            root = self._root(ends, best, ROUNDS if len(boxes) <= ALONE else 1)
            if root:
                todo.append((*ends, root))
        if not todo and best is not None:
            raise Imprecise  # there is a plan
        self.best = best
        ended = False  # a dive: then on where most may be
        while todo:
            k = max(range(len(todo)), key=lambda k: (todo[k][2].bound, k)) if ended and self.best else -1
            ended = True
            lows, tops, node = todo.pop(k)
            if self.best and node.bound <= self.best.worth:
                self._end(lows, tops, node)
                continue
            at = self._apart(node)
            if at is None:
                found = self._whole(lows, tops, node)
                if self.best is None or found.worth > self.best.worth:
                    self.best = found
                self._end(lows, tops, node)
                if self.enough:
                    break
                continue
            todo.append((lows, tops, node))
            more = self._parted(lows, tops, node, at)
            todo.pop()
            todo += more
            ended = not more
        return self.best

    def _end(self, lows: Ints, tops: Ints, node: Relaxed) -> None:
        if self.best is None or node.bound >= self.best.worth:
            self.ended.append((lows, tops, node))

    def as_good(self, most: int = BOXES) -> list[tuple[Ints, Ints]]:
        """Boxes that hold all plans as good as the best, so many at most."""
        assert self.best is not None
        out = [self._within(*end) for end in self.ended if end[2].bound >= self.best.worth]
        return out if len(out) <= most else [hull(out)]

    def _within(self, lows: Ints, tops: Ints, node: Relaxed) -> tuple[Ints, Ints]:
        """Ends that leave all plans as good as the best: without what a column would cost more than the bound has to
        spare."""
        if self.best is None:
            return lows, tops
        spare = (node.bound + 1 - self.best.worth) * node.grain
        never, always = beside(self.matrix, node.net, (lows, tops))[0] < -spare, node.net > spare
        return np.where(always, tops, lows), np.where(never, lows, tops)

    def _relaxed(self, lows: Ints, tops: Ints) -> Relaxed | None:
        self.nodes += 1
        if self.nodes > self.limit or self.of.work > self.most_work or self.clock.over:
            raise Unsettled
        was = self.of.work
        found = self.of.solve(lows, tops)
        self.clock.work += self.of.work - was
        return found

    def _root(self, ends: tuple[Ints, Ints], best: WholePlan | None, rounds: int) -> Relaxed | None:
        root = self._relaxed(*ends)
        for _ in range(rounds):
            if root is None or (best and root.bound <= best.worth) or self._apart(root) is None:
                break
            if not self.cut(root):
                break
            root = self._relaxed(*ends)
        return root

    def _apart(self, node: Relaxed) -> int | None:
        """The column to part: of the tallies, of the pairs, and then of the others, the one farthest from whole."""
        far = np.abs(node.at - np.rint(node.at))
        for part in (*self.matrix.tallies, range(self.matrix.pairs), range(self.matrix.pairs, len(far))):
            mine = far[part.start : part.stop]
            if len(mine) and mine.max() > NEAR:
                return part.start + int(mine.argmax())
        return None

    def _parted(self, lows: Ints, tops: Ints, node: Relaxed, at: int) -> list[Node]:
        """Both sides of a column that may hold something better, the likelier last."""
        below = int(np.floor(node.at[at]))
        lows, tops = self._within(lows, tops, node)
        down, up = (lows, tops.copy()), (lows.copy(), tops.copy())
        down[1][at], up[0][at] = below, below + 1
        if at < self.matrix.pairs and self.matrix.inst.posts[int(self.matrix.post[at])].wants == 1:
            others = self.matrix.of_post[int(self.matrix.post[at])]
            up[1][others] = 0
            up[1][at] = 1
        out: list[Node] = []
        for side in (down, up) if node.at[at] - below > 0.5 else (up, down):
            if (side[0] > side[1]).any():
                continue
            found = self._relaxed(*side)
            if found and self.best and found.bound <= self.best.worth:
                self._end(*side, found)
            elif found:
                out.append((*side, found))
        if len(out) == 2 and out[0][2].bound > out[1][2].bound:
            out.reverse()
        return out

    def _whole(self, lows: Ints, tops: Ints, node: Relaxed) -> WholePlan:
        """The whole plan that a relaxed one is; every row is checked in whole numbers."""
        at = np.rint(node.at).astype(np.int64)
        of = self.of
        sums = np.zeros(len(of.under), dtype=np.int64)
        np.add.at(sums, of.rows, of.vals * at[of.cols])
        if (at < lows).any() or (at > tops).any() or (sums < of.under).any() or (sums > of.over).any():
            raise Imprecise
        return WholePlan(at, int(of.asked @ at))
