"""A price is what trying all plans with the pair gives, tier by tier and the right way round, worst-off first or not."""

from __future__ import annotations

import pytest

from allocator import allocate
from allocator.check.score import Auditor
from allocator.domain import tiers
from allocator.domain.policy import Objective, Policy
from allocator.engine.force import force
from allocator.reasons.why_not import why_not
from tests.check.brute import plans
from tests.check.random_cases import random_case
from tests.make import case, led, school, sip
from tests.sizes import whole_or


@pytest.mark.parametrize("worst_first", [True, False])
def test_a_price_is_what_trying_all_plans_with_the_pair_gives(worst_first: bool) -> None:
    tried = 0
    for n in range(whole_or(24, 12, 5)):
        made, drawn = random_case(n)
        policy = drawn.model_copy(update={"objective": Objective(worst_first=worst_first)})
        ready = allocate.setup(made, policy)
        plan, _ = allocate.allocate(ready)
        a = Auditor(made, policy)
        scored = [(choice, s) for choice, short in plans(a) if (s := a.score(choice, short)) is not None]
        held = {(x.urn, str(x.post)): x.sip for x in plan.assignments}
        for urn, kind, who in [c for c in ready.choices if held.get(c[:2]) != c[2]][:3]:
            best = max((s for choice, s in scored if choice.get((urn, kind)) == who), key=lambda s: s.key, default=None)
            if best is None:
                continue
            found = why_not(ready, plan, (urn, kind), who)
            now = {t.name: t.value for t in plan.certificate.tiers}
            price = {t: tiers.lost(t, now[t], v) for t, v in best.tiers.items() if t != tiers.LOT and now[t] != v}
            assert ({p.name: p.lost for p in found.price}, found.exact) == (price, True), f"case {n}, {who} at {urn}"
            first = next(iter(price.values()), 0)
            assert first >= 0, "no plan with the pair is better than the best"
            tried += 1
    assert tried > whole_or(25, 10, 4)


def test_the_school_worst_off_loses_when_it_has_fewer_points() -> None:
    """Each of two SIPs has led one of two schools; turned about, neither school keeps its own."""
    history = led("1", "A", "2025/26") + led("2", "B", "2025/26")
    made = case([school("1"), school("2")], [sip("A", max_schools=1), sip("B", max_schools=1)], history=history)
    ready = allocate.setup(made, Policy(objective=Objective(worst_first=True)))
    plan, solution = allocate.allocate(ready)
    assert solution.status == "optimal"
    found = why_not(ready, plan, ("1", "lead"), "B")
    worst = next(p for p in found.price if p.name == "4_worst")
    assert worst.lost == 600
    assert "600 fewer points at the school worst off" in found.text
    again, whole = force(ready.inst, solution.chosen, solution.short, ready.index["1", "lead", "B"], many=0, near=None)
    assert not whole, "the least of all is no sum: an area never proves it"
    assert {t.name: t.value for t in again.tiers}["4_worst"] == 0


def test_no_price_is_told_of_a_search_that_was_ended() -> None:
    history = led("1", "A", "2025/26") + led("2", "B", "2025/26")
    made = case([school("1"), school("2")], [sip("A", max_schools=1), sip("B", max_schools=1)], history=history)
    ready = allocate.setup(made, Policy())
    plan, _ = allocate.allocate(ready)
    assert why_not(ready, plan, ("1", "lead"), "B").price
    open_ = why_not(ready, plan.model_copy(update={"status": "feasible"}), ("1", "lead"), "B")
    assert (open_.price, open_.chain, open_.exact) == ((), (), False)
    assert "was not worked out: the plan itself is not proved the best" in open_.text


def test_a_price_is_told_in_schools_that_keep_their_sip_wishes_and_kilometres() -> None:
    schools = [school(str(n), easting=400000 + 1000 * n, northing=100000) for n in (1, 2, 3)]
    team = [sip("A", easting=400000, northing=100000, max_schools=1), sip("B", easting=430000, northing=100000)]
    wishes = [{"by": "school", "urn": "1", "wish": "keep"}, {"by": "school", "urn": "2", "wish": "change", "sip": "A"}]
    made = case(schools, team, history=led("1", "A", "2025/26") + led("2", "B", "2025/26"), wishes=wishes)
    ready = allocate.setup(made, Policy())
    plan, _ = allocate.allocate(ready)
    found = why_not(ready, plan, ("2", "lead"), "A")
    had = {"1": "A", "2": "B"}
    moved = [(m.urn, m.before, m.after) for m in found.chain if m.post == "lead"]
    assert moved == [("2", "B", "A"), ("1", "A", "B")]
    kept = sum((now == had[u]) - (was == had[u]) for u, was, now in moved)
    assert kept == -2
    assert "2 schools fewer would keep their SIP, 2 wishes fewer would be met" in found.text
    km = {("A", "1"): 1, ("A", "2"): 2, ("B", "1"): 29, ("B", "2"): 28}
    more = sum(km[now, u] - km[was, u] for u, was, now in moved if was and now)
    assert f"distances from SIP to school would be {more} km longer in all" in found.text
    of = plan.summary.points + plan.summary.team_points
    assert f"fewer points of {of:,})" in found.text
