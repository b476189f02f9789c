"""In a repair a school given fewer days comes before a school that moves, by every method."""

from __future__ import annotations

from time import monotonic

import pytest

from allocator.domain.policy import Policy
from allocator.engine.tiers import Clock, Stop
from allocator.engine.tiers import solve as exact
from allocator.engine.wide.whole import solve_whole
from allocator.questions.scenario import scenario
from allocator.reasons.answer import solve
from tests.make import case, led, school, sip


@pytest.mark.parametrize("days", [6.5, 7, 8])
def test_nobody_moves_where_fewer_days_spare_it(days: float) -> None:
    """A leaves a secondary school, which B alone may take: with fewer days B keeps school 2 beside it; without, C would
    have to take that."""
    schools = [school("1", phase="secondary"), school("2"), school("3")]
    team = [
        sip("A", phases=("secondary",), days=6),
        sip("B", phases=("primary", "secondary"), days=days),
        sip("C", phases=("primary",), days=20),
    ]
    past = [row for n, who in enumerate("ABC", 1) for row in led(str(n), who, "2025/26")]
    plan = solve(case(schools, team, history=past), Policy())
    inst = scenario(plan, [{"sip_leaves": {"sip": "A", "on": "2026-12-31"}}]).ready.inst
    found = {t.name: t for t in solve_whole(inst, Stop(), Clock(Stop(), monotonic())).tiers}
    assert {n: t.value for n, t in found.items()} == {t.name: t.value for t in exact(inst, Stop()).tiers}
    assert (found["3"].value, found["3"].bound) == (0, 0)
    assert found["1d_standard"].value > 0
