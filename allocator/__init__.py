"""SIP allocator: the Python face in one breath (docs/reference/python.md).

>>> import allocator
>>> case, policy = allocator.read_case("scenarios/hartwell")
>>> plan = allocator.solve(case, policy)
>>> print(allocator.explain(plan, "900001").text)              # doctest: +SKIP
>>> plan.frame("loads")                                        # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator import change
    from allocator.face import (
        AllocatorError,
        Breach,
        Case,
        CaseError,
        Choices,
        Comparison,
        Defect,
        Explanation,
        Plan,
        Policy,
        Resubmission,
        RoundRefuses,
        Stop,
        Stopped,
        UsageError,
        choices,
        compare,
        explain,
        frames,
        read_case,
        read_plan,
        solve,
        verify,
        veto,
        what_if,
    )

__all__ = [
    "AllocatorError",
    "Breach",
    "Case",
    "CaseError",
    "Choices",
    "Comparison",
    "Defect",
    "Explanation",
    "Plan",
    "Policy",
    "Resubmission",
    "RoundRefuses",
    "Stop",
    "Stopped",
    "UsageError",
    "change",
    "choices",
    "compare",
    "explain",
    "frames",
    "read_case",
    "read_plan",
    "solve",
    "verify",
    "veto",
    "what_if",
]


def __getattr__(name: str) -> Any:
    """Names of the face load when first asked for: the command line starts without them."""
    if name not in __all__:
        raise AttributeError(f"module 'allocator' has no attribute {name!r}")
    found = getattr(import_module("allocator.face"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
