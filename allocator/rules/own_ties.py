"""Derived interests: own school, own trust, own cluster, near competitors, local heads (domain C8, C12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from allocator.domain.case import School, Sip
from allocator.domain.facts import Facts, Post, plain, same_text
from allocator.domain.national_grid import Grid, metres_apart
from allocator.rules.base import Rule


class OwnTies(Rule):
    id = "own_ties"
    law = "domain C8, C12, E1"
    title = "A SIP's own school, trust and neighbours"
    meaning = "A SIP does not work with their own school, trust or group, or with a near competitor."
    barred = "have a tie of their own"

    def touches(self, facts: Facts, post: Post) -> Collection[str]:
        return tied(facts, facts.schools[post.urn])

    def block(self, facts: Facts, post: Post, sip: Sip) -> str | None:
        school = facts.schools[post.urn]
        firm = firm_tie(facts, school, sip)
        if firm:
            return firm
        asks = local_head(school, sip) and facts.policy.own_ties.serving_head_same_la == "needs_yes"
        if asks and not facts.decisions("accept_local_head", post.urn, sip.sip):
            return (
                f"{sip.name} is a serving head in {school.la}, the authority of {school.name}: "
                "a manager's yes, on record, is needed"
            )
        return None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        if audience != "manager" or not local_head(facts.schools[post.urn], sip):
            return None
        accepted = facts.decisions("accept_local_head", post.urn, sip.sip)
        by = f"; accepted by {accepted[0].by}: {accepted[0].reason}" if accepted else ""
        return f"{sip.name} is a serving head in the same authority{by}"


def local_head(school: School, sip: Sip) -> bool:
    """A serving head in the school's own authority (domain C8)."""
    return sip.kind == "serving_head" and same_text(sip.current_la, school.la)


def firm_tie(facts: Facts, school: School, sip: Sip) -> str | None:
    """A tie that no decision lifts; None when there is none."""
    if sip.current_urn and sip.current_urn in facts.predecessors(school.urn):
        return f"{school.name} is {sip.name}'s own school"
    if same_text(sip.current_trust, school.trust):
        return f"{sip.name}'s own trust is {school.trust}, which runs {school.name}"
    if same_text(sip.current_cluster, school.cluster):
        return f"{sip.name}'s own school is in the same cluster, {school.cluster}"
    own = facts.schools.get(sip.current_urn or "")
    if sip.kind == "serving_head" and own is not None and own.phase == school.phase:
        metres = metres_apart(facts.school_at[own.urn], facts.school_at[school.urn])
        limit = facts.policy.own_ties.near_km
        if metres is not None and metres < limit * 1000:
            return (
                f"{sip.name} leads {own.name}, a {school.phase.replace('_', ' ')} school "
                f"{metres / 1000:.1f} km away; the least is {limit:g} km"
            )
    return None


def tied(facts: Facts, school: School) -> set[str]:
    """SIPs who have any tie of their own to this school."""
    by = facts.once("own ties", lambda: _ties(facts))
    names = [("urn", old) for old in facts.predecessors(school.urn)]
    names += [("trust", plain(school.trust)), ("cluster", plain(school.cluster)), ("la", plain(school.la))]
    out: set[str] = set().union(*(by.get(name, ()) for name in names))
    here = facts.school_at[school.urn]
    if here is not None:
        heads = facts.once("heads' own schools", lambda: _own_schools(facts))
        for _, urn in heads.near(here, facts.policy.own_ties.near_km * 1000 + 1):
            out |= by["urn", urn]
    return out


def _ties(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """What a SIP's own school is, or belongs to -> those SIPs; authorities for serving heads only."""
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for sip, row in facts.sips.items():
        la = plain(row.current_la) if row.kind == "serving_head" else ""
        own = ("urn", row.current_urn or ""), ("trust", plain(row.current_trust))
        for name in (*own, ("cluster", plain(row.current_cluster)), ("la", la)):
            if name[1]:
                out[name].add(sip)
    return out


def _own_schools(facts: Facts) -> Grid:
    """The schools of the case that serving heads lead."""
    led = {row.current_urn for row in facts.sips.values() if row.kind == "serving_head" and row.current_urn}
    return Grid({urn: at for urn in led if (at := facts.school_at.get(urn))})
