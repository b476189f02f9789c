"""Every sentence true: claims of plans through a year of events, worked out again by the auditor, who owns no words."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.domain.claims import Outweighed
from allocator.domain.plan import Moved, Plan
from allocator.errors import CaseError, UsageError
from allocator.questions.scenario import Scenario, scenario
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.complete import complete
from allocator.reasons.contrast import priced, proofs
from allocator.reasons.in_a_word import in_a_word
from tests.check.random_cases import random_case
from tests.make import case, led, policy, school, sip
from tests.reasons.test_read_aloud import read_aloud
from tests.sizes import whole_or
from tests.year.cases import case_of, chain, event

CASES, CHAINS = whole_or((2000, 1000), (16, 10), (8, 2))
ONCE = (334, 649), (65, 138, 144, 188, 274, 361, 363, 556)
TOLD_WRONG = whole_or(ONCE, ONCE, ((334,), (65, 144)))  # once: of the cases, and of the chains


def kinds(plan: Plan) -> Counter[str]:
    """How often each kind of claim is made."""
    rows: list[Moved] = [*plan.changes, *plan.moves]
    found = Counter[str](c.kind for row in rows for c in row.claims)
    found.update(str(w.kind) for w in plan.wishes)
    found.update(c.kind for w in plan.wishes for c in w.because)
    return found


def wrong(plan: Plan) -> list[str]:
    """Claims that the auditor cannot show; other rules have tests of their own."""
    return [b.text for b in audit(*world(plan), plan) if b.rule == "claims"]


def test_every_claim_of_random_plans_is_shown() -> None:
    seen: Counter[str] = Counter()
    for n in {*range(CASES), *TOLD_WRONG[0]}:
        plan = solve(*random_case(n, 6, 4))  # audited before it comes out
        seen += kinds(plan)
        sentences, false = read_aloud(plan)
        seen["sentences"] += sentences
        assert not false, f"case {n}"
    print(", ".join(f"{count} {kind}" for kind, count in sorted(seen.items())))
    assert seen.total() > 2 * CASES
    assert seen.keys() >= {
        "barred_by",
        "gone",
        "limit_reached",
        "asked_to_leave",
        "outweighed",
        "wish_met",
        "wish_not_met",
        "nobody_such",
    }


def test_every_claim_is_shown_after_any_events_of_a_year() -> None:
    seen: Counter[str] = Counter()
    for n in sorted({*range(CHAINS), *TOLD_WRONG[1]}):
        r = random.Random(f"claims {n}")
        try:
            plan = solve(*case_of(r))
        except CaseError:  # locks that clash
            continue
        for step, size in enumerate(chain(r)):
            plan = _after(plan, r, step, size)
            seen += kinds(plan)
            assert all(c.because for c in (*plan.changes, *plan.moves))
            assert wrong(plan) == []
            sentences, false = read_aloud(plan)
            seen["sentences"] += sentences
            assert not false, f"chain {n}, step {step}"
    print(", ".join(f"{count} {kind}" for kind, count in sorted(seen.items())))
    assert seen.keys() >= {"away", "returns", "by_hand", "one_for_all", "gone", "outweighed"}


def _after(plan: Plan, r: random.Random, step: int, size: int) -> Plan:
    """The plan after some events together; as it was where they cannot be."""
    given = [event(r, world(plan)[0], plan, 6 * step + j) for j in range(size)]
    try:
        return _worded(scenario(plan, given))
    except (UsageError, CaseError):
        return plan


def _worded(made: Scenario) -> Plan:
    bare, solution = made.solve()
    return made.worded(complete(made.ready, bare, solution))


def small() -> Plan:
    """A led 1 and 2 and has room for one: 2, where the fit is better, and B takes 1."""
    schools = [school("1"), school("2", focus=("phonics",))]
    team = [sip("A", max_schools=1, specialisms=("phonics",)), sip("B")]
    return solve(case(schools, team, history=led("1", "A", "2025/26") + led("2", "A", "2025/26")), policy())


def test_what_was_outweighed_is_priced_by_a_solve_and_the_price_is_shown() -> None:
    plan = small()
    (change,) = plan.changes
    assert [c.kind for c in change.claims] == ["outweighed"]
    assert change.because.startswith("Outweighed: Sip A may take School 1, but the plan as a whole is better this way.")
    dear = priced(ready_from(plan), plan)
    (claim,) = dear.changes[0].claims
    assert isinstance(claim, Outweighed)
    assert claim.price is not None
    assert "then School 2 would go from Sip A to Sip B" in dear.changes[0].because
    assert audit(*world(dear), dear) == []
    assert [problem for _, problem in proofs(ready_from(dear), dear)] == [None]


@pytest.mark.parametrize("altered", ["lost", "shift", "kind", "sip", "none", "wish"])
def test_a_claim_that_was_altered_is_found(altered: str) -> None:
    wished = case(
        [school("1"), school("2")],
        [sip("A", max_schools=1), sip("B")],
        history=led("1", "A", "2025/26"),
        wishes=[{"by": "school", "urn": "1", "wish": "change", "strength": 3}],
    )
    plan = solve(wished, policy()) if altered == "wish" else priced(ready_from(small()), small())
    data = plan.model_dump(mode="json", by_alias=True)
    claim = data["changes"][0]["claims"][0]
    if altered == "wish":
        data["wishes"][0]["kind"] = "wish_not_met"
    elif altered == "none":
        data["changes"][0]["claims"] = []
    elif altered == "lost":
        claim["price"]["lost"][0]["by"] += 1
    elif altered == "shift":
        claim["price"]["shifts"].pop()
    elif altered == "kind":
        data["changes"][0]["claims"] = [{"kind": "gone", "sip": "A", "on": None}]
    else:
        claim["sip"] = "B"
    assert wrong(Plan.model_validate(data))


def test_a_plan_not_proved_claims_no_need() -> None:
    made = case(
        [school("1"), school("2")],
        [sip("A", max_schools=1), sip("B")],
        history=led("1", "A", "2025/26") + led("2", "A", "2025/26"),
    )
    ready = allocate.setup(made, policy())
    bare, solution = allocate.allocate(ready)
    unproved = bare.model_copy(update={"certificate": bare.certificate.model_copy(update={"proved": False})})
    (change,) = complete(ready, unproved, solution).changes
    assert [c.kind for c in change.claims] == ["not_proved_best"]
    assert in_a_word(change.claims) == "may not be needed"
    assert "may yet be possible" in change.because


def test_who_could_not_take_it_even_alone_is_not_said_to_be_outweighed() -> None:
    past = [*led("1", "A", "2025/26"), *led("2", "C", "2025/26")]
    team = [sip("A", autumn_2_days=0), sip("B"), sip("C", max_schools=0)]
    plan = solve(case([school("1"), school("2")], team, history=past), policy())
    found = {c.urn: c for c in plan.changes}
    assert (
        found["1"].because
        == "Sip A has too few days in November and December for School 1, even with nothing else beside it."
    )
    assert found["2"].because == "Sip C is to lead no school: the limit on record is 0."
    assert read_aloud(plan)[1] == []
    data = plan.model_dump(mode="json", by_alias=True)
    data["changes"][0]["claims"][0]["period"] = "spring"
    assert wrong(Plan.model_validate(data))
