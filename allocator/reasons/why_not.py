"""Why not that SIP: the rules that block the pair, or the exact price of forcing it (contract 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from allocator.allocate import Key, Setup
from allocator.domain import tiers
from allocator.domain.plan import Plan
from allocator.domain.posts import Post
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import UsageError
from allocator.reasons.complete import held_in
from allocator.reasons.contrast import forced as with_pair
from allocator.reasons.contrast import losses
from allocator.reasons.in_people import in_people
from allocator.rules.base import day, listed


@dataclass(frozen=True)
class TierPrice:
    """How much a tier loses: `lost` is positive when forcing the pair makes it worse."""

    name: str
    lost: int
    text: str


@dataclass(frozen=True)
class Move:
    urn: str
    post: str
    before: str | None
    after: str | None
    text: str


@dataclass(frozen=True)
class WhyNot:
    """`blocked` holds (rule, sentence); otherwise `price` and `chain`, `exact` when proved on both sides. Of a post in
    several parts: `parts` has the answer for each, `text` all of them, the rest is of the last that the SIP does
    not hold."""

    urn: str
    post: str
    sip: str
    blocked: tuple[tuple[str, str], ...] = ()
    price: tuple[TierPrice, ...] = ()
    chain: tuple[Move, ...] = ()
    exact: bool = True
    text: str = ""
    parts: tuple[WhyNot, ...] = ()


def why_not(ready: Setup, plan: Plan, key: Key, sip: str, stop: Stop | None = None) -> WhyNot:
    """Why `sip` does not hold the post `key` in `plan`; where it has several parts within the year, of each of them."""
    if sip not in ready.facts.sips:
        raise UsageError(f"{sip} is not a SIP of this case.", sip=sip)
    parts = ready.parts.of.get(key, ())
    if not parts:
        raise UsageError(f"There is no {key[1]} post at {key[0]} this year.", urn=key[0])
    if len(parts) == 1:
        return _of_part(ready, plan, parts[0].key, sip, stop)
    held = held_in(ready, plan)
    each = [(held.get(p.key) != sip, p, _of_part(ready, plan, p.key, sip, stop)) for p in parts]
    told = [found for wanting, _, found in each if wanting] or [found for _, _, found in each]
    text = " ".join(f"{_span(p, upper=True)}: {found.text}" for _, p, found in each)
    exact = all(found.exact for found in told)
    return replace(told[-1], post=key[1], text=text, exact=exact, parts=tuple(found for _, _, found in each))


def _of_part(ready: Setup, plan: Plan, key: Key, sip: str, stop: Stop | None) -> WhyNot:
    facts = ready.facts
    name, school = facts.sips[sip].name, facts.schools[key[0]].name
    held = held_in(ready, plan)
    if held.get(key) == sip:
        return WhyNot(*key, sip, text=f"{name} does hold this post.")
    blocked = ready.pairs.blocks(*key, sip)
    if blocked:
        return WhyNot(*key, sip, blocked=tuple(blocked), text=f"{name} may not take {school}: " + _join(blocked))
    i = ready.index[*key, sip]
    try:
        forced, whole = with_pair(ready, plan, i, stop)
    except Conflict as clash:
        who = ", ".join(
            f"{facts.sips[ready.choices[j][2]].name} at {facts.name(ready.choices[j][0])}"
            for j in clash.pairs
            if j != i
        )
        beside = (
            f" beside what is locked, or was accepted before this plan was made: {who}"
            if who
            else ": no plan has it within the limits and what must go together"
        )
        return WhyNot(*key, sip, text=f"{name} cannot take {school}{beside}.")
    if forced.status == "stopped":
        text = f"Whether {name} could take {school} was not found out: "
        text += "nothing was found in time." if whole else "not with the schools around it alone."
        return WhyNot(*key, sip, exact=False, text=text)
    if forced.status != "optimal" or plan.status != "optimal":  # a number of an unfinished search is no price
        ended = "the plan itself is not proved the best" if plan.status != "optimal" else "the time allowed ran out"
        text = f"{name} may take {school}. What it would cost the whole plan was not worked out: {ended}."
        return WhyNot(*key, sip, exact=False, text=text)
    price = [TierPrice(x.tier, x.by, tiers.text(x.tier, x.by)) for x in losses(plan, forced)]
    after = {ready.choices[j][:2]: ready.choices[j][2] for j in forced.chosen}
    chain = tuple(
        Move(*k, held.get(k), after.get(k), _move_text(ready, k, held.get(k), after.get(k)))
        for k in sorted({*held, *after}, key=lambda k: (k != key, k))
        if held.get(k) != after.get(k)
    )
    exact = whole or not price
    shifts = [(m.urn, m.post, m.before, m.after) for m in chain]
    text = (
        f"{name} may take {school}. {_cost(price, in_people(ready, shifts), plan)}"
        if price
        else f"{name} may take {school} at no loss: an equal choice, settled by the lot."
    )
    others = len(chain) - 1
    if others > 0:
        text += f" {others} other post{'s' if others > 1 else ''} would change."
    if not exact:
        text += " This price is not proved exact: only schools near in the chain were free to change."
    return WhyNot(*key, sip, price=tuple(price), chain=chain, exact=exact, text=text)


def _cost(price: list[TierPrice], people: list[str], plan: Plan) -> str:
    """What it would cost, in posts, days and what people know; points last, out of those the plan has."""
    hard = [p.text for p in price if p.name != tiers.POINTS]
    points = [p.text for p in price if p.name == tiers.POINTS]
    said = listed([*hard, *people])
    if not said:
        said = "no post and no day is lost, as many schools keep their SIP, and as many wishes are met"
    of = plan.summary.points + plan.summary.team_points
    fit = f"; all in all it fits less well ({points[0]} of {of:,})" if points else ""
    return f"The price to the whole plan: {said}{fit}."


def _span(part: Post, *, upper: bool = False) -> str:
    """The days of one part of a post, as words."""
    return f"{'From' if upper else 'from'} {day(part.start)} to {day(part.end)}"


def _join(blocked: tuple[tuple[str, str], ...]) -> str:
    return " ".join(text if text.endswith(".") else text + "." for _, text in blocked)


def _move_text(ready: Setup, key: Key, before: str | None, after: str | None) -> str:
    facts = ready.facts
    school = facts.schools[key[0]].name
    part = ready.parts.by_key[key]
    what = "" if part.kind == "lead" else f" ({part.kind})"
    what += f", {_span(part)}" if part.of > 1 else ""
    was = facts.sips[before].name if before else "nobody"
    now = facts.sips[after].name if after else "nobody"
    return f"{school}{what}: from {was} to {now}"
