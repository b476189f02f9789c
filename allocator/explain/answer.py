"""A whole answer: solved, put into words, and audited. Nothing leaves here that the auditor has not passed."""

from __future__ import annotations

from collections.abc import Mapping

from allocator import allocate
from allocator.check.audit import audit
from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.engine.tiers import Stop
from allocator.errors import Defect
from allocator.explain.complete import complete


def solve(
    case: Case,
    policy: Policy,
    *,
    seed: int = 1,
    stop: Stop | None = None,
    hint: Mapping[allocate.Key, str] | None = None,
) -> Plan:
    """The annual allocation, explained and audited.

    Raises CaseError (locks that clash or break a rule), Stopped (no plan in time), Defect (audit failed).
    """
    ready = allocate.setup(case, policy, seed)
    bare, solution = allocate.allocate(ready, stop, hint)
    return audited(case, policy, complete(ready, bare, solution, stop))


def audited(case: Case, policy: Policy, plan: Plan) -> Plan:
    """The plan itself, once the independent auditor has found nothing; a Defect otherwise."""
    breaches = audit(case, policy, plan)
    if breaches:
        lines = "\n".join(f"  {b.rule}: {b.text}" for b in breaches[:20])
        raise Defect(f"The plan failed its own audit and is not shown. This is a fault of ours:\n{lines}")
    return plan


def ready_from(plan: Plan) -> allocate.Setup:
    """The setup a plan was made from, rebuilt from its `inputs` alone."""
    case = Case.model_validate(plan.inputs.case)
    return allocate.setup(case, Policy.model_validate(plan.inputs.policy), plan.made_with.seed)
