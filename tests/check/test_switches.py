"""No rule is idle: each one, switched off, changes the best plan in at least ten of 500 random cases."""

from __future__ import annotations

from collections import Counter

from allocator import allocate
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.errors import CaseError
from allocator.rules import RULES
from allocator.rules.base import Rule
from tests.check.random_cases import random_case

CASES, ENOUGH = 500, 10
Best = tuple[tuple[str, str, str, float], ...]


def best(case: Case, policy: Policy) -> Best | None:
    """Who holds what for how many days; None where locks clash."""
    try:
        plan, _ = allocate.allocate(allocate.setup(case, policy))
    except CaseError:
        return None
    return tuple((a.urn, a.post, a.sip, a.days) for a in plan.assignments)


def without(policy: Policy, rule: Rule) -> Policy:
    """The policy with this rule's own switch off."""
    data = policy.model_dump()
    part = data
    *path, last = rule.setting.split(".")
    for name in path:
        part = part[name]
    part[last] = False
    return Policy.model_validate(data)


def test_each_rule_switched_off_changes_the_best_plan_in_at_least_ten_cases() -> None:
    changed: Counter[str] = Counter()
    for n in range(CASES):
        open_ = [rule for rule in RULES if changed[rule.id] < ENOUGH]
        if not open_:
            break
        case, policy = random_case(n)
        plan = best(case, policy)
        for rule in open_:
            changed[rule.id] += best(case, without(policy, rule)) != plan
    assert {rule.id: changed[rule.id] for rule in RULES if changed[rule.id] < ENOUGH} == {}
