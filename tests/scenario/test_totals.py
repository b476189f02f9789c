"""Totals that add up: what two plans differ in, what a short year lacks, what more help brings."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.questions import sweep
from allocator.questions.compare import compare
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve
from allocator.report.sides import sides
from allocator.report.terminal import shortfall, show_plan
from allocator.report.terminal_questions import show_comparison, show_sweep
from tests.make import case, led, school, sip

BARE: dict[str, Any] = {
    "separation": {"on": False},
    "capacity": {"overhead": 0, "reserve_percent": 0},
    "days": {"new_pairing": 0},
}


def told(show: Any, *args: Any, **named: Any) -> str:
    console = Console(file=io.StringIO(), width=300)
    show(*args, console, **named)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # a StringIO


def compared(a: Plan, b: Plan) -> str:
    return told(show_comparison, compare(a, b), heading="before to after", plan=b, detail=True)


def year(days: float, schools: int = 4, sips: str = "AB", **columns: Any) -> Case:
    """Schools led last year by the SIPs in turn, who offer so many days each; one asks for an appraisal too."""
    rows = [school(str(n), appraisal="any" if n == 1 else None) for n in range(1, schools + 1)]
    history = [r for n in range(schools) for r in led(str(n + 1), sips[n % len(sips)], "2025/26")]
    return case(rows, [sip(s, days=days, appraisal_trained=True, **columns) for s in sips], history=history)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(year(10.5), Policy.model_validate(BARE))


def test_within_the_year_both_sides_count_all_posts_of_the_year(plan: Plan) -> None:
    """The appraisal is done by Christmas: a cut in February does not make it vanish from one side."""
    after = repair(plan, [{"budget": {"days": 16, "from": "2027-02-01"}}])
    found = compare(plan, after)
    assert found.part_of_year
    assert found.tiers == ()
    figures = {what: (a, b) for what, a, b in found.figures}
    assert figures["appraisals filled"] == (1, 1)
    assert figures["schools with a SIP"] == (4, 4)
    given = tuple(sum(a.days for a in p.assignments) for p in (plan, after))
    assert figures["days given to schools"] == given
    text = compared(plan, after)
    assert "appraisals" not in text
    assert f"days given to schools: {given[0]:g} to {given[1]:g}" in text
    assert ("days given to schools", *given) in sides(plan, after).tiers


def test_days_fewer_in_all_counts_every_school_also_those_that_move(plan: Plan) -> None:
    after = repair(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    lost = sum(a.days for a in plan.assignments) - sum(a.days for a in after.assignments)
    assert lost > 0
    found = compare(plan, after)
    moved = {d.urn for d in found.moved if d.days_a != d.days_b and d.days_b}
    assert moved, "a school that moves is given other days too"
    assert sum(d.days_a - d.days_b for d in found.days) == lost
    assert len({(d.urn, d.post) for d in found.days}) == len(found.days)
    assert f"{lost:g} fewer in all" in compared(plan, after)


def test_days_offered_are_those_that_can_still_be_given(plan: Plan) -> None:
    after = repair(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    loads = {x.sip: x for x in after.loads}
    assert after.summary.days_offered == loads["A"].days + loads["B"].capacity


@pytest.mark.parametrize("made", [year(10.5), year(7, 4), year(4, 4, "ABC")], ids=["enough", "short", "empty posts"])
def test_kept_changed_and_had_none_are_the_leads_filled(made: Case) -> None:
    found = solve(made, Policy.model_validate(BARE))
    s = found.summary
    assert s.kept + s.changed + s.had_none == len([a for a in found.assignments if a.post == "lead"])


def test_a_short_year_says_so_in_the_last_line(plan: Plan) -> None:
    short = solve(year(6), Policy.model_validate(BARE))
    given, due = sum(a.days for a in short.assignments), short.summary.days_due
    assert due == 20.5
    assert given <= 12
    said = f"Schools are given {given:g} of the {due:g} days they are due: {due - given:g} ({(due - given) / due:.0%}) short."
    assert said in told(show_plan, short)
    assert shortfall(plan) == ""


def test_more_help_shows_what_is_gained_and_no_loss() -> None:
    """One school has no SIP and days are short: a day more, or a new SIP, brings posts and days."""
    short = solve(year(3, 3), Policy.model_validate(BARE))
    results = sweep.ranked(list(sweep.sweep(short, sweep.gains(short))))
    best = results[0]
    assert any("more post" in text for text in best.gained)
    assert all("fewer point" not in text and "−" not in text for r in results for text in r.gained)
    text = told(show_sweep, results, gains=True)
    assert "more post" in text
    assert "-" not in text.replace("─", "").replace("new_", "")


def test_a_loss_of_points_alone_is_no_help_and_comes_last() -> None:
    enough = solve(year(60), Policy.model_validate(BARE))
    results = sweep.ranked(list(sweep.sweep(enough, sweep.gains(enough))))
    assert all(r.gained == () for r in results)
    assert "nothing" in told(show_sweep, results, gains=True)


def test_gains_weigh_posts_and_days_before_wishes_and_bonds() -> None:
    was = {"post": 3.0, "day": -2.0, "wish": 1.0, "keep": 2.0}
    assert list(sweep._gained(was, {**was, "post": 4.0, "keep": 1.0})) == ["1 more post filled"]
    assert list(sweep._gained(was, {**was, "day": -0.5, "wish": 2.0})) == ["1.5 fewer days short", "1 more wish met"]
    assert list(sweep._gained(was, {**was, "wish": 3.0, "keep": 1.0})) == []
    assert list(sweep._gained(was, {**was, "keep": 4.0})) == ["2 more schools keep their SIP"]
    assert list(sweep._gained(was, {**was, "post": 2.0, "wish": 9.0})) == []
