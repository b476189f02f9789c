"""Whom a declared interest is about: a school, its trust or its authority (domain D9)."""

from __future__ import annotations

from collections import defaultdict

from allocator.domain.case import Interest, School
from allocator.domain.facts import Facts, plain, same_text


def concerns(facts: Facts, row: Interest, school: School) -> bool:
    """Whether a declared interest reaches this school: by URN (or a predecessor's), trust or authority."""
    return (
        row.urn in facts.predecessors(school.urn) or same_text(row.trust, school.trust) or same_text(row.la, school.la)
    )


def reached_by(facts: Facts, row: Interest) -> set[str]:
    """URNs of the schools of the case that a declared interest reaches: what `concerns` says, without asking each."""
    by = facts.once("schools by tie", lambda: _schools(facts))
    names = ("trust", plain(row.trust)), ("la", plain(row.la))
    return set(facts.successors(row.urn) if row.urn else ()).union(*(by.get(name, ()) for name in names))


def _schools(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """A trust or an authority -> its schools."""
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for urn, school in facts.schools.items():
        for name in (("trust", plain(school.trust)), ("la", plain(school.la))):
            if name[1]:
                out[name].add(urn)
    return out


def declarers(facts: Facts, school: School) -> set[str]:
    """SIPs with a declared interest that reaches this school."""
    by = facts.once("declared", lambda: _declared(facts))
    names = [("urn", old) for old in facts.predecessors(school.urn)]
    names += [("trust", plain(school.trust)), ("la", plain(school.la))]
    return set().union(*(by.get(name, ()) for name in names))


def _declared(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """What was declared (a URN, a trust or an authority) -> the SIPs who declared it."""
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sip, rows in facts.interests.items():
        for row in rows:
            for name in (("urn", row.urn or ""), ("trust", plain(row.trust)), ("la", plain(row.la))):
                if name[1]:
                    out[name].add(sip)
    return out
