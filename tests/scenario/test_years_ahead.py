"""The coming years by the page of the law: who comes to which turn, days due against days offered, and what lapses."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.questions.rollover import next_year
from allocator.questions.years_ahead import years_ahead
from allocator.reasons.answer import solve
from allocator.report.ahead import after, before_planning
from allocator.report.years_svg import picture
from tests.command import run
from tests.make import BARE, case, led, policy, school, sip

FROM_23 = ("2023/24", "2024/25", "2025/26")  # three years by September 2026
TODAY = dt.date(2026, 6, 1)


def ahead(**kw: Any) -> dict[tuple[int, str], list[str]]:
    """(year, turn) -> schools: A led 1 for three years, 2 for five and 3 for one; B led 4."""
    past = [
        *led("1", "A", *FROM_23),
        *led("2", "A", "2021/22", "2022/23", *FROM_23),
        *led("3", "A", FROM_23[2]),
        *led("4", "B", FROM_23[2]),
    ]
    team = [sip("A", **kw.pop("a", {})), sip("B", **kw.pop("b", {}))]
    schools = [school(u, **kw.get("of_" + u, {})) for u in "12345"]
    found = years_ahead(
        Facts(case(schools, team, history=past, decisions=kw.get("decisions", [])), kw.get("p", Policy()))
    )
    assert found.nobody == ("5",)
    out: dict[tuple[int, str], list[str]] = {}
    for t in found.turns:
        out.setdefault((t.year, t.turn), []).append(t.urn)
    return out


def test_a_pair_turns_at_the_review_and_at_the_limit_and_then_no_more() -> None:
    assert ahead() == {
        (2026, "review"): ["1"],
        (2026, "limit"): ["2"],
        (2028, "limit"): ["1"],
        (2028, "review"): ["3", "4"],
    }


def test_an_extension_holds_the_limit_back_while_it_is_in_force() -> None:
    longer = {
        "decision": "extend_tenure",
        "urn": "2",
        "sip": "A",
        "until": "2027-08-31",
        "reason": "x",
        "by": "M",
        "on": "2026-06-01",
    }
    found = ahead(decisions=[longer])
    assert (2026, "limit") not in found
    assert found[2027, "limit"] == ["2"]


@pytest.mark.parametrize("tenure", [{"on": False}, {"first_year_amnesty": True}])
def test_without_a_limit_nobody_turns(tenure: dict[str, bool]) -> None:
    assert ahead(p=policy(tenure=tenure)) == {}


def test_whose_sip_goes_is_told_once_and_a_school_that_closes_no_more() -> None:
    gone = ahead(a={"leaves_on": "2028-02-29"}, of_4={"closes_on": "2027-08-31"})
    assert gone == {(2026, "review"): ["1"], (2026, "limit"): ["2"], (2027, "gone"): ["1", "3"]}


@pytest.mark.parametrize(
    ("of_a", "offered", "only_if"),
    [
        ({}, [40, 40, 40], [0, 0, 0]),
        ({"contract_ends": "2027-07-31"}, [40, 40, 40], [0, 20, 20]),  # the last planned day still counts
        ({"dbs_valid_until": "2027-07-30"}, [40, 40, 40], [20, 20, 20]),
        ({"trained": None}, [40, 40, 40], [20, 20, 20]),
        ({"leaves_on": "2027-07-30"}, [20, 20, 20], [0, 0, 0]),
        ({"status": "applied"}, [20, 20, 20], [0, 0, 0]),
        ({"joined_on": "2027-01-08"}, [20, 40, 40], [0, 0, 0]),
    ],
)
def test_days_offered_are_todays_team_and_what_hangs_on_a_renewal(
    of_a: Any, offered: list[int], only_if: list[int]
) -> None:
    plain = policy(capacity={"overhead": 0, "reserve_percent": 0})
    schools = [school("1", days=5), school("2", days=3, closes_on="2027-08-31")]
    found = years_ahead(Facts(case(schools, [sip("A", **of_a), sip("B")]), plain)).years
    assert [y.due for y in found] == [8, 5, 5]
    assert [y.schools for y in found] == [2, 1, 1]
    assert ([y.offered for y in found], [y.only_if for y in found]) == (offered, only_if)


def test_next_year_of_a_plan_names_what_runs_out_and_lapses_and_leads_to_the_row_that_mends_it() -> None:
    word = {"reason": "asked for", "by": "M", "on": "2026-06-01"}
    plan = solve(
        case(
            [school("1"), school("2")],
            [sip("A", dbs_valid_until="2027-08-31"), sip("B")],
            history=[*led("1", "A", *FROM_23), *led("2", "B", "2021/22", "2022/23", *FROM_23)],
            wishes=[{"by": "school", "urn": "1", "wish": "keep"}],
            decisions=[
                {"decision": "lock", "urn": "1", "sip": "A", **word},
                {"decision": "extend_tenure", "urn": "2", "sip": "B", "until": "2027-08-31", **word},
                {"decision": "separate_support", "urn": "1", **word},
            ],
            interests=[
                {"sip": "B", "urn": "1", "kind": "governor", "declared_on": "2020-01-01", "until": "2027-06-30"}
            ],
        ),
        policy(**BARE),
    )
    years, checks, turns, lapses = after(plan, TODAY).lists
    assert [r[0] for r in years.rows] == ["2027/28", "2028/29", "2029/30"]
    assert [(r[0], r[1], r[3], r[4]) for r in checks.rows] == [
        ("Sip A", "DBS", 3, "School 1")
    ]  # two leads, one support
    assert [(f.table, f.key) for f in checks.facts if f] == [("sips", "A")]
    assert [(r[3], r[1], r[4]) for r in turns.rows] == [("2027/28", "2", 6), ("2028/29", "1", 5)]
    assert [(f.table, f.urn, f.sip) for f in turns.facts if f] == [("decisions", "2", "B"), ("decisions", "1", "A")]
    said = {r[0]: r for r in lapses.rows}
    assert set(said) == {"lock", "extend tenure", "interest", "wishes"}
    assert said["extend tenure"][2:] == ("ran to 31 August 2027", "extend it again, or they may not go on")
    assert said["lock"][2:] == ("a lock is for its year", "decide again if it is still meant")


def test_the_picture_has_each_year_and_says_what_it_shows() -> None:
    found = years_ahead(
        Facts(case([school("1", days=5)], [sip("A", trained=None)], history=led("1", "A", FROM_23[2])), Policy())
    )
    drawn = picture(found)
    assert "<title>Days due and days offered in the coming years</title>" in drawn
    for y in found.years:
        assert f"{y.due:g} days due, {y.offered:g} offered, {y.only_if:g} of these only if renewed" in drawn


def test_the_command_answers_for_a_plan_and_for_a_case_not_planned_yet(tmp_path: Path) -> None:
    plan = solve(case([school("1")], [sip("A"), sip("B")], history=led("1", "A", *FROM_23)), policy(**BARE))
    file, tables = tmp_path / "plan.json", tmp_path / "next"
    file.write_text(plan.model_dump_json(by_alias=True), "utf-8")
    said = run("next-year", "--plan", file)
    assert said.returncode == 0, said.stderr
    assert "The coming three years" in said.stdout
    assert run("next-year", "--plan", file, "-o", tables).returncode == 0
    alone = json.loads(run("next-year", tables, "--json").stdout)
    whole = json.loads(run("next-year", "--plan", file, "--json").stdout)
    assert alone["year"] == whole["year"] == "2027/28"
    assert alone["lists"] == whole["lists"][:-1]  # what lapsed is known only where the year before is
    assert run("next-year").returncode == 2
    assert before_planning(Facts(next_year(plan).case, Policy()), TODAY).facts.case.year == "2027/28"
