"""Which posts belong together: leads that must have one SIP, and posts that are better kept with one."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.check.derived import Book, norm
from allocator.check.ledger import by, once

Key = tuple[str, str]


@dataclass(frozen=True)
class KeptTogether:
    """Posts of the year better kept together, and what each further SIP costs."""

    rule: str
    posts: tuple[Key, ...]
    price: int


def _clusters(b: Book) -> list[tuple[list[str], list[str]]]:
    """(every school, those with a lead post) of each cluster that has two such."""
    leads = {p.urn for p in b.year_posts if p.kind == "lead"}
    named = by((u for u, s in b.schools.items() if norm(s.cluster)), lambda u: norm(b.schools[u].cluster))
    found = [(urns, sorted(u for u in urns if u in leads)) for urns in named.values()]
    return [(urns, here) for urns, here in found if len(here) > 1] if b.policy.cluster.on else []


@once
def one_lead(b: Book) -> list[tuple[str, list[str]]]:
    """(rule, schools) whose leads must have one SIP."""
    out: list[tuple[str, list[str]]] = []
    if b.policy.shared_head.on:
        leads = sorted(p.urn for p in b.year_posts if p.kind == "lead" and b.schools[p.urn].head)
        out += [("shared_head", urns) for urns in by(leads, lambda u: b.schools[u].head).values() if len(urns) > 1]
    for urns, here in _clusters(b):
        if any(b.decided("one_sip_for_cluster", u) for u in urns):
            out.append(("cluster", here))
    return out


def better(b: Book) -> list[KeptTogether]:
    """Posts that team rules would keep with one SIP."""
    p = b.policy
    posts = {x.key for x in b.year_posts}
    out = []
    for urns, here in _clusters(b):
        wanted = any(b.schools[u].cluster_wants_one_sip for u in here)
        if wanted and not any(b.decided("one_sip_for_cluster", u) for u in urns):
            out.append(KeptTogether("cluster", tuple((u, "lead") for u in here), p.cluster.price))
    couples = {tuple(sorted((u, s.paired_with))) for u, s in b.schools.items() if s.paired_with and s.paired_with != u}
    for one, two in sorted(couples) if p.halves.on else []:
        about = [*b.find.wishes.get(one, ()), *b.find.wishes.get(two, ())]
        objects = any(w.by == "school" and w.wish == "change" for w in about)
        if {(one, "lead"), (two, "lead")} <= posts and not objects:
            out.append(KeptTogether("halves", ((one, "lead"), (two, "lead")), p.halves.price))
    for x in b.year_posts if p.same_appraiser.on else []:
        if x.kind == "appraisal" and b.schools[x.urn].appraisal == "same":
            out.append(KeptTogether("same_appraiser", ((x.urn, "lead"), x.key), p.same_appraiser.price))
    return out
