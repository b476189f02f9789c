"""Every move by hand of Hartwell's board, then its SIP leaves, or its school refuses: the lock falls away, and is named."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from allocator.domain.plan import Plan
from allocator.errors import CaseError
from allocator.intake.read import read_case
from allocator.questions.scenario import repair
from allocator.questions.veto import veto
from allocator.reasons.answer import ready_from, solve
from tests.sizes import whole_or

HARTWELL = Path(__file__).parents[2] / "scenarios" / "hartwell"
GONE = dt.date(2026, 12, 31)
EVERY = whole_or(1, 131, 262)  # moves apart


@pytest.fixture(scope="module")
def plan() -> Plan:
    read = read_case(HARTWELL)
    assert read.case is not None
    return solve(read.case, read.policy)


def moves(plan: Plan) -> list[tuple[str, str]]:
    """Every lead and every other SIP who may take it."""
    ready, held = ready_from(plan), {(a.urn, a.post): a.sip for a in plan.assignments}
    return [(u, s) for u, kind, s in ready.choices if kind == "lead" and held.get((u, "lead")) != s][::EVERY]


def test_a_lock_made_by_hand_never_stops_what_ends_its_pair(plan: Plan) -> None:
    tried = 0
    for urn, sip in moves(plan):
        try:
            moved = repair(plan, [{"lock": {"urn": urn, "sip": sip, "by": "m", "reason": "by hand"}}])
        except CaseError:  # beside another lock of the case
            continue
        tried += 1
        name = next(a.name for a in moved.assignments if a.sip == sip)
        left = repair(moved, [{"sip_leaves": {"sip": sip, "on": GONE.isoformat()}}])
        refused = veto(moved, urn, decided_by="m").plan
        for after in (left, refused):
            assert any(n.startswith(f"The lock of {name} to ") and "has fallen away" in n for n in after.notices), urn
        assert not [a for a in left.assignments if a.sip == sip and a.to > GONE]
        assert not [a for a in refused.assignments if (a.urn, a.sip) == (urn, sip)]
    print(f"{tried} moves by hand")
    assert tried >= whole_or(300, 3, 1)
