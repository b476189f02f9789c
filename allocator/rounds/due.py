"""Which letter is due to whom: what stands now against what each was last told (contract 2, *told*)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from allocator.domain.case import POST_KINDS
from allocator.domain.happened import StandingTold
from allocator.domain.lineup import LineUp, own
from allocator.domain.round import Key, Pair, State
from allocator.errors import RoundRefuses
from allocator.questions.veto import one_answer
from allocator.rounds.desk import Desk

ASKS: tuple[State, ...] = ("school", "changed", "cover")  # where a pair is new these ask for an answer


def _keys(urns: Iterable[str]) -> list[Key]:
    """Every post that these schools may have."""
    return [(u, post) for u in urns for post in POST_KINDS]


def together(desk: Desk, urns: Iterable[str]) -> list[tuple[str, ...]]:
    """Schools with a proposal or a letter, those that share a head in one group: one letter, one answer."""
    known = {p.urn for p in desk.round.everyone} | {u for u, _ in desk.round.told}
    groups = {tuple(sorted(set(one_answer(desk.facts, u)) & known)) for u in urns if u in known}
    return sorted(groups, key=lambda g: (desk.facts.name(g[0]), g))


def asks(desk: Desk, urns: Iterable[str]) -> State | None:
    """The letter that these schools are to answer: a first proposal, another one, or somebody who stands in; None
    = none is due."""
    wanted = set(urns)
    drafts = [p for p in desk.round.of(wanted) if p.stage == "draft"]
    if not drafts:
        return None
    if not any(k in desk.round.told for k in _keys(wanted)):
        return "school"
    return "cover" if all(_stands_in(desk.round.now.get(p.key, ()), p.sip) for p in drafts) else "changed"


def tells(desk: Desk, urns: Iterable[str]) -> tuple[State, ...]:
    """The letters due to these schools that ask for no answer, in the order they are read."""
    r, wanted = desk.round, set(urns)
    if asks(desk, wanted):
        return ()
    mine = r.of(wanted)
    states: list[State] = []
    heard = any(p.heard and not p.heard.stands and not p.heard_told and p.stage != "refused" for p in mine)
    if heard or any(q.urn in wanted and q.by != "sip" and q.outcome and not q.told for q in r.queries):
        states.append("decided")
    others = [k for k in _keys(wanted) if k in r.told and r.told[k] != r.now.get(k)]
    if others:
        ends = all(_ends(desk, r.told[k], r.now.get(k, ())) for k in others)
        covers = any(_stands_in(r.now.get(k, ()), s.sip) for k in others for s in r.now.get(k, ()))
        states.append("ended" if ends else "cover" if covers else "changed")
    elif mine and all(p.stage == "confirmed" for p in mine) and any("school" not in p.told_of for p in mine):
        states.append("confirmed")
    return tuple(states)


def sip_due(desk: Desk, sip: str) -> tuple[State, ...]:
    """The letters due to this SIP."""
    r = desk.round
    told, mine = r.told_sips.get(sip), [p for p in r.everyone if p.sip == sip]
    now = {k: up for k, whole in r.now.items() if (up := own(whole, sip))}
    states: list[State] = []
    if any(q.sip == sip and q.outcome and not q.told for q in r.queries):
        states.append("decided")
    first, told = told is None, told or {}
    others = [k for k in {*told, *now} if told.get(k) != now.get(k)]
    if first and not all(_covers(r.now.get(k, ()), sip) for k in others):
        states.append("school")
    elif others:
        ends = all(_ends(desk, told.get(k, ()), now.get(k, ())) for k in others)
        covers = all(_covers(r.now.get(k, ()), sip) for k in others)
        states.append("ended" if ends else "cover" if covers else "changed")
    elif (
        any(a.sip == sip and not a.settled for a in desk.plan.assignments)  # who goes has nothing more to come to
        and all(p.stage == "confirmed" for p in mine)
        and any("sip" not in p.told_of for p in mine)
    ):
        states.append("confirmed")
    return tuple(states)


def _stands_in(up: LineUp, sip: str) -> bool:
    """Whether this SIP's only time there lies between two spells of another, or fills the time of one who is away."""
    n = [i for i, s in enumerate(up) if s.sip == sip]
    return len(n) == 1 and 0 < n[0] < len(up) - 1 and up[n[0] - 1].sip == up[n[0] + 1].sip


def _covers(up: LineUp, sip: str) -> bool:
    """Whether this SIP stands in, or somebody stands in for them."""
    return _stands_in(up, sip) or (
        any(_stands_in(up, s.sip) for s in up if s.sip != sip) and sip in {s.sip for s in up}
    )


def _ends(desk: Desk, told: LineUp, now: LineUp) -> bool:
    """Whether nothing is new: less of what was told, and nobody after it."""
    return (
        bool(told)
        and {s.sip for s in now} <= {s.sip for s in told}
        and (not now or now[-1].to < min(told[-1].to, desk.facts.year.last_planned))
    )


def tell(desk: Desk, urns: Iterable[str] | None, sips: Iterable[str] | None, on: dt.date) -> StandingTold:
    """Letters that ask for no answer go to these schools and SIPs; None = all to whom one is due. A SIP who is
    offered what they have not seen is asked (`sound`), not told."""
    schools = _wanted(desk, urns)
    people = {s: due for s in (sips if sips is not None else _team(desk)) if (due := told_only(desk, s))}
    none = [desk.name(u) for u in urns or () if u not in schools]
    none += [desk.facts.sips[s].name if s in desk.facts.sips else s for s in sips or () if s not in people]
    if none:
        raise RoundRefuses(f"{none[0]}: no letter is due that asks for no answer.")
    if not schools and not people:
        raise RoundRefuses("No letter is due to anybody.")
    return StandingTold(schools=dict(schools), sips=people, on=on)


def _wanted(desk: Desk, urns: Iterable[str] | None) -> Mapping[str, tuple[State, ...]]:
    given = list(urns) if urns is not None else [u for u, _ in {**desk.round.told, **desk.round.pairs}]
    return {u: due for g in together(desk, given) if (due := tells(desk, g)) for u in g}


def _team(desk: Desk) -> list[str]:
    return sorted({p.sip for p in desk.round.everyone} | set(desk.round.told_sips))


def told_only(desk: Desk, sip: str) -> tuple[State, ...]:
    """Letters due to a SIP that ask for no answer."""
    return tuple(x for x in sip_due(desk, sip) if x not in ("school", "changed", "cover") or not offered(desk, sip))


def to_tell(desk: Desk) -> tuple[dict[tuple[str, ...], tuple[State, ...]], dict[str, tuple[State, ...]]]:
    """To schools by head, and to SIPs: the letters due that ask for no answer."""
    known = {u for u, _ in {**desk.round.told, **desk.round.pairs}}
    schools = {g: states for g in together(desk, known) if (states := tells(desk, g))}
    team = {p.sip for p in desk.round.everyone} | set(desk.round.told_sips)
    return schools, {x: states for x in sorted(team) if (states := told_only(desk, x))}


def offered(desk: Desk, sip: str) -> list[Pair]:
    """Pairs of this SIP that they have not been told of."""
    told: Mapping[Key, LineUp] = desk.round.told_sips.get(sip, {})
    return [p for p in desk.round.everyone if p.sip == sip and p.key not in told]
