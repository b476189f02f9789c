"""Where a round stands: its events folded in, one after another. Nothing here decides what may happen
(`allocator.rounds`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from allocator.domain.case import POST_KINDS, PostKind
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
    SipReplies,
    Sounded,
    StandingTold,
    TakenUp,
    Withdrawn,
)
from allocator.domain.lineup import own, read
from allocator.domain.round import Beside, Heard, Key, Pair, Query, Round, RoundState, Sent, Sounding
from allocator.errors import Spoilt


def fold(events: Iterable[Event]) -> Round:
    """The round after all events, in their order. Raises Spoilt for one that nothing before it can have led to."""
    now = Round()
    for event in events:
        try:
            now = _one(now, event)
        except LookupError:  # a question that nobody asked, a post that the plan does not have
            raise Spoilt(
                f"Event {event.n} ({event.kind}) does not go on from those before it. Restore the store from a backup."
            ) from None
    return replace(now, state=_state(now))


def after(now: Round, event: Event) -> Round:
    """The round after one more event."""
    now = _one(now, event)
    return replace(now, state=_state(now))


def _one(now: Round, event: Event) -> Round:
    return replace(STEPS[type(event.fact)](now, event, event.fact), length=event.n)


def _state(r: Round) -> RoundState:
    stages = {p.stage for p in (*r.pairs.values(), *r.beside.values())}
    if not r.plans:
        return "empty"
    if r.repaired:
        return "repaired"
    if r.in_force:
        return "in_force"
    if stages == {"confirmed"}:
        return "confirmed"
    if all(p.untold for p in (*r.pairs.values(), *r.beside.values())):
        return "resubmitted" if r.resubmissions and r.told else "draft"  # nobody has been told of this plan
    if not stages & {"draft", "proposed", "queried"}:
        return "answered"
    return "resubmitted" if r.resubmissions else "proposed"


def _all(r: Round, change: Callable[[Pair], Pair]) -> Round:
    """Every pair as `change` makes it, those beside the last holder's too."""
    return replace(
        r,
        pairs={k: change(p) for k, p in r.pairs.items()},
        beside={k: change(p) for k, p in r.beside.items()},
    )


def _of(r: Round, urns: Iterable[str], change: Callable[[Pair], Pair]) -> Round:
    """`_all`, where only pairs of these schools can change: a county's log has a thousand answers of one each."""
    wanted = set(urns)
    mine = [k for u in wanted for post in POST_KINDS if (k := (u, post)) in r.pairs]
    return replace(
        r,
        pairs=r.pairs | {k: change(r.pairs[k]) for k in mine},
        beside={k: change(p) if p.urn in wanted else p for k, p in r.beside.items()},
    )


def _with(r: Round, urns: Iterable[str], kinds: Iterable[str] | None = None, **values: Any) -> Round:
    """Pairs of these schools and posts that are out and not yet confirmed, as changed."""
    wanted, posts = set(urns), set(kinds) if kinds is not None else None

    def change(p: Pair) -> Pair:
        mine = p.urn in wanted and (posts is None or p.post in posts) and p.stage not in ("draft", "confirmed")
        return replace(p, **values) if mine else p

    return _of(r, wanted, change)


def _plan(r: Round, e: Event, d: PlanPut) -> Round:
    """A new plan: pairs that stay keep their answers; the others start again as drafts. A pair confirmed with
    other days or dates is to be confirmed again."""
    old, now = {p.beside: p for p in r.everyone}, read(d.line_ups)

    behind = set(d.behind)  # worked by then: nothing of it is planned again

    def again(urn: str, post: PostKind, sip: str) -> Pair:
        p = old.get((urn, post, sip), Pair(urn, post, sip))
        if p.beside in behind and _waits(p):
            return replace(p, stage="confirmed")
        alike = own(now.get(p.key, ()), sip) == own(r.now.get(p.key, ()), sip)
        return p if alike or p.stage != "confirmed" else replace(p, stage="accepted", confirmed_by=None)

    pairs: dict[Key, Pair] = {(u, k): again(u, k, s) for u, k, s in d.pairs}
    beside = {(u, k, s): again(u, k, s) for u, k, s in d.beside}
    for key, up in now.items():
        for s in up:  # whose work lies behind the change keeps what was said
            was = (*key, s.sip)
            if was not in beside and was in old and pairs[key].sip != s.sip:
                beside[was] = replace(old[was], stage="confirmed") if _waits(old[was]) else old[was]
    asked = list(r.queries)
    for urn, sip in d.follows:
        last = next((q for q in reversed(asked) if (q.urn, q.about, q.whom) == (urn, "follow", sip)), None)
        has = (urn, "lead") in pairs and pairs[urn, "lead"].sip == sip
        if last is None or (last.outcome is not None and last.granted != has):
            by = e.at.date() + dt.timedelta(days=d.reply_days)
            asked.append(Query(len(asked) + 1, urn, "lead", "head", "follow", None, by, whom=sip))
    return replace(
        r,
        queries=tuple(asked),
        plans=(*r.plans, d.plan),
        pairs=pairs,
        beside=beside,
        now=now,
        resubmissions=r.resubmissions + (d.cause == "resubmitted"),
        repaired=r.repaired or d.cause == "repaired" or (r.in_force and d.cause == "resubmitted"),
        moved=(*r.moved, (d.cause, d.moved)),
    )


def _waits(p: Pair) -> bool:
    """Confirmed once, and to be planned again since: what lies behind the change stays as it was confirmed."""
    return p.confirmed_by is not None and (p.said_no or p.stage == "refused")


def _tell(r: Round, on: dt.date, urns: Iterable[str] = (), sips: Iterable[str] = ()) -> Round:
    """These now know what stands."""
    wanted = set(urns)
    told = {k: up for k, up in r.told.items() if k[0] not in wanted}
    told |= {k: up for k, up in r.now.items() if k[0] in wanted}
    theirs = {s: {k: mine for k, up in r.now.items() if (mine := own(up, s))} for s in sips}
    dates = {("school", u): on for u in wanted} | {("sip", s): on for s in theirs}
    return replace(r, told=told, told_sips={**r.told_sips, **theirs}, told_on={**r.told_on, **dates})


def _sounded(r: Round, e: Event, d: Sounded) -> Round:
    asked = replace(r, soundings={**r.soundings, **{s: Sounding(d.answer_by) for s in d.sips}})
    return _tell(asked, d.on, sips=d.sips)


def _proposed(r: Round, e: Event, d: Proposed) -> Round:
    out = set(d.urns)

    def goes(p: Pair) -> Pair:
        if p.urn not in out or p.stage != "draft":
            return p
        return replace(p, stage="proposed", released_on=d.on, answer_by=d.answer_by)

    return _tell(_all(r, goes), d.on, out)


def _withdrawn(r: Round, e: Event, d: Withdrawn) -> Round:
    out = set(d.urns)
    back = _all(r, lambda p: Pair(p.urn, p.post, p.sip) if p.urn in out else p)
    return replace(back, told={k: up for k, up in r.told.items() if k[0] not in out})


def _told(r: Round, e: Event, d: StandingTold) -> Round:
    """Letters that ask for no answer: changed days, endings, decisions, confirmations."""
    schools, sips = d.schools, d.sips
    r = _tell(r, d.on, schools, sips)
    done, decided = set(schools), {u for u, states in schools.items() if "decided" in states}
    heard = {s for s, states in sips.items() if "decided" in states}

    def knows(p: Pair) -> Pair:
        of = {
            who
            for who, key, them in (("school", p.urn, schools), ("sip", p.sip, sips))
            if "confirmed" in them.get(key, ())
        }
        p = replace(p, heard_told=True) if p.urn in decided and p.urn in done else p
        return replace(p, told_of=tuple(sorted({*p.told_of, *of}))) if of else p

    queries = tuple(
        replace(q, told=True) if q.outcome and (q.sip in heard if q.by == "sip" else q.urn in decided) else q
        for q in r.queries
    )
    return replace(_all(r, knows), queries=queries)


def _letters(r: Round, e: Event, d: LettersKept) -> Round:
    sent = tuple(Sent(x.id, x.kind, x.key, x.urns, x.to, x.role, e.at, e.by.name, x.sha256) for x in d.letters)
    return replace(r, letters=(*r.letters, *sent))


def _reminded(r: Round, e: Event, d: Reminded) -> Round:
    return _with(r, d.urns, reminded_on=d.on)


def _accepted(r: Round, e: Event, d: SchoolAccepts) -> Round:
    values: dict[str, Any] = {"chair": True} if d.by == "chair" else {"head": "accept"}
    if d.settles:
        values |= {"stage": "accepted", "silent": d.via == "silence"}
    return _with(r, d.urns, d.posts, **values)


def _asked(r: Round, e: Event, d: SchoolAsks) -> Round:
    first = r.pairs.get((d.urns[0], d.post))
    said = d.by == "chair" and first is not None and first.stage == "accepted"  # the head's yes is not taken down
    held = r if said else _with(r, d.urns, [d.post], stage="queried", head="query")
    return replace(held, queries=(*held.queries, _query(held, d)))


def _vetoed(r: Round, e: Event, d: SchoolRefuses) -> Round:
    """The school would rather have somebody else than this SIP; without `sip`, than who has the post at the end."""
    theirs, waits = _meant(r, d), d.standing != "stands"

    def refused(p: Pair) -> Pair:
        if p.beside not in theirs:
            return p
        return replace(p, stage="refused", head="veto", represented=waits, rung=d.rung)

    out = _all(r, refused)
    return out if waits else _refuse(out, d)


def _meant(r: Round, d: SchoolRefuses | RefusalDecided | TakenUp) -> list[Beside]:
    keys = [(u, d.post) for u in d.urns if (u, d.post) in r.pairs]
    return [(*k, d.sip) for k in keys] if d.sip else [r.pairs[k].beside for k in keys]


def _refuse(r: Round, d: SchoolRefuses | RefusalDecided) -> Round:
    return replace(r, refused=(*r.refused, *_meant(r, d)))


def _query(r: Round, d: SchoolAsks | SipReplies) -> Query:
    sip = d.sip if isinstance(d, SipReplies) else None
    return Query(len(r.queries) + 1, d.urns[0], d.post, d.by, d.answer, d.reason, d.reply_by, sip=sip)


def _sip_says(r: Round, e: Event, d: SipReplies) -> Round:
    old = r.soundings.get(d.sip)
    if old is not None:
        r = replace(r, soundings={**r.soundings, d.sip: replace(old, said=d.answer)})
    return r if d.answer == "accept" else replace(r, queries=(*r.queries, _query(r, d)))


def _refusal_decided(r: Round, e: Event, d: RefusalDecided) -> Round:
    theirs = _meant(r, d)
    if d.next_rung:
        return _all(r, lambda p: replace(p, rung=d.next_rung) if p.beside in theirs else p)
    stands, rung = bool(d.stands), next((p.rung for p in r.everyone if p.beside in theirs), None)
    values: dict[str, Any] = {
        "represented": False,
        "rung": None,
        "heard": Heard(stands, d.reason, e.by.name, d.on, rung),
        "heard_told": False,
        "decide_by": None,
        "stage": "refused" if stands else "overruled",
    }
    out = _all(r, lambda p: replace(p, **values) if p.beside in theirs else p)
    return _refuse(out, d) if stands else out


def _raised(r: Round, e: Event, d: TakenUp) -> Round:
    """A head who was overruled takes it one step up."""
    theirs = _meant(r, d)
    values: dict[str, Any] = {
        "stage": "refused",
        "represented": True,
        "rung": d.rung,
        "decide_by": d.decide_by,
        "confirmed_by": None,
    }
    return _all(r, lambda p: replace(p, **values) if p.beside in theirs else p)


def _query_closed(r: Round, e: Event, d: QueryClosed) -> Round:
    found = r.queries[d.query - 1]
    closed = replace(
        found, outcome=d.outcome, closed_by=e.by.name, closed_on=d.on, opens=d.opens, granted=bool(d.granted)
    )
    r = replace(r, queries=tuple(closed if q.id == found.id else q for q in r.queries))
    if closed.opens:
        posts = POST_KINDS if found.about == "interest" else (found.post,)  # a tie is to the school, whatever the task

        def goes(p: Pair) -> bool:
            return (p.urn, p.sip) == (found.urn, found.sip) and p.post in posts

        return _all(
            r, lambda p: replace(p, stage="refused", declined=True, tied=found.about == "interest") if goes(p) else p
        )
    pair = r.pairs.get((found.urn, found.post))
    if found.about == "query" and found.by != "sip" and pair is not None and pair.stage == "queried":
        return _with(r, d.urns, [found.post], stage="proposed", answer_by=d.answer_by)
    return r


def _governors(r: Round, e: Event, d: GovernorsSay) -> Round:
    """A no takes back that the pair is confirmed, in force too: it waits to be planned again."""
    urn, yes = d.urn, d.yes
    mine = {p.beside for p in r.everyone if p.key == (urn, "appraisal")}
    about = {(u, sip) for u, _, sip in mine}
    noes = (*(x for x in r.noes if x not in about), *(() if yes else sorted(about)))

    def heard(p: Pair) -> Pair:
        if p.stage == "confirmed" and not yes:
            p = replace(p, stage="accepted", confirmed_by=p.confirmed_by if r.in_force else None)
        return replace(p, governors=yes, governors_on=d.on)

    return replace(_of(r, [urn], lambda p: heard(p) if p.beside in mine else p), noes=noes)


def _confirmed(r: Round, e: Event, d: PairsConfirmed) -> Round:
    done: set[Key | Beside] = set(d.pairs)  # (urn, post), with the SIP for a pair beside the last holder's
    last = {k: _confirm(p, e) if k in done else p for k, p in r.pairs.items()}
    return replace(r, pairs=last, beside={k: _confirm(p, e) if k in done else p for k, p in r.beside.items()})


def _confirm(p: Pair, e: Event) -> Pair:
    return replace(p, stage="confirmed", confirmed_by=e.by.id, told_of=())


def _in_force(r: Round, e: Event, d: PutInForce) -> Round:
    return replace(r, in_force=True)


STEPS: dict[type[Fact], Callable[[Round, Event, Any], Round]] = {
    PlanPut: _plan,
    Sounded: _sounded,
    Proposed: _proposed,
    Withdrawn: _withdrawn,
    Reminded: _reminded,
    SchoolAccepts: _accepted,
    SchoolAsks: _asked,
    SchoolRefuses: _vetoed,
    SipReplies: _sip_says,
    RefusalDecided: _refusal_decided,
    QueryClosed: _query_closed,
    GovernorsSay: _governors,
    PairsConfirmed: _confirmed,
    PutInForce: _in_force,
    TakenUp: _raised,
    StandingTold: _told,
    LettersKept: _letters,
}
