"""What each kind of job asks, field by field (docs/reference/recorded.md).

A field without a default is in every row; one with a default is left out of a row that has nothing else to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from allocator.domain.change import parse
from allocator.domain.happened import PostOf
from allocator.domain.round import Frozen
from allocator.domain.versioned import Changes, Id, Schemas, SipId, TextKind, Urn, Versioned, Why
from allocator.errors import Newer, Spoilt, UsageError
from allocator.store.tables import Job

JobKind = Literal["solve", "what_if", "choices", "resubmission", "sweep", "frontier", "export"]


class JobAsk(Versioned):
    """What every job is asked."""

    kind: ClassVar[JobKind]
    most_seconds: float | None = Field(None, description="it ends after so long, whatever it has (seconds)")
    time_limit: float | None = Field(None, description="seconds of search; the plan may then differ")
    work_limit: float | None = Field(None, description="deterministic work of search; repeatable")

    @property
    def trial(self) -> bool:
        """Whether a plan is made only to see what a setting would do: it never goes on the desk, and is an answer
        only when it is finished."""
        return False


class SolveAsk(JobAsk):
    """The annual allocation, or the trial of a setting."""

    kind = "solve"
    version = 2
    case: int = Field(description="which of the round's cases, from 1; 0: one that was kept in the job itself")
    seed: int = Field(description="of the search")
    adopt: bool = Field(True, description="whether the plan goes on the desk")
    policy: Annotated[dict[str, Any] | None, TextKind("a policy (policy.md)")] = Field(
        None, description="a policy that is tried before it is kept; none: that of the case"
    )
    wants: Annotated[dict[str, Any] | None, TextKind("settings (policy.md)")] = Field(
        None, description="of a trial: the settings that are tried"
    )

    @property
    def trial(self) -> bool:
        return self.wants is not None


class PlanAsk(JobAsk):
    """What every job about a plan is asked."""

    plan: Id = Field(description="the plan that it goes on from")


class WhatIfAsk(PlanAsk):
    """A scenario, or a change by hand."""

    kind = "what_if"
    changes: Changes = Field(description="what is changed")
    rebuild: bool = Field(False, description="whether all is planned afresh; else with the fewest moves")
    on: dt.date | None = Field(None, description="the day from which it tells; none: that of the changes")
    adopt: bool = Field(False, description="whether the plan goes on the desk")
    reason: Why | None = Field(None, description="why, of a change by hand")
    held: tuple[PostOf, ...] = Field((), description="posts that a scenario may not move")


class ChosenRow(Frozen):
    """A school whose head has said yes to a SIP."""

    urn: Urn
    sip: SipId


class ChoicesAsk(PlanAsk):
    """For each school that the changes leave without its SIP, whom it could be offered."""

    kind = "choices"
    changes: Changes = Field(description="what is changed")
    chosen: tuple[ChosenRow, ...] = Field(description="`urn` and `sip` of each school that has chosen already")


class ResubmissionAsk(JobAsk):
    """Every refusal that stands, planned again with the fewest moves."""

    kind = "resubmission"
    adopt: bool = Field(True, description="whether the plan goes on the desk; else only who would move")


class SweepAsk(PlanAsk):
    """Each SIP leaving in turn, or what one more day or SIP would gain."""

    kind = "sweep"
    leaving: Literal[1, 2] = Field(1, description="how many leave at once")
    gains: bool = Field(False, description="whether gains are asked, and not who leaves")


class FrontierAsk(PlanAsk):
    """Best points for each number of schools moved."""

    kind = "frontier"


class ExportAsk(PlanAsk):
    """The plan as a file."""

    kind = "export"
    format: Literal["xlsx", "html"] = Field(description="a workbook, or the director's page")


SHAPES: dict[str, tuple[type[JobAsk], ...]] = {
    shape.kind: (shape,)
    for shape in (SolveAsk, WhatIfAsk, ChoicesAsk, ResubmissionAsk, SweepAsk, FrontierAsk, ExportAsk)
}


def _solve_2(data: dict[str, Any], at: dt.datetime) -> dict[str, Any]:
    """At first the case and its policy were in the job itself; such a job is not begun again."""
    if not isinstance(data["case"], dict):
        return data
    return {k: v for k, v in data.items() if k != "policy"} | {"case": 0}


def _shape(kind: str, data: Mapping[str, Any]) -> type[JobAsk]:
    return ASKS.shapes[kind][0]


ASKS = Schemas[JobAsk]("job", SHAPES, {("solve", 1): _solve_2}, _shape)


def of(job: Job) -> JobAsk:
    """What a job asks, whichever version of this program accepted it. Raises Newer, Spoilt
    (`versioned.Schemas.read`)."""
    ask = ASKS.read(job.id, job.kind, job.version, job.request, job.created_at)
    try:
        for change in ask.changes if isinstance(ask, (WhatIfAsk, ChoicesAsk)) else ():
            parse(change)
    except UsageError as error:  # they were in order when they were asked
        told = f"Job {job.id} ({job.kind}) cannot be read: {error.text}"
        raise Spoilt(f"{told} Restore the store from a backup.") from None
    return ask


def is_trial(job: Job) -> bool:
    """`JobAsk.trial`; what cannot be read is none, so that it can still be shown and stopped."""
    return (ask := legible(job)) is not None and ask.trial


def legible(job: Job) -> JobAsk | None:
    """What a job asks, or None where this version of the program cannot read it."""
    try:
        return of(job)
    except (Newer, Spoilt):
        return None
