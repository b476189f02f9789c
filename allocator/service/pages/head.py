"""The head's page, and the chair's: who the SIP will be and why, and a word back. Made for a phone, and for no script."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from allocator.service.asking import In, Office, need
from allocator.service.held import held_on
from allocator.service.own import Proposal, found, proposals
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.people import Who
from allocator.service.problems import Refusal
from allocator.service.routes.answers import answer
from allocator.service.schemas import AnswerIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)
School = Annotated[Who, need("school")]
Asked = Annotated[str, Query(max_length=32)]


@router.get("/school")
def first(request: Request, who: School, office: In) -> Response:
    """Every proposal before this head or chair."""
    with office.db.read() as s:
        mine = proposals(s, who)
        return show(request, "head.html", who, proposals=mine)


@router.get("/school/answer")
def words(request: Request, who: School, office: In, about: Asked = "", say: Asked = "") -> Response:
    """Ask for someone else, or ask a question: what happens next and who will see it, before it is sent."""
    return words_page(request, who, office, about, say)


def words_page(
    request: Request, who: Who, office: Office, about: str, say: str, form: Fields | None = None
) -> Response:
    with office.db.read() as s:
        mine = _one(s, who, about)
        may = {"veto": mine.may_refuse, "query": True, "raise": mine.may_raise is not None and mine.as_ == "head"}
        if not may.get(say):
            raise Refusal("round_refuses", "This can no longer be asked for here. Ring your SIP manager.")
        errors: dict[str, Any] = {"errors": form.errors, "summary": form.summary} if form else {}
        return show(request, "head-answer.html", who, 422 if form else 200, p=mine, say=say,
                    typed=form.data if form else {}, **errors)  # fmt: skip


def _one(s: Any, who: Who, about: str) -> Proposal:
    found(s, who, about)
    return next(p for p in proposals(s, who) if p.about == about)


@router.post("/school/answer")
def say(request: Request, who: School, office: In, form: Form) -> Response:
    """Yes, someone else, or a question."""
    request.state.if_match = None  # other schools' answers are no concern of this one: `about` guards it
    about, word = form.text("about") or "", form.text("say") or ""
    if word not in ("accept", "veto", "query", "raise"):
        raise Refusal("invalid", "Say yes, ask for someone else, ask a question, or take a decision one step up.")
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
    recorded = answer(plan, AnswerIn.model_validate(fields), request, who, office, Response())
    told = {
        "accept": "Thank you. Your yes is written down.", "query": "Your question is with your SIP manager.",
        "raise": "It is written down and goes one step up. Your page says who has it, and by when they decide.",
    }  # fmt: skip
    return done("/school", recorded.told or told.get(word, "It is written down."))


@router.get("/school/held")
def held(request: Request, who: School, office: In) -> Response:
    """Everything held on this person and their schools, to be printed (domain 3.7)."""
    with office.db.read() as s:
        return show(request, "held.html", who, parts=held_on(s, who), back="/school")
