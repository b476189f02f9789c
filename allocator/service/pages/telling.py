"""Telling people: SIPs sounded out first, letters to schools in stages, reminders, and closing when the date has passed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from allocator import rounds
from allocator.errors import RoundRefuses, UsageError
from allocator.report import letters
from allocator.service import letters as post
from allocator.service.asking import In, Manager, Office, Reader, fresh
from allocator.service.inviting import shows_links
from allocator.service.letters import Outgoing, addressed, batch
from allocator.service.pages.ground import Fields, Form, PageRoute, days, done, show
from allocator.service.pages.place import Place, choices_of, narrowed, place_in, school_lines
from allocator.service.people import Who
from allocator.service.problems import Refusal
from allocator.service.routes.answers import publish
from allocator.service.schemas import Id, Publication
from allocator.store import keep
from allocator.store.tables import PlanRow, RoundRow

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Choice = Annotated[str, Query(max_length=200)]
SHOWN = {"waiting": ("proposed",), "yes": ("accepted", "confirmed"), "refused": ("refused",), "asked": ("queried",)}


@router.get("/rounds/{id}/publish")
def telling(
    request: Request, id: Id, who: Reader, office: In, need: Choice = "", group: Choice = "", sip: Choice = "",
    show_: Annotated[str, Query(alias="show", max_length=20)] = "",
) -> Response:  # fmt: skip
    """Who has been told, who has answered, and what is due."""
    return page(request, id, who, office, {"need": need, "group": group, "sip": sip, "show": show_})


def page(
    request: Request, id: str, who: Who, office: Office, asked: dict[str, str], form: Fields | None = None
) -> Response:
    """The page, with the errors of a form that could not be taken."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        mailed = post.sent(s, at.row)
    desk, today = at.desk, dt.date.today()
    lines = school_lines(desk, mailed)
    drafts = [x for x in lines if any(p.stage == "draft" for _, _, p in x.posts)]
    told = [x for x in lines if any(p.stage != "draft" for _, _, p in x.posts)]
    late = {u for u, by in rounds.outstanding(desk).items() if by < today}
    wanted = SHOWN.get(asked.get("show", ""))
    shown = [x for x in told if x.urn in late] if asked.get("show") == "late" else told
    facts = {
        **at.facts, "drafts": narrowed(drafts, asked.get("need", ""), asked.get("group", ""), asked.get("sip", "")),
        "all_drafts": len(drafts), "told": [x for x in shown if wanted is None or x.stage in wanted], "all_told": len(told),
        "late": late, "due": set(rounds.reminders(desk, today)), "asked": asked, "choices": choices_of(desk, lines),
        "count": {k: sum(x.stage in v for x in told) for k, v in SHOWN.items()}, "team": team_of(at, mailed), "rules": desk.rules,
        "by_default": letters_due(desk, today), "mail": bool(office.settings.smtp_url),
    }  # fmt: skip
    errors = (
        {"errors": form.errors, "summary": form.summary, "ticked": form.all("urns") + form.all("sips")} if form else {}
    )
    return show(request, "publish.html", who, 422 if form else 200, **facts, **errors)


def letters_due(desk: rounds.Desk, today: dt.date) -> dt.date:
    return rounds.deadline(desk, today, None)


def team_of(at: Place, mailed: dict[tuple[str, str], dt.datetime]) -> list[dict[str, Any]]:
    """SIPs with a pair: how many schools and days, and what they said when sounded out."""
    desk, out = at.desk, []
    for sip in sorted({p.sip for p in desk.round.pairs.values()}, key=lambda x: desk.facts.sips[x].name):
        rows = [desk.rows[k] for k, p in desk.round.pairs.items() if p.sip == sip]
        out.append(
            {
                "sip": sip, "name": rows[0].name, "schools": len({a.urn for a in rows}),
                "days": days(sum(a.days for a in rows)), "asked": desk.round.soundings.get(sip),
                "mailed": mailed.get(("sip", sip)),
            }
        )  # fmt: skip
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
    by, sips = date_of(form, "sip_date", dt.date.today()), form.all("sips")
    if not sips:
        form.errors["sips"] = "Tick the SIPs to ask"
    if form.errors:
        return page(request, id, who, office, {}, form)
    plan = plan_id(office, id, who)
    publish(plan, Publication(action="sound", sips=sips, answer_by=by), request, who, office, Response())
    said = mail_out(request, office, who, id, sips=sips)
    return done(f"/rounds/{id}/publish", f"{plural(len(sips), 'SIP')} asked. {said}")


@router.post("/rounds/{id}/publish/check")
def check(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The letters about to go, before any goes. Nothing is written."""
    by, urns = date_of(form, "date", dt.date.today()), form.all("shown" if form.text("all") else "urns")
    if not urns:
        form.errors["urns"] = "Tick the schools to tell, or take all that are shown"
    if form.errors:
        return page(request, id, who, office, {k: form.text(k) or "" for k in ("need", "group", "sip")}, form)
    today = dt.date.today()
    with office.db.read() as s:
        at = place_in(s, id, who)
        fresh(request, at.row)
        try:
            going = rounds.propose(at.desk, urns, today, by).data["urns"]
            stopped = None
        except (RoundRefuses, UsageError) as error:
            going, stopped = [], error.text
        shared = batch(office, s, request, who, at.row, at.plan, at.desk, by)
        groups = letters.together(at.desk, going)
        chairs = at.desk.rules.mode == "agree_with_school"
        whom = {
            g: [a.invited.email for a in post.heads_of(s, at.row.programme_id, at.desk, g, chairs=chairs)]
            for g in groups
        }
    ready = [(letters.school_letter(at.desk, g, shared), whom[g]) for g in groups]
    return show(
        request, "publish-check.html", who, 409 if stopped else 200, **at.facts, letters=ready, going=going, stopped=stopped,
        answer_by=rounds.deadline(at.desk, today, by), given=by, added=sorted(set(going) - set(urns)), desk=at.desk,
        mail=bool(office.settings.smtp_url),
    )  # fmt: skip


@router.post("/rounds/{id}/publish/send")
def tell(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The letters go."""
    urns, given = form.all("urns"), form.text("answer_by")
    try:
        by = dt.date.fromisoformat(given) if given else None
    except ValueError:
        raise Refusal("invalid", "Give the date to answer by again: go back and choose it.") from None
    plan = plan_id(office, id, who)
    publish(plan, Publication(action="propose", urns=urns, answer_by=by), request, who, office, Response())
    said = mail_out(request, office, who, id, urns=urns)
    return done(f"/rounds/{id}/publish?show=waiting", f"{plural(len(urns), 'school')} told. {said}")


@router.post("/rounds/{id}/publish/remind")
def remind(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The reminders due today: by mail, else to be rung."""
    with office.db.read() as s:
        at = place_in(s, id, who)
    due = rounds.reminders(at.desk, dt.date.today())
    publish(at.plan.id, Publication(action="remind"), request, who, office, Response())
    said = mail_out(request, office, who, id, urns=due, reminder=True)
    return done(f"/rounds/{id}/publish?show=waiting", f"{plural(len(due), 'reminder')} written down. {said}")


@router.post("/rounds/{id}/publish/close")
def close(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """The date has passed: what silence means is recorded."""
    with office.db.read() as s:
        at = place_in(s, id, who)
    today, accepts = dt.date.today(), at.desk.rules.silence == "accepts"
    late = sorted(u for u, by in rounds.outstanding(at.desk).items() if by < today)
    if not late or not accepts:
        why = "Silence settles nothing under the settings in force" if late else "No date has passed without an answer"
        raise Refusal("round_refuses", f"{why}: there is nothing to close.")
    publish(at.plan.id, Publication(action="close"), request, who, office, Response())
    return done(
        f"/rounds/{id}/publish?show=yes", f"{plural(len(late), 'school')} taken as content, as nobody answered."
    )


@router.post("/rounds/{id}/publish/withdraw")
def withdraw(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """A letter sent in error is taken back, with the reason; the school's page is empty again."""
    urn, reason = form.need("urn", "Name the school"), form.need("reason", "Say why in a sentence")
    if form.errors:
        raise Refusal("invalid", "A withdrawal is kept with its reason. Go back and say why in a sentence.")
    with office.db.read() as s:
        at = place_in(s, id, who)
        group = next((g for g in letters.together(at.desk, [urn])), (urn,))
    publish(
        at.plan.id, Publication(action="withdraw", urns=list(group), reason=reason), request, who, office, Response()
    )
    names = " and ".join(at.desk.facts.name(u) for u in group if u in at.desk.facts.schools)
    return done(
        f"/rounds/{id}/publish", f"The letter to {names} is withdrawn. Tell the head: the page no longer shows it."
    )


@router.post("/rounds/{id}/publish/links")
def links(request: Request, id: Id, who: Manager, office: In, form: Form) -> Response:
    """Letters to print, copy or mail by hand; with a personal link, shown this once, where no mail server carries it
    (`inviting.shows_links`), else with the page where its reader asks for one."""
    urns, sips = form.all("urns"), form.all("sips")
    with office.db.read() as s:
        at = place_in(s, id, who)
        told = {p.urn for p in at.desk.round.pairs.values() if p.stage != "draft"}
        personal = shows_links(office, s, who)
    if not urns and not sips:
        urns = sorted(told)
    urns, sips = [u for u in urns if u in told], [x for x in sips if x in at.desk.round.soundings]
    going, without = made(request, office, who, at, urns, sips, personal=personal)
    return show(
        request, "publish-links.html", who, **at.facts, going=going, without=without, life=office.settings.shown_hours,
        personal=personal,
    )  # fmt: skip


def made(
    request: Request, office: Office, who: Who, at: Place, urns: list[str], sips: list[str], *, personal: bool = True
) -> tuple[list[Outgoing], list[str]]:
    """Letters, each with a new personal link where `personal`; that links were made is in the audit log."""
    with office.db.write() as s:
        row, plan, desk = again(s, at)
        shared = batch(office, s, request, who, row, plan, desk)
        going, without = addressed(office, s, request, row, desk, shared, urns, sips, personal=personal)
        if personal:
            by, count = who.person(row.programme_id), f"{len(going)}"
            keep.note(s, by, "links made", row.id, programme=row.programme_id, detail=count)
    return going, without


def again(s: Any, at: Place) -> tuple[RoundRow, PlanRow, rounds.Desk]:
    """The same place in this session, as it now stands."""
    plan, desk = keep.desk(s, at.row.id)
    return keep.the_round(s, at.row.id), plan, desk


def mail_out(
    request: Request, office: Office, who: Who, id: str, *, urns: Any = (), sips: Any = (), reminder: bool = False
) -> str:
    """Letters by mail where a mail server is set; what became of them, in a sentence."""
    if not office.settings.smtp_url:
        return "No mail server is set: ring them, or print or copy the letters with their links."
    with office.db.read() as s:
        at = place_in(s, id, who)
    going, without = made(request, office, who, at, list(urns), list(sips))
    if reminder:
        going = [replace(o, letter=replace(o.letter, heading=f"A reminder: {o.letter.heading}")) for o in going]
    failed = post.send(office, who, at.row, going)
    said = f"{plural(len(going) - len(failed), 'letter')} sent by mail."
    if failed:
        said += f" Not taken by the mail server: {', '.join(failed)}."
    if without:
        said += f" No address for {', '.join(without)}: print theirs."
    return said


def plan_id(office: Office, id: str, who: Who) -> str:
    with office.db.read() as s:
        return place_in(s, id, who).plan.id


def plural(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"
