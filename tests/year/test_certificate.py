"""The year of Hartwell by another solver: each plan's tiers, from the exported model alone."""

from __future__ import annotations

from pathlib import Path

from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve
from allocator.report.model_file import model_out
from allocator.report.pairs import write_pairs
from allocator.year import read_steps, tell
from tests.sizes import whole_or
from tests.year.another_solver import Another, agrees

HARTWELL = Path(__file__).parents[2] / "scenarios" / "hartwell"


def test_another_solver_finds_no_better_plan_in_the_year(tmp_path: Path) -> None:
    reading = read_case(HARTWELL)
    assert reading.case is not None
    plans = [solve(reading.case, reading.policy)]
    steps = read_steps(HARTWELL / "year.toml")[: whole_or(7, 2)]
    plans += [chapter.plan for chapter in tell(plans[0], steps)]
    for n, plan in enumerate(plans[whole_or(0, 0, 2) :: whole_or(1, 2)]):  # the last has a year to go on from
        ready = ready_from(plan)
        write_pairs(ready, tmp_path / "pairs.csv")
        found = Another((tmp_path / "pairs.csv").read_text("utf-8"), model_out(ready)).tiers()
        assert agrees(plan.certificate.tiers, found) == {}, n
        assert len(found) >= 14
