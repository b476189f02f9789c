"""Authorities from roomy to far too short of days are proved, every tier, points and lot, in bounded deterministic work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from allocator import allocate
from allocator.domain.policy import Policy
from allocator.engine.fair import dived
from allocator.engine.method import solve
from allocator.engine.model import value
from allocator.engine.tiers import Stop
from tests.benchmarks.hard import SHORT_GRID, kept, short_case
from tests.sizes import long

MOST = Stop(work=6.0, nodes=1_000)  # several times what the slowest of them takes
DEAR = ("32 0.9 joined", "45 0.97 plain", "32 0.97 joined")  # as long as all the others


@pytest.mark.parametrize("name", [pytest.param(n, marks=long()) if n in DEAR else n for n in SHORT_GRID])
def test_a_hard_year_is_proved(name: str) -> None:
    inst = allocate.setup(short_case(name), Policy()).inst
    got = solve(inst, MOST)
    assert got.status == "optimal", [(t.name, t.value, t.bound) for t in got.tiers if not t.proved]
    assert all(t.proved for t in got.tiers)
    if float(name.split()[1]) < 1:
        assert sum(t.value for t in got.tiers if t.name.startswith("1d")) > 0  # else it is no hard year


@long(but=("20 0.9 joined", "20 0.97 plain", "32 0.97 plain"))
@pytest.mark.parametrize("name", [n for n in SHORT_GRID if float(n.split()[1]) < 1 and not n.startswith("45")])
def test_a_plan_stopped_at_a_tenth_of_the_work_keeps_its_schools(name: str) -> None:
    ready = allocate.setup(short_case(name), Policy())
    _, end = allocate.allocate(ready)
    _, now = allocate.allocate(ready, Stop(work=end.deterministic_time / 10))
    points = [next(t.value for t in s.tiers if t.name == "4") for s in (now, end)]
    assert kept(ready, now) >= 0.95 * kept(ready, end)
    assert points[0] >= 0.98 * points[1]
    for was, best in zip(now.tiers, end.tiers, strict=True):  # and nothing is called proved that is not
        if not was.proved:
            break
        assert was.value == best.value


@long(but="32 0.8 plain")
@pytest.mark.parametrize("name", ["32 0.8 plain", "32 0.9 plain"])
def test_a_plan_with_few_points_is_led_near_to_the_most(name: str) -> None:
    """Its tiers are held: nothing is filled, spared or kept less for it. The second is found only among plans in which
    each person holds as many of each kind as before."""
    inst = allocate.setup(short_case(name), Policy()).inst
    least, most = solve(replace(inst, tiers=tuple(t for t in inst.tiers if not t.points)), MOST), solve(inst, MOST)
    found = dived(inst, (least.chosen, dict(least.short)))
    assert found
    had = [value(inst, t, *found) for t in inst.tiers]
    at = next(n for n, t in enumerate(inst.tiers) if t.points)
    assert had[:at] == [t.value for t in most.tiers[:at]]
    assert value(inst, inst.tiers[at], least.chosen, least.short) < 0.95 * most.tiers[at].value
    assert had[at] >= 0.98 * most.tiers[at].value
    assert dived(inst, (most.chosen, dict(most.short))) is None
