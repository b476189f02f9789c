"""What team rules cost a choice of SIPs: even load, spread, stretched periods, posts better kept together,
handovers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Set
from dataclasses import dataclass

from allocator.check.standing import Stand
from allocator.check.structure import Choice, Key
from allocator.check.together import better


@dataclass(frozen=True)
class HeldAbove:
    """Posts of which each SIP may hold so many, and what each further one costs."""

    rule: str
    posts: set[Key]
    free: dict[str, int]
    price: int


@dataclass(frozen=True)
class Team:
    """What team costs need, worked out once: fair shares, and posts or parts that count together."""

    stand: Stand
    fair: dict[str, int]
    held_above: list[HeldAbove]
    together: list[tuple[str, list[Key], int]]


def team(stand: Stand, usable: Set[str], taken: set[Key]) -> Team:
    """`usable` = SIPs with at least one allowed pair, `taken` = posts and parts with one."""
    b = stand.b
    capacity = {s: b.capacity(b.sips[s]) for s in usable}
    given = {s: sum(stand.spent(s)) for s in usable}
    whole, due = sum(capacity.values()), sum(p.due for p in stand.posts if p.key in taken) + sum(given.values())

    def shares(amount: int) -> dict[str, int]:
        return {s: (amount * c + whole - 1) // whole for s, c in capacity.items()} if whole else {}

    fair = shares(due) if b.policy.balance.on and b.policy.capacity.on else {}
    fair = {s: max(0, free - given[s]) for s, free in fair.items()}
    held_above = []
    last = [parts[-1] for (_, kind), parts in stand.parts.items() if kind == "lead"]
    for needs in ({"raised", "high", "top"}, {"low"}) if b.policy.spread.on else ():
        posts = {p.key for p in last if p.need in needs and p.key in taken}
        held_above.append(HeldAbove("spread", posts, shares(len(posts)), b.policy.spread.price))
    return Team(stand, fair, held_above, _together(stand))


def _together(stand: Stand) -> list[tuple[str, list[Key], int]]:
    """Groups as they stand on the day on which the first of their posts ends, and the parts of each post."""
    out = []
    ends = {p.key: p.end for p in stand.b.year_posts}
    for g in better(stand.b):
        posts = [k for k in g.posts if k in stand.parts]
        if len(posts) > 1:
            day = min(ends[k] for k in posts)
            out.append((g.rule, [key for k in posts if (key := stand.at(k, day))], g.price))
    price = stand.b.policy.repair.handover
    return out + [("handover", [p.key for p in parts], price) for parts in stand.parts.values() if len(parts) > 1]


def team_costs(t: Team, choice: Choice, loads: dict[str, list[int]]) -> dict[str, int]:
    """Points lost by each team rule; rules that cost nothing are left out."""
    b, cost = t.stand.b, defaultdict[str, int](int)
    for sip, free in t.fair.items():
        cost["balance"] += b.policy.balance.price * max(0, sum(loads[sip]) - free)
    for a in t.held_above:
        holding = Counter(choice[key] for key in a.posts if key in choice)
        for sip, free in a.free.items():
            cost[a.rule] += a.price * max(0, holding[sip] - free)
    if b.policy.capacity.on:
        for sip, row in b.sips.items():
            for n, limit in enumerate(b.limits(row)):
                if limit is not None:
                    left = max(0, limit - t.stand.spent(sip)[n])
                    cost["stretch"] += b.policy.capacity.stretch_price * max(0, loads[sip][n] - left)
    for rule, keys, price in t.together:
        who = {choice[k] for k in keys if k in choice}
        cost[rule] += price * max(0, len(who) - 1)
    return {rule: c for rule, c in cost.items() if c}
