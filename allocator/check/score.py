"""Tier values of a choice of SIPs, from the case alone: the measure brute force and the auditor share."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest

from allocator.check import structure
from allocator.check.barring import Bars
from allocator.check.derived import ORDER, Book, Post, lot
from allocator.check.earlier import earlier
from allocator.check.points import below_floor, of_pair, sums
from allocator.check.standing import Stand
from allocator.check.structure import Breach, Choice, Key, Short
from allocator.check.team import team, team_costs
from allocator.check.usable import takers, usable
from allocator.domain.case import NEEDS, Case
from allocator.domain.plan import Inputs
from allocator.domain.policy import Policy


@dataclass(frozen=True)
class Score:
    """Tier values in order; `key` is larger for a better plan, the last ties included."""

    tiers: dict[str, int]
    pair_points: int
    team_points: int
    key: tuple[object, ...]


def origin(inputs: Inputs | None) -> tuple[object, ...] | None:
    """What a repair is read from, besides the case that came of it; None for an annual allocation."""
    return (inputs.case, inputs.policy, inputs.changes, inputs.repaired) if inputs and inputs.repaired else None


class Auditor:
    """A case opened once for many scores; with a repair's `inputs`, from *since* on (rules.md, "In the year: a
    repair")."""

    def __init__(self, case: Case, policy: Policy, seed: int = 1, inputs: Inputs | None = None) -> None:
        self.book = b = Book(case, policy)
        self.seed = seed
        floor = {"floor": below_floor} if policy.objective.floor is not None else {}
        self.bars = Bars(b, floor)
        if floor:  # which points decide, and points ask who is of use, the floor aside
            b.useful = frozenset(usable(b, b.year_posts, Bars(b, {}).may))
        self.stand = stand = Stand(b, self.bars, earlier(inputs))
        plain = Bars(b, {}) if floor else self.bars
        plain.holders = stand.holders
        holders = frozenset(stand.holders.values())
        b.useful = holders.union(usable(b, stand.posts, plain.may))
        repaired = inputs.repaired if inputs else None
        self.days_first = repaired is None or repaired.days_first
        self.counts = repaired is not None and not repaired.rebuild
        self.uncounted: set[Key] = set(repaired.uncounted) if repaired else set()
        self.held = set(repaired.held) if repaired else set()
        able = holders.union(usable(b, stand.posts, self.bars.may)) if floor else b.useful
        self.team = team(stand, able, takers(b, stand.posts, self.bars.may))
        self.origin = origin(inputs)
        self._allowed: dict[Key, list[str]] = {}
        self._foremost: dict[Key, list[tuple[int, str]]] = {}
        self._points: dict[tuple[Key, str], dict[str, int]] = {}
        self.protected = {p.key: who for p in stand.posts if p.kind == "lead" and (who := self._bond(p))}

    def _bond(self, p: Post) -> str | None:
        """The incumbent of a lead part at a protected school, where no rule bars them."""
        who = self.stand.holders.get(p.key) if self.stand.earlier else self.book.incumbent(p.urn)
        return who if who and self.book.protected(p.urn) and self.may(p.key, who) else None

    def may(self, key: Key, sip: str) -> bool:
        """Whether the case has this post or part and this SIP, and no rule bars the pair."""
        posts, sips = self.stand.by_key, self.book.sips
        return key in posts and sip in sips and self.bars.may(posts[key], sips[sip])

    def allowed(self, key: Key) -> list[str]:
        """Everybody who may hold a post."""
        if key not in self._allowed:
            self._allowed[key] = self.bars.able(self.stand.by_key[key]) if key in self.stand.by_key else []
        return self._allowed[key]

    def points(self, key: Key, sip: str) -> dict[str, int]:
        """Weighted points of a pair by rule."""
        if (key, sip) not in self._points:
            self._points[key, sip] = of_pair(self.book, self.stand.by_key[key], self.book.sips[sip])
        return self._points[key, sip]

    def foremost(self, key: Key) -> list[tuple[int, str]]:
        """Pair points and SIP of the best two of those who may hold a part; of equals the first."""
        if key not in self._foremost:
            sips = self.allowed(key)
            points = sums(self.book, self.stand.by_key[key], sips)
            self._foremost[key] = nsmallest(2, zip(points, sips, strict=True), key=lambda o: (-o[0], o[1]))
        return self._foremost[key]

    def kept(self) -> dict[Key, str]:
        """Parts that were to stay with their holders, whatever that costs."""
        posts = self.stand.by_key
        stay = {k: who for k, who in self.stand.holders.items() if {k, (posts[k].urn, posts[k].kind)} & self.held}
        return {k: who for k, who in stay.items() if not structure.yields(self.stand, posts[k], who)}

    def breaches(self, choice: Choice, short: Short) -> list[Breach]:
        """Every hard rule that this choice breaks."""
        stand, sips = self.stand, self.book.sips
        out = []
        for key, sip in choice.items():
            post = stand.by_key[key]
            for rule in self.bars.rules(post, sips[sip]):
                out.append(Breach(rule, structure.blocked_text(stand, post, sip, rule), *key, sip))
        for key, q in short.items():
            if q and (key not in choice or q not in stand.by_key[key].trims):
                text = f"{q / 4:g} days short at {key[0]} ({key[1]}) is not a trim that policy allows."
                return [*out, Breach("days", text, *key)]
        for key, who in self.kept().items():
            if choice.get(key) != who:
                out.append(Breach("repair", f"{key[0]} ({key[1]}) was to be held with {who} and is not.", *key, who))
        out += structure.joint(stand, choice)
        return out + list(structure.people(stand, choice, structure.person_loads(stand, choice, short)))

    def score(self, choice: Choice, short: Short, *, checked: bool = False) -> Score | None:
        """The tiers' values, or None when a hard rule is broken (`checked` says that this is known)."""
        if not checked and self.breaches(choice, short):
            return None
        b = self.book
        tiers = {f"1a_{n}": 0 for n in NEEDS} | {"1b": 0, "1c": 0} | {f"1d_{n}": 0 for n in NEEDS}
        for key in choice:
            post = self.stand.by_key[key]
            tiers[{"lead": f"1a_{post.need}", "support": "1b", "appraisal": "1c"}[post.kind]] += 1
            tiers[f"1d_{post.need}"] += short.get(key, 0)
        tiers["2"] = len({key[0] for key, who in self.protected.items() if choice.get(key) != who})
        if self.counts:
            tiers["3"] = len(self.moved(choice))
            if not self.days_first:  # days are trimmed before a bond is broken
                tiers |= {name: tiers.pop(name) for name in [t for t in tiers if t.startswith("1d")]}
        pair_points = sum(sum(self.points(k, s).values()) for k, s in choice.items())
        costs = team_costs(self.team, choice, structure.person_loads(self.stand, choice, short))
        team_points = -sum(costs.values())
        if b.policy.objective.worst_first and any(p.kind == "lead" for p in self.stand.posts):
            tiers["4_worst"] = min(
                (sum(self.points(k, s).values()) for k, s in choice.items() if self.stand.by_key[k].kind == "lead"),
                default=0,
            )
        tiers["4"] = pair_points + team_points
        tiers["5"] = sum(lot(self.seed, u, k, s) for (u, k), s in choice.items())
        return Score(tiers, pair_points, team_points, self._key(tiers, choice, short))

    def moved(self, choice: Choice) -> set[str]:
        """Schools with a kept part, of a post that counts, that its holder does not keep (contract 2)."""
        out = set()
        for key, who in self.stand.holders.items():
            post = self.stand.by_key[key]
            if (post.urn, post.kind) not in self.uncounted and choice.get(key) != who:
                out.add(post.urn)
        return out

    def _key(self, tiers: dict[str, int], choice: Choice, short: Short) -> tuple[object, ...]:
        least = ("1d", "2", "3", "5")
        main = tuple(-v if n.startswith(least) else v for n, v in tiers.items())
        posts = [p.key for p in sorted(self.stand.posts, key=lambda p: (p.urn, ORDER[p.kind], p.part))]
        # larger is better, so an earlier id must compare as larger: its rank from the end
        ranks = {s: n for n, s in enumerate(sorted(self.book.sips, reverse=True))}
        names = tuple(ranks[choice[k]] if k in choice else -1 for k in posts)
        step = max(1, round(self.book.policy.days.trim_step * 4))
        steps = [short.get(k, 0) // step for k in posts]
        return (*main, names, -sum(k * k for k in steps), tuple(-k for k in steps))
