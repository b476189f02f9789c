"""What a head and a SIP are asked in May, by link (domain X17): short, on a phone, no script, to be changed until planning."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from allocator.domain.case import School
from allocator.domain.facts import Facts
from allocator.questions.veto import one_answer
from allocator.rounds.ask_first import OPEN, Asked, schools_asked
from allocator.service.asking import Head, In, Partner
from allocator.service.pages import ask_forms
from allocator.service.pages.ground import Form, PageRoute, done, show
from allocator.service.people import Who
from allocator.service.problems import Refusal
from allocator.store import keep, questionnaires
from allocator.store.tables import CaseRow, RoundRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Named = Annotated[str | None, Query(max_length=64)]


def round_of(s: Session, me: Who, named: str | None) -> RoundRow:
    """The round asked about: the one named, else the newest with data in a programme of theirs."""
    query = sa.select(RoundRow).where(
        RoundRow.programme_id.in_(me.programmes()), RoundRow.id.in_(sa.select(CaseRow.round_id))
    )
    if named is not None:
        query = query.where(RoundRow.id == named)
    row = s.scalars(query.order_by(RoundRow.created_at.desc(), RoundRow.id)).first()
    if row is None:
        raise Refusal("not_found", "Nobody is being asked at the moment.")
    return row


def facts_of(s: Session, row: RoundRow) -> Facts:
    case = keep.case_row(s, row.id)
    if case is None:
        raise Refusal("not_found", "Nobody is being asked yet: the schools and SIPs are not in.")
    return Facts(*keep.case_of(case))


def own_schools(facts: Facts, me: Who, programme: str) -> list[list[School]]:
    """The person's schools; those that share a head answer as one."""
    mine = me.urns(programme)
    groups: dict[frozenset[str], list[School]] = {}
    for school in schools_asked(facts):
        if school.urn in mine:
            together = [u for u in one_answer(facts, school.urn) if u in mine]
            groups.setdefault(frozenset(together), [facts.schools[u] for u in sorted(together)])
    if not groups:
        raise Refusal("not_found", "Your school is not among those asked this year.")
    return list(groups.values())


def _group(facts: Facts, me: Who, row: RoundRow, urn: str | None) -> list[School] | None:
    groups = own_schools(facts, me, row.programme_id)
    if urn is None:
        return groups[0] if len(groups) == 1 else None
    found = next((g for g in groups if any(x.urn == urn for x in g)), None)
    if found is None:
        raise Refusal("not_found", f"There is no school {urn}.")
    return found


def still_open(s: Session, row: RoundRow) -> bool:
    return keep.standing(s, row.id).state in OPEN


@router.get("/school/ask")
def school_asked(request: Request, who: Head, office: In, round: Named = None, urn: Named = None) -> Response:
    """The school's form, or what was answered once proposals are out."""
    with office.db.read() as s:
        row = round_of(s, who, round)
        facts = facts_of(s, row)
        group = _group(facts, who, row, urn)
        if group is None:
            return show(
                request, "asked-which.html", who, groups=own_schools(facts, who, row.programme_id), round_id=row.id
            )
        so_far = questionnaires.asked(s, row.id).get(("school", group[0].urn), Asked())
        facts_shown = ask_forms.school_form(facts, group, so_far, by_phone=False)
        return show(request, "asked-school.html", who, **facts_shown, open=still_open(s, row), round_id=row.id,
                    action=_action("/school/ask", row.id, group[0].urn), errors={})  # fmt: skip


def _action(path: str, round_id: str, urn: str | None = None) -> str:
    return f"{path}?{urlencode({'round': round_id} | ({'urn': urn} if urn else {}))}"


@router.post("/school/ask")
def school_answers(
    request: Request, who: Head, office: In, form: Form, round: Named = None, urn: Named = None
) -> Response:
    """The school's word, kept for each school the head leads."""
    with office.db.write() as s:
        row = round_of(s, who, round)
        facts = facts_of(s, row)
        group = _group(facts, who, row, urn)
        if group is None:
            raise Refusal("invalid", "Say for which of your schools you answer.")
        _refuse_late(s, row)
        word = ask_forms.school_word(form, facts, group)
        if form.errors:
            so_far = Asked(word=word.model_dump(mode="json"))
            return show(
                request,
                "asked-school.html",
                who,
                422,
                **ask_forms.school_form(facts, group, so_far, by_phone=False),
                open=True,
                round_id=row.id,
                action=_action("/school/ask", row.id, group[0].urn),
                errors=form.errors,
                summary=form.summary,
            )
        for school in group:
            by = who.person(row.programme_id, school.urn)
            questionnaires.record(s, row.id, ("school", school.urn), "answered", by, word.model_dump(mode="json"))
    return done(
        _action("/school/ask", row.id, group[0].urn), "Thank you. Your answer is kept. You may change it below."
    )


def _refuse_late(s: Session, row: RoundRow) -> None:
    if not still_open(s, row):
        raise Refusal(
            "round_refuses",
            "Proposals for the year are already out, so this form is closed. Answer the proposal "
            "itself, or ring your SIP manager.",
        )


@router.get("/sip/ask")
def sip_asked(request: Request, who: Partner, office: In, round: Named = None) -> Response:
    """The SIP's form."""
    with office.db.read() as s:
        row, facts, sip = _own_sip(s, who, round)
        so_far = questionnaires.asked(s, row.id).get(("sip", sip), Asked())
        return show(request, "asked-sip.html", who, **ask_forms.sip_form(facts, sip, so_far, by_phone=False),
                    open=still_open(s, row), action=_action("/sip/ask", row.id), errors={}, again=None)  # fmt: skip


def _own_sip(s: Session, who: Who, named: str | None) -> tuple[RoundRow, Facts, str]:
    row = round_of(s, who, named)
    facts, sip = facts_of(s, row), who.sip(row.programme_id)
    if sip is None or sip not in facts.sips:
        raise Refusal("not_found", "You are not on the list of SIPs asked this year.")
    return row, facts, sip


@router.post("/sip/ask")
def sip_answers(request: Request, who: Partner, office: In, form: Form, round: Named = None) -> Response:
    """The SIP's word, kept."""
    with office.db.write() as s:
        row, facts, sip = _own_sip(s, who, round)
        _refuse_late(s, row)
        word = ask_forms.sip_word(form, facts, sip)
        if word is None:
            so_far = questionnaires.asked(s, row.id).get(("sip", sip), Asked())
            return show(request, "asked-sip.html", who, 422, **ask_forms.sip_form(facts, sip, so_far, by_phone=False),
                        open=True, action=_action("/sip/ask", row.id), errors=form.errors, summary=form.summary,
                        again=typed(form))  # fmt: skip
        questionnaires.record(
            s, row.id, ("sip", sip), "answered", who.person(row.programme_id), word.model_dump(mode="json")
        )
    return done(_action("/sip/ask", row.id), "Thank you. Your answer is kept. You may change it below.")


def typed(form: Any) -> dict[str, Any]:
    """What was typed, field by field, to be shown again."""
    return {name: form.all(name) if name == "move_on" else form.data.get(name) for name in form.data}
