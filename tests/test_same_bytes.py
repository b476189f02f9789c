"""The same input gives the same plan, whatever the order of rows and columns or the number of workers."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from allocator.engine.tiers import Stop
from allocator.intake.read import read_case
from allocator.reasons.answer import solve

HARTWELL = Path(__file__).parents[1] / "scenarios" / "hartwell"


def plan_of(folder: Path, workers: int = 1) -> dict[str, Any]:
    reading = read_case(folder)
    assert reading.case is not None
    plan = solve(reading.case, reading.policy, stop=Stop(workers=workers))
    out: dict[str, Any] = json.loads(plan.model_dump_json(by_alias=True))
    del out["made_with"]["created_at"], out["made_with"]["deterministic_time"]
    return out


def shuffled(source: Path, target: Path, seed: int) -> Path:
    """The same tables with rows and columns in another order."""
    r = random.Random(seed)
    target.mkdir()
    for file in source.iterdir():
        if file.suffix != ".csv":
            (target / file.name).write_bytes(file.read_bytes())
            continue
        with file.open(encoding="utf-8", newline="") as f:
            head, *rows = list(csv.reader(f))
        order = r.sample(range(len(head)), len(head))
        r.shuffle(rows)
        with (target / file.name).open("w", encoding="utf-8", newline="") as f:
            csv.writer(f).writerows([[row[n] for n in order] for row in [head, *rows]])
    return target


@pytest.fixture(scope="module")
def straight() -> dict[str, Any]:
    return plan_of(HARTWELL)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_and_columns_does_not_matter(straight: dict[str, Any], tmp_path: Path, seed: int) -> None:
    assert plan_of(shuffled(HARTWELL, tmp_path / "mixed", seed)) == straight


def test_two_workers_give_the_same_plan(straight: dict[str, Any]) -> None:
    assert plan_of(HARTWELL, workers=2) == straight
