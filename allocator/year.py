"""A year told step by step: the annual plan, then each event as a what-if on the plan of the step before.

A file of steps (`year.toml`) is a list of `[[step]]` tables: `title`, then either `refusal = {urn, post}` (a
school refuses the SIP proposed) or `[[step.change]]` tables as in `changes.toml`; `on`, where the day is not the
changes' own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocator.domain.change import canonical
from allocator.domain.change_args import Change
from allocator.domain.plan import Plan
from allocator.engine.tiers import Stop
from allocator.errors import UsageError
from allocator.intake.changes import tables_of
from allocator.questions.compare import Comparison, compare
from allocator.questions.scenario import scenario
from allocator.questions.veto import Resubmission, veto


@dataclass(frozen=True)
class Step:
    """One event of the year; `refusal` is (URN, post)."""

    title: str
    changes: tuple[Change, ...] = ()
    refusal: tuple[str, Any] | None = None
    on: dt.date | None = None


@dataclass(frozen=True)
class Chapter:
    """A step and what came of it: the plan, audited, and how it differs from the one before."""

    step: Step
    plan: Plan
    moved: Comparison
    refused: Resubmission | None = None


def tell(plan: Plan, steps: Sequence[Step], stop: Stop | None = None) -> Iterator[Chapter]:
    """Each step on the plan of the step before. Raises as `scenario` and `veto` do."""
    for step in steps:
        if step.refusal:
            found = veto(plan, *step.refusal, on=step.on, stop=stop)
            yield Chapter(step, found.plan, compare(plan, found.plan), found)
            plan = found.plan
        else:
            after = scenario(plan, step.changes, on=step.on).plan(stop)
            yield Chapter(step, after, compare(plan, after))
            plan = after


def read_steps(path: Path) -> tuple[Step, ...]:
    """The steps of a file. Raises UsageError with every problem, numbered."""
    return tuple(tables_of(path, "step", "file of steps", _step))


def _step(row: Any) -> Step:
    known = {"title", "change", "refusal", "on"}
    if not isinstance(row, dict) or set(row) - known or not isinstance(row.get("title"), str):
        raise UsageError(f"a step takes {', '.join(sorted(known))}, and has a title.")
    changes, refusal, on = row.get("change", []), row.get("refusal"), row.get("on")
    if bool(changes) == bool(refusal) or not isinstance(changes, list):
        raise UsageError("give [[step.change]] tables, or a refusal: one of the two.")
    if refusal is not None and (
        not isinstance(refusal, dict) or set(refusal) - {"urn", "post"} or "urn" not in refusal
    ):
        raise UsageError("a refusal is {urn, post}; post is lead where it is left out.")
    if on is not None:
        try:
            on = on if isinstance(on, dt.date) else dt.date.fromisoformat(str(on))
        except ValueError:
            raise UsageError(f"on: {on!r} is not a day; write it as 2027-04-05.") from None
    said = (str(refusal["urn"]), refusal.get("post", "lead")) if refusal else None
    if said and said[1] not in ("lead", "support", "appraisal"):
        raise UsageError(f"refusal: {said[1]} is no post; it is lead, support or appraisal.")
    return Step(row["title"], tuple(canonical(c) for c in changes), said, on)
