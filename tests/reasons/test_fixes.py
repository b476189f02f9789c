"""The menu of what may fill an empty post: each thing on it is offered where it works, and only there; all are tried."""

from __future__ import annotations

from typing import Any

import pytest

from allocator import allocate
from allocator.domain.case import Case
from allocator.domain.change import apply
from allocator.domain.plan import Plan, Unfilled
from allocator.domain.policy import Policy
from allocator.reasons.complete import complete
from allocator.reasons.fixes import Workshop
from allocator.report.model_file import model_out
from tests.make import case, led, school, sip

BARE: dict[str, Any] = {
    "separation": {"on": False},
    "capacity": {"overhead": 0, "reserve_percent": 0},
    "days": {"new_pairing": 0, "floor": 5},
}
FIVE = ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26")


def decision(kind: str, urn: str, who: str) -> dict[str, Any]:
    return {"decision": kind, "urn": urn, "sip": who, "reason": "agreed", "by": "m", "on": "2026-06-01"}


def answered(made: Case, **policy: Any) -> tuple[Policy, Plan]:
    in_force = Policy.model_validate({**BARE, **policy})
    ready = allocate.setup(made, in_force)
    return in_force, complete(ready, *allocate.allocate(ready))


def row(plan: Plan, urn: str = "1") -> Unfilled:
    return next(u for u in plan.unfilled if u.urn == urn)


HEAD = {"kind": "serving_head", "current_urn": "9", "current_la": "Hart"}
MENU: list[tuple[str, Case, dict[str, Any], str, str]] = [
    # what is offered; the case; policy; a change of this kind; words of the cause
    (
        "days",
        case([school("1"), school("2")], [sip("A", days=5), sip("B", phases=("special",))]),
        {},
        "days",
        "Sip A is full",
    ),
    ("max_schools", case([school("1"), school("2")], [sip("A", max_schools=1)]), {}, "max_schools", "Sip A is full"),
    (
        "budget",
        case([school("1"), school("2")], [sip("A"), sip("B")], decisions=[decision("lock", "2", "B")]),
        {"budget": {"days": 5}},
        "budget",
        "the budget of 5 days is used up",
    ),
    (
        "min_schools",
        case([school("1"), school("2", phase="special")], [sip("A", min_schools=2)]),
        {},
        "min_schools",
        "leads at least 2 schools, if any",
    ),
    (
        "extend_tenure",
        case([school("1")], [sip("A"), sip("B")], history=led("1", "A", *FIVE) + led("1", "B", *FIVE)),
        {},
        "decision",
        "have reached the limit",
    ),
    ("accept_local_head", case([school("1")], [sip("A", **HEAD)]), {}, "decision", "Sip A has a tie"),
    (
        "decide_interest",
        case([school("1")], [sip("A")], interests=[{"urn": "1", "sip": "A", "kind": "governor"}]),
        {},
        "interest",
        "an interest not cleared",
    ),
    (
        "ask_lead_appraisal",
        case([school("1", appraisal="different")], [sip("A", appraisal_trained=True)]),
        {},
        "school_says",
        "appraisal",
    ),
    ("renew_check", case([school("1")], [sip("A", dbs_valid_until="2027-03-01")]), {}, "check", "no valid DBS check"),
    ("renew_check", case([school("1")], [sip("A", dbs_checked_on=None)]), {}, "check", "no valid DBS check"),
    (
        "unlock",
        case(
            [school("1"), school("2", need="low")],
            [sip("A", max_schools=1), sip("B", max_schools=1, phases=("primary", "special"))],
            decisions=[decision("lock", "2", "A"), decision("forbid", "1", "B")],
        ),
        {},
        "unlock",
        "Sip A is locked to School 2",
    ),
    ("new_sip", case([school("1", phase="special")], [sip("A")]), {}, "sip_joins", "does not work in this phase"),
]


@pytest.mark.parametrize(
    ("what", "made", "policy", "kind", "cause"), MENU, ids=[f"{n} {m[0]}" for n, m in enumerate(MENU)]
)
def test_what_is_on_the_menu_is_offered_and_fills_the_post(
    what: str, made: Case, policy: dict[str, Any], kind: str, cause: str
) -> None:
    in_force, plan = answered(made, **policy, fixes={"menu": [what]})
    empty = plan.unfilled[0]
    assert empty.clash
    assert cause in empty.text
    assert empty.fixes, empty.text
    assert kind in empty.fixes[0].changes[0]
    changed = apply(made, in_force, empty.fixes[0].changes)
    after, _ = allocate.allocate(allocate.setup(*changed))
    assert (empty.urn, empty.post) in {(a.urn, a.post) for a in after.assignments}
    _, without = answered(made, **policy, fixes={"menu": []})
    assert without.unfilled[0].fixes == ()


NEVER: list[tuple[str, Case, dict[str, Any]]] = [
    (
        "a near competitor",
        case(
            [school("1", easting=0, northing=0), school("9", easting=900, northing=0, participation="own_sip")],
            [sip("A", **HEAD)],
        ),
        {},
    ),
    (
        "the same trust, spelt otherwise",
        case([school("1", trust="Oak Trust")], [sip("A", current_trust="oak  trust", **HEAD)]),
        {},
    ),
    (
        "a barred interest",
        case([school("1")], [sip("A")], interests=[{"urn": "1", "sip": "A", "kind": "governor", "outcome": "barred"}]),
        {},
    ),
    ("a check later than the start", case([school("1")], [sip("A", dbs_checked_on="2026-11-01")]), {}),
    ("a floor that a new SIP does not reach", case([school("1")], [sip("A")]), {"objective": {"floor": 5}}),
]


@pytest.mark.parametrize(("made", "policy"), [n[1:] for n in NEVER], ids=[n[0] for n in NEVER])
def test_what_would_do_nothing_is_not_offered(made: Case, policy: dict[str, Any]) -> None:
    menu = [m for m in Policy().fixes.menu if policy or m != "new_sip"]
    _, plan = answered(made, **policy, fixes={"menu": menu})
    assert row(plan).fixes == ()
    assert row(plan).clash


def test_where_another_school_waits_too_the_fix_says_who_is_locked_where() -> None:
    """One more school for A could be either of two that are empty: each fix sees to its own."""
    made = case([school(u) for u in "123"], [sip("A", max_schools=1, days=60)])
    policy, plan = answered(made, fixes={"menu": ["max_schools"]})
    assert len(plan.unfilled) == 2
    for empty in plan.unfilled:
        (fix,) = empty.fixes
        assert f"lock Sip A to School {empty.urn}" in fix.text
        after, _ = allocate.allocate(allocate.setup(*apply(made, policy, fix.changes)))
        assert empty.urn in {a.urn for a in after.assignments}


def test_one_sentence_comes_first_and_the_list_behind_it() -> None:
    barred = [sip(f"S{n}", phases=("special",)) for n in range(5)]
    made = case([school("1"), school("2")], [sip("A", max_schools=1), *barred])
    _, plan = answered(made)
    first, _, rest = plan.unfilled[0].text.partition(" In full: ")
    assert first.endswith(
        "5 SIPs may not take School 1 (they do not work in this phase) and 5 others do not work in this phase."
    )
    assert "Sip A may lead 1 school at most" in rest


def test_a_case_without_sips_says_so() -> None:
    _, plan = answered(case([school("1")], []), fixes={"menu": []})
    assert "There is no SIP on the team" in row(plan).text


def test_what_was_not_tried_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocator.reasons.fixes.SHARE", 0.0)
    _, plan = answered(case([school("1")], [sip("A", phases=("special",))]))
    assert row(plan).fixes == ()
    assert "was not tried to the end in the time allowed" in row(plan).text


def test_of_a_county_one_mend_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its manager waits for the answer, and each trial is a plan made anew."""
    made = case([school("1"), school("2")], [sip("A", phases=("special",)), sip("B", phases=("special",))])
    _, plan = answered(made)
    assert [len(row(plan, urn).fixes) for urn in ("1", "2")] == [1, 1]
    monkeypatch.setattr("allocator.reasons.fixes.MANY", -1)
    _, plan = answered(made)
    assert len(row(plan, "1").fixes) == 1
    assert row(plan, "2").fixes == ()
    for urn in ("1", "2"):
        assert "was not tried to the end in the time allowed" in row(plan, urn).text


def test_the_workshop_stops_when_asked() -> None:
    import threading

    from allocator.engine.tiers import Stop

    ready = allocate.setup(case([school("1", phase="special")], [sip("A")]), Policy())
    bare, solution = allocate.allocate(ready)
    event = threading.Event()
    event.set()
    workshop = Workshop(ready, solution, Stop(event=event))
    assert workshop.mends(ready, ("1", "lead")) == ()
    assert workshop.over
    plan = complete(ready, bare, solution, Stop(event=event))
    assert "Why was not worked out in the time allowed. What would mend it" in row(plan).text
    assert (row(plan).clash, row(plan).fixes) == ((), ())


def test_the_model_file_has_the_budget_and_the_fewest_schools() -> None:
    made = case([school("1"), school("2")], [sip("A", min_schools=2), sip("B")])
    ready = allocate.setup(made, Policy.model_validate({**BARE, "budget": {"days": 7.25}}))
    out = model_out(ready)
    assert out["budget"] == {"load": "year", "hard": 29}
    assert [p["min_schools_if_any"] for p in out["people"]] == [2, 0]
    assert model_out(allocate.setup(made, Policy()))["budget"] is None
