"""The plan as a table: what a row says, how it is narrowed and sorted, and that every sheet comes to the same days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve, world
from allocator.report.by_school import MARKS, NOBODY, SchoolRow, View, by_school, ofsted, viewed
from allocator.report.plan_workbook import write_workbook
from tests.make import case, led, policy, school, sip


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A goes at Christmas; 2 asked for a change from A, B goes on at 4, A began at 5 in September, nobody may take 6."""
    history = [row for n, who in (("900001", "A"), ("900002", "A"), ("900004", "B")) for row in led(n, who, "2025/26")]
    schools = [
        school(f"90000{n}", cluster="Hill" if n < 3 else None, appraisal="any" if n == 2 else None)
        for n in (1, 2, 4, 5)
    ]
    schools[0] = schools[0].model_copy(update={"need": "top", "category_of_concern": "SM"})
    people = [
        sip("A", appraisal_trained=True, name="Ann Lea", experience=("special_measures",)),
        sip("B", name="Bo Fox", experience=("special_measures",), evidence=("improved_school",)),
    ]
    wishes = [{"by": "school", "urn": "900002", "wish": "change", "strength": 3}]
    nobody = school("900006", phase="special")
    annual = solve(case([*schools, nobody], people, history=history, wishes=wishes), policy())
    return repair(annual, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])


def rows(plan: Plan) -> dict[str, SchoolRow]:
    return {r.urn: r for r in by_school(Facts(*world(plan)), plan)}


def test_a_row_says_who_was_there_who_is_and_why_in_a_word(plan: Plan) -> None:
    found = rows(plan)
    asked, fresh, empty, left = found["900002"], found["900005"], found["900006"], found["900001"]
    assert (asked.last, asked.sip, asked.why, asked.wish) == ("Ann Lea", "Bo Fox", "school asked", "change: met")
    assert (fresh.last, fresh.why) == ("nobody", "leaves")
    assert (empty.sip, empty.sip_id, empty.days) == (NOBODY, "", 0)
    assert (left.last, left.sip, left.why) == ("Ann Lea", "Bo Fox", "leaves")
    assert "Ann Lea to 31 December 2026" in left.flags
    assert (left.need, left.ofsted) == ("top", "special measures")
    assert left.marks == {"changed", "concern", "nobody"}  # no support
    assert fresh.marks == {"short"}
    assert all(r.marks <= MARKS.keys() for r in found.values())


def test_ofsted_is_a_word_of_the_newest_framework() -> None:
    old = school("1", oeif_overall="2")
    assert ofsted(old) == "good"
    assert (
        ofsted(old.model_copy(update={"card_curriculum": "expected", "card_leadership": "needs_attention"}))
        == "needs attention in 1"
    )
    assert ofsted(old.model_copy(update={"card_safeguarding": "not_met"})) == "safeguarding not met"
    assert ofsted(school("1")) == ""


def test_the_table_is_narrowed_sorted_and_grouped(plan: Plan) -> None:
    all_rows = list(rows(plan).values())

    def urns(view: View) -> list[str]:
        return [r.urn for _, group in viewed(all_rows, view) for r in group]

    assert urns(View(sort="need"))[0] == "900001"
    assert urns(View(sort="-urn")) == sorted(rows(plan), reverse=True)
    assert urns(View(mark="nobody")) == ["900001", "900002", "900006"]  # no support, no appraisal, no lead
    assert urns(View(area="Hill", q="900002")) == ["900002"]
    assert set(urns(View(sip="A"))) == {"900001", "900002"}  # who was theirs, or is
    assert urns(View(sort="year"))[-1] == "900006" == urns(View(sort="-year"))[-1]  # blank comes last either way
    heads = [h for h, _ in viewed(all_rows, View(group="sip"))]
    assert heads == ["Bo Fox", NOBODY]
    assert [c.key for c in View(columns=("days",)).shown] == ["school", "days"]


def test_every_sheet_of_the_workbook_comes_to_the_same(plan: Plan, tmp_path: Path) -> None:
    write_workbook(*world(plan), plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")

    def read(sheet: str) -> tuple[list[Any], list[list[Any]]]:
        head, *body = (list(row) for row in book[sheet].iter_rows(values_only=True))
        return head, body

    def column(sheet: str, name: str) -> list[Any]:
        head, body = read(sheet)
        return [r[head.index(name)] for r in body]

    given = sum(a.days for a in plan.assignments)
    assert sum(column("by school", "Days")) == given == sum(d or 0 for d in column("plan", "days"))
    assert sum(column("loads", "for schools")) == given
    assert set(column("by school", "URN")) == {int(a.urn) for a in plan.assignments} | {900006}
    assert set(column("schools", "urn")) == set(column("by school", "URN"))
    assert all(isinstance(d, dt.datetime) for d in column("plan", "from") if d is not None)
    held: dict[str, float] = defaultdict(float)
    for a in plan.assignments:
        held[a.name] += a.days
    for load in plan.loads:
        head, body = read(load.name)
        *lines, total = body
        days, extra = head.index("Days"), head.index("To begin with")
        assert sum(r[days] for r in lines) == total[days] == held[load.name]
        assert total[days] + total[extra] == load.days
    assert book["wishes answered"].max_row - 1 == len(plan.wishes)
    assert column("changes", "from") == [{"A": "Ann Lea", "B": "Bo Fox"}[c.from_ or ""] for c in plan.changes]
    assert sum(m == "Ann Lea" for m in column("by school", "Last year")) == 2
