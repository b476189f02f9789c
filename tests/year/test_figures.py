"""One plan's figures are the same wherever they are read: JSON, terminal, workbook, the page's team and director, the desk."""

from __future__ import annotations

import html
import io
import re
from functools import cache
from pathlib import Path

import pytest
from openpyxl import load_workbook
from rich.console import Console

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan, plan_text
from allocator.questions.scenario import repair
from allocator.reasons.answer import solve, world
from allocator.report.page import page
from allocator.report.plan_workbook import write_workbook
from allocator.report.terminal import show_plan
from tests.make import case, led, policy, school, sip
from tests.service.office import client_of, open_office

LEAVES = [
    {"sip_leaves": {"sip": "A", "on": "2026-12-31"}},
    {"sip_absent": {"sip": "B", "from": "2027-03-01", "to": "2027-04-30"}},
]


def small() -> Plan:
    history = [row for n in range(1, 6) for row in led(str(n), "A" if n < 4 else "B", "2025/26")]
    schools = [school(str(n), appraisal="any" if n == 2 else None) for n in range(1, 8)]
    people = [sip("A", appraisal_trained=True), sip("B", days=24), sip("C", days=12, max_schools=3)]
    return solve(case(schools, people, history=history), policy())


@cache
def plans() -> dict[str, Plan]:
    annual = small()
    return {
        "annual": annual,
        "within the year": repair(annual, LEAVES),
        "rebuilt": repair(repair(annual, LEAVES[:1]), LEAVES[1:]),
    }


@pytest.mark.parametrize("name", ["annual", "within the year", "rebuilt"])
def test_the_figures_of_a_plan_agree(name: str, tmp_path: Path) -> None:
    plan = plans()[name]
    s = Plan.model_validate_json(plan_text(plan)).summary
    leads = {u.urn for u in plan.unfilled if u.post == "lead"}
    assert s.kept + s.changed + s.had_none == s.schools - len(leads)
    assert s.filled + s.unfilled == s.schools + 1  # one appraisal
    assert s.changed == len({c.urn for c in plan.changes if c.post == "lead" and c.urn not in leads})
    assert s.days_used == sum(x.days for x in plan.loads) == sum(a.days + a.extra_days for a in plan.assignments)
    wanted = (s.schools, s.filled, s.unfilled, s.kept, s.changed)

    said = io.StringIO()
    show_plan(plan, Console(file=said, width=10_000))
    assert _sentence(said.getvalue()) == wanted
    assert f"{s.days_used:g} of {s.days_offered:g} days" in said.getvalue()

    facts_of, in_force = world(plan)
    write_workbook(facts_of, in_force, plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    notices = " ".join(str(row[0].value) for row in book["notices"])
    assert _sentence(notices) == wanted
    assert f"{s.days_used:g} days used of {s.days_offered:g}" in notices
    assert sum(_column(book["plan"], "days")) + sum(_column(book["plan"], "days to begin with")) == s.days_used
    assert sum(_column(book["loads"], "days")) == s.days_used
    assert book["changes"].max_row - 1 == len(plan.changes)

    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page(Facts(facts_of, in_force), plan))).split())
    assert f"{s.schools - len(leads)} of {s.schools} schools with a named SIP" in text
    assert re.search(rf"\b{s.changed} schools? changes? SIP", text)
    assert f"{s.days_offered - s.days_used:g} days of the team left of {s.days_offered:g}" in text
    for x in plan.loads:
        assert f"{x.name} {x.posts} {x.days:g} of {x.capacity:g}" in text


def test_the_desk_says_what_the_plan_says(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    found = desk.client.get(f"/plans/{desk.ids['plan']}", headers=desk.headers("manager")).json()
    s = Plan.model_validate(found.get("plan", found)).summary
    seen = client_of(desk.db, "http://testserver").get("/rounds/r", headers=desk.headers("manager")).text
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", seen)).split())
    assert f"{s.schools} of {s.schools} schools with a named SIP" in text
    assert f"{s.kept} keep last year's, {s.changed} change" in text
    assert f"{s.days_used:g} days of {s.days_offered:g} used" in text


def _sentence(text: str) -> tuple[int, ...]:
    found = re.search(
        r"(\d+) schools?: (\d+) posts? filled, (\d+) not; (\d+) (?:schools? )?keeps? (?:their|its) SIP, (\d+) change",
        " ".join(text.split()),
    )
    assert found, text[-600:]
    return tuple(map(int, found.groups()))


def _column(sheet: object, name: str) -> list[float]:
    rows = [[c.value for c in row] for row in sheet]  # type: ignore[attr-defined]
    n = rows[0].index(name)
    return [float(row[n] or 0) for row in rows[1:]]
