"""Every rule that bars a pair, on both sides of its boundary; made by hand all the same, the auditor names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from allocator import allocate, rules
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from tests.make import case, led, school, sip


@dataclass(frozen=True)
class Side:
    """One side of a boundary: the school's and the SIP's columns, other tables, policy, and the post."""

    school: dict[str, Any] = field(default_factory=dict)
    sip: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    post: str = "lead"
    others: tuple[dict[str, Any], ...] = ()


def interest(**kw: Any) -> dict[str, Any]:
    return {"interests": [{"sip": "A", "kind": "governor", **kw}]}


def wish(**kw: Any) -> dict[str, Any]:
    return {"wishes": [{"by": "school", "urn": "1", "sip": "A", "wish": "change", **kw}]}


def refusal(**kw: Any) -> dict[str, Any]:
    return {"refusals": [{"urn": "1", "sip": "A", "kind": "veto", "year": "2026/27", **kw}]}


def decided(kind: str, **kw: Any) -> list[dict[str, Any]]:
    return [{"decision": kind, "urn": "1", "sip": "A", "reason": "r", "by": "m", "on": "2026-06-01", **kw}]


def away(*spans: tuple[str, str]) -> dict[str, Any]:
    return {"absences": [{"sip": "A", "away_from": a, "away_to": b} for a, b in spans]}


def ended(year: str, how: str) -> dict[str, Any]:
    return {"history": led("1", "A", year, ended=how)}


def unnamed(how: str, year: str) -> dict[str, Any]:
    """A strong wish for a change that names nobody, after a tenure that ended so."""
    return ended(year, how) | wish(strength=3, sip=None)


HEAD = {"kind": "serving_head", "current_urn": "9", "current_la": "Away"}
FIVE = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")
AT, FAR = {"easting": 0, "northing": 0}, {"easting": 60_000, "northing": 0}
ASKS = {"appraisal": "any", "appraisal_days": 0.5}
NEAR = ({"urn": "9", "easting": 2_999, "northing": 0},)
NEXT = ({"urn": "9", "easting": 3_000, "northing": 0},)

CASES: list[tuple[str, str, Side, Side]] = [
    ("phase", "another phase", Side(), Side({"phase": "secondary"})),
    (
        "phase",
        "all-through needs both",
        Side({"phase": "all_through"}, {"phases": ("primary", "secondary")}),
        Side({"phase": "all_through"}),
    ),
    (
        "phase",
        "all-through is itself, and no primary",
        Side({"phase": "all_through"}, {"phases": ("all_through",)}),
        Side({"phase": "primary"}, {"phases": ("all_through",)}),
    ),
    (
        "phase",
        "all-through is no secondary",
        Side({"phase": "all_through", "phase_choice": "primary"}, {"phases": ("all_through",)}),
        Side({"phase": "middle_secondary"}, {"phases": ("all_through",)}),
    ),
    (
        "phase",
        "a middle school by its deemed phase",
        Side({"phase": "middle_primary"}),
        Side({"phase": "middle_secondary"}),
    ),
    (
        "availability",
        "leaving on the last planned day",
        Side(sip={"leaves_on": "2027-07-31"}),
        Side(sip={"leaves_on": "2027-07-30"}),
    ),
    (
        "availability",
        "the contract's end",
        Side(sip={"contract_ends": "2027-07-31"}),
        Side(sip={"contract_ends": "2027-07-30"}),
    ),
    ("availability", "joining late", Side(sip={"joined_on": "2026-10-31"}), Side(sip={"joined_on": "2026-11-01"})),
    ("availability", "status", Side(sip={"status": "active"}), Side(sip={"status": "paused"})),
    (
        "availability",
        "two absences together",
        Side(tables=away(("2026-09-01", "2026-10-31"), ("2027-02-01", "2027-05-16"))),
        Side(tables=away(("2026-09-01", "2026-10-31"), ("2027-02-01", "2027-05-17"))),
    ),
    (
        "availability",
        "a day in two absences counts once",
        Side(tables=away(("2026-09-01", "2026-12-31"), ("2026-10-01", "2027-01-31"))),
        Side(tables=away(("2026-09-01", "2026-12-31"), ("2026-10-01", "2027-02-28"))),
    ),
    ("training", "on record", Side(sip={"trained": True}), Side(sip={"trained": None})),
    ("approval", "on record", Side(sip={"board_approved": True}), Side(sip={"board_approved": False})),
    (
        "dbs",
        "valid to the end",
        Side(sip={"dbs_valid_until": "2027-07-31"}),
        Side(sip={"dbs_valid_until": "2027-07-30"}),
    ),
    (
        "dbs",
        "checked before the start",
        Side(sip={"dbs_checked_on": "2026-09-01"}),
        Side(sip={"dbs_checked_on": "2026-09-02"}),
    ),
    ("dbs", "nothing on record", Side(), Side(sip={"dbs_checked_on": None})),
    (
        "eligibility",
        "years of headship",
        Side(
            sip={**HEAD, "headship_years": 5}, policy={"eligibility": {"serving_head_all_of": ["headship_years >= 5"]}}
        ),
        Side(
            sip={**HEAD, "headship_years": 4.9},
            policy={"eligibility": {"serving_head_all_of": ["headship_years >= 5"]}},
        ),
    ),
    (
        "eligibility",
        "one kind of evidence",
        Side(sip={**HEAD, "evidence": ("nle",)}, policy={"eligibility": {"serving_head_one_of": ["nle", "lle"]}}),
        Side(sip={**HEAD, "evidence": ("other",)}, policy={"eligibility": {"serving_head_one_of": ["nle", "lle"]}}),
    ),
    (
        "need",
        "special measures",
        Side({"category_of_concern": "SM"}, {"experience": ("special_measures",)}),
        Side({"category_of_concern": "SM"}, {"experience": ("ri_to_good",)}),
    ),
    (
        "interest",
        "cleared",
        Side(tables=interest(urn="1", outcome="cleared")),
        Side(tables=interest(urn="1", outcome="open")),
    ),
    (
        "interest",
        "lapsed before the first day",
        Side(tables=interest(urn="1", until="2026-08-31")),
        Side(tables=interest(urn="1", until="2026-09-01")),
    ),
    (
        "interest",
        "by trust",
        Side({"trust": "Oak"}, tables=interest(trust="Elm")),
        Side({"trust": "Oak"}, tables=interest(trust=" oak ")),
    ),
    (
        "interest",
        "a former adviser is no bar",
        Side(tables=interest(urn="1", kind="former_adviser")),
        Side(tables=interest(urn="1", kind="employed")),
    ),
    ("own_ties", "own school", Side(sip={"current_urn": "2"}), Side(sip={"current_urn": "1"})),
    (
        "own_ties",
        "own trust",
        Side({"trust": "Oak"}, {"current_trust": "Elm"}),
        Side({"trust": "Oak"}, {"current_trust": "Oak"}),
    ),
    (
        "own_ties",
        "own cluster",
        Side({"cluster": "N"}, {"current_cluster": "S"}),
        Side({"cluster": "N"}, {"current_cluster": "n"}),
    ),
    ("own_ties", "a near competitor", Side(AT, HEAD, others=NEXT), Side(AT, HEAD, others=NEAR)),
    (
        "own_ties",
        "a manager's yes",
        Side(sip={**HEAD, "current_la": "Hart"}, tables={"decisions": decided("accept_local_head")}),
        Side(sip={**HEAD, "current_la": "Hart"}),
    ),
    ("refusal", "two years", Side(tables=refusal(year="2024/25")), Side(tables=refusal(year="2025/26"))),
    (
        "refusal",
        "a breakdown until cleared",
        Side(tables=refusal(kind="breakdown", year="2020/21") | {"decisions": decided("clear_breakdown")}),
        Side(tables=refusal(kind="breakdown", year="2020/21")),
    ),
    (
        "parting",
        "a SIP's own strong wish for a change",
        Side(tables=wish(by="sip", strength=2)),
        Side(tables=wish(by="sip", strength=3)),
    ),
    (
        "parting",
        "three years after the school asked",
        Side(tables=ended("2022/23", "school_asked")),
        Side(tables=ended("2023/24", "school_asked")),
    ),
    (
        "parting",
        "three years after the SIP asked",
        Side(tables=ended("2022/23", "sip_asked")),
        Side(tables=ended("2025/26", "sip_asked")),
    ),
    (
        "parting",
        "an ending of the manager's bars nothing",
        Side(tables=ended("2025/26", "manager")),
        Side(tables=ended("2025/26", "sip_asked")),
    ),
    (
        "parting",
        "a return allowed",
        Side(tables=ended("2025/26", "school_asked") | {"decisions": decided("allow_return")}),
        Side(tables=ended("2025/26", "school_asked")),
    ),
    (
        "parting",
        "the years are a setting",
        Side(tables=ended("2024/25", "school_asked"), policy={"parting": {"years": 1}}),
        Side(tables=ended("2025/26", "school_asked"), policy={"parting": {"years": 1}}),
    ),
    (
        "parting",
        "last year's lead is meant, however it ended",
        Side(tables=unnamed("sip_left", "2024/25")),
        Side(tables=unnamed("sip_left", "2025/26")),
    ),
    ("parting", "a strong wish", Side(tables=wish(strength=2)), Side(tables=wish(strength=3))),
    ("travel", "60 km", Side(AT, FAR), Side(AT, {**FAR, "easting": 60_001})),
    ("travel", "own limit", Side(AT, {**FAR, "max_km": 60}), Side(AT, {**FAR, "max_km": 59.9})),
    (
        "travel",
        "a given distance",
        Side(tables={"travel": [{"urn": "1", "sip": "A", "km": 60}]}),
        Side(tables={"travel": [{"urn": "1", "sip": "A", "km": 60.1}]}),
    ),
    ("authority", "works for", Side(sip={"las": ("hart", "Vale")}), Side(sip={"las": ("Vale",)})),
    (
        "appraisal",
        "trained",
        Side(ASKS, {"appraisal_trained": True}, post="appraisal"),
        Side(ASKS, {"appraisal_trained": None}, post="appraisal"),
    ),
    (
        "tenure",
        "the fifth year and the sixth",
        Side(tables={"history": led("1", "A", *FIVE[1:])}),
        Side(tables={"history": led("1", "A", *FIVE)}),
    ),
    (
        "tenure",
        "an extension",
        Side(tables={"history": led("1", "A", *FIVE), "decisions": decided("extend_tenure", until="2026-09-01")}),
        Side(tables={"history": led("1", "A", *FIVE), "decisions": decided("extend_tenure", until="2026-08-31")}),
    ),
    (
        "cooling_off",
        "two years between",
        Side(tables={"history": led("1", "A", "2023/24", ended="rotation")}),
        Side(tables={"history": led("1", "A", "2024/25", ended="rotation")}),
    ),
    (
        "decision",
        "forbidden until",
        Side(tables={"decisions": decided("forbid", until="2026-08-31")}),
        Side(tables={"decisions": decided("forbid", until="2026-09-01")}),
    ),
]


def world(side: Side) -> tuple[Case, Policy]:
    """The school of the test, any others (out of the run), SIP A of the test and SIP Z who may do anything."""
    others = [school(**row, participation="own_sip") for row in side.others]
    spare = sip(
        "Z",
        phases=("primary", "secondary"),
        days=60,
        appraisal_trained=True,
        experience=("special_measures",),
        max_km=200,
    )
    made = case([school("1", **side.school), *others], [sip("A", **side.sip), spare], **side.tables)
    return made, Policy.model_validate({"separation": {"on": False}, **side.policy})


IDS = [f"{rule}: {what}" for rule, what, _, _ in CASES]


@pytest.mark.parametrize(("rule", "_what", "inside", "_outside"), CASES, ids=IDS)
def test_the_inside_of_the_boundary_is_allowed(rule: str, _what: str, inside: Side, _outside: Side) -> None:
    pairs = rules.pairs(Facts(*world(inside)))
    assert rule not in [r for r, _ in pairs.blocks("1", inside.post, "A")]


@pytest.mark.parametrize(("rule", "_what", "_inside", "outside"), CASES, ids=IDS)
def test_the_outside_is_barred_with_a_sentence(rule: str, _what: str, _inside: Side, outside: Side) -> None:
    found = dict(rules.pairs(Facts(*world(outside))).blocks("1", outside.post, "A"))
    assert len(found[rule]) > 10


@pytest.mark.parametrize(("rule", "_what", "_inside", "outside"), CASES, ids=IDS)
def test_a_plan_with_the_barred_pair_put_in_by_hand_fails_and_the_rule_is_named(
    rule: str, _what: str, _inside: Side, outside: Side
) -> None:
    made, policy = world(outside)
    plan, _ = allocate.allocate(allocate.setup(made, policy))
    assert audit(made, policy, plan) == []
    by_hand = [a.model_copy(update={"sip": "A"}) if a.post == outside.post else a for a in plan.assignments]
    assert rule in {b.rule for b in audit(made, policy, plan.model_copy(update={"assignments": tuple(by_hand)}))}


def test_every_rule_that_bars_pairs_has_a_case() -> None:
    from allocator.rules.base import Rule

    barring = {r.id for r in rules.RULES if type(r).block is not Rule.block}
    assert barring == {rule for rule, *_ in CASES}
