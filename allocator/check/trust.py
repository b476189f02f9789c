"""A repair against the plan that it went on from; and how much is taken on trust where that is not given."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.check.structure import Breach
from allocator.domain import seal
from allocator.domain.plan import Assignment, HeldRow, Plan


def taken(plan: Plan, earlier: Plan | None = None) -> str:
    """What the auditor could not see for itself, in a sentence; blank where there is nothing."""
    r = plan.inputs.repaired
    rows = sum(x.from_ < r.since for x in r.rows) if r and earlier is None else 0
    if r is None or not rows:
        return ""
    many = "1 row" if rows == 1 else f"{rows} rows"
    verb = "was" if rows == 1 else "were"
    day = f"{r.since.day} {r.since:%B %Y}"
    return f"{many} before {day} {verb} taken on trust: the plan gone on from was not given."


def against(plan: Plan, earlier: Plan | None) -> Iterator[Breach]:
    """The plan's inputs against their seal, and against the plan gone on from."""
    if plan.inputs.seal is None:
        yield Breach("inputs", "The plan's inputs have no seal: an earlier version made it. Solve again.")
    elif plan.inputs.seal != seal.make(plan.inputs):
        yield Breach("inputs", "The plan's inputs were altered after it was made: the seal does not fit.")
    r = plan.inputs.repaired
    if earlier is None:
        return
    if r is None:
        yield Breach("inputs", "The plan is an annual one: it goes on from no other plan.")
        return
    if earlier.inputs.base_sha256 != plan.inputs.base_sha256:
        yield Breach("inputs", "The plan gone on from was made from another case: the hashes differ.")
    if earlier.inputs.changes != plan.inputs.changes[: r.known] or r.known != len(earlier.inputs.changes):
        yield Breach("inputs", "The plan gone on from had other changes than this plan says.")
    was, now = {_row(x) for x in earlier.assignments}, {_row(x) for x in r.rows}
    for urn, post, sip, start, end, *_ in sorted(was ^ now, key=str):
        words = "is not in" if (urn, post, sip, start, end) in {x[:5] for x in now} else "is altered or missing beside"
        text = f"{urn} ({post}): {sip} from {start} to {end} {words} the plan gone on from."
        yield Breach("repair", text, str(urn), str(post), str(sip))


def _row(x: Assignment | HeldRow) -> tuple[object, ...]:
    days = tuple(x.periods.model_dump().values())
    return x.urn, str(x.post), x.sip, x.from_, x.to, days, x.extra_days, x.new_pairing
