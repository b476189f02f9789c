"""What if this pair were chosen? The best plan with it, found around it where the instance is large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from time import monotonic

from allocator.engine.again import Again
from allocator.engine.around import added, around
from allocator.engine.climb import Unsettled
from allocator.engine.instance import Instance, Solution, TierValue
from allocator.engine.matrix import FREE
from allocator.engine.method import solve
from allocator.engine.model import value
from allocator.engine.still import Still
from allocator.engine.tiers import Clock, Conflict, Stop, signed
from allocator.engine.tops import top

MANY = 10_000  # pairs up to which the whole instance is solved again: some hundred posts
NEAR = 250  # posts free to change beyond that
AGAIN = 20_000  # pairs up to which a relaxation of the whole is kept from question to question
STILL = 2_500  # pairs beyond which plans in which nobody moves are looked at first
LOCK = Lock()  # one is made at a time


def force(
    inst: Instance,
    plan: Sequence[int],
    short: Mapping[int, int],
    pair: int,
    stop: Stop | None = None,
    *,
    settle: bool = True,
    many: int | None = None,
    near: int | None = NEAR,
    best: Mapping[str, int] | None = None,
) -> tuple[Solution, bool]:
    """The best plan with `pair`, from the plan that stands; and whether nothing further away could better it.

    `best`: the plan's value by tier, where it is proved best: then most questions need no solve (`again.py`).
    Tier values are the whole instance's. Up to `many` pairs (None = MANY) everything is solved again; beyond it
    only `near` posts in chains through the pair may change (None = as far as chains go, and then the answer is the
    whole's). Raises Conflict when the pair cannot be had beside the fixed ones.
    """
    stop, post = stop or Stop(), inst.pairs[pair].post
    fixed = [j for j in inst.fixed if inst.pairs[j].post == post and j != pair]
    if len(fixed) >= inst.posts[post].wants:
        raise Conflict((*fixed, pair))
    for how, least, most in ((Still, STILL, FREE), (Again, 0, AGAIN)):
        if best is not None and least < len(inst.pairs) <= most:
            clock = Clock(stop, monotonic())
            try:
                return _asked(how, inst, plan, short, best).forced(pair, clock), True
            except Unsettled:
                stop = replace(stop, seconds=clock.left(), work=clock.work_left())
    if len(inst.pairs) <= (MANY if many is None else many):
        return solve(_with(inst, pair), stop, plan, settle=settle, short=bool(short)), True
    now = {inst.pairs[i].post: inst.pairs[i].person for i in plan}
    start = {inst.pairs[pair].person, *([now[inst.pairs[pair].post]] if inst.pairs[pair].post in now else [])}
    found = around(inst, plan, short, start, near)
    here, own = found.inst, found.pair(pair)
    try:
        if own is None:  # a school bound to it can have nobody of those who may
            raise Conflict(())
        new = solve(_with(here, own), stop, found.held, settle=settle, short=bool(found.short))
    except Conflict as clash:
        if not found.whole:
            return Solution("stopped", (), {}, ()), False
        raise Conflict(tuple(found.part.pairs[i] for i in clash.pairs) or (pair,)) from None
    if new.status == "stopped":
        return new, found.whole
    less = {
        p: q for p, q in short.items() if p not in found.part.posts or not here.posts[found.part.posts.index(p)].trims
    }
    chosen = tuple(added(inst, plan, found, new.chosen))
    _, fewer = found.part.out(new.chosen, new.short)
    # the least of all posts is no sum of what lies near and what does not, so of that no area is the whole
    all_of_it = found.whole and not any(t.worst for t in inst.tiers)
    tiers = []
    for tier, part, result in zip(inst.tiers, here.tiers, new.tiers, strict=True):
        stood = value(inst, tier, plan, short) - value(here, part, found.held, found.short)
        limit = stood + result.bound if all_of_it else signed(tier, top(inst, tier))  # of all plans, not of those near
        tiers.append(TierValue(tier.name, value(inst, tier, chosen, less | fewer), limit))
    return replace(new, chosen=chosen, short=less | fewer, tiers=tuple(tiers), near=None), all_of_it


def _with(inst: Instance, pair: int) -> Instance:
    return replace(inst, fixed=tuple(sorted({*inst.fixed, pair})))


def _asked(
    how: type[Still] | type[Again],
    inst: Instance,
    plan: Sequence[int],
    short: Mapping[int, int],
    best: Mapping[str, int],
) -> Still | Again:
    """What is kept for questions about this plan: one plan at a time. Raises Unsettled where `best` is not what it
    has, or where such questions are no help."""
    with LOCK:
        asked = tuple(sorted(plan)), tuple(sorted(short.items()))
        known = inst.kept.get(how.__name__)
        if known is None or known[0] != asked:
            if any(value(inst, t, plan, short) != best.get(t.name) for t in inst.tiers):
                raise Unsettled
            known = inst.kept[how.__name__] = asked, _made(how, inst, plan, short)
    made: Still | Again | None = known[1]
    if made is None:
        raise Unsettled
    return made


def _made(
    how: type[Still] | type[Again], inst: Instance, plan: Sequence[int], short: Mapping[int, int]
) -> Still | Again | None:
    try:
        return how(inst, plan, short)
    except Unsettled:
        return None
