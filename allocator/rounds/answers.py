"""What schools and SIPs say, and what silence means (domain F1, F2, F6, D9, 3.7)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from allocator.domain.case import PostKind
from allocator.domain.happened import (
    Fact,
    QueryClosed,
    RefusalDecided,
    SchoolAccepts,
    SchoolAsks,
    SchoolRefuses,
    SipReplies,
    TakenUp,
)
from allocator.domain.round import Pair, Query, Via
from allocator.errors import RoundRefuses, UsageError
from allocator.questions.veto import CONCERN, one_answer
from allocator.rounds.desk import Desk
from allocator.rounds.telling import deadline, outstanding
from allocator.words import day

Says = Literal["accept", "veto", "query"]
SipSays = Literal["accept", "query", "move_on", "decline", "interest"]
OF_ONE = ("move_on", "decline", "interest")  # what a SIP says of one school


def answer(
    desk: Desk,
    urn: str,
    says: Says,
    by: Literal["head", "chair"],
    on: dt.date,
    *,
    post: PostKind | None = None,
    reason: str | None = None,
    via: Via = "page",
) -> SchoolAccepts | SchoolAsks | SchoolRefuses:
    """A school's word, by its page or as the manager took it down on the telephone.

    Schools that share a head answer as one. Without `post` an acceptance is for every post proposed to the school; a
    refusal or query is for the lead. In *agree with school* mode a pair is accepted once head and chair have both
    said so (domain F2, X2). A second refusal, or one by a school of concern, is recorded and goes to a person:
    nothing is solved again.
    """
    kinds = list(dict.fromkeys(p.post for p in desk.round.everyone if p.urn == urn and p.stage != "draft"))
    if not kinds:
        raise RoundRefuses(f"{desk.name(urn)} has no proposal before it.")
    kind: PostKind = post or ("lead" if "lead" in kinds else kinds[0])
    pair, who = desk.before_them(urn, kind), desk.rules.ladder[0]
    if pair.stage == "draft":
        raise RoundRefuses(f"{desk.name(urn)} has no proposal for its {kind} post before it.")
    if pair.stage == "confirmed" and says != "query":
        raise RoundRefuses(f"{desk.name(urn)} is confirmed. Ask the {who} to change it.")
    if pair.stage == "refused":
        raise RoundRefuses(f"{desk.name(urn)} has refused {desk.row(pair).name}; another proposal will follow.")
    if by == "chair" and says == "veto" and desk.rules.mode != "agree_with_school":
        raise RoundRefuses(f"The head answers for {desk.name(urn)}; a chair refuses only in agree-with-school mode.")
    until = pair.answer_by
    if says == "veto" and via == "page" and until and on > until and desk.rules.silence == "accepts":
        raise RoundRefuses(f"{desk.name(urn)} had until {day(until)} to refuse. The {who} can still take it down.")
    together = _together(desk, urn, kind)
    if says == "query":
        reply_by = _reply_by(desk, on)
        return SchoolAsks(
            urns=together, post=kind, by=by, answer=says, reason=reason, on=on, via=via, reply_by=reply_by
        )
    if says == "accept":
        open_ = tuple(k for k in kinds if desk.before_them(urn, k).stage != "refused")  # takes no refusal back
        return SchoolAccepts(
            urns=together,
            post=kind,
            by=by,
            answer=says,
            reason=reason,
            on=on,
            via=via,
            posts=(kind,) if post else open_,
            settles=_settles(desk, pair, by),
        )
    waits = needs_a_person(desk, urn)
    return SchoolRefuses(
        urns=together,
        post=kind,
        by=by,
        answer=says,
        reason=reason,
        on=on,
        via=via,
        standing=waits or "stands",
        rung=desk.rules.ladder[0] if waits else None,
        sip=_whom(desk, pair),
    )


def _together(desk: Desk, urn: str, post: PostKind) -> tuple[str, ...]:
    """The schools that answer as one with this one, of those that have the post."""
    return tuple(u for u in one_answer(desk.facts, urn) if (u, post) in desk.round.pairs)


def _whom(desk: Desk, pair: Pair) -> str | None:
    """The SIP by name where it is not the post's last holder."""
    return None if desk.round.pairs[pair.key] == pair else pair.sip


def _reply_by(desk: Desk, on: dt.date) -> dt.date:
    return on + dt.timedelta(days=desk.rules.query_days)


def _settles(desk: Desk, pair: Pair, by: str) -> bool:
    if desk.rules.mode == "agree_with_school":
        return pair.head == "accept" if by == "chair" else pair.chair
    return by == "head" or pair.head == "accept"


def needs_a_person(desk: Desk, urn: str) -> Literal["referred", "represented"] | None:
    """Why a person would decide a refusal by this school: it has used its refusals (`referred`), or it is a school of
    concern, whose refusal is a representation; None when it would stand at once (domain F1, practice)."""
    case, urns = desk.facts.case, one_answer(desk.facts, urn)
    used = {sip for u, _, sip in desk.round.refused if u in urns}
    used |= {r.sip for r in case.refusals if r.kind == "veto" and r.urn in urns and r.year == case.year}
    if len(used) >= desk.rules.vetoes:
        return "referred"
    concern = any({f.name for f in desk.facts.flags(u)} & CONCERN for u in urns)
    return "represented" if concern and desk.rules.concern_veto == "manager_decides" else None


def decide_refusal(
    desk: Desk, urn: str, stands: bool | None, reason: str, on: dt.date, post: PostKind = "lead"
) -> RefusalDecided:
    """A person's word on a refusal that could not stand by itself. None = pass it to the next rung of the ladder."""
    pair = desk.before_them(urn, post)
    if not pair.represented:
        raise RoundRefuses(f"No refusal by {desk.name(urn)} waits for a decision.")
    if not reason.strip():
        raise RoundRefuses("The decision is kept with its reason. Say why in a sentence.")
    up = above(desk, pair.rung) if stands is None else None
    if stands is None and up is None:
        raise RoundRefuses(f"The {desk.rules.ladder[-1]} is the last to hear it: say whether the refusal stands.")
    together, whom = _together(desk, urn, post), _whom(desk, pair)
    return RefusalDecided(urns=together, post=post, stands=stands, reason=reason, on=on, sip=whom, next_rung=up)


def above(desk: Desk, rung: str | None) -> str | None:
    """Who hears it after this rung of the ladder; None where that was the last."""
    rungs = desk.rules.ladder
    at = rungs.index(rung) if rung in rungs else 0
    return rungs[at + 1] if at + 1 < len(rungs) else None


def may_raise(desk: Desk, pair: Pair) -> str | None:
    """To whom the head may take a refusal that did not stand; None where nobody is above, or the plan is in force."""
    open_ = pair.stage in ("overruled", "confirmed") and pair.heard is not None and not pair.heard.stands
    return above(desk, pair.heard.rung) if open_ and pair.heard and not desk.round.in_force else None


def take_up(desk: Desk, urn: str, on: dt.date, reason: str | None = None, post: PostKind = "lead") -> TakenUp:
    """A head whose refusal did not stand asks the next person up to look at it, who decides within
    `round.query_days`."""
    pair = next((p for p in desk.round.everyone if p.key == (urn, post) and may_raise(desk, p)), desk.pair(urn, post))
    rung = may_raise(desk, pair)
    if rung is None:
        raise RoundRefuses(f"{desk.name(urn)}: there is no decision that somebody further up could look at.")
    together, whom, by = _together(desk, urn, post), _whom(desk, pair), _reply_by(desk, on)
    return TakenUp(urns=together, post=post, rung=rung, reason=reason, on=on, decide_by=by, sip=whom)


def sip_says(
    desk: Desk,
    sip: str,
    says: SipSays,
    on: dt.date,
    *,
    urn: str | None = None,
    post: PostKind | None = None,
    reason: str | None = None,
    via: Via = "page",
) -> SipReplies:
    """A SIP's word when sounded out, or at any time: yes, a query, a wish to move on, no to one school, an interest
    (domain F6, D9), of the task `post` where they have several there.

    A no comes with its reason and goes to the manager, who lets the SIP go or not (`close_query`)."""
    mine = [p for p in desk.round.everyone if p.sip == sip and urn in (None, p.urn) and post in (None, p.post)]
    if not mine:
        raise UsageError(f"{sip} has no pair {'at ' + desk.name(urn) if urn else 'in this plan'}.", sip=sip)
    if says in OF_ONE and urn is None:
        raise UsageError(f"Say which school: {says.replace('_', ' ')} is about one pair.", sip=sip)
    if says == "decline" and not (reason or "").strip():
        raise RoundRefuses("A school is declined with the reason. Say why in a sentence.")
    return SipReplies(
        sip=sip,
        urns=(urn or mine[0].urn,),
        post=mine[0].post,
        by="sip",
        answer=says,
        reason=reason,
        on=on,
        via=via,
        reply_by=_reply_by(desk, on),
    )


def silence(desk: Desk, on: dt.date) -> list[Fact]:
    """Schools whose date has passed: taken as accepted where `round.silence` says so, else left waiting."""
    late = sorted(u for u, by in outstanding(desk).items() if by < on)
    facts: list[Fact] = []
    for urn in late if desk.rules.silence == "accepts" else ():
        kinds = tuple(dict.fromkeys(p.post for p in desk.round.everyone if p.urn == urn and p.stage == "proposed"))
        taken = SchoolAccepts(
            urns=(urn,),
            post=kinds[0],
            by="head",
            answer="accept",
            reason=None,
            on=on,
            via="silence",
            posts=kinds,
            settles=True,
        )
        facts.append(taken)
    return facts


def close_query(desk: Desk, query: int, outcome: str, on: dt.date, *, opens: bool = False) -> QueryClosed:
    """The answer given; a school then has the usual days to accept or refuse. With `opens` a SIP who declined a
    school, asked to move on, or declared a tie that bars, is let go: the pair waits to be planned again, as after a
    refusal."""
    if not 1 <= query <= len(desk.round.queries):
        raise UsageError(f"There is no query {query} in this round; it has {len(desk.round.queries)}.")
    found = desk.round.queries[query - 1]
    if found.outcome is not None:
        raise RoundRefuses(f"Query {query} is already answered.")
    if not outcome.strip():
        raise RoundRefuses("A query leads to an outcome. Write what was answered.")
    if opens and found.about not in OF_ONE:
        raise RoundRefuses(
            "Only a SIP who declined a school, asked to move on or declared a tie is let go by an answer."
        )
    gone = all(p.beside != (found.urn, found.post, found.sip) for p in desk.round.everyone)
    if opens and gone and found.about != "interest":  # a tie bars whoever has the school by now
        raise RoundRefuses(f"{desk.name(found.urn)} has another SIP by now: nothing is left to let go.")
    comes = granted(desk, found) if found.about == "follow" else None  # what is decided is the plan on the desk
    by, urns = deadline(desk, on, None), _together(desk, found.urn, found.post)
    return QueryClosed(
        query=query,
        urns=urns,
        outcome=outcome,
        answer_by=by,
        on=on,
        opens=opens,
        about=found.about,
        granted=comes,
    )


def granted(desk: Desk, asked: Query) -> bool:
    """Whether the plan on the desk lets the SIP come with the head who asked for it."""
    pair = desk.round.pairs.get((asked.urn, "lead"))
    return pair is not None and pair.sip == asked.whom
