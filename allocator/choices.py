"""For each school that loses its SIP: whom it could be offered, ranked, and what each choice costs everyone else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from allocator.allocate import Key, Setup
from allocator.domain.plan import Plan
from allocator.engine.instance import Solution
from allocator.engine.tiers import Conflict, Stop, solve
from allocator.errors import UsageError
from allocator.explain.why_not import tier_text
from allocator.scenario import Scenario, scenario

MOST = "1a", "1b", "1c", "4"  # tiers of which more is better


@dataclass(frozen=True)
class Offer:
    """One SIP who could be offered: `loses` and `moves` against the best plan; `rank` from 1."""

    rank: int
    sip: str
    name: str
    known_locally: bool
    room: float  # days left after the choice
    loses: tuple[tuple[str, int], ...]  # (tier, how much worse; negative = better), before the lot
    moves: tuple[str, ...]  # other schools that would change SIP
    text: str


@dataclass(frozen=True)
class Choice:
    """A school's list."""

    urn: str
    school: str
    post: str
    was: str
    offers: tuple[Offer, ...]
    none_because: str = ""


@dataclass(frozen=True)
class Choices:
    """All lists, sentences where two schools compete for one place, and the plan if nobody chooses."""

    plan: Plan
    lists: tuple[Choice, ...]
    contests: tuple[str, ...]


def choices(
    plan: Plan, changes: Sequence[Mapping[str, Any]], chosen: Sequence[tuple[str, str]] = (), stop: Stop | None = None,
    *, told: Callable[[int, int], None] | None = None,
) -> Choices:  # fmt: skip
    """The lists after `changes`; `chosen` holds (urn, SIP) already agreed, each locked before the rest is worked out.

    `told` hears how many lists of how many are ready."""
    locks = [{"lock": {"urn": urn, "sip": sip, "reason": "chosen from the list"}} for urn, sip in chosen]
    world = scenario(plan, [*changes, *locks])
    ready = world.ready
    answer = world.plan(stop)
    affected = sorted(k for k in (ready.facts.standing.event if ready.facts.standing else ()) if k in ready.post_index)
    done = {urn for urn, _ in chosen}
    best = solve(ready.inst, stop, _hint(ready), settle=False)
    forced: dict[tuple[Key, str], Solution] = {}
    lists: list[Choice] = []
    todo = [key for key in affected if key[0] not in done or key[1] != "lead"]
    for key in todo:
        if told:
            told(len(lists), len(todo))
        lists.append(_list(world, key, best, forced, stop))
    return Choices(answer, tuple(lists), tuple(_contests(ready, lists, forced)))


def _hint(ready: Setup) -> list[int]:
    return [ready.index[u, k, s] for (u, k), s in (ready.holders or {}).items() if (u, k, s) in ready.index]


def _list(
    world: Scenario, key: Key, best: Solution, forced: dict[tuple[Key, str], Solution], stop: Stop | None
) -> Choice:
    ready, facts = world.ready, world.ready.facts
    able = [s for u, k, s in ready.choices if (u, k) == key]
    inst = replace(ready.inst, tiers=tuple(t for t in ready.inst.tiers if not t.lot))

    def force(sip: str) -> Solution | None:
        fixed = tuple(sorted({*inst.fixed, ready.index[*key, sip]}))
        try:
            return solve(replace(inst, fixed=fixed), stop, best.chosen, settle=False, short=bool(best.short))
        except Conflict:
            return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the solver works outside Python's lock
        found = {sip: s for sip, s in zip(able, pool.map(force, able), strict=True) if s is not None}
    forced.update({(key, sip): s for sip, s in found.items()})
    ranked = sorted(found, key=lambda sip: (_key(found[sip]), sip))
    offers = tuple(_offer(ready, key, n, sip, best, found[sip]) for n, sip in enumerate(ranked, 1))
    was = (ready.holders or {}).get(key, "")
    name = facts.sips[was].name if was in facts.sips else was
    none = "" if offers else "Nobody may take it: `allocator explain` says why."
    return Choice(key[0], facts.name(key[0]), key[1], name, offers, none)


def _key(s: Solution) -> tuple[int, ...]:
    """Smaller is better, tier by tier, the lot left out."""
    return tuple(-t.value if t.name.startswith(MOST) else t.value for t in s.tiers if t.name != "5")


def _offer(ready: Setup, key: Key, rank: int, sip: str, best: Solution, found: Solution) -> Offer:
    facts = ready.facts
    loses = tuple(
        (a.name, a.value - b.value if a.name.startswith(MOST) else b.value - a.value)
        for a, b in zip(best.tiers, found.tiers, strict=False)  # forced solves have no lot
        if a.value != b.value
    )
    held = {ready.choices[i][:2]: ready.choices[i][2] for i in found.chosen}
    event = facts.standing.event if facts.standing else frozenset()
    moves = tuple(
        sorted(
            f"{facts.name(u)} from {facts.sips[s].name} to {facts.sips[held[u, k]].name if (u, k) in held else 'nobody'}"
            for (u, k), s in (ready.holders or {}).items()
            if (u, k) not in event and (u, k) != key and (u, k) in ready.post_index and held.get((u, k)) != s
        )
    )
    used = sum(ready.inst.pairs[i].load[0] for i in found.chosen if ready.choices[i][2] == sip)
    used -= sum(q for p, q in found.short.items() if held.get(facts.posts[p].key) == sip)
    row = facts.sips[sip]
    room = (facts.capacity(row) - facts.spent(sip)[0] - used) / 4
    local = facts.known_locally(key[0], row)
    hard = [(n, v) for n, v in loses if n != "4"]
    parts = [
        "nobody else moves"
        if not moves
        else f"{len(moves)} other {'school moves' if len(moves) == 1 else 'schools move'}: {'; '.join(moves)}"
    ]
    parts += [tier_text(name, lost) for name, lost in hard if not name.startswith(("2", "3"))]
    text = f"{row.name} ({'known locally' if local else 'fresh eyes'}): {', '.join(parts)}; {room:g} days left."
    return Offer(rank, sip, row.name, local, room, loses, moves, text)


def _contests(ready: Setup, lists: Sequence[Choice], forced: Mapping[tuple[Key, str], Solution]) -> Iterator[str]:
    """Where two schools would both have the same SIP first, and cannot: the first tier in which the plans differ."""
    facts = ready.facts
    tops = [(c, c.offers[0]) for c in lists if c.offers]
    for n, (one, a) in enumerate(tops):
        for two, b in tops[n + 1 :]:
            key1, key2 = (one.urn, one.post), (two.urn, two.post)
            if a.sip != b.sip or _holds(ready, forced[key1, a.sip], key2, a.sip):
                continue
            first, second = forced[key1, a.sip], forced[key2, a.sip]
            differ = next(
                (
                    (x, y)
                    for x, y in zip(first.tiers, second.tiers, strict=True)
                    if x.value != y.value and x.name != "5"
                ),
                None,
            )
            name = facts.sips[a.sip].name
            opening = f"{one.school} and {two.school} would both have {name} first, who has room for one of them"
            if differ is None:
                yield f"{opening}. Either is as good; the choice is yours."
                continue
            x, y = differ
            better = (x.value > y.value) == x.name.startswith(MOST)
            winner, loser = (one.school, two.school) if better else (two.school, one.school)
            yield f"{opening}. {winner} rather than {loser}: {tier_text(x.name, abs(x.value - y.value))} the other way."


def _holds(ready: Setup, s: Solution, key: Key, sip: str) -> bool:
    return any(ready.choices[i] == (*key, sip) for i in s.chosen)


def leaver(sip: str, on: str | None) -> dict[str, Any]:
    """The change for one leaver. Raises UsageError for an empty id."""
    if not sip:
        raise UsageError("--sip-leaves needs a SIP's id, as SIP or SIP@YYYY-MM-DD.")
    return {"sip_leaves": {"sip": sip, **({"on": on} if on else {})}}
