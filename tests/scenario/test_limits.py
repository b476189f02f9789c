"""Every command that searches takes the same limits, and says of what it did not work out nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from typer.main import get_command

from allocator.cli.commands import app
from allocator.domain.plan import Plan
from allocator.engine.tiers import Stop
from allocator.intake.read import read_case
from allocator.questions import sweep
from allocator.questions.choices import choices
from allocator.reasons.answer import solve

SEARCH = "solve", "explain", "what-if", "choices", "veto", "frontier", "sweep"
READY = Path(__file__).parents[2] / "scenarios" / "leaver-at-christmas"


@pytest.fixture(scope="module")
def plan() -> Plan:
    reading = read_case(READY)
    assert reading.case is not None
    return solve(reading.case, reading.policy)


@pytest.mark.parametrize("name", SEARCH)
def test_a_command_that_searches_takes_the_limits(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]  # a group
    assert {"time_limit", "work_limit", "workers"} <= {p.name for p in command.params}


def test_lists_come_one_by_one_and_what_is_left_open_is_said_to_be(plan: Plan) -> None:
    change = [{"sip_leaves": {"sip": plan.assignments[0].sip, "on": "2026-12-31"}}]
    came: list[str] = []
    full = choices(plan, change, as_ready=lambda c, _: came.append(c.urn))
    assert came == [c.urn for c in full.lists] != []
    assert not any(c.not_worked_out for c in full.lists)
    cut = choices(plan, change, stop=Stop(work=1e-6))
    assert [c.urn for c in cut.lists] == came
    for whole, c in zip(full.lists, cut.lists, strict=True):
        assert not c.offers
        assert set(c.not_worked_out) <= {o.name for o in whole.offers}
        assert c.not_worked_out or c.none_because or not whole.offers


def test_a_sweep_that_is_ended_tells_no_number(plan: Plan) -> None:
    jobs = sweep.leaving(plan)
    assert len(list(sweep.sweep(plan, jobs))) == len(jobs)
    assert not list(sweep.sweep(plan, jobs, Stop(work=1e-6)))
    over = threading.Event()
    over.set()
    assert not list(sweep.sweep(plan, jobs, Stop(event=over)))
