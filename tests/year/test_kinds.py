"""The kinds of fault that a year once hid, each by a small case of its own."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.questions.scenario import rebuild, repair
from allocator.questions.veto import veto
from allocator.reasons.answer import solve, world
from tests.make import case, led, policy, school, sip

RULES = policy(balance={"on": False}, spread={"on": False})


def start(schools: list[Any], sips: list[Any], rules: Policy = RULES, **tables: Any) -> Plan:
    return solve(case(schools, sips, **tables), rules)


def at(plan: Plan, urn: str = "1", post: str = "lead") -> list[tuple[str, str, str]]:
    """Who holds a post, from when to when."""
    rows = [x for x in plan.assignments if (x.urn, x.post) == (urn, post)]
    return [(x.sip, f"{x.from_:%m-%d}", f"{x.to:%m-%d}") for x in sorted(rows, key=lambda x: x.from_)]


def empty(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [(u.urn, str(u.post), f"{u.from_:%m-%d}", f"{u.to:%m-%d}") for u in plan.unfilled if u.from_ and u.to]


def holds(plan: Plan, before: Plan) -> Plan:
    """The plan, once the auditor has passed it beside the one gone on from."""
    assert audit(*world(plan), plan, before) == []
    return plan


def after(plan: Plan, *changes: dict[str, Any]) -> Plan:
    return holds(repair(plan, changes), plan)


def leaves(who: str, on: str) -> dict[str, Any]:
    return {"sip_leaves": {"sip": who, "on": on}}


def absent(who: str, first: str, last: str) -> dict[str, Any]:
    return {"sip_absent": {"sip": who, "from": first, "to": last}}


def joins(who: str, on: str) -> dict[str, Any]:
    row = sip(who, joined_on=on).model_dump(mode="json", exclude_none=True)
    return {"sip_joins": {k: v for k, v in row.items() if v != []}}


def test_a_school_left_empty_is_counted_until_somebody_comes() -> None:
    plan = after(start([school("1")], [sip("A")]), leaves("A", "2026-12-31"))
    assert at(plan) == [("A", "09-01", "12-31")]
    assert empty(plan) == [("1", "lead", "01-01", "07-31")]
    for change in (leaves("A", "2026-12-30"), {"policy": {"key": "repair.handover", "value": 10}}):
        again = repair(plan, [change])
        assert (again.summary.schools, again.summary.unfilled, len(again.unfilled)) == (1, 1, 1), change
    assert holds(rebuild(plan, [{"policy": {"key": "days.floor", "value": 1}}]), plan).summary.unfilled == 1
    covered = after(plan, joins("B", "2027-02-01"))
    assert at(covered) == [("A", "09-01", "12-31"), ("B", "02-01", "07-31")]
    assert (empty(covered), covered.summary.filled) == ([], 1)  # January is past, and the row says so


def test_a_leaver_and_a_joiner_after_a_gap_in_one_what_if() -> None:
    plan = start([school("1")], [sip("A")])
    together = after(plan, leaves("A", "2026-12-31"), joins("B", "2027-02-01"))
    assert at(together) == [("A", "09-01", "12-31"), ("B", "02-01", "07-31")]
    assert empty(together) == [("1", "lead", "01-01", "01-31")]


@pytest.mark.parametrize(
    "refusal",
    [
        {"breakdown": {"urn": "1", "sip": "A", "on": "2027-02-01"}},
        {"forbid": {"urn": "1", "sip": "A", "on": "2027-02-01"}},
        {"interest": {"urn": "1", "sip": "A", "kind": "family", "declared_on": "2027-02-01"}},
        {"veto": {"urn": "1", "sip": "A", "on": "2027-02-01"}},
    ],
    ids=["breakdown", "forbid", "interest", "veto"],
)
def test_who_is_due_back_from_an_absence_and_is_refused_does_not_come_back(refusal: dict[str, Any]) -> None:
    plan = start([school("1")], [sip("A"), sip("B", max_schools=1)], history=led("1", "A", "2025/26"))
    away = after(plan, absent("A", "2027-01-11", "2027-03-05"))
    assert [row[0] for row in at(away)] == ["A", "B", "A"]
    refused = after(away, refusal)
    assert at(refused) == [("A", "09-01", "01-10"), ("B", "01-11", "07-31")]


def test_a_refusal_in_july_holds_for_the_whole_year_also_around_an_absence() -> None:
    facts = case(
        [school("1"), school("2")],
        [sip("A"), sip("B", max_schools=1)],
        history=[*led("1", "A", "2025/26"), *led("2", "A", "2025/26")],
        absences=[{"sip": "A", "away_from": "2026-10-15", "away_to": "2026-12-31"}],
    )
    plan = solve(facts, RULES)
    assert at(plan) == [("A", "09-01", "07-31")]
    found = holds(veto(plan, "1").plan, plan)
    assert at(found) == [("B", "09-01", "07-31")]
    assert at(found, "2") == [("A", "09-01", "07-31")]  # the absence was accepted with the plan


def test_absent_and_then_gone() -> None:
    plan = start([school("1")], [sip("A"), sip("B")], history=led("1", "A", "2025/26"))
    found = after(plan, absent("A", "2027-01-11", "2027-03-05"), leaves("A", "2027-05-03"))
    assert all(who != "A" or to <= "05-03" or to >= "09-01" for who, _, to in at(found))
    assert not found.unfilled


def test_two_absences_are_both_covered() -> None:
    plan = start([school("1")], [sip("A"), sip("B")], history=led("1", "A", "2025/26"))
    found = after(plan, absent("A", "2026-11-02", "2026-11-30"), absent("A", "2027-05-01", "2027-06-30"))
    assert at(found) == [
        ("A", "09-01", "11-01"),
        ("B", "11-02", "11-30"),
        ("A", "12-01", "04-30"),
        ("B", "05-01", "06-30"),
        ("A", "07-01", "07-31"),
    ]


def test_an_absence_in_two_rows_is_one() -> None:
    rows = [
        {"sip": "A", "away_from": "2026-09-01", "away_to": "2027-01-15"},
        {"sip": "A", "away_from": "2027-01-16", "away_to": "2027-06-30"},
    ]
    plan = start([school("1")], [sip("A"), sip("B")], history=led("1", "A", "2025/26"), absences=rows)
    assert at(plan) == [("B", "09-01", "07-31")]


def test_an_absence_that_a_plan_accepted_stays_accepted_until_it_changes() -> None:
    rows = [{"sip": "A", "away_from": "2027-01-11", "away_to": "2027-02-12"}]
    plan = start(
        [school("1"), school("2")],
        [sip("A"), sip("B", max_schools=1), sip("C", max_schools=1)],
        history=[*led("1", "A", "2025/26"), *led("2", "A", "2025/26")],
        absences=rows,
    )
    assert at(after(plan, {"veto": {"urn": "2", "sip": "A"}})) == [("A", "09-01", "07-31")]
    longer = after(plan, absent("A", "2027-02-13", "2027-02-26"))
    assert [row[0] for row in at(longer)] == ["A", "B", "A"] or [row[0] for row in at(longer)] == ["A", "C", "A"]


def test_separate_support_is_another_person_on_each_day() -> None:
    plan = start(
        [school("1", need="top", days=5), school("2")],
        [sip(s, experience=("special_measures",)) for s in "AB"],
        history=led("1", "A", "2025/26"),
    )
    support = at(plan, post="support")[0][0]
    found = after(plan, absent("A", "2027-02-01", "2027-02-28"))
    leads, supports = at(found), at(found, post="support")
    clear = [(x, y) for x in leads for y in supports if x[0] == y[0] and _overlap(x, y)]
    assert support == "B"
    assert not clear


def _overlap(x: tuple[str, str, str], y: tuple[str, str, str]) -> bool:
    def key(day: str) -> str:
        return ("0" if day >= "09" else "1") + day

    return max(key(x[1]), key(y[1])) <= min(key(x[2]), key(y[2]))


def test_a_second_what_if_after_a_lead_was_left_empty() -> None:
    schools = [school("1", appraisal="different"), school("2")]
    plan = start(schools, [sip("A"), sip("B", max_schools=1, appraisal_trained=True)])
    first = after(plan, leaves("A", "2026-10-31"))
    after(first, {"category": {"urn": "2", "category_of_concern": "RSI", "on": "2026-11-20"}})
    after(first, {"school_closes": {"urn": "2", "on": "2026-12-31"}})
    after(first, {"budget": {"days": 20, "from": "2026-12-01"}})


def test_a_lock_falls_away_where_its_sip_leaves_is_away_or_is_refused() -> None:
    locked = [{"decision": "lock", "urn": "1", "sip": "A", "reason": "r", "by": "m", "on": "2026-06-01"}]
    facts = case([school("1"), school("2")], [sip("A"), sip("B")], decisions=locked)
    plan = solve(facts, RULES)
    for change in (
        leaves("A", "2026-12-31"),
        absent("A", "2027-01-11", "2027-03-05"),
        {"breakdown": {"urn": "1", "sip": "A", "on": "2027-02-01"}},
    ):
        found = after(plan, change)
        assert not found.unfilled
        assert any("lock" in n.lower() for n in found.notices), change
        assert any(row[0] == "B" for row in at(found))
    other = after(plan, {"veto": {"urn": "2", "sip": at(plan, "2")[0][0]}})
    assert at(other) == [("A", "09-01", "07-31")]


def test_a_leaver_with_availability_off_stays_and_nothing_breaks() -> None:
    rules = policy(balance={"on": False}, spread={"on": False}, availability={"on": False})
    plan = start([school("1")], [sip("A"), sip("B")], rules, history=led("1", "A", "2025/26"))
    assert at(after(plan, leaves("A", "2026-12-31"))) == [("A", "09-01", "07-31")]


def test_one_sip_for_a_cluster_also_when_the_member_that_asks_closes() -> None:
    asks = [{"decision": "one_sip_for_cluster", "urn": "3", "reason": "r", "by": "m", "on": "2026-06-01"}]
    facts: Case = case(
        [school(u, cluster="North", status="closed" if u == "3" else None) for u in "123"],
        [sip("A", max_schools=2), sip("B", max_schools=2)],
        decisions=asks,
        history=[*led("1", "A", "2025/26"), *led("2", "B", "2025/26")],
    )
    plan = solve(facts, RULES)
    assert at(plan, "1")[0][0] == at(plan, "2")[0][0]
    found = after(plan, leaves(at(plan, "1")[0][0], "2026-12-31"))
    assert at(found, "1")[-1] == at(found, "2")[-1]


def test_the_same_story_told_at_once_or_in_steps_ends_with_the_same_holders() -> None:
    plan = start(
        [school("1"), school("2")], [sip("A", max_schools=2), sip("B", max_schools=2)], history=led("1", "A", "2025/26")
    )
    story = [absent("A", "2026-10-12", "2026-12-04"), leaves("A", "2027-03-31")]
    whole = after(plan, *story)
    stepped = after(after(plan, story[0]), story[1])
    assert at(whole) == at(stepped)
