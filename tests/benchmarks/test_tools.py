"""The measuring tools themselves: exponents, the page, and peers that solve what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allocator import allocate
from tests.benchmarks import peers, picture
from tests.benchmarks.workers import leavers
from tests.make import case, policy, school, sip


def row(n: int) -> dict[str, Any]:
    return {
        "name": f"{n}",
        "schools": n,
        "sips": n // 8,
        "posts": n,
        "pairs": 20 * n,
        "parts": 1,
        "largest_part": n,
        "steps": dict.fromkeys(picture.STEPS, (0.0, n / 1000)),
        "peak_mib": 100 + n,
        "before_mib": 100,
        "machine": "a machine",
        "solves": [{"by": "allocator", "seconds": 1.0, "filled": n, "points": 5, "gap": 0.0}],
    }


def test_an_exponent_is_the_slope_on_logarithms() -> None:
    assert picture.exponent([1, 10, 100], [3, 300, 30000]) == pytest.approx(2)


def test_the_page_and_the_picture_come_from_the_rows(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.md").write_text("old\n\n## Hard years\n\nby hand\n", "utf-8")
    picture.document([row(6000), row(60), row(600)], tmp_path)
    text = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "time 1.00, memory beyond what the program itself takes 1.00" in text
    assert text.index("| 60 |") < text.index("| 600 |") < text.index("| 6,000 |")
    assert text.endswith("\n\n## Hard years\n\nby hand\n")
    assert "old" not in text
    assert (tmp_path / "benchmarks.svg").read_text("utf-8").count("<polyline") == len(picture.STEPS) + 1


def test_peers_find_the_best_of_a_small_case() -> None:
    bare = {"balance": {"on": False}, "spread": {"on": False}}
    made = case([school(str(n)) for n in range(6)], [sip("A"), sip("B", experience=("rural",))])
    ready = allocate.setup(made, policy(**bare))
    plan, _ = allocate.allocate(ready)
    by = {r["by"]: r for r in peers.all_of(ready, 10, 1)}
    for name in ("plain CP-SAT", "HiGHS"):
        assert (by[name]["filled"], by[name]["points"], by[name]["gap"]) == (6, plan.summary.points, 0)
    assert by["greedy by hand"]["filled"] <= 6


def test_leavers_are_those_with_most_schools_fewest_and_in_between() -> None:
    led = {"A": 9, "B": 7, "C": 4, "D": 2, "E": 1}
    rows = [{"sip": s, "post": post} for s, n in led.items() for post in ["lead"] * n + ["support"]]
    assert leavers({"assignments": rows}, 3) == [("A", 9), ("C", 4), ("E", 1)]
    assert leavers({"assignments": rows}, 9) == list(led.items())
    assert leavers({"assignments": rows}, 3, ["D"]) == [("D", 2)]
