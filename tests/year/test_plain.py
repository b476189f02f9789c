"""The plain judge of the chains finds each kind of bar by itself, on plans into which it was written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from allocator.domain.change import apply
from allocator.domain.plan import Plan
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve, world
from tests.make import case, led, policy, school, sip
from tests.year.plain import strange

RULES = policy(balance={"on": False}, spread={"on": False})
ANN = {"sip": "A", "urn": "1"}
BARS: dict[str, dict[str, Any]] = {
    "veto": {"veto": {**ANN, "on": "2027-02-01"}},
    "breakdown": {"breakdown": {**ANN, "on": "2027-02-01"}},
    "forbidden": {"forbid": {**ANN, "on": "2027-02-01"}},
    "an interest": {"interest": {**ANN, "kind": "family", "declared_on": "2027-02-01"}},
    "away from": {"sip_absent": {"sip": "A", "from": "2027-02-01", "to": "2027-03-31"}},
    "has left": {"sip_leaves": {"sip": "A", "on": "2027-01-31"}},
    "no check in force": {"check": {"sip": "A", "dbs_valid_until": "2027-01-31"}},
    "closed": {"school_closes": {"urn": "1", "on": "2027-01-31"}},
    "not in the run": {"participation": {"urn": "1", "participation": "own_sip"}},
    "leads 1 schools": {"max_schools": {"sip": "A", "max_schools": 0}},
    "and the budget is": {"budget": {"days": 1, "from": "2027-02-01"}},
    "and offers": {"days": {"sip": "A", "days": 1}},
}


def start() -> Plan:
    return solve(case([school("1")], [sip("A"), sip("B")], history=led("1", "A", "2025/26")), RULES)


@pytest.mark.parametrize("why", BARS)
def test_a_plan_that_does_not_heed_an_event_is_strange(why: str) -> None:
    before = start()
    after = repair(before, [BARS[why]])
    facts, rules = world(after)
    assert strange(facts, rules, after, before) == []
    rows = before.assignments
    if why == "and the budget is":  # which tells of days taken on after it
        rows = tuple(a.model_copy(update={"from_": dt.date(2027, 2, 1)}) for a in rows)
    found = strange(facts, rules, after.model_copy(update={"assignments": rows}), before)
    assert any(why in text for text in found), found


def test_lead_and_separate_support_by_one_person_are_strange() -> None:
    facts = case([school("1", need="top", days=5)], [sip(s, experience=("special_measures",)) for s in "AB"])
    plan = solve(facts, RULES)
    assert strange(*apply(facts, RULES, []), plan, None) == []
    one = tuple(a.model_copy(update={"sip": "A"}) for a in plan.assignments)
    assert any(
        "is lead and support" in text
        for text in strange(facts, RULES, plan.model_copy(update={"assignments": one}), None)
    )
