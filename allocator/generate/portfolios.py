"""Schools cut into as many portfolios as there are SIPs: near together, one authority and phase where it can be.

This is the plan hidden in an invented team: because each SIP is made for a portfolio, every post can be filled.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allocator.domain.facts import Facts, plain
from allocator.domain.national_grid import Point, curve, middle

FAMILIES = {  # phases usually served by the same people; neighbours in this order share a SIP at a boundary
    "primary": 0,
    "nursery": 0,
    "middle_primary": 0,
    "all_through": 1,
    "secondary": 1,
    "middle_secondary": 1,
    "sixteen_plus": 1,
    "special": 2,
    "alternative": 2,
}


@dataclass(frozen=True)
class Unit:
    """Schools that must have one lead (they share a head), usually one; `due` in quarter-days."""

    urns: tuple[str, ...]
    family: int
    la: str
    place: Point
    due: int


def places(facts: Facts) -> dict[str, Point]:
    """Every school's point; one without coordinates stands in the middle of its authority, else of all."""
    known: dict[str, Point] = {}
    by_la: dict[str, list[Point]] = defaultdict(list)
    for urn, s in facts.schools.items():
        if s.easting is not None and s.northing is not None:
            known[urn] = s.easting, s.northing
            by_la[plain(s.la)].append(known[urn])
    centre = middle(list(known.values())) if known else (0.0, 0.0)
    return {
        urn: known.get(urn) or (middle(by_la[plain(s.la)]) if by_la[plain(s.la)] else centre)
        for urn, s in facts.schools.items()
    }


def units(facts: Facts, place: Mapping[str, Point]) -> list[Unit]:
    """Schools in the run, those with one head together, in an order in which neighbours are neighbours."""
    together: dict[str, list[str]] = defaultdict(list)
    due: dict[str, int] = {}
    for post in facts.posts:
        if post.kind == "lead":
            head = facts.schools[post.urn].head if facts.policy.shared_head.on else None
            together[f"head {head}" if head else f"school {post.urn}"].append(post.urn)
            due[post.urn] = post.due
    rows = [
        Unit(
            tuple(urns),
            FAMILIES[facts.schools[urns[0]].phase],
            plain(facts.schools[urns[0]].la),
            place[urns[0]],
            sum(due[u] for u in urns),
        )
        for urns in together.values()
    ]
    return _in_order(rows)


def _in_order(rows: Sequence[Unit]) -> list[Unit]:
    """Family by family, authority by authority; each authority is begun at its end nearest to where we stand."""
    out: list[Unit] = []
    for family in sorted({u.family for u in rows}):
        by_la: dict[str, list[Unit]] = defaultdict(list)
        for u in sorted((u for u in rows if u.family == family), key=lambda u: (curve(u.place), u.urns)):
            by_la[u.la].append(u)
        while by_la:
            here = out[-1].place if out else min(u.place for mine in by_la.values() for u in mine)
            _, at_end, la = min(
                (math.dist(here, mine[end].place), end, la) for la, mine in by_la.items() for end in (0, -1)
            )
            mine = by_la.pop(la)
            out += mine[::-1] if at_end else mine
    return out


def cut(rows: Sequence[Unit], shares: Sequence[float]) -> list[list[Unit]]:
    """The ordered units in consecutive pieces of about these shares of the days; no piece is empty."""
    total, weight = sum(u.due for u in rows), sum(shares)
    out: list[list[Unit]] = []
    start, given, aimed = 0, 0.0, 0.0
    for n, share in enumerate(shares):
        aimed += total * share / weight
        stop = start + 1
        given += rows[start].due
        left = len(shares) - n - 1
        while stop < len(rows) - left and (not left or given + rows[stop].due / 2 <= aimed):
            given += rows[stop].due
            stop += 1
        out.append(list(rows[start:stop]))
        start = stop
    return out
