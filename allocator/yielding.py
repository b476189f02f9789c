"""Locks that yield: one holds against points and other schools' needs, never against what ends its pair (contract 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from allocator.domain.facts import Facts, Post
from allocator.errors import CaseError
from allocator.rules.base import Structure, day, listed
from allocator.rules.reach import Pairs

Choice = tuple[str, str, str]
ENDS = {"refusal"}  # rules before which a lock falls away when the year is planned; within the year, before any


def standing(
    facts: Facts, pairs: Pairs, structures: Iterable[Structure], choices: Container[Choice]
) -> tuple[Structure, ...]:
    """The structures without locks that have fallen away, each of which is told in a notice.

    Raises CaseError naming every lock that breaks a hard rule and does not yield.
    """
    kept, broken = [], []
    fallen: dict[Choice, list[Post]] = defaultdict(list)
    parts = {p.key: p for p in facts.posts}
    for s in structures:
        if s.kind != "fixed" or s.pairs[0] in choices:
            kept.append(s)
            continue
        ((urn, slot, sip),) = s.pairs
        part, why = parts.get((urn, slot)), pairs.blocks(urn, slot, sip)
        if part is not None and (facts.standing is not None or any(rule in ENDS for rule, _ in why)):
            fallen[urn, part.kind, sip].append(part)
        elif facts.standing is None:
            broken.append(error(facts, urn, slot, sip, why))
    if broken:
        raise CaseError("\n".join(broken))
    pairs.notices += [yielded(facts, pairs, lock, where) for lock, where in fallen.items()]
    return tuple(kept)


def insisted(facts: Facts, pairs: Pairs, asked: Iterable[Choice]) -> None:
    """Raises CaseError for locks asked for just now that a rule bars wherever their post is open."""
    broken = []
    for urn, kind, sip in asked:
        parts = [p for p in facts.posts if (p.urn, p.kind) == (urn, kind)]
        if not any(sip in pairs.allowed[p.key] for p in parts):
            broken.append(error(facts, urn, kind, sip, pairs.blocks(*parts[-1].key, sip) if parts else ()))
    if broken:
        raise CaseError("\n".join(broken))


def yielded(facts: Facts, pairs: Pairs, lock: Choice, where: Sequence[Post]) -> str:
    """That a lock has fallen away, when and why."""
    urn, kind, sip = lock
    post = "" if kind == "lead" else f" ({kind})"
    when = listed([f"from {day(p.start)} to {day(p.end)}" for p in where]) if where[0].of > 1 else ""
    why = dict.fromkeys(text.rstrip(".") for p in where for _, text in pairs.blocks(*p.key, sip))
    return f"The lock of {facts.sips[sip].name} to {facts.name(urn)}{post} has fallen away{' ' * bool(when)}{when}: {'; '.join(why)}."


def error(facts: Facts, urn: str, kind: str, sip: str, why: Iterable[tuple[str, str]]) -> str:
    school = facts.schools[urn].name if urn in facts.schools else urn
    name = facts.sips[sip].name if sip in facts.sips else sip
    because = "; ".join(text for _, text in why)
    return (
        f"The lock of {name} ({sip}) to {school} ({urn}, {kind}) breaks a hard rule: "
        f"{because or 'this school has no such post this year'}. Remove the lock or mend its cause."
    )
