"""The auditor doubts what a certificate states: a bound that last year's pairs, mended by hand, go beyond is a breach."""

from __future__ import annotations

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.doubt import doubts
from allocator.check.score import Auditor
from allocator.domain.case import Case
from allocator.domain.plan import Certificate, Plan, TierResult
from allocator.domain.policy import Policy
from allocator.errors import CaseError
from tests import make
from tests.check.random_cases import random_case
from tests.sizes import long


def stated(plan: Plan, **bounds: int) -> Plan:
    """The plan with other bounds stated, and so as not proved."""
    tiers = tuple(
        TierResult(name=t.name, value=t.value, bound=bounds.get(f"t{t.name}", t.bound)) for t in plan.certificate.tiers
    )
    (points,) = (t for t in tiers if t.name == "4")
    gap, proved = abs(points.bound - points.value), all(t.value == t.bound for t in tiers)
    certificate = Certificate(
        tiers=tiers,
        gap=round(gap / max(1, abs(points.value)), 6),
        gap_points_per_post=round(gap / max(1, len(plan.assignments)), 4),
        proved=proved,
    )
    return plan.model_copy(update={"certificate": certificate, "status": "feasible"})


def poor() -> tuple[Case, Policy, Plan]:
    """Two schools, two SIPs with room for one each; the plan, locked so for the moment, leaves last year's pairs."""
    history = make.led("1", "A", "2025/26") + make.led("2", "B", "2025/26")
    case = make.case([make.school("1"), make.school("2")], [make.sip("A"), make.sip("B")], history=history)
    policy = make.policy(**make.BARE)
    locks = [
        {"decision": "lock", "urn": u, "sip": s, "by": "x", "on": "2026-05-01", "reason": "x"}
        for u, s in (("1", "B"), ("2", "A"))
    ]
    locked = make.case(list(case.schools), list(case.sips), history=history, decisions=locks)
    bare, _ = allocate.allocate(allocate.setup(locked, policy))
    rows = tuple(a.model_copy(update={"locked": False}) for a in bare.assignments)
    made, _ = allocate.allocate(allocate.setup(case, policy))
    return (
        case,
        policy,
        bare.model_copy(update={"assignments": rows, "made_with": made.made_with, "inputs": made.inputs}),
    )


def test_a_bound_that_last_years_pairs_go_beyond_is_a_breach() -> None:
    case, policy, plan = poor()
    (breach,) = {b.text for b in audit(case, policy, plan)}
    points = next(t for t in plan.certificate.tiers if t.name == "4")
    assert breach.startswith(f"Tier 4: the bound {points.value} is beaten by a plan from last year's pairs")
    assert not audit(case, policy, stated(plan, t4=points.value + 5_000, t5=0))


@long(but=("0", "3"))
@pytest.mark.parametrize("block", range(5))
def test_what_is_true_is_not_doubted(block: int) -> None:
    for n in range(block, 100, 5):
        case, policy = random_case(n)
        try:
            plan, _ = allocate.allocate(allocate.setup(case, policy))
        except CaseError:
            continue
        choice = {(a.urn, str(a.post)): a.sip for a in plan.assignments}
        for claimed in (plan, stated(plan)):  # as proved, and with the wider look that a plan not proved is given
            assert not list(doubts(Auditor(case, policy), claimed, choice)), f"case {n}"


@pytest.mark.parametrize(
    ("bound", "proved", "said"),
    [
        (0, False, "The plan says that it is not proved, but every bound is met."),
        (5_000, True, "The plan says that it is proved, but a tier's bound differs from its value."),
    ],
)
def test_a_proof_that_is_claimed_or_denied_against_its_bounds_is_a_breach(bound: int, proved: bool, said: str) -> None:
    case, policy = make.case([make.school("1")], [make.sip("A")]), make.policy(**make.BARE)
    plan, _ = allocate.allocate(allocate.setup(case, policy))
    points = next(t for t in plan.certificate.tiers if t.name == "4")
    other = stated(plan, t4=points.value + bound) if bound else plan
    claims = other.certificate.model_copy(update={"proved": proved})
    told = {b.text for b in audit(case, policy, other.model_copy(update={"certificate": claims}))}
    assert said in told
