"""Brute force through the auditor alone agrees with the solver, tier by tier and on the lot."""

from __future__ import annotations

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain.policy import Objective
from allocator.errors import CaseError
from tests.check.brute import best
from tests.check.own_cases import DRAWS, case_for
from tests.check.random_cases import random_case
from tests.sizes import whole_or

BLOCKS = 20
IN_A_BLOCK, OTHERWISE = whole_or(25, 2, 1), whole_or(60, 8)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_solver_finds_the_plan_that_trying_all_finds(block: int) -> None:
    for n in range(block, BLOCKS * IN_A_BLOCK, BLOCKS):
        case, policy = random_case(n)
        (choice, short), score = best(Auditor(case, policy))
        plan, solution = allocate.allocate(allocate.setup(case, policy))
        found = {(a.urn, str(a.post)): a.sip for a in plan.assignments}
        trimmed = {(a.urn, str(a.post)): round(a.days_short * 4) for a in plan.assignments if a.days_short}
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert (found, trimmed) == (choice, short), f"case {n}"
        assert audit(case, policy, plan) == [], f"case {n}"


@pytest.mark.parametrize("rule", DRAWS)
def test_it_finds_it_too_in_the_cases_that_a_rule_draws_for_itself(rule: str) -> None:
    for n in range(IN_A_BLOCK):
        case, policy = case_for(rule, n)
        _, score = best(Auditor(case, policy))
        plan, solution = allocate.allocate(allocate.setup(case, policy))
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert audit(case, policy, plan) == [], f"case {n}"


def test_no_lead_is_below_the_floor_that_policy_sets() -> None:
    barred = 0
    for n in range(OTHERWISE):
        case, drawn = random_case(n)
        policy = drawn.model_copy(update={"objective": Objective(floor=(0, 150, 400)[n % 3])})
        try:
            ready = allocate.setup(case, policy)
            plan, solution = allocate.allocate(ready)
        except CaseError:  # a lock below the floor
            continue
        (choice, _), score = best(Auditor(case, policy))
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert {(a.urn, str(a.post)): a.sip for a in plan.assignments} == choice, f"case {n}"
        assert audit(case, policy, plan) == [], f"case {n}"
        assert all(a.points >= (policy.objective.floor or 0) for a in plan.assignments if a.post == "lead")
        barred += len(allocate.setup(case, drawn).choices) - len(ready.choices)
    assert barred > OTHERWISE


def test_the_worst_off_school_comes_first_where_policy_says_so() -> None:
    for n in range(OTHERWISE):
        case, drawn = random_case(n)
        policy = drawn.model_copy(update={"objective": Objective(worst_first=True)})
        (choice, _), score = best(Auditor(case, policy))
        plan, solution = allocate.allocate(allocate.setup(case, policy))
        assert solution.status == "optimal", f"case {n}"
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert [t.name for t in plan.certificate.tiers] == list(score.tiers)
        assert {(a.urn, str(a.post)): a.sip for a in plan.assignments} == choice, f"case {n}"
        assert audit(case, policy, plan) == [], f"case {n}"
