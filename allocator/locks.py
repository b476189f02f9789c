"""Locks that cannot stand together: which, and the limit that they break (contract 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from allocator.domain.case import PERIODS
from allocator.setup import Setup
from allocator.words import counted, days

PERIOD = dict(enumerate(("the year", "the first half of autumn", "the second half of autumn", "spring", "summer")))
assert len(PERIOD) == len(PERIODS) + 1


def clash_text(ready: Setup, pairs: Sequence[int]) -> str:
    """The sentence that names locks (a minimal set of pair indices) which cannot stand together, and what they
    break."""
    if not pairs:
        return "The structural rules of this case cannot all hold. This should not be possible: please report it."
    named = "; ".join(_lock(ready, i) for i in pairs)
    by: dict[int, list[int]] = defaultdict(list)
    for i in pairs:
        by[ready.inst.pairs[i].person].append(i)
    why = [text for person, held in sorted(by.items()) for text in _person(ready, person, held)]
    why += [*_structures(ready, pairs), *_budget(ready, pairs)]
    if not why:
        why = ["Each could stand, but no plan holds them all: other posts must have the same people."]
    locked = {choice for s in ready.structures if s.kind == "fixed" for choice in s.pairs}
    if any(ready.choices[i] not in locked for i in pairs):  # repair.release, or accepted by the school
        return (
            f"These cannot all stay as they are: {named}. {' '.join(why)} Set repair.release to fewest, or "
            "change what limits them."
        )
    what = "This lock cannot stand" if len(pairs) == 1 else f"These {len(pairs)} locks cannot stand together"
    return f"{what}: {named}. {' '.join(why)} Unlock one of them, or change what limits them."


def _lock(ready: Setup, i: int) -> str:
    urn, kind, sip = ready.choices[i]
    return f"{ready.facts.sips[sip].name} ({sip}) to {ready.facts.schools[urn].name} ({urn}, {kind})"


def _least(ready: Setup, i: int, resource: int) -> int:
    """Quarter-days that the pair takes at least, its post trimmed as far as it may be."""
    pair = ready.inst.pairs[i]
    return pair.load[resource] - max((t.less[resource] for t in ready.inst.posts[pair.post].trims), default=0)


def _person(ready: Setup, person: int, held: Sequence[int]) -> Iterator[str]:
    """What one SIP's locks break of their own limits: days, a period's days, the most and the fewest schools."""
    who = ready.inst.people[person]
    name = ready.facts.sips[who.key].name
    for limit in (x for x in who.limits if x.resource in PERIOD):
        needs = sum(_least(ready, i, limit.resource) for i in held)
        if needs > limit.hard:
            yield (
                f"{name} has {days(limit.hard / 4)} for schools in {PERIOD[limit.resource]}; these need {needs / 4:g}."
            )
    posts = {ready.inst.pairs[i].post for i in held}
    leads = sum(ready.inst.posts[p].counts for p in posts)
    if who.at_most is not None and leads > who.at_most:
        yield f"{name} may lead {counted(who.at_most, 'school')} (max_schools); these give {leads}."
    if leads and who.at_least > leads:
        taken = {ready.inst.pairs[i].post for i in ready.inst.fixed if ready.inst.pairs[i].person != person}
        open_ = {p.post for p in ready.inst.pairs if p.person == person and ready.inst.posts[p.post].counts} - taken
        if len(open_) < who.at_least:
            yield (
                f"{name} leads at least {counted(who.at_least, 'school')} or none (min_schools); at most {len(open_)} "
                "can be given."
            )
        elif not any(sum(_least(ready, i, x.resource) for i in held) > x.hard for x in who.limits):
            yield (
                f"{name} leads at least {counted(who.at_least, 'school')} or none (min_schools), and there are not the "
                "days for so many beside the locks."
            )


def _structures(ready: Setup, pairs: Sequence[int]) -> Iterator[str]:
    """Locks of one post to two people, of posts that must have one person, or must not."""
    person = {ready.inst.pairs[i].post: ready.inst.pairs[i].person for i in pairs}
    for post in sorted(person):
        if len({ready.inst.pairs[i].person for i in pairs if ready.inst.pairs[i].post == post}) > 1:
            yield f"{_post(ready, post)} is locked to two SIPs."
    for group in ready.inst.same:
        mine = [p for p in group if p in person]
        if len({person[p] for p in mine}) > 1:
            yield (
                f"{' and '.join(_post(ready, p) for p in mine)} must have one SIP: they share a head, or "
                "their cluster has one."
            )
        for p in group:  # another school of the group that a locked SIP may not have
            if (
                mine
                and p not in person
                and not any(x.post == p and x.person == person[mine[0]] for x in ready.inst.pairs)
            ):
                name = ready.facts.sips[ready.inst.people[person[mine[0]]].key].name
                yield (
                    f"{_post(ready, mine[0])} and {_post(ready, p)} must have one SIP, and {name} is barred "
                    "from the second."
                )
    for a, b in ready.inst.different:
        if a in person and person.get(a) == person.get(b):
            yield f"{_post(ready, a)} and {_post(ready, b)} must have different SIPs."
    for a, b in ready.inst.never_both:
        if a in pairs and b in pairs:
            yield f"{_lock(ready, a)} and {_lock(ready, b)} would make two heads each other's SIP."


def _budget(ready: Setup, pairs: Sequence[int]) -> Iterator[str]:
    most, needs = ready.inst.most_load, sum(_least(ready, i, 0) for i in pairs)
    if most is not None and needs > most:
        yield f"The budget is {most / 4:g} days; these need {needs / 4:g}."


def _post(ready: Setup, post: int) -> str:
    found = ready.facts.posts[post]
    return f"{ready.facts.name(found.urn)} ({found.urn}, {found.kind})"
