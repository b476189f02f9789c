"""The 63-school case, or another, in every state of a round, each in a programme of its own, for tests and pictures of all pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.happened import SchoolRefuses
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.jobs.asks import ChoicesAsk, FrontierAsk, JobAsk, SolveAsk, SweepAsk
from allocator.questions.frontier import Point
from allocator.questions.sweep import SweepResult
from allocator.rounds import Desk
from allocator.service.roles import GrantRole
from allocator.store import keep, named_scenarios
from allocator.store.database import Database
from allocator.store.tables import Job, Programme, RoundRow
from tests.pages.site import hartwell
from tests.service.office import MEL

STATES = ("draft", "told", "resubmitted", "confirmed", "in force")


@dataclass
class State:
    """A round in a state: its id is also its programme's; what fills the addresses of its pages."""

    id: str
    names: dict[str, str]
    own: dict[GrantRole, dict[str, str]] = field(default_factory=dict)  # role -> whose pages to open


def refusal(desk: Desk, urns: list[str]) -> rounds.Fact:
    """The first of these schools whose refusal stands by itself says no."""
    today = keep.now().date()
    said = (rounds.answer(desk, u, "veto", "head", today, reason="We had a disagreement.") for u in urns)
    return next(fact for fact in said if isinstance(fact, SchoolRefuses) and fact.standing == "stands")


def confirm_all(s: Session, id: str) -> None:
    """What is open is told, answered and confirmed by another manager than the SIPs."""
    today = keep.now().date()
    if any(p.stage == "draft" for p in keep.standing(s, id).pairs.values()):
        keep.step(s, id, MEL, lambda d: rounds.propose(d, None, today))
    for q in keep.standing(s, id).queries:
        keep.step(s, id, MEL, partial(rounds.close_query, query=q.id, outcome="Told by telephone.", on=today))
    for urn in sorted({u for (u, _), p in keep.standing(s, id).pairs.items() if p.stage == "proposed"}):
        if any(p.stage == "proposed" for (u, _), p in keep.standing(s, id).pairs.items() if u == urn):
            keep.step(s, id, MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
    for urn, post in list(keep.standing(s, id).pairs):
        if post == "appraisal":
            keep.step(s, id, MEL, partial(rounds.governors, urn=urn, yes=True, on=today))
    _, desk = keep.desk(s, id)
    if told := [p.urn for p in desk.round.everyone if "changed" in rounds.tells(desk, [p.urn])]:
        keep.step(s, id, MEL, partial(rounds.tell, urns=told, sips=(), on=today))
    keep.step(s, id, MEL, lambda d: rounds.confirm(d, [p.beside for p in d.round.everyone], MEL))


def fill(db: Database, id: str) -> dict[str, str]:
    """One of everything that an address may name: jobs of each kind with their answers, a scenario kept."""
    with db.write() as s:
        row, desk = keep.desk(s, id)
        rows = sorted(desk.plan.assignments, key=lambda a: (a.urn, a.from_))
        a = rows[0]
        named_scenarios.keep(s, id, "As it is", row.id, row.id, MEL)
        offer = {
            "rank": 1,
            "sip": a.sip,
            "name": a.name,
            "known_locally": True,
            "room": 2.0,
            "loses": [],
            "moves": [],
            "text": f"{a.name} (known locally): nobody else moves; 2 days left.",
        }
        choice = {
            "urn": a.urn,
            "school": a.school,
            "post": "lead",
            "was": "John Lee",
            "offers": [offer],
            "none_because": "",
        }
        points = [asdict(Point(n, 70_000 + 900 * n, 900, True, ())) for n in range(3)]
        results = [asdict(SweepResult(a.sip, a.name, 1, 5, 2, 0.5, (("1a_low", -1),)))]
        leaves = ChoicesAsk(plan=row.id, changes=({"sip_leaves": {"sip": a.sip}},), chosen=())
        jobs: dict[str, tuple[JobAsk, str, dict[str, Any] | None]] = {
            "queued": (SolveAsk(case=1, seed=1), "queued", None),
            "stopped": (SolveAsk(case=1, seed=1), "cancelled", {"plan": row.id}),
            "chosen": (leaves, "done", {"plan": row.id, "lists": [choice], "contests": []}),
            "frontier": (FrontierAsk(plan=row.id), "done", {"points": points}),
            "leaving": (SweepAsk(plan=row.id), "done", {"results": results}),
            "gaining": (SweepAsk(plan=row.id, gains=True), "done", {"results": results}),
        }
        for name, (ask, state, result) in jobs.items():
            late = keep.now() + dt.timedelta(days=1)  # nobody takes it from the queue as lost
            s.add(
                Job(
                    id=f"{id}-{name}",
                    programme_id=id,
                    round_id=id,
                    kind=ask.kind,
                    state=state,
                    version=ask.version,
                    request=ask.plain(),
                    by=MEL.model_dump(mode="json"),
                    result=result,
                    created_at=late,
                    reason="stopped on request" if state == "cancelled" else None,
                    ended_at=keep.now() if state != "queued" else None,
                )
            )
        return {
            "id": id,
            "plan": row.id,
            "urn": a.urn,
            "sip": a.sip,
            "n": "1",
            "job": f"{id}-queued",
            "choices": f"{id}-chosen",
            "kind": "school",
            "key": "tenure.limit",
            "name": f"{a.urn}.pdf",
        }


def make(
    db: Database, state: str, *, filled: bool = True, of: Callable[[], tuple[Case, Policy, Plan]] = hartwell
) -> State:
    """The round, taken as far as `state` by the same steps as people take; `of` whose schools, four of them or more."""
    id = f"h-{state.replace(' ', '-')}"
    case, policy, plan = of()
    with db.write() as s:
        s.add(Programme(id=id, name="Hartwell", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id=id, programme_id=id, name="2026/27", created_at=keep.now()))
        s.flush()
        row = keep.the_round(s, id, lock=True)
        keep.keep_case(s, row, case, policy, [], MEL)
        keep.keep_plan(s, id, plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, id), plan), MEL)
    today, at = keep.now().date(), STATES.index(state)
    calm = [a.urn for a in plan.assignments if a.post == "lead"]
    with db.write() as s:
        if at >= 1:
            keep.step(s, id, MEL, lambda d: rounds.propose(d, None, today))
            keep.step(
                s, id, MEL, lambda d: rounds.answer(d, calm[2], "query", "head", today, reason="Whom have you in mind?")
            )
            keep.step(s, id, MEL, lambda d: rounds.answer(d, calm[3], "accept", "head", today))
        if at >= 2:
            keep.step(s, id, MEL, lambda d: refusal(d, calm[4:]))
    if at >= 2:
        with db.write() as s:
            _, desk = keep.desk(s, id)
            new, fact = rounds.resubmit(desk)
            keep.keep_plan(s, id, new)
            keep.keep_fact(s, keep.the_round(s, id, lock=True), fact, MEL)
    if at >= 3:
        with db.write() as s:
            confirm_all(s, id)
    if at >= 4:
        with db.write() as s:
            keep.step(s, id, MEL, lambda d: rounds.put_in_force(d, today))
    names = fill(db, id) if filled else {"id": id}
    return State(id, names, {"head": {"urn": calm[3]}, "sip": {"sip": plan.assignments[0].sip}})
