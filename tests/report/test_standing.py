"""What is said of a plan that is not proved: what it is that is open, and never that nothing could be gained."""

from __future__ import annotations

import pytest

from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.report.terminal import standing
from tests.make import case, school, sip


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = solve(case([school("1"), school("2")], [sip("A"), sip("B")]), Policy())
    assert found.certificate.proved
    return found


@pytest.mark.parametrize(
    ("tier", "by", "says"),
    [
        ("4", 1, "one that fits better, by at most 1 point in all."),
        ("4", 3, "one that fits better, by at most 2 points a post."),
        ("5", -1, "only which of equally good plans the lot would take is not."),
        ("1a_standard", 1, "more time may find one with up to 1 more school of standard need with a SIP."),
        ("1d_low", -2, "more time may find one with up to 0.5 fewer days short at low need."),
    ],
)
def test_what_is_open_is_named_with_how_much(plan: Plan, tier: str, by: int, says: str) -> None:
    assert standing(open_at(plan, tier, by)).endswith(says)


def open_at(plan: Plan, tier: str, by: int) -> Plan:
    """The plan with the bound of one tier so far from its value."""
    c = plan.certificate
    tiers = tuple(t.model_copy(update={"bound": t.value + by}) if t.name == tier else t for t in c.tiers)
    assert tiers != c.tiers
    gap = abs(by) / plan.summary.filled if tier == "4" else 0.0
    return plan.model_copy(
        update={"certificate": c.model_copy(update={"tiers": tiers, "proved": False, "gap_points_per_post": gap})}
    )
