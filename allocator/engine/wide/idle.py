"""Pairs that no plan can have which is as good as is asked, told without a search.

Where a tier is held at a value, each post that departs from what suits that tier best costs some of what may be lost
there. A question about points (or any other aim) with few departures left is then a question about few posts: a pair
is idle where all that the rest could gain, within the departures left, does not make up for it. This is what a
refusal looks like in a county: one school must move, and all but a handful of twenty thousand pairs are idle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from allocator.engine.highs import Floor
from allocator.engine.matrix import FREE, Flags, Floats, Ints, Matrix

MOST = 40  # what may be lost in a tier, for its departures to be few
HALF = 0.5  # all is in whole numbers


def as_good(
    matrix: Matrix,
    floors: Sequence[Floor],
    ends: tuple[Ints, Ints] | None,
    least: Mapping[int, int],
    aim: Ints,
    chosen: Sequence[int] | None,
) -> tuple[Ints, Ints]:
    """Ends of columns that leave out no plan which keeps `floors` and is no worse in `aim` than `chosen`, where that
    keeps them too, by its pairs alone: what the structures add is not looked at."""
    lows, tops = ends or (np.array(matrix.lower, dtype=np.int64), np.array(matrix.upper, dtype=np.int64))
    wanted = []
    if chosen is not None:
        mine, of_others = list(chosen), [x.coefficients[matrix.pairs :] for x in floors] + [aim[matrix.pairs :]]
        inside = (tops[mine] > 0).all() and lows[: matrix.pairs].sum() == lows[mine].sum()
        kept = all(int(f.coefficients[mine].sum()) >= f.least for f in floors)
        if inside and kept and all((x >= 0).all() for x in of_others):
            wanted = [Floor(aim, int(aim[mine].sum()))]
    return narrowed(matrix, floors, (lows, tops), least, wanted)


def narrowed(
    matrix: Matrix, floors: Sequence[Floor], ends: tuple[Ints, Ints], least: Mapping[int, int], wanted: Sequence[Floor]
) -> tuple[Ints, Ints]:
    """Ends of columns that leave out no plan which keeps `floors` and each of `wanted`.

    `least`: rows whose least is another than the matrix's (`maximise`). Posts that want several people are not
    looked at.
    """
    if any(p.wants != 1 for p in matrix.inst.posts) or not floors:
        return ends
    lows, tops = ends[0].copy(), ends[1].copy()
    must = np.array([least.get(p, matrix.least[p]) >= 1 for p in range(len(matrix.of_post))], dtype=bool)
    open_ = tops[: matrix.pairs] > 0
    spent = [(kept, _losses(matrix, kept, ends, open_, must)) for kept in floors]
    for kept, (_, free) in spent:
        if free >= 0:  # a column that would lose more by a step from its best end stays there
            held = np.abs(kept.coefficients) > free
            held[: matrix.pairs] = False
            lows = np.where(held & (kept.coefficients > 0), tops, lows)
            tops = np.where(held & (kept.coefficients < 0), lows, tops)
    out = np.zeros(matrix.pairs, dtype=bool)
    for kept, (loss, free) in spent:
        if 0 <= free <= MOST:
            out |= loss > free
            firm = must[matrix.post] | (kept.coefficients[: matrix.pairs] > 0)  # nobody instead would lose too
            out |= _no_room(matrix, (lows, tops), open_ & ~out, least, (loss, free), firm)
            for other in (*floors, *wanted):
                if other is not kept:
                    out |= _too_little(matrix, other, (lows, tops), open_ & ~out, must, (loss, free))
    tops[: matrix.pairs][out & (lows[: matrix.pairs] == 0)] = 0
    return lows, tops


def _losses(matrix: Matrix, kept: Floor, ends: tuple[Ints, Ints], open_: Flags, must: Flags) -> tuple[Ints, int]:
    """By pair what it loses against the best of its post, and what all posts together may lose at most."""
    mine = kept.coefficients[: matrix.pairs]
    best = _best(matrix, np.where(open_, mine, -np.inf), must).astype(np.int64)
    return best[matrix.post] - mine, int(best.sum()) + _rest(matrix, kept.coefficients, ends) - kept.least


def _too_little(
    matrix: Matrix, other: Floor, ends: tuple[Ints, Ints], open_: Flags, must: Flags, spent: tuple[Ints, int]
) -> Flags:
    """By pair, whether with it `other` stays below its least, whatever the rest gains by departing."""
    loss, free = spent
    worth = other.coefficients[: matrix.pairs].astype(float)
    stay = _best(matrix, np.where(open_ & (loss <= 0), worth, -np.inf), must & _some(matrix, open_ & (loss <= 0)))
    gain = np.where(open_ & (loss > 0), worth - stay[matrix.post], 0.0)
    most = float(stay.sum()) + _rest(matrix, other.coefficients, ends)
    reach = most + worth - stay[matrix.post] + _within(gain, np.maximum(loss, 1), free)[np.clip(free - loss, 0, free)]
    return reach < other.least - HALF


def _no_room(
    matrix: Matrix,
    ends: tuple[Ints, Ints],
    open_: Flags,
    least: Mapping[int, int],
    spent: tuple[Ints, int],
    firm: Flags,
) -> Flags:
    """By pair, whether a row has no room for it, whoever else departs: a person who is full takes no second school."""
    out = np.zeros(matrix.pairs, dtype=bool)
    rows, cols, vals = matrix.entries()
    under, over = (np.array(x, dtype=np.int64) for x in (matrix.least, matrix.most))
    under[list(least)] = list(least.values())
    for sign, limit in ((1, over), (-1, -under)):
        bound = np.abs(limit) < FREE
        out |= _over(matrix, (rows, cols, sign * vals), np.where(bound, limit, FREE), ends, open_, spent, firm)
    return out


def _over(
    matrix: Matrix,
    entries: tuple[Ints, Ints, Ints],
    most: Ints,
    ends: tuple[Ints, Ints],
    open_: Flags,
    spent: tuple[Ints, int],
    firm: Flags,
) -> Flags:
    """By pair, whether with it some row is above its most, though others depart as far as they may."""
    (rows, cols, vals), (loss, free) = entries, spent
    posts = len(matrix.of_post)
    paired = cols < matrix.pairs
    least = np.zeros(len(most), dtype=np.int64)  # by row: what columns other than pairs add at least
    r, c, v = rows[~paired], cols[~paired], vals[~paired]
    np.add.at(least, r, np.minimum(v * ends[0][c], v * ends[1][c]))
    live = paired.copy()
    live[paired] = open_[cols[paired]]
    r, c, v = rows[live], cols[live], vals[live]
    key, at = np.unique(r * posts + matrix.post[c], return_inverse=True)  # a row and a post
    lowest = np.zeros(len(key), dtype=np.int64)
    np.minimum.at(lowest, at, v)
    stays = open_ & (loss <= 0)
    alone = np.bincount(matrix.post[stays], minlength=posts) == 1  # posts that can stay in one way only
    alone[matrix.post[stays & ~firm]] = False
    base = lowest.copy()
    sole = alone[matrix.post[c]] & stays[c]
    base[at[sole]] = v[sole]
    base[alone[key % posts] & (np.bincount(at[sole], minlength=len(key)) == 0)] = 0
    np.add.at(least, key // posts, base)
    fall = base - lowest
    order = np.lexsort((-fall, key // posts))
    of_row, fall = (key // posts)[order], fall[order]
    first = np.searchsorted(of_row, np.arange(len(most)))
    total = np.concatenate([[0], np.cumsum(fall)])
    until = np.minimum(first[r] + np.clip(free - loss[c], 0, free), np.searchsorted(of_row, r, side="right"))
    reach = least[r] - base[at] + v - (total[until] - total[first[r]])
    out = np.zeros(matrix.pairs, dtype=bool)
    out[c[reach > most[r]]] = True
    return out


def _best(matrix: Matrix, worth: Floats, must: Flags) -> Floats:
    """By post the most of its pairs; of one that may stay empty no less than nothing."""
    out = np.where(must, -np.inf, 0.0)
    np.maximum.at(out, matrix.post, worth)
    return np.where(np.isfinite(out), out, 0.0)


def _some(matrix: Matrix, these: Flags) -> Flags:
    """By post, whether it has any of these pairs."""
    out = np.zeros(len(matrix.of_post), dtype=bool)
    out[matrix.post[these]] = True
    return out


def _rest(matrix: Matrix, coefficients: Ints, ends: tuple[Ints, Ints]) -> int:
    """The most that columns other than pairs can add."""
    own, low, high = (x[matrix.pairs :] for x in (coefficients, *ends))
    return int(np.maximum(own * low, own * high).sum())


def _within(gain: Floats, loss: Ints, free: int) -> Floats:
    """At most gained by departures that lose 0 … `free` together: the best by the unit first, the last in part."""
    some = np.nonzero(gain > 0)[0]
    order = some[np.argsort(-gain[some] / loss[some], kind="stable")]
    units = np.concatenate([[0.0], np.cumsum(loss[order], dtype=float)])
    total = np.concatenate([[0.0], np.cumsum(gain[order])])
    return np.asarray(np.interp(np.arange(free + 1), units, total), dtype=float)
