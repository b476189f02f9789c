"""How a shortfall falls on posts, when who fills them is settled: evenly, then by order of post (rules.md, Tiers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance
from allocator.engine.model import Built, value
from allocator.engine.part import cut_out

Run = Callable[[cp_model.CpModel], tuple[cp_model.CpSolver, int]]
BLOCK = 8  # posts put in order in one solve; steps a post < BASE
BASE = 64


def spread_short(inst: Instance, chosen: Sequence[int], short: Mapping[int, int], run: Run) -> dict[int, int] | None:
    """Units short by post: of all ways equal in every tier the least sum of squared steps, then first in order.

    Once it is settled who fills what, nothing but a budget ties one person's days to another's: so a person who is
    short is settled alone. None when a solve was stopped.
    """
    if inst.most_load is not None or any(p.wants > 1 for p in inst.posts):
        return _spread(inst, chosen, short, run)
    held: dict[int, list[int]] = {}
    for i in chosen:
        held.setdefault(inst.pairs[i].person, []).append(i)
    out: dict[int, int] = {}
    for person, mine in sorted(held.items()):
        posts = {inst.pairs[i].post for i in mine}
        if not any(short.get(p) for p in posts):
            continue
        part = cut_out(inst, posts, [person], mine)
        less = {n: short.get(p, 0) for n, p in enumerate(part.posts)}
        found = _spread(part.inst, range(len(mine)), less, run)
        if found is None:
            return None
        out |= part.out((), found)[1]
    return out


def _spread(inst: Instance, chosen: Sequence[int], short: Mapping[int, int], run: Run) -> dict[int, int] | None:
    kept = [t for t in inst.tiers if t.short or t.points]
    small = replace(
        inst,
        pairs=tuple(inst.pairs[i] for i in chosen),
        fixed=tuple(range(len(chosen))),
        tiers=tuple(replace(t, broken={}, lot=False) for t in kept),
        same=(),
        different=(),
        never_both=(),
        bonds=(),
    )
    built = Built(small, trimming=True, apart=True)
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
