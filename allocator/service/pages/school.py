"""The page of a head or a chair: who the SIP will be and why, a word back, and in May what is asked (domain X17).

Made for a phone, and for no script.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from allocator.domain.calendar import year_label
from allocator.rounds.ask_first import Asked, SchoolWord, schools_asked
from allocator.service.access import Head, In, Office
from allocator.service.actions.answers import answer
from allocator.service.http_problems import HttpProblem
from allocator.service.own import CHANGED, OwnPost, Proposal, found, proposals
from allocator.service.pages import ask_forms
from allocator.service.pages.ask_round import (
    Named,
    address,
    facts_ahead,
    facts_of,
    group_of,
    newest,
    own_schools,
    refuse_late,
    round_of,
    schools_of,
    still_open,
)
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.reached import desks_of, ring, ring_of
from allocator.service.roles import Who
from allocator.service.schemas import AnswerIn
from allocator.service.subject_access import held_on
from allocator.store import keep, questionnaires
from allocator.store.tables import AskRow, Programme, RoundRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=32)]


@router.get("/school")
def first(request: Request, who: Head, office: In) -> Response:
    """Every proposal before this head or chair."""
    with office.db.read() as s:
        mine = proposals(s, who)
        asked = [*told_before(s, who), *told_ahead(s, mine)]
        return show(request, "school.html", who, proposals=mine, asked=asked, reach=desks_of(s, who))


@dataclass(frozen=True)
class ToldBefore:
    """What a head was asked before the year was planned, and answered."""

    names: tuple[str, ...]
    year: str
    asked: Asked
    open: bool  # may still be answered, or changed
    said: tuple[tuple[str, str], ...]
    href: str


def told_before(s: Session, who: Who) -> list[ToldBefore]:
    """Each school, or schools that share a head, asked in the newest round of a programme, or having answered."""
    out = []
    for programme in sorted(who.programmes()):
        query = sa.select(RoundRow).where(
            RoundRow.programme_id == programme, RoundRow.id.in_(sa.select(AskRow.round_id))
        )
        row = s.scalars(query.order_by(RoundRow.created_at.desc(), RoundRow.id)).first()
        if row is None or keep.case_row(s, row.id) is None:
            continue
        facts, log, asks = facts_of(s, row), questionnaires.asked(s, row.id), still_open(s, row)
        for group in schools_of(facts, who, programme):
            now = log.get(("school", group[0].urn), Asked())
            if now.answered_on or (now.offered_on and asks):
                names = tuple(x.name for x in group)
                said = tuple(ask_forms.told(SchoolWord.model_validate(now.word))) if now.word else ()
                href = address("/school/ask", row.id, group[0].urn)
                out.append(ToldBefore(names, facts.case.year, now, asks, said, href))
    return out


def told_ahead(s: Session, mine: list[Proposal]) -> list[ToldBefore]:
    """What a head may say of next year, or has said, while the plan is in force and next year's round is not open."""
    out = []
    for p in mine:
        row, desk = p.before.row, p.before.desk
        if not desk.round.in_force or newest(s, row).id != row.id:
            continue
        if not any(school.urn in p.urns for school in schools_asked(facts_ahead(s, row))):
            continue  # it closes, or takes no part next year
        now = questionnaires.for_next_year(s, row.id).get(("school", p.urns[0]), Asked())
        said = tuple(ask_forms.told(SchoolWord.model_validate(now.word))) if now.word else ()
        year = year_label(desk.facts.year.start_year + 1)
        out.append(ToldBefore(p.names, year, now, True, said, address("/school/next-year", row.id, p.urns[0])))
    return out


@router.get("/school/answer")
def words(request: Request, who: Head, office: In, about: Word = "", say: Word = "") -> Response:
    """Ask for someone else, or ask a question: what happens next and who will see it, before it is sent."""
    return words_page(request, who, office, about, say)


def words_page(
    request: Request, who: Who, office: Office, about: str, say: str, form: Fields | None = None
) -> Response:
    with office.db.read() as s:
        mine, post = _one(s, who, about)
        speaks = mine.as_ == "head" or mine.agree
        may = {
            "veto": speaks and (post is mine.main or post is mine.appraisal) and post.may_refuse,
            "query": True,
            "raise": mine.may_raise is not None and mine.as_ == "head",
        }
        if not may.get(say):
            raise HttpProblem(
                "round_refuses", f"This can no longer be asked for here. {ring_of(s, mine.before.row.programme_id)}"
            )
        errors = form.wrong if form else {}
        return show(
            request,
            "school-answer.html",
            who,
            422 if form else 200,
            p=mine,
            post=post,
            say=say,
            typed=form.data if form else {},
            **errors,
        )


def _one(s: Session, who: Who, about: str) -> tuple[Proposal, OwnPost]:
    """The post that a form is about, and what its head reads with it."""
    mine = [(p, post) for p in proposals(s, who) for post in p.posts if post.about == about]
    if not mine:
        raise HttpProblem("round_refuses", CHANGED)
    return mine[0]


@router.post("/school/answer")
def say(request: Request, who: Head, office: In, form: Form) -> Response:
    """Yes, someone else, or a question."""
    request.state.if_match = None  # other schools' answers are no concern of this one: `about` guards it
    about, word = form.text("about") or "", form.text("say") or ""
    if word not in ("accept", "veto", "query", "raise"):
        raise HttpProblem("invalid", "Say yes, ask for someone else, ask a question, or take a decision one step up.")
    reason = form.text("reason")
    if word == "query" and not reason and not form.errors:
        form.errors["reason"] = "Write your question"
    if form.errors:
        return words_page(request, who, office, about, word, form)
    with office.db.read() as s:
        before, pair = found(s, who, about)
        plan = before.plan.id
    fields: dict[str, Any] = {"urn": pair.urn, "answer": word, "reason": reason}
    if word != "accept":
        fields["post"] = pair.post
    recorded = answer(office, request, who, plan, AnswerIn.model_validate(fields))
    told = {
        "accept": "Thank you. Your yes is written down.",
        "query": "Your question is with your SIP manager.",
        "raise": "It is written down and goes one step up. Your page says who has it, and by when they decide.",
    }
    return done("/school", recorded.told or told.get(word, "It is written down."))


@router.get("/school/held")
def held(request: Request, who: Head, office: In) -> Response:
    """Everything held on this person and their schools, to be printed (domain 3.7)."""
    with office.db.read() as s:
        return show(request, "held.html", who, parts=held_on(s, who), back="/school", of=None)


@router.get("/school/ask")
def asked(request: Request, who: Head, office: In, round: Named = None, urn: Named = None) -> Response:
    """The school's form, or what was answered once proposals are out."""
    with office.db.read() as s:
        row = round_of(s, who, round)
        facts = facts_of(s, row)
        group = group_of(facts, who, row, urn)
        if group is None:
            return show(
                request, "school-ask-which.html", who, groups=own_schools(facts, who, row.programme_id), round_id=row.id
            )
        so_far = questionnaires.asked(s, row.id).get(("school", group[0].urn), Asked())
        facts_shown = ask_forms.school_form(facts, group, so_far, by_phone=False)
        return show(
            request,
            "school-ask.html",
            who,
            **facts_shown,
            open=(asks := still_open(s, row)),
            asks=asks,
            ring=ring(s.get_one(Programme, row.programme_id).telephone),
            round_id=row.id,
            action=address("/school/ask", row.id, group[0].urn),
            errors={},
        )


@router.get("/school/next-year")
def ahead(request: Request, who: Head, office: In, round: Named = None, urn: Named = None) -> Response:
    """What a school would like for next year, while this year's plan is in force."""
    with office.db.read() as s:
        row = round_of(s, who, round)
        if (open_ := newest(s, row)).id != row.id:
            return RedirectResponse(address("/school/ask", open_.id, urn), 303)
        return _ahead_page(request, s, row, who, urn)


def _ahead_page(
    request: Request, s: Session, row: RoundRow, who: Who, urn: str | None, form: Fields | None = None, **more: Any
) -> Response:
    facts = facts_ahead(s, row)
    group = group_of(facts, who, row, urn)
    if group is None:
        groups = own_schools(facts, who, row.programme_id)
        return show(request, "school-ask-which.html", who, groups=groups, round_id=row.id, to="/school/next-year")
    so_far = questionnaires.for_next_year(s, row.id).get(("school", group[0].urn), Asked())
    return show(
        request,
        "school-ask.html",
        who,
        422 if form else 200,
        **ask_forms.school_form(facts, group, Asked(**more) if form else so_far, by_phone=False, ahead=True),
        open=True,
        asks=True,
        round_id=row.id,
        action=address("/school/next-year", row.id, group[0].urn),
        **(form.wrong if form else {"errors": {}}),
    )


@router.post("/school/next-year")
def say_ahead(request: Request, who: Head, office: In, form: Form, round: Named = None, urn: Named = None) -> Response:
    """The school's word for next year, kept until its round is opened."""
    with office.db.write() as s:
        row = round_of(s, who, round)
        if newest(s, row).id != row.id:
            raise HttpProblem("round_refuses", "Next year's round is open now: say it there, on your page.")
        facts = facts_ahead(s, row)
        group = group_of(facts, who, row, urn)
        if group is None:
            raise HttpProblem("invalid", "Say for which of your schools you answer.")
        word = ask_forms.school_word(form, facts, group)
        if form.errors:
            return _ahead_page(request, s, row, who, urn, form, word=word.model_dump(mode="json"))
        for school in group:
            by = who.person(row.programme_id, school.urn)
            questionnaires.record(s, row.id, ("school", school.urn), "next_year", by, word.model_dump(mode="json"))
    return done(address("/school/next-year", row.id, group[0].urn), "Thank you. It is kept until next year is planned.")


@router.post("/school/ask")
def answers(request: Request, who: Head, office: In, form: Form, round: Named = None, urn: Named = None) -> Response:
    """The school's word, kept for each school the head leads."""
    with office.db.write() as s:
        row = round_of(s, who, round)
        facts = facts_of(s, row)
        group = group_of(facts, who, row, urn)
        if group is None:
            raise HttpProblem("invalid", "Say for which of your schools you answer.")
        refuse_late(s, row)
        word = ask_forms.school_word(form, facts, group)
        if form.errors:
            so_far = Asked(word=word.model_dump(mode="json"))
            return show(
                request,
                "school-ask.html",
                who,
                422,
                **ask_forms.school_form(facts, group, so_far, by_phone=False),
                open=True,
                asks=True,
                round_id=row.id,
                action=address("/school/ask", row.id, group[0].urn),
                **form.wrong,
            )
        for school in group:
            by = who.person(row.programme_id, school.urn)
            questionnaires.record(s, row.id, ("school", school.urn), "answered", by, word.model_dump(mode="json"))
    return done(
        address("/school/ask", row.id, group[0].urn), "Thank you. Your answer is kept. You may change it below."
    )
