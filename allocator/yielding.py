"""Locks that yield: one holds against points and other schools' needs, never against what ends its pair (contract
2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from allocator.domain.facts import Facts, Post
from allocator.errors import CaseError
from allocator.rules.base import Structure
from allocator.rules.reach import Blocks, Pairs
from allocator.words import day, listed

Key = tuple[str, str]
Choice = tuple[str, str, str]
ENDS = {"refusal"}  # rules before which a lock falls away when the year is planned; within the year, before any


def standing(
    facts: Facts, pairs: Pairs, structures: Iterable[Structure], choices: Container[Choice]
) -> tuple[Structure, ...]:
    """The structures without locks that have fallen away, each of which is told in a notice.

    Raises CaseError naming every lock that breaks a hard rule and does not yield.
    """
    kept, broken = [], []
    structures = tuple(structures)
    fallen: dict[Choice, list[Post]] = defaultdict(list)
    parts = {p.key: p for p in facts.posts}
    for s in structures:
        if s.kind != "fixed":
            kept.append(s)
            continue
        ((urn, slot, sip),) = s.pairs
        part, why = parts.get((urn, slot)), whole(pairs, structures, choices, s.pairs[0])
        if not why and s.pairs[0] in choices:
            kept.append(s)
        elif part is not None and (facts.standing is not None or any(rule in ENDS for rule, _ in why)):
            fallen[urn, part.kind, sip].append(part)
        elif s.pairs[0] in choices:  # barred at a school that must have the same lead: the clash names them
            kept.append(s)
        elif facts.standing is None:
            broken.append(error(facts, urn, slot, sip, why))
    if broken:
        raise CaseError("\n".join(broken))
    pairs.notices += [yielded(facts, pairs, structures, choices, lock, where) for lock, where in fallen.items()]
    return tuple(kept)


def whole(pairs: Pairs, structures: Iterable[Structure], choices: Container[Choice], pair: Choice) -> Blocks:
    """What bars a pair at its part; else at a part that must have the same person."""
    if pair not in choices:
        return pairs.blocks(*pair)
    *key, sip = pair
    for urn, slot in bound(structures, (key[0], key[1])):
        if (urn, slot, sip) not in choices:
            school = pairs.facts.name(urn)
            return tuple(
                (rule, f"{school} must have the same SIP, and {why}") for rule, why in pairs.blocks(urn, slot, sip)
            )
    return ()


def bound(structures: Iterable[Structure], key: Key) -> tuple[Key, ...]:
    """The other parts that must have the same person, also by way of one between, in order."""
    groups = [s.posts for s in structures if s.kind == "same"]
    found = {key}
    while more := {k for posts in groups if found.intersection(posts) for k in posts} - found:
        found |= more
    return tuple(sorted(found - {key}))


def insisted(
    facts: Facts, pairs: Pairs, structures: Sequence[Structure], choices: Container[Choice], asked: Iterable[Choice]
) -> None:
    """Raises CaseError for locks asked for just now that a rule bars wherever their post is open."""
    broken = []
    stand = {pair for s in structures if s.kind == "fixed" for pair in s.pairs}
    for urn, kind, sip in asked:
        parts = [p for p in facts.posts if (p.urn, p.kind) == (urn, kind)]
        if not any((*p.key, sip) in stand for p in parts):
            why = whole(pairs, structures, choices, (*parts[-1].key, sip)) if parts else ()
            broken.append(error(facts, urn, kind, sip, why))
    if broken:
        raise CaseError("\n".join(broken))


def yielded(
    facts: Facts,
    pairs: Pairs,
    structures: Iterable[Structure],
    choices: Container[Choice],
    lock: Choice,
    where: Sequence[Post],
) -> str:
    """That a lock has fallen away, when and why."""
    urn, kind, sip = lock
    post = "" if kind == "lead" else f" ({kind})"
    when = listed([f"from {day(p.start)} to {day(p.end)}" for p in where]) if facts.standing is not None else ""
    found = (whole(pairs, structures, choices, (*p.key, sip)) for p in where)
    why = dict.fromkeys(text.rstrip(".") for blocks in found for _, text in blocks)
    return (
        f"The lock of {facts.sips[sip].name} to {facts.name(urn)}{post} has fallen "
        f"away{' ' * bool(when)}{when}: {'; '.join(why)}."
    )


def error(facts: Facts, urn: str, kind: str, sip: str, why: Iterable[tuple[str, str]]) -> str:
    school = facts.schools[urn].name if urn in facts.schools else urn
    name = facts.sips[sip].name if sip in facts.sips else sip
    because = "; ".join(text for _, text in why)
    return (
        f"The lock of {name} ({sip}) to {school} ({urn}, {kind}) breaks a hard rule: "
        f"{because or 'this school has no such post this year'}. Remove the lock or mend its cause."
    )
