"""A declared interest that is not cleared bars the pair (domain D9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from allocator.domain.case import Interest, School, Sip
from allocator.domain.facts import Facts, Post, plain, same_text
from allocator.rules.base import Rule
from allocator.words import words


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


class DeclaredInterest(Rule):
    id = "interest"
    law = "domain D9"
    setting = "interest.on"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        return declarers(facts, facts.schools[post.urn])

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        for row in facts.interests.get(sip.sip, ()):
            if row.kind != "former_adviser" and row.outcome != "cleared" and concerns(facts, row, school):
                if row.kind == "family":  # only barred or cleared is kept in words (practice)
                    return f"{sip.name} has a declared interest at {school.name} that bars the pair"
                state = "barred" if row.outcome == "barred" else "not decided yet, and bars until it is cleared"
                scope = "the school" if row.urn else f"the trust {row.trust}" if row.trust else f"{row.la}"
                return f"{sip.name} declared an interest ({words(row.kind)}) in {scope}: {state}"
        return None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if audience != "manager":
            return None
        school = facts.schools[post.urn]
        cleared = [r for r in facts.interests.get(sip.sip, ()) if r.outcome == "cleared" and concerns(facts, r, school)]
        if not cleared:
            return None
        by = f" by {cleared[0].decided_by}" if cleared[0].decided_by else ""
        return f"{sip.name} declared an interest here; it was cleared{by}"
