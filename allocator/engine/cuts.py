"""Rows that every whole plan keeps and a relaxed one breaks: rounding, with columns counted from the end they are near.

Mixed-integer rounding of one row at a time (Marchand and Wolsey 2001): a few such rows close most of the gap
between the relaxation and whole plans, and they hold for every question about the same instance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.engine.matrix import Floats, Ints

WORTH = 1e-2  # how far a row must be broken, in units of the length of its coefficients, to be worth its place
LARGEST = 2**30  # coefficients stay below: products with loads and points are exact


@dataclass(frozen=True)
class Row:
    """The columns `at` times `by` come to at most `most`."""

    at: Ints
    by: Ints
    most: int


def broken(rows: list[Row], ends: tuple[Ints, Ints], found: Floats) -> list[Row]:
    """New rows that follow from `rows` for whole numbers between the `ends`, and that `found` breaks: the worst of
    each."""
    lows, tops = ends
    apart = np.abs(found - np.rint(found)) > 1e-6
    out = []
    for row in rows:
        x = found[row.at]
        if not apart[row.at].any() or float(row.by @ x) < row.most - np.abs(row.by).max():
            continue
        best, worst = None, WORTH
        low, top = lows[row.at], tops[row.at]
        for flip in (x - low > top - x, np.zeros(len(x), dtype=np.bool_)):
            a = np.where(flip, -row.by, row.by)
            most = row.most - int(np.where(flip, row.by * top, row.by * low).sum())
            for d in np.unique(np.abs(a[apart[row.at]])).tolist():
                r = most % d if d > 1 else 0
                if not r:
                    continue
                g = (d - r) * (a // d) + np.maximum(0, a % d - r)
                length = float(np.sqrt((g.astype(float) ** 2).sum()))
                z = np.where(flip, top - x, x - low)
                over = float(g @ z) - (d - r) * (most // d)
                if length and over / length > worst and np.abs(g).max() < LARGEST:
                    worst = over / length
                    by = np.where(flip, -g, g)
                    shift = int(np.where(flip, g * top, -g * low).sum())
                    best = Row(row.at[by != 0], by[by != 0], (d - r) * (most // d) - shift)
            if not flip.any():
                break
        if best is not None:
            out.append(best)
    return out
