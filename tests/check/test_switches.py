"""No rule is idle: each one, switched off, changes the best plan in at least ten of 500 random cases.

The daily run is content with three; it stops as soon as it has them.
"""

from __future__ import annotations

from functools import cache

import pytest

from allocator import allocate
from allocator.allocate import Setup
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.engine.tiers import Conflict, solve
from allocator.errors import CaseError
from allocator.rules import RULES
from allocator.rules.base import Rule
from tests.check.own_cases import DRAWS, case_for
from tests.sizes import whole_or

pytestmark = pytest.mark.xdist_group("switches")  # the cases drawn are kept in the process
CASES, ENOUGH = 500, whole_or(10, 2, 1)
Best = tuple[tuple[str, str, str, int], ...]


def best(ready: Setup) -> Best:
    """Who holds what for how many quarter-days."""
    found = solve(ready.inst)
    short = {ready.facts.posts[n].key: q for n, q in found.short.items()}
    return tuple(
        (*ready.choices[i], ready.facts.posts[ready.inst.pairs[i].post].due - short.get(ready.choices[i][:2], 0))
        for i in found.chosen
    )


def without(policy: Policy, rule: Rule) -> Policy:
    """The policy with this rule's own switch off."""
    data = policy.model_dump()
    part = data
    *path, last = rule.setting.split(".")
    for name in path:
        part = part[name]
    part[last] = False
    return Policy.model_validate(data)


@cache
def drawn(n: int, own: str) -> tuple[Case, Policy, Setup]:
    """Case n, ready, with what the rule `own` draws for itself; once in each process."""
    case, policy = case_for(own, n)
    return case, policy, allocate.setup(case, policy)


@cache
def as_drawn(n: int, own: str) -> Best:
    return best(drawn(n, own)[2])


def changes(n: int, rule: Rule) -> bool:
    """Whether the best plan of case n is another one without this rule; equal models need no second solve."""
    own = rule.id if rule.id in DRAWS else ""
    case, policy, ready = drawn(n, own)
    try:
        other = allocate.setup(case, without(policy, rule))
        return other.inst != ready.inst and best(other) != as_drawn(n, own)
    except (CaseError, Conflict):  # a lock that the rule alone allowed
        return True


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_switched_off_changes_the_best_plan_often_enough(rule: Rule) -> None:
    changed = 0
    for n in range(CASES):
        changed += changes(n, rule)
        if changed >= ENOUGH:
            return
    pytest.fail(f"{rule.id} changes only {changed} of {CASES} plans")
