"""An Instance as a CP-SAT model. The only place where its vocabulary meets the solver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance, Tier, Trim
from allocator.engine.trims import TrimColumns, trimmed


class Range(NamedTuple):
    """A linear expression with bounds that surely hold."""

    expr: cp_model.LinearExprT
    lo: int
    hi: int


class Built:
    """The model with handles on its variables.

    `x[i]` is 1 when pair i is chosen. `cuts` count trims by person (`trims.py`); `apart` they are chosen post by post
    instead, and `cut[i, k]` is 1 when pair i is chosen with the post's k-th trim: far more variables, same values.
    With `trimming` off no post is trimmed: a smaller model, for when all posts can be had in full.
    `parts` names people whose loads by part matter (by default those limited there).
    """

    def __init__(
        self, inst: Instance, trimming: bool, parts: Collection[int] | None = None, apart: bool = False
    ) -> None:
        self.inst = inst
        self.parts = {s for s, p in enumerate(inst.people) if any(x.resource for x in p.limits)}
        self.parts |= set(parts or ())
        self.model = cp_model.CpModel()
        self.x = [self.model.new_bool_var("") for _ in inst.pairs]
        self.of_post: list[list[int]] = [[] for _ in inst.posts]
        self.of_person: list[list[int]] = [[] for _ in inst.people]
        for i, pair in enumerate(inst.pairs):
            self.of_post[pair.post].append(i)
            self.of_person[pair.person].append(i)
        self.cut: dict[tuple[int, int], cp_model.IntVar] = {}
        self.cuts: dict[int, list[tuple[TrimColumns, list[cp_model.IntVar]]]] = defaultdict(list)
        self.filled = [self._fill(p) for p in range(len(inst.posts))]
        if trimming:
            self._trims_apart() if apart else self._trims()
        self.prices: list[Range] = []
        for s in range(len(inst.people)):
            self._person(s)
        if inst.most_load is not None:
            everyone = [self.load(s, 0) for s in range(len(inst.people)) if self.of_person[s]]
            self.model.add(sum(everyone) <= inst.most_load)
        self._structures()
        self.broken = [self._bond(bond.pairs) for bond in inst.bonds]

    # -- constraints -----------------------------------------------------------------------------

    def _fill(self, p: int) -> cp_model.LinearExprT:
        xs = [self.x[i] for i in self.of_post[p]]
        wants = self.inst.posts[p].wants
        if wants == 1:
            self.model.add_at_most_one(xs)
            return sum(xs) if xs else 0
        if len(xs) < wants:
            for x in xs:
                self.model.add(x == 0)
            return 0
        filled = self.model.new_bool_var("")
        self.model.add(sum(xs) == wants * filled)
        return filled

    def _trims(self) -> None:
        for s, mine in enumerate(self.of_person):
            for group in trimmed(self.inst, mine, s in self.parts):
                counts = [self.model.new_int_var(0, sum(group.room), "") for _ in group.trims]
                room = sum(m * self.x[i] for m, i in zip(group.room, group.pairs, strict=True))
                self.model.add(sum(counts) <= room)
                self.cuts[s].append((group, counts))

    def _trims_apart(self) -> None:
        for i, pair in enumerate(self.inst.pairs):
            cuts = [self.model.new_bool_var("") for _ in self.inst.posts[pair.post].trims]
            self.cut.update({(i, k): c for k, c in enumerate(cuts)})
            self.model.add(sum(cuts) <= self.x[i])

    def _counted(self, s: int) -> Iterator[tuple[Trim, cp_model.IntVar]]:
        for group, counts in self.cuts.get(s, ()):
            yield from zip(group.trims, counts, strict=True)

    def load(self, s: int, resource: int) -> cp_model.LinearExprT:
        """The person's load of a resource, after trims."""
        pairs = self.inst.pairs
        terms: list[cp_model.LinearExprT] = [
            pairs[i].load[resource] * self.x[i] for i in self.of_person[s] if pairs[i].load[resource]
        ]
        for i in self.of_person[s] if self.cut else ():
            for k, trim in enumerate(self.inst.posts[pairs[i].post].trims):
                if trim.less[resource] and (i, k) in self.cut:
                    terms.append(-trim.less[resource] * self.cut[i, k])
        terms += [-t.less[resource] * c for t, c in self._counted(s) if resource < len(t.less) and t.less[resource]]
        return sum(terms)

    def _person(self, s: int) -> None:
        person = self.inst.people[s]
        mine = self.of_person[s]
        if not mine:
            return
        most = [sum(self.inst.pairs[i].load[r] for i in mine) for r in range(len(self.inst.pairs[mine[0]].load))]
        for limit in person.limits:
            if most[limit.resource] > (limit.hard if limit.soft is None else min(limit.soft, limit.hard)):
                load = self.load(s, limit.resource)
                self.model.add(load <= limit.hard)
                if limit.soft is not None and limit.price:
                    self._over(load, limit.soft, limit.hard - limit.soft, limit.price)
        counted = [i for i in mine if self.inst.posts[self.inst.pairs[i].post].counts]
        held = sum(self.x[i] for i in counted)
        if person.at_most is not None and len(counted) > person.at_most:
            self.model.add(held <= person.at_most)
        if person.must:
            self.model.add(held >= person.at_least)
        elif person.at_least > 1 and counted:
            used = self.model.new_bool_var("")
            self.model.add(held >= person.at_least * used)
            for i in counted:
                self.model.add_implication(self.x[i], used)

    def _over(self, measure: cp_model.LinearExprT, free: int, most: int, price: int) -> None:
        if most <= 0 or price <= 0:
            return
        over = self.model.new_int_var(0, most, "")
        self.model.add(over >= measure - free)
        self.prices.append(Range(price * over, 0, price * most))

    def _structures(self) -> None:
        inst, x = self.inst, self.x
        by_key = {(pair.post, pair.person): i for i, pair in enumerate(inst.pairs)}
        people_of = [{inst.pairs[i].person: i for i in mine} for mine in self.of_post]
        for group in inst.same:
            first = group[0]
            for other in group[1:]:
                for person in people_of[first].keys() | people_of[other].keys():
                    a, b = by_key.get((first, person)), by_key.get((other, person))
                    self.model.add((x[a] if a is not None else 0) == (x[b] if b is not None else 0))
        for a, b in inst.different:
            for person in people_of[a].keys() & people_of[b].keys():
                self.model.add_at_most_one(x[people_of[a][person]], x[people_of[b][person]])
        for i, j in inst.never_both:
            self.model.add_at_most_one(x[i], x[j])
        for i in inst.fixed:
            self.model.add(x[i] == 1)
        for p, least in inst.least_points.items():
            self._least(p, least)
        for above in inst.above:
            if above.posts is None:
                mine = self.of_person[above.person]
                most = sum(inst.pairs[i].load[0] for i in mine) - above.free
                if most > 0:
                    self._over(self.load(above.person, 0), above.free, most, above.price)
            else:
                held = [i for i in (by_key.get((p, above.person)) for p in above.posts) if i is not None]
                self._over(sum(x[i] for i in held), above.free, len(held) - above.free, above.price)
        for together in inst.together:
            self._together(together.posts, together.price)

    def _together(self, posts: Sequence[int], price: int) -> None:
        mine: dict[int, list[int]] = defaultdict(list)
        for p in posts:
            for i in self.of_post[p]:
                mine[self.inst.pairs[i].person].append(i)
        if price <= 0 or len(posts) < 2 or not mine:
            return
        used = []
        for pairs in mine.values():
            u = self.model.new_bool_var("")
            for i in pairs:
                self.model.add_implication(self.x[i], u)
            used.append(u)
        anyone = self.model.new_bool_var("")
        self.model.add(anyone <= sum(self.x[i] for pairs in mine.values() for i in pairs))
        self.prices.append(Range(price * (sum(used) - anyone), 0, price * (len(mine) + 1)))

    def _bond(self, pairs: Sequence[int]) -> cp_model.LinearExprT:
        if len(pairs) == 1:
            return 1 - self.x[pairs[0]]
        broken = self.model.new_bool_var("")
        for i in pairs:
            self.model.add(broken + self.x[i] >= 1)
        return broken

    # -- aims --------------------------------------------------------------------------------------

    def tier(self, tier: Tier) -> Range:
        """A tier as an expression to be made most (least-tiers are negated), with its bounds."""
        terms: list[Range] = []
        if tier.points or tier.lot:
            for p, mine in enumerate(self.of_post):
                if not mine:
                    continue
                wants = self.inst.posts[p].wants
                values = [self.inst.pairs[i].points if tier.points else self.inst.pairs[i].lot for i in mine]
                lo, hi = min(0, min(values)) * wants, max(0, max(values)) * wants
                terms.append(Range(sum(v * self.x[i] for v, i in zip(values, mine, strict=True) if v), lo, hi))
        if tier.points:
            terms += [Range(-1 * r.expr, -r.hi, 0) for r in self.prices]
        for p, coefficient in tier.filled.items():
            if self.of_post[p]:
                terms.append(Range(coefficient * self.filled[p], min(0, coefficient), max(0, coefficient)))
        for p, coefficient in tier.short.items():
            trims = self.inst.posts[p].trims
            for i in self.of_post[p] if self.cut else ():
                for k, trim in enumerate(trims):
                    if (i, k) in self.cut:
                        terms.append(Range(coefficient * trim.short * self.cut[i, k], 0, 0))
            if trims and (self.cut or self.cuts) and self.of_post[p]:
                terms.append(Range(0, 0, coefficient * max(t.short for t in trims)))
        for group, counts in (g for mine in self.cuts.values() for g in mine) if tier.short else ():
            coefficient = tier.short.get(self.inst.pairs[group.pairs[0]].post, 0)
            if coefficient:
                units = sum(t.short * c for t, c in zip(group.trims, counts, strict=True))
                terms.append(Range(coefficient * units, 0, 0))
        for b, coefficient in tier.broken.items():
            terms.append(Range(coefficient * self.broken[b], 0, coefficient))
        sign = 1 if tier.sense == "most" else -1
        lo, hi = sum(t.lo for t in terms), sum(t.hi for t in terms)
        expr = sign * sum(t.expr for t in terms) if terms else 0
        return Range(expr, lo if sign > 0 else -hi, hi if sign > 0 else -lo)

    def keep(self, tier: Tier, least: int) -> None:
        """Hold a tier at `least` or better (made most)."""
        if not tier.worst:
            self.model.add(self.tier(tier).expr >= least)
        for p in tier.worst:
            self._least(p, least)

    def _least(self, p: int, least: int) -> None:
        """A post that is filled has at least so many pair points."""
        mine, pairs = self.of_post[p], self.inst.pairs
        if self.inst.posts[p].wants > 1:
            self.model.add(sum(pairs[i].points * self.x[i] for i in mine) >= least * self.filled[p])
        for i in mine if self.inst.posts[p].wants == 1 else ():
            if pairs[i].points < least:
                self.model.add(self.x[i] == 0)

    def read(self, solver: cp_model.CpSolver) -> tuple[tuple[int, ...], dict[int, int]]:
        """Pairs chosen, and units short by post; what is short is laid on a person's posts in order."""
        chosen = tuple(i for i, x in enumerate(self.x) if solver.boolean_value(x))
        short = {
            self.inst.pairs[i].post: self.inst.posts[self.inst.pairs[i].post].trims[k].short
            for (i, k), c in self.cut.items()
            if solver.boolean_value(c)
        }
        for group, counts in (g for mine in self.cuts.values() for g in mine):
            on = [i for i in group.pairs if solver.boolean_value(self.x[i])]
            short |= group.laid(self.inst, [solver.value(c) for c in counts], on)
        return chosen, short


def value(inst: Instance, tier: Tier, chosen: Sequence[int], short: Mapping[int, int]) -> int:
    """A tier's value for a given choice, worked out without the solver."""
    held: dict[int, list[int]] = defaultdict(list)
    for i in chosen:
        held[inst.pairs[i].post].append(i)
    if tier.worst:
        return min((sum(inst.pairs[i].points for i in held[p]) for p in tier.worst if held.get(p)), default=0)
    total = sum(c for p, c in tier.filled.items() if held.get(p))
    total += sum(c * short.get(p, 0) for p, c in tier.short.items())
    kept = set(chosen)
    total += sum(c for b, c in tier.broken.items() if not kept.issuperset(inst.bonds[b].pairs))
    if tier.points:
        total += sum(inst.pairs[i].points for i in chosen) - sum(p for _, p in prices(inst, chosen, short))
    if tier.lot:
        total += sum(inst.pairs[i].lot for i in chosen)
    return total


def loads(inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> list[list[int]]:
    """Load of each person by resource, after trims."""
    width = inst.width
    out = [[0] * width for _ in inst.people]
    for i in chosen:
        pair = inst.pairs[i]
        less = next((t.less for t in inst.posts[pair.post].trims if t.short == short.get(pair.post, 0)), (0,) * width)
        for r in range(width):
            out[pair.person][r] += pair.load[r] - less[r]
    return out


def prices(inst: Instance, chosen: Sequence[int], short: Mapping[int, int]) -> list[tuple[str, int]]:
    """(rule, points lost) of every team rule that costs something."""
    load = loads(inst, chosen, short)
    holders: dict[int, set[int]] = defaultdict(set)
    for i in chosen:
        holders[inst.pairs[i].post].add(inst.pairs[i].person)
    out = []
    for s, person in enumerate(inst.people):
        for limit in person.limits:
            if limit.soft is not None and load[s][limit.resource] > limit.soft:
                out.append(("stretch", limit.price * (load[s][limit.resource] - limit.soft)))
    for above in inst.above:
        measure = load[above.person][0] if above.posts is None else sum(above.person in holders[p] for p in above.posts)
        if measure > above.free:
            out.append((above.rule, above.price * (measure - above.free)))
    for together in inst.together:
        people = set().union(*(holders[p] for p in together.posts))
        if len(people) > 1:
            out.append((together.rule, together.price * (len(people) - 1)))
    return [(rule, price) for rule, price in out if price]
