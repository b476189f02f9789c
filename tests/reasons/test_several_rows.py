"""A post held by several in one year, or by nobody for a while: why, and why not, of each part of it."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.check.audit import audit
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.questions.scenario import repair
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.why import explain
from tests.make import case, led, school, sip

AWAY = {"sip_absent": {"sip": "A", "from": "2027-01-11", "to": "2027-03-05"}}


def plan(*people: str, **policy: Any) -> Plan:
    made = case(
        [school("1"), school("2")],
        [sip(p) for p in people],
        history=led("1", "A", "2025/26") + led("2", "A", "2025/26"),
    )
    return solve(made, Policy.model_validate(policy))


def said(p: Plan, who: str | None = None, audience: Any = "manager") -> str:
    return explain(ready_from(p), p, "1", sip=who, audience=audience).text


def test_why_not_answers_for_each_part_of_the_year() -> None:
    after = repair(plan("A", "B"), [AWAY])
    of_a, of_b = said(after, "A"), said(after, "B")
    assert "From 11 January 2027 to 5 March 2027: Sip A may not take School 1" in of_a
    assert "From 6 March 2027 to 31 July 2027: Sip A does hold this post." in of_a
    assert "From 11 January 2027 to 5 March 2027: Sip B does hold this post." in of_b
    assert "From 6 March 2027 to 31 July 2027: Sip B may take School 1. The price" in of_b
    found = explain(ready_from(after), after, "1", sip="B").why_not
    assert found
    assert (found.post, found.price != ()) == ("lead", True)
    assert [(x.post, bool(x.price)) for x in found.parts] == [("lead", False), ("lead/2", True)]
    assert "lead/" not in found.chain[0].text


def test_a_manager_reads_who_holds_the_post_from_when_to_when() -> None:
    text = said(repair(plan("A", "B"), [AWAY]))
    assert (
        "Sip A from 1 September 2026 to 10 January 2027; Sip B from 11 January 2027 to 5 March 2027; Sip A from 6 March"
        in text
    )
    assert "In the year" not in said(plan("A", "B"))


def test_a_manager_reads_of_everyone_still_decided_and_of_nobody() -> None:
    leaves = {"sip_leaves": {"sip": "B", "on": "2027-02-12"}}
    after = repair(repair(plan("A", "B"), [AWAY]), [leaves])
    text = said(after)
    held, empty = (
        text.index("(1), lead: Sip A"),
        text.index("School 1 has no lead SIP from 13 February 2027 to 5 March"),
    )
    assert held < empty
    text = said(repair(plan("A", "B"), [AWAY]))
    assert text.index("(1), lead: Sip B, ") < text.index("(1), lead: Sip A, ") < text.index("In the year: ")


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        ("manager", "School 1 has no lead SIP from 1 January 2027 to 31 July 2027"),
        ("school", "We have not yet named your"),
    ],
)
def test_a_post_left_empty_within_the_year_says_so(audience: str, words: str) -> None:
    after = repair(plan("A"), [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    text = said(after, audience=audience)
    assert "Sip A" in text
    assert words in text
    assert ("Could be mended" in text) is (audience == "manager")


@pytest.mark.parametrize("availability", [True, False])
@pytest.mark.parametrize("change", [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}, AWAY], ids=["leaves", "away"])
def test_a_leaver_under_either_switch_of_availability(availability: bool, change: dict[str, Any]) -> None:
    """With the rule off nobody's leaving bars a post, so nothing moves; the plan stands to the audit either way."""
    after = repair(plan("A", "B", availability={"on": availability}), [change])
    assert audit(*world(after), after) == []
    holders = {a.sip for a in after.assignments if a.to.month == 7}
    assert ({"A"} == holders) is (not availability or change is AWAY)
    assert after.unfilled == ()
