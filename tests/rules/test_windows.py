"""When a post runs: between opening and closing, and no post where that leaves no day."""

from __future__ import annotations

from typing import Any

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.reasons.preflight import preflight
from tests.make import case, school, sip

ASKS = {"appraisal": "any"}


def posts(made: Case, **policy: Any) -> dict[str, tuple[str, str]]:
    """Kind of post at school 1 -> first and last day; the plan made of it stands to the audit."""
    in_force = Policy.model_validate(policy)
    plan, _ = allocate.allocate(allocate.setup(made, in_force))
    assert audit(made, in_force, plan) == []
    assert all(a.from_ <= a.to for a in plan.assignments)
    return {p.kind: (str(p.start), str(p.end)) for p in Facts(made, in_force).posts if p.urn == "1"}


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        ({"opens_on": "2026-12-31"}, {"lead", "appraisal"}),
        ({"opens_on": "2027-01-01"}, {"lead"}),
        ({"opens_on": "2027-08-01"}, set()),
        ({"opens_on": "2027-02-01", "closes_on": "2027-02-01"}, {"lead"}),
        ({"opens_on": "2027-02-02", "closes_on": "2027-02-01"}, set()),
    ],
)
@pytest.mark.parametrize("on", [True, False])
def test_a_window_without_a_day_is_no_post(row: dict[str, Any], kinds: set[str], on: bool) -> None:
    made = case([school("1", **ASKS, **row), school("2")], [sip("A", appraisal_trained=True)])
    assert set(posts(made, participation={"on": on})) == kinds


def test_the_next_school_of_a_head_has_the_appraisal_where_the_first_has_no_day_for_it() -> None:
    made = case([school("1", head="h", opens_on="2027-01-10", **ASKS), school("2", head="h", **ASKS)], [sip("A")])
    assert {p.urn for p in Facts(made, Policy()).posts if p.kind == "appraisal"} == {"2"}
    posts(made)


def test_participation_off_asks_for_no_column_and_keeps_the_dates() -> None:
    made = case([school("1", participation="own_sip", opens_on="2026-11-01", closes_on="2027-05-31")], [sip("A")])
    assert posts(made) == {}
    assert posts(made, participation={"on": False}) == {"lead": ("2026-11-01", "2027-05-31")}


def test_check_says_which_post_has_no_day() -> None:
    made = case(
        [school("1", opens_on="2027-01-04", **ASKS), school("2", opens_on="2027-03-01", closes_on="2027-02-01")],
        [sip("A")],
    )
    found = {p.value: p.text for p in preflight(made, Policy()) if p.code == "no_day"}
    assert "appraisal" in found["1"]
    assert "4 January 2027" in found["1"]
    assert "31 December 2026" in found["1"]
    assert "closes on 1 February 2027, before it opens on 1 March 2027" in found["2"]
