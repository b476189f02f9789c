"""What `check` says before anything is solved: posts nobody may take, locks that cannot stand."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.check.audit import audit
from allocator.errors import CaseError
from allocator.reasons.answer import solve
from allocator.reasons.preflight import preflight
from tests.make import case, policy, school, sip


def lock(urn: str, sip: str) -> dict[str, Any]:
    return {"decision": "lock", "urn": urn, "sip": sip, "reason": "x", "by": "m", "on": "2026-06-01"}


def said(schools: list[Any], sips: list[Any], **tables: Any) -> list[tuple[str, str, str]]:
    return [(p.code, p.severity, p.text) for p in preflight(case(schools, sips, **tables), policy())]


def test_a_case_that_can_be_filled_has_nothing_to_say() -> None:
    assert said([school()], [sip()]) == []


def test_a_post_that_nobody_may_take_is_told_with_the_rules_that_bar() -> None:
    found = said([school("1"), school("2", phase="special")], [sip(), sip("B", trained=None)])
    assert [(code, severity) for code, severity, _ in found] == [
        ("barred_by_check", "notice"),
        ("nobody_may", "notice"),
    ]
    assert "School 2 (2): none of the 2 SIPs may be its lead: 2 do not work in this phase" in found[1][2]


def test_a_lock_that_breaks_a_rule_is_an_error_that_names_both() -> None:
    found = said([school("1", phase="special"), school("2")], [sip()], decisions=[lock("1", "A")])
    assert [f[:2] for f in found] == [("nobody_may", "notice"), ("lock_barred", "error")]
    assert "Sip A works in primary; School 1 needs special" in found[1][2]


def test_locks_that_together_break_capacity_are_an_error_that_names_them_and_no_other() -> None:
    schools = [school(u) for u in "123"]
    found = said(schools, [sip(days=3), sip("B")], decisions=[lock("1", "A"), lock("2", "A"), lock("3", "B")])
    assert [f[:2] for f in found] == [("locks_clash", "error")]
    assert "These 2 locks cannot stand together" in found[0][2]
    assert "School 3" not in found[0][2]


def test_a_post_that_nobody_fits_well_enough_for_the_floor_says_so() -> None:
    wanted = case([school("1", focus=("maths",)), school("2")], [sip("A"), sip("B", specialisms=("maths",))])
    strict = policy(objective={"floor": 100})
    notices = [p.text for p in preflight(wanted, strict)]
    assert any("School 2" in t and "fit it less well than policy asks for" in t for t in notices)
    plan = solve(wanted, strict)
    assert [(a.urn, a.sip) for a in plan.assignments] == [("1", "B")]
    assert "policy asks for 100 at least" in plan.unfilled[0].text
    assert {item.rule for item in plan.unfilled[0].clash} == {"floor"}
    loose = solve(wanted, policy())
    assert {b.rule for b in audit(wanted, strict, loose)} >= {"floor"}
    locked = case(list(wanted.schools), list(wanted.sips), decisions=[lock("2", "A")])
    with pytest.raises(CaseError, match="policy asks for 100 at least"):
        solve(locked, strict)
