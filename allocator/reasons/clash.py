"""Why nobody: the minimal set of rules, schools and SIPs that leaves a post empty, re-proved (contract 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event
from time import monotonic

from allocator.allocate import Choice, Key, Setup
from allocator.engine import instance as en
from allocator.engine.instance import Solution
from allocator.engine.relax import Demand, Gated, Gates, Undecided
from allocator.engine.tiers import Stop
from allocator.reasons.area import areas
from allocator.rules import RULES
from allocator.rules.reach import Blocks

Item = tuple[str, str | None, str | None]  # rule, urn, SIP
TELLING = {rule.id: n for n, rule in enumerate(RULES)}  # the registry's order: what bars for good comes first
WORK = 1.0  # deterministic work for one post's clash in an area, and again for its fixes: a few seconds
WHOLE = 2_500  # pairs: up to here the whole is asked (engine/method.py solves it to a proof in a blink)
OF_TIME = 5  # resources of a load that are time: the year and four periods; what follows counts schools


@dataclass
class Board:
    """Clash items, each the name of a gate."""

    items: list[Item] = field(default_factory=list)
    number: dict[Item, int] = field(default_factory=dict)

    def gate(self, item: Item) -> int:
        if item not in self.number:
            self.number[item] = len(self.items)
            self.items.append(item)
        return self.number[item]


@dataclass
class Allowance:
    """What is left for the clashes of one plan: deterministic work, taken as it is used, and time."""

    left: float = 4.0
    event: Event | None = None
    until: float = inf  # monotonic seconds

    def at_most(self, work: float) -> Stop:
        left = None if self.until == inf else max(0.0, self.until - monotonic())
        return Stop(left, min(work, self.left), event=self.event)

    @property
    def over(self) -> bool:
        return self.left <= 0 or monotonic() > self.until or (self.event is not None and self.event.is_set())


def clash(
    ready: Setup, solution: Solution, key: Key, whole: int = WHOLE, allowance: Allowance | None = None
) -> tuple[tuple[Item, ...], bool, Setup]:
    """A minimal set of items against "this post filled, no tier 1a-1c worse"; True when it could be filled
    by leaving an equal school without (the clash is then against filling both); and where it was found.

    With `whole` pairs or more it is looked for in ever wider areas around the post (`area.py`); empty when the
    widest holds none. A budget binds everybody, so then the whole is asked, within a bound of work; of `allowance`,
    which all posts of a plan share, no more is used than is left.
    """
    allowance = allowance or Allowance(inf)
    filled = filled_in(ready, solution)
    last = ready
    near = len(ready.choices) >= whole and ready.inst.most_load is None
    for where in areas(ready, solution, key) if near else (ready,):
        last = where
        for strict in (False, True):
            try:
                most = WORK if len(ready.choices) >= whole else 20 * WORK
                found = _clash(where, filled, key, strict, most, allowance)
            except Undecided:
                return (), False, where
            if found is not None:
                return found, strict, where
    return (), False, last


def filled_in(ready: Setup, solution: Solution) -> set[Key]:
    """Posts that the plan fills."""
    return {(urn, kind) for urn, kind, _ in (ready.choices[i] for i in solution.chosen)}


def floors(ready: Setup, filled: set[Key], key: Key, strict: bool) -> tuple[tuple[tuple[int, ...], int], ...]:
    """As many posts filled in each of the tiers 1a-1c as now; with `strict`, in the target's own tier one more."""
    n, now = ready.post_index[key], {ready.post_index[k] for k in filled if k in ready.post_index}
    mine = [tuple(tier.filled) for tier in ready.inst.tiers if tier.filled]
    return tuple((posts, sum(p in now for p in posts) + (strict and n in posts)) for posts in mine)


def barred(ready: Setup, urns: Collection[str]) -> Iterator[tuple[Choice, Blocks]]:
    """Barred pairs of these schools; in an area only with those in reach."""
    near = {k: set(ready.pairs.in_reach(k)) for k in ready.post_index if k[0] in urns} if ready.cut else {}
    for choice, blocks in ready.pairs.barred(urns):
        if choice[:2] in ready.post_index and (not ready.cut or choice[2] in near[choice[:2]]):
            yield choice, blocks


def pair(ready: Setup, choice: Choice) -> en.Pair:
    """A pair that is not in the instance, as it would be there."""
    post = ready.pairs.posts[choice[:2]]
    return en.Pair(ready.post_index[post.key], ready.person_index[choice[2]], ready.load(post, choice[2]))


def _clash(
    ready: Setup, filled: set[Key], key: Key, strict: bool, work: float, allowance: Allowance
) -> tuple[Item, ...] | None:
    if allowance.over:
        raise Undecided
    board = Board()
    near = _relatives(ready, key)
    inst, pair_gates = _superset(ready, board, {urn for urn, _ in ready.post_index})
    gates = replace(_structural_gates(ready, board), pairs=pair_gates)
    gates = replace(gates, count=len(board.items))
    demand = Demand((ready.post_index[key],), floors(ready, filled, key, strict))
    gated = Gated(inst, gates, demand, stop=allowance.at_most(work))
    first = [g for g, item in enumerate(board.items) if item[1] not in near and item[2] is not None and item[1]]
    rest = [g for g in range(len(board.items)) if g not in set(first)]
    rest.sort(key=lambda g: -TELLING.get(board.items[g][0], 0))  # what is tried first is the first to go
    try:
        found = gated.clash(first + rest) if gated.possible(rest) else gated.clash(rest)
    finally:
        allowance.left -= gated.clock.work
    return None if found is None else tuple(sorted((board.items[g] for g in found), key=str))


def _superset(ready: Setup, board: Board, own: set[str]) -> tuple[en.Instance, dict[int, tuple[int, ...]]]:
    """The instance with blocked pairs added, and the gates of each of those."""
    pairs, gates = list(ready.inst.pairs), {}
    for choice, blocks in barred(ready, own):
        named = dict.fromkeys(rule for rule, _ in blocks)
        gates[len(pairs)] = tuple(board.gate((rule, choice[0], choice[2])) for rule in named)
        pairs.append(pair(ready, choice))
    return replace(ready.inst, pairs=tuple(pairs)), gates


def _relatives(ready: Setup, key: Key) -> set[str]:
    """The school, and those tied to it by a shared head or a cluster's one SIP."""
    n = ready.post_index[key]
    urns = [urn for urn, _ in ready.post_index]
    return {key[0]} | {urns[p] for group in ready.inst.same if n in group for p in group}


def _structural_gates(ready: Setup, board: Board) -> Gates:
    """Every limit and structure behind a gate. Most and fewest schools are two gates, told apart in words."""
    inst = ready.inst
    most = {s: board.gate(("portfolio", None, p.key)) for s, p in enumerate(inst.people) if p.at_most is not None}
    limits = {
        (s, n): board.gate(("capacity" if limit.resource < OF_TIME else "portfolio", None, p.key))
        for s, p in enumerate(inst.people)
        for n, limit in enumerate(p.limits)
    }
    named = {kind: [s for s in ready.structures if s.kind == kind] for kind in ("same", "different", "never_both")}
    return Gates(
        0,
        limits=limits,
        at_most=most,
        at_least={s: board.gate(("fewest", None, p.key)) for s, p in enumerate(inst.people) if p.at_least > 1},
        same={n: board.gate((s.rule, s.posts[0][0], None)) for n, s in enumerate(named["same"])},
        different={n: board.gate((s.rule, s.posts[0][0], None)) for n, s in enumerate(named["different"])},
        never_both={n: board.gate((s.rule, s.pairs[0][0], s.pairs[0][2])) for n, s in enumerate(named["never_both"])},
        fixed={i: board.gate(("decision", ready.choices[i][0], ready.choices[i][2])) for i in inst.fixed},
        most_load=None if inst.most_load is None else board.gate(("budget", None, None)),
    )
