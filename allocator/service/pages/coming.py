"""What comes next in a round: one thing first, with its count and date; what waits, and for whom (practice, "The
year")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allocator import rounds
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.round import Round
from allocator.questions.years_ahead import on_team, wants_renewal
from allocator.reasons.emptied import Emptied, emptied
from allocator.reasons.in_a_word import why_they_change
from allocator.rounds.ask_first import Asked, Key, schools_asked, sips_asked
from allocator.service.schemas import RoundOut
from allocator.words import counted, day, listed

if TYPE_CHECKING:
    from allocator.service.pages.given import Given

NEXT_YEAR = (5, 1)  # from the first of May the next round is what comes (practice, May)


@dataclass(frozen=True)
class Way:
    """A button or a link. `post`: it is pressed and does it, with nothing more to say."""

    text: str
    href: str
    post: bool = False


@dataclass(frozen=True)
class Coming:
    """The next thing: what, why now (counts and dates), the main way, and others. `waits`: (what, where) besides."""

    title: str
    said: str
    way: Way
    others: tuple[Way, ...] = ()
    waits: tuple[Way, ...] = field(default=())


def coming(
    facts: Given, today: dt.date, among: Facts | None, solving: str | None = None, *, sips_first: bool = False
) -> Coming:
    """`among`: whom there is to ask, while there is no plan. `solving`: the job that makes a plan now. `sips_first`:
    SIPs are asked before schools are told."""
    now, plan = facts["round"], facts["plan"]
    at = f"/rounds/{now.id}"
    if facts["case_row"] is None:
        return Coming(
            "Bring in the data",
            "Your own workbook will do: schools, SIPs and last year's pairs.",
            Way("Give the data", f"{at}/data"),
            (Way("Bring in national files", f"{at}/national"),),
        )
    if solving and now.state in ("empty", "draft"):
        return Coming(
            "The plan is being made",
            "You may leave this page: the work goes on.",
            Way("See how far it is", f"{at}/jobs/{solving}"),
        )
    if plan is None:
        assert among is not None  # there is data
        return _before_a_plan(among, facts["answered"], at)
    waits = list(_waits(facts["stands"], now, at, today))
    first = next(iter(waits), None) or _along(plan, facts["stands"], at, today, sips_first)
    besides = tuple(Way(w.title, w.way.href) for w in waits[1:])
    return Coming(first.title, first.said, first.way, first.others, first.waits + besides)


def _before_a_plan(among: Facts, log: Mapping[Key, Asked], at: str) -> Coming:
    make, ask = Way("Make the plan", f"{at}/solve", post=True), f"{at}/ask"
    whole = len(schools_asked(among)) + len(sips_asked(among))
    offered = [a for a in log.values() if a.offered_on]
    fresh = sum(not a.taken for a in log.values())
    wanting = _wanting(among)
    renew = f"Renew what bars {counted(len(wanting), 'SIP')}"
    barred = (Way(renew, f"{at}/next-year"),) if wanting else ()
    if wanting and not offered:
        led = sum(len(among.led_last_year[s]) for s in wanting)
        return Coming(
            renew,
            f"Of {counted(led, 'school')} the SIP has a contract or a check that ends or is missing; until it is on "
            f"record {'they hold' if len(wanting) > 1 else 'that SIP holds'} no post.",
            Way("See what, and mend it", f"{at}/next-year"),
            (Way("Ask first", ask), Way("Make the plan all the same", make.href, post=True)),
        )
    if not log:
        return Coming(
            "Ask schools and SIPs first",
            (
                f"A short form each, before anything is planned: {counted(len(schools_asked(among)), 'school')} and "
                f"{counted(len(sips_asked(among)), 'SIP')}."
            ),
            Way("Ask first", ask),
            (Way("Make the plan without asking", make.href, post=True),),
        )
    if fresh:
        return Coming(
            "Take the answers into the data",
            f"{counted(fresh, 'answer')} came and {'is' if fresh == 1 else 'are'} not yet in the data.",
            Way("See what they change", ask),
            (make,),
            barred,
        )
    left = sum(a.answered_on is None for a in offered)
    if left:
        return Coming(
            f"{counted(left, 'answer')} still to come",
            f"{len(log) - left} of {whole} have answered. You need not wait for all.",
            Way("See who has not answered", ask),
            (make,),
            barred,
        )
    return Coming(
        "Make the plan",
        (
            f"{counted(len(schools_asked(among)), 'school')} and {counted(len(sips_asked(among)), 'SIP')} are in, and "
            "everybody asked has answered."
        ),
        make,
        waits=barred,
    )


def _wanting(facts: Facts) -> list[str]:
    """SIPs who led a school last year and can hold none before something about them is renewed on record."""
    team = (facts.sips.get(s) for s in sorted(facts.led_last_year))
    return [s.sip for s in team if s is not None and on_team(facts, s) and wants_renewal(facts, s)]


def _waits(stands: Round, now: RoundOut, at: str, today: dt.date) -> Sequence[Coming]:
    """What people wait for, the most pressing first."""
    pairs = list(stands.everyone)
    out = []
    if decide := [p for p in pairs if p.represented]:
        out.append(
            Coming(
                f"Decide {counted(len(decide), 'refusal')}",
                "A school said no, and a person has to decide whether it stands.",
                Way("Decide", f"{at}/answers"),
            )
        )
    if asked := [q for q in stands.queries if q.outcome is None]:
        by = min(q.answer_by for q in asked)
        out.append(
            Coming(
                f"Answer {counted(len(asked), 'question')}",
                f"The first by {day(by)}{', which is past' if by < today else ''}.",
                Way("Answer", f"{at}/answers"),
            )
        )
    if stands.waiting:
        tied = {p.urn for p in stands.waiting if p.tied}
        left = {p.urn for p in stands.waiting if p.declined} - tied
        said_no = {p.urn for p in stands.waiting if p.said_no}
        refused = {p.urn for p in stands.waiting if not p.said_no} - left - tied
        whose = [f"{counted(len(refused), 'school')} that refused"] if refused else []
        whose += [f"{counted(len(left), 'school')} whose SIP was let go"] if left else []
        whose += [f"{counted(len(tied), 'school')} whose SIP a tie bars"] if tied else []
        whose += [f"{counted(len(said_no), 'school')} whose governors said no"] if said_no else []
        out.append(
            Coming(
                f"Plan again for {listed(whose)}",
                "As few other schools as can be would move; you see who before anybody is told."
                + (" It is a repair of the year: days worked stay as they were." if stands.in_force else ""),
                Way("See who would move", f"{at}/answers"),
            )
        )
    late = [p for p in pairs if p.stage == "proposed" and p.answer_by and p.answer_by < today]
    if late:
        out.append(
            Coming(
                f"{counted(len({p.urn for p in late}), 'school has', 'schools have')} let the date pass",
                f"It was {day(max(p.answer_by for p in late if p.answer_by))}. Your settings say what silence means.",
                Way("Close the answers", f"{at}/publish#answers"),
            )
        )
    if now.reminders_due:
        out.append(
            Coming(
                f"Send {counted(len(now.reminders_due), 'reminder')}",
                "They are due today.",
                Way("Send them", f"{at}/publish"),
            )
        )
    return out


def _along(plan: Plan, stands: Round, at: str, today: dt.date, sips_first: bool) -> Coming:
    """The next step of the year, where nobody waits for an answer of the manager's."""
    desk, pairs = rounds.Desk(plan, stands), list(stands.everyone)
    untold = {p.urn for p in pairs if p.stage == "draft"}
    answering = sorted(p.answer_by for p in pairs if p.stage == "proposed" and p.answer_by)
    telling = _of_the_change(desk, at, untold) if stands.in_force else _telling(desk, at, untold, sips_first)
    if telling:
        return telling
    unheard = _unheard(desk)
    if answering:
        return Coming(
            f"{counted(len({p.urn for p in pairs if p.stage == 'proposed'}), 'school')} still to answer",
            f"By {day(answering[-1])}. An answer by telephone you type in yourself.",
            Way("Type in answers", f"{at}/telephone"),
            (Way("See who has not answered", f"{at}/publish#answers"),),
            (Way(f"{counted(len(unheard), 'SIP')} not yet asked about schools of theirs", f"{at}/publish#team"),)
            if unheard
            else (),
        )
    others = {p.urn for p in pairs if p.stage != "confirmed" and rounds.other_days(stands, p.key)}
    if others:
        return Coming(
            f"Tell {counted(len(others), 'school')} of other days or dates",
            "They need not answer; until they have heard, their pairs cannot be confirmed.",
            Way("Look at the letters", f"{at}/publish/due"),
        )
    governors = [p for p in pairs if p.post == "appraisal" and p.governors is None]
    if governors:
        return Coming(
            f"{counted(len(governors), 'board')} of governors to say yes",
            "Each appraisal of a head needs it before it can be confirmed.",
            Way("Type in what they said", f"{at}/confirm"),
        )
    left = [p for p in pairs if p.stage != "confirmed"]
    if left and unheard:
        return _ask_sips(unheard, at)
    if left:
        return Coming(
            f"Confirm {counted(len(left), 'pair')}",
            "Each by a named manager, who is not its SIP.",
            Way("Confirm", f"{at}/confirm"),
        )
    if stands.in_force:
        return _in_force(plan, at, today)
    return Coming(
        "Put the plan in force",
        "Every pair is confirmed. From then on what happens is a repair of the year.",
        Way("Put it in force", f"{at}/confirm"),
    )


def _telling(desk: rounds.Desk, at: str, untold: set[str], sips_first: bool) -> Coming | None:
    """Before the plan is in force: what is to be done until every school has heard of it."""
    plan, pairs = desk.plan, list(desk.round.everyone)
    look = Way("Look through the plan", f"{at}/plan")
    if plan.unfilled and len(untold) == len({p.urn for p in pairs}):
        return Coming(
            f"{counted(len(plan.unfilled), 'post has', 'posts have')} nobody",
            (causes := emptied(plan))[0].text,
            Way("See what would mend it" if causes[0].kind else "See why", f"{at}/plan?mark=nobody"),
            (Way("Tell SIPs and schools all the same", f"{at}/publish"),),
        )
    held = rounds.held_back(desk)
    untold = untold - set(held)
    if not untold:
        return None
    theirs = {p.sip for p in pairs if p.urn in untold and p.stage == "draft"}
    if sips := [s for x, s in desk.round.soundings.items() if s.said is None and x in theirs]:
        return Coming(
            f"{counted(len(sips), 'SIP')} still to say yes",
            f"They were asked to answer by {day(max(s.answer_by for s in sips))}.",
            Way("See who", f"{at}/publish"),
            (look,) if sips_first else (Way("Look at the letters to schools", f"{at}/publish/check"), look),
        )
    before = f" {counted(plan.summary.changed, 'school')} would have another SIP." if plan.summary.changed else ""
    wait = f" {counted(len(held), 'school waits', 'schools wait')} until you have answered the SIP." if held else ""
    see = "You see every letter before it goes." + before + wait
    if sips_first and not desk.round.soundings:
        return Coming("Ask the SIPs first", see, Way("Tell SIPs and schools", f"{at}/publish"), (look,))
    some = held or any(p.stage != "draft" for p in pairs)
    letters = Way("Look at the letters", f"{at}/publish/check")
    ways = (Way("Choose whom, or ask SIPs first", f"{at}/publish"), look)
    return Coming(f"Tell {'the other ' if some else ''}{counted(len(untold), 'school')}", see, letters, ways)


def _unheard(desk: rounds.Desk) -> list[str]:
    """SIPs with a school that they have not been told of."""
    return sorted({p.sip for p in desk.round.everyone if rounds.offered(desk, p.sip)})


def _ask_sips(unheard: list[str], at: str) -> Coming:
    return Coming(
        f"Ask {counted(len(unheard), 'SIP')} about schools of theirs",
        "They have not heard of them yet: they may say yes, ask, or name a tie that nobody knows of.",
        Way("Ask them", f"{at}/publish#team"),
    )


def _of_the_change(desk: rounds.Desk, at: str, untold: set[str]) -> Coming | None:
    """In force: who has not heard yet of what was changed."""
    schools, team = rounds.to_tell(desk)
    to_hear = len(schools) + len(team)
    people = counted(to_hear, "person", "people")
    if untold:
        return Coming(
            f"Tell {counted(len(untold), 'school')} of the change",
            "The plan was repaired, and they have not heard yet.",
            Way("Look at the letters", f"{at}/publish/check"),
            (Way("Choose whom", f"{at}/publish"),),
            (Way(f"{people} to hear what now stands", f"{at}/publish/due"),) if to_hear else (),
        )
    if unheard := _unheard(desk):
        return _ask_sips(unheard, at)
    if to_hear:
        return Coming(
            f"Tell {people} what now stands",
            "Heads and SIPs who have not heard yet that it is confirmed, ended or otherwise. They need not answer.",
            Way("Look at the letters", f"{at}/publish/due"),
            (Way("Hand out letters and files", f"{at}/out"), Way("Something has happened", f"{at}/what-if")),
        )
    return None


def _in_force(plan: Plan, at: str, today: dt.date) -> Coming:
    out, happened = Way("Hand out letters and files", f"{at}/out"), Way("Something has happened", f"{at}/what-if")
    year = int(str(plan.inputs.case["year"])[:4])
    if today >= dt.date(year + 1, *NEXT_YEAR):
        return Coming(
            "Prepare next year",
            "What lapses, what must be renewed, and who reaches a limit, before anything is planned.",
            Way("See next year", f"{at}/next-year"),
            (out, happened),
        )
    return Coming(
        "The plan is in force",
        (
            f"Until something happens, nothing is to be done before {day(dt.date(year + 1, *NEXT_YEAR))}, when "
            "next year is prepared."
        ),
        happened,
        (out, Way("See next year already", f"{at}/next-year")),
    )


# -- what the plan on the desk is ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outlook:
    """The plan on the desk in brief: changes by cause, schools of concern with who leads them, causes of empty
    posts."""

    causes: tuple[tuple[str, int], ...]
    concern: tuple[tuple[str, str, str, float], ...]  # (URN, school, SIP, days)
    empty: tuple[Emptied, ...]


def outlook(facts: Facts, plan: Plan) -> Outlook:
    """Lead posts only are counted as changes: a school that loses its SIP within the year counts once."""
    concern = sorted(u for u in facts.schools if facts.as_it_stands(u).category_of_concern)
    leads = {a.urn: a for a in sorted(plan.assignments, key=lambda a: a.from_) if a.post == "lead"}
    empty = {u.urn for u in plan.unfilled if u.post == "lead"}
    rows = tuple(
        (
            u,
            facts.name(u),
            leads[u].name if u in leads and u not in empty else "nobody yet",
            sum(a.days for a in plan.assignments if a.urn == u),
        )
        for u in concern
        if u in leads or u in empty
    )
    return Outlook(tuple(why_they_change(plan)), rows, emptied(plan))
