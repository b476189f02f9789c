"""A plan answers for its posts: who holds one, who from here on, and in which order."""

from __future__ import annotations

import json

import pytest

import allocator
from allocator.domain.plan import Plan, plan_text
from tests.check.random_cases import random_case
from tests.make import case, policy, school, sip
from tests.sizes import whole_or


def as_python_writes(plan: Plan) -> str:
    return json.dumps(plan.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"


def test_its_text_is_what_python_writes() -> None:
    for seed in range(whole_or(100, 20, 6)):
        plan = allocator.solve(*random_case(seed))
        assert plan_text(plan) == as_python_writes(plan)


@pytest.mark.parametrize(
    "odd", [0.0, -0.0, 1e-4, 1.2e-5, -1e-7, 5e-324, 1e15, 1e16, -1.5e17, 123456789012345680.0, 1e300, 0.1 + 0.2, 2**70]
)
def test_so_are_numbers_that_others_write_otherwise(odd: float) -> None:
    plan = allocator.solve(*random_case(1))
    kept = plan.inputs.model_copy(update={"case": {"odd": odd, "rows": [odd, [odd], {}], "e": "1e5"}})
    made = plan.made_with.model_copy(update={"deterministic_time": float(odd)})
    plan = plan.model_copy(update={"inputs": kept, "made_with": made})
    assert plan_text(plan) == as_python_writes(plan)


@pytest.mark.parametrize(
    "text", ["", 'a "b" \\ /', "\x00\x1f\x7f\x80\u2028", "Siân \U0001f600", "tab\tline\n\r\b\f", "in 0.00001 e"]
)
def test_so_are_words(text: str) -> None:
    plan = allocator.solve(*random_case(1)).model_copy(update={"notices": (text,)})
    assert plan_text(plan) == as_python_writes(plan)


def test_a_post_that_two_hold_one_after_another_is_told_in_the_order_of_the_year() -> None:
    made = case([school("1"), school("2")], [sip("A"), sip("B"), sip("C")])
    plan = allocator.solve(made, policy())
    first = plan.held()["1", "lead"].sip
    assert [a.sip for a in plan.holders("1", "lead")] == [a.sip for a in plan.open("1", "lead")] == [first]
    after = allocator.what_if(plan, [allocator.change.sip_leaves(first, on="2026-12-31")])
    second = after.held()["1", "lead"].sip
    assert second != first
    assert [a.sip for a in after.holders("1", "lead")] == [first, second]
    assert [a.sip for a in after.open("1", "lead")] == [second]
    assert after.posts() == {("1", "lead"), ("2", "lead")}
    assert after.holders("3", "lead") == ()
