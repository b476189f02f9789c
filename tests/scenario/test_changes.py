"""Changes are a pure function of the case; what must hold between them, and what is refused."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from typing import Any

import pytest

from allocator.domain import canon, tiers
from allocator.domain.case import Case
from allocator.domain.change import apply, canonical
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.errors import CaseError, RoundRefuses, UsageError
from allocator.questions.choices import choices
from allocator.questions.compare import compare
from allocator.questions.frontier import frontier
from allocator.questions.rollover import next_year
from allocator.questions.scenario import rebuild, repair
from allocator.questions.sweep import SweepResult, leaving, ranked, sweep
from allocator.questions.veto import veto
from allocator.reasons.answer import solve
from tests.make import case, led, school, sip
from tests.sizes import long


def world(**tables: Any) -> Case:
    """Six primaries in a row, three SIPs; A and B each led three of them."""
    schools = [school(str(n), easting=1000 * n, northing=0) for n in range(1, 7)]
    people = [sip(i, days=24, easting=2000 * n, northing=0) for n, i in enumerate("ABC", 1)]
    history = [row for n in range(1, 7) for row in led(str(n), "A" if n < 4 else "B", "2025/26")]
    return case(schools, people, history=[*history, *tables.pop("history", [])], **tables)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(world(), Policy())


def leads(p: Plan) -> dict[str, str]:
    return {a.urn: a.sip for a in p.assignments if a.post == "lead" and not a.settled}


def test_a_leaver_with_no_school_changes_nothing(plan: Plan) -> None:
    assert "C" not in leads(plan).values()
    assert leads(repair(plan, [{"sip_leaves": {"sip": "C"}}])) == leads(plan)


def test_only_the_leavers_schools_move(plan: Plan) -> None:
    after = repair(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    assert {u for u, s in leads(after).items() if s != leads(plan)[u]} == {"1", "2", "3"}
    assert compare(plan, after).schools_moved == 3


def test_days_worked_stay_with_the_leaver_and_the_rest_is_passed_on(plan: Plan) -> None:
    after = repair(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    rows = [a for a in after.assignments if a.urn == "1"]
    assert [(a.sip, str(a.from_), str(a.to)) for a in rows] == [
        ("A", "2026-09-01", "2026-12-31"),
        (leads(after)["1"], "2027-01-01", "2027-07-31"),
    ]
    assert sum(a.days + a.days_short for a in rows) == 5.0


def test_the_worked_table_is_taken_before_the_calendar(plan: Plan) -> None:
    recorded = world(worked=[{"urn": "1", "post": "lead", "sip": "A", "on": "2026-10-01", "days": 1}])
    after = repair(solve(recorded, Policy()), [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}])
    assert [a.days for a in after.assignments if a.urn == "1"] == [1.0, 4.0]


def test_cover_during_an_absence_gives_the_post_back(plan: Plan) -> None:
    after = repair(plan, [{"sip_absent": {"sip": "A", "from": "2027-01-10", "to": "2027-03-10"}}])
    rows = [a.sip for a in after.assignments if a.urn == "1"]
    assert rows[0] == rows[2] == "A"
    assert rows[1] != "A"
    assert not [h for h in next_year(after).case.history if h.urn == "1" and h.year == "2026/27" and h.sip != "A"]


def test_a_budget_cut_trims_days_not_worked_and_none_below_the_floor(plan: Plan) -> None:
    after = repair(plan, [{"budget": {"days": 25, "from": "2027-04-01"}}])
    assert after.summary.days_used <= 25
    given: dict[str, float] = {}
    for a in after.assignments:
        given[a.urn] = given.get(a.urn, 0) + a.days
    assert min(given.values()) >= Policy().days.floor
    assert not after.unfilled


INVERSE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"lock": {"urn": "1", "sip": "B"}}, {"unlock": {"urn": "1", "sip": "B"}}),
    ({"days": {"sip": "A", "days": 3}}, {"days": {"sip": "A", "days": 24}}),
    ({"need": {"urn": "1", "need": "top"}}, {"need": {"urn": "1", "need": "standard"}}),
    (
        {"participation": {"urn": "1", "participation": "own_sip"}},
        {"participation": {"urn": "1", "participation": "needs_sip"}},
    ),
    ({"policy": {"key": "tenure.limit", "value": 4}}, {"policy": {"key": "tenure.limit", "value": 5}}),
]


@pytest.mark.parametrize(("there", "back"), INVERSE, ids=[next(iter(a)) for a, _ in INVERSE])
def test_an_event_and_its_inverse_give_the_same_case_back(there: dict[str, Any], back: dict[str, Any]) -> None:
    base = world()
    filled = [s.model_copy(update={"need": "standard", "participation": "needs_sip"}) for s in base.schools]
    base = base.model_copy(update={"schools": tuple(filled)})
    once, _ = apply(base, Policy(), [there])
    again, policy = apply(base, Policy(), [there, back])
    assert canon.case_sha256(again) == canon.case_sha256(base)
    assert canon.policy_sha256(policy) == canon.policy_sha256(Policy())
    assert once != base or "policy" in there


def test_a_leaver_who_comes_back_gives_the_same_case() -> None:
    base = world()
    row = next(s for s in base.sips if s.sip == "A").model_dump(mode="json", exclude_none=True)
    back, _ = apply(base, Policy(), [{"sip_leaves": {"sip": "A"}}, {"sip_joins": row}])
    assert canon.case_sha256(back) == canon.case_sha256(base)


def test_veto_then_lock_is_refused_as_a_lock_against_a_hard_rule(plan: Plan) -> None:
    with pytest.raises(CaseError, match="breaks a hard rule"):
        repair(plan, [{"veto": {"urn": "1", "sip": "A"}}, {"lock": {"urn": "1", "sip": "A"}}])


def test_veto_then_lock_of_another_equals_the_lock(plan: Plan) -> None:
    lock = {"lock": {"urn": "1", "sip": "B"}}
    assert leads(repair(plan, [{"veto": {"urn": "1", "sip": "A"}}, lock])) == leads(repair(plan, [lock]))


def test_changes_that_do_not_conflict_may_come_in_any_order() -> None:
    some = [
        {"sip_leaves": {"sip": "A", "on": "2026-12-31"}},
        {"need": {"urn": "4", "need": "high", "on": "2027-02-01"}},
        {"veto": {"urn": "5", "sip": "B"}},
    ]
    seen = {canon.case_sha256(apply(world(), Policy(), order)[0]) for order in itertools.permutations(some)}
    assert len(seen) == 1


def test_a_rebuild_is_never_worse_than_a_repair_in_what_both_measure(plan: Plan) -> None:
    change = [{"sip_leaves": {"sip": "A"}}]
    one, two = ({t.name: t.value for t in p.certificate.tiers} for p in (repair(plan, change), rebuild(plan, change)))
    assert two["1a_standard"] >= one["1a_standard"]
    assert two["1d_standard"] <= one["1d_standard"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sip_leaves": {"sip": "Z"}}, "not a SIP of this case"),
        ({"sip_leaves": {"sip": "A", "on": "2028-01-01"}}, "outside the year"),
        ({"sip_leves": {"sip": "A"}}, "Did you mean sip_leaves"),
        ({"sip_leaves": {"sipp": "A"}}, "It takes sip, on"),
        ({"need": {"urn": "99", "need": "top"}}, "not a school of this case"),
        ({"policy": {"key": "tenure.limt", "value": 4}}, "not a setting"),
        ({"policy": {"key": "tenure.limit", "value": "many"}}, "tenure.limit"),
        ({"sip_absent": {"sip": "A", "from": "2027-03-01", "to": "2027-02-01"}}, "end is before the start"),
        ({"unlock": {"urn": "1", "sip": "A"}}, "no lock"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_the_reason(plan: Plan, change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        repair(plan, [change])


def test_a_sip_who_has_gone_cannot_leave_again(plan: Plan) -> None:
    with pytest.raises(UsageError, match="already left"):
        repair(plan, [{"sip_leaves": {"sip": "A"}}, {"sip_leaves": {"sip": "A"}}])


def test_a_change_may_come_before_the_last_repair(plan: Plan) -> None:
    leaves = {"sip_leaves": {"sip": "A", "on": "2026-12-31"}}
    away = {"sip_absent": {"sip": "B", "from": "2026-11-01", "to": "2026-11-30"}}
    one, other = repair(repair(plan, [leaves]), [away]), repair(repair(plan, [away]), [leaves])
    for after in (one, other):
        assert not [a for a in after.assignments if a.sip == "A" and a.to > dt.date(2026, 12, 31)]
        assert not [
            a
            for a in after.assignments
            if a.sip == "B" and a.from_ <= dt.date(2026, 11, 30) and a.to >= dt.date(2026, 11, 1)
        ]
        assert after.summary.unfilled == 0


def test_the_kind_may_be_written_beside_its_details() -> None:
    assert canonical({"kind": "sip_leaves", "sip": "A"}) == canonical({"sip_leaves": {"sip": "A"}})


def test_a_veto_moves_that_school_and_nobody_is_offered_the_refused_sip_again(plan: Plan) -> None:
    found = veto(plan, "1")
    assert leads(found.plan)["1"] != "A"
    assert not found.affected
    with pytest.raises(RoundRefuses, match="SIP manager, then the assistant director"):
        veto(found.plan, "1")


def test_a_veto_of_someone_never_proposed_is_refused(plan: Plan) -> None:
    with pytest.raises(UsageError, match="nothing to refuse"):
        veto(plan, "1", "support")


def test_an_accepted_pair_is_held_though_another_would_score_more() -> None:
    base = world(
        answers=[
            {"urn": str(n), "post": "lead", "by": "head", "answer": "accept", "on": "2026-06-20"} for n in range(2, 7)
        ]
    )
    before = solve(base, Policy())
    after = veto(before, "1").plan
    assert {u: s for u, s in leads(after).items() if u != "1"} == {u: s for u, s in leads(before).items() if u != "1"}


def test_a_concern_schools_refusal_waits_for_the_manager() -> None:
    base = world()
    rows = [s.model_copy(update={"category_of_concern": "RSI"}) if s.urn == "1" else s for s in base.schools]
    people = [p.model_copy(update={"experience": ("ri_to_good",)}) for p in base.sips]
    before = solve(base.model_copy(update={"schools": tuple(rows), "sips": tuple(people)}), Policy())
    with pytest.raises(RoundRefuses, match="representation"):
        veto(before, "1")
    assert leads(veto(before, "1", decided_by="M. Hale").plan)["1"] != leads(before)["1"]


def test_choices_rank_every_sip_who_may_and_choosing_one_locks_it(plan: Plan) -> None:
    change = [{"sip_leaves": {"sip": "A"}}]
    first = choices(plan, change)
    assert {c.urn for c in first.lists} == {"1", "2", "3"}
    assert all([o.rank for o in c.offers] == list(range(1, len(c.offers) + 1)) for c in first.lists)
    assert {o.sip for c in first.lists for o in c.offers} == {"B", "C"}
    second = choices(plan, change, [("1", "B")])
    assert leads(second.plan)["1"] == "B"
    assert {c.urn for c in second.lists} == {"2", "3"}


def test_two_schools_that_want_the_last_place_of_one_sip_are_named_with_the_first_tier_that_differs() -> None:
    schools = [school("1", need="raised", focus=("maths",)), school("2", focus=("maths",))]
    people = [sip("A"), sip("B", max_schools=1, specialisms=("maths",)), sip("C")]
    years = ("2023/24", "2024/25", "2025/26")
    both = case(schools, people, history=led("1", "A", *years) + led("2", "A", *years))
    found = choices(solve(both, Policy()), [{"sip_leaves": {"sip": "A"}}])
    assert found.contests == (
        "Sip B suits School 1 and School 2 best, and cannot take both. School 1 rather than School 2: "
        "the other way round means a weaker fit all in all (100 fewer points).",
    )


def test_schools_that_share_a_head_are_one_telephone_call() -> None:
    schools = [school("1", head="h"), school("2", head="h"), school("3")]
    history = [row for u in "123" for row in led(u, "A", "2025/26")]
    found = choices(
        solve(case(schools, [sip("A"), sip("B"), sip("C")], history=history), Policy()), [{"sip_leaves": {"sip": "A"}}]
    )
    assert [(c.urn, c.school, c.beside) for c in found.lists] == [
        ("1", "School 1 and School 2", ("2",)),
        ("3", "School 3", ()),
    ]


def test_gains_are_ranked_by_what_they_gain_and_a_loss_comes_last() -> None:
    def gain(key: str, points: int) -> SweepResult:
        return SweepResult(key, key, 0, 0, 0, 0.0, (("4", points),) if points else ())

    given = [gain("a", -32), gain("b", 25), gain("c", 0), gain("d", 172)]
    assert [r.key for r in ranked(given)] == ["d", "b", "c", "a"]


def test_the_frontier_counts_the_schools_that_must_change_in_every_point() -> None:
    kept = case(
        [school("1"), school("2")],
        [sip("A", status="left"), sip("B")],
        history=led("1", "A", "2025/26") + led("2", "B", "2025/26"),
    )
    assert [(p.changed, p.schools) for p in frontier(solve(kept, Policy()))] == [(1, ("School 1",))]


@pytest.mark.parametrize(
    ("name", "lost", "text"),
    [
        ("1a_top", 1, "1 fewer school of top need with a SIP"),
        ("1a_low", -2, "2 more schools of low need with a SIP"),
        ("1b", 1, "1 fewer support post filled"),
        ("1d_high", 4, "1 more day short at high need"),
        ("1d_low", -10, "2.5 fewer days short at low need"),
        ("2", 1, "1 more school changed again against its will"),
        ("3", -2, "2 fewer schools moved"),
        ("4", 120, "120 fewer points"),
    ],
)
def test_a_tiers_price_reads_as_a_sentence_part(name: str, lost: int, text: str) -> None:
    assert tiers.text(name, lost) == text


def test_the_frontier_rises_and_ends_where_the_plan_itself_stands(plan: Plan) -> None:
    points = frontier(plan)
    assert all(p.proved for p in points)
    assert [p.points for p in points] == sorted(p.points for p in points)
    assert points[-1].points == next(t.value for t in plan.certificate.tiers if t.name == "4")


def test_the_sweep_is_the_same_with_one_process_and_two_and_goes_on_from_its_journal(plan: Plan, tmp_path: Any) -> None:
    jobs = leaving(plan)
    one = ranked(list(sweep(plan, jobs)))
    journal = tmp_path / "sweep.jsonl"
    list(sweep(plan, jobs[:1], journal=journal))
    assert len(journal.read_text().splitlines()) == 1
    assert ranked(list(sweep(plan, jobs, workers=2, journal=journal))) == one
    assert {r.key for r in one} == {"A", "B"}


@long()
def test_the_frontier_is_the_same_with_one_process_and_two_and_goes_on_from_its_journal(tmp_path: Any) -> None:
    plan = solve(
        case(
            [school(str(n), focus=("maths",)) for n in range(4)],
            [sip("A"), sip("B", specialisms=("maths",))],
            history=[h for n in range(4) for h in led(str(n), "A", "2025/26")],
        ),
        Policy(),
    )
    one, journal = frontier(plan), tmp_path / "frontier.jsonl"
    assert [p.changed for p in one] == [1, 2]
    assert frontier(plan, workers=2, journal=journal) == one
    rows = journal.read_text().splitlines(keepends=True)
    assert len(rows) == len(one)
    journal.write_text(rows[0] + rows[1][:9])  # cut off while the second was written
    assert frontier(plan, workers=2, journal=journal) == one
    stopped = threading.Event()
    stopped.set()
    assert frontier(plan, Stop(event=stopped), workers=2) == []


def test_next_year_carries_tenure_and_says_what_lapses(plan: Plan) -> None:
    after = next_year(repair(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}]))
    assert after.case.year == "2027/28"
    ended = {(h.urn, h.sip): h.ended for h in after.case.history if h.year == "2026/27"}
    assert ended["1", "A"] == "sip_left"
    assert ended["4", "B"] is None
    assert any("left" in text for text in after.notes)


def test_next_year_knows_who_refused_and_who_left(plan: Plan) -> None:
    """A school that refused within the year asked for the change itself: it is not protected next year."""
    refused = repair(plan, [{"breakdown": {"urn": "1", "sip": "A"}}], on=dt.date(2027, 2, 1))
    after = next_year(repair(refused, [{"sip_leaves": {"sip": "A", "on": "2027-04-30"}}]))
    ended = {(h.urn, h.sip): h.ended for h in after.case.history if h.year == "2026/27"}
    assert ended["1", "A"] == "breakdown"
    assert ended["2", "A"] == "sip_left"


def test_next_year_can_be_read_whatever_days_were_cut_to(plan: Plan) -> None:
    cut = [
        {"period_days": {"sip": "C", "period": "spring", "days": 3}},
        {"days": {"sip": "C", "days": 1}},
        {"min_schools": {"sip": "C", "min_schools": 2}},
        {"max_schools": {"sip": "C", "max_schools": 1}},
    ]
    row = next(s for s in next_year(repair(plan, cut)).case.sips if s.sip == "C")
    assert (row.days, row.spring_days, row.min_schools, row.max_schools) == (1, 1, 1, 1)
