"""Rules over several pairs at once: locks, shared heads, different people, counts, capacity, team costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from allocator.check.derived import Book, Post, dec, floor, norm
from allocator.check.ledger import by

Key = tuple[str, str]
Choice = Mapping[Key, str]
Short = Mapping[Key, int]


@dataclass(frozen=True)
class Breach:
    """A rule broken, or a figure that does not agree, in words."""

    rule: str
    text: str
    urn: str | None = None
    post: str | None = None
    sip: str | None = None


def groups(b: Book) -> tuple[list[tuple[str, list[str]]], list[tuple[str, list[Key], int]]]:
    """(schools bound to one lead, by rule) and (posts better kept together, with the price)."""
    p = b.policy
    leads = [x.urn for x in b.posts if x.kind == "lead"]
    heads: dict[str, list[str]] = defaultdict(list)
    clusters: dict[str, list[str]] = defaultdict(list)
    for urn in leads:
        if b.schools[urn].head:
            heads[b.schools[urn].head or ""].append(urn)
        if norm(b.schools[urn].cluster):
            clusters[norm(b.schools[urn].cluster)].append(urn)
    bound = [("shared_head", urns) for urns in heads.values() if len(urns) > 1 and p.shared_head.on]
    together: list[tuple[str, list[Key], int]] = []
    one_sip = {norm(s.cluster) for u, s in b.schools.items() if b.decided("one_sip_for_cluster", u)}
    for name, urns in clusters.items() if p.cluster.on else []:
        if len(urns) > 1 and name in one_sip:
            bound.append(("cluster", urns))
        elif len(urns) > 1 and any(b.schools[u].cluster_wants_one_sip for u in urns):
            together.append(("cluster", [(u, "lead") for u in urns], p.cluster.price))
    if p.halves.on:
        couples = {
            tuple(sorted((u, s.paired_with))) for u, s in b.schools.items() if s.paired_with and s.paired_with != u
        }
        for one, two in sorted(couples):
            about = [*b.find.wishes.get(one, ()), *b.find.wishes.get(two, ())]
            objects = any(w.by == "school" and w.wish == "change" for w in about)
            if (one, "lead") in b.by_key and (two, "lead") in b.by_key and not objects:
                together.append(("halves", [(one, "lead"), (two, "lead")], p.halves.price))
    if p.same_appraiser.on:
        for x in b.posts:
            if x.kind == "appraisal" and b.schools[x.urn].appraisal == "same":
                together.append(("same_appraiser", [(x.urn, "lead"), (x.urn, "appraisal")], p.same_appraiser.price))
    return bound, together


def locks(b: Book) -> set[tuple[str, str, str]]:
    if not b.policy.decision.on:
        return set()
    return {
        (d.urn, d.post or "lead", d.sip)
        for d in b.case.decisions
        if d.decision == "lock" and d.sip and (d.until is None or d.until >= b.first)
    }


def joint(b: Book, choice: Choice, bound: list[tuple[str, list[str]]]) -> list[Breach]:
    """Breaches of locks, one-lead groups, different-person rules and reciprocal pairs."""
    out = []
    for urn, kind, sip in sorted(locks(b)):
        if choice.get((urn, kind)) != sip:
            out.append(Breach("decision", f"The lock of {sip} to {urn} ({kind}) is not kept.", urn, kind, sip))
    for rule, urns in bound:
        who = {choice.get((u, "lead")) for u in urns}
        if len(who) > 1:
            out.append(
                Breach(rule, f"Schools {', '.join(urns)} must have one lead SIP, or none of them one.", urns[0], "lead")
            )
    for p in b.posts:
        lead, here = choice.get((p.urn, "lead")), choice.get(p.key)
        if here is None or here != lead:
            continue
        if p.kind == "appraisal" and b.policy.appraisal.on and b.schools[p.urn].appraisal == "different":
            out.append(
                Breach("appraisal", f"School {p.urn} asked for a different SIP at the appraisal.", p.urn, p.kind, here)
            )
        if p.kind == "support" and b.policy.separation.on:
            out.append(
                Breach("separation", f"Support at {p.urn} must be kept apart from its lead.", p.urn, p.kind, here)
            )
    if b.policy.reciprocal.on:
        out += reciprocal(b, choice)
    return out


def reciprocal(b: Book, choice: Choice) -> list[Breach]:
    heads = {s: r.current_urn for s, r in b.sips.items() if r.kind == "serving_head" and r.current_urn}
    visits = {(urn, sip) for (urn, _), sip in choice.items() if sip in heads}
    leads = by(heads.items(), lambda head: head[1])
    carries: dict[str, list[str]] = {}  # URN -> schools that are it, or carry it on
    for u, olds in b.old.items():
        for old in olds:
            carries.setdefault(old, []).append(u)
    out = []
    for urn, sip in sorted(visits):
        for other, _ in (head for old in b.old[urn] for head in leads.get(old, ())):
            mine = carries.get(heads[sip] or "", ())
            if sip < other and any((u, other) in visits for u in mine):
                out.append(Breach("reciprocal", f"{sip} and {other} are SIP to each other's schools.", urn, None, sip))
    return out


def person_loads(b: Book, choice: Choice, short: Short) -> dict[str, list[int]]:
    """SIP -> quarter-days by period."""
    out = {s: [0, 0, 0, 0] for s in b.sips}
    for key, sip in choice.items():
        for n, q in enumerate(b.loads(b.by_key[key], b.sips[sip], short.get(key, 0))):
            out[sip][n] += q
    return out


def people(b: Book, choice: Choice, loads: dict[str, list[int]]) -> list[Breach]:
    """Breaches of year and period capacity, and of the counts of schools led."""
    out = []
    c = b.policy.capacity
    # what stands before a repair may already be over a limit; only what is added is judged
    added, given = sum(map(sum, loads.values())), sum(sum(b.spent(s)) for s in everyone(b))
    cap = b.policy.budget.days
    if cap is not None and added > max(0, floor(4 * dec(cap)) - given):
        out.append(Breach("budget", f"The budget is {cap:g} days; the plan takes {(added + given) / 4:g}."))
    for sip, row in b.sips.items() if c.on else ():
        used, settled = loads[sip], b.spent(sip)
        whole, taken = b.capacity(row), sum(used) + sum(settled)
        if sum(used) > max(0, whole - sum(settled)):
            text = f"{row.name} has {whole / 4:g} days; the plan takes {taken / 4:g}."
            out.append(Breach("capacity", text, sip=sip))
        for n, most_days in enumerate(b.limits(row)):
            if most_days is not None and used[n] > max(0, b.hard(most_days) - settled[n]):
                period = ("autumn_1", "autumn_2", "spring", "summer")[n]
                text = (
                    f"{row.name} has {most_days / 4:g} days in {period}; the plan takes {(used[n] + settled[n]) / 4:g}."
                )
                out.append(Breach("capacity", text, sip=sip))
    leading = Counter(s for (_, kind), s in choice.items() if kind == "lead")
    for sip, row in b.sips.items():
        led = leading[sip]
        most = c.max_schools.get(row.kind, 15) if row.max_schools is None else row.max_schools
        least = c.min_schools.get(row.kind, 0) if row.min_schools is None else row.min_schools
        if b.policy.portfolio.on and (led > most or 0 < led < least):
            out.append(Breach("portfolio", f"{row.name} leads {led} schools; {least} to {most} are allowed.", sip=sip))
    return out


def everyone(b: Book) -> set[str]:
    """SIPs of the case, and those with settled time who are no longer in it."""
    return set(b.sips) | ({k.sip for k in b.stand.fixed} if b.stand else set())


@dataclass(frozen=True)
class Team:
    """What team costs need, worked out once for a case: fair shares and the groups."""

    fair: dict[str, int]
    allowance: list[tuple[set[Key], dict[str, int]]]
    together: list[tuple[str, list[Key], int]]


def team(b: Book, usable: set[str], taken: set[Key], together: list[tuple[str, list[Key], int]]) -> Team:
    """`usable` = SIPs with at least one allowed pair, `taken` = posts with one."""
    wanted = [p for p in b.posts if p.key in taken]
    capacity = {s: b.capacity(b.sips[s]) for s in usable}
    given = {s: sum(b.spent(s)) for s in usable}
    whole, due = sum(capacity.values()), sum(p.due for p in wanted) + sum(given.values())

    def shares(amount: int) -> dict[str, int]:
        return {s: (amount * c + whole - 1) // whole for s, c in capacity.items()} if whole else {}

    fair = shares(due) if b.policy.balance.on and b.policy.capacity.on else {}
    fair = {s: max(0, free - given[s]) for s, free in fair.items()}
    allowance = []
    for needs in ({"raised", "high", "top"}, {"low"}) if b.policy.spread.on else ():
        posts = {p.key for p in wanted if p.kind == "lead" and p.need in needs}
        allowance.append((posts, shares(len(posts))))
    return Team(fair, allowance, together)


def team_costs(b: Book, t: Team, choice: Choice, loads: dict[str, list[int]]) -> dict[str, int]:
    """Points lost by each team rule; rules that cost nothing are left out."""
    cost: dict[str, int] = defaultdict(int)
    for sip, free in t.fair.items():
        cost["balance"] += b.policy.balance.price * max(0, sum(loads[sip]) - free)
    for posts, free_of in t.allowance:
        holding = Counter(choice[key] for key in posts if key in choice)
        for sip, free in free_of.items():
            cost["spread"] += b.policy.spread.price * max(0, holding[sip] - free)
    if b.policy.capacity.on:
        for sip, row in b.sips.items():
            for n, limit in enumerate(b.limits(row)):
                if limit is not None:
                    left = max(0, limit - b.spent(sip)[n])
                    cost["stretch"] += b.policy.capacity.stretch_price * max(0, loads[sip][n] - left)
    for rule, keys, price in t.together:
        who = {choice[k] for k in keys if k in choice}
        cost[rule] += price * max(0, len(who) - 1)
    return {rule: c for rule, c in cost.items() if c}


def blocked_text(b: Book, p: Post, sip: str, rule: str) -> str:
    return f"{b.sips[sip].name} ({sip}) may not hold {p.kind} at {b.schools[p.urn].name} ({p.urn}): {rule}."
