"""What a few relaxations settle is what a whole solve gives, and what they cannot settle they leave to it."""

from __future__ import annotations

from time import monotonic

import pytest

from allocator import allocate
from allocator.engine import method, relaxation
from allocator.engine.climb import Unsettled
from allocator.engine.cpsat import Clock, Stop
from allocator.engine.ladder import at_the_root
from allocator.engine.tiers import Conflict, solve
from tests.check.random_cases import random_case
from tests.engine.random_instances import random_instance, short_of_days
from tests.sizes import whole_or

CASES = whole_or(400, 24, 8)


@pytest.mark.parametrize("block", range(4))
def test_the_same_plan_as_a_whole_solve(block: int) -> None:
    settled = 0
    for seed in range(block * CASES // 4, (block + 1) * CASES // 4):
        for inst in (random_instance(seed), short_of_days(seed), allocate.setup(*random_case(seed)).inst):
            if not inst.pairs:
                continue
            try:
                now = solve(inst)
            except Conflict:
                with pytest.raises(Unsettled):
                    at_the_root(inst, Clock(Stop(), monotonic()), 50)
                continue
            try:
                found = at_the_root(inst, Clock(Stop(), monotonic()), 50)
            except Unsettled:
                continue
            assert (found.tiers, found.chosen, dict(found.short)) == (now.tiers, now.chosen, dict(now.short)), seed
            settled += 1
    assert settled > CASES // 4


def test_no_relaxation_allowed_is_no_answer_and_the_solve_goes_on() -> None:
    inst = random_instance(2)
    with pytest.raises(Unsettled):
        at_the_root(inst, Clock(Stop(), monotonic()), 0)
    assert method.solve(inst, Stop(nodes=0)).chosen == method.solve(inst).chosen


def test_a_simplex_that_comes_to_no_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One went round and round for ever in a year short of days; what it had then is not taken for an answer."""
    inst = random_instance(2)
    now = method.solve(inst)
    monkeypatch.setattr(relaxation, "LONGEST", 1e-9)
    with pytest.raises(Unsettled):
        at_the_root(inst, Clock(Stop(), monotonic()), 50)
    found = method.solve(inst)
    assert (found.tiers, found.chosen) == (now.tiers, now.chosen)


def test_a_relaxation_that_is_ended_early_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    inst = random_instance(2)
    now = at_the_root(inst, Clock(Stop(), monotonic()), 50)
    monkeypatch.setattr(relaxation, "SHORTEST", 1e-9)
    monkeypatch.setattr(relaxation, "EACH", 0.0)
    found = at_the_root(inst, Clock(Stop(), monotonic()), 50)
    assert (found.tiers, found.chosen) == (now.tiers, now.chosen)
