"""What it would have cost: the pair that is not, forced, and the plan solved again (contract 2, *price* and
*claims*)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allocator.allocate import Key, Setup
from allocator.domain import tiers
from allocator.domain.claims import Cause, CouldNotBe, Loss, Outweighed, Price, Shift, Tied, Trimmed, WishAnswered
from allocator.domain.plan import Assignment, Moved, Plan
from allocator.engine.force import force
from allocator.engine.instance import Solution
from allocator.engine.tiers import Conflict, Stop
from allocator.reasons.complete import held_in, short_in
from allocator.reasons.spoken import to_manager, wish_to_manager
from allocator.reasons.turns import is_now

MOST = 40  # causes of one plan that are put to a solve


def forced(ready: Setup, plan: Plan, pair: int, stop: Stop | None = None) -> tuple[Solution, bool]:
    """The best plan with this pair, from the plan that stands, and whether nothing further away could better it.

    Raises Conflict when it cannot be had beside what is fixed.
    """
    held = held_in(ready, plan)
    stands = [ready.index[k[0], k[1], s] for k, s in held.items() if (k[0], k[1], s) in ready.index]
    best = {t.name: t.value for t in plan.certificate.tiers} if plan.status == "optimal" else None
    return force(ready.inst, sorted(stands), short_in(ready, plan), pair, stop, best=best)


def priced(ready: Setup, plan: Plan, stop: Stop | None = None, most: int = MOST) -> Plan:
    """The plan with the price of each cause that was outweighed, of changes and of wishes, the first `most` of them."""
    known: dict[Cause, Cause] = {}
    tied: dict[Key, str] = {}

    def found(claims: Iterable[Cause]) -> tuple[Cause, ...]:
        for c in claims:
            if isinstance(c, Outweighed) and c.sip and c.price is None and c not in known and len(known) < most:
                known[c] = contrast(ready, plan, c, c.sip, stop)
                if isinstance(known[c], Tied):
                    tied[c.urn, c.post.partition("/")[0]] = c.sip
        return tuple(known.get(c, c) for c in claims)

    changes = [_with(ready, change, found(change.claims)) for change in plan.changes]
    wishes = [_wish(ready, w, found(w.because)) for w in plan.wishes]
    rows = tuple(_tied(a, tied.get((a.urn, a.post))) for a in plan.assignments)
    return plan.model_copy(update={"changes": tuple(changes), "wishes": tuple(wishes), "assignments": rows})


def _with(ready: Setup, change: Moved, causes: tuple[Cause, ...]) -> Moved:
    if causes == change.claims:
        return change
    return change.model_copy(update={"claims": causes, "because": to_manager(ready, causes)})


def _wish(ready: Setup, w: WishAnswered, causes: tuple[Cause, ...]) -> WishAnswered:
    new = w.model_copy(update={"because": causes})
    return new.model_copy(update={"text": wish_to_manager(ready, new)})


def _tied(a: Assignment, sip: str | None) -> Assignment:
    if sip is None or a.settled or sip in a.tied_with:
        return a
    return a.model_copy(update={"tied_with": (*a.tied_with, sip)})


def proofs(ready: Setup, plan: Plan, stop: Stop | None = None) -> Iterator[tuple[Outweighed | CouldNotBe, str | None]]:
    """Every claim that only a solve can show, put to one: the claim, and what is wrong with it, if anything is.

    Of changes that this plan decides: the posts of those before it are not open any more.
    """
    for change in (*plan.changes, *plan.moves):
        for c in change.claims if is_now(plan, change) else ():
            if isinstance(c, Outweighed | CouldNotBe) and c.sip:
                yield c, _disproved(ready, plan, c, stop)
    for wish in plan.wishes:
        for c in wish.because:
            if isinstance(c, Outweighed) and c.sip:
                yield c, _disproved(ready, plan, c, stop)


def _disproved(ready: Setup, plan: Plan, c: Outweighed | CouldNotBe, stop: Stop | None) -> str | None:
    sip = c.sip or ""
    if (c.urn, c.post, sip) not in ready.index:
        return "the pair is not one that the rules let by"
    found = contrast(ready, plan, Outweighed(urn=c.urn, post=c.post, sip=sip), sip, stop)
    if isinstance(c, CouldNotBe):
        return None if isinstance(found, CouldNotBe) else "a plan has the pair"
    if isinstance(found, CouldNotBe):
        return None if c.price is None else "no plan has the pair"
    if isinstance(found, Tied):
        return "a plan that has the pair is as good"
    if not isinstance(found, Outweighed) or found.price is None:
        return "it was not found out in time"
    same = c.price is None or c.price.lost == found.price.lost
    return None if same else f"it costs {[(x.tier, x.by) for x in found.price.lost]}"


def contrast(ready: Setup, plan: Plan, c: Outweighed, sip: str, stop: Stop | None = None) -> Cause:
    """The claim with its price; that it could not be; that it is an equal choice; or as it was, where nothing was
    proved."""
    key = (c.urn, c.post)
    try:
        found, whole = forced(ready, plan, ready.index[*key, sip], stop)
    except Conflict:
        return CouldNotBe(urn=c.urn, post=c.post, sip=sip)
    if found.status != "optimal" or plan.status != "optimal" or not whole:
        return c
    lost = tuple(losses(plan, found))
    return c.model_copy(update={"price": _price(ready, plan, found, key, lost)}) if lost else Tied(urn=c.urn, sip=sip)


def losses(plan: Plan, found: Solution) -> list[Loss]:
    """By how much each tier is worse there, the lot left out."""
    out = []
    for before, tier in zip(plan.certificate.tiers, found.tiers, strict=True):
        lost = tiers.lost(before.name, before.value, tier.value)
        if lost and before.name != tiers.LOT:
            out.append(Loss(tier=before.name, by=lost))
    return out


def _price(ready: Setup, plan: Plan, found: Solution, key: Key, lost: tuple[Loss, ...]) -> Price:
    held = held_in(ready, plan)
    after = {ready.choices[j][:2]: ready.choices[j][2] for j in found.chosen}
    differ = sorted((k for k in {*held, *after} if held.get(k) != after.get(k)), key=lambda k: (k != key, k))
    short = {ready.facts.posts[n].key: q for n, q in found.short.items() if q}
    return Price(
        lost=lost,
        shifts=tuple(Shift(urn=u, post=p, from_=held.get((u, p)), to=after.get((u, p))) for u, p in differ),
        short=tuple(Trimmed(urn=u, post=p, days=q / 4) for (u, p), q in sorted(short.items())),
    )
