"""Rows of the plan that a repair went on from, in the auditor's own quarter-days, and days shared out exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

from allocator.check.derived import Book, dec, nearest
from allocator.check.earlier import Earlier

Key = tuple[str, str]
Four = tuple[int, int, int, int]


@dataclass(frozen=True)
class Piece:
    """Days of one SIP at a post, given or planned before a repair. Quarter-days."""

    urn: str
    kind: str
    sip: str
    start: dt.date
    end: dt.date
    periods: Four
    extra: int
    new_pairing: bool

    @property
    def post(self) -> Key:
        return self.urn, self.kind


def heirs(b: Book, earlier: Earlier) -> dict[Key, list[Piece]]:
    """Rows by post and date; those of a URN now gone go to its successor, if that has none."""
    have = {r.urn for r in earlier.rows}
    heir = {}
    for urn in have - set(b.schools):
        new = sorted(u for u, olds in b.old.items() if urn in olds and u not in have)
        heir[urn] = new[0] if new else urn
    out: dict[Key, list[Piece]] = {}
    for r in sorted(earlier.rows, key=lambda r: r.from_):
        p, extra = r.periods, nearest(4 * dec(r.extra_days))
        q = _of_row(p.autumn_1, p.autumn_2, p.spring, p.summer)
        piece = Piece(heir.get(r.urn, r.urn), r.post, r.sip, r.from_, r.to, q, extra, r.new_pairing)
        out.setdefault(piece.post, []).append(piece)
    return out


@lru_cache(maxsize=65536)
def _of_row(*days: float) -> Four:
    return four([4 * Fraction(dec(d)) for d in days])


def four(exact: Sequence[Fraction]) -> Four:
    q = [int(x + Fraction(1, 2)) for x in exact]
    return q[0], q[1], q[2], q[3]


def apportion(total: int, shares: Sequence[Fraction]) -> list[int]:
    """Largest remainder over exact shares, ties to the earlier; shares of nothing give nothing."""
    unit = lcm(*(s.denominator for s in shares))
    parts = [s.numerator * (unit // s.denominator) for s in shares]
    whole = sum(parts)
    if not whole:
        return [0] * len(shares)
    out = [total * p // whole for p in parts]
    rests = sorted(range(len(shares)), key=lambda n: (-(total * parts[n] % whole), n))
    for n in rests[: total - sum(out)]:
        out[n] += 1
    return out
