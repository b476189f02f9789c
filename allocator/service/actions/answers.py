"""Telling people and hearing them: publication, answers, queries, confirmations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

from fastapi import Request

from allocator import rounds
from allocator.domain.change import apply
from allocator.domain.happened import SchoolAccepts, SchoolReplies, TakenUp, named
from allocator.domain.round import Beside, Key, Person
from allocator.rounds import Desk, Fact
from allocator.service.access import STAFF, Office, plan_in, round_in, writing
from allocator.service.actions.rounds import recorded
from allocator.service.http_problems import HttpProblem
from allocator.service.reached import ring_of
from allocator.service.roles import Who
from allocator.service.schemas import AnswerIn, ConfirmIn, Publication, QueryIn, Recorded
from allocator.service.sent import kept_with
from allocator.service.views import own_plan, sips_of
from allocator.store import keep

Speaker = Literal["head", "chair", "sip", "governors"]
ASKS = ("query", "move_on", "decline", "interest")  # what a person has to answer
MOST_OPEN = 10  # of them, of one school or SIP
Taken = Callable[[Desk], Fact | list[Fact]]


def act(
    office: Office,
    request: Request,
    who: Who,
    id: str,
    take: Taken,
    action: str,
    subject: str,
    *,
    by: Person | None = None,
    detail: str = "",
    told: Callable[[Desk], str | None] = lambda _: None,
) -> Recorded:
    """One step of the round whose desk this plan is on, with its line in the audit log."""
    with office.db.read() as s:
        _, of = plan_in(s, who, id)
    with writing(request, office, who, of.id) as (s, row):
        by = by or who.person(row.programme_id)
        events = keep.step(s, of.id, by, kept_with(office, s, request, who, row, take), plan_id=id)
        keep.note(s, by, action, subject, programme=row.programme_id, detail=detail)
        stands = keep.standing(s, of.id)
        said = told(Desk(keep.desk(s, of.id)[1].plan, stands))
        if who.role not in STAFF:
            return Recorded(events=[], state=None, version=None, told=said)
        return recorded(row, events, stands.state, said)


def publish(office: Office, request: Request, who: Who, id: str, ask: Publication) -> Recorded:
    """SIPs sounded out, proposals sent, what changed told, reminders, a withdrawal, or the date closed."""
    today = dt.date.today()
    take: dict[str, Taken] = {
        "propose": lambda d: rounds.propose(d, ask.urns, today, ask.answer_by),
        "sound": lambda d: rounds.sound(d, ask.sips, today, ask.answer_by),
        "withdraw": lambda d: rounds.withdraw(d, ask.urns or [], ask.reason or ""),
        "remind": lambda d: rounds.remind(d, today),
        "close": lambda d: rounds.silence(d, today),
        "tell": lambda d: rounds.tell(d, ask.urns, ask.sips, today),
    }
    return act(office, request, who, id, take[ask.action], f"publication: {ask.action}", id, detail=ask.reason or "")


def answer(office: Office, request: Request, who: Who, id: str, ask: AnswerIn) -> Recorded:
    """A school's, SIP's or governing body's word, or what a manager took down for one of them."""
    if who.role == "auditor":
        raise HttpProblem("forbidden", "An auditor changes nothing.")
    with office.db.read() as s:
        row, of = plan_in(s, who, id)
        how = ring_of(s, of.programme_id)
        if who.role in ("school", "sip"):
            own_plan(s, row, of, who)  # there is something of theirs to answer
            mine = who.urns(of.programme_id)
            if who.role == "school" and ask.urn not in mine:
                raise HttpProblem("not_found", f"{ask.urn} is not your school.", withheld=True)
    speaker = _speaker(who, of.programme_id, ask)
    said = _take(ask, speaker, who, of.programme_id)

    def take(d: Desk) -> Fact | list[Fact]:
        if who.role not in STAFF and ask.answer in ASKS:
            few_open(d, who, of.programme_id, how)
        fact = said(d)
        if who.role == "manager" and speaker != "sip":
            not_of_oneself(d, fact, sips_of(d, who, of.programme_id))
        return fact

    refused = ask.answer == "veto"

    def told(d: Desk) -> str | None:
        waits = any(p.represented for p in d.round.pairs.values() if p.urn == ask.urn)
        if not refused:
            return None
        if waits:
            return f"Your refusal is with the {d.rules.ladder[0]}, who will decide and write to you."
        return "We will propose somebody else. You need not say why, and nobody else will see it."

    detail = f"{ask.answer} by {speaker}" + (f", {ask.via}" if who.role == "manager" else "")
    return act(
        office,
        request,
        who,
        id,
        take,
        "answer",
        ask.urn,
        by=who.person(of.programme_id, ask.urn),
        detail=detail,
        told=told,
    )


def not_of_oneself(desk: Desk, fact: Fact | list[Fact], own: set[str]) -> None:
    """What a school says of a manager's own pair another manager takes down, as it is confirmed on the strength of it.
    Raises HttpProblem `round_refuses`."""
    for f in fact if isinstance(fact, list) else [fact]:
        urns = named(f)[0]
        one = f.post if isinstance(f, SchoolReplies | TakenUp) else "appraisal"
        posts = f.posts if isinstance(f, SchoolAccepts) else (one,)
        if any(p.sip in own and p.urn in urns and p.post in posts for p in desk.round.everyone):
            told = "You are the SIP of this pair: another manager takes down what the school says of it."
            raise HttpProblem("round_refuses", told)


def few_open(desk: Desk, who: Who, programme: str, how: str) -> None:
    """Raises HttpProblem `too_many` where as much waits for a person's answer as one school or SIP may have waiting:
    each is answered by hand. `how`: what to do instead."""
    urns, sip = who.urns(programme), who.sip(programme)
    mine = (q.sip == sip if q.by == "sip" else q.urn in urns for q in desk.round.queries if q.outcome is None)
    if sum(mine) >= MOST_OPEN:
        told = f"{MOST_OPEN} things that you asked wait for an answer already. {how}"
        raise HttpProblem("too_many", told, {"Retry-After": "86400"})


def _speaker(who: Who, programme: str, ask: AnswerIn) -> Speaker:
    """For whom this answer is: oneself, or the one a manager spoke with."""
    if who.role == "manager":
        if ask.by is None or ask.via == "page":
            raise HttpProblem("invalid", "Say whose answer this is (by) and how it came (via: telephone or letter).")
        return ask.by
    own = "sip" if who.role == "sip" else who.answers_as(programme, ask.urn)
    if ask.by not in (None, own) or ask.via != "page":
        raise HttpProblem("invalid", f"You answer for yourself here, as {own}, on this page.")
    return own


def _take(ask: AnswerIn, speaker: Speaker, who: Who, programme: str) -> Taken:
    today, via = dt.date.today(), ask.via
    says = "accept" if ask.answer == "agree" else ask.answer
    if speaker == "sip" and says in ("accept", "query", "move_on", "decline", "interest"):

        def sip_says(d: Desk) -> Fact:
            sip = who.sip(programme) if who.role == "sip" else d.pair(ask.urn, ask.post or "lead").sip
            return rounds.sip_says(d, sip or "", says, today, urn=ask.urn, post=ask.post, reason=ask.reason, via=via)

        return sip_says
    if speaker == "governors" and says.startswith("governors_"):
        return lambda d: rounds.governors(d, ask.urn, says == "governors_yes", today)
    if speaker == "head" and says == "raise":
        return lambda d: rounds.take_up(d, ask.urn, today, ask.reason, ask.post or "lead")
    if speaker in ("head", "chair") and says in ("accept", "veto", "query"):
        return lambda d: rounds.answer(
            d,
            ask.urn,
            says,
            speaker,
            today,
            post=ask.post,
            reason=ask.reason,
            via=via,
        )
    raise HttpProblem("invalid", f"{ask.answer} is not an answer that a {speaker} gives.")


def query_of(office: Office, who: Who, id: str) -> tuple[str, int]:
    """The round and number of a query: its id is the round's id, a dash and the number."""
    round_id, _, n = id.rpartition("-")
    with office.db.read() as s:
        if not round_id or not n.isdigit() or len(n) > 6:
            raise HttpProblem("not_found", f"There is no query {id}.")
        row = round_in(s, who, round_id)
        if not 1 <= int(n) <= len(keep.standing(s, row.id).queries):
            raise HttpProblem("not_found", f"There is no query {id}.")
    return round_id, int(n)


def close_query(office: Office, request: Request, who: Who, id: str, ask: QueryIn) -> Recorded:
    """What was answered. A school then has the usual days to accept or refuse."""
    round_id, n = query_of(office, who, id)
    with writing(request, office, who, round_id) as (s, row):
        by = who.person(row.programme_id)
        asked = keep.standing(s, round_id).queries[n - 1]
        if asked.outcome == ask.outcome:  # sent again: it is done
            return recorded(row, [], keep.standing(s, round_id).state)
        if asked.about in rounds.OF_ONE and asked.sip in sips_of(keep.desk(s, round_id)[1], who, row.programme_id):
            raise HttpProblem("round_refuses", "It is you who asked: another manager decides it.")
        done = keep.step(
            s, round_id, by, lambda d: rounds.close_query(d, n, ask.outcome, dt.date.today(), opens=ask.opens)
        )
        keep.note(s, by, "query answered", id, programme=row.programme_id)
        if asked.about == "interest" and (before := keep.case_row(s, round_id)) is not None:
            case, policy = keep.case_of(before)
            now = keep.standing(s, round_id)
            if asked.urn in {x.urn for x in case.schools} and asked.sip in {x.sip for x in case.sips}:
                registered, _ = apply(case, policy, [rounds.tie(now, now.queries[n - 1], case)])
                keep.keep_case(s, row, registered, policy, before.problems, by)
        return recorded(row, done, keep.standing(s, round_id).state)


def confirm(office: Office, request: Request, who: Who, id: str, ask: ConfirmIn) -> Recorded:
    """Confirm these pairs, each by name. Nobody confirms a pair whose SIP they are; all or none."""
    pairs: list[Key | Beside] = [(p.urn, p.post, p.sip) if p.sip else (p.urn, p.post) for p in ask.pairs]
    with office.db.read() as s:
        _, of = plan_in(s, who, id)
    by = who.person(of.programme_id)

    def take(d: Desk) -> Fact:
        return rounds.confirm(d, pairs, by, sips_of(d, who, of.programme_id))

    subject = ";".join("/".join(ref) for ref in pairs)
    return act(office, request, who, id, take, "confirmed", subject)
