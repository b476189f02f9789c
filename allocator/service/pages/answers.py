"""Hearing people: refusals and questions in a queue with dates, answers by telephone, and who moves when a refusal
stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from allocator import rounds
from allocator.domain.fold import fold
from allocator.domain.happened import Event, SchoolRefuses
from allocator.domain.round import Pair
from allocator.errors import NotThere
from allocator.questions.compare import Difference, compare
from allocator.report import letters, sip_letters
from allocator.report.wording import Letter
from allocator.rounds import Desk
from allocator.service.access import In, Manager, Office, Reader, plan_in
from allocator.service.actions.answers import answer, close_query, query_of
from allocator.service.actions.rounds import decide, resubmit
from allocator.service.http_problems import HttpProblem
from allocator.service.outbox import batch, sent
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.pages.jobs import wait_for
from allocator.service.pages.log import LogLine, said
from allocator.service.pages.place import Place, line_of, place_in
from allocator.service.roles import Who
from allocator.service.schemas import AnswerIn, Id, QueryIn, RefusalDecision, ResubmitIn, UrnPath
from allocator.service.sent import about_school, kept, to_sip
from allocator.store import keep

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SPEAKERS = {"head": "The head", "chair": "The chair of governors", "governors": "The governors, on the appraisal"}
ALONE = "veto_appraisal"
WORDS = {
    "accept": "Yes",
    "veto": "Asks for someone else",
    ALONE: "Asks for someone else for the head's appraisal alone",
    "query": "Asks a question",
    "raise": "Takes the decision one step up",
    "governors_yes": "The governors say yes",
    "governors_no": "The governors say no",
}
SIP_WORDS = {
    "accept": "Yes",
    "query": "Asks a question",
    "decline": "Would rather not take this school",
    "move_on": "Asks to move on",
    "interest": "Declares a tie",
}
PLAN_AGAIN = "Who has the appraisal is to be planned again: Refusals and questions has the way."
VIAS = {"telephone": "By telephone", "letter": "By letter or mail"}
PlanId = Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


@dataclass(frozen=True)
class Refused:
    """A refusal in the queue. `reason` is for managers only."""

    pair: Pair
    school: str
    name: str
    on: dt.date | None
    reason: str | None


@router.get("/rounds/{id}/answers")
def queue(request: Request, id: Id, who: Reader, office: In) -> Response:
    """What waits for a person: refusals to decide, questions to answer, refusals to plan again."""
    return queue_page(request, id, who, office)


def queue_page(
    request: Request, id: str, who: Who, office: Office, form: Fields | None = None, about: str = ""
) -> Response:
    with office.db.read() as s:
        at = place_in(s, id, who)
        log = keep.events_of(s, id)
    desk = at.desk
    asked = [(q, desk.facts.name(q.urn)) for q in sorted(desk.round.queries, key=lambda q: (q.answer_by, q.id))]
    refused = [_refused(desk, log, p, who) for p in desk.round.everyone if p.represented or p in desk.round.waiting]
    facts = {
        **at.facts,
        "to_decide": [r for r in refused if r.pair.represented],
        "desk": desk,
        "to_plan": [r for r in refused if not r.pair.represented],
        "open_queries": [x for x in asked if x[0].outcome is None],
        "closed_queries": [x for x in asked if x[0].outcome is not None],
        "about": about,
        "typed": form.data if form else {},
        "ladder": desk.rules.ladder,
    }
    errors = form.wrong if form else {}
    return show(request, "answers.html", who, 422 if form else 200, **facts, **errors)


def _refused(desk: Desk, log: list[Event], pair: Pair, who: Who) -> Refused:
    mine = [e.fact for e in log if isinstance(e.fact, SchoolRefuses) and pair.post == e.fact.post]
    said = next((fact for fact in reversed(mine) if pair.urn in fact.urns), None)
    let_go = [q for q in desk.round.queries if q.opens and (q.urn, q.sip) == (pair.urn, pair.sip)]
    gone = [q.closed_on for q in let_go if pair.tied or q.post == pair.post]
    refused_on, reason = (said.on, said.reason) if said else (None, None)
    on = pair.governors_on if pair.said_no else gone[-1] if pair.declined and gone else refused_on
    told = reason if who.role == "manager" else None
    return Refused(pair, desk.facts.name(pair.urn), desk.row(pair).name, on, told)


@router.post("/rounds/{id}/answers/decide")
def decide_refusal(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A person's word on a refusal that could not stand by itself, or on to the next rung."""
    urn, post = form.text("urn") or "", form.text("post") or "lead"
    word = form.choice("word", ("stands", "stays", "next"), "Say what is decided")
    reason = form.need("reason", "Say why in a sentence: it is kept with the decision")
    if form.errors:
        return queue_page(request, id, who, office, form, f"{urn}/{post}")
    stands = {"stands": True, "stays": False, "next": None}[word]
    asked = RefusalDecision.model_validate({"urn": urn, "post": post, "stands": stands, "reason": reason})
    decide(office, request, who, id, asked)
    told = {
        "stands": "The refusal stands. Plan again to see who moves.",
        "stays": "The SIP stays. The head reads the decision and your reason, and there is a letter to hand out.",
        "next": "Passed on.",
    }
    return done(f"/rounds/{id}/answers", told[word])


@router.post("/rounds/{id}/answers/query")
def answer_query(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """What was answered to a question; a school then has the usual days to accept or refuse."""
    n, outcome = form.text("n") or "", form.need("outcome", "Write what you answered: the person may be shown it")
    goes = form.text("opens")
    if form.text("decides") and goes not in ("go", "stay"):
        form.errors["opens"] = "Say what is decided"
    if form.errors:
        return queue_page(request, id, who, office, form, f"q{n}")
    name = f"{id}-{n}"
    query_of(office, who, name)
    close_query(office, request, who, name, QueryIn(outcome=outcome, opens=goes == "go"))
    then = " The pair waits to be planned again." if goes == "go" else ""
    return done(f"/rounds/{id}/answers", f"The answer is kept and shown to whoever asked.{then}")


# -- planning again ------------------------------------------------------------------------------------------------


@router.post("/rounds/{id}/answers/try")
def try_again(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Work out who would move if the refusals that stand are planned again. The desk stays as it is."""
    return _resubmit(request, id, who, office, False, f"/rounds/{id}/answers/knock-on?plan={{plan}}")


@router.post("/rounds/{id}/answers/take")
def take(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Put it on the desk: those who move are drafts again, and nobody has been told."""
    return _resubmit(request, id, who, office, True, f"/rounds/{id}/publish#stage")


def _resubmit(request: Request, id: str, who: Who, office: Office, adopt: bool, then: str) -> Response:
    return wait_for(resubmit(office, request, who, id, ResubmitIn(adopt=adopt)), then)


@dataclass(frozen=True)
class Mover:
    """A school that would have somebody else: who, why, and the letter it would get."""

    row: Difference
    kind: str  # asked, SIP let go, tie, governors said no: it was to be planned again; or moved
    letter: Letter | None
    confirmed: bool


@router.get("/rounds/{id}/answers/knock-on")
def knock_on(request: Request, id: Id, who: Reader, office: In, plan: PlanId) -> Response:
    """Who moves, why, and what each will be told, before anybody is told."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        row, of = plan_in(s, who, plan)
        if of.id != at.row.id:
            raise HttpProblem("not_found", f"There is no plan {plan} in this round.")
        new = keep.plan_of(row)
        made = Desk(
            new, fold([rounds.record([], rounds.adopt(fold([]), new), who.person(of.programme_id), keep.now())])
        )
        shared = batch(office, s, request, who, at.row, row, made)  # as if it were on the desk; nothing is written
    changed = compare(at.desk.plan, new)
    refused = {key: _why(p) for p in at.desk.round.waiting for key in ((p.urn, ""), (p.urn, str(p.post)))}
    confirmed = {p.key for p in at.desk.round.everyone if p.stage == "confirmed"}
    movers = [
        Mover(
            d,
            refused.get((d.urn, d.post)) or refused.get((d.urn, ""), "moved"),
            _letter(made, d, shared),
            (d.urn, d.post) in confirmed,
        )
        for d in changed.moved
    ]
    before = {x.sip: x.days for x in at.desk.plan.loads}
    days = [(x.name, before.get(x.sip, 0.0), x.days) for x in new.loads if before.get(x.sip, 0.0) != x.days]
    stale = row.id == at.plan.id or not refused
    return show(
        request,
        "knock-on.html",
        who,
        **at.facts,
        movers=sorted(movers, key=lambda m: (m.kind == "moved", m.row.school)),
        days_only=changed.days_only,
        sips=days,
        empty=new.unfilled,
        on_desk=stale,
    )


def _why(p: Pair) -> str:
    if p.said_no:
        return "governors said no"
    return "tie" if p.tied else "SIP let go" if p.declined else "asked"


def _letter(made: Desk, d: Difference, shared: letters.LetterOffice) -> Letter | None:
    groups = rounds.together(made, [d.urn])
    return letters.school_letter(made, groups[0], shared) if groups and d.b else None


# -- one school's, one SIP's (after the fixed addresses, which a URN must not hide) -----------------------------------


@router.get("/rounds/{id}/answers/{urn}")
def school(request: Request, id: Id, urn: UrnPath, who: Reader, office: In) -> Response:
    """What a school was told and said; answers by telephone; withdraw."""
    return school_page(request, id, urn, who, office)


def school_page(request: Request, id: str, urn: str, who: Who, office: Office, form: Fields | None = None) -> Response:
    with office.db.read() as s:
        at = place_in(s, id, who)
        line = line_of(at.desk, urn)
        shared = batch(office, s, request, who, at.row, at.plan, at.desk)
        mailed, as_sent = sent(s, at.row), kept(s, id, at.desk.round, about_school(urn))
        lines = _about(at, keep.events_of(s, id), urn, who)
    (group,) = rounds.together(at.desk, [urn])
    appraised = (urn, "appraisal") in at.desk.round.pairs
    answers = [(k, v) for k, v in WORDS.items() if appraised or not k.startswith(("governors", ALONE))]
    if not any(rounds.may_raise(at.desk, p) for p in at.desk.round.of([urn])):
        answers = [(k, v) for k, v in answers if k != "raise"]
    speakers = [(k, v) for k, v in SPEAKERS.items() if appraised or k != "governors"]
    return show(
        request,
        "answers-school.html",
        who,
        422 if form else 200,
        **at.facts,
        line=line,
        log=lines,
        answers=answers,
        group=[at.desk.facts.name(u) for u in group],
        letter=letters.school_letter(at.desk, group, shared),
        mailed=mailed.get(("school", group[0])),
        as_sent=as_sent,
        speakers=speakers,
        vias=list(VIAS.items()),
        typed=form.data if form else {},
        **(form.wrong if form else {}),
    )


def _about(at: Place, log: list[Event], urn: str, who: Who) -> list[LogLine]:
    return [line for e in log if urn in (line := said(e, at.desk.facts, reasons=who.role == "manager")).urns]


@router.post("/rounds/{id}/answers/{urn}")
def by_telephone(request: Request, id: Id, urn: UrnPath, who: Manager, office: In, form: Form) -> Response:
    """An answer as the manager took it down, for head, chair or governors."""
    by = form.choice("by", list(SPEAKERS), "Say who answered")
    word = form.choice("answer", list(WORDS), "Say what they answered")
    via = form.choice("via", list(VIAS), "Say how it came")
    if not form.errors and (by == "governors") != word.startswith("governors"):
        form.errors["answer"] = (
            "Governors say yes or no to the appraisal; a head or chair says yes, asks, or asks for someone else"
        )
    if form.errors:
        return school_page(request, id, urn, who, office, form)
    with office.db.read() as s:
        at = place_in(s, id, who)
        name = line_of(at.desk, urn).name
    says = {"answer": "veto", "post": "appraisal"} if word == ALONE else {"answer": word}
    asked = AnswerIn.model_validate({"urn": urn, "by": by, "via": via, "reason": form.text("reason")} | says)
    answer(office, request, who, at.plan.id, asked)
    then = f" {PLAN_AGAIN}" if word == "governors_no" else ""
    return done(f"/rounds/{id}/answers/{urn}", f"{name}: {WORDS[word].lower()}. Written down.{then}")


@router.get("/rounds/{id}/answers/sip/{sip}")
def one_sip(request: Request, id: Id, sip: UrnPath, who: Reader, office: In) -> Response:
    """What a SIP was offered and said; answers by telephone."""
    return sip_page(request, id, sip, who, office)


def sip_page(request: Request, id: str, sip: str, who: Who, office: Office, form: Fields | None = None) -> Response:
    with office.db.read() as s:
        at = place_in(s, id, who)
        pairs = [p for p in at.desk.round.everyone if p.sip == sip]
        if not pairs:
            raise NotThere(f"There is no SIP {sip} with a school in this plan.")
        shared = batch(office, s, request, who, at.row, at.plan, at.desk)
        log = [said(e, at.desk.facts, reasons=who.role == "manager") for e in keep.events_of(s, id)]
        as_sent = kept(s, id, at.desk.round, to_sip(sip))
    rows = [(p, at.desk.facts.name(p.urn)) for p in pairs]
    return show(
        request,
        "answers-sip.html",
        who,
        422 if form else 200,
        **at.facts,
        sip=sip,
        name=at.desk.facts.sips[sip].name,
        rows=rows,
        asked=at.desk.round.soundings.get(sip),
        letter=sip_letters.sip_letter(at.desk, sip, shared),
        log=[line for line in log if sip in line.sips],
        as_sent=as_sent,
        answers=list(SIP_WORDS.items()),
        vias=list(VIAS.items()),
        typed=form.data if form else {},
        **(form.wrong if form else {}),
    )


@router.post("/rounds/{id}/answers/sip/{sip}")
def sip_by_telephone(request: Request, id: Id, sip: UrnPath, who: Manager, office: In, form: Form) -> Response:
    """What a SIP said, as the manager took it down."""
    word = form.choice("answer", list(SIP_WORDS), "Say what they answered")
    via = form.choice("via", list(VIAS), "Say how it came")
    about = form.need("about", "Say which school it is about")
    urn, _, post = about.partition("/")
    if form.errors:
        return sip_page(request, id, sip, who, office, form)
    with office.db.read() as s:
        at = place_in(s, id, who)
    if (urn, post) not in {p.key for p in at.desk.round.everyone if p.sip == sip}:
        raise HttpProblem("not_found", "That school is not this SIP's.")
    fields = {"urn": urn, "post": post, "answer": word, "by": "sip", "via": via, "reason": form.text("reason")}
    answer(office, request, who, at.plan.id, AnswerIn.model_validate(fields))
    return done(f"/rounds/{id}/answers/sip/{sip}", f"{SIP_WORDS[word]}. Written down.")
