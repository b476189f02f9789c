"""What a head or a SIP reads: who, from when, why, how many days, what to do; nobody else's affairs (domain N)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from allocator import allocate
from allocator.domain.plan import Plan
from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve
from allocator.reasons.complete import complete
from allocator.reasons.why import Explanation, explain
from allocator.report.terminal import NamesPrinted
from scenarios.tables import HERE
from tests.make import case, led, policy, school, sip
from tests.reasons.reader import Reader
from tests.sizes import whole_or

pytestmark = pytest.mark.xdist_group("told")  # two ready cases, solved once
SECRETS = (
    "points",
    "special measures",
    "serious weaknesses",
    "requires",
    "need",
    "runner",
    "margin",
    "other school",
    "lot",
    "interest",
)


def told(plan: Plan, urn: str, audience: str = "school", post: str = "lead") -> Explanation:
    return explain(ready_from(plan), plan, urn, post, audience=audience)  # type: ignore[arg-type]  # as a test names them


def plan_of(schools: list[Any], sips: list[Any], settings: dict[str, Any] | None = None, **tables: Any) -> Plan:
    return solve(case(schools, sips, **tables), policy(**settings or {}))


@pytest.fixture(scope="module", params=["hartwell", whole_or("st-oswin", "two-leave-and-the-budget-falls")])
def ready_case(request: pytest.FixtureRequest) -> tuple[allocate.Setup, Plan]:
    reading = read_case(HERE / request.param)
    assert reading.case is not None
    ready = allocate.setup(reading.case, reading.policy)
    bare, solution = allocate.allocate(ready)
    return ready, complete(ready, bare, solution)


def test_no_school_reads_of_points_of_a_rival_or_of_another_school(ready_case: tuple[allocate.Setup, Plan]) -> None:
    ready, plan = ready_case
    schools = {s.urn: s.name for s in ready.facts.schools.values()}
    before = {(c.urn, c.post): c.from_ for c in plan.changes}
    for a in plan.assignments:
        answer = explain(ready, plan, a.urn, a.post, audience="school")
        text = f"{answer.text} {answer.answer}"
        own = {a.name, getattr(ready.facts.sips.get(before.get((a.urn, a.post)) or ""), "name", a.name)}
        own |= {ready.facts.sips[w.sip].name for w in plan.wishes if w.urn == a.urn and w.by == "school" and w.sip}
        others = {s.name for s in ready.facts.sips.values()} - own
        assert not [n for n in others if n in text], text
        assert not [n for u, n in schools.items() if u != a.urn and n != a.school and n in text], text
        assert not [word for word in SECRETS if f" {word}" in text.replace("you need not", "")], text
        assert all(r.points == 0 for r in answer.reasons)
        assert (answer.points, answer.runner_up, answer.sip) == (None, None, None)


def test_no_sip_reads_of_points_of_another_sip_or_school(ready_case: tuple[allocate.Setup, Plan]) -> None:
    ready, plan = ready_case
    for a in plan.assignments:
        answer = explain(ready, plan, a.urn, a.post, audience="sip")
        others = {s.name for s in ready.facts.sips.values()} - {a.name}
        assert not [n for n in others if n in answer.text], answer.text
        others = {s.name for s in ready.facts.schools.values()} - {a.school}
        assert not [n for n in others if n in answer.text and n not in a.school], answer.text
        assert "points" not in answer.text


def test_a_school_that_keeps_its_sip_is_told_so_and_how_many_days_are_in_school() -> None:
    plan = plan_of([school()], [sip(name="Ann Lea")], history=led("1", "A", "2024/25", "2025/26"))
    answer = told(plan, "1")
    assert answer.text == (
        "Ann Lea stays your School Improvement Partner for 2026/27, partly because they have been your partner for two years. "
        "You have 5 days for the year, about 3 of them in school."
    )
    assert answer.answer == ("If you would rather not work with them, tell me within 14 days; you need not say why.")


def test_a_new_sip_is_named_with_the_cause_and_what_the_school_asked_for() -> None:
    plan = plan_of(
        [school(focus=("early_reading",), pupils=80)],
        [
            sip(name="Ann Lea", status="left"),
            sip("B", name="Bob Roe", specialisms=("Early_Reading",), experience=("small_school",)),
        ],
        history=led("1", "A", "2025/26"),
    )
    assert told(plan, "1").text.startswith(
        "Bob Roe will be your School Improvement Partner from 1 September 2026; Ann Lea has left us. "
        "Among the reasons for Bob Roe: they have experience of small schools and you asked for help with early reading, "
        "which they know well."
    )


def test_the_time_limit_is_named_with_the_way_to_ask_for_one_more_year() -> None:
    years = [f"20{n}/{n + 1}" for n in range(21, 26)]
    plan = plan_of([school()], [sip(name="Ann Lea"), sip("B")], history=led("1", "A", *years))
    text = told(plan, "1").text
    assert "Ann Lea has been with you for five years, and our published policy then asks for a fresh view" in text
    assert text.endswith("If you would like one more year all the same, your chair can ask me, and I decide.")


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (
            {"wishes": [{"by": "school", "urn": "1", "wish": "change", "strength": 3}]},
            "you asked for a change from Sip A",
        ),
        (
            {"wishes": [{"by": "sip", "urn": "1", "sip": "A", "wish": "move_on", "strength": 3}]},
            "the work is shared out afresh",
        ),
        (
            {"interests": [{"sip": "A", "urn": "1", "kind": "family", "outcome": "barred"}]},
            "under our published rules it has to be somebody else this year",
        ),
        ({"refusals": [{"urn": "1", "sip": "A", "kind": "veto", "year": "2026/27"}]}, "you asked for somebody else"),
    ],
)
def test_a_sips_own_wish_and_an_interest_stay_untold(tables: dict[str, Any], says: str) -> None:
    plan = plan_of([school()], [sip(), sip("B")], history=led("1", "A", "2025/26"), **tables)
    text = told(plan, "1").text
    assert re.search(f", partly because {says}|; {says}", text)
    assert "family" not in text
    assert "move on" not in text


def test_a_wish_that_nobody_meets_is_answered() -> None:
    plan = plan_of(
        [school()], [sip(kind="serving_head")], wishes=[{"by": "school", "urn": "1", "wish": "not_serving_head"}]
    )
    assert (
        "You asked not to have a serving head. We have not been able to do that this year: nobody who may take your school meets that."
        in told(plan, "1").text
    )


def test_halves_with_two_partners_are_not_told_that_they_have_one() -> None:
    schools = [school("1", paired_with="2"), school("2")]
    kept = led("1", "A", "2025/26") + led("2", "B", "2025/26")
    apart = plan_of(schools, [sip(), sip("B")], {"halves": {"price": 1}}, history=kept)
    assert "one partner" not in told(apart, "1").text
    assert "should have the same SIP: not met" in told(apart, "1", "manager").text
    together = plan_of(schools, [sip()], history=led("1", "A", "2025/26"))
    assert "infant and junior schools side by side have one partner" in told(together, "1").text


@pytest.mark.parametrize(
    ("row", "settings", "tables", "says"),
    [
        ({}, {"round": {"mode": "agree_with_school"}}, {}, "whether you and your chair of governors agree"),
        ({"category_of_concern": "SM"}, {}, {}, "tell me within 14 days: I will hear you and decide."),
        (
            {},
            {},
            {"refusals": [{"urn": "1", "sip": "Z", "kind": "veto", "year": "2026/27"}]},
            "If this does not suit you either",
        ),
        ({}, {"round": {"answer_days": 21}}, {}, "within 21 days; you need not say why"),
    ],
)
def test_what_to_do_if_it_does_not_suit_follows_the_round(
    row: dict[str, Any], settings: dict[str, Any], tables: dict[str, Any], says: str
) -> None:
    plan = plan_of([school(**row)], [sip(experience=("special_measures",))], settings, **tables)
    assert says in told(plan, "1").answer


def test_an_answer_already_given_is_not_asked_for_again() -> None:
    row = {"urn": "1", "post": "lead", "by": "head", "answer": "accept", "on": "2026-06-20"}
    assert told(plan_of([school()], [sip()], answers=[row]), "1").answer == ""


def test_an_appraisal_is_the_governors_to_decide() -> None:
    plan = plan_of([school(appraisal="any")], [sip(appraisal_trained=True)])
    assert "half a day" in told(plan, "1", post="appraisal").text
    assert "Your governors decide" in told(plan, "1", post="appraisal").text


def test_a_manager_reads_words_first_and_points_in_the_last_line() -> None:
    plan = plan_of(
        [school(oeif_overall="2", oeif_date="2023-05-07", other_support="RISE adviser")],
        [sip(name="Ann Lea"), sip("B", name="Bob Roe")],
        history=led("1", "A", "2025/26"),
    )
    *words, last = told(plan, "1", "manager").text.splitlines()
    assert not any(any(f"{sign}{d}" in line for d in range(10) for sign in "+") for line in words)
    assert last == "  In points: continuity +600: 600 in all; Bob Roe 0, a margin of 600."
    assert "  Next choice: Bob Roe, allowed, but a weaker fit." in words
    assert "  Earlier framework, 7 May 2023: overall good." in words
    assert any("RISE adviser" in line for line in words)


def test_a_sip_hears_of_the_days_by_period_and_the_extra_half_day() -> None:
    plan = plan_of([school()], [sip()])
    assert told(plan, "1", "sip").text == (
        "You are offered School 1 as School Improvement Partner from 1 September 2026. It takes 5 days: 0.75 in September and "
        "October, 1.75 in November and December, 1.25 in spring, 1.25 in summer. You have half a day more to get to know the school."
    )


@pytest.mark.parametrize("beside", ["nothing", "another school", "somebody else", "no room"])
def test_one_more_year_is_offered_only_where_a_lock_could_hold_it(beside: str) -> None:
    years = [f"20{n}/{n + 1}" for n in range(21, 26)]
    lock = {"decision": "lock", "reason": "x", "by": "m", "on": dt.date(2026, 6, 1)}
    locks = {"another school": [lock | {"urn": "2", "sip": "A"}], "somebody else": [lock | {"urn": "1", "sip": "B"}]}
    team = [
        sip(name="Ann Lea", max_schools=1, autumn_2_days=0 if beside == "no room" else None),
        sip("B"),
        sip("C"),
    ]
    plan = solve(
        case([school("1"), school("2")], team, history=led("1", "A", *years), decisions=locks.get(beside, [])), policy()
    )
    assert ("one more year" in told(plan, "1").text) == (beside == "nothing")
    (why,) = [c.because for c in plan.changes if c.urn == "1"]
    assert ("a lock then holds the pair" in why) == (beside == "nothing")
    assert ("would lift it, and not hold the pair" in why) == (beside != "nothing")


def test_a_head_reads_that_the_sip_is_away_for_a_time_in_which_nobody_stands_in() -> None:
    away = [{"sip": "A", "away_from": "2027-01-11", "away_to": "2027-01-22"}]
    plan = plan_of([school()], [sip(name="Ann Lea")], absences=away)
    assert "Ann Lea will be away from 11 January 2027 to 22 January 2027." in told(plan, "1").text
    ready = ready_from(plan)
    later = explain(ready, plan, "1", audience="school", on=dt.date(2027, 1, 15)).text
    assert "Ann Lea is your School Improvement Partner from 1 September 2026" in later
    assert "Ann Lea is away from 11 January 2027 to 22 January 2027." in later
    assert "away" not in explain(ready, plan, "1", audience="school", on=dt.date(2027, 2, 1)).text
    assert Reader(plan).read(plan.assignments[0], "school", later, dt.date(2027, 1, 15)) == []


def test_a_school_whose_cluster_asked_for_one_partner_and_has_two_is_told_that_it_is_known() -> None:
    schools = [school("1", cluster="River", cluster_wants_one_sip=True), school("2", cluster="River")]
    apart = plan_of(schools, [sip(max_schools=1), sip("B", max_schools=1)])
    known = "We know that your cluster asked for one partner; it has not come about this year."
    assert all(known in told(apart, u).text for u in "12")
    assert Reader(apart).read(apart.assignments[0], "school", told(apart, apart.assignments[0].urn).text) == []
    assert known not in told(plan_of(schools, [sip(), sip("B")]), "1").text


def test_a_manager_reads_of_whom_the_case_knows_no_more_than_the_id() -> None:
    plan = plan_of([school()], [sip("B")], history=led("1", "Z", "2025/26"))
    text = explain(ready_from(plan), plan, "1").text
    assert "Before: Z (no longer on the team). Z is no longer on the team." in text
    assert NamesPrinted(plan).sip("Z") == "Z (no longer on the team)"
