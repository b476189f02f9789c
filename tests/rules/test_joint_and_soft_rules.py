"""Rules over several pairs, and rules that give points: kept by the plan, and named by the auditor when broken by hand."""

from __future__ import annotations

from typing import Any

import pytest

from allocator import allocate, rules
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from tests.make import case, led, school, sip

BARE: dict[str, Any] = {
    "separation": {"on": False},
    "capacity": {"overhead": 0, "reserve_percent": 0},
    "days": {"new_pairing": 0},
}


def solved(made: Case, **policy: Any) -> tuple[Policy, Plan]:
    in_force = Policy.model_validate({**BARE, **policy})
    plan, _ = allocate.allocate(allocate.setup(made, in_force))
    assert audit(made, in_force, plan) == []
    return in_force, plan


def leads(plan: Plan) -> dict[str, str]:
    return {a.urn: a.sip for a in plan.assignments if a.post == "lead"}


def by_hand(made: Case, policy: Policy, plan: Plan, **given: str) -> set[str]:
    """Rules the auditor names when posts are given to others: `u1="B"`, or `u1_support="B"`."""
    change = {tuple([*k[1:].split("_"), "lead"][:2]): s for k, s in given.items()}
    rows = tuple(a.model_copy(update={"sip": change.get((a.urn, a.post), a.sip)}) for a in plan.assignments)
    return {b.rule for b in audit(made, policy, plan.model_copy(update={"assignments": rows}))}


def lock(urn: str, who: str) -> dict[str, Any]:
    return {"decision": "lock", "urn": urn, "sip": who, "reason": "r", "by": "m", "on": "2026-06-01"}


def test_a_lock_is_kept() -> None:
    made = case([school("1"), school("2")], [sip("A"), sip("B")], decisions=[lock("1", "B")])
    policy, plan = solved(made)
    assert leads(plan)["1"] == "B"
    assert "decision" in by_hand(made, policy, plan, u1="A")


def test_schools_that_share_a_head_share_a_lead() -> None:
    made = case([school("1", head="h"), school("2", head="h")], [sip("A"), sip("B")], decisions=[lock("1", "B")])
    policy, plan = solved(made)
    assert leads(plan) == {"1": "B", "2": "B"}
    assert "shared_head" in by_hand(made, policy, plan, u2="A")


def test_a_cluster_with_a_managers_yes_has_one_lead() -> None:
    yes = {**lock("1", "A"), "decision": "one_sip_for_cluster", "sip": None}
    made = case([school("1", cluster="N"), school("2", cluster="n ")], [sip("A"), sip("B")], decisions=[yes])
    policy, plan = solved(made)
    assert len(set(leads(plan).values())) == 1
    other = {"A": "B", "B": "A"}[leads(plan)["2"]]
    assert "cluster" in by_hand(made, policy, plan, u2=other)


@pytest.mark.parametrize(
    "other", [{"participation": "own_sip"}, {"closes_on": "2026-09-01"}], ids=["out of the run", "closed"]
)
def test_a_clusters_yes_may_stand_at_a_member_without_a_post(other: dict[str, Any]) -> None:
    """Each of the two has its own focus, so that points alone would part them."""
    yes = {**lock("3", "A"), "decision": "one_sip_for_cluster", "sip": None}
    members = [school(u, cluster="N", focus=(f,)) for u, f in (("1", "maths"), ("2", "send"))]
    team = [sip("A", specialisms=("maths",)), sip("B", specialisms=("send",))]
    made = case([*members, school("3", cluster="N", **other)], team, decisions=[yes])
    policy, plan = solved(made)
    assert len(set(leads(plan).values())) == 1
    held = leads(plan)["2"]
    assert "cluster" in by_hand(made, policy, plan, u2="B" if held == "A" else "A")


def test_a_different_appraiser_where_the_school_asked() -> None:
    made = case(
        [school("1", appraisal="different")], [sip("A", appraisal_trained=True), sip("B", appraisal_trained=True)]
    )
    policy, plan = solved(made)
    assert len({a.sip for a in plan.assignments}) == 2
    assert "appraisal" in by_hand(made, policy, plan, u1_appraisal=leads(plan)["1"])


def test_support_is_kept_apart_from_validation() -> None:
    made = case([school("1", need="top")], [sip(s, experience=("special_measures",)) for s in "AB"])
    policy, plan = solved(made, separation={"on": True})
    assert len({a.sip for a in plan.assignments}) == 2
    assert "separation" in by_hand(made, policy, plan, u1_support=leads(plan)["1"])


def test_two_serving_heads_are_never_sip_to_each_other() -> None:
    heads = [sip(s, kind="serving_head", current_urn=u) for s, u in (("A", "1"), ("B", "2"))]
    made = case([school("1"), school("2")], [*heads, sip("C")])
    policy, plan = solved(made)
    assert leads(plan) != {"1": "B", "2": "A"}
    assert "reciprocal" in by_hand(made, policy, plan, u1="B", u2="A")


@pytest.mark.parametrize(("days", "filled"), [(10, 2), (9.75, 2), (3.75, 1)])
def test_capacity_to_the_quarter_day(days: float, filled: int) -> None:
    """Ten days serve two schools in full; less trims them towards the floor of two; under four one goes without."""
    made = case([school("1"), school("2")], [sip("A", days=days)])
    _, plan = solved(made)
    assert len(plan.assignments) == filled
    assert sum(a.days for a in plan.assignments) <= days


def test_more_than_the_capacity_is_named() -> None:
    made = case([school("1"), school("2")], [sip("A", days=9), sip("B", days=9)])
    policy, plan = solved(made)
    assert set(leads(plan).values()) == {"A", "B"}
    assert "capacity" in by_hand(made, policy, plan, u1="A", u2="A")


@pytest.mark.parametrize(("peak", "may"), [(1.75, True), (1.5, True), (1.0, False)])
def test_a_period_may_be_stretched_by_a_tenth_and_no_more(peak: float, may: bool) -> None:
    """Five days have 1.75 in the peak; with days trimmed to four 1.5 are left (1.5 stretched is 1.5 still)."""
    made = case([school("1", days=5)], [sip("A", autumn_2_days=peak)])
    _, plan = solved(made, days={"new_pairing": 0, "floor": 4})
    assert bool(plan.assignments) is may


def test_most_and_fewest_schools() -> None:
    made = case(
        [school(str(n)) for n in range(1, 4)], [sip("A", max_schools=2, days=60), sip("B", min_schools=2, days=60)]
    )
    policy, plan = solved(made)
    held = sorted(leads(plan).values())
    assert held in (["A", "B", "B"], ["B", "B", "B"])
    first_b = next(u for u, s in leads(plan).items() if s == "B")
    rest = {f"u{u}": "A" for u in leads(plan)}
    assert "portfolio" in by_hand(made, policy, plan, **rest)
    assert "portfolio" in by_hand(made, policy, plan, **{**rest, f"u{first_b}": "B"})


def test_a_school_out_of_the_run_has_no_post() -> None:
    made = case([school("1"), school("2", participation="own_sip")], [sip("A")])
    policy, plan = solved(made)
    assert set(leads(plan)) == {"1"}
    extra = plan.assignments[0].model_copy(update={"urn": "2"})
    broken = plan.model_copy(update={"assignments": (*plan.assignments, extra)})
    assert "participation" in {b.rule for b in audit(made, policy, broken)}


def test_days_under_the_floor_are_named() -> None:
    made = case([school("1")], [sip("A")])
    policy, plan = solved(made)
    row = plan.assignments[0].model_copy(update={"days_short": 3.5, "days": 1.5})
    assert "days" in {b.rule for b in audit(made, policy, plan.model_copy(update={"assignments": (row,)}))}


def test_a_protected_school_is_not_moved_again_though_points_would_move_it() -> None:
    past = [*led("1", "Z", "2024/25", ended="sip_left"), *led("1", "A", "2025/26")]
    made = case([school("1", focus=("maths",))], [sip("A"), sip("B", specialisms=("maths",))], history=past)
    _, plan = solved(made, continuity={"weight": 0})
    assert leads(plan) == {"1": "A"}
    lifted = made.model_copy(
        update={
            "decisions": case([], [], decisions=[{**lock("1", "A"), "decision": "allow_change", "sip": None}]).decisions
        }
    )
    _, free = solved(lifted, continuity={"weight": 0})
    assert leads(free) == {"1": "B"}


KNOWN = [{"by": "school", "urn": "1", "wish": "known_locally"}]
FRESH = [{"by": "school", "urn": "1", "wish": "fresh_eyes"}]
ALLOWED = {"urn": "1", "sip": "A", "reason": "r", "by": "m", "on": "2026-06-01"}
FIVE = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")
SOFT: list[tuple[str, int, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # rule, points before weight, school, sip, tables
    ("continuity", 60, {}, {}, {"history": led("1", "A", "2025/26")}),
    ("continuity", 100, {}, {}, {"history": led("1", "A", *FIVE[3:])}),
    ("continuity", 0, {}, {}, {"history": led("1", "A", "2024/25")}),
    (
        "wish",
        67,
        {},
        {},
        {"history": led("1", "A", "2025/26"), "wishes": [{"by": "school", "urn": "1", "wish": "keep"}]},
    ),
    (
        "wish",
        -33,
        {},
        {},
        {
            "history": led("1", "A", "2025/26"),
            "wishes": [{"by": "school", "urn": "1", "wish": "change", "strength": 1}],
        },
    ),
    ("experience", 50, {"pupils": 120, "rural": True}, {"experience": ("rural",)}, {}),
    ("experience", 100, {"pupils": 121, "rural": True}, {"experience": ("rural",)}, {}),
    ("experience", 0, {"fsm_percent": 34.9}, {"experience": ("high_fsm",)}, {}),
    ("experience", 100, {"fsm_percent": 35}, {"experience": ("high_fsm",)}, {}),
    ("focus", 50, {"focus": ("maths", "send")}, {"specialisms": ("Maths",)}, {}),
    ("local", 67, {}, {"current_la": "hart"}, {"wishes": [{"by": "school", "urn": "1", "wish": "known_locally"}]}),
    ("local", -67, {}, {}, {"wishes": [{"by": "school", "urn": "1", "wish": "known_locally"}]}),
    ("local", 67, {}, {}, {"wishes": KNOWN, "history": led("2", "A", "2025/26")}),
    ("local", -67, {}, {}, {"wishes": KNOWN, "history": led("2", "A", "2024/25")}),
    ("local", -67, {}, {}, {"wishes": KNOWN, "history": [{**led("2", "A", "2025/26")[0], "role": "support"}]}),
    (
        "local",
        67,
        {},
        {},
        {
            "wishes": KNOWN,
            "history": led("8", "A", "2025/26"),
            "successions": [{"old_urn": "8", "new_urn": "2", "on": "2026-09-01", "kind": "conversion"}],
        },
    ),
    ("local", 67, {}, {"kind": "la_adviser"}, {"wishes": KNOWN}),
    ("local", -67, {}, {"kind": "la_adviser", "current_la": "Vale"}, {"wishes": KNOWN}),
    ("local", 67, {}, {}, {"wishes": FRESH, "history": led("2", "A", "2025/26")}),
    ("local", -67, {}, {}, {"wishes": FRESH, "history": [{**led("1", "A", "2019/20")[0], "role": "support"}]}),
    (
        "local",
        -67,
        {},
        {},
        {"wishes": FRESH, "interests": [{"urn": "1", "sip": "A", "kind": "governor", "until": "2020-07-31"}]},
    ),
    ("local", 67, {}, {}, {"wishes": FRESH, "interests": [{"urn": "2", "sip": "A", "kind": "former_head"}]}),
    ("local", -67, {}, {"kind": "la_adviser"}, {"wishes": FRESH}),
    ("local", 67, {}, {"kind": "la_adviser", "current_la": "Vale"}, {"wishes": FRESH}),
    ("local", 67, {}, {"kind": "consultant", "current_la": "Hart"}, {"wishes": FRESH}),
    (
        "wish",
        -67,
        {},
        {},
        {
            "history": led("1", "A", "2025/26", ended="manager"),
            "wishes": [{"by": "school", "urn": "1", "wish": "change"}],
        },
    ),
    (
        "wish",
        67,
        {},
        {},
        {"history": led("1", "A", "2025/26", ended="sip_left"), "wishes": [{"by": "sip", "sip": "A", "wish": "keep"}]},
    ),
    ("former_tie", 100, {}, {}, {"history": led("1", "A", "2022/23", ended="end_of_year")}),
    (
        "former_tie",
        0,
        {},
        {},
        {
            "history": led("1", "A", "2022/23", ended="breakdown"),
            "decisions": [{**ALLOWED, "decision": "clear_breakdown"}],
        },
    ),
    ("churn", -100, {}, {"joined_on": "2025-09-02"}, {"history": led("1", "Z", "2024/25", ended="manager")}),
    ("churn", 0, {}, {"joined_on": "2025-09-01"}, {"history": led("1", "Z", "2024/25", ended="manager")}),
    ("diary", 100, {"inspection_due": True}, {"flexible_diary": True}, {}),
    ("travel", 0, {"easting": 0, "northing": 0}, {"easting": 25_000, "northing": 0}, {}),
    ("travel", -50, {"easting": 0, "northing": 0}, {"easting": 42_500, "northing": 0}, {}),
    ("cost", -100, {}, {"day_rate": 450}, {}),
]


@pytest.mark.parametrize(("rule", "points", "at", "who", "tables"), SOFT)
def test_points_on_both_sides_of_the_boundary_and_named_when_altered(
    rule: str, points: int, at: dict[str, Any], who: dict[str, Any], tables: dict[str, Any]
) -> None:
    elsewhere = school("2", phase="secondary")  # B's, so that B is somebody: who may take nothing sets no day rate
    made = case(
        [school("1", **at), elsewhere], [sip("A", **who), sip("B", day_rate=300, phases=("secondary",))], **tables
    )
    policy = Policy.model_validate({**BARE, "cost": {"on": True, "weight": 2}, "protection": {"on": True}})
    pairs = rules.pairs(Facts(made, policy))
    assert pairs.raw("1", "lead", "A").get(rule, 0) == points
    plan, _ = allocate.allocate(allocate.setup(made, policy))
    assert audit(made, policy, plan) == []
    row = plan.assignments[0]
    others = tuple(r for r in row.reasons if r.rule != rule)
    wrong = row.model_copy(
        update={
            "reasons": (
                *others,
                row.reasons[0].model_copy(update={"rule": rule, "points": 7}) if row.reasons else _seven(rule),
            )
        }
    )
    assert rule in {
        b.rule for b in audit(made, policy, plan.model_copy(update={"assignments": (wrong, *plan.assignments[1:])}))
    }


def _seven(rule: str) -> Any:
    from allocator.domain.plan import Reason

    return Reason(rule=rule, points=7, text="")


@pytest.mark.parametrize(
    ("schools", "policy", "together"),
    [
        ([school("1", paired_with="2"), school("2")], {"halves": {"price": 900}}, True),
        (
            [school("1", cluster="N", cluster_wants_one_sip=True), school("2", cluster="N")],
            {"cluster": {"price": 900}},
            True,
        ),
        ([school("1"), school("2")], {}, False),
    ],
    ids=["halves", "cluster", "neither"],
)
def test_schools_that_belong_together_have_one_sip_when_points_allow(schools: Any, policy: Any, together: bool) -> None:
    """Each SIP has the focus of one school, so only the price of parting brings them together."""
    one, two = schools
    made = case(
        [one.model_copy(update={"focus": ("maths",)}), two.model_copy(update={"focus": ("send",)})],
        [sip("A", specialisms=("maths",)), sip("B", specialisms=("send",))],
    )
    _, plan = solved(made, balance={"on": False}, **policy)
    assert (len(set(leads(plan).values())) == 1) is together


def test_a_school_that_nobody_may_take_changes_nobodys_points() -> None:
    """It is in nobody's share of days, nor of needy schools."""
    here = [school(str(n), need="high") for n in (1, 2, 3)]
    team = [sip("A", specialisms=("maths",)), sip("B")]
    _, without = solved(case(here, team), balance={"price": 50}, spread={"price": 50})
    nobody = school("4", phase="special", need="high", days=12)
    _, with_it = solved(case([*here, nobody], team), balance={"price": 50}, spread={"price": 50})
    assert with_it.summary.team_points == without.summary.team_points
    assert [a.sip for a in with_it.assignments] == [a.sip for a in without.assignments]


def test_a_sip_who_may_take_nothing_sets_no_day_rate() -> None:
    """Paused or without a phase that is wanted: what others cost is measured among those who can come."""
    team = [sip("A", day_rate=400), sip("B", day_rate=500)]
    policy = Policy.model_validate({"cost": {"on": True}})

    def rated(*more: Any) -> list[int]:
        pairs = rules.pairs(Facts(case([school("1")], [*team, *more]), policy))
        return [pairs.points("1", "lead", s) for s in "AB"]

    assert (
        rated() == rated(sip("C", day_rate=100, status="paused")) == rated(sip("C", day_rate=900, phases=("special",)))
    )
    assert rated() != rated(sip("C", day_rate=100))


def test_load_is_evened_out_and_needy_schools_are_spread() -> None:
    made = case([school(str(n), need="high") for n in (1, 2)], [sip("A", specialisms=()), sip("B")])
    for team in (
        {"balance": {"price": 50}, "spread": {"on": False}},
        {"balance": {"on": False}, "spread": {"price": 50}},
    ):
        _, plan = solved(made, **team)
        assert set(leads(plan).values()) == {"A", "B"}
