"""A second opinion: the files of `--pairs` and `--model`, read as docs/reference/model-file.md says, put to HiGHS.

It shares nothing with the engine: neither its variables, nor its rows, nor the solver, nor the way of holding a tier.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ortools.math_opt.python import mathopt

from allocator.allocate import Setup
from allocator.report.model_file import model_out
from allocator.report.pairs import write_pairs

Key = tuple[str, str]  # URN, post
PERIODS = ("year", "autumn_1", "autumn_2", "spring", "summer")


def exported(ready: Setup, folder: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The two files, written and read again."""
    write_pairs(ready, folder / "pairs.csv")
    (folder / "model.json").write_text(json.dumps(model_out(ready)), "utf-8")
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), json.loads((folder / "model.json").read_text("utf-8"))


class Peer:
    """The whole model as rows for a solver of mixed-integer programmes."""

    def __init__(self, pairs: list[dict[str, str]], told: dict[str, Any]) -> None:
        self.told, self.m = told, mathopt.Model()
        self.zero = self.m.add_variable(lb=0.0, ub=0.0)  # a sum of nothing is a sum, too
        self.rows = {(r["urn"], r["post"], r["sip"]): r for r in pairs if r["allowed"] == "1"}
        self.x = {key: self.m.add_binary_variable() for key in self.rows}
        self.posts = {(p["urn"], p["post"]): p for p in told["posts"]}
        self.at: dict[Key, list[Any]] = defaultdict(list)
        for (urn, post, _), x in self.x.items():
            self.at[urn, post].append(x)
        self.trims = {
            (*k, n): self.m.add_binary_variable() for k in self.rows for n in range(len(self.posts[k[:2]]["trims"]))
        }
        self.price: list[Any] = []  # what is taken off the points
        for where in self.posts:
            self.m.add_linear_constraint(sum(self.at[where]) + self.zero <= 1)
        for key, x in self.x.items():
            mine = [t for k, t in self.trims.items() if k[:3] == key]
            if mine:
                self.m.add_linear_constraint(sum(mine) <= x)
        self._people()
        self._together_and_apart()

    def load(self, key: tuple[str, str, str], what: str) -> Any:
        """What a pair takes of its SIP, if it is chosen, less its trim."""
        post = self.posts[key[:2]]
        if what not in PERIODS:
            return int(what in post["led_on"]) * self.x[key]
        less = sum(t[what] * self.trims[(*key, n)] for n, t in enumerate(post["trims"]))
        return int(self.rows[key][f"load_{what}"]) * self.x[key] - less

    def over(self, sum_: Any, free: int, price: int) -> None:
        """Each unit of `sum_` above `free` costs `price`."""
        most = self.m.add_variable(lb=0.0)
        self.m.add_linear_constraint(sum_ - free <= most)
        self.price.append(price * most)

    def _people(self) -> None:
        for p in self.told["people"]:
            mine = [k for k in self.x if k[2] == p["sip"]]
            for limit in p["limits"]:
                sum_ = sum(self.load(k, limit["load"]) for k in mine) + self.zero
                if mine:
                    self.m.add_linear_constraint(sum_ <= limit["hard"])
                    if limit["soft"] is not None:
                        self.over(sum_, limit["soft"], limit["price"])
            counted = [self.x[k] for k in mine if self.posts[k[:2]]["counts"]]
            if counted and p["max_schools"] is not None:
                self.m.add_linear_constraint(sum(counted) <= p["max_schools"])
            if counted and p["min_schools_if_any"]:
                any_ = self.m.add_binary_variable()
                self.m.add_linear_constraint(sum(counted) >= p["min_schools_if_any"] * any_)
                self.m.add_linear_constraint(sum(counted) <= len(counted) * any_)
        if self.told["budget"] and self.x:
            self.m.add_linear_constraint(sum(self.load(k, "year") for k in self.x) <= self.told["budget"]["hard"])

    def _together_and_apart(self) -> None:
        told, sips = self.told, {k[2] for k in self.x}
        for group in told["same_person"]:
            posts = [(p["urn"], p["post"]) for p in group]
            for sip in sips:
                first, *rest = [self.x.get((*p, sip), 0) for p in posts]
                for other in rest:
                    if not isinstance(first - other, int):
                        self.m.add_linear_constraint(first - other == 0)
        for group in told["different_person"]:
            for sip in sips:
                here = [x for p in group if (x := self.x.get((p["urn"], p["post"], sip))) is not None]
                if len(here) > 1:
                    self.m.add_linear_constraint(sum(here) <= 1)
        for both in told["never_both"]:
            chosen = [x for p in both if (x := self.pair(p)) is not None]
            if len(chosen) == len(both):
                self.m.add_linear_constraint(sum(chosen) <= len(both) - 1)
        for p in told["fixed"]:
            x = self.pair(p)
            assert x is not None, f"fixed, and not allowed: {p}"
            self.m.add_linear_constraint(x == 1)
        for a in told["above"]:
            mine = [k for k in self.x if k[2] == a["sip"]]
            if a["measure"] == "load_year":
                sum_ = sum(self.load(k, "year") for k in mine) + self.zero
            else:
                among = {(p["urn"], p["post"]) for p in a["measure"]}
                sum_ = sum(self.x[k] for k in mine if k[:2] in among) + self.zero
            if mine:
                self.over(sum_, a["free"], a["price"])
        for t in told["together"]:
            among = {(p["urn"], p["post"]) for p in t["posts"]}
            each = []
            for sip in sips:
                mine_ = [x for k, x in self.x.items() if k[2] == sip and k[:2] in among]
                if mine_:
                    there = self.m.add_binary_variable()
                    for x in mine_:
                        self.m.add_linear_constraint(x <= there)
                    each.append(there)
            if each:
                self.over(sum(each) + self.zero, 1, t["price"])

    def pair(self, p: dict[str, str]) -> Any:
        return self.x.get((p["urn"], p["post"], p["sip"]))

    def aim(self, tier: dict[str, Any]) -> Any:
        """A tier's value; what is broken is 1 for each list of which any pair is not chosen."""
        sum_: Any = 1 * self.zero
        for p in tier["filled"]:
            sum_ += sum(self.at[p["urn"], p["post"]])
        short = {(p["urn"], p["post"]) for p in tier["short"]}
        for key, t in self.trims.items():
            if key[:2] in short:
                sum_ += self.posts[key[:2]]["trims"][key[3]]["short"] * t
        for bond in tier["broken"]:
            broken = self.m.add_binary_variable()
            for p in bond:
                x = self.pair(p)
                self.m.add_linear_constraint(broken >= (1 if x is None else 1 - x))
            sum_ += broken
        if tier["points"]:
            sum_ += sum(int(r["points"]) * self.x[k] for k, r in self.rows.items()) - sum(self.price)
        if tier["lot"]:
            sum_ += sum(int(r["lot"]) * self.x[k] for k, r in self.rows.items())
        return sum_

    def values(self) -> Iterator[tuple[str, int]]:
        """(tier, best value), strictly in order; ends before its time where nothing is possible."""
        params = mathopt.SolveParameters(absolute_gap_tolerance=0.5, relative_gap_tolerance=0.0)
        for tier in self.told["tiers"]:
            assert not tier.get("worst"), "worst-off first is not read here"
            aim = self.aim(tier) + self.zero
            most = tier["sense"] == "most"
            self.m.objective.clear()
            self.m.maximize(aim) if most else self.m.minimize(aim)
            found = mathopt.solve(self.m, mathopt.SolverType.HIGHS, params=params)
            if found.termination.reason == mathopt.TerminationReason.INFEASIBLE:
                return
            assert found.termination.reason == mathopt.TerminationReason.OPTIMAL, found.termination
            value = round(found.objective_value())
            yield tier["name"], value
            self.m.add_linear_constraint(aim >= value - 0.5 if most else aim <= value + 0.5)


def opinion(ready: Setup, folder: Path) -> dict[str, int] | None:
    """Tier -> best value; None where the other solver says that nothing is possible."""
    found = dict(Peer(*exported(ready, folder)).values())
    return found or None
