"""Asking first, for the manager: who has been offered and has answered, chasing, answers by telephone, into the
case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from allocator.domain.facts import Facts
from allocator.domain.round import Person
from allocator.domain.since import since
from allocator.questions.veto import one_answer
from allocator.report.letters import contact
from allocator.rounds.ask_first import OPEN, Asked, Key, SchoolWord, Step, Whose, schools_asked, sips_asked, taken
from allocator.service import inviting, posting
from allocator.service.access import In, Manager, Office, Reader, round_in, writing
from allocator.service.http_problems import HttpProblem
from allocator.service.inviting import Invited
from allocator.service.outbox import base_of
from allocator.service.pages import ask_forms
from allocator.service.pages.ask_round import facts_of, typed
from allocator.service.pages.given import around
from allocator.service.pages.ground import Form, PageRoute, done, saved, show
from allocator.service.pages.out import merge_file
from allocator.service.roles import Who
from allocator.service.schemas import Id, UrnPath
from allocator.store import keep, questionnaires
from allocator.store.tables import LetterRow, Programme, RoundRow
from allocator.words import counted, day

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SUBJECT = {
    ("school", "offered"): "Your School Improvement Partner next year: what would you like?",
    ("school", "reminded"): "A reminder: what would you like of your School Improvement Partner?",
    ("sip", "offered"): "Your work as a School Improvement Partner next year: what can you give?",
    ("sip", "reminded"): "A reminder: what can you give as a School Improvement Partner next year?",
}
SHORT = {"keep": "Keep", "change": "Change", "must": "Change, strongly", "discuss": "Talk first", "": "No SIP yet"}
WAYS = {"": "All", "unasked": "Not yet asked", "silent": "Asked, no answer", "answered": "Answered"}
Narrow = Annotated[str, Query(max_length=200)]
Narrowed = Annotated[str, Query(alias="show", max_length=20)]
STEPS: dict[str, Step] = {"offered": "offered", "reminded": "reminded"}
NO_WAY = (
    "No mail server is set, so the offer cannot go out, and links are shown only to a manager of every "
    "programme here. Ask whoever runs the service to set one; until then, take answers down by telephone."
)
WHAT: dict[Whose, str] = {"school": "what they would like", "sip": "for their days, times away and ties to schools"}
LETTER = """{who},

before we plan next year we ask everyone {what}. Please answer by {by}. It takes about five \
minutes, and you may change your answer until we write to you with a proposal. If you do not \
answer, we take it that you would like things to go on as they are.

Open this page and press the button to come in:

{link}

{sender}
{programme}
{contact}
"""


@router.get("/rounds/{id}/ask")
def overview(request: Request, id: Id, who: Reader, office: In, q: Narrow = "", show_: Narrowed = "") -> Response:
    """Who has been asked and has answered, and what the answers would change."""
    with office.db.read() as s:
        facts = around(s, id, who)
        if facts["case_row"] is None:
            return show(request, "ask.html", who, **facts, schools=[], sips=[])
        standing = _standing(s, id, office)
    way = show_ if show_ in WAYS else ""
    found = [x for x in (*standing["schools"], *standing["sips"]) if _fits(x, q, way)]
    return show(request, "ask.html", who, **facts, **standing, found=found, q=q, show=way, ways=WAYS)


@dataclass(frozen=True)
class Line:
    """A row of the table: who, how it stands, and the answer in a few words."""

    whose: str
    key: str
    name: str
    email: str | None
    asked: Asked
    short: str


def _fits(line: Line, q: str, way: str) -> bool:
    """Whether its name has the words and it stands as asked for."""
    now = line.asked
    fits = {
        "": True,
        "unasked": now.offered_on is None,
        "silent": now.offered_on is not None and now.answered_on is None,
        "answered": now.answered_on is not None,
    }
    return fits[way] and all(w in line.name.casefold() for w in q.casefold().split())


def _standing(s: Session, id: str, office: Office) -> dict[str, Any]:
    row = keep.case_row(s, id)
    assert row is not None
    facts, log = Facts(*keep.case_of(row)), questionnaires.asked(s, id)
    mail = {(i.role, i.urn or i.sip): i.email for i in inviting.of_case(facts.case)}
    schools = [_line(("school", x.urn), x.name, mail.get(("head", x.urn)), log) for x in schools_asked(facts)]
    sips = [_line(("sip", x.sip), x.name, mail.get(("sip", x.sip)), log) for x in sips_asked(facts)]
    made = taken(facts.case, facts.policy, log)
    return {
        "schools": schools,
        "sips": sips,
        "made": made,
        "parts": since(facts.case, made.case),
        "mails": bool(office.settings.smtp_url),
        "open": keep.standing(s, id).state in OPEN,
        "until": dt.date.today() + dt.timedelta(days=facts.policy.round.answer_days),
        "waiting": [x for x in (*schools, *sips) if x.asked.answered_on is None],
    }


def _line(key: Key, name: str, email: str | None, log: dict[Key, Asked]) -> Line:
    now = log.get(key, Asked())
    short = ""
    if now.word and key[0] == "school":
        word = SchoolWord.model_validate(now.word)
        short = SHORT["must" if word.strongly else word.going_on or ""]
    elif now.word:
        short = f"{now.word['days']:g} days, {len(now.word['ties'])} ties"
    return Line(*key, name, email, now, short)


@router.post("/rounds/{id}/ask")
def offer(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The offer or a reminder goes out: by mail where a server is set, else as links to copy into letters of one's
    own."""
    if (step := STEPS.get(form.text("step") or "")) is None:
        raise HttpProblem("invalid", "Say whether to ask those not yet asked or to remind those who have not answered.")
    with writing(request, office, who, id) as (s, row):
        if not (office.settings.smtp_url or inviting.shows_links(office, s, who)):
            raise HttpProblem("round_refuses", NO_WAY)
        facts, log = facts_of(s, row), questionnaires.asked(s, id)
        whom = [
            w for w in inviting.of_case(facts.case) if w.role in ("head", "sip") and _due(_key(w), facts, log, step)
        ]
        only = form.text("only")
        busy = posting.on_their_way(s, id, "ask")
        whom = [w for w in whom if only in (None, ":".join(_key(w))) and ":".join(_key(w)) not in busy]
        if not whom:
            raise HttpProblem(
                "round_refuses",
                "There is nobody to write to: everybody with an address has been asked or has answered.",
            )
        base, by, mails = base_of(office, request), who.person(row.programme_id), bool(office.settings.smtp_url)
        until = ask_forms.answer_by(form, f"{step}_by", facts.policy.round.answer_days)
        said = {"answer_by": until.isoformat()}
        words = partial(_letter, step, who.name, s.get_one(Programme, row.programme_id), until)
        pages = [
            (w, f"/{'school' if w.urn else 'sip'}/ask?round={id}" + (f"&urn={w.urn}" if w.urn else "")) for w in whom
        ]
        if mails:
            going = [
                posting.write(office, s, row, "ask", ":".join(_key(w)), w, path, base, partial(words, w))
                for w, path in pages
            ]
        else:
            links = [(w, inviting.letter_link(office, s, row.programme_id, w, base, path)) for w, path in pages]
            for w in whom:
                questionnaires.record(s, id, _key(w), step, by, {"how": "link"} | said)
        keep.note(s, by, f"choice {step}", id, programme=row.programme_id, detail=f"{len(whom)} people")
        facts_now = around(s, id, who)
    if not mails and form.text("as") == "csv":
        led = facts.led_last_year
        leads = {u: facts.sips[x].name for x, urns in led.items() if x in facts.sips for u in urns}
        rows = [
            (
                w.name,
                w.email,
                facts.name(w.urn) if w.urn else "",
                w.urn,
                leads.get(w.urn, "") if w.urn else facts.sips[w.sip].name,
                link,
                *words(w, link),
            )
            for w, link in links
        ]
        return saved(request, merge_file(rows), "links.csv", "text/csv; charset=utf-8")
    if not mails:
        return show(
            request,
            "ask-links.html",
            who,
            **facts_now,
            letters=links,
            names=facts.schools,
            hours=office.settings.shown_hours,
        )
    answer = done(
        f"/rounds/{id}/ask",
        (
            f"{counted(len(going), 'letter')} {'is' if len(going) == 1 else 'are'} on the way. Reload this "
            "page to see who has theirs."
        ),
    )
    answer.background = BackgroundTask(_send, office, row.programme_id, going, step, by, said)
    return answer


def _key(w: Invited) -> Key:
    return ("school", w.urn) if w.urn else ("sip", w.sip)


def _due(key: Key, facts: Facts, log: dict[Key, Asked], step: Step) -> bool:
    """In the run, and not yet asked; or asked and silent."""
    if key[0] == "school" and not facts.in_run(facts.schools[key[1]]):
        return False
    if key[0] == "sip" and facts.sips[key[1]] not in sips_asked(facts):
        return False
    now = log.get(key, Asked())
    asked_before = now.offered_on is not None
    return now.answered_on is None and asked_before == (step == "reminded")


def _letter(step: Step, sender: str, programme: Programme, by: dt.date, to: Invited, link: str) -> tuple[str, str]:
    below, whose = contact(programme.office, programme.telephone), _key(to)[0]
    text = LETTER.format(
        who=to.name,
        what=WHAT[whose],
        by=day(by),
        link=link,
        sender=sender,
        programme=programme.name,
        contact=below,
    )
    return SUBJECT[whose, step], f"{text.rstrip()}\n"


def _send(
    office: Office, programme: str, going: Sequence[LetterRow], step: Step, by: Person, said: dict[str, str]
) -> None:
    """Asked is who had their letter taken."""
    taken = posting.send(office, by, programme, going)
    with office.db.write() as s:
        for o in taken:
            kind, _, key = o.key.partition(":")
            whose: Whose = "sip" if kind == "sip" else "school"
            questionnaires.record(s, o.round_id, (whose, key), step, by, {"how": "mail"} | said)


@router.post("/rounds/{id}/ask/take")
def take(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """All answers not yet in the case, into it, as its next version."""
    with writing(request, office, who, id) as (s, row):
        before = keep.case_row(s, id)
        if before is None:
            raise HttpProblem(
                "round_refuses", "This round has no data yet: there is nothing for the answers to go into."
            )
        case, policy = keep.case_of(before)
        made = taken(case, policy, questionnaires.asked(s, id))
        if not made.keys:
            raise HttpProblem("round_refuses", "There is no answer that is not yet in the data.")
        by = who.person(row.programme_id)
        kept = keep.keep_case(s, row, made.case, policy, before.problems, by)
        for key in made.keys:
            questionnaires.record(s, id, key, "taken", by, {"case": kept.n})
        keep.note(
            s, by, "answers taken", id, programme=row.programme_id, detail=f"{len(made.keys)} answers, version {kept.n}"
        )
    return done(
        f"/rounds/{id}/ask",
        (
            f"{counted(len(made.keys), 'answer')} {'is' if len(made.keys) == 1 else 'are'} in the data, as its "
            f"version {kept.n}. Earlier versions stay."
        ),
    )


# -- one answer, seen or taken down by telephone -------------------------------------------------------------------


@router.get("/rounds/{id}/ask/schools/{urn}")
def school(request: Request, id: Id, urn: UrnPath, who: Reader, office: In) -> Response:
    """A school's answer, or the form to take one down by telephone."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        facts = facts_of(s, row)
        _there(facts.schools, urn)
        return _school_page(request, s, row, facts, urn, who, questionnaires.asked(s, id).get(("school", urn), Asked()))


def _there(rows: dict[str, Any], key: str) -> None:
    if key not in rows:
        raise HttpProblem("not_found", f"{key} is not in the data of this round.")


def _school_page(
    request: Request,
    s: Session,
    row: RoundRow,
    facts: Facts,
    urn: str,
    who: Who,
    so_far: Asked,
    status: int = 200,
    **more: Any,
) -> Response:
    group = [facts.schools[u] for u in one_answer(facts, urn)]
    drawn = ask_forms.school_form(facts, group, so_far, by_phone=True)
    return show(
        request,
        "school-ask.html",
        who,
        status,
        **around(s, row.id, who),
        **drawn,
        open=who.role == "manager",
        asks=keep.standing(s, row.id).state in OPEN,
        round_id=row.id,
        action=f"/rounds/{row.id}/ask/schools/{urn}",
        **{"errors": {}, **more},
    )


@router.post("/rounds/{id}/ask/schools/{urn}")
def school_by_phone(request: Request, id: Id, urn: UrnPath, who: Manager, office: In, form: Form) -> Response:
    """A school's word, taken down for it."""
    with office.db.write() as s:
        row = round_in(s, who, id)
        facts = facts_of(s, row)
        _there(facts.schools, urn)
        group = [facts.schools[u] for u in one_answer(facts, urn)]
        word = ask_forms.school_word(form, facts, group, by_phone=True)
        if form.errors:
            so_far = Asked(word=word.model_dump(mode="json"))
            return _school_page(request, s, row, facts, urn, who, so_far, 422, **form.wrong)
        by = who.person(row.programme_id)
        for x in group:
            questionnaires.record(s, id, ("school", x.urn), "answered", by, word.model_dump(mode="json"))
    return done(f"/rounds/{id}/ask", f"The answer of {facts.name(urn)} is kept.")


@router.get("/rounds/{id}/ask/sips/{sip}")
def sip(request: Request, id: Id, sip: UrnPath, who: Reader, office: In) -> Response:
    """A SIP's answer, or the form to take one down by telephone."""
    with office.db.read() as s:
        row = round_in(s, who, id)
        facts = facts_of(s, row)
        _there(facts.sips, sip)
        return _sip_page(request, s, row, facts, sip, who)


def _sip_page(
    request: Request, s: Session, row: RoundRow, facts: Facts, sip: str, who: Who, status: int = 200, **more: Any
) -> Response:
    so_far = questionnaires.asked(s, row.id).get(("sip", sip), Asked())
    drawn = ask_forms.sip_form(facts, sip, so_far, by_phone=True)
    return show(
        request,
        "sip-ask.html",
        who,
        status,
        **around(s, row.id, who),
        **drawn,
        open=who.role == "manager",
        action=f"/rounds/{row.id}/ask/sips/{sip}",
        **{"errors": {}, "again": None, **more},
    )


@router.post("/rounds/{id}/ask/sips/{sip}")
def sip_by_phone(request: Request, id: Id, sip: UrnPath, who: Manager, office: In, form: Form) -> Response:
    """A SIP's word, taken down for them."""
    with office.db.write() as s:
        row = round_in(s, who, id)
        facts = facts_of(s, row)
        _there(facts.sips, sip)
        word = ask_forms.sip_word(form, facts, sip)
        if word is None:
            return _sip_page(request, s, row, facts, sip, who, 422, **form.wrong, again=typed(form))
        questionnaires.record(
            s, id, ("sip", sip), "answered", who.person(row.programme_id), word.model_dump(mode="json")
        )
    return done(f"/rounds/{id}/ask", f"The answer of {facts.sips[sip].name} is kept.")
