"""The order of the steps, and the only file that knows it: case -> pairs -> instance -> solution -> plan.

The plan made here is bare: `reasons.complete` fills in the words, `check.audit` tests it.
"""

from __future__ import annotations

from collections.abc import Mapping

from allocator.domain.plan import Inputs, Plan
from allocator.engine import instance as en
from allocator.engine.method import FEW, solve
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import CaseError, Stopped
from allocator.layout import lay_out
from allocator.locks import clash_text
from allocator.setup import Choice, Key, Setup, setup

__all__ = ["Choice", "Key", "Setup", "allocate", "lay_out", "setup"]


def allocate(
    ready: Setup, stop: Stop | None = None, hint: Mapping[Key, str] | None = None, inputs: Inputs | None = None
) -> tuple[Plan, en.Solution]:
    """Solve a setup and lay the answer out as a bare plan; `inputs` when the case was changed on the way.

    The search begins from `hint`, else from who holds each post, else (where CP-SAT is not to settle it at once)
    from last year's pairs.

    Raises CaseError naming the decisions when locks clash, Stopped when nothing was found in time.
    """
    stood = hint or ready.holders or (last_year(ready) if len(ready.inst.pairs) > FEW else {})
    start = [ready.index[u, k, s] for (u, k), s in stood.items() if (u, k, s) in ready.index]
    try:
        solution = solve(ready.inst, stop, start)
    except Conflict as clash:
        raise CaseError(clash_text(ready, clash.pairs)) from None
    if solution.status == "stopped":
        raise Stopped("Stopped before any plan was found. Give more time: --time-limit or --work-limit.")
    return lay_out(ready, solution, inputs), solution


def last_year(ready: Setup) -> dict[Key, str]:
    """Who held each post last year."""
    before = {p.key: ready.facts.incumbent_of(p) for p in ready.facts.posts}
    return {key: sip for key, sip in before.items() if sip}
