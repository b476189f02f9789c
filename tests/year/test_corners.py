"""Corners of the year that chains of events on larger cases have found: each once, small."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from rich.console import Console

from allocator.check.audit import audit
from allocator.domain.plan import Plan
from allocator.questions.scenario import rebuild, repair
from allocator.questions.veto import veto
from allocator.reasons.answer import solve, world
from allocator.report.terminal_questions import show_veto
from allocator.year import Step, tell
from tests.make import case, led, policy, school, sip
from tests.year.test_kinds import RULES, absent, at, joins, leaves

ONE_LEAD = {"decision": "one_sip_for_cluster", "reason": "x", "by": "m", "on": dt.date(2026, 6, 1)}


def test_a_rebuild_leaves_each_post_whole_where_a_school_of_a_cluster_closes() -> None:
    schools = [school(u, cluster="North") for u in "12"] + [school("3", cluster="North", closes_on=dt.date(2027, 2, 1))]
    plan = solve(case(schools, [sip("A"), sip("B")], decisions=[{**ONE_LEAD, "urn": "1"}]), RULES)
    new = rebuild(plan, [{"need": {"urn": "1", "need": "high", "on": "2027-02-01"}}])
    assert {a.sip for a in new.assignments if not a.settled} == {at(new)[-1][0]}


def test_cuts_go_from_a_cluster_to_schools_that_share_a_head_with_one_of_it() -> None:
    schools = [
        school("1", head="h"),
        school("2", head="h", cluster="North"),
        school("3", cluster="North", closes_on=dt.date(2027, 3, 1)),
        school("4"),
    ]
    plan = solve(case(schools, [sip("A"), sip("B"), sip("C")], decisions=[{**ONE_LEAD, "urn": "2"}]), RULES)
    who = at(plan)[0][0]
    new = repair(plan, [leaves(who, "2027-02-01")])
    assert at(new)[1:] == at(new, "2")[1:]
    assert at(new)[-1][0] == at(new, "3")[-1][0] != who


def test_why_nobody_where_a_rule_bars_at_another_post_of_the_school() -> None:
    team = [sip("A", days=3, max_schools=1), sip("B", days=3, max_schools=1)]
    forbid = {
        "decision": "forbid",
        "urn": "1",
        "sip": "A",
        "post": "lead",
        "reason": "x",
        "by": "m",
        "on": dt.date(2026, 6, 1),
    }
    rules = policy(**RULES.model_dump() | {"separation": {"needs": ["top"]}})
    away = {"sip": "A", "away_from": dt.date(2026, 9, 15), "away_to": dt.date(2026, 12, 31)}
    plan = solve(
        case([school("1", need="top"), school("2", need="top")], team, decisions=[forbid], absences=[away]), rules
    )
    assert all(u.text.startswith(u.school) and "locked" not in u.text for u in plan.unfilled)
    assert plan.unfilled


def test_who_keeps_a_part_leaves_no_sole_specialist_of_it() -> None:
    rules = policy(**RULES.model_dump() | {"tenure": {"limit": 3, "review": 2, "sole_specialist": "extend"}})
    past = led("1", "C", "2023/24", "2024/25", "2025/26")
    plan = solve(case([school("1")], [sip("A"), sip("C")], history=past), rules)
    assert at(plan)[0][0] == "A"
    interest = {"interest": {"sip": "A", "urn": "1", "kind": "family", "declared_on": "2027-01-01"}}
    plan = repair(plan, [interest])
    assert [who for who, _, _ in at(plan)] == ["A", "C"]
    new = repair(plan, [absent("C", "2026-11-20", "2026-11-25")])
    assert [who for who, _, _ in at(new)] == ["A", "C"]
    assert not any(a.runner_up for a in new.assignments if a.sip == "A")


def test_who_joins_late_with_availability_off_goes_on_in_one_row() -> None:
    rules = policy(**RULES.model_dump() | {"availability": {"on": False}})
    plan = solve(case([school("1")], [sip("A", joined_on=dt.date(2027, 2, 1))]), rules)
    plan = repair(plan, [{"need": {"urn": "1", "need": "high"}}])
    new: Any = repair(plan, [{"need": {"urn": "1", "need": "low"}}], on=dt.date(2027, 1, 10))
    assert {who for who, _, _ in at(new)} == {"A"}


def test_time_for_a_new_pairing_falls_where_each_part_begins() -> None:
    rules = policy(**RULES.model_dump() | {"capacity": {"overhead": 0, "reserve_percent": 0, "period_stretch": 1}})
    team = [sip("A"), sip("C", days=10, autumn_2_days=1)]
    plan = solve(case([school("1", days=2)], team, history=led("1", "A", "2025/26")), rules)
    assert at(plan) == [("A", "09-01", "07-31")]
    no_summer = {"period_days": {"sip": "A", "period": "summer", "days": 0}}
    new = repair(plan, [no_summer, absent("A", "2026-11-20", "2027-04-16")])
    (row,) = [a for a in new.assignments if a.sip == "C"]
    assert row.extra_days == 1
    assert row.to == dt.date(2027, 7, 31)


def test_who_keeps_a_part_through_an_accepted_absence_and_goes_for_want_of_days_is_not_said_to_be_away() -> None:
    away = {"sip": "A", "away_from": dt.date(2026, 11, 20), "away_to": dt.date(2027, 4, 16)}
    plan = solve(case([school("1"), school("2", need="top")], [sip("A", max_schools=2)], absences=[away]), RULES)
    new = repair(plan, [{"days": {"sip": "A", "days": 1}}], on=dt.date(2026, 11, 20))
    because = {c.because for c in new.moves if c.to is None}
    assert because
    assert not any("away" in text for text in because)


def test_who_is_awaited_and_refused_before_they_join_has_no_row_before_that() -> None:
    team = [sip("A", joined_on=dt.date(2026, 10, 31)), sip("B", max_schools=1)]
    plan = solve(case([school("1")], team, history=led("1", "A", "2025/26")), RULES)
    assert at(plan) == [("A", "10-31", "07-31")]
    assert plan.notices == (
        "From 1 September 2026 to 30 October 2026 nobody is at School 1: Sip A joins on 31 October 2026.",
    )
    gone = repair(plan, [{"breakdown": {"urn": "1", "sip": "A", "on": "2026-10-12"}}], on=dt.date(2026, 9, 21))
    assert at(gone) == [("B", "10-12", "07-31")]
    assert any("2026 nobody is at School 1: who was awaited does not come" in n for n in gone.notices)
    assert audit(*world(gone), gone, plan) == []
    away = repair(plan, [absent("A", "2026-10-12", "2026-10-16")])  # before they join: nobody's affair
    assert at(away) == [("A", "10-31", "07-31")]


def test_days_awaited_at_schools_of_one_head_are_nobodys_before_one_of_them_changes() -> None:
    schools = [school("1", head="h"), school("2", head="h", closes_on=dt.date(2027, 3, 1))]
    plan = solve(case(schools, [sip("A", joined_on=dt.date(2026, 10, 31))]), RULES)
    assert at(plan)[0][0] == "A"
    new = repair(plan, [{"school_closes": {"urn": "2", "on": "2026-10-15"}}], on=dt.date(2026, 9, 15))
    assert at(new) == [("A", "10-31", "07-31")]
    assert {u.urn for u in new.unfilled} == {"2"}
    assert audit(*world(new), new, plan) == []


def test_who_stands_in_at_one_of_two_schools_of_one_head_is_no_second_lead_of_days_awaited_in_vain() -> None:
    schools = [school("1", head="h"), school("2", head="h")]
    team = [sip("A", joined_on=dt.date(2026, 10, 31)), sip("B", max_schools=1)]
    plan = solve(case(schools, team), RULES)
    assert at(plan) == at(plan, "2") == [("A", "10-31", "07-31")]
    merged = {"old_urn": "2", "new_urn": "1", "on": "2026-10-14", "kind": "amalgamation"}
    new = repair(plan, [{"succession": merged}])
    assert at(new) == [("A", "10-31", "07-31")]
    assert at(new, "2") == [("B", "10-14", "10-14")]
    assert audit(*world(new), new, plan) == []


def test_a_joiner_with_availability_off_is_awaited_however_late() -> None:
    rules = policy(**RULES.model_dump() | {"availability": {"on": False}})
    plan = solve(case([school("1")], [sip("A", joined_on=dt.date(2027, 2, 1)), sip("B", max_schools=0)]), rules)
    assert at(plan) == [("A", "02-01", "07-31")]
    new = repair(plan, [{"max_schools": {"sip": "B", "max_schools": 2}}], on=dt.date(2026, 10, 1))
    assert at(new) == [("A", "02-01", "07-31")]


def test_a_lock_falls_away_where_a_school_with_the_same_head_refuses() -> None:
    lock = {"decision": "lock", "urn": "1", "sip": "A", "reason": "x", "by": "m", "on": dt.date(2026, 6, 1)}
    schools = [school("1", head="h"), school("2", head="h")]
    plan = solve(case(schools, [sip("A"), sip("B")], decisions=[lock]), RULES)
    assert at(plan) == at(plan, "2") == [("A", "09-01", "07-31")]
    new = repair(plan, [{"breakdown": {"urn": "2", "sip": "A", "on": "2027-02-01"}}])
    assert at(new) == at(new, "2") == [("A", "09-01", "01-31"), ("B", "02-01", "07-31")]
    assert any(
        n.startswith("The lock of Sip A to School 1 has fallen away from 1 February")
        and "School 2 must have the same SIP" in n
        for n in new.notices
    )


def test_a_cluster_that_has_asked_for_one_sip_still_wants_one_when_the_member_that_asked_has_closed() -> None:
    asks = school("3", cluster="North", cluster_wants_one_sip=True, closes_on=dt.date(2026, 12, 31))
    schools = [school("1", cluster="North"), school("2", cluster="North"), asks]
    rules = policy(**RULES.model_dump() | {"cluster": {"price": 400}, "focus": {"weight": 1}})
    team = [sip("A", max_schools=3), sip("B"), sip("C", specialisms=("maths",))]
    locks = [{**ONE_LEAD, "decision": "lock", "urn": u, "sip": "A"} for u in "123"]
    schools[1] = schools[1].model_copy(update={"focus": ("maths",)})
    plan = solve(case(schools, team, decisions=locks), rules)
    new = repair(plan, [leaves("A", "2027-02-01")])
    assert at(new)[-1][0] == at(new, "2")[-1][0] == "C"


def test_who_keeps_a_part_may_have_it_though_points_fall_under_the_floor_beside_somebody_who_joins() -> None:
    rules = policy(**RULES.model_dump() | {"objective": {"floor": 0}, "cost": {"on": True, "weight": 1}})
    cheaper = sip("D", day_rate=300, joined_on=dt.date(2027, 2, 1))  # of use from February on: then A's rate costs
    plan = solve(case([school("1")], [sip("A", day_rate=400), cheaper]), rules)
    assert at(plan) == [("A", "09-01", "07-31")]
    new = repair(plan, [absent("A", "2027-02-01", "2027-03-31")])
    assert at(new) == [("A", "09-01", "01-31"), ("D", "02-01", "03-31"), ("A", "04-01", "07-31")]
    assert audit(*world(new), new, plan) == []


def two_empty_parts() -> Plan:
    """A school that loses its SIP at Christmas, and of which somebody who comes in February may not be lead."""
    plan = solve(case([school("1")], [sip("A", max_schools=1), sip("B", max_schools=0)]), RULES)
    late = joins("C", "2027-02-01")
    late["sip_joins"]["max_schools"] = 0
    return repair(plan, [leaves("A", "2026-12-31"), late])


def test_what_would_fill_a_post_is_numbered_through_all_its_empty_parts() -> None:
    plan = two_empty_parts()
    first, last = (u.fixes for u in plan.unfilled)
    assert first
    assert last
    assert plan.fixes("1", "lead") == (*first, *last)
    assert plan.fixes("1", "support") == ()


def test_what_would_fill_a_part_is_told_from_the_day_of_the_plan_and_fills_it() -> None:
    plan, tried = two_empty_parts(), 0
    for u in plan.unfilled:
        for fix in u.fixes:
            new, tried = repair(plan, fix.changes), tried + 1
            assert [a for a in new.assignments if a.from_ <= (u.from_ or a.to) <= a.to], fix.text
            assert "another school" not in fix.text  # there is none
    assert tried > 1


def test_a_check_that_lapses_and_an_interest_declared_in_the_year_are_offered_to_be_mended() -> None:
    lapses = {"check": {"sip": "A", "dbs_valid_until": "2027-02-14"}}
    declares = {"interest": {"sip": "A", "urn": "1", "kind": "governor", "declared_on": "2027-02-15"}}
    for event, said in ((lapses, "Renew the DBS check"), (declares, "Decide the open interest")):
        plan = repair(solve(case([school("1")], [sip("A")]), RULES), [event])
        assert at(plan) == [("A", "09-01", "02-14")]
        (empty,) = plan.unfilled
        (fix,) = (f for f in empty.fixes if f.text.startswith(said))
        assert any(f.text.startswith("One more SIP") for f in empty.fixes)
        assert at(repair(plan, fix.changes)) == [("A", "09-01", "07-31")]


def test_a_budget_cut_under_what_is_given_is_offered_to_be_raised_over_it() -> None:
    plan = solve(case([school("1"), school("2")], [sip("A")]), RULES)
    cut = repair(plan, [{"budget": {"days": 3, "from": "2027-02-01"}}])  # 6.5 are given by then
    assert len(cut.unfilled) == 2
    for u in cut.unfilled:
        (fix,) = (f for f in u.fixes if "in the budget" in f.text)
        assert (u.urn, "lead") in repair(cut, fix.changes).held()


def test_a_refusal_says_from_which_day_it_tells_and_may_be_given_another() -> None:
    plan = repair(
        solve(case([school("1"), school("2")], [sip("A"), sip("B"), sip("C")]), RULES), [leaves("B", "2027-05-31")]
    )
    late, at_once = veto(plan, "1"), veto(plan, "1", on=dt.date(2026, 9, 1))
    assert [who for who, *_ in at(late.plan)] == ["A", "C"]
    assert at(at_once.plan) == [("C", "09-01", "07-31")]
    for found, said in ((late, "From 1 June 2027 School 1 (1) will not have"), (at_once, "School 1 (1) will not have")):
        shown = io.StringIO()
        show_veto(found, Console(file=shown, width=200))
        assert shown.getvalue().startswith(said)
    step = Step("School 1 refuses", refusal=("1", "lead"), on=dt.date(2026, 9, 1))
    assert at(next(iter(tell(plan, [step]))).plan) == at(at_once.plan)
