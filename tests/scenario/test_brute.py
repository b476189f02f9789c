"""After a leaver, a veto, or both, trying every plan gives the same fewest moves and the same tiers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain.plan import Plan
from allocator.errors import CaseError
from allocator.questions.scenario import Scenario, scenario
from tests.check.brute import best
from tests.check.random_cases import random_case
from tests.sizes import long, whole_or

CASES = whole_or(300, 40)
OTHERS = 4 / 7  # so many more cases of the four other events, as many of each as of the first three
DATES = (None, "2026-11-20", "2026-12-31", "2027-03-05")


def event(r: random.Random, plan: Plan, kind: int) -> list[dict[str, Any]]:
    """0: a leaver; 1: a veto; 2: both; 3: an absence; 4: a budget cut; 5: a school in trouble; 6: fewer days."""
    held = [a for a in plan.assignments if a.post == "lead"]
    changes: list[dict[str, Any]] = []
    if kind in (0, 2):
        on = r.choice(DATES)
        changes.append({"sip_leaves": {"sip": r.choice(held).sip, **({"on": on} if on else {})}})
    if kind in (1, 2):
        refused = r.choice(held)
        changes.append({"veto": {"urn": refused.urn, "sip": refused.sip}})
    if kind == 3:
        changes.append(
            {
                "sip_absent": {
                    "sip": r.choice(held).sip,
                    "from": "2027-01-10",
                    "to": r.choice(["2027-02-20", "2027-06-30"]),
                }
            }
        )
    if kind == 4:
        cap = round(plan.summary.days_used * r.choice([0.6, 0.8, 0.9]))
        changes.append({"budget": {"days": cap, "from": r.choice(["2026-09-01", "2027-04-01"])}})
    if kind == 5:
        changes.append(
            {
                "category": {
                    "urn": r.choice(held).urn,
                    "category_of_concern": "SM",
                    "on": r.choice(["2026-09-01", "2027-02-10"]),
                }
            }
        )
        changes.append({"need": {"urn": r.choice(held).urn, "need": r.choice(["low", "high"]), "on": "2027-02-10"}})
    if kind == 6:
        someone = r.choice(held).sip
        changes.append({"days": {"sip": someone, "days": r.choice([0, 3, 5])}})
    return changes


def draw(n: int, kinds: tuple[int, ...]) -> Scenario | None:
    """Case n solved, then changed; None where nobody holds a post or the change contradicts a lock."""
    case, policy = random_case(n, schools=6, sips=4)
    plan, _ = allocate.allocate(allocate.setup(case, policy))
    if not any(a.post == "lead" for a in plan.assignments):
        return None
    r = random.Random(n)
    changes = event(r, plan, kinds[n % len(kinds)])
    uncounted = [(c["veto"]["urn"], "lead") for c in changes if "veto" in c]
    try:
        return scenario(plan, changes, uncounted=uncounted)  # type: ignore[arg-type]  # a post's kind
    except CaseError:
        return None


@long(but=("0", "1", "3", "4", "6", "8", "9"))
@pytest.mark.parametrize("kinds", [(0, 1, 2), (3, 4, 5, 6)], ids=["leavers-and-vetoes", "other-events"])
@pytest.mark.parametrize("block", range(20))
def test_the_repair_is_the_one_that_trying_all_finds(block: int, kinds: tuple[int, ...]) -> None:
    tried, n = 0, block - 20
    while tried < CASES * (1 if 0 in kinds else OTHERS) / 20:
        n += 20
        world = draw(n, kinds)
        if world is None:
            continue
        try:
            plan, solution = world.solve()
        except CaseError:  # a lock that the change made impossible is refused, and named
            continue
        (choice, short), score = best(Auditor(world.case, world.policy, 1, world.inputs))
        found = {p.key: a.sip for a in plan.assignments for p in world.ready.held_by(a)}
        trimmed = {world.ready.facts.posts[n].key: q for n, q in solution.short.items() if q}
        assert {t.name: t.value for t in solution.tiers} == score.tiers, f"case {n}"
        assert (found, trimmed) == (choice, short), f"case {n}"
        assert audit(world.case, world.policy, plan) == [], f"case {n}"
        tried += 1
