"""SIP allocator: the Python API in one breath.

>>> case, policy = read_case("scenarios/hartwell")        # doctest: +SKIP
>>> plan = solve(case, policy)                            # doctest: +SKIP
>>> print(explain(plan, "900001").text)                   # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imports cost start-up time, so each function brings its own
    from pathlib import Path

    from allocator.check.structure import Breach
    from allocator.domain.case import Case, PostKind
    from allocator.domain.plan import Plan
    from allocator.domain.policy import Policy
    from allocator.engine.tiers import Stop
    from allocator.reasons.why import Explanation
    from allocator.rules.base import Audience


def read_case(path: str | Path, *, year: str | None = None, policy: Path | Policy | None = None) -> tuple[Case, Policy]:
    """Read a folder, workbook or JSON file (contract 1). Raises CaseError with every problem at once."""
    from allocator.errors import CaseError
    from allocator.intake.read import read_case as read

    reading = read(path, year=year, policy=policy)
    if reading.case is None:
        errors = tuple(p for p in reading.problems if p.severity == "error")
        raise CaseError(f"{path}: {len(errors)} errors. First: {errors[0].text}", errors)
    return reading.case, reading.policy


def solve(case: Case, policy: Policy, *, seed: int = 1, stop: Stop | None = None) -> Plan:
    """The annual allocation: optimal, explained, audited."""
    from allocator.reasons.answer import solve as run

    return run(case, policy, seed=seed, stop=stop)


def explain(
    plan: Plan, urn: str, post: PostKind = "lead", *, why_not: str | None = None, audience: Audience = "manager"
) -> Explanation:
    """Why this SIP, why not that one, or why nobody; for a manager, the school or the SIP."""
    from allocator.reasons.answer import ready_from
    from allocator.reasons.why import explain as run

    return run(ready_from(plan), plan, urn, post, sip=why_not, audience=audience)


def verify(case: Case, policy: Policy, plan: Plan, *, before: Plan | None = None) -> list[Breach]:
    """The independent auditor on any plan: an empty list means every rule and every figure holds.

    `before`: the plan that a repair went on from; without it, days before the repair are taken on trust.
    """
    from allocator.check.audit import audit

    return audit(case, policy, plan, before)
