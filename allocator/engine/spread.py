"""How a shortfall falls on posts, when who fills them is settled: evenly, then by order of post (rules.md, Tiers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ortools.sat.python import cp_model

from allocator.engine.instance import Instance
from allocator.engine.model import Built, value

Run = Callable[[cp_model.CpModel], tuple[cp_model.CpSolver, int]]
BLOCK = 8  # posts put in order in one solve; steps a post < BASE
BASE = 64


def spread_short(inst: Instance, chosen: Sequence[int], short: Mapping[int, int], run: Run) -> dict[int, int] | None:
    """Units short by post: of all ways equal in every tier the least sum of squared steps, then first in order.

    None when a solve was stopped.
    """
    kept = [t for t in inst.tiers if t.short or t.points]
    small = replace(
        inst,
        pairs=tuple(inst.pairs[i] for i in chosen),
        fixed=tuple(range(len(chosen))),
        tiers=tuple(replace(t, broken={}, lot=False) for t in kept),
        same=(), different=(), never_both=(), bonds=(),
    )  # fmt: skip
    built = Built(small, trimming=True, parts=range(len(inst.people)))
    model = built.model
    for tier in small.tiers:
        v = value(small, tier, range(len(chosen)), short)
        model.add(built.tier(tier).expr >= (v if tier.sense == "most" else -v))
    steps = {
        i: sum((k + 1) * built.cut[i, k] for k in range(len(inst.posts[pair.post].trims)))
        for i, pair in enumerate(small.pairs)
        if inst.posts[pair.post].trims
    }
    squares = sum((k + 1) ** 2 * c for (_, k), c in built.cut.items())
    model.minimize(squares)
    solver, status = run(model)
    if status != cp_model.OPTIMAL:
        return None
    model.add(squares <= round(solver.objective_value))
    order = sorted(steps, key=lambda i: small.pairs[i].post)
    for at in range(0, len(order), BLOCK):
        block = order[at : at + BLOCK]
        model.minimize(sum(BASE ** (len(block) - 1 - n) * steps[i] for n, i in enumerate(block)))
        solver, status = run(model)
        if status != cp_model.OPTIMAL:
            return None
        for i in block:
            model.add(steps[i] == solver.value(steps[i]))
    return built.read(solver)[1]
