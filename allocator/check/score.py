"""Tier values of a choice of SIPs, from the case alone: the measure brute force and the auditor share."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.check import structure
from allocator.check.derived import ORDER, Book, lot
from allocator.check.points import below_floor, of_pair
from allocator.check.reach import Bars
from allocator.check.structure import Breach, Choice, Key, Short
from allocator.check.usable import takers, usable
from allocator.domain.case import NEEDS, Case
from allocator.domain.plan import Repaired
from allocator.domain.policy import Policy


@dataclass(frozen=True)
class Score:
    """Tier values in order; `key` is larger for a better plan, the last ties included."""

    tiers: dict[str, int]
    pair_points: int
    team_points: int
    key: tuple[object, ...]


class Auditor:
    """A case opened once for many scores; `repaired` when it goes on from an earlier plan (contract 2, tier 3)."""

    def __init__(self, case: Case, policy: Policy, seed: int = 1, repaired: Repaired | None = None) -> None:
        self.book = b = Book(case, policy, repaired)
        self.seed = seed
        self.holders = b.stand.holders if b.stand else None
        self.days_first = repaired is None or repaired.days_first
        self.counts = repaired is not None and not repaired.rebuild
        self.uncounted: set[Key] = set(repaired.uncounted) if repaired else set()
        self.held = set(repaired.held) if repaired else set()
        self.bars = Bars(b, {})
        b.useful = usable(b, self.bars.may)  # the floor aside, which points decide, and points ask for this
        if policy.objective.floor is not None:
            self.bars = Bars(b, {"floor": below_floor})
        self._allowed: dict[Key, list[str]] = {}
        self.bound, together = structure.groups(b)
        self.team = structure.team(b, usable(b, self.bars.may), takers(b, self.bars.may), together)
        self._points: dict[tuple[Key, str], dict[str, int]] = {}
        self.protected = {}
        for p in b.posts:
            who = b.incumbent(p.urn) if self.holders is None else self.holders.get((p.urn, "lead"))
            if p.kind == "lead" and who and b.protected(p.urn) and self.may(p.key, who):
                self.protected[p.urn] = who

    def may(self, key: Key, sip: str) -> bool:
        """Whether the case has this post and this SIP, and no rule bars the pair."""
        b = self.book
        return key in b.by_key and sip in b.sips and self.bars.may(b.by_key[key], b.sips[sip])

    def allowed(self, key: Key) -> list[str]:
        """Everybody who may hold a post."""
        if key not in self._allowed:
            self._allowed[key] = [sip for sip in self.book.sips if self.may(key, sip)]
        return self._allowed[key]

    def points(self, key: Key, sip: str) -> dict[str, int]:
        """Weighted points of a pair by rule."""
        if (key, sip) not in self._points:
            self._points[key, sip] = of_pair(self.book, self.book.by_key[key], self.book.sips[sip])
        return self._points[key, sip]

    def breaches(self, choice: Choice, short: Short) -> list[Breach]:
        """Every hard rule that this choice breaks."""
        b = self.book
        out = []
        for key, sip in choice.items():
            out += [
                Breach(rule, structure.blocked_text(b, b.by_key[key], sip, rule), *key, sip)
                for rule in self.bars.rules(b.by_key[key], b.sips[sip])
            ]
        for key, q in short.items():
            if q and (key not in choice or q not in b.by_key[key].trims):
                out.append(
                    Breach(
                        "days", f"{q / 4:g} days short at {key[0]} ({key[1]}) is not a trim that policy allows.", *key
                    )
                )
                return out
        for key in sorted(self.held):
            who = (self.holders or {}).get(key)
            if who and self.may(key, who) and choice.get(key) != who:
                out.append(Breach("repair", f"{key[0]} ({key[1]}) was to be held with {who} and is not.", *key, who))
        out += structure.joint(b, choice, self.bound)
        return out + structure.people(b, choice, structure.person_loads(b, choice, short))

    def score(self, choice: Choice, short: Short, *, checked: bool = False) -> Score | None:
        """The tiers' values, or None when a hard rule is broken (`checked` says that this is known)."""
        if not checked and self.breaches(choice, short):
            return None
        b = self.book
        tiers = {f"1a_{n}": 0 for n in NEEDS} | {"1b": 0, "1c": 0} | {f"1d_{n}": 0 for n in NEEDS}
        for (urn, kind), _ in choice.items():
            post = b.by_key[urn, kind]
            tiers[{"lead": f"1a_{post.need}", "support": "1b", "appraisal": "1c"}[kind]] += 1
            tiers[f"1d_{post.need}"] += short.get((urn, kind), 0)
        tiers["2"] = sum(choice.get((urn, "lead")) != who for urn, who in self.protected.items())
        if self.counts:
            tiers["3"] = len(self.moved(choice))
            if not self.days_first:  # days are trimmed before a bond is broken
                tiers |= {name: tiers.pop(name) for name in [t for t in tiers if t.startswith("1d")]}
        pair_points = sum(sum(self.points(k, s).values()) for k, s in choice.items())
        costs = structure.team_costs(b, self.team, choice, structure.person_loads(b, choice, short))
        team_points = -sum(costs.values())
        if b.policy.objective.worst_first and any(p.kind == "lead" for p in b.posts):
            tiers["4_worst"] = min(
                (sum(self.points(k, s).values()) for k, s in choice.items() if k[1] == "lead"), default=0
            )
        tiers["4"] = pair_points + team_points
        tiers["5"] = sum(lot(self.seed, u, k, s) for (u, k), s in choice.items())
        return Score(tiers, pair_points, team_points, self._key(tiers, choice, short))

    def moved(self, choice: Choice) -> set[str]:
        """Schools with a counted baseline post, still possible, that somebody else holds (contract 2)."""
        return {
            urn
            for (urn, kind), sip in (self.holders or {}).items()
            if (urn, kind) not in self.uncounted and self.may((urn, kind), sip) and choice.get((urn, kind)) != sip
        }

    def _key(self, tiers: dict[str, int], choice: Choice, short: Short) -> tuple[object, ...]:
        least = ("1d", "2", "3", "5")
        main = tuple(-v if n.startswith(least) else v for n, v in tiers.items())
        posts = sorted(self.book.by_key, key=lambda k: (k[0], ORDER[k[1]]))
        # larger is better, so an earlier id must compare as larger: its rank from the end
        ranks = {s: n for n, s in enumerate(sorted(self.book.sips, reverse=True))}
        names = tuple(ranks[choice[k]] if k in choice else -1 for k in posts)
        step = max(1, round(self.book.policy.days.trim_step * 4))
        steps = [short.get(k, 0) // step for k in posts]
        return (*main, names, -sum(k * k for k in steps), tuple(-k for k in steps))
