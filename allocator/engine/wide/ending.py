"""The lot, of plans with the most points, and of plans equal in all the first in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from allocator.engine.highs import MARGIN, NODES, Effort, Floor
from allocator.engine.instance import Tier
from allocator.engine.rings import ringed
from allocator.engine.sole import LEAD, sole
from allocator.engine.spread import spread_short
from allocator.engine.tiers import Clock, conclude, run
from allocator.engine.walk import bettered, columns

if TYPE_CHECKING:
    from allocator.engine.wide.whole import Whole

NARROW, PATIENCE = 5_000, 3.0  # pairs up to which CP-SAT is asked about ties, and the work that it has


def end(search: Whole, tiers: Sequence[Tier], settle: bool) -> bool:
    """The tiers after the points, and of plans equal in all the first in order; True when proved the only one.

    Few plans are left by then. HiGHS is asked for the best and for its runner-up, and CP-SAT where plans tie to the
    last: it branches on pairs, and tells plans that are alike apart.
    """
    for tier in tiers:
        _last(search, tier)
    if search.sole:
        search.bounds |= {t.name: search.value(t) for t in tiers}
        return _spread(search)
    if not settle or not search.proved:
        return False
    if len(search.inst.pairs) <= NARROW and (unique := _concluded(search, tiers, settle)) is not None:
        return unique
    return _settle(search)


def _concluded(search: Whole, tiers: Sequence[Tier], settle: bool) -> bool | None:
    """CP-SAT's answer to all that is left, where it has one within so much work: whether the plan is the only one."""
    left = search.clock.work_left()
    stop = replace(
        search.clock.stop, seconds=search.clock.left(), work=min(PATIENCE, PATIENCE if left is None else left)
    )
    own = Clock(stop, monotonic())
    done = conclude(search.inst, own, (search.chosen or (), search.short), search.matrix.trimming, settle)
    search.clock.work += own.work
    if done is None:
        return None
    search.chosen, search.short, unique = done
    search.bounds |= {t.name: search.value(t) for t in tiers}
    return unique


def _last(search: Whole, tier: Tier) -> None:
    """The lot, among plans with the most points. These guide the search on, though all have them."""
    guide = next((t for t in search.inst.tiers if t.points), None)
    soon = search.matrix.trimming or len(search.inst.pairs) <= NARROW
    if not (guide and tier.lot and soon) or search.settled(tier):
        search.climb([tier])
        return
    aim, (more, constant) = search.matrix.aim(tier)[0], search.matrix.aim(guide)
    aim = aim + LEAD * more
    if (at := columns(search.matrix, aim, search.chosen or (), search.short)) is not None:
        effort = Effort(0.0, search.clock.left(), search.clock.stop.nodes or NODES, search.clock.stop.event)
        rows = search.floors, search.least
        slow = not (search.matrix.trimming and search.matrix.soon)
        plans = [at] if slow else bettered(search.matrix, aim, at, *rows, effort, search.clock)
        at = ringed(search.matrix, aim, plans[-1], *rows, search.clock)
        plans = plans if (at == plans[-1]).all() else [*plans, at]
        at, search.sole = sole(search.matrix, aim, plans, *rows, effort, search.clock)
        search.chosen, search.short = search.matrix.read(at)
    if not search.sole:
        answer = search.best(aim, sure=True)
        all_have = LEAD * (search.value(guide) - constant)
        search.better(tier, answer)
        search.note(tier, replace(answer, bound=answer.bound - all_have))
    search.stay(tier)


def _settle(search: Whole) -> bool:
    """Of plans equal in every tier the first in order; True when proved the only one."""
    chosen = search.chosen or ()
    differ = np.zeros(len(search.matrix.upper), dtype=np.int64)
    differ[: search.matrix.pairs] = 1
    differ[list(chosen)] = -1
    unique = _unique(search, Floor(differ, 1 - len(chosen)))
    if not unique and not _first(search):
        return False
    return _spread(search) and unique


def _spread(search: Whole) -> bool:
    """Lay what is short evenly on the posts of each person; False where that was not found out."""
    if not search.short:
        return True
    even = spread_short(search.inst, search.chosen or (), search.short, lambda model: run(model, search.clock))
    search.short = search.short if even is None else even
    return even is not None


def _unique(search: Whole, differs: Floor) -> bool:
    """Whether no other plan is as good in every tier.

    Asked as the most points of any other that is as good elsewhere: points guide the search, which a bare question
    whether there is one does not.
    """
    points = next((t for t in search.inst.tiers if t.points), None)
    aim = search.matrix.aim(points)[0] if points else np.zeros(len(differs.coefficients), dtype=np.int64)
    floors = [*search.floors, differs]
    rest = [f for f in floors if not np.array_equal(f.coefficients, aim)]
    needed = max((f.least for f in floors if np.array_equal(f.coefficients, aim)), default=None)
    search.floors, kept = rest, search.floors
    others = search.best(aim)
    search.floors = kept
    return others.status == "infeasible" or (needed is not None and others.bound < needed - MARGIN)


def _first(search: Whole) -> bool:
    """Post by post, the person who comes first of those who leave every tier as it is."""
    for mine in search.matrix.of_post:
        order = np.zeros(len(search.matrix.upper), dtype=np.int64)
        order[mine] = len(mine) - np.argsort(np.argsort(search.matrix.person[mine]))
        held = max((int(order[i]) for i in search.chosen or () if i in set(mine.tolist())), default=0)
        if held < len(mine):
            answer = search.best(order)
            if not search.take(answer) or answer.status != "optimal":
                return False
            held = int(answer.bound)
        search.floors.append(Floor(order, held))
    return True
