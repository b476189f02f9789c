"""A bound on the points of a large instance, area by area (Lagrangian relaxation).

Every post's "one person at most" is priced where its pairs lie in two areas or more, and kept where they lie in one.
Then areas do not meet, and each is solved, or bounded, by itself. With prices l >= 0 on border posts and rewards
m >= 0 on the tiers before the points, whose values v the plan has reached,

    points of any plan as good there  <=  sum of l + sum over areas of max(points + m . tiers - l . x) - m . v

What crosses an edge (a group kept together, two posts that want different people) is left out, which only raises the
bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from allocator.engine.highs import Effort, maximise
from allocator.engine.instance import Instance, Tier
from allocator.engine.matrix import Flags, Floats, Ints, Matrix
from allocator.engine.part import Part, cut_out


@dataclass(frozen=True)
class Priced:
    """The bound, pairs taken by each area, how often each post was taken, and the work done."""

    bound: float
    taken: tuple[tuple[int, ...], ...]
    times: Ints
    work: float


@dataclass(frozen=True)
class Terms:
    """The aims that count: points, and the tiers before them that the plan is to keep."""

    points: Tier
    before: tuple[tuple[Tier, int, int], ...]  # tier, value to be kept (made most), reward for a unit of it
    trimming: bool


def combined(matrix: Matrix, points: Tier, before: Sequence[tuple[Tier, int]]) -> tuple[Ints, int]:
    """Points plus the tiers before them, each times its reward, as coefficients and a constant."""
    aim, constant = matrix.aim(points)
    for tier, reward in before:
        more, fixed = matrix.aim(tier)
        aim, constant = aim + reward * more, constant + reward * fixed
    return aim, constant


def priced(
    inst: Instance,
    shape: tuple[Ints, Ints],
    groups: Sequence[Ints],
    prices: Floats,
    terms: Terms,
    effort: Callable[[], Effort],
    pool: Executor,
    over: Callable[[], bool],
) -> Priced | None:
    """The bound at these prices; None when stopped. `shape`: post and person of each pair."""
    post, person = shape
    area = np.zeros(len(inst.people), dtype=np.int64)
    for n, people in enumerate(groups):
        area[people] = n
    where = area[person]
    lowest, highest = np.full(len(inst.posts), len(groups)), np.full(len(inst.posts), -1)
    np.minimum.at(lowest, post, where)
    np.maximum.at(highest, post, where)
    border = lowest < highest

    def one(n: int) -> tuple[float, tuple[int, ...], float] | None:
        if over():
            return None
        mine = np.nonzero(where == n)[0]
        part = cut_out(inst, np.unique(post[mine]).tolist(), groups[n].tolist(), mine.tolist())
        return _area(part, prices, border, terms, effort())

    results = list(pool.map(one, range(len(groups))))
    if any(r is None for r in results):
        return None
    done = [r for r in results if r is not None]
    taken = tuple(r[1] for r in done)
    times = np.bincount(post[[i for t in taken for i in t]], minlength=len(inst.posts))
    kept = sum(reward * v for _, v, reward in terms.before)
    bound = float(prices[border].sum()) + sum(r[0] for r in done) - kept
    return Priced(bound, taken, times, sum(r[2] for r in done))


def _area(
    part: Part, prices: Floats, border: Flags, terms: Terms, effort: Effort
) -> tuple[float, tuple[int, ...], float] | None:
    matrix = Matrix(part.inst, terms.trimming)
    own = {t.name: t for t in part.inst.tiers}
    rewards = [(own[t.name], reward) for t, _, reward in terms.before]
    aim, constant = combined(matrix, own[terms.points.name], rewards)
    less = np.zeros(len(aim))
    posts = np.array(part.posts, dtype=np.int64)
    less[: matrix.pairs] = np.where(border, prices, 0.0)[posts[matrix.post]]
    value = aim - less
    tops = np.array(matrix.upper, dtype=np.int64)
    idle = (value[: matrix.pairs] <= 0) & border[posts[matrix.post]] & _alone(part.inst, matrix)
    tops[: matrix.pairs][idle & (np.array(matrix.lower[: matrix.pairs]) == 0)] = 0  # taking it could gain nothing
    answer = maximise(matrix, value, effort, ends=(np.array(matrix.lower, dtype=np.int64), tops))
    if answer.values is None:
        return None if not np.isfinite(answer.bound) else (answer.bound + constant, (), answer.work)
    chosen, _ = matrix.read(answer.values)
    return answer.bound + constant, tuple(part.pairs[i] for i in chosen), answer.work


def _alone(inst: Instance, matrix: Matrix) -> Flags:
    """Pairs that no rule rewards for being chosen with others: bonds, groups of the same person, least numbers."""
    tied = np.zeros(matrix.pairs, dtype=np.bool_)
    for bond in inst.bonds:
        tied[list(bond.pairs)] = True
    grouped = {p for group in (*inst.same, *(t.posts for t in inst.together)) for p in group}
    flags = np.zeros(len(inst.posts), dtype=np.bool_)
    flags[list(grouped)] = True
    least = np.array([p.at_least > 1 or p.must for p in inst.people], dtype=np.bool_)
    return ~(tied | flags[matrix.post] | least[matrix.person])
