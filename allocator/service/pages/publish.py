"""Telling people: SIPs sounded out first, letters to schools in stages, reminders, and closing when the date has
passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.round import Sounding, State
from allocator.errors import RoundRefuses, UsageError
from allocator.report import sip_letters
from allocator.service import outbox
from allocator.service.access import In, Manager, Office, Reader, fresh
from allocator.service.actions.answers import publish
from allocator.service.http_problems import HttpProblem
from allocator.service.inviting import shows_links
from allocator.service.outbox import addressed, batch
from allocator.service.pages.ground import Fields, Form, PageRoute, days, done, saved, show
from allocator.service.pages.out import MAKE, merge_file
from allocator.service.pages.place import Place, by_letter, choices_of, narrowed, place_in, school_lines
from allocator.service.pages.previews import LettersAsked, Looked, asked_in, looked_through, previewed
from allocator.service.pages.publish_letters import about, again, asking, looked_at, mail_out
from allocator.service.roles import Who
from allocator.service.schemas import Id, Publication
from allocator.service.sent import asked_as
from allocator.store import keep
from allocator.words import counted, listed

STATE_WORDS = {
    "school": "proposed",
    "changed": "other days or dates",
    "cover": "who stands in",
    "ended": "an ending",
    "decided": "what was decided",
    "confirmed": "confirmed",
}
router = APIRouter(route_class=PageRoute, include_in_schema=False)
Choice = Annotated[str, Query(max_length=200)]
SHOWN = {
    "waiting": ("proposed",),
    "yes": ("accepted", "overruled", "confirmed"),
    "refused": ("refused",),
    "asked": ("queried",),
}


@router.get("/rounds/{id}/publish")
def telling(
    request: Request,
    id: Id,
    who: Reader,
    office: In,
    need: Choice = "",
    group: Choice = "",
    sip: Choice = "",
    show_: Annotated[str, Query(alias="show", max_length=20)] = "",
    q: Choice = "",
) -> Response:
    """Who has been told, who has answered, and what is due."""
    return page(request, id, who, office, {"need": need, "group": group, "sip": sip, "show": show_, "q": q})


def page(
    request: Request, id: str, who: Who, office: Office, asked: dict[str, str], form: Fields | None = None
) -> Response:
    """The page, with the errors of a form that could not be taken."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        mailed, personal = outbox.sent(s, at.row), shows_links(office, s, who)
    desk, today = at.desk, dt.date.today()
    lines = school_lines(desk, mailed)
    held = rounds.held_back(desk)
    untold = [x for x in lines if any(p.stage == "draft" for _, _, p in x.posts)]
    drafts = [x for x in untold if x.urn not in held]
    told = [x for x in lines if any(p.stage != "draft" for _, _, p in x.posts)]
    late = {u for u, by in rounds.outstanding(desk).items() if by < today}
    wanted, to_tell = SHOWN.get(asked.get("show", "")), rounds.to_tell(desk)
    shown = [x for x in told if x.urn in late] if asked.get("show") == "late" else told
    shown = [x for x in shown if x.names(asked.get("q", ""))]
    stay = narrowed(drafts, asked.get("need", ""), asked.get("group", ""), asked.get("sip", ""))
    facts = {
        **at.facts,
        "drafts": stay,
        "parts": by_letter(stay),
        "all_drafts": len(untold),
        "all_schools": len(lines),
        "held": [(desk.name(u), said) for u, said in held.items()],
        "told": [x for x in shown if wanted is None or x.stage in wanted],
        "all_told": len(told),
        "late": late,
        "due": set(rounds.reminders(desk, today)),
        "asked": {"need": "", "group": "", "sip": "", "show": "", "q": "", **asked},
        "choices": choices_of(lines),
        "count": {k: sum(x.stage in v for x in told) for k, v in SHOWN.items()},
        "team": team_of(at, mailed),
        "rules": desk.rules,
        "by_default": letters_due(desk, today),
        "mail": bool(office.settings.smtp_url),
        "personal": personal,
        "telling": len(to_tell[0]) + len(to_tell[1]),
        "whom_to_tell": _whom(desk, *to_tell),
        "ticked": [],
    }
    errors = (
        {"errors": form.errors, "summary": form.summary, "ticked": form.all("urns") + form.all("sips")} if form else {}
    )
    return show(request, "publish.html", who, 422 if form else 200, **facts | errors)


def _whom(desk: rounds.Desk, schools: outbox.States, sips: Mapping[str, Sequence[State]]) -> str:
    """The first of those to be told, each with what."""
    said = [
        f"{' and '.join(desk.facts.name(u) for u in g)} ({', '.join(STATE_WORDS[x] for x in due)})"
        for g, due in schools.items()
    ]
    said += [
        f"{desk.facts.sips[x].name if x in desk.facts.sips else x} ({', '.join(STATE_WORDS[y] for y in due)})"
        for x, due in sips.items()
    ]
    return listed(said if len(said) < 7 else [*said[:5], f"{len(said) - 5} others"])


def letters_due(desk: rounds.Desk, today: dt.date) -> dt.date:
    return rounds.deadline(desk, today, None)


@dataclass(frozen=True)
class SipLine:
    """A SIP with a pair: how many schools and days, and what they said when sounded out. `new`: schools that they
    have not agreed to."""

    sip: str
    name: str
    schools: int
    days: str
    asked: Sounding | None
    mailed: dt.datetime | None
    new: list[str]


def team_of(at: Place, mailed: dict[tuple[str, str], dt.datetime]) -> list[SipLine]:
    desk, out = at.desk, []
    for sip in sorted({p.sip for p in desk.round.everyone}, key=lambda x: desk.facts.sips[x].name):
        rows = sip_letters.sip_rows(desk, sip)
        out.append(
            SipLine(
                sip,
                desk.facts.sips[sip].name,
                schools=len({a.urn for a in rows}),
                days=days(sum(a.days for a in rows)),
                asked=desk.round.soundings.get(sip),
                mailed=mailed.get(("sip", sip)),
                new=sorted({desk.facts.name(p.urn) for p in rounds.offered(desk, sip)}),
            )
        )
    return out


def date_of(form: Fields, name: str, today: dt.date) -> dt.date | None:
    """The date of the form; an error on the field where it has passed."""
    on = form.date(name)
    if on is not None and on < today:
        form.errors[name] = "Give a date that has not passed"
    return on


@router.post("/rounds/{id}/publish/sound")
def sound(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """SIPs are asked before schools are told, each by a letter with their schools."""
    by, sips = date_of(form, "sip_date", dt.date.today()), form.all("all_sips" if form.text("all") else "sips")
    if not sips:
        form.errors["sips"] = "Tick the SIPs to ask"
    if form.errors:
        return page(request, id, who, office, {}, form)
    at = looked_at(request, office, id, who)
    if office.settings.smtp_url:
        rounds.sound(at.desk, sips, dt.date.today(), by)  # refused before any letter goes
    how = {x: (asked_as(at.desk, x),) for x in sips}
    post_ = mail_out(request, office, who, at, {}, how, answer_by=by, by_hand=True)
    if post_.told:
        publish(office, request, who, at.plan.id, Publication(action="sound", sips=sorted(post_.told), answer_by=by))
    return done(f"/rounds/{id}/publish", f"{counted(len(post_.told), 'SIP')} asked. {post_.said}")


@router.get("/rounds/{id}/publish/check")
def check_all(request: Request, id: Id, who: Reader, office: In, asked: Looked) -> Response:
    """The letters of all schools not yet told, straight from the desk."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        held = rounds.held_back(at.desk)
        urns = sorted({p.urn for p in at.desk.round.everyone if p.stage == "draft" and p.urn not in held})
        if not urns:
            return RedirectResponse(f"/rounds/{id}/publish", 303)
        return before_they_go(request, s, at, who, office, urns, None, asked)


@router.post("/rounds/{id}/publish/check")
def check(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The letters about to go, before any goes. Nothing is written."""
    by, urns = date_of(form, "date", dt.date.today()), form.all("shown" if form.text("all") else "urns")
    if not urns:
        form.errors["urns"] = "Tick the schools to tell, or take all that are shown"
    if form.errors:
        return page(request, id, who, office, {k: form.text(k) or "" for k in ("need", "group", "sip")}, form)
    with office.db.read() as s:
        at = place_in(s, id, who)
        fresh(request, at.row)
        return before_they_go(request, s, at, who, office, urns, by, asked_in(form))


def before_they_go(
    request: Request,
    s: Session,
    at: Place,
    who: Who,
    office: Office,
    urns: Sequence[str],
    by: dt.date | None,
    asked: LettersAsked,
) -> Response:
    """The letters to these schools, or why they cannot go yet."""
    today = dt.date.today()
    try:
        going = rounds.propose(at.desk, urns, today, by).urns
        stopped = None
    except (RoundRefuses, UsageError) as error:
        going, stopped = (), error.text
    shared = batch(office, s, request, who, at.row, at.plan, at.desk, by)
    ready = previewed(s, at, shared, asking(at.desk, going), {})
    return show(
        request,
        "publish-check.html",
        who,
        409 if stopped else 200,
        **at.facts,
        **looked_through(ready, asked),
        going=going,
        stopped=stopped,
        answer_by=rounds.deadline(at.desk, today, by),
        fields=again_fields(at, urns, by) if request.method == "POST" else [],
        added=sorted(set(going) - set(urns)),
        desk=at.desk,
        mail=bool(office.settings.smtp_url),
    )


def again_fields(at: Place, urns: Sequence[str], by: dt.date | None) -> list[tuple[str, object]]:
    """The form that chose these schools, to be sent again."""
    date = [("date-day", by.day), ("date-month", by.month), ("date-year", by.year)] if by else []
    return [("version", at.row.version), *(("urns", u) for u in urns), *date]


@router.post("/rounds/{id}/publish/send")
def tell(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The letters go."""
    urns, given = form.all("urns"), form.text("answer_by")
    try:
        by = dt.date.fromisoformat(given) if given else None
    except ValueError:
        raise HttpProblem("invalid", "Give the date to answer by again: go back and choose it.") from None
    at = looked_at(request, office, id, who)
    going = rounds.propose(at.desk, urns, dt.date.today(), by).urns  # refused before any letter goes
    by_hand = bool(form.text("by_hand"))
    post_ = mail_out(request, office, who, at, asking(at.desk, going), {}, answer_by=by, by_hand=by_hand)
    if post_.told:
        publish(office, request, who, at.plan.id, Publication(action="propose", urns=sorted(post_.told), answer_by=by))
    return done(f"/rounds/{id}/publish?show=waiting", f"{counted(len(post_.told), 'school')} told. {post_.said}")


@router.get("/rounds/{id}/publish/due")
def letters_due_now(request: Request, id: Id, who: Reader, office: In, asked: Looked) -> Response:
    """The letters due that ask for no answer, as they would go: other days, endings, decisions, confirmations."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        shared = batch(office, s, request, who, at.row, at.plan, at.desk)
        ready = previewed(s, at, shared, *rounds.to_tell(at.desk))
    return show(
        request,
        "publish-due.html",
        who,
        **at.facts,
        **looked_through(ready, asked),
        mail=bool(office.settings.smtp_url),
    )


@router.post("/rounds/{id}/publish/tell")
def tell_them(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The letters that ask for no answer go."""
    at = looked_at(request, office, id, who)
    schools, sips = rounds.to_tell(at.desk)
    post_ = mail_out(request, office, who, at, schools, sips, by_hand=bool(form.text("by_hand")))
    urns, team = [u for g in schools for u in g if u in post_.told], [x for x in sips if x in post_.told]
    if post_.told:
        publish(office, request, who, at.plan.id, Publication(action="tell", urns=urns, sips=team))
    return done(
        f"/rounds/{id}/publish", f"{counted(len(urns), 'school')} and {counted(len(team), 'SIP')} told. {post_.said}"
    )


@router.post("/rounds/{id}/publish/remind")
def remind(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The reminders due today: by mail, else to be rung."""
    at = looked_at(request, office, id, who)
    due = rounds.reminders(at.desk, dt.date.today())
    whom: outbox.States = dict.fromkeys(rounds.together(at.desk, due), ("school",))
    post_ = mail_out(request, office, who, at, whom, {}, reminder=True, by_hand=True)
    if post_.told:
        publish(office, request, who, at.plan.id, Publication(action="remind"))
    count = counted(len(due) if post_.told else 0, "reminder")
    return done(f"/rounds/{id}/publish?show=waiting", f"{count} written down. {post_.said}")


@router.post("/rounds/{id}/publish/close")
def close(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The date has passed: what silence means is recorded."""
    with office.db.read() as s:
        at = place_in(s, id, who)
    today, accepts = dt.date.today(), at.desk.rules.silence == "accepts"
    late = sorted(u for u, by in rounds.outstanding(at.desk).items() if by < today)
    if not late or not accepts:
        why = "Silence settles nothing under the settings in force" if late else "No date has passed without an answer"
        raise HttpProblem("round_refuses", f"{why}: there is nothing to close.")
    publish(office, request, who, at.plan.id, Publication(action="close"))
    return done(
        f"/rounds/{id}/publish?show=yes", f"{counted(len(late), 'school')} taken as content, as nobody answered."
    )


@router.post("/rounds/{id}/publish/withdraw")
def withdraw(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A letter sent in error is taken back, with the reason; the school's page is empty again."""
    urn, reason = form.need("urn", "Name the school"), form.need("reason", "Say why in a sentence")
    if form.errors:
        raise HttpProblem("invalid", "A withdrawal is kept with its reason. Go back and say why in a sentence.")
    with office.db.read() as s:
        at = place_in(s, id, who)
        group = next((g for g in rounds.together(at.desk, [urn])), (urn,))
    publish(office, request, who, at.plan.id, Publication(action="withdraw", urns=list(group), reason=reason))
    names = " and ".join(at.desk.facts.name(u) for u in group if u in at.desk.facts.schools)
    return done(
        f"/rounds/{id}/publish", f"The letter to {names} is withdrawn. Tell the head: the page no longer shows it."
    )


@router.post("/rounds/{id}/publish/links")
def links(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Letters to print, copy or mail by hand, on a page or (`as`) as one file: csv for a mail merge, pdf, docx;
    with a personal link, shown this once, where no mail server carries it (`inviting.shows_links`), else with the
    page where its reader asks for one. A file holds the letters of those without an address, too."""
    urns, sips = form.all("urns"), form.all("sips")
    with office.db.read() as s:
        at = place_in(s, id, who)
        told = {p.urn for p in at.desk.round.everyone if p.stage != "draft"}
        personal = shows_links(office, s, who)
    if not urns and not sips:
        urns = sorted(told)
    urns, sips = [u for u in urns if u in told], [x for x in sips if x in at.desk.round.soundings]
    with office.db.write() as s:
        row, plan, desk = again(s, at)
        shared = batch(office, s, request, who, row, plan, desk)
        whom = asking(desk, urns), {x: (asked_as(desk, x),) for x in sips}
        to, without = addressed(s, row, desk, shared, *whom)
        paper = outbox.on_paper(s, row, desk, shared, *whom)
        going = outbox.handed(office, s, row, outbox.base_of(office, request), to, personal=personal)
        if personal:
            by, count = who.person(row.programme_id), f"{len(going)}"
            keep.note(s, by, "links made", row.id, programme=row.programme_id, detail=count)
    kind = form.text("as") or ""
    if kind == "csv":
        every = [(o.letter, o.email, o.link) for o in going] + [(x, "", "") for x in paper]
        rows = [(x.to, email, *about(desk, x), link, x.heading, x.text.strip()) for x, email, link in every]
        return saved(request, merge_file(rows), "letters.csv", "text/csv; charset=utf-8")
    if kind in MAKE:
        make, media = MAKE[kind]
        body = make([*(o.letter for o in going), *paper], who.name, dt.date.today(), shared.head)
        return saved(request, body, f"letters.{kind}", media)
    return show(
        request,
        "publish-links.html",
        who,
        **at.facts,
        going=going,
        paper=paper,
        without=without,
        life=office.settings.shown_hours,
        personal=personal,
    )
