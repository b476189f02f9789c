"""Lists that a manager is asked for: each row worked out by hand on a tiny case."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from allocator.domain.plan import Plan
from allocator.errors import UsageError
from allocator.intake.read import read_case
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve, world
from allocator.report.lists import LISTS, make
from allocator.report.plan_workbook import write_workbook
from tests.command import run
from tests.make import case, led, policy, school, sip

TODAY = dt.date(2026, 6, 1)


def rows(plan: Plan, name: str, *, dearer: bool = False) -> list[tuple[Any, ...]]:
    return list(make(plan, name, today=TODAY, dearer=dearer).rows)


def small(**of_b: Any) -> Plan:
    """A led 1 for five years and 2 for two; B led 3, after Z, who asked to go."""
    years = [f"20{n}/{n + 1}" for n in range(21, 26)]
    past = [
        *led("1", "A", *years),
        *led("2", "A", *years[3:]),
        *led("3", "Z", years[3], ended="sip_asked"),
        *led("3", "B", years[4]),
    ]
    schools = [
        school("1"),
        school("2", cluster="North", cluster_wants_one_sip=True),
        school("3", cluster="North", appraisal="any"),
    ]
    team = [sip("A", appraisal_trained=True), sip("B", autumn_2_days=2, **of_b), sip("C")]
    return solve(case(schools, team, history=past), policy(separation={"on": True}))


def test_who_reaches_review_and_limit() -> None:
    found = {(r[1], r[2]): r[3:] for r in rows(small(), "tenure")}
    assert found["1", "Sip A"][0] == 5
    assert "may not go on" in found["1", "Sip A"][-1]
    assert found["2", "Sip A"][:4] == (2, 3, "summer 2027", "summer 2029")


def test_more_than_one_change_in_two_years_counts_this_plan() -> None:
    plan = small(dbs_valid_until=dt.date(2027, 5, 1))  # so that 3 changes again
    ((name, urn, n, before, last, now, against, protected),) = rows(plan, "changes")
    assert (name, urn, n, before, last, against, protected) == (
        "School 3",
        "3",
        2,
        "Z (no longer on the team)",
        "Sip B",
        1,
        "yes",
    )
    assert now in ("Sip A", "Sip C")
    assert rows(small(), "changes") == []


def test_a_check_that_ends_is_listed_with_what_it_bars_and_what_a_renewal_would_keep() -> None:
    plan = small(dbs_valid_until=dt.date(2027, 5, 1))
    assert not [
        a for a in plan.assignments if a.sip == "B" and a.post == "lead"
    ]  # it has no school, and is listed all the same
    ((who, what, says, barred, alone, kept),) = rows(plan, "checks", dearer=True)
    assert (who, what, barred, alone, kept) == ("Sip B", "DBS", 3, "School 3", "School 3")
    assert "1 May 2027, before the last planned day" in says
    assert rows(small(), "checks") == []


def test_days_by_term_add_up_and_name_who_is_over_a_limit() -> None:
    plan = small()
    *people, total = rows(plan, "days")
    assert total[2:7] == tuple(sum(r[k] for r in people) for k in range(2, 7))
    assert total[6] == plan.summary.days_used
    assert {r[0]: r[9] for r in people} == {"Sip A": None, "Sip B": 2, "Sip C": None}


def test_a_need_that_changed_has_days_and_people_before_and_after() -> None:
    plan = solve(
        case([school("1")], [sip(s, experience=("special_measures",)) for s in "AB"], history=led("1", "A", "2025/26")),
        policy(),
    )
    after = repair(plan, [{"category": {"urn": "1", "category_of_concern": "SM", "on": "2027-02-22"}}])
    found = {r[2]: r for r in rows(after, "needs")}
    assert found["lead"][4:6] == ("standard", "top")
    assert found["support"][6:8] == (0.0, sum(a.days for a in after.assignments if a.post == "support"))
    assert (found["support"][8], found["lead"][8]) == ("nobody", "Sip A")
    assert rows(plan, "needs") == []


def test_one_sip_for_a_cluster_has_its_price_and_who_would_change() -> None:
    ((name, n, asked, led_by, cost, moved),) = rows(small(), "clusters", dearer=True)
    assert (name, n, asked, led_by) == ("North", 2, "yes", "Sip A and Sip B")
    assert "points" in cost
    assert "School 3: Sip B to Sip A" in moved


def test_whoever_may_appraise_is_not_the_lead() -> None:
    ((_, urn, _, lead, now, able),) = rows(small(), "appraisal")
    assert (urn, lead, now, able) == ("3", "Sip B", "Sip A", "Sip A")


def test_every_list_is_a_sheet_and_a_command_and_the_workbook_is_read_again(tmp_path: Path) -> None:
    plan = small()
    (tmp_path / "plan.json").write_text(plan.model_dump_json(by_alias=True), "utf-8")
    write_workbook(*world(plan), plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx", read_only=True)
    assert {f"list {name}" for name in LISTS} <= set(book.sheetnames)
    reading = read_case(tmp_path / "plan.xlsx")
    assert reading.case is not None
    assert not [p for p in reading.problems if "list " in p.text]
    for name in LISTS:
        done = run("list", name, str(tmp_path / "plan.json"))
        assert done.returncode == 0, done.stderr
        assert make(plan, name, today=TODAY).title in done.stdout


def test_a_list_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"There is no list tenures\. Did you mean tenure\?"):
        make(small(), "tenures", today=TODAY)
