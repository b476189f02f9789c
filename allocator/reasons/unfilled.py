"""Why nobody, in words: one sentence a manager can say on the telephone, the list behind it, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allocator.allocate import Key, Setup
from allocator.domain.plan import ClashItem, Unfilled
from allocator.engine.instance import Solution
from allocator.reasons.clash import Item, clash
from allocator.reasons.fixes import Workshop
from allocator.reasons.room import no_room
from allocator.rules import RULES
from allocator.words import counted, day, days, listed, words

BARRED = {r.id: r.barred for r in RULES if r.barred} | {"floor": "fit it less well than policy asks for"}
ONE = {
    "are": "is",
    "have": "has",
    "do": "does",
    "lack": "lacks",
    "may": "may",
    "fit": "fits",
}  # verbs of `barred`, for one
WHAT = {"lead": "lead SIP", "support": "support SIP", "appraisal": "appraisal adviser"}
FEW = 4  # so many reasons are told one by one; more are counted
NAMED = 3  # so many people are named in the one sentence


def what_bars(rule: str) -> str:
    """What a rule makes of several people, after their names."""
    return BARRED.get(rule, f"are barred by {words(rule)}")


def explain_unfilled(ready: Setup, solution: Solution, empty: Unfilled, workshop: Workshop) -> Unfilled:
    """The same row with clash, words and fixes; `workshop` tries the fixes."""
    part = next((p for p in ready.parts.of.get((empty.urn, empty.post), ()) if p.start == empty.from_), None)
    if part is None:
        ended = f" on {day(empty.to)}" if empty.to else ""
        return empty.model_copy(
            update={"text": f"{empty.school} had no {WHAT[empty.post]} when the post ended{ended}."}
        )
    key = part.key
    found, swap, where = clash(ready, solution, key, allowance=workshop.clashes)
    rules = dict.fromkeys(("portfolio" if r == "fewest" else r, u, s) for r, u, s in found)
    items = tuple(ClashItem(rule=r, urn=u, sip=s) for r, u, s in rules)
    text = _text(ready, key, found, swap)
    if not found:
        late = " Why was not worked out in the time allowed."
        text += late if workshop.clashes.over else " " + _no_cause(ready, solution, key, where.cut)
        # not shrunk: all who may take it, and have no room
        items = tuple(
            ClashItem(rule="capacity", sip=s) for s in ready.pairs.allowed[key] if ready.facts.policy.capacity.on
        )
    mends = workshop.mends(where, key)
    if workshop.over:
        text += " What would mend it was not tried to the end in the time allowed."
    return empty.model_copy(update={"clash": items, "text": text, "fixes": mends})


def _no_cause(ready: Setup, solution: Solution, key: Key, cut: bool) -> str:
    facts = ready.facts
    if not facts.sips:
        return "There is no SIP on the team."
    if solution.status != "optimal":
        return "The search was stopped before it was proved that nobody could."
    able = [facts.sips[s].name for s in ready.pairs.allowed[key]]
    said = listed(able) if len(able) <= FEW else f"{len(able)} SIPs"
    has = "has" if len(able) == 1 else "have"
    where = "what they give goes to other schools. No smaller cause was found" + (" nearby" if cut else " in time")
    return f"{said} may take it, but {has} no room: {where}."


@dataclass(frozen=True)
class _Causes:
    """A clash sorted by what it is about. Names, not ids."""

    barred: dict[str, list[str]]  # rule -> SIPs whom it bars here, by id
    full: list[str]
    most: list[str]
    fewest: list[str]
    budget: bool
    elsewhere: list[Item]


def _causes(ready: Setup, key: Key, found: tuple[Item, ...]) -> _Causes:
    out = _Causes({}, [], [], [], any(rule == "budget" for rule, _, _ in found), [])
    told: set[str] = set()
    for rule, urn, sip in found:
        if rule == "budget":
            continue
        if urn == key[0] and sip and rule in dict(ready.pairs.blocks(*key, sip)):
            if sip not in told:  # one reason each is enough for a sentence
                out.barred.setdefault(rule, []).append(sip)
            told.add(sip)
        elif rule in ("capacity", "portfolio", "fewest") and sip:
            {"capacity": out.full, "portfolio": out.most, "fewest": out.fewest}[rule].append(sip)
        else:
            out.elsewhere.append((rule, urn, sip))
    return out


def _text(ready: Setup, key: Key, found: tuple[Item, ...], swap: bool) -> str:
    """One sentence first; then, where it counted people together, each reason by itself."""
    opening = f"{ready.facts.name(key[0])} has no {WHAT[ready.pairs.posts[key].kind]}{_when(ready, key)}"
    causes = _causes(ready, key, found)
    said = list(_sentence(ready, causes))
    if swap:
        opening += " (another school of the same need would have to go without)"
    text = f"{opening}: {listed(said)}." if said else f"{opening}."
    details = list(_details(ready, key, found))
    return f"{text} In full: {'; '.join(details)}." if len(details) > 1 else text


def _when(ready: Setup, key: Key) -> str:
    """The days of a part; nothing where it is the whole post."""
    part = ready.pairs.posts[key]
    year = next(p for p in ready.facts.year_posts if (p.urn, p.kind) == (part.urn, part.kind))
    whole = (part.start, part.end) == (year.start, year.end)
    return "" if whole else f" from {day(part.start)} to {day(part.end)}"


def _people(ready: Setup, sips: list[str], *, others: bool = False) -> tuple[str, bool]:
    """(Ann and Bob; 7 others), and whether that is one."""
    if len(sips) <= NAMED:
        return listed([ready.facts.sips[s].name for s in sips]), len(sips) == 1
    return f"{len(sips)} {'others' if others else 'SIPs'}", False


def _sentence(ready: Setup, c: _Causes) -> Iterator[str]:
    facts = ready.facts
    if c.budget:
        yield f"the budget of {days(facts.policy.budget.days or 0)} is used up"
    busy = list(dict.fromkeys([*c.full, *c.most]))
    if busy:
        who, one = _people(ready, busy)
        yield f"{who} {'is' if one else 'are'} full"
    for row in (facts.sips[s] for s in c.fewest):
        yield f"{row.name} leads at least {counted(facts.fewest_schools(row), 'school')}, if any"
    alike: dict[tuple[str, str | None], list[str]] = {}
    for rule, urn, sip in c.elsewhere:
        alike.setdefault((rule, urn), []).extend([sip] if sip else [])
    for (rule, urn), sips in alike.items():
        yield _elsewhere(ready, rule, urn, sips)
    for rule, sips in sorted(c.barred.items(), key=lambda x: (-len(x[1]), x[0])):
        who, one = _people(ready, sips, others=bool(busy))
        why = what_bars(rule)
        verb, rest = why.split(" ", 1)
        yield f"{who} {ONE.get(verb, verb) if one else verb} {rest}"


BONDS = {  # rules that bind posts to one another, as a manager knows them
    "separation": "the support of {at} is kept apart from its lead",
    "appraisal": "{at} asked for somebody other than its lead at the head's appraisal",
    "shared_head": "{at} shares its head with others, and so its lead",
    "cluster": "the cluster of {at} is to have one lead",
    "portfolio": "a SIP leads so many schools, and no more",
    "capacity": "days are used up at {at}",
}


def _elsewhere(ready: Setup, rule: str, urn: str | None, sips: list[str]) -> str:
    """An item about another school, or about a bond of this one."""
    at = ready.facts.name(urn) if urn else ""
    if not sips:
        return BONDS.get(rule, "{at} has to keep to a rule that joins it to others").format(at=at)
    who, one = _people(ready, sips)
    if rule == "decision":
        locked = {ready.choices[i][2] for i in ready.inst.fixed if ready.choices[i][0] == urn}
        verb = "is" if one else "are"
        return f"{who} {verb} locked to {at}" if locked & set(sips) else f"{who} {verb} barred from {at} by a decision"
    return f"{who} may not take {at} (they {what_bars(rule)})"


def _details(ready: Setup, key: Key, found: tuple[Item, ...]) -> Iterator[str]:
    """Every item of the clash; where many are barred alike they are counted."""
    facts = ready.facts
    barred = [
        (rule, sip)
        for rule, urn, sip in found
        if urn == key[0]
        and sip
        and rule in dict(ready.pairs.blocks(*key, sip))  # a bond of this school is another thing
    ]
    many = len(barred) > FEW
    for rule in dict.fromkeys(rule for rule, _ in barred) if many else ():
        who = [s for r, s in barred if r == rule]
        if len(who) == 1:
            yield _barred_by(ready, key, rule, who[0])
            continue
        names = [facts.sips[s].name for s in who]
        said = listed(names) if len(names) <= FEW else f"{', '.join(names[:2])} and {len(names) - 2} others"
        yield f"{said} {what_bars(rule)}"
    for rule, urn, sip in found:
        if urn == key[0] and (rule, sip) in barred:
            if not many and sip:
                yield _barred_by(ready, key, rule, sip)
        elif rule == "budget":
            yield f"all SIPs together may give {facts.policy.budget.days:g} days (budget.days), all needed elsewhere"
        elif (
            rule == "capacity"
            and sip
            and (part := ready.parts.by_key.get(key))
            and no_room(facts, part, facts.sips[sip])
        ):
            yield f"{facts.sips[sip].name}'s own days do not reach for it"
        elif rule == "capacity" and sip:
            yield (
                f"{facts.sips[sip].name} has {days(facts.capacity(facts.sips[sip]) / 4)} for schools, all "
                "needed elsewhere"
            )
        elif rule == "portfolio" and sip:
            yield f"{facts.sips[sip].name} may lead {counted(facts.most_schools(facts.sips[sip]), 'school')} at most"
        elif rule == "fewest" and sip:
            yield (
                f"{facts.sips[sip].name} leads {counted(facts.fewest_schools(facts.sips[sip]), 'school')} at "
                "least, if any"
            )
        else:
            yield _elsewhere(ready, rule, urn, [sip] if sip else [])


def _barred_by(ready: Setup, key: Key, rule: str, sip: str) -> str:
    """The rule's sentence about this pair; where it bars from another post of the school, about that one."""
    keys = [key, *(k for k in ready.pairs.posts if k[0] == key[0])]
    return next(text for k in keys for r, text in ready.pairs.blocks(*k, sip) if r == rule).rstrip(".")
