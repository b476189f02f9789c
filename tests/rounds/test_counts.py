"""Whatever came between, what has changed is counted against last year's history, on every page alike (contract 2, *before*)."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.domain.plan import Plan
from allocator.questions.frontier import frontier
from allocator.questions.scenario import rebuild, repair
from allocator.questions.veto import veto
from allocator.reasons.answer import ready_from, solve
from allocator.reasons.why import explain
from allocator.report.director import director
from allocator.report.page import page
from tests.make import case, led, policy, school, sip
from tests.sizes import long

NAMES = {"A": "Ann Lea", "B": "Bob Roe", "C": "Cat Moy", "D": "Dan Fox"}


def draft() -> Plan:
    """Six schools: A, B and C led two each; 6 had Z, who has left; 3 is past the limit of years."""
    schools = [school(str(n), focus=("phonics",) if n % 2 else ()) for n in range(1, 7)]
    team = [sip(s, name=n, days=25, specialisms=("phonics",) if s == "D" else ()) for s, n in NAMES.items()]
    years = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")
    past = [
        led("1", "A", "2025/26"),
        led("2", "A", "2024/25", "2025/26"),
        led("3", "B", *years),
        led("4", "B", "2025/26"),
        led("5", "C", "2025/26"),
        led("6", "Z", "2025/26"),
    ]
    return solve(case(schools, team, history=[row for rows in past for row in rows]), policy())


EVENTS: dict[str, list[dict[str, Any]]] = {
    "lock": [{"lock": {"urn": "1", "sip": "A", "reason": "known"}}],
    "drag": [{"lock": {"urn": "2", "sip": "D", "reason": "she knows the school"}}],
    "leaver": [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}],
    "absence": [{"sip_absent": {"sip": "C", "from": "2027-01-11", "to": "2027-03-05"}}],
    "cut": [{"days": {"sip": "B", "days": 12}}],
}


def after(name: str) -> Plan:
    if name == "solve":
        return draft()
    if name == "veto":
        return veto(draft(), "4").plan
    if name == "resubmission":
        return veto(veto(draft(), "4").plan, "1").plan
    if name == "rebuild":
        return rebuild(draft(), EVENTS["drag"])
    return repair(repair(draft(), EVENTS["lock"]), EVENTS[name]) if name != "lock" else repair(draft(), EVENTS["lock"])


@long(but=("solve", "veto", "leaver", "lock"))
@pytest.mark.parametrize("name", ["solve", "veto", "resubmission", "rebuild", *EVENTS])
def test_desk_list_letters_frontier_and_director_agree_with_history(name: str) -> None:
    plan = after(name)
    past = {h["urn"]: h["sip"] for h in plan.inputs.case["history"] if h["year"] == "2025/26"}
    rows: dict[str, list[str]] = {}
    for a in sorted(plan.assignments, key=lambda a: a.from_):
        if a.post == "lead":
            rows.setdefault(a.urn, []).append(a.sip)
    changed = {u for u, sips in rows.items() if set(sips) != {past[u]}}
    assert {c.urn for c in plan.changes} == changed  # the list to be opened, the board, the letters' order
    assert plan.summary.changed == len(changed)  # the desk
    assert plan.summary.kept == len(rows) - len(changed)
    ready = ready_from(plan)
    card = director(ready.facts, plan)
    assert sum(n for _, n in card.changes) == len(changed)  # a school that changes twice counts once
    for a in plan.assignments:
        text = explain(ready, plan, a.urn, audience="school").text
        assert (" stays your " in text) == (a.urn not in changed), text
    if not any(a.settled for a in plan.assignments) and all(len(r) == 1 for r in rows.values()):
        best = max(
            p.points for p in frontier(plan) if p.changed <= len(changed)
        )  # with no more changes than this plan has
        assert best >= plan.summary.points + plan.summary.team_points


def test_the_directors_page_says_at_how_many_schools_its_changes_are() -> None:
    plan = repair(
        draft(), [{"sip_leaves": {"sip": "D", "on": "2026-12-31"}}, {"sip_leaves": {"sip": "A", "on": "2026-12-31"}}]
    )
    leads = [c.urn for c in plan.changes if c.post == "lead"]
    text = page(ready_from(plan).facts, plan)
    n, at = len(leads), len(set(leads))
    assert n > at
    assert f"{n} changes at {at} schools: some change more than once in the year; each school stands once below" in text
    assert "some change more than once" not in page(ready_from(draft()).facts, draft())
