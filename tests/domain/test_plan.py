"""A plan answers for its posts: who holds one, who from here on, and in which order."""

from __future__ import annotations

import allocator
from tests.make import case, policy, school, sip


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
