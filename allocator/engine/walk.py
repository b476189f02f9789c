"""Smaller questions about a `Matrix`: a few people at a time, and several tiers as one aim.

A plan is bettered a few people at a time, each in turn with those whose posts and theirs could change places. Each such
question is answered at once, and together they leave little for the one search over all, which then has only to prove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from allocator.engine.cpsat import Clock
from allocator.engine.highs import Effort, Floor, maximise
from allocator.engine.instance import Tier
from allocator.engine.matrix import Ints, Matrix

PEOPLE, FEW = 4, 4  # who change places at once; best pairs of a post
ROUNDS, BRIEF = 4, 50  # of all people in turn, and tree nodes of one turn
WIDEST = 2**16  # range of tiers made one aim: HiGHS tells values apart that differ by one in so many


def bettered(
    matrix: Matrix, aim: Ints, at: Ints, floors: Sequence[Floor], least: Mapping[int, int], effort: Effort, clock: Clock
) -> list[Ints]:
    """Plans with more and more of an aim, the first given (values by column): in rounds while that gains."""
    effort, out = replace(effort, nodes=min(BRIEF, effort.nodes), sure=True), [at]
    for _ in range(ROUNDS):
        before = len(out)
        for person in turns(matrix, np.nonzero(at[: matrix.pairs])[0].tolist()):
            if clock.over:
                return out
            near = ends(matrix, person, np.nonzero(at[: matrix.pairs])[0].tolist())
            hint = dict(enumerate(at.tolist()))
            answer = maximise(matrix, aim, effort, floors=floors, least=least, ends=near, hint=hint)
            clock.work += answer.work
            if answer.values is not None and int(aim @ answer.values) > int(aim @ at):
                at = answer.values
                out.append(at)
        if len(out) == before:
            break
    return out


def columns(matrix: Matrix, aim: Ints, chosen: Sequence[int], short: Mapping[int, int]) -> Ints | None:
    """A plan as values of all columns, those beside pairs and trims as the aim has them."""
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    for column, has in matrix.columns(chosen, short).items():
        lows[column] = tops[column] = has
    return maximise(matrix, aim, Effort(), ends=(lows, tops)).values


def turns(matrix: Matrix, chosen: Sequence[int]) -> list[int]:
    """The people who hold something, in order."""
    return sorted({int(matrix.person[i]) for i in chosen})


def ends(matrix: Matrix, person: int, chosen: Sequence[int]) -> tuple[Ints, Ints]:
    """Columns' lower and upper ends when only `person` and those nearest may change who holds what."""
    able = np.zeros((len(matrix.inst.people), len(matrix.inst.posts)), dtype=np.bool_)
    held = np.zeros_like(able)
    able[matrix.person, matrix.post] = True
    now = np.array(chosen, dtype=np.int64)
    held[matrix.person[now], matrix.post[now]] = True
    theirs, could = held[person], able[person]
    near = (able & theirs).sum(axis=1) + (held & could).sum(axis=1)
    near[person] = able.size
    group = np.argsort(-near, kind="stable")[:PEOPLE]
    free = np.isin(matrix.person, group) & np.asarray(held[group].any(axis=0) | ~held.any(axis=0))[matrix.post]
    on = np.isin(np.arange(matrix.pairs), now)
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    tops[: matrix.pairs][~free & ~on] = 0
    lows[: matrix.pairs][~free & on] = 1
    return lows, tops


def few(matrix: Matrix, chosen: Sequence[int]) -> tuple[Ints, Ints]:
    """Columns' lower and upper ends when each post has the pair it has now and its best few."""
    order = np.lexsort((-matrix.points, matrix.post))
    first = np.searchsorted(matrix.post[order], matrix.post[order])
    kept = np.zeros(matrix.pairs, dtype=np.bool_)
    kept[order] = np.arange(matrix.pairs) - first < FEW
    kept[list(chosen)] = True
    lows, tops = np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64)
    tops[: matrix.pairs][~kept & (lows[: matrix.pairs] == 0)] = 0
    return lows, tops


def folded(matrix: Matrix, tiers: Sequence[Tier]) -> list[tuple[list[Tier], Ints]]:
    """Tiers of days and bonds in order, those that follow one another as one aim where weights that keep their
    order stay small."""
    out: list[tuple[list[Tier], Ints]] = []
    width = WIDEST + 1
    for tier in tiers:
        aim, posts = matrix.aim(tier)[0], matrix.inst.posts
        step = max(1, int(np.gcd.reduce(aim)))
        most = sum(abs(c) * max((t.short for t in posts[p].trims), default=0) for p, c in tier.short.items())
        span = 1 + (most + sum(map(abs, tier.broken.values()))) // step
        width *= span
        if width <= WIDEST:
            out[-1] = ([*out[-1][0], tier], out[-1][1] * span + aim // step)
        else:
            out.append(([tier], aim // step))
            width = span
    return out
