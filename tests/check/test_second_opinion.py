"""What is called proved, put to another solver on the exported model: HiGHS agrees with CP-SAT tier by tier, and a solver
that calls a plan best which is not, or something impossible which is not, is found out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from ortools.sat.python import cp_model

from allocator import allocate
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.engine import method
from allocator.engine.climb import Unsettled
from allocator.errors import AllocatorError
from tests.check.peer import opinion
from tests.check.random_cases import drawn, random_case
from tests.sizes import whole_or

BLOCKS = 6
SMALL, LARGER = whole_or(3000, 24), whole_or(600, 12)  # cases in all
FALSE = whole_or(60, 9)  # cases put to a solver that says what is not so


def larger(n: int) -> tuple[Case, Policy]:
    """Case n of up to nine schools and five SIPs: too many plans to try, so only another solver can say."""
    r = random.Random(f"larger/{n}")
    return drawn(r, r.randint(6, 9), r.randint(3, 5))


def doubts(case: Case, policy: Policy, folder: Path) -> str:
    """How the two differ, in words; blank where they agree."""
    ready = allocate.setup(case, policy)
    if any(t.worst for t in ready.inst.tiers):
        return ""
    other = opinion(ready, folder)
    try:
        ours: dict[str, int] | None = {t.name: t.value for t in allocate.allocate(ready)[1].tiers}
    except AllocatorError as error:
        return "" if other is None else f"we say it cannot be ({error.text}), and it can"
    return "" if ours == other else f"we say {ours}, the other solver {other}"


@pytest.mark.parametrize("block", range(BLOCKS))
def test_another_solver_finds_the_same_best(block: int, tmp_path: Path) -> None:
    for n in range(block, SMALL, BLOCKS):
        assert doubts(*random_case(n), tmp_path) == "", f"case {n}"
    for n in range(block, LARGER, BLOCKS):
        assert doubts(*larger(n), tmp_path) == "", f"larger case {n}"


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a few relaxations would settle is searched by CP-SAT too."""

    def unsettled(*_: object, **__: object) -> None:
        raise Unsettled

    monkeypatch.setattr(method, "at_the_root", unsettled)


@pytest.mark.usefixtures("searched")
def test_a_best_that_is_not_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver stops at the first plan it finds and calls it optimal."""
    plain = cp_model.CpSolver.solve

    def lazy(self: cp_model.CpSolver, model: cp_model.CpModel, *more: Any) -> Any:
        self.parameters.stop_after_first_solution = True
        found = plain(self, model, *more)
        return cp_model.OPTIMAL if found == cp_model.FEASIBLE else found

    monkeypatch.setattr(cp_model.CpSolver, "solve", lazy)
    found = [told for n in range(FALSE) if (told := doubts(*larger(n), tmp_path))]
    assert found
    assert all("the other solver" in told or "cannot be" in told for told in found)


@pytest.mark.usefixtures("searched")
def test_a_cannot_that_can_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver calls everything impossible, also when it is asked once more."""
    plain = cp_model.CpSolver.solve

    def faint(self: cp_model.CpSolver, model: cp_model.CpModel, *more: Any) -> Any:
        plain(self, model, *more)
        return cp_model.INFEASIBLE

    monkeypatch.setattr(cp_model.CpSolver, "solve", faint)
    found = [told for n in range(FALSE) if (told := doubts(*larger(n), tmp_path))]
    assert len(found) == FALSE
    assert all("the other solver" in told or "and it can" in told for told in found)
