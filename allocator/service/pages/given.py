"""What every page of a round is given, and what comes next in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypedDict

from sqlalchemy.orm import Session

from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.round import Round
from allocator.jobs.asks import is_trial
from allocator.rounds.ask_first import Asked, Key
from allocator.service.access import round_in
from allocator.service.pages.coming import Coming, coming
from allocator.service.pages.doing import work_of
from allocator.service.roles import Who
from allocator.service.schemas import RoundOut
from allocator.service.views import round_out
from allocator.store import keep, questionnaires
from allocator.store.tables import CaseRow, Programme


class Given(TypedDict):
    """What every page of a round is given: the round, its programme, case and plan (None while there is none)."""

    round: RoundOut
    version: int
    programme: Programme
    case_row: CaseRow | None
    plan: Plan | None
    plan_id: str | None
    stands: Round
    answered: Mapping[Key, Asked]


def around(s: Session, id: str, me: Who) -> Given:
    row = round_in(s, me, id)
    now = round_out(s, row, dt.date.today())
    plan = keep.current(s, id)
    return {
        "round": now,
        "version": row.version,
        "programme": s.get_one(Programme, row.programme_id),
        "case_row": keep.case_row(s, id),
        "plan": keep.plan_of(plan) if plan else None,
        "plan_id": plan.id if plan else None,
        "stands": keep.standing(s, id),
        "answered": questionnaires.asked(s, id),
    }


def next_of(s: Session, facts: Given) -> Coming:
    """What comes next in this round."""
    case, among, sips_first = facts["case_row"], None, False
    if case is not None:
        sips_first = bool(case.policy.get("round", {}).get("sips_first"))
        among = Facts(*keep.case_of(case)) if facts["plan"] is None else None
    solving = next(
        (
            job.id
            for job, _ in work_of(s, facts["round"].id)
            if job.kind == "solve" and not is_trial(job) and job.state in ("queued", "running")
        ),
        None,
    )
    return coming(facts, dt.date.today(), among, solving, sips_first=sips_first)
