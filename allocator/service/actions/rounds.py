"""Programmes and their rounds: made, their policy, solves and resubmissions, refusals decided, in force, next year."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from fastapi import Request

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.errors import RoundRefuses
from allocator.intake.policy import policy_from
from allocator.intake.source import Raw
from allocator.jobs.asks import ResubmissionAsk, SolveAsk
from allocator.questions.rollover import next_year
from allocator.service import roles
from allocator.service.access import Office, fresh, programme_in, round_in, writing
from allocator.service.http_problems import HttpProblem, table_problem
from allocator.service.roles import Who
from allocator.service.schemas import (
    NewRound,
    ProgrammeIn,
    ProgrammeOut,
    Recorded,
    RefusalDecision,
    ResubmitIn,
    RoundIn,
    RoundOut,
    SolveIn,
)
from allocator.service.views import own_schools, round_out, sips_of
from allocator.service.work import accept, sent
from allocator.store import keep, questionnaires
from allocator.store.tables import Grant, Job, Programme, RoundRow
from allocator.words import counted


def new_programme(office: Office, who: Who, new: ProgrammeIn) -> ProgrammeOut:
    """A programme of its own: nothing is shared with others. Whoever makes it manages it."""
    with office.db.write() as s:
        row = Programme(
            id=keep.new_id(),
            name=new.name,
            office=new.office,
            telephone=new.telephone,
            created_at=keep.now(),
            made_with=who.pass_id,
        )
        s.add(row)
        s.flush()
        s.add(Grant(id=keep.new_id(), person_id=who.id, programme_id=row.id, role="manager"))
        roles.call(s, who.id, row.id, who.name)
        keep.note(s, who.person(row.id), "programme made", row.id, programme=row.id, detail=row.name)
        return ProgrammeOut.model_validate(row)


def change_programme(office: Office, who: Who, id: str, new: ProgrammeIn) -> ProgrammeOut:
    """Its name, its office and where its SIP manager is rung, from now on; letters that went stay as they went."""
    with office.db.write() as s:
        row = programme_in(s, who, id)
        changed = [name for name, value in new.model_dump().items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, getattr(new, name))
        if changed:
            keep.note(s, who.person(id), "programme changed", id, programme=id, detail=", ".join(changed))
        return ProgrammeOut.model_validate(row)


def new_round(office: Office, who: Who, id: str, new: RoundIn) -> RoundOut:
    """A round for a year."""
    with office.db.write() as s:
        programme_in(s, who, id)
        row = RoundRow(id=keep.new_id(), programme_id=id, name=new.name, created_at=keep.now())
        s.add(row)
        s.flush()
        keep.note(s, who.person(id), "round made", row.id, programme=id, detail=new.name)
        return round_out(s, row, dt.date.today())


def put_policy(office: Office, request: Request, who: Who, id: str, policy: dict[str, Any]) -> tuple[Policy, int]:
    """Settings by key, over the shipped policy that `name` names, and the round's version with them."""
    raw = Raw()
    new = policy_from(policy, raw)
    if raw.problems:
        problems = [table_problem(p) for p in raw.problems]
        raise HttpProblem(
            "case_errors", f"{len(problems)} settings cannot be used. Nothing was kept.", problems=problems
        )
    with writing(request, office, who, id) as (s, row):
        before = keep.case_row(s, id)
        if before is None:
            raise RoundRefuses("This round has no case yet. Put the case first; its policy can then be changed.")
        case, _ = keep.case_of(before)
        by = who.person(row.programme_id)
        keep.keep_case(s, row, case, new, before.problems, by)
        keep.note(s, by, "policy put", id, programme=row.programme_id, detail=new.name)
    return new, row.version


def solve(office: Office, request: Request, who: Who, id: str, ask: SolveIn) -> Job:
    """The annual allocation, as a job."""
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        fresh(request, row)
        case = keep.case_row(s, id)
        if case is None:
            raise RoundRefuses("This round has no case yet. Put one at rounds/{id}/case.")
        if ask.adopt:
            rounds.may_adopt(keep.standing(s, id))
        most = office.settings.solve_seconds
        asked = SolveAsk(
            case=case.n,  # cases are never edited, so its number is enough
            seed=ask.seed,
            adopt=ask.adopt,
            time_limit=min(ask.time_limit or most, most),
            work_limit=ask.work_limit,
        )
        job = accept(office, s, request, row, asked, who)
    return sent(office, job)


def resubmit(office: Office, request: Request, who: Who, id: str, ask: ResubmitIn) -> Job:
    """Every refusal that stands, solved again with least change, as a job. Without `adopt` the desk stays as it is."""
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        fresh(request, row)
        if not keep.standing(s, id).waiting:
            raise RoundRefuses("No refusal waits to be resubmitted.")
        job = accept(office, s, request, row, ResubmissionAsk(adopt=ask.adopt), who)
    return sent(office, job)


def recorded(row: RoundRow, events: list[Any], state: str, told: str | None = None) -> Recorded:
    """The events of a step, and where the round then stands."""
    return Recorded(events=[e.n for e in events], state=state, version=row.version, told=told)


def decide(office: Office, request: Request, who: Who, id: str, ask: RefusalDecision) -> Recorded:
    """A person's word on a refusal that could not stand by itself: a second one, or a school of concern's."""
    with writing(request, office, who, id) as (s, row):
        by, today = who.person(row.programme_id), dt.date.today()
        desk = keep.desk(s, id)[1]
        if any(
            p.sip in sips_of(desk, who, row.programme_id)
            for p in desk.round.everyone
            if p.key == (ask.urn, ask.post) and p.represented
        ):
            raise HttpProblem("round_refuses", "It is you whom this school refused: another manager decides it.")
        if ask.urn in own_schools(desk.facts.case, who, row.programme_id):
            raise HttpProblem("round_refuses", "It is your own school that refused: another manager decides it.")
        done = keep.step(
            s, id, by, lambda d: rounds.decide_refusal(d, ask.urn, ask.stands, ask.reason, today, ask.post)
        )
        keep.note(s, by, "refusal decided", ask.urn, programme=row.programme_id, detail=str(ask.stands))
        return recorded(row, done, keep.standing(s, id).state)


def in_force(office: Office, request: Request, who: Who, id: str) -> Recorded:
    """The confirmed plan becomes the year's plan."""
    with writing(request, office, who, id) as (s, row):
        by = who.person(row.programme_id)
        done = keep.step(s, id, by, lambda d: rounds.put_in_force(d, dt.date.today()))
        keep.note(s, by, "put in force", id, programme=row.programme_id)
        return recorded(row, done, keep.standing(s, id).state)


def roll_over(office: Office, request: Request, who: Who, id: str) -> NewRound:
    """Next year's round, its case made from this year's end: tenure carried, what lapses left behind. A round has one
    next year, however often it is asked for: where it is open, it is the answer, and nothing is done."""
    with office.db.write() as s:
        row = round_in(s, who, id, lock=True)
        if (there := s.scalars(sa.select(RoundRow).where(RoundRow.follows == id)).first()) is not None:
            return NewRound(round=there.id, notes=[f"The round of {there.name} is open already."], opened=False)
        fresh(request, row)  # after it: a page that was read before the other press leads there, too
        _, place = keep.desk(s, id)
        if not place.round.in_force:
            raise RoundRefuses("Next year's case is made from a plan that was in force. Confirm this one first.")
        new = next_year(place.plan)
        by = who.person(row.programme_id)
        fresh_round = RoundRow(
            id=keep.new_id(), programme_id=row.programme_id, name=new.case.year, created_at=keep.now(), follows=id
        )
        s.add(fresh_round)
        s.flush()
        keep.keep_case(s, fresh_round, new.case, place.facts.policy.model_copy(update={"year": None}), [], by)
        said = questionnaires.carry_on(s, id, fresh_round.id, {x.urn for x in new.case.schools})
        answers = f"{counted(said, 'school')} said before what they would like: their answers are in the new round."
        keep.note(s, by, "next year made", fresh_round.id, programme=row.programme_id, detail=new.case.year)
        return NewRound(round=fresh_round.id, notes=[*new.notes, *([answers] if said else [])])
