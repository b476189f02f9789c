"""What would fill an empty post: the smallest changes from the policy's menu, each tried before it is offered
(contract 2).

A model with gates finds candidates, fewest changes first. Each is then applied and solved, as a manager would;
what does not fill the post that it is offered for, or costs another one its SIP, is not offered.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf
from time import monotonic

from allocator.allocate import Key, Setup
from allocator.domain import tiers
from allocator.domain.change import apply
from allocator.domain.change_args import Change
from allocator.domain.plan import Fix
from allocator.engine import instance as en
from allocator.engine.instance import Solution
from allocator.engine.method import solve
from allocator.engine.relax import ALL, Demand, Gated, Gates
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import AllocatorError
from allocator.reasons.area import held_still
from allocator.reasons.clash import WORK, Allowance, Board, barred, filled_in, floors, pair
from allocator.reasons.remedies import NEW, Remedy, lifts, new_sip, of_gate

MOST_FIXES = 3
CANDIDATES = 8  # so many are tried for one post at most
SHARE = 6.0  # deterministic work for all trials of a plan: some seconds; one costs what it took, and its setting up
TELLING = 1.0  # seconds in which causes may be looked for after a search that took all the time it had
MANY = 10_000  # pairs of a county, whose manager would wait a second or two for each: one is tried
SETTING_UP = 2e-5  # of that work, for each pair
COST, DEAR = 2, 4  # a new person is the last resort: as dear as two changes of those already there
Changes = tuple[Change, ...]
TOLD = {  # change -> where it says from which day it tells
    "sip_joins": "joined_on",
    "days": "on",
    "max_schools": "on",
    "min_schools": "on",
    "check": "on",
    "unlock": "on",
    "decision": "on",
    "budget": "from",
}


class Workshop:
    """Tries fixes for the posts that a plan leaves empty, within a bound of work for all of them together."""

    def __init__(self, ready: Setup, solution: Solution, stop: Stop | None = None) -> None:
        self.ready, self.solution = ready, solution
        event = stop.event if stop else None
        until = inf if stop is None or stop.seconds is None else monotonic() + stop.seconds
        self.trials = Allowance(SHARE, event, until)
        self.clashes = Allowance(event=event, until=max(until, monotonic() + TELLING))
        self.over = False  # whether the post last looked at was given up for want of work
        self.filled = filled_in(ready, solution)
        self.held = {ready.choices[i][:2] for i in solution.chosen}

    def mends(self, where: Setup, key: Key) -> tuple[Fix, ...]:
        """Up to MOST_FIXES changes that fill this post. `where`: the setup, or the area, in which its clash was
        found."""
        self.over = False
        found: list[Fix] = []
        board = held_still(self.ready, where, self.solution) if where.cut else where
        for remedies in () if self.trials.over else self._candidates(board, key):
            if len(found) == MOST_FIXES or self.trials.over:
                break
            if fix := self._tried(key, remedies):
                found.append(fix)
            if len(self.ready.inst.pairs) > MANY:
                self.trials.left = 0
        self.over = self.trials.over and len(found) < MOST_FIXES
        return tuple(found)

    def _candidates(self, ready: Setup, key: Key) -> list[list[Remedy]]:
        """Smallest sets of remedies by the model with gates: fewest changes, then fewest days. It knows no points, and
        takes a gate that is opened for gone; so each is only a candidate."""
        model = _widened(ready, key)
        if not model.board.items:
            return []
        demand = Demand((ready.post_index[key],), floors(ready, self.filled, key, strict=True))
        gated = Gated(model.inst, model.gates, demand, model.extra, self.trials.at_most(WORK))
        costs = {g: DEAR if item[0] == NEW else COST for g, item in enumerate(model.board.items)}
        found = gated.fixes(costs, 1, CANDIDATES)
        self.trials.left -= gated.clock.work
        return [[_remedy(ready, key, model.board.items[g], extra) for g in opened] for opened, extra in found]

    def _tried(self, key: Key, remedies: Sequence[Remedy]) -> Fix | None:
        """The fix, if the post is then filled and no tier of posts is worse; with a lock where others wait for the
        same."""
        post, stand = self.ready.pairs.posts[key], self.ready.facts.standing
        on = stand.since if stand else None
        changes: Changes = tuple(dated(change, on) for r in remedies for change in r.changes)
        said = "; and ".join(r.text for r in remedies)
        after = self._solved(changes, key)
        if after is None:
            return None
        if not after[1]:
            after = self._solved(changes, key, whole=True)
            if after is None:
                return None
            holder, _, elsewhere = after
            changes += ({"lock": {"urn": key[0], "sip": holder, "post": post.kind}},)
            if (
                self._solved(changes, key) is None
            ):  # a lock holds at each part of the post, also where days do not reach
                return None
            name = next((r.name for r in remedies if r.sip == holder), None) or self.ready.facts.sips[holder].name
            said += (
                f"; and lock {name} to {self.ready.facts.name(key[0])}, as another "
                f"{'school' if elsewhere else 'part of its year'} without a SIP could else come first"
            )
        return Fix(text=f"{said[:1].upper()}{said[1:]}.", changes=changes)

    def _solved(self, changes: Changes, key: Key, whole: bool = False) -> tuple[str, bool, bool] | None:
        """Who then holds the post (of the best plan with it, if `whole`), whether that is sure, since no post like it
        stays empty, and whether one of another school does; None when it does not come to that."""
        post = self.ready.pairs.posts[key]
        try:
            again = self.ready.again(*apply(self.ready.facts.case, self.ready.facts.policy, changes))
            self.trials.left -= SETTING_UP * len(again.inst.pairs)
            now = [
                p for p in again.parts.of.get((post.urn, post.kind), ()) if p.start <= post.end and post.start <= p.end
            ]
            if not now or now[0].start > post.start or now[-1].end < post.end:
                return None
            asked = _asked(again, [p.key for p in now], whole)
            found = solve(asked, self.trials.at_most(SHARE), settle=False)
        except (AllocatorError, Conflict):
            return None
        self.trials.left -= found.deterministic_time
        if found.status == "stopped":
            return None
        holders = {again.choices[i][:2]: again.choices[i][2] for i in found.chosen}
        was, then = self._empties(self.ready, self.held), self._empties(again, set(holders))
        better = any(then[n] < was[n] for n in was) and all(then[n] <= was[n] for n in was)
        if not better or not all(p.key in holders for p in now):
            return None
        mine = next(t for t in again.inst.tiers if again.post_index[now[0].key] in t.filled)
        waiting = [k for k, n in again.post_index.items() if n in mine.filled and k not in holders]
        return holders[now[0].key], not waiting, any(k[0] != key[0] for k in waiting)

    def _empties(self, where: Setup, held: Collection[Key]) -> dict[str, int]:
        """Of the parts asked about, by tier, those of which somebody is missing for a time; `where` may cut them
        otherwise."""

        def whole(key: Key) -> bool:
            post = self.ready.pairs.posts[key]
            pieces = where.parts.of.get((post.urn, post.kind), ())
            return all(p.key in held for p in pieces if p.start <= post.end and post.start <= p.end)

        empty = {n for k, n in self.ready.post_index.items() if not whole(k)}
        return {t.name: len(empty & t.filled.keys()) for t in self.ready.inst.tiers if t.name in tiers.FILLED}


def dated(change: Change, on: dt.date | None) -> Change:
    """The change told from the day from which the plan was made: without a day it would tell on that of the last
    event, which may be later, and what is left to give would be other days than those tried. What was said at its
    own time (an interest, a school's answer) keeps it."""
    ((kind, said),) = change.items()
    if on is None or kind not in TOLD:
        return change
    return {kind: {**said, TOLD[kind]: on.isoformat()}}


def _asked(ready: Setup, keys: Sequence[Key], whole: bool) -> en.Instance:
    """The instance in which, of plans that fill as many posts in each tier, those that fill these come first; what
    comes after is left out unless `whole`, but for who stays."""
    posts = tuple(t for t in ready.inst.tiers if t.name in tiers.FILLED)
    mine = en.Tier("this one", "most", filled={ready.post_index[k]: 1 for k in keys})
    stays = ready.holders is not None  # in a repair, and then few pairs are looked at (`engine/unmoved.py`)
    rest = (t for t in ready.inst.tiers if t not in posts and not t.lot and (whole or (stays and t.broken)))
    return replace(ready.inst, tiers=(*posts, mine, *rest))


@dataclass(frozen=True)
class _Model:
    """The instance widened by what may be lifted, and its gates."""

    inst: en.Instance
    gates: Gates
    board: Board
    extra: Mapping[int, int]


def _widened(ready: Setup, key: Key) -> _Model:
    facts, inst, board = ready.facts, ready.inst, Board()
    menu, most = set(facts.policy.fixes.menu), math.floor(facts.policy.fixes.most_days * 4)
    pairs, people = list(inst.pairs), list(inst.people)
    gates: dict[int, tuple[int, ...]] = {}
    for choice, blocks in barred(ready, {key[0]}):
        lifted = [lifts(ready, choice, rule) for rule, _ in blocks]
        if all(what in menu for what in lifted):
            gates[len(pairs)] = tuple(board.gate((str(what), choice[0], choice[2])) for what in lifted)
            pairs.append(pair(ready, choice))
    asked = {
        n: board.gate(("ask_lead_appraisal", key[0], None))
        for n, (_, post) in enumerate(inst.different)
        if post == ready.post_index[key] and ready.pairs.posts[key].kind == "appraisal" and "ask_lead_appraisal" in menu
    }
    if NEW in menu:
        gates[len(pairs)] = (board.gate((NEW, key[0], None)),)
        pairs.append(en.Pair(ready.post_index[key], len(people), (0,) * inst.width))
        people.append(en.Person("", ()))
    some = list(enumerate(inst.people))
    days = {
        (s, n): board.gate(("days", None, p.key))
        for s, p in some
        for n, x in enumerate(p.limits)
        if x.resource == 0 and "days" in menu
    }
    fewest = {s: board.gate(("min_schools", None, p.key)) for s, p in some if p.at_least > 1 and "min_schools" in menu}
    counts = {
        s: board.gate(("max_schools", None, p.key)) for s, p in some if p.at_most is not None and "max_schools" in menu
    }
    fixed = {i: board.gate(("unlock", *ready.choices[i][::2])) for i in inst.fixed if "unlock" in menu}
    budget = None if inst.most_load is None or "budget" not in menu else board.gate(("budget", None, None))
    extra = {s: most for s, _ in days}
    if budget is not None:
        extra[ALL] = sum(p.load[0] for p in pairs)
    every = Gates(
        len(board.items),
        gates,
        days,
        counts,
        fewest,
        different=asked,
        fixed=fixed,
        most_load=budget,
    )
    return _Model(replace(inst, pairs=tuple(pairs), people=tuple(people)), every, board, extra)


def _remedy(ready: Setup, key: Key, item: tuple[str, str | None, str | None], extra: Mapping[int, int]) -> Remedy:
    what, urn, sip = item
    if what == NEW:
        return new_sip(ready, key)
    units = extra.get(ALL, 0) if what == "budget" else extra.get(ready.person_index[sip], 0) if sip else 0
    return of_gate(ready, what, urn, sip, Fraction(units, 4))
