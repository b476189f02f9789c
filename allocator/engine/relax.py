"""Why not, and what would help: the same model with chosen constraints behind gates.

A gate shut is a constraint in force. Cores from assumptions are not trusted (they are neither minimal nor
safe with presolve): every question is a plain feasibility solve of a bare copy with one worker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from allocator.engine.cp import cp_model
from allocator.engine.instance import Instance, Person
from allocator.engine.model import Built
from allocator.engine.tiers import Clock, Stop, run


@dataclass(frozen=True)
class Gates:
    """Which constraints stand behind which gate (a gate is a small whole number).

    pairs: pair -> gates that must all be open for it to be chosen; limits: (person, place among their limits) -> gate;
    at_most, at_least: person -> gate; same, different, never_both: index in the instance's tuple -> gate; fixed: pair
    -> gate; most_load: the gate of the cap on all together, if it has one.
    """

    count: int
    pairs: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    limits: Mapping[tuple[int, int], int] = field(default_factory=dict)
    at_most: Mapping[int, int] = field(default_factory=dict)
    at_least: Mapping[int, int] = field(default_factory=dict)
    same: Mapping[int, int] = field(default_factory=dict)
    different: Mapping[int, int] = field(default_factory=dict)
    never_both: Mapping[int, int] = field(default_factory=dict)
    fixed: Mapping[int, int] = field(default_factory=dict)
    most_load: int | None = None


@dataclass(frozen=True)
class Demand:
    """What must hold: posts filled, and for each group of posts at least so many filled."""

    filled: tuple[int, ...]
    floors: tuple[tuple[tuple[int, ...], int], ...] = ()


ALL = -1  # in `extra`, in place of a person: everybody's load together


class Undecided(Exception):
    """The work or time allowed was used up before the answer was known."""


class Gated:
    """The bare model: no objective, no prices, trims allowed, constraints behind their gates."""

    def __init__(
        self,
        inst: Instance,
        gates: Gates,
        demand: Demand,
        extra: Mapping[int, int] | None = None,
        stop: Stop | None = None,
    ) -> None:
        """`extra`: person -> most units by which the limit of the whole may be raised instead; its parts stay (see
        `fixes`); ALL -> the same of the cap on all together. `stop`: for all questions together, after which they
        raise Undecided."""
        self.clock = Clock(stop or Stop(), monotonic())
        bare = replace(
            inst,
            people=tuple(self._free(s, p, gates) for s, p in enumerate(inst.people)),
            same=tuple(g for n, g in enumerate(inst.same) if n not in gates.same),
            different=tuple(g for n, g in enumerate(inst.different) if n not in gates.different),
            never_both=tuple(g for n, g in enumerate(inst.never_both) if n not in gates.never_both),
            fixed=tuple(i for i in inst.fixed if i not in gates.fixed),
            most_load=inst.most_load if gates.most_load is None else None,
            above=(),
            together=(),
            bonds=(),
        )
        self.inst, self.gates = inst, gates
        parts = [s for s, p in enumerate(inst.people) if any(x.resource for x in p.limits)]
        self.built = b = Built(bare, trimming=True, parts=parts)
        model = b.model
        self.open = [model.new_bool_var("") for _ in range(gates.count)]
        for i, needed in gates.pairs.items():
            for g in needed:
                model.add_implication(b.x[i], self.open[g])
        self.extra: dict[int, cp_model.IntVar] = {}
        for (s, n), g in gates.limits.items():
            self._limit(s, n, g, (extra or {}).get(s))
        if gates.most_load is not None and inst.most_load is not None:
            everyone = sum(b.load(s, 0) for s in range(len(inst.people)) if b.of_person[s])
            self._cap(ALL, everyone, inst.most_load, gates.most_load, (extra or {}).get(ALL))
        for s, g in gates.at_most.items():
            most = inst.people[s].at_most
            if most is not None:
                model.add(self._held(s) <= most).only_enforce_if(self.open[g].negated())
        for s, g in gates.at_least.items():
            self._at_least(s, g)
        self._structures()
        for p in demand.filled:
            model.add(b.filled[p] >= 1)
        for posts, least in demand.floors:
            model.add(sum(b.filled[p] for p in posts) >= least)

    @staticmethod
    def _free(s: int, person: Person, gates: Gates) -> Person:
        kept = (x for n, x in enumerate(person.limits) if (s, n) not in gates.limits)
        return replace(
            person,
            limits=tuple(replace(x, soft=None, price=0) for x in kept),
            at_most=None if s in gates.at_most else person.at_most,
            at_least=0 if s in gates.at_least else person.at_least,
        )

    def _limit(self, s: int, n: int, gate: int, most: int | None) -> None:
        limit = self.inst.people[s].limits[n]
        load = self.built.load(s, limit.resource)
        if most is not None and limit.resource:  # only the limit of the whole is raised
            self.built.model.add(load <= limit.hard)
        else:
            self._cap(s, load, limit.hard, gate, most)

    def _cap(self, whose: int, load: cp_model.LinearExprT, hard: int, gate: int, most: int | None) -> None:
        """A limit in force while its gate is shut; open, it is gone, or raised by up to `most` units."""
        model, opened = self.built.model, self.open[gate]
        if most is None:
            model.add(load <= hard).only_enforce_if(opened.negated())
            return
        self.extra[whose] = model.new_int_var(0, most, "")
        model.add(self.extra[whose] <= most * opened)
        model.add(load <= hard + self.extra[whose])

    def _held(self, s: int) -> cp_model.LinearExprT:
        b, inst = self.built, self.inst
        return sum(b.x[i] for i in b.of_person[s] if inst.posts[inst.pairs[i].post].counts)

    def _at_least(self, s: int, gate: int) -> None:
        """None, or at least so many, while the gate is shut."""
        model, least = self.built.model, self.inst.people[s].at_least
        used = model.new_bool_var("")
        model.add(self._held(s) >= least * used).only_enforce_if(self.open[gate].negated())
        for i in self.built.of_person[s]:
            if self.inst.posts[self.inst.pairs[i].post].counts:
                model.add_implication(self.built.x[i], used)

    def _structures(self) -> None:
        inst, b, model = self.inst, self.built, self.built.model
        by_key = {(p.post, p.person): i for i, p in enumerate(inst.pairs)}
        for n, g in self.gates.same.items():
            posts, shut = inst.same[n], self.open[g].negated()
            for other in posts[1:]:
                for person in {inst.pairs[i].person for p in (posts[0], other) for i in b.of_post[p]}:
                    a, c = by_key.get((posts[0], person)), by_key.get((other, person))
                    left = b.x[a] if a is not None else 0
                    model.add(left == (b.x[c] if c is not None else 0)).only_enforce_if(shut)
        for n, g in self.gates.different.items():
            one, two = inst.different[n]
            for i in b.of_post[one]:
                j = by_key.get((two, inst.pairs[i].person))
                if j is not None:
                    model.add_bool_or(b.x[i].negated(), b.x[j].negated(), self.open[g])
        for n, g in self.gates.never_both.items():
            i, j = inst.never_both[n]
            model.add_bool_or(b.x[i].negated(), b.x[j].negated(), self.open[g])
        for i, g in self.gates.fixed.items():
            model.add_bool_or(b.x[i], self.open[g])

    def possible(self, shut: Collection[int]) -> bool:
        """Whether the demand can be met with exactly these gates shut."""
        trial = self.built.model.clone()
        closed = set(shut)
        for g, var in enumerate(self.open):
            trial.add(trial.get_bool_var_from_proto_index(var.index) == (g not in closed))
        _, status = run(trial, self.clock, sure=True)
        if status == cp_model.UNKNOWN:
            raise Undecided
        return status in (cp_model.OPTIMAL, cp_model.FEASIBLE)

    def clash(self, candidates: Sequence[int]) -> tuple[int, ...] | None:
        """A minimal set of gates whose shutting makes the demand impossible; None when it is possible.

        Gates not among `candidates` stay open. Deletion in shrinking chunks; every gate that stays was
        needed when tried, and so is needed in the end (fewer gates shut only make more possible).
        """
        if self.possible(candidates):
            return None
        return shrink(list(candidates), lambda kept: not self.possible(kept))

    def fixes(
        self, costs: Mapping[int, int], unit_cost: int, most: int
    ) -> list[tuple[tuple[int, ...], dict[int, int]]]:
        """Up to `most` smallest sets of gates to open: fewest by cost, then fewest extra units.

        Each is (gates opened, person or ALL -> units); a later one is not a superset of an earlier.
        """
        model = self.built.model.clone()
        opens = [model.get_bool_var_from_proto_index(v.index) for v in self.open]
        extras = {s: model.get_int_var_from_proto_index(var.index) for s, var in self.extra.items()}
        for g, v in enumerate(opens):
            if g not in costs:
                model.add(v == 0)
        ceiling = 1 + sum(self._most(s) for s in extras)
        model.minimize(ceiling * sum(costs[g] * opens[g] for g in costs) + unit_cost * sum(extras.values()))
        out: list[tuple[tuple[int, ...], dict[int, int]]] = []
        while len(out) < most:
            solver, status = run(model, self.clock)
            if status != cp_model.OPTIMAL:
                break
            opened = tuple(g for g in costs if solver.boolean_value(opens[g]))
            if not opened:
                break
            out.append((opened, {s: units for s, var in extras.items() if (units := solver.value(var))}))
            model.add_bool_or(opens[g].negated() for g in opened)
        return out

    def _most(self, s: int) -> int:
        return int(self.extra[s].proto.domain[1])


def shrink(kept: list[int], contradicts: Callable[[list[int]], bool]) -> tuple[int, ...]:
    """A minimal subset of `kept` that still contradicts; `contradicts(kept)` must hold."""
    size = max(1, len(kept) // 2)
    while True:
        at = 0
        while at < len(kept):
            without = kept[:at] + kept[at + size :]
            if contradicts(without):
                kept = without
            else:
                at += size
        if size == 1:
            return tuple(kept)
        size = max(1, size // 2)
