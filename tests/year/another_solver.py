"""The exported model, rebuilt from its two files alone and solved tier by tier by SCIP: no engine of ours, no CP-SAT, no HiGHS."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ortools.linear_solver import pywraplp  # type: ignore[attr-defined]  # made by SWIG, without stubs

Pair = tuple[str, str, str]
LOADS = {"year": "load_year", **{n: f"load_{n}" for n in ("autumn_1", "autumn_2", "spring", "summer")}}


def key(p: Mapping[str, str]) -> tuple[str, str]:
    return p["urn"], p["post"]


def pair(p: Mapping[str, str]) -> Pair:
    return p["urn"], p["post"], p["sip"]


class Another:
    """`pairs` is the text of `--pairs`, `model` what `--model` holds."""

    def __init__(self, pairs: str, model: Mapping[str, Any]) -> None:
        self.model = model
        self.solver = pywraplp.Solver.CreateSolver("SCIP")
        self.rows = {
            (r["urn"], r["post"], r["sip"]): r for r in csv.DictReader(io.StringIO(pairs)) if r["allowed"] == "1"
        }
        self.x = {k: self.solver.BoolVar("") for k in self.rows}
        self.at: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        self.of: dict[str, list[Pair]] = defaultdict(list)
        for k in self.rows:
            self.at[k[:2]].append(k)
            self.of[k[2]].append(k)
        self.post = {(p["urn"], p["post"]): p for p in model["posts"]}
        self.filled = {p: self.solver.Sum([self.x[k] for k in self.at[p]]) for p in self.post}
        self.cut: dict[tuple[Pair, int], Any] = {}
        self.costs: list[Any] = []
        self._posts()
        self._people()
        self._groups()

    def _posts(self) -> None:
        for p, row in self.post.items():
            self.solver.Add(self.filled[p] <= 1)
            for k in self.at[p]:
                for n in range(len(row["trims"])):
                    self.cut[k, n] = self.solver.BoolVar("")
                self.solver.Add(self.solver.Sum([self.cut[k, n] for n in range(len(row["trims"]))]) <= self.x[k])

    def load(self, k: Pair, name: str) -> Any:
        row = self.post[k[:2]]
        if name.startswith("schools_led_on_"):
            return self.x[k] * int(name in row["led_on"])
        less = self.solver.Sum([t[name] * self.cut[k, n] for n, t in enumerate(row["trims"])])
        return int(self.rows[k][LOADS[name]]) * self.x[k] - less

    def over(self, amount: Any, free: int, price: int) -> None:
        """What lies above `free` costs `price` each."""
        more = self.solver.IntVar(0, self.solver.infinity(), "")
        self.solver.Add(more >= amount - free)
        self.costs.append(price * more)

    def _people(self) -> None:
        for p in self.model["people"]:
            mine = self.of[p["sip"]]
            for limit in p["limits"]:
                held = self.solver.Sum([self.load(k, limit["load"]) for k in mine])
                self.solver.Add(held <= limit["hard"])
                if limit["soft"] is not None and limit["price"]:
                    self.over(held, limit["soft"], limit["price"])
            leads = self.solver.Sum([self.x[k] for k in mine if self.post[k[:2]]["counts"]])
            if p["max_schools"] is not None:
                self.solver.Add(leads <= p["max_schools"])
            if p["min_schools_if_any"]:
                any_ = self.solver.BoolVar("")
                self.solver.Add(leads >= p["min_schools_if_any"] * any_)
                self.solver.Add(leads <= len(mine) * any_)
        if self.model["budget"]:
            everyone = self.solver.Sum([self.load(k, "year") for k in self.rows])
            self.solver.Add(everyone <= self.model["budget"]["hard"])

    def _groups(self) -> None:
        people = [p["sip"] for p in self.model["people"]]

        def has(p: tuple[str, str], sip: str) -> Any:
            return self.x.get((*p, sip), 0)

        for group in self.model["same_person"]:
            first, *others = map(key, group)
            for other in others:
                for sip in people:
                    self.solver.Add(self.solver.Sum([has(first, sip)]) == self.solver.Sum([has(other, sip)]))
        for a, b in self.model["different_person"]:
            for sip in people:
                if (*key(a), sip) in self.x and (*key(b), sip) in self.x:
                    self.solver.Add(has(key(a), sip) + has(key(b), sip) <= 1)
        for a, b in self.model["never_both"]:
            self.solver.Add(self.x[pair(a)] + self.x[pair(b)] <= 1)
        for p in self.model["fixed"]:
            self.solver.Add(self.x[pair(p)] == 1)
        for a in self.model["above"]:
            mine = self.of[a["sip"]]
            if a["measure"] == "load_year":
                amount = self.solver.Sum([self.load(k, "year") for k in mine])
            else:
                amount = self.solver.Sum([has(key(p), a["sip"]) for p in a["measure"]])
            self.over(amount, a["free"], a["price"])
        for t in self.model["together"]:
            posts, used = [key(p) for p in t["posts"]], []
            for sip in people:
                mine = [self.x[*p, sip] for p in posts if (*p, sip) in self.x]
                if mine:
                    there = self.solver.BoolVar("")
                    for x in mine:
                        self.solver.Add(there >= x)
                    used.append(there)
            beyond = self.solver.IntVar(0, len(posts), "")
            self.solver.Add(beyond >= self.solver.Sum(used) - 1)
            self.costs.append(t["price"] * beyond)

    def aim(self, tier: Mapping[str, Any]) -> Any:
        """What a tier counts; None for the lot and the worst-off, which are not asked of another solver."""
        if tier["lot"] or tier.get("worst"):
            return None
        total = self.solver.Sum([self.filled[p["urn"], p["post"]] for p in tier["filled"]])
        for p in tier["short"]:
            row = self.post[p["urn"], p["post"]]
            total += self.solver.Sum(
                [t["short"] * self.cut[k, n] for k in self.at[p["urn"], p["post"]] for n, t in enumerate(row["trims"])]
            )
        for bond in tier["broken"]:
            broken = self.solver.BoolVar("")
            for p in bond:
                self.solver.Add(broken >= 1 - self.x[p["urn"], p["post"], p["sip"]])
            total += broken
        if tier["points"]:
            total += self.solver.Sum([int(self.rows[k]["points"]) * x for k, x in self.x.items()])
            total -= self.solver.Sum(self.costs)
        return total

    def tiers(self) -> dict[str, int]:
        """The best value of each tier, those before held; raises AssertionError where SCIP does not prove one."""
        out = {}
        for tier in self.model["tiers"]:
            aim = self.aim(tier)
            if aim is None:
                continue
            (self.solver.Maximize if tier["sense"] == "most" else self.solver.Minimize)(aim)
            assert self.solver.Solve() == pywraplp.Solver.OPTIMAL, tier["name"]
            out[tier["name"]] = round(self.solver.Objective().Value())
            if tier["sense"] == "most":
                self.solver.Add(aim >= out[tier["name"]])
            else:
                self.solver.Add(aim <= out[tier["name"]])
        return out


def agrees(certificate: Sequence[Any], found: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Tiers whose value differs: (ours, the other's)."""
    ours = {t.name: t.value for t in certificate}
    return {name: (ours[name], value) for name, value in found.items() if ours[name] != value}
