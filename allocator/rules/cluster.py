"""One SIP across a cluster: hard by decision, soft where the cluster asks (domain I1, I3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post, plain
from allocator.rules.base import Draft, Rule, Structure


def members(facts: Facts) -> dict[str, list[str]]:
    """Cluster -> URNs of its schools in the run, sorted; within the year those too whose lead post has ended."""
    return facts.once("clusters", lambda: _members(facts))


def led(facts: Facts) -> set[str]:
    """URNs of the schools with a lead post still to be held."""
    return facts.once("led", lambda: {p.urn for p in facts.posts if p.kind == "lead"})


def _members(facts: Facts) -> dict[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    for post in facts.year_posts:
        name = plain(facts.schools[post.urn].cluster)
        if post.kind == "lead" and name:
            out[name].append(post.urn)
    return out


class Cluster(Rule):
    id = "cluster"
    law = "domain I1, I3, I4"
    title = "Groups of schools"
    meaning = "One SIP across a group of schools, where the group asks for it."

    def structures(self, draft: Draft) -> list[Structure]:
        facts, out = draft.facts, []
        decided = {  # at any member, also one that has no post itself (contract 1)
            plain(s.cluster) for s in facts.schools.values() if facts.decisions("one_sip_for_cluster", s.urn)
        }
        for name, urns in sorted(members(facts).items()):
            posts = tuple((u, "lead") for u in urns)
            if len(urns) < 2:
                continue
            if name in decided:
                out.append(Structure(self.id, "same", posts))
            elif any(facts.schools[u].cluster_wants_one_sip for u in urns):
                out.append(Structure(self.id, "together", posts, price=facts.policy.cluster.price))
        return out

    def met(self, facts: Facts, post: Post, held: Mapping[tuple[str, str], str]) -> bool | None:
        here = led(facts)
        urns = [u for u in members(facts).get(plain(facts.schools[post.urn].cluster), []) if u in here]
        return len({held.get((u, "lead")) for u in urns}) == 1 if len(urns) > 1 else None

    def say(self, facts: Facts, post: Post, sip: Sip, points: int, audience: str) -> str | None:
        school = facts.schools[post.urn]
        urns = members(facts).get(plain(school.cluster), [])
        left = [u for u in urns if u in led(facts)]  # where the others have closed, nothing is met
        if post.kind != "lead" or len(left) < 2 or not any(facts.schools[u].cluster_wants_one_sip for u in urns):
            return None
        if audience == "school":
            return "your cluster asked for one partner"
        return f"the cluster {school.cluster} asked for one SIP" if audience == "manager" else None
