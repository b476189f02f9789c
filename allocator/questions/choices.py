"""For each school that loses its SIP: whom it could be offered, ranked, and what each choice costs everyone else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

from allocator.allocate import Key, Setup
from allocator.domain import tiers
from allocator.domain.change_args import Change
from allocator.domain.plan import Plan
from allocator.engine.force import force
from allocator.engine.instance import Solution, TierValue
from allocator.engine.method import LARGE
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import UsageError
from allocator.questions.scenario import Scenario, scenario
from allocator.reasons.complete import held_in, short_in
from allocator.rules.local import fresh_eyes, known_locally
from allocator.words import days, listed


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
    exact: bool = True  # False: in a large case, when a plan further away might lose less


@dataclass(frozen=True)
class Choice:
    """A school's list; `beside`: URNs of schools that share its head and so its lead, told in the same call."""

    urn: str
    school: str
    post: str
    was: str
    offers: tuple[Offer, ...]
    none_because: str = ""
    beside: tuple[str, ...] = ()
    not_worked_out: tuple[str, ...] = ()  # names of SIPs whose search was ended: nothing is said of them


@dataclass(frozen=True)
class Choices:
    """All lists, sentences where two schools compete for one place, and the plan if nobody chooses."""

    plan: Plan
    lists: tuple[Choice, ...]
    contests: tuple[str, ...]


def choices(
    plan: Plan,
    changes: Sequence[Mapping[str, Any]],
    chosen: Sequence[tuple[str, str]] = (),
    stop: Stop | None = None,
    *,
    told: Callable[[int, int], None] | None = None,
    as_ready: Callable[[Choice, Plan], None] | None = None,
) -> Choices:
    """The lists after `changes`; `chosen` holds (urn, SIP) already agreed, each locked before the rest is worked out.

    `stop` bounds all of it together; what it leaves open is said to be not worked out. `told` hears how many lists
    of how many are ready, `as_ready` each list once it is, with the plan if nobody chooses."""
    began, stop = monotonic(), stop or Stop()
    locks = [{"lock": {"urn": urn, "sip": sip, "reason": "chosen from the list"}} for urn, sip in chosen]
    world = scenario(plan, [*changes, *locks])
    ready = world.ready
    answer = world.plan(stop)
    affected = sorted(k for k in (ready.facts.standing.event if ready.facts.standing else ()) if k in ready.post_index)
    best = _stands(ready, answer)
    forced: dict[tuple[Key, str], Solution] = {}
    lists: list[Choice] = []
    todo: list[tuple[Key, tuple[str, ...]]] = []
    seen = {(urn, slot) for urn, _ in chosen for slot in {p.slot for p in ready.facts.posts if p.urn == urn}}
    for key in affected:
        one = together(ready, key)
        lead = ready.parts.by_key[key].kind == "lead"
        if not lead or not seen & {(u, key[1]) for u in one}:
            todo.append((key, one))
            seen.update({(u, key[1]) for u in one} if lead else ())
    work = None if stop.work is None else max(0.0, stop.work - (answer.made_with.deterministic_time or 0.0))
    asked = sum(len(ready.pairs.allowed[key]) for key, _ in todo)
    each = replace(stop, work=work if work is None else work / max(1, asked))
    for key, one in todo:
        if told:
            told(len(lists), len(todo))
        lists.append(_list(world, key, one, best, forced, each, began))
        if as_ready:
            as_ready(lists[-1], answer)
    return Choices(answer, tuple(lists), tuple(_contests(ready, lists, best, forced)))


def together(ready: Setup, key: Key) -> tuple[str, ...]:
    """The school and those with the same head, which have the same lead: one telephone call (practice)."""
    shared = [s for s in ready.structures if s.rule == "shared_head" and key in s.posts]
    return (key[0], *(u for s in shared for u, _ in s.posts if u != key[0]))


def _stands(ready: Setup, plan: Plan) -> Solution:
    """The plan just made, in the engine's words: too large to be solved a second time."""
    chosen = tuple(sorted(ready.index[*key, sip] for key, sip in held_in(ready, plan).items()))
    short = short_in(ready, plan)
    tiers = tuple(TierValue(t.name, t.value, t.bound) for t in plan.certificate.tiers)
    return Solution("optimal" if plan.certificate.proved else "feasible", chosen, short, tiers)


def _list(
    world: Scenario,
    key: Key,
    one: tuple[str, ...],
    best: Solution,
    forced: dict[tuple[Key, str], Solution],
    stop: Stop,
    began: float,
) -> Choice:
    ready, facts = world.ready, world.ready.facts
    able = ready.pairs.allowed[key]
    values = {t.name: t.value for t in best.tiers} if best.status == "optimal" else None
    known = values is not None or len(ready.inst.pairs) > LARGE  # so many are never proved, and are told as not exact

    def with_(sip: str) -> tuple[Solution, bool] | None:
        """None where it cannot be had."""
        left = stop.after(began)
        if not known or left.seconds == 0.0 or (left.event is not None and left.event.is_set()):
            return Solution("stopped", (), {}, ()), False
        try:
            return force(ready.inst, best.chosen, best.short, ready.index[*key, sip], left, settle=False, best=values)
        except Conflict:
            return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the solver works outside Python's lock
        tried = {sip: s for sip, s in zip(able, pool.map(with_, able), strict=True) if s is not None}
    answers = {sip: s for sip, s in tried.items() if s[0].status == "optimal"}
    open_ = tuple(facts.sips[sip].name for sip in tried if sip not in answers)
    found = {sip: solution for sip, (solution, _) in answers.items()}
    forced.update({(key, sip): s for sip, s in found.items()})
    ranked = sorted(found, key=lambda sip: (_key(found[sip]), sip))
    offers = tuple(_offer(ready, key, n, sip, best, *answers[sip]) for n, sip in enumerate(ranked, 1))
    was = facts.standing.was.get(key, "") if facts.standing else ""
    name = facts.sips[was].name if was in facts.sips else was
    none = "" if offers or open_ else "Nobody may take it: `allocator explain` says why."
    schools = " and ".join(facts.name(u) for u in one)
    return Choice(key[0], schools, key[1], name, offers, none, one[1:], open_)


def _key(s: Solution) -> tuple[int, ...]:
    """Smaller is better, tier by tier, the lot left out."""
    return tuple(-v for v in tiers.rank((t.name, t.value) for t in s.tiers if t.name != tiers.LOT))


def _offer(ready: Setup, key: Key, rank: int, sip: str, best: Solution, found: Solution, whole: bool) -> Offer:
    facts = ready.facts
    loses = tuple(
        (a.name, _lost(a, b))
        for a, b in zip(best.tiers, found.tiers, strict=True)
        if a.value != b.value and a.name != tiers.LOT
    )
    held = {ready.choices[i][:2]: ready.choices[i][2] for i in found.chosen}
    event = facts.standing.event if facts.standing else frozenset()
    moves = tuple(
        sorted(
            (
                f"{facts.name(u)} from {facts.sips[s].name} to "
                f"{facts.sips[held[u, k]].name if (u, k) in held else 'nobody'}"
            )
            for (u, k), s in (ready.holders or {}).items()
            if (u, k) not in event and (u, k) != key and (u, k) in ready.post_index and held.get((u, k)) != s
        )
    )
    used = sum(ready.inst.pairs[i].load[0] for i in found.chosen if ready.choices[i][2] == sip)
    used -= sum(q for p, q in found.short.items() if held.get(facts.posts[p].key) == sip)
    row = facts.sips[sip]
    room = (facts.capacity(row) - facts.spent(sip)[0] - used) / 4
    local = known_locally(facts, key[0], row)
    hard = [(n, v) for n, v in loses if n != "4"]
    parts = [
        "nobody else moves"
        if not moves
        else f"{len(moves)} other {'school moves' if len(moves) == 1 else 'schools move'}: {'; '.join(moves)}"
    ]
    parts += [tiers.text(name, lost) for name, lost in hard if name not in ("2", tiers.MOVED)]
    is_ = [what for what, so in (("known locally", local), ("fresh eyes", fresh_eyes(facts, key[0], row))) if so]
    text = f"{row.name}{f' ({listed(is_)})' if is_ else ''}: {', '.join(parts)}; {days(room)} left."
    exact = whole or not loses
    if not exact:
        text += " Only schools near in the chain were free to change, so it may cost less."
    return Offer(rank, sip, row.name, local, room, loses, moves, text, exact)


def _contests(
    ready: Setup, lists: Sequence[Choice], best: Solution, forced: Mapping[tuple[Key, str], Solution]
) -> Iterator[str]:
    """Where a school cannot have the SIP who suits it best because another affected school has: the first tier in
    which the two plans differ."""
    facts = ready.facts
    wants: dict[str, list[Choice]] = {}
    for c in lists:
        able = [o.sip for o in c.offers]  # by rank, so that equal fits go by what they cost everybody
        if able:
            fits = partial(ready.pairs.points, c.urn, c.post)
            wants.setdefault(max(able, key=fits), []).append(c)
    for sip, schools in sorted(wants.items()):
        has = [c for c in schools if _holds(ready, best, c, sip)]
        for c in (c for c in schools if c not in has):
            other = forced[(c.urn, c.post), sip]
            given_up = [x for x in has if not _holds(ready, other, x, sip)]
            if not given_up:
                continue
            name, theirs = facts.sips[sip].name, listed([x.school for x in given_up])
            opening = (
                f"{name} suits {theirs} and {c.school} best, and cannot take {'both' if len(given_up) == 1 else 'all'}"
            )
            pairs = zip(best.tiers, other.tiers, strict=True)
            cost = next(
                (tiers.text(x.name, _lost(x, y)) for x, y in pairs if x.value != y.value and x.name != tiers.LOT), None
            )
            if cost is None:
                yield f"{opening}. Either is as good; the choice is yours."
            else:
                fit = "a weaker fit all in all " if cost.endswith("points") or cost.endswith("point") else ""
                means = f"{fit}({cost})" if fit else cost
                yield f"{opening}. {theirs} rather than {c.school}: the other way round means {means}."


def _lost(best: TierValue, other: TierValue) -> int:
    """How much worse a tier is in the other plan."""
    return tiers.lost(best.name, best.value, other.value)


def _holds(ready: Setup, s: Solution, c: Choice, sip: str) -> bool:
    return any(ready.choices[i] == (c.urn, c.post, sip) for i in s.chosen)


def leaver(sip: str, on: str | None) -> Change:
    """The change for one leaver. Raises UsageError for an empty id."""
    if not sip:
        raise UsageError("--sip-leaves needs a SIP's id, as SIP or SIP@YYYY-MM-DD.")
    return {"sip_leaves": {"sip": sip, **({"on": on} if on else {})}}
