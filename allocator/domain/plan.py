"""Answers out: the plan (contract 4). Every day here is in days (multiples of a quarter)."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.domain.case import Need, PostKind
from allocator.domain.change_args import Change
from allocator.domain.claims import Cause, WishAnswered


class PlanPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Periods(PlanPart):
    """Days by period."""

    autumn_1: float = 0
    autumn_2: float = 0
    spring: float = 0
    summer: float = 0


class Reason(PlanPart):
    """One rule's word on a pair. `points` are weighted; 0 for a hard rule's remark."""

    rule: str
    points: int
    text: str


class RunnerUp(PlanPart):
    sip: str
    points: int
    text: str


class Assignment(PlanPart):
    """One holder of a post in the year. `from`/`to` are dates; `tenure_year` counts this year.

    `extra_days` is the service's own time on top (new pairing, new head). `settled`: given or arranged before a
    repair, and not decided by it; its points are 0.
    """

    urn: str
    school: str
    post: PostKind
    sip: str
    name: str
    from_: dt.date = Field(alias="from")
    to: dt.date
    days: float
    periods: Periods
    new_pairing: bool
    tenure_year: int
    points: int
    days_short: float = 0
    extra_days: float = 0
    settled: bool = False
    reasons: tuple[Reason, ...] = ()
    runner_up: RunnerUp | None = None
    locked: bool = False
    tied_with: tuple[str, ...] = ()


class ClashItem(PlanPart):
    rule: str
    urn: str | None = None
    sip: str | None = None


class Fix(PlanPart):
    """A smallest set of changes (as in changes.toml) that would fill the post."""

    text: str
    changes: tuple[Change, ...]


class Unfilled(PlanPart):
    """A post, or a part of one within the year (`from`, `to`), that nobody holds."""

    urn: str
    school: str
    post: PostKind
    need: Need
    from_: dt.date | None = Field(None, alias="from")
    to: dt.date | None = None
    clash: tuple[ClashItem, ...] = ()
    text: str = ""
    fixes: tuple[Fix, ...] = ()


class Load(PlanPart):
    """`days` counts the service's own extra time too; `capacity` after overhead and reserve."""

    sip: str
    name: str
    posts: int
    days: float
    capacity: float
    periods: Periods


class Moved(PlanPart):
    """A post that another SIP holds from `on`: than before (`changes`), or than in the plan gone on from (`moves`).

    `claims` say why, `because` says them in a manager's words; `voluntary`: the school's or the SIP's own wish or
    refusal.
    """

    urn: str
    post: PostKind
    from_: str | None = Field(alias="from")
    to: str | None
    on: dt.date | None = None
    claims: tuple[Cause, ...] = ()
    because: str
    voluntary: bool


class Summary(PlanPart):
    """`kept`, `changed` and `had_none` add up to the lead posts filled; `days_offered` counts what can still be
    given."""

    schools: int
    filled: int
    unfilled: int
    kept: int
    changed: int
    had_none: int = 0
    points: int
    team_points: int
    days_used: float
    days_offered: float
    days_due: float = 0
    km_total: float


class TierResult(PlanPart):
    """A tier's value and proved bound. `1a`-`1c` and `4` are most; the others fewest or least."""

    name: str
    value: int
    bound: int


class Certificate(PlanPart):
    tiers: tuple[TierResult, ...]
    gap: float
    gap_points_per_post: float
    proved: bool


class MadeWith(PlanPart):
    case_sha256: str
    policy_sha256: str
    seed: int
    versions: dict[str, str]
    created_at: str
    deterministic_time: float


class HeldRow(PlanPart):
    """One row of the plan that a repair started from; days."""

    urn: str
    post: PostKind
    sip: str
    from_: dt.date = Field(alias="from")
    to: dt.date
    periods: Periods
    extra_days: float = 0
    new_pairing: bool = False


class Repaired(PlanPart):
    """What a repair kept to: the rows it started from, the day it takes effect, posts whose move is the event
    itself (`uncounted`), and pairs that might not be touched (`held`). With `rebuild` nothing was kept for its
    own sake. `days_first`: tier 1d before 2 and 3, as contract 2 has it; else bonds are kept before days. `known`: how
    many of the plan's changes the plan gone on from had; `latest`: the day that an undated change after it tells."""

    since: dt.date
    rows: tuple[HeldRow, ...]
    uncounted: tuple[tuple[str, PostKind], ...] = ()
    held: tuple[tuple[str, PostKind], ...] = ()
    rebuild: bool = False
    days_first: bool = True
    known: int = 0
    latest: dt.date | None = None


class Inputs(PlanPart):
    """Everything needed to go on from this plan. `case` and `policy` are those before `changes`. `seal`:
    domain/seal.py."""

    base_sha256: str
    case: dict[str, Any]
    policy: dict[str, Any]
    changes: tuple[Change, ...] = ()
    repaired: Repaired | None = None
    seal: str | None = None


class Plan(PlanPart):
    format: Literal["allocator.plan/1"] = "allocator.plan/1"
    status: Literal["optimal", "feasible", "stopped"]
    inputs: Inputs
    certificate: Certificate
    made_with: MadeWith
    assignments: tuple[Assignment, ...]
    unfilled: tuple[Unfilled, ...] = ()
    loads: tuple[Load, ...] = ()
    changes: tuple[Moved, ...] = ()
    moves: tuple[Moved, ...] = ()
    wishes: tuple[WishAnswered, ...] = ()
    summary: Summary
    notices: tuple[str, ...] = ()

    def holders(self, urn: str, post: str) -> tuple[Assignment, ...]:
        """Every row of a post, one after another in the year."""
        rows = (a for a in self.assignments if a.urn == urn and a.post == post)
        return tuple(sorted(rows, key=lambda a: a.from_))

    def open(self, urn: str, post: str) -> tuple[Assignment, ...]:
        """A post's rows from here on: those that no change has settled, in the order of the year."""
        return tuple(a for a in self.holders(urn, post) if not a.settled)

    def held(self) -> dict[tuple[str, PostKind], Assignment]:
        """Post -> its row from here on; of several within the year the last."""
        return {(a.urn, a.post): a for a in sorted(self.assignments, key=lambda a: a.from_) if not a.settled}

    def fixes(self, urn: str, post: str) -> tuple[Fix, ...]:
        """What would fill a post that nobody has: of all its empty parts, in the order of the year."""
        return tuple(f for u in self.unfilled if (u.urn, u.post) == (urn, post) for f in u.fixes)

    def posts(self) -> frozenset[tuple[str, PostKind]]:
        """Every post that somebody holds at some time of the year."""
        return frozenset((a.urn, a.post) for a in self.assignments)


ODD = re.compile(r" -?(?:0\.0000|\d[\d.]*e)")  # a number that Python writes in another way: tiny, or of 17 digits


def plan_text(plan: Plan) -> str:
    """The one JSON text of a plan: keys in contract order, so equal plans are equal files."""
    text = plan.model_dump_json(by_alias=True, indent=1) + "\n"
    if not ODD.search(text):
        return text
    return json.dumps(plan.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False) + "\n"
