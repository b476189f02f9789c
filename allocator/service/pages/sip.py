"""The SIP's page: schools offered, days, a map, a word back, and in May what is asked. Nothing of other schools or
people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from allocator.domain.before import last_year
from allocator.domain.facts import Facts
from allocator.domain.round import Pair
from allocator.report import letters, sip_letters
from allocator.report.own_map import own_map
from allocator.rounds.ask_first import Asked
from allocator.service.access import In, Office, Partner
from allocator.service.actions.answers import answer
from allocator.service.http_problems import HttpProblem
from allocator.service.own import Before, about, found, rounds_before
from allocator.service.pages import ask_forms
from allocator.service.pages.ask_round import Named, address, facts_of, refuse_late, round_of, still_open, typed
from allocator.service.pages.ground import Fields, Form, PageRoute, done, show
from allocator.service.reached import desks_of, ring
from allocator.service.roles import Who
from allocator.service.schemas import AnswerIn
from allocator.service.sent import kept, to_sip
from allocator.service.subject_access import held_on
from allocator.service.views import own_pair
from allocator.store import questionnaires
from allocator.store.tables import Programme, RoundRow
from allocator.words import PERIODS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=32)]
SAYS = ("accept", "query", "move_on", "decline", "interest")


@dataclass(frozen=True)
class OfferedSchool:
    """One school offered: its number on the map, why, its days, and the form's token."""

    n: int
    pair: Pair
    school: str
    phase: str
    post: str
    days: float
    text: str
    concern: str  # a category of concern, where policy asks for experience of it: why this SIP was asked
    km: float | None
    about: str
    had: bool  # last year too: who comes new says no, and does not ask to move on


def offers(before: Before, who: Who) -> list[OfferedSchool]:
    numbers = {u: n for n, u in enumerate(dict.fromkeys(p.urn for p in before.pairs), 1)}
    facts, out = before.desk.facts, []
    for p in before.pairs:
        row, metres = before.desk.row(p), facts.metres(p.urn, p.sip)
        out.append(
            OfferedSchool(
                numbers[p.urn],
                p,
                row.school,
                facts.schools[p.urn].phase,
                p.post,
                row.days,
                own_pair(before.desk, before.ready, p, who).text,
                sip_letters.concern(before.desk, p.urn),
                round(metres / 1000, 1) if metres is not None else None,
                about(before, p),
                last_year(facts, p.urn, p.post) == p.sip,
            )
        )
    return out


def year_of(before: Before) -> list[tuple[str, float, float | None]]:
    """(part of the year, days asked for, the most you offered in it)."""
    rows = sip_letters.sip_rows(before.desk, before.pairs[0].sip)
    sip = before.desk.facts.sips[before.pairs[0].sip]
    return [(name, sum(getattr(a.periods, k) for a in rows), getattr(sip, f"{k}_days")) for k, name in PERIODS.items()]


@router.get("/sip")
def first(request: Request, who: Partner, office: In) -> Response:
    """What is offered to this SIP, in each programme."""
    with office.db.read() as s:
        shown = []
        for before in rounds_before(s, who):
            sip, facts = before.pairs[0].sip, before.desk.facts
            schools = [facts.schools[u] for u in dict.fromkeys(p.urn for p in before.pairs)]
            drawn = own_map(facts.sips[sip], schools)
            shown.append(
                {
                    "programme": before.programme,
                    "year": facts.case.year,
                    "offers": offers(before, who),
                    "parts": year_of(before),
                    "map": Markup(drawn) if drawn else None,  # drawn by us, every name escaped
                    "asked": before.desk.round.soundings.get(sip),
                    "total": sum(a.days for a in sip_letters.sip_rows(before.desk, sip)),
                    "questions": [
                        (
                            q,
                            before.desk.facts.name(q.urn),
                            sip_letters.decided(before.desk, q) if q.outcome else "",
                            sip_letters.next_step(before.desk, [q]) if q.outcome else "",
                        )
                        for q in before.desk.round.queries
                        if q.sip == sip
                    ],
                    "in_force": before.desk.round.in_force,
                    "lost": sip_letters.lost(before.desk, sip),
                    "of_offered": sip_letters.of_offered(before.desk, sip),
                    "replies": before.desk.rules.query_days,
                    "made": letters.made(
                        sip_letters.sip_rows(before.desk, sip), all(p.stage == "confirmed" for p in before.pairs)
                    ),
                    "letters": kept(s, before.row.id, before.desk.round, to_sip(sip)),
                }
            )
        return show(request, "sip.html", who, rounds=shown, reach=desks_of(s, who))


@router.get("/sip/answer")
def words(request: Request, who: Partner, office: In, about: Word = "", say: Word = "") -> Response:
    """A question, a tie, or a wish to move on: what happens next and who will see it, before it is sent."""
    return words_page(request, who, office, about, say)


def words_page(
    request: Request, who: Who, office: Office, about: str, say: str, form: Fields | None = None
) -> Response:
    with office.db.read() as s:
        before, pair = found(s, who, about)
        if say not in SAYS[1:]:
            raise HttpProblem("not_found", "There is no such page.")
        errors = form.wrong if form else {}
        return show(
            request,
            "sip-answer.html",
            who,
            422 if form else 200,
            school=before.desk.facts.name(pair.urn),
            post=pair.post,
            about=about,
            say=say,
            typed=form.data if form else {},
            days=before.desk.rules.query_days,
            **errors,
        )


@router.post("/sip/answer")
def say(request: Request, who: Partner, office: In, form: Form) -> Response:
    """Yes to all, a question, a tie, or a wish to move on."""
    request.state.if_match = None  # what others do to the round is no concern of this one: `about` guards it
    asked, word, reason = form.text("about") or "", form.text("say") or "", form.text("reason")
    if word not in SAYS:
        raise HttpProblem("invalid", "Say yes, ask, declare a tie, say no to one school, or ask to move on.")
    wanted = {"query": "Write your question", "move_on": "Say why in a sentence", "decline": "Say why in a sentence"}
    if word in wanted and not reason and not form.errors:
        form.errors["reason"] = wanted[word]
    if form.errors:
        return words_page(request, who, office, asked, word, form)
    with office.db.read() as s:
        before, pair = found(s, who, asked)
        plan = before.plan.id
    fields = {"urn": pair.urn, "post": pair.post, "answer": word, "reason": reason}
    answer(office, request, who, plan, AnswerIn.model_validate(fields))
    told = {
        "accept": "Thank you. Your yes is written down.",
        "query": "Your question is with the SIP manager.",
        "move_on": "Your wish is with the SIP manager, who will talk to you before the school hears of it.",
        "decline": "It is with the SIP manager, who decides and tells you why. The school hears nothing until then.",
        "interest": "Thank you for saying so. The SIP manager will talk to you.",
    }
    return done("/sip", told[word])


@router.get("/sip/held")
def held(request: Request, who: Partner, office: In) -> Response:
    """Everything held on this person, to be printed (domain 3.7)."""
    with office.db.read() as s:
        return show(request, "held.html", who, parts=held_on(s, who), back="/sip", of=None)


@router.get("/sip/ask")
def asked(request: Request, who: Partner, office: In, round: Named = None) -> Response:
    """The SIP's form."""
    with office.db.read() as s:
        row, facts, sip = _own_sip(s, who, round)
        so_far = questionnaires.asked(s, row.id).get(("sip", sip), Asked())
        return show(
            request,
            "sip-ask.html",
            who,
            **ask_forms.sip_form(facts, sip, so_far, by_phone=False),
            open=still_open(s, row),
            ring=ring(s.get_one(Programme, row.programme_id).telephone),
            action=address("/sip/ask", row.id),
            errors={},
            again=None,
        )


def _own_sip(s: Session, who: Who, named: str | None) -> tuple[RoundRow, Facts, str]:
    row = round_of(s, who, named)
    facts, sip = facts_of(s, row), who.sip(row.programme_id)
    if sip is None or sip not in facts.sips:
        raise HttpProblem("not_found", "You are not on the list of SIPs asked this year.")
    return row, facts, sip


@router.post("/sip/ask")
def answers(request: Request, who: Partner, office: In, form: Form, round: Named = None) -> Response:
    """The SIP's word, kept."""
    with office.db.write() as s:
        row, facts, sip = _own_sip(s, who, round)
        refuse_late(s, row)
        word = ask_forms.sip_word(form, facts, sip)
        if word is None:
            so_far = questionnaires.asked(s, row.id).get(("sip", sip), Asked())
            return show(
                request,
                "sip-ask.html",
                who,
                422,
                **ask_forms.sip_form(facts, sip, so_far, by_phone=False),
                open=True,
                action=address("/sip/ask", row.id),
                **form.wrong,
                again=typed(form),
            )
        questionnaires.record(
            s, row.id, ("sip", sip), "answered", who.person(row.programme_id), word.model_dump(mode="json")
        )
    return done(address("/sip/ask", row.id), "Thank you. Your answer is kept. You may change it below.")
