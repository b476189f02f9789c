"""Brute force agrees where windows, absences, endings, all-through phases, local wishes and the floor meet at random."""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.errors import CaseError
from tests.check.brute import best
from tests.check.random_cases import MOST_PLANS, random_case
from tests.sizes import long, whole_or

CASES = whole_or(120, 60)
DAYS = [dt.date(2026, 8, 31), dt.date(2026, 11, 2), dt.date(2026, 12, 31), dt.date(2027, 1, 4), dt.date(2027, 5, 1)]


def altered(n: int) -> tuple[Case, Policy]:
    """Random case n with what the shared cases seldom draw."""
    case, policy = random_case(n)
    r = random.Random(f"altered {n}")
    data = case.model_dump()
    urns, ids = [s["urn"] for s in data["schools"]], [s["sip"] for s in data["sips"]]

    def some(p: float, row: dict[str, Any], key: str, values: list[Any]) -> None:
        if r.random() < p:
            row[key] = r.choice(values)

    for s in data["schools"]:
        some(0.2, s, "opens_on", DAYS)
        some(0.15, s, "closes_on", DAYS)
        some(0.2, s, "phase", ["all_through"])
        some(0.5, s, "phase_choice", ["primary", "secondary", "both", None])
        some(0.2, s, "participation", ["own_sip"])
        some(0.4, s, "cluster", ["North"])
        some(0.3, s, "appraisal", ["any", "different"])
    for s in data["sips"]:
        some(0.3, s, "phases", [("all_through",), ("all_through", "primary"), ("primary", "secondary")])
        some(0.4, s, "current_la", ["Hart", "Vale", None])
        some(0.2, s, "kind", ["la_adviser"])
        some(0.5, s, "day_rate", [300, 500, 700])
        some(0.1, s, "status", ["paused"])
    for h in data["history"]:
        some(0.3, h, "ended", ["school_asked", "sip_asked", "sip_left", "manager"])
        some(0.2, h, "ended_on", DAYS[:1])
    spans = [
        (dt.date(2026, 9, 1), dt.date(2026, 12, 20)),
        (dt.date(2026, 12, 1), dt.date(2027, 1, 31)),
        (dt.date(2027, 3, 1), dt.date(2027, 7, 1)),
    ]
    data["absences"] = [{"sip": s, "away_from": a, "away_to": b} for s in ids for a, b in spans if r.random() < 0.25]
    for u in urns:
        if r.random() < 0.6:
            wish = r.choice(["known_locally", "fresh_eyes", "change", "keep"])
            data["wishes"] += ({"by": "school", "urn": u, "wish": wish, "strength": r.choice([1, 2, 3])},)
    if r.random() < 0.4:
        data["wishes"] += ({"by": "sip", "sip": r.choice(ids), "wish": "change", "strength": r.choice([2, 3])},)
    for kind in ("one_sip_for_cluster", "allow_return"):
        if r.random() < 0.3:
            row = {"decision": kind, "urn": r.choice(urns), "reason": "r", "by": "m", "on": dt.date(2026, 6, 1)}
            data["decisions"] += (row,)
    told = policy.model_dump()
    told["participation"]["on"] = r.random() < 0.85
    told["cost"] = {"on": True, "weight": 9}
    told["parting"]["years"] = r.choice([0, 1, 3])
    told["objective"]["floor"] = r.choice([None, None, 0, 200])
    return canon.sort_rows(Case.model_validate(data)), Policy.model_validate(told)


@long(but=("0", "1"))
@pytest.mark.parametrize("block", range(4))
def test_the_solver_finds_the_plan_that_trying_all_finds(block: int) -> None:
    tried = 0
    for n in range(block * CASES // 4, (block + 1) * CASES // 4):
        case, policy = altered(n)
        a = Auditor(case, policy)
        if math.prod(1 + len(a.allowed(p.key)) * (1 + len(p.trims)) for p in a.stand.posts) > MOST_PLANS:
            continue
        try:
            plan, solution = allocate.allocate(allocate.setup(case, policy))
        except CaseError:  # a lock that the altered case bars
            continue
        (choice, short), score = best(a)
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert {(x.urn, str(x.post)): x.sip for x in plan.assignments} == choice, f"case {n}"
        assert {(x.urn, str(x.post)): round(x.days_short * 4) for x in plan.assignments if x.days_short} == short
        assert audit(case, policy, plan) == [], f"case {n}"
        tried += 1
    assert tried > CASES // 10
