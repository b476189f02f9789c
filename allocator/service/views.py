"""What each may see of a plan and its round (contract 5, domain N1, N2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy.orm import Session

from allocator import rounds
from allocator.allocate import Setup
from allocator.domain.calendar import year_of
from allocator.domain.case import Case
from allocator.domain.change import apply
from allocator.domain.facts import Facts
from allocator.domain.happened import Event
from allocator.domain.plan import Plan
from allocator.domain.round import AGREED, Key, Pair, Round
from allocator.domain.versioned import free_fields
from allocator.errors import Spoilt, UsageError
from allocator.intake.edit import differs_about, rows_about
from allocator.questions.trial import ground
from allocator.reasons.answer import ready_from
from allocator.reasons.why import explain
from allocator.rounds import Desk
from allocator.service.cache import AnswerCache
from allocator.service.http_problems import HttpProblem
from allocator.service.roles import Who, plain_email
from allocator.service.schemas import EventOut, OwnPair, OwnPlan, RoundOut, Standing
from allocator.store import keep
from allocator.store.tables import PlanRow, RoundRow

KEPT = (
    150_000  # pairs of plans made ready at once, some 100 MB: four of 600 schools and 60 SIPs, or forty of 100 and 30
)
_ready: AnswerCache[Setup] = AnswerCache(KEPT, lambda x: len(x.choices))
_grounds: AnswerCache[Setup] = AnswerCache(KEPT, lambda x: len(x.choices))


def ready_of(row: PlanRow, plan: Plan) -> Setup:
    """The setup a plan was made from. Plans never change, so it is worked out once."""
    return _ready.get(row.content, lambda: ready_from(plan))


def ground_of(row: PlanRow, plan: Plan, held: frozenset[Key], on: dt.date | None) -> Setup:
    """What posts of a plan are tried on (`trial.ground`)."""
    return _grounds.get((row.content, held, on), lambda: ground(plan, held, on))


def told_from(plan: Plan, stands: Round, today: dt.date) -> dt.date | None:
    """The day from which a change by hand tells: while a plan is in force today, but no day before its last repair
    or outside its year; else None, the whole year."""
    case_year = year_of(plan)
    since = plan.inputs.repaired.since if plan.inputs.repaired else case_year.first
    return today if stands.in_force and since < today <= case_year.last else None


def tried_on(row: PlanRow, plan: Plan, stands: Round) -> Setup:
    """What a change by hand of the plan on the desk would be worked out on, as `rounds.by_hand` does."""
    held = frozenset() if stands.in_force else frozenset(stands.accepted)
    return ground_of(row, plan, held, told_from(plan, stands, dt.date.today()))


def round_out(session: Session, row: RoundRow, today: Any) -> RoundOut:
    stands = keep.standing(session, row.id)
    plan = keep.current(session, row.id, stands)
    place = Desk(keep.plan_of(plan), stands) if plan else None
    return RoundOut(
        id=row.id,
        programme=row.programme_id,
        name=row.name,
        version=row.version,
        created_at=row.created_at,
        state=stands.state,
        resubmissions=stands.resubmissions,
        plan=plan.id if plan else None,
        case_sha256=keep.case_sha256(session, row.id),
        altered=rounds.altered(stands).text,
        reminders_due=list(rounds.reminders(place, today)) if place else [],
        private_words=list(rounds.private_words(place)) if place else [],
    )


def round_listed(session: Session, row: RoundRow, today: Any) -> RoundOut:
    """`round_out`, or of a round that cannot be read why not: the others are listed all the same."""
    try:
        return round_out(session, row, today)
    except (UsageError, Spoilt) as error:
        return RoundOut(
            id=row.id,
            programme=row.programme_id,
            name=row.name,
            version=row.version,
            created_at=row.created_at,
            state="unreadable",
            resubmissions=0,
            plan=None,
            case_sha256=None,
            altered=error.text,
            reminders_due=[],
            private_words=[],
        )


def sips_of(place: Desk, me: Who, programme: str) -> set[str]:
    """The SIPs that this person is, by the plan's own case."""
    return own_sips(place.facts.case, me, programme)


def own_sips(case: Case, me: Who, programme: str) -> set[str]:
    """The SIPs that this person is: by a role here, or by the address that the case gives for a SIP."""
    by_address = {s.sip for s in case.sips if s.email and plain_email(s.email) == me.email}
    return by_address | {sip for p, sip in me.sips if p == programme}


def own_schools(case: Case, me: Who, programme: str) -> set[str]:
    """The schools that this person heads or chairs, known as `own_sips` are."""
    addresses = ((s.urn, a) for s in case.schools for a in (s.head_email, s.chair_email))
    return {u for u, a in addresses if a and plain_email(a) == me.email} | {u for p, u in me.schools if p == programme}


def not_about_oneself(s: Session, row: RoundRow, before: Case | None, after: Case, me: Who) -> None:
    """Data in force are changed about a manager who is a SIP by another manager, in whatever form they come. The
    first data of a round have nothing to be held against: that they tell of their giver goes into the audit log.

    Raises HttpProblem `round_refuses`, with the tables that differ in rows about them.
    """
    own = own_sips(after, me, row.programme_id)
    if before is None:
        if mine := rows_about(after, own):
            told = ", ".join(f"{t}: {len(rows)}" for t, rows in mine.items())
            keep.note(s, me.person(row.programme_id), "own rows put", row.id, programme=row.programme_id, detail=told)
        return
    own |= own_sips(before, me, row.programme_id)
    if differ := differs_about(before, after, own):
        raise HttpProblem(
            "round_refuses",
            f"This changes what is said about yourself as a SIP ({', '.join(differ)}): another manager does "
            "that. Leave those rows as they are, and the rest can be taken.",
        )


def moves_only(facts: Facts, changes: Sequence[Mapping[str, Any]], me: Who, programme: str) -> None:
    """By hand a manager who is a SIP moves their own pairs, which another confirms, and changes nothing else about
    themselves. Raises HttpProblem `round_refuses`."""
    own = own_sips(facts.case, me, programme)
    if not own:
        return
    before, after = (
        case.model_copy(update={"decisions": tuple(d for d in case.decisions if d.decision not in ("lock", "forbid"))})
        for case in (facts.case, apply(facts.case, facts.policy, changes)[0])
    )
    if differ := differs_about(before, after, own):
        told = f"This changes what is said about yourself as a SIP ({', '.join(differ)}): another manager does that."
        raise HttpProblem("round_refuses", told)


def standings(place: Desk, me: Who, programme: str) -> list[Standing]:
    by, own = me.person(programme), sips_of(place, me, programme)
    return [
        Standing(
            urn=p.urn,
            school=place.facts.name(p.urn),
            post=p.post,
            sip=p.sip,
            name=place.row(p).name,
            stage=p.stage,
            released_on=p.released_on,
            answer_by=p.answer_by,
            head=p.head,
            chair=p.chair,
            silent=p.silent,
            governors=p.governors,
            represented=p.represented,
            rung=p.rung,
            decide_by=p.decide_by,
            declined=p.declined,
            from_=place.row(p).from_,
            to=place.row(p).to,
            confirmed_by=p.confirmed_by,
            missing=list(rounds.missing(place, p.beside, by, own)) if me.role == "manager" else [],
        )
        for p in place.round.everyone
    ]


def mine(place: Desk, me: Who, programme: str, today: dt.date | None = None) -> list[Pair]:
    """The pairs that this school or SIP may know of: told to them, and still theirs; a SIP's until the day it ends."""
    if me.role == "school":
        urns = me.urns(programme)
        return [p for p in place.round.everyone if p.urn in urns and p.stage != "draft"]
    sip = me.sip(programme) or ""
    r, now = place.round, today or dt.date.today()
    asked = sip in r.soundings and not r.now  # a log from before line-ups were kept
    told = r.told_sips.get(sip, {})
    mine = [p for p in r.everyone if p.sip == sip and (p.stage != "draft" or p.key in told or asked)]
    return [p for p in mine if place.row(p).to >= now]


def own_plan(session: Session, row: PlanRow, of: RoundRow, me: Who) -> OwnPlan:
    """A school's or SIP's view of the plan on the desk. Raises HttpProblem `not_found` for any other plan."""
    on_desk, place = keep.desk(session, of.id)
    pairs = mine(place, me, of.programme_id) if on_desk.id == row.id else []
    if not pairs:
        raise HttpProblem("not_found", f"There is no plan {row.id}.", withheld=True)
    ready = ready_of(row, place.plan)
    return OwnPlan(id=row.id, assignments=[own_pair(place, ready, p, me) for p in sorted(pairs, key=lambda p: p.key)])


def own_pair(place: Desk, ready: Setup, p: Pair, me: Who) -> OwnPair:
    a = place.row(p)
    audience: Literal["school", "sip"] = "school" if me.role == "school" else "sip"
    told = explain(
        ready, place.plan, p.urn, p.post, audience=audience, holder=p.sip, on=dt.date.today(), agreed=p.stage in AGREED
    )
    portrait = place.facts.sips[p.sip].pen_portrait if p.sip in place.facts.sips else None
    school = audience == "school"
    return OwnPair(
        urn=p.urn,
        school=a.school,
        post=p.post,
        sip_name=a.name,
        pen_portrait=portrait if school else None,
        from_=a.from_,
        to=a.to,
        days=a.days,
        periods=None if school else a.periods.model_dump(),
        text=told.text,
        stage=p.stage if school else None,
        answer_by=p.answer_by if school else None,
        answer=p.head if school else None,
        may_refuse=p.stage in ("proposed", "accepted", "queried") if school else None,
    )


def event_out(event: Event, data: dict[str, Any], *, reasons: bool) -> EventOut:
    """An event, its `data` as it was recorded; why a school refused or a SIP declined is for managers only."""
    if not reasons and event.fact.confided:
        data = data | dict.fromkeys(free_fields(type(event.fact)))
    return EventOut(n=event.n, at=event.at, by=event.by.model_dump(mode="json"), kind=event.kind, data=data)
