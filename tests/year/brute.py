"""The best plan within a year by trying them all, day by day, written from docs/reference/rules.md for these tests alone.

What the page says of a year as a whole (its posts, their days, rules and points of a pair) is read by the auditor's tables;
everything under "In the year: a repair" is reckoned here afresh, from an array of the year's days.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from allocator.check.derived import Book, Post
from allocator.check.points import below_floor, of_pair
from allocator.check.reach import in_force
from allocator.domain.case import NEEDS, Case, Sip
from allocator.domain.change import apply
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy

KINDS = ("lead", "support", "appraisal")
DAY = dt.timedelta(days=1)


@dataclass
class Part:
    urn: str
    kind: str
    number: int
    days: list[dt.date]
    holder: str | None
    first: bool  # of its run of open days
    post: Post
    split: list[int] = field(default_factory=list)
    shares: list[Fraction] = field(default_factory=list)
    floor: int = 0

    @property
    def name(self) -> str:
        return self.kind if self.number == 1 else f"{self.kind}/{self.number}"

    @property
    def key(self) -> tuple[str, str]:
        return self.urn, self.name


@dataclass
class Best:
    """Tier values in order, who holds which part, quarter-days short, and what `key` compares."""

    tiers: dict[str, int]
    choice: dict[tuple[str, str], str]
    short: dict[tuple[str, str], int]
    key: tuple[object, ...]


def remainders(total: int, shares: list[Fraction]) -> list[int]:
    whole = sum(shares)
    if whole == 0:
        return [0 for _ in shares]
    out = [math.floor(total * s / whole) for s in shares]
    order = sorted(range(len(shares)), key=lambda n: (-(total * shares[n] / whole - out[n]), n))
    for n in order[: total - sum(out)]:
        out[n] += 1
    return out


def quarters(days: float) -> int:
    return math.floor(Fraction(str(days)) * 4 + Fraction(1, 2))


class Year:
    """The year after `changes`, gone on from `before`; what `plan` says of itself is only since, order and exceptions."""

    def __init__(self, case: Case, policy: Policy, before: Plan, plan: Plan) -> None:
        r = plan.inputs.repaired
        assert r is not None
        self.b, self.case, self.policy, self.r = Book(case, policy), case, policy, r
        self.seed = plan.made_with.seed
        self.since = r.since
        world = apply(
            Case.model_validate(before.inputs.case), Policy.model_validate(before.inputs.policy), before.inputs.changes
        )
        self.accepted = {(s.sip, *run) for s in case.sips for run in self.away(world[0], s.sip)}
        self.year = {p.key: p for p in self.b.year_posts}
        self.tests = in_force(self.b)
        if policy.objective.floor is not None:
            self.tests["floor"] = below_floor
        self.books: dict[tuple[int, ...], Book] = {}
        self.held: dict[tuple[str, str], dict[dt.date, str]] = {}
        self.past: dict[tuple[str, str], list[tuple[str, dt.date, list[int], int]]] = {}
        self.awaited: dict[tuple[str, str], dict[dt.date, dt.date]] = {}  # days before a SIP joins -> the day they do
        self.read(before)
        self.b.useful = frozenset(s for s in self.b.sips if any(self.fit(p, s) for p in self.year.values()))
        self.parts = self.all_parts()
        self.b.useful = frozenset(
            s for s in self.b.sips if any(p.holder == s or self.fit(self.at(p), s, p) for p in self.parts)
        )
        self.may = {p.key: [s for s in sorted(self.b.sips) if self.allowed(p, s)] for p in self.parts}

    # -- what went before ----------------------------------------------------------------------------------

    def away(self, case: Case, sip: str) -> list[tuple[dt.date, dt.date]]:
        days = {
            a.away_from + n * DAY
            for a in case.absences
            if a.sip == sip
            for n in range((a.away_to - a.away_from).days + 1)
        }
        starts = sorted(d for d in days if d - DAY not in days)
        return [(d, next(d + n * DAY for n in itertools.count() if d + (n + 1) * DAY not in days)) for d in starts]

    def read(self, before: Plan) -> None:
        have = {x.urn for x in before.assignments}
        heir = {}
        for urn in sorted(have - set(self.b.schools)):
            heirs = sorted(u for u in self.b.schools if urn in self.b.old[u] and u not in have)
            heir[urn] = heirs[0] if heirs else urn
        for x in sorted(before.assignments, key=lambda x: x.from_):
            key = (heir.get(x.urn, x.urn), str(x.post))
            post = self.year.get(key)
            days = [x.from_ + n * DAY for n in range((x.to - x.from_).days + 1)]
            kept = [d for d in days if post is None or post.begin <= d <= post.end]
            mine = self.held.setdefault(key, {})
            s = self.b.sips.get(x.sip)
            in_time = not self.policy.availability.on or x.from_ <= self.b.on(self.policy.calendar.latest_start)
            if s and post and s.joined_on == x.from_ <= post.end and in_time:
                free = x.from_ - DAY
                while free >= post.begin and free not in mine:
                    mine[free] = x.sip
                    self.awaited.setdefault(key, {})[free] = x.from_
                    free -= DAY
            for d in kept:
                mine[d] = x.sip
            gone = [d for d in kept if d < self.since]
            if not gone:
                continue
            q = [quarters(v) for v in x.periods.model_dump().values()]
            if gone != days:
                worked = [w for w in self.case.worked if w.sip == x.sip]
                exact = [Fraction(0)] * 4
                for n in range(4):
                    inside = [d for d in days if self.period(d) == n and self.planned(d)]
                    if inside:
                        exact[n] = Fraction(q[n] * len([d for d in inside if d in set(gone)]), len(inside))
                if worked:
                    exact = [Fraction(0)] * 4
                    for w in worked:
                        if (w.urn, str(w.post)) == key and x.from_ <= w.on < self.since:
                            exact[self.period(w.on)] += Fraction(str(w.days)) * 4
                q = [math.floor(v + Fraction(1, 2)) for v in exact]
            self.past.setdefault(key, []).append((x.sip, gone[0], q, quarters(x.extra_days)))

    def period(self, day: dt.date) -> int:
        return max([n for n, (start, _) in enumerate(self.b.bounds()) if start <= day], default=0)

    def planned(self, day: dt.date) -> bool:
        return any(a <= day <= z for a, z in self.b.bounds())

    def spent(self, sip: str) -> list[int]:
        out = [0, 0, 0, 0]
        for rows in self.past.values():
            for who, start, q, extra in rows:
                if who == sip:
                    out = [a + b for a, b in zip(out, q, strict=True)]
                    out[self.period(start)] += extra
        return out

    # -- parts -----------------------------------------------------------------------------------------------

    def barred(self, post: Post, sip: str, day: dt.date) -> list[object]:
        """What bars a holder on a day; one name on all the days of one bar."""
        s, out = self.b.sips.get(sip), list[object]()
        if s is None:
            return ["gone"]
        if "availability" in self.tests:
            away = [r for r in self.away(self.case, sip) if (sip, *r) not in self.accepted]
            out += ["status"] * (s.status not in (None, "active")) + [r for r in away if r[0] <= day <= r[1]]
            late = s.joined_on and s.joined_on > self.b.on(self.policy.calendar.latest_start)
            out += ["joins"] * bool(late and s.joined_on and day < s.joined_on)
            out += [n for n, e in (("leaves", s.leaves_on), ("contract", s.contract_ends)) if e and day > e]
        if "dbs" in self.tests:
            if not s.dbs_checked_on and not s.dbs_valid_until:
                out.append("never checked")
            out += ["not checked yet"] * bool(s.dbs_checked_on and day < s.dbs_checked_on)
            out += ["lapsed"] * bool(s.dbs_valid_until and day > s.dbs_valid_until)
        for rule, test in self.tests.items():
            spared = rule == "tenure" and self.policy.tenure.sole_specialist == "extend"
            book = self.b if rule == "floor" else self.told(day)
            if rule not in ("availability", "dbs") and not spared and test(book, post, s):
                return [*out, "by the tables"]
        return out

    def told(self, day: dt.date) -> Book:
        """The tables as they stand that day."""
        late: dict[str, list[Any]] = {
            "refusals": [r for r in self.case.refusals if r.on and r.on > day],
            "interests": [i for i in self.case.interests if i.declared_on and i.declared_on > day],
            "needs": [n for n in self.case.needs if n.on > day],
            "decisions": [d for d in self.case.decisions if d.decision == "forbid" and d.on > day],
        }
        size = tuple(map(len, late.values()))
        if size not in self.books:
            tables = {t: tuple(r for r in getattr(self.case, t) if r not in rows) for t, rows in late.items()}
            self.books[size] = Book(self.case.model_copy(update=tables), self.policy)
        return self.books[size]

    def all_parts(self) -> list[Part]:
        cuts: dict[tuple[str, str], set[dt.date]] = {k: set() for k in self.year}
        while True:
            found = {k: self.parts_of(p, cuts[k]) for k, p in self.year.items()}
            size = sum(map(len, cuts.values()))
            if not self.r.rebuild:
                for group in self.groups():
                    for one, other in itertools.permutations(group, 2):
                        for part in found[one]:
                            cuts[other] |= {part.days[0], part.days[-1] + DAY}
            if sum(map(len, cuts.values())) == size:
                break
        out = []
        for key, parts in found.items():
            self.share_out(self.year[key], parts)
            out += parts
        return sorted(out, key=lambda p: (p.urn, KINDS.index(p.kind), p.number))

    def parts_of(self, post: Post, cuts: set[dt.date]) -> list[Part]:
        start = max(self.since, post.begin)
        days = [start + n * DAY for n in range((post.end - start).days + 1)]
        who = {d: self.held.get(post.key, {}).get(d) for d in days}
        if self.r.rebuild:
            who = dict.fromkeys(days)
        bad: dict[tuple[str, dt.date], list[object]] = {}
        spans: list[tuple[str | None, list[dt.date]]] = []
        waits: dict[dt.date, list[object]] = {}  # what bars, from that day to the one on which who is awaited joins
        for d in reversed(days):
            sip, begins_on = who[d], self.awaited.get(post.key, {}).get(d)
            if sip and (sip, d) not in bad:
                bad[sip, d] = self.barred(post, sip, d)
            if sip and begins_on:
                known = d + DAY in waits and d + DAY < begins_on
                later = waits[d + DAY] if known else self.barred(post, sip, begins_on)
                waits[d] = [x for x in later if x in bad[sip, d]]
        for d in days:
            sip, begins_on = who[d], self.awaited.get(post.key, {}).get(d)
            if sip and begins_on and self.barred(post, sip, begins_on):
                if not waits[d]:  # awaited in vain, and not told yet
                    continue
                sip = None
            elif sip and not begins_on and bad[sip, d]:
                sip = None
            if spans and spans[-1][0] == sip and spans[-1][1][-1] + DAY == d:
                spans[-1][1].append(d)
            else:
                spans.append((sip, [d]))
        late = self.b.on(self.policy.calendar.latest_start)
        joins = {
            s.joined_on for s in self.case.sips if s.status in (None, "active") and s.joined_on and s.joined_on > late
        }
        out: list[Part] = []
        for sip, run in spans:
            at = run[:1] + [d for d in run[1:] if not self.r.rebuild and (d in cuts or (sip is None and d in joins))]
            for n, (a, z) in enumerate(zip(at, [*at[1:], run[-1] + DAY], strict=True)):
                mine = [d for d in run if a <= d < z]
                begins = self.b.sips[sip].joined_on if sip and "availability" in self.tests else None
                if not begins or mine[-1] >= begins:  # else kept for one who joins after its end
                    out.append(Part(*post.key, len(out) + 1, mine, sip, n == 0, post))
        return out

    def share_out(self, post: Post, parts: list[Part]) -> None:
        past = self.past.get(post.key, [])
        if not parts:
            return
        if not past and len(parts) == 1 and (parts[0].days[0], parts[0].days[-1]) == (post.begin, post.end):
            parts[0].split = list(post.periods)
            return
        given = sum(sum(q) for _, _, q, _ in past)
        for p in parts:
            p.shares = []
            for n, (a, z) in enumerate(self.b.bounds()):
                whole = (z - a).days + 1
                p.shares.append(
                    Fraction(post.periods[n] * len([d for d in p.days if a <= d <= z]), whole)
                    if whole > 0
                    else Fraction(0)
                )
        if not any(any(p.shares) for p in parts):
            parts[0].shares[self.period(parts[0].days[0])] = Fraction(1)
        cells = remainders(max(0, post.due - given), [s for p in parts for s in p.shares])
        for n, p in enumerate(parts):
            p.split = cells[4 * n : 4 * n + 4]
        low = max(0, math.ceil(Fraction(str(self.policy.days.floor)) * 4) - given)
        dues = [Fraction(sum(p.split)) for p in parts]
        floors = remainders(low, dues if any(dues) else [Fraction(int(n == 0)) for n in range(len(parts))])
        for p, f in zip(parts, floors, strict=True):
            p.floor = f

    def trims(self, p: Part) -> dict[int, list[int]]:
        if not p.shares:  # the post as the year has it
            return {0: p.split, **{q: list(four) for q, four in p.post.trims.items()}}
        out, step, due = {0: p.split}, quarters(self.policy.days.trim_step), sum(p.split)
        k = step
        while step and due - k >= p.floor and due - k >= 0:
            out[k] = remainders(due - k, p.shares)
            k += step
        return out

    # -- who may, and at what load ---------------------------------------------------------------------------

    def allowed(self, p: Part, sip: str) -> bool:
        return p.holder == sip or not self.why(p, sip)

    def at(self, p: Part) -> Post:
        return Post(p.urn, p.kind, p.post.need, 0, p.days[0], p.days[-1], (0, 0, 0, 0))

    def why(self, p: Part, sip: str) -> list[str]:
        """The rules that bar a SIP from a part."""
        post = self.at(p)
        low = "floor" in self.tests and self.tests["floor"](self.b, post, self.b.sips[sip])
        return [*self.ruled(post, sip, p), *(["floor"] if low else [])]

    def fit(self, post: Post, sip: str, p: Part | None = None) -> bool:
        """Whether no rule but the floor bars a SIP: who is of use."""
        return not self.ruled(post, sip, p)

    def ruled(self, post: Post, sip: str, p: Part | None) -> list[str]:
        names = self.names(post, sip)
        if names != ["tenure"] or self.policy.tenure.sole_specialist != "extend" or (p and p.holder):
            return names
        others = (self.names(post, o) for o in self.b.sips if o != sip)
        return [] if all(n and n != ["tenure"] for n in others) else names

    def names(self, post: Post, sip: str) -> list[str]:
        """Every rule but the floor, the sole specialist not spared."""
        return [r for r, test in self.tests.items() if r != "floor" and test(self.b, post, self.b.sips[sip])]

    def starts(self, p: Part, s: Sip) -> dt.date:
        return s.joined_on if s.joined_on in p.days and s.joined_on else p.days[0]

    def extra(self, p: Part, sip: str) -> int:
        s, out = self.b.sips[sip], 0
        here = self.past.get((p.urn, p.kind), [])
        if p.kind == "lead" and p.number == 1 and not here and self.b.new_head(p.urn):
            out += quarters(self.policy.days.new_head)
        last_year = f"{self.b.start - 1}/{self.b.start % 100:02d}"
        known = any(h.sip == sip and h.urn in self.b.old[p.urn] and h.year == last_year for h in self.case.history)
        known = known or any(w == sip for k in KINDS for w, *_ in self.past.get((p.urn, k), []))
        known = known or any(
            q.holder == sip for q in self.parts if (q.urn, q.kind) == (p.urn, p.kind) and q.number < p.number
        )
        later = p.holder is None and not p.first and (s.joined_on is None or s.joined_on < p.days[0])
        if p.kind != "appraisal" and not known and not later:
            out += quarters(self.policy.days.new_pairing)
        return out

    def load(self, p: Part, sip: str, split: list[int]) -> list[int]:
        out = list(split)
        out[self.period(self.starts(p, self.b.sips[sip]))] += self.extra(p, sip)
        return out

    # -- groups ----------------------------------------------------------------------------------------------

    def groups(self) -> list[list[tuple[str, str]]]:
        """Leads that must have one SIP."""
        leads = sorted(u for u, k in self.year if k == "lead")
        out = []
        if self.policy.shared_head.on:
            heads = {self.b.schools[u].head for u in leads} - {None}
            out += [[(u, "lead") for u in leads if self.b.schools[u].head == h] for h in sorted(heads, key=str)]
        if self.policy.cluster.on:
            for name, decided in self.clusters(leads):
                if decided:
                    out.append([(u, "lead") for u in leads if self.cluster(u) == name])
        return [g for g in out if len(g) > 1]

    def cluster(self, urn: str) -> str:
        return " ".join((self.b.schools[urn].cluster or "").lower().split())

    def clusters(self, leads: list[str]) -> Iterator[tuple[str, bool]]:
        for name in sorted({self.cluster(u) for u in leads} - {""}):
            every = [u for u in self.b.schools if self.cluster(u) == name]
            yield name, any(self.b.decided("one_sip_for_cluster", u) for u in every)

    def soft(self) -> list[tuple[list[tuple[str, str]], int]]:
        """Posts better kept together, with the price of each further person."""
        leads, p, out = sorted(u for u, k in self.year if k == "lead"), self.policy, []
        for name, decided in self.clusters(leads) if p.cluster.on else ():
            here = [u for u in leads if self.cluster(u) == name]
            if not decided and any(self.b.schools[u].cluster_wants_one_sip for u in here):
                out.append(([(u, "lead") for u in here], p.cluster.price))
        pairs = {frozenset((u, self.b.schools[u].paired_with)) for u in leads if self.b.schools[u].paired_with in leads}
        for pair in pairs if p.halves.on else ():
            wishes = [w for w in self.case.wishes if w.by == "school" and w.urn in pair and w.wish == "change"]
            if len(pair) == 2 and not wishes:
                out.append(([(str(u), "lead") for u in sorted(map(str, pair))], p.halves.price))
        for u, k in self.year:
            if k == "appraisal" and p.same_appraiser.on and self.b.schools[u].appraisal == "same":
                out.append(([(u, "lead"), (u, "appraisal")], p.same_appraiser.price))
        return out

    # -- the search ------------------------------------------------------------------------------------------

    def size(self) -> int:
        return math.prod(1 + len(self.may[p.key]) for p in self.parts)

    def best(self) -> Best:
        self.prepare()
        top: Best | None = None
        for who in itertools.product(*[[None, *self.may[p.key]] for p in self.parts]):
            held = {p.key: s for p, s in zip(self.parts, who, strict=True) if s}
            counts = self.counts(held)
            prefix = self.compare(counts)
            if top is not None and prefix[: len(self.early)] < top.key[: len(self.early)]:
                continue
            if self.clashes(held):
                continue
            for short in self.ways(held):
                found = self.whole(held, short, dict(counts))
                if top is None or found.key > top.key:
                    top = found
        assert top is not None, "locks clash"
        return top

    def prepare(self) -> None:
        p, self.bound = self.policy, self.groups()
        self.day_sets = {part.key: set(part.days) for part in self.parts}
        self.by_post: dict[tuple[str, str], list[Part]] = {}
        for part in self.parts:
            self.by_post.setdefault((part.urn, part.kind), []).append(part)
        self.points = {
            (k, s): sum(of_pair(self.b, self.year[self.post(k)], self.b.sips[s]).values())
            for k, may in self.may.items()
            for s in may
        }
        self.loads = {
            (part.key, s, q): self.load(part, s, split)
            for part in self.parts
            for s in self.may[part.key]
            for q, split in self.trims(part).items()
        }
        self.early = [f"1a_{n}" for n in NEEDS] + ["1b", "1c"]
        if not self.r.days_first and not self.r.rebuild:
            self.early += ["2", "3"]
        self.locked: list[tuple[tuple[str, str], str]] = []
        for d in self.case.decisions:
            live = p.decision.on and d.decision == "lock" and d.sip and not (d.until and d.until < self.b.first)
            for part in self.by_post.get((d.urn, d.post or "lead"), []) if live else ():
                if self.yields(part, str(d.sip)) is False:
                    self.locked.append((part.key, str(d.sip)))
        able = {s for may in self.may.values() for s in may}
        self.gone = {s: self.spent(s) for s in self.b.sips}
        self.cap = {s: self.b.capacity(r) for s, r in self.b.sips.items()}
        whole = sum(self.cap[s] for s in able)
        due = sum(sum(x.split) for x in self.parts if self.may[x.key]) + sum(sum(self.gone[s]) for s in able)
        self.fair = {}
        if whole and p.balance.on and p.capacity.on:
            self.fair = {s: max(0, math.ceil(Fraction(self.cap[s] * due, whole)) - sum(self.gone[s])) for s in able}
        self.last = [parts[-1] for (_, k), parts in self.by_post.items() if k == "lead"]
        self.spread = []
        for needs in (("raised", "high", "top"), ("low",)) if p.spread.on and whole else ():
            of = [x.key for x in self.last if x.post.need in needs and self.may[x.key]]
            self.spread.append((of, {s: math.ceil(Fraction(self.cap[s] * len(of), whole)) for s in able}))
        self.together = []
        for posts, price in self.soft():
            here = [k for k in posts if k in self.by_post]
            day = min((self.year[k].end for k in here), default=None)
            keys = [x.key for k in here for x in self.by_post[k] if day in x.days]
            if len(here) > 1:
                self.together.append((keys, price))
        for parts in self.by_post.values():
            self.together.append(([x.key for x in parts], p.repair.handover))

    def yields(self, part: Part, sip: str) -> bool:
        """Whether a SIP is barred from a part, or from one that must have the same lead that day."""
        found = [part]
        for one in found:
            groups = [g for g in self.bound if (one.urn, one.kind) in g]
            near = [x for g in groups for k in g for x in self.by_post.get(k, [])]
            found += [x for x in near if x not in found and self.day_sets[x.key] & self.day_sets[one.key]]
        return any(sip not in self.may[x.key] for x in found)

    def post(self, key: tuple[str, str]) -> tuple[str, str]:
        return key[0], key[1].split("/")[0]

    def counts(self, held: dict[tuple[str, str], str]) -> dict[str, int]:
        out = dict.fromkeys([f"1a_{n}" for n in NEEDS] + ["1b", "1c"] + [f"1d_{n}" for n in NEEDS] + ["2"], 0)
        for part in self.parts:
            if part.key in held:
                out[{"lead": f"1a_{part.post.need}", "support": "1b", "appraisal": "1c"}[part.kind]] += 1
        lost = [x for x in self.parts if x.holder and held.get(x.key) != x.holder]
        out["2"] = len({x.urn for x in lost if x.kind == "lead" and self.b.protected(x.urn)})
        if not self.r.rebuild:
            out["3"] = len({x.urn for x in lost if (x.urn, x.kind) not in set(self.r.uncounted)})
            if not self.r.days_first:
                out |= {k: out.pop(k) for k in [k for k in out if k.startswith("1d")]}
        return out

    def compare(self, tiers: dict[str, int]) -> tuple[int, ...]:
        return tuple(-v if k.startswith(("1d", "2", "3", "5")) else v for k, v in tiers.items())

    def clashes(self, held: dict[tuple[str, str], str]) -> bool:
        if any(held.get(k) != s for k, s in self.locked):
            return True
        for x in self.parts:
            stays = x.holder and {x.key, (x.urn, x.kind)} & set(self.r.held) and held.get(x.key) != x.holder
            if stays and not self.yields(x, str(x.holder)):
                return True
        for group in self.bound:
            leads = [x for k in group for x in self.by_post.get(k, [])]
            for one, two in itertools.combinations(leads, 2):
                if held.get(one.key) != held.get(two.key) and self.day_sets[one.key] & self.day_sets[two.key]:
                    return True
        for x in self.parts:
            apart = (x.kind == "support" and self.policy.separation.on) or (
                x.kind == "appraisal" and self.policy.appraisal.on and self.b.schools[x.urn].appraisal == "different"
            )
            for lead in self.by_post.get((x.urn, "lead"), []) if apart and x.key in held else ():
                if held.get(lead.key) == held[x.key] and self.day_sets[lead.key] & self.day_sets[x.key]:
                    return True
        if self.policy.reciprocal.on:
            own = {s.sip: s.current_urn for s in self.case.sips if s.kind == "serving_head" and s.current_urn}
            seats = [(k, s) for k, s in held.items() if s in own]
            for (k1, s1), (k2, s2) in itertools.combinations(seats, 2):
                if (
                    s1 != s2
                    and own[s2] in self.b.old[k1[0]]
                    and own[s1] in self.b.old[k2[0]]
                    and self.day_sets[k1] & self.day_sets[k2]
                ):
                    return True
        return self.policy.portfolio.on and any(self.crowded(held, s) for s in set(held.values()))

    def crowded(self, held: dict[tuple[str, str], str], sip: str) -> bool:
        s, c = self.b.sips[sip], self.policy.capacity
        most = c.max_schools.get(s.kind, 15) if s.max_schools is None else s.max_schools
        least = c.min_schools.get(s.kind, 0) if s.min_schools is None else s.min_schools
        led = sum(held.get(x.key) == sip for x in self.last)
        if led > most or 0 < led < least:
            return True
        mine = [x for x in self.parts if x.kind == "lead" and held.get(x.key) == sip]
        return any(sum(x.days[0] in self.day_sets[y.key] for y in mine) > most for x in mine)

    def ways(self, held: dict[tuple[str, str], str]) -> Iterator[dict[tuple[str, str], int]]:
        """None short if that can be; else every way of trimming that fits."""
        if self.fits(held, {}):
            yield {}
            return
        keys = list(held)
        for cut in itertools.product(*[sorted(q for k2, s, q in self.loads if k2 == k and s == held[k]) for k in keys]):
            short = {k: q for k, q in zip(keys, cut, strict=True) if q}
            if self.fits(held, short):
                yield short

    def taken(self, held: dict[tuple[str, str], str], short: dict[tuple[str, str], int]) -> dict[str, list[int]]:
        out = {s: [0, 0, 0, 0] for s in self.b.sips}
        for k, s in held.items():
            out[s] = [a + b for a, b in zip(out[s], self.loads[k, s, short.get(k, 0)], strict=True)]
        return out

    def fits(self, held: dict[tuple[str, str], str], short: dict[tuple[str, str], int]) -> bool:
        taken, cap = self.taken(held, short), self.policy.budget.days
        fixed = sum(sum(q) + extra for rows in self.past.values() for _, _, q, extra in rows)
        if cap is not None and sum(map(sum, taken.values())) > max(0, math.floor(Fraction(str(cap)) * 4) - fixed):
            return False
        for s, row in self.b.sips.items() if self.policy.capacity.on else ():
            if sum(taken[s]) > max(0, self.cap[s] - sum(self.gone[s])):
                return False
            for n, limit in enumerate(self.b.limits(row)):
                if limit is not None and taken[s][n] > max(0, self.b.hard(limit) - self.gone[s][n]):
                    return False
        return True

    def whole(self, held: dict[tuple[str, str], str], short: dict[tuple[str, str], int], tiers: dict[str, int]) -> Best:
        for x in self.parts:
            tiers[f"1d_{x.post.need}"] += short.get(x.key, 0)
        leads = [self.points[k, s] for k, s in held.items() if self.post(k)[1] == "lead"]
        if self.policy.objective.worst_first and any(x.kind == "lead" for x in self.parts):
            tiers["4_worst"] = min(leads, default=0)
        tiers["4"] = sum(self.points[k, s] for k, s in held.items()) - self.team(held, self.taken(held, short))
        tiers["5"] = sum(
            int.from_bytes(hashlib.sha256(f"{self.seed}|{u}|{k}|{s}".encode()).digest()[:3], "big") >> 4
            for (u, k), s in held.items()
        )
        # an earlier id is better, an empty part last; then the shortfall spread, and least in the same order
        rank = {s: -n for n, s in enumerate(sorted(self.b.sips))}
        names = tuple(rank.get(held.get(x.key, ""), -len(rank)) for x in self.parts)
        step = max(1, quarters(self.policy.days.trim_step))
        steps = [short.get(x.key, 0) // step for x in self.parts]
        key = (*self.compare(tiers), names, -sum(k * k for k in steps), tuple(-k for k in steps))
        return Best(tiers, held, short, key)

    def team(self, held: dict[tuple[str, str], str], taken: dict[str, list[int]]) -> int:
        p, cost = self.policy, 0
        for s, free in self.fair.items():
            cost += p.balance.price * max(0, sum(taken[s]) - free)
        for keys, free_of in self.spread:
            for s, free in free_of.items():
                cost += p.spread.price * max(0, sum(held.get(k) == s for k in keys) - free)
        for s, row in self.b.sips.items() if p.capacity.on else ():
            for n, limit in enumerate(self.b.limits(row)):
                if limit is not None:
                    cost += p.capacity.stretch_price * max(0, taken[s][n] - max(0, limit - self.gone[s][n]))
        for keys, price in self.together:
            cost += price * max(0, len({held[k] for k in keys if k in held}) - 1)
        return cost
