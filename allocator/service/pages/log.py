"""The log of a round in plain words, and the audit lines beside it: who did what, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from allocator.domain.case import Case
from allocator.domain.facts import Facts
from allocator.domain.happened import (
    Event,
    Fact,
    GovernorsSay,
    LettersKept,
    PairsConfirmed,
    PlanPut,
    Proposed,
    PutInForce,
    QueryClosed,
    RefusalDecided,
    Reminded,
    SchoolAccepts,
    SchoolAsks,
    SchoolRefuses,
    SchoolReplies,
    SipReplies,
    Sounded,
    StandingTold,
    TakenUp,
    Withdrawn,
)
from allocator.domain.policy import Policy
from allocator.rounds import OF_ONE
from allocator.rules.base import day, listed
from allocator.service.access import In, Reader, round_in
from allocator.service.pages.given import around
from allocator.service.pages.ground import PageRoute, show
from allocator.service.roles import names_in
from allocator.service.schemas import Id
from allocator.store import keep
from allocator.store.tables import AuditRow
from allocator.words import noun

router = APIRouter(route_class=PageRoute, include_in_schema=False)
A_PAGE = 50
KINDS = {
    "plan": "Plans",
    "sounded": "SIPs asked",
    "proposed": "Letters",
    "withdrawn": "Letters withdrawn",
    "reminded": "Reminders",
    "answer": "Answers",
    "refusal_decided": "Refusals decided",
    "query_closed": "Questions answered",
    "governors": "Governors",
    "confirmed": "Confirmed",
    "in_force": "In force",
    "raised": "Taken one step up",
    "told": "Told what stands",
    "letters": "Letters kept",
}
ANSWERS = {
    "accept": "said yes",
    "veto": "asked for someone else",
    "query": "asked a question",
    "move_on": "asked to move on from",
    "decline": "would rather not take",
    "interest": "declared a tie to",
}
CAUSES = {
    "solved": "A plan was made",
    "by_hand": "The plan was changed by hand",
    "resubmitted": "Refusals were planned again",
    "repaired": "The year's plan was repaired",
}
VIA = {"telephone": ", by telephone", "letter": ", by letter", "silence": ", by not answering", "page": ""}


@dataclass(frozen=True)
class LogLine:
    """An event in plain words, with the schools and SIPs it is about. `reason`: for those who may see it."""

    n: int
    at: dt.datetime
    by: str
    role: str
    kind: str
    text: str
    reason: str | None
    urns: frozenset[str]
    sips: frozenset[str]


def said(event: Event, facts: Facts, *, reasons: bool) -> LogLine:
    """The event in words. Why a head refused is told only with `reasons` (managers)."""
    text, urns, sips = TOLD[type(event.fact)](event.fact, facts)
    return LogLine(
        event.n,
        event.at,
        event.by.name,
        event.by.role,
        event.kind,
        text,
        None if event.fact.confided and not reasons else event.fact.words,
        frozenset(urns),
        frozenset(sips),
    )


Told = tuple[str, Collection[str], Collection[str]]


def _schools(facts: Facts, urns: Collection[str], most: int = 4) -> str:
    names = [facts.name(u) for u in urns]
    return listed(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def _sips(facts: Facts, sips: Collection[str]) -> str:
    return listed([facts.sips[x].name if x in facts.sips else x for x in sips])


def _plan(d: PlanPut, facts: Facts) -> Told:
    moved = sorted({u for u, _ in d.moved})
    tail = f": {_schools(facts, moved)} {'has' if len(moved) == 1 else 'have'} somebody else" if moved else ""
    return f"{CAUSES[d.cause]}{tail}.", moved, []


def _sounded(d: Sounded, facts: Facts) -> Told:
    by = day(d.answer_by)
    return f"{_sips(facts, d.sips)} asked about their schools, to answer by {by}.", [], d.sips


def _proposed(d: Proposed, facts: Facts) -> Told:
    by = day(d.answer_by)
    return f"Letters to {_schools(facts, d.urns)}, to answer by {by}.", d.urns, []


def _withdrawn(d: Withdrawn, facts: Facts) -> Told:
    return f"The letter to {_schools(facts, d.urns)} was withdrawn.", d.urns, []


def _reminded(d: Reminded, facts: Facts) -> Told:
    return f"{_schools(facts, d.urns)} reminded.", d.urns, []


def _sip_answers(d: SipReplies, facts: Facts) -> Told:
    schools = _schools(facts, d.urns)
    about = f" {schools}" if d.answer in OF_ONE else f" about {schools}" if d.answer == "query" else ""
    return f"{_sips(facts, [d.sip])} {ANSWERS[d.answer]}{about}{VIA[d.via]}.", d.urns, [d.sip]


def _school_says(d: SchoolReplies, facts: Facts) -> Told:
    then = f" It goes to the {d.rung}." if isinstance(d, SchoolRefuses) and d.standing != "stands" else ""
    return f"The {d.by} of {_schools(facts, d.urns)} {ANSWERS[d.answer]}{VIA[d.via]}.{then}", d.urns, []


def _decided(d: RefusalDecided, facts: Facts) -> Told:
    where = _schools(facts, d.urns)
    if d.next_rung:
        return f"The refusal by {where} was passed to the {d.next_rung}.", d.urns, []
    return f"The refusal by {where} {'stands' if d.stands else 'does not stand: the SIP stays'}.", d.urns, []


def _query_closed(d: QueryClosed, facts: Facts) -> Told:
    why = "it bars the pair, which" if d.about == "interest" else "the SIP let go: the pair"
    then = f" and {why} is to be planned again" if d.opens else ""
    return f"Question {d.query}, about {_schools(facts, d.urns)}, was answered{then}.", d.urns, []


def _governors(d: GovernorsSay, facts: Facts) -> Told:
    return (
        f"The governors of {facts.name(d.urn)} said {'yes' if d.yes else 'no'} for the appraisal.",
        [d.urn],
        [],
    )


def _confirmed(d: PairsConfirmed, facts: Facts) -> Told:
    urns = [ref[0] for ref in d.pairs]
    return f"{_schools(facts, list(dict.fromkeys(urns)))} confirmed.", urns, []


def _in_force(d: PutInForce, facts: Facts) -> Told:
    return "The plan is in force.", [], []


def _raised(d: TakenUp, facts: Facts) -> Told:
    by = day(d.decide_by)
    return (
        f"The head of {_schools(facts, d.urns)} took the decision to the {d.rung}, to be looked at by {by}.",
        d.urns,
        [],
    )


def _told(d: StandingTold, facts: Facts) -> Told:
    whom = [x for x in (_schools(facts, list(d.schools)), _sips(facts, list(d.sips))) if x]
    return f"{' and '.join(whom)} told what now stands.", list(d.schools), list(d.sips)


def _letters(d: LettersKept, facts: Facts) -> Told:
    n, urns = len(d.letters), sorted({u for x in d.letters if x.role != "sip" for u in x.urns})
    return (
        f"{n} {noun(n, 'letter')} kept as sent.",
        urns,
        [x.key for x in d.letters if x.role == "sip"],
    )


TOLD: dict[type[Fact], Callable[[Any, Facts], Told]] = {
    PlanPut: _plan,
    Sounded: _sounded,
    Proposed: _proposed,
    Withdrawn: _withdrawn,
    Reminded: _reminded,
    SchoolAccepts: _school_says,
    SchoolAsks: _school_says,
    SchoolRefuses: _school_says,
    SipReplies: _sip_answers,
    RefusalDecided: _decided,
    QueryClosed: _query_closed,
    GovernorsSay: _governors,
    PairsConfirmed: _confirmed,
    PutInForce: _in_force,
    TakenUp: _raised,
    StandingTold: _told,
    LettersKept: _letters,
}


@router.get("/rounds/{id}/log")
def log(
    request: Request,
    id: Id,
    who: Reader,
    office: In,
    kind: Annotated[str, Query(max_length=30)] = "",
    by: Annotated[str, Query(max_length=200)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    audit: bool = False,
) -> Response:
    """Newest first; narrowed by what, who and words. With `audit`: access refused, exports, sign-ins of the
    programme."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        facts = around(s, id, who)
        events = keep.events_of(s, id)
        case = keep.case_row(s, id)
        audited = _audit(s, row.programme_id) if audit else []
    known = Facts(*keep.case_of(case)) if case else Facts(Case(year="", schools=(), sips=()), Policy())
    whole = audited if audit else [said(e, known, reasons=who.role == "manager") for e in reversed(events)]
    people = sorted({x.by for x in whole})
    found = [
        x
        for x in whole
        if kind in ("", x.kind) and by in ("", x.by) and text.casefold() in f"{x.text} {x.reason or ''}".casefold()
    ]
    pages = max(1, -(-len(found) // A_PAGE))
    shown = found[(min(page, pages) - 1) * A_PAGE :][:A_PAGE]
    kinds = sorted({(x.kind, KINDS.get(x.kind, x.kind.capitalize())) for x in whole}, key=lambda k: k[1])
    return show(
        request,
        "log.html",
        who,
        **facts,
        lines=shown,
        total=len(found),
        kinds=kinds,
        people=people,
        kind=kind,
        by=by,
        text=text,
        page=min(page, pages),
        pages=pages,
        audit=audit,
    )


def _audit(s: Any, programme: str) -> list[LogLine]:
    names = names_in(s, programme)
    rows = sa.select(AuditRow).where(AuditRow.programme_id == programme).order_by(AuditRow.n.desc())
    return [
        LogLine(
            a.n,
            a.at,
            names.get(a.person_id or "", "the service"),
            a.role or "service",
            a.action,
            f"{a.action.capitalize()}: {a.subject}" + (f" ({a.detail})" if a.detail else ""),
            None,
            frozenset(),
            frozenset(),
        )
        for a in s.scalars(rows)
    ]
