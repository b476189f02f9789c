"""The seal of a plan's inputs: commands go on only from what a plan was made from."""

from __future__ import annotations

from allocator.domain import canon
from allocator.domain.plan import Inputs, Plan
from allocator.errors import UsageError


def make(inputs: Inputs) -> str:
    """SHA-256 of the canonical JSON of the inputs, the seal itself left out."""
    return canon.sha256(inputs.model_dump(mode="json", by_alias=True, exclude={"seal"}))


def sealed(inputs: Inputs) -> Inputs:
    """The same inputs, sealed."""
    return inputs.model_copy(update={"seal": make(inputs)})


def unbroken(plan: Plan, name: str = "The plan") -> Plan:
    """The plan itself, if its inputs are those it was made from; `name` says which plan in the error.

    Raises UsageError: inputs altered, or a plan from before plans were sealed.
    """
    if plan.inputs.seal is None:
        raise UsageError(
            f"{name} has no seal: it was made by an earlier version, and nothing shows that its case, policy "
            "and changes "
            "are still those it was made from. Make it again with `allocator solve`, and its what-ifs after it."
        )
    if plan.inputs.seal != make(plan.inputs):
        raise UsageError(
            f"{name} was altered after it was made: its seal does not fit its "
            "`inputs` (case, policy, changes or rows). "
            "Change the case or the policy itself and solve again, or say the change with `allocator what-if`."
        )
    return plan
