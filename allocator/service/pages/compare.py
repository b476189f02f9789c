"""Plans weighed against one another: any two compared, the frontier of changes, who is critical and what would help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from allocator.domain.happened import PlanPut
from allocator.domain.plan import Plan
from allocator.jobs import asks
from allocator.jobs.asks import FrontierAsk, JobAsk, JobKind, PlanAsk, SweepAsk
from allocator.jobs.queue import jobs_of
from allocator.questions.frontier import Point
from allocator.questions.sweep import SweepResult
from allocator.reasons.answer import world
from allocator.report import frontier_svg, sweep_svg
from allocator.report.changes_told import title
from allocator.report.sides import sides
from allocator.report.terminal_questions import worth
from allocator.service.access import In, Manager, Reader, round_in
from allocator.service.actions.jobs import begin
from allocator.service.http_problems import HttpProblem
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, show
from allocator.service.pages.jobs import follow
from allocator.service.pages.what_if import further, plan_of_round, plan_on_desk
from allocator.service.schemas import Id
from allocator.store import keep, named_scenarios
from allocator.store.legible import answer
from allocator.store.tables import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class PointsTold:
    """What came of a frontier."""

    points: tuple[Point, ...]


@dataclass(frozen=True)
class ResultsTold:
    """What came of a sweep."""

    results: tuple[SweepResult, ...]


PlanId = Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{0,64}$")]
CAUSES = {"solved": "solved", "by_hand": "changed by hand", "resubmitted": "after refusals", "repaired": "repaired"}


# -- any two plans -------------------------------------------------------------------------------------------------


@router.get("/rounds/{id}/compare")
def compare(request: Request, id: Id, who: Reader, office: In, a: PlanId = "", b: PlanId = "") -> Response:
    """Two plans of the round side by side: those that have been on the desk, and scenarios kept by name."""
    with office.db.read() as s:
        facts = around(s, id, who)
        known = plans_of(s, id)
        for plan in (a, b):  # a plan that a what-if led here with
            if plan and plan not in known:
                known[plan] = "A what-if, not kept"
        two: list[Plan] = [keep.plan_of(plan_of_round(s, who, id, p)) for p in (a, b)] if a and b else []
    found = sides(*two) if two else None
    case = world(two[0])[0] if two else None
    told = title(changes, case) if two and case and (changes := further(*two)) else ""
    return show(
        request,
        "compare.html",
        who,
        **facts,
        known=known,
        a_id=a,
        b_id=b,
        a=two[0] if two else None,
        b=two[1] if two else None,
        found=found,
        told=told,
        label_a=known.get(a, ""),
        label_b=known.get(b, ""),
        errors={},
    )


def plans_of(s: Session, id: str) -> dict[str, str]:
    """Plan id -> what it is called, the one on the desk first."""
    log = [(e, e.fact) for e in keep.events_of(s, id) if isinstance(e.fact, PlanPut)]
    out: dict[str, str] = {}
    for n, (e, fact) in reversed(list(enumerate(log, 1))):
        row = keep.plan_named(s, id, fact.plan)
        desk = "On the desk: " if n == len(log) else ""
        out.setdefault(row.id, f"{desk}plan {n}, {CAUSES[fact.cause]}, {e.at.day} {e.at:%B}, {e.by.name}")
    for kept in named_scenarios.named(s, id):
        out.setdefault(kept.plan_id, f"Scenario: {kept.name}")
    return out


# -- the frontier --------------------------------------------------------------------------------------------------


def newest(
    s: Session, id: str, kind: JobKind, plan_id: str | None, asked: Callable[[JobAsk], bool] = lambda _: True
) -> Job | None:
    """The newest finished job of a kind about this plan, asked so; one that cannot be read is passed over, and may be
    asked again."""
    for job in reversed(jobs_of(s, id, [kind])):
        ask = asks.legible(job)
        if job.state == "done" and isinstance(ask, PlanAsk) and ask.plan == plan_id and asked(ask):
            return job
    return None


def gains_asked(ask: JobAsk) -> bool:
    """Whether a sweep asked what would help, and not who is critical."""
    return isinstance(ask, SweepAsk) and ask.gains


@router.get("/rounds/{id}/frontier")
def frontier(request: Request, id: Id, who: Reader, office: In) -> Response:
    """What one more change would buy: a picture and a table, for the plan on the desk."""
    with office.db.read() as s:
        facts = around(s, id, who)
        job = newest(s, id, "frontier", facts["plan_id"])
        points = answer(job, PointsTold).points if job else ()
    now = len({c.urn for c in facts["plan"].changes if c.post == "lead"}) if facts["plan"] else 0
    return show(
        request,
        "frontier.html",
        who,
        **facts,
        points=points,
        asked=job is not None,
        now=now,
        picture=Markup(frontier_svg.picture(points)) if points else "",
        said=frontier_svg.sentence(points),
        errors={},
    )


@router.post("/rounds/{id}/frontier")
def ask_frontier(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    with office.db.read() as s:
        round_in(s, who, id)
        plan_id, _, _ = plan_on_desk(s, id)
    return follow(office, begin(office, request, who, FrontierAsk(plan=plan_id)), f"/rounds/{id}/frontier")


# -- who is critical, what would help ------------------------------------------------------------------------------


@router.get("/rounds/{id}/resilience")
def resilience(request: Request, id: Id, who: Reader, office: In) -> Response:
    """Each SIP leaving in turn, and what one more day or SIP would buy."""
    with office.db.read() as s:
        facts = around(s, id, who)
        plan_id = facts["plan_id"]
        jobs = (
            newest(s, id, "sweep", plan_id, lambda ask: not gains_asked(ask)),
            newest(s, id, "sweep", plan_id, gains_asked),
        )
    leaving, gains = ([*answer(job, ResultsTold).results] if job else None for job in jobs)
    if leaving is not None:
        leaving = [*sweep_svg.worst(leaving), *(r for r in leaving if r.error)]
    picture, said = (Markup(sweep_svg.picture(leaving)), sweep_svg.sentence(leaving)) if leaving else (Markup(""), "")
    helpful = [(r, r.error or worth(r)) for r in gains or [] if r.error or r.gained]
    idle = len(gains or []) - len(helpful)
    return show(
        request,
        "resilience.html",
        who,
        **facts,
        leaving=leaving,
        gains=gains,
        helpful=helpful,
        idle=idle,
        picture=picture,
        said=said,
        worth=worth,
        errors={},
    )


@router.post("/rounds/{id}/resilience")
def ask_resilience(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    gains = form.text("gains")
    if gains not in ("yes", "no"):
        raise HttpProblem("invalid", "Ask who is critical, or what would help.")
    with office.db.read() as s:
        round_in(s, who, id)
        plan_id, _, _ = plan_on_desk(s, id)
    asked = SweepAsk(plan=plan_id, gains=gains == "yes")
    return follow(office, begin(office, request, who, asked), f"/rounds/{id}/resilience")
