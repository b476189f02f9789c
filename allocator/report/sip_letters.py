"""Letters to SIPs for each state of a round: what is offered and why, what is lost and why, what was asked for and
not had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from allocator.domain.claims import TASKS, Gone
from allocator.domain.lineup import LineUp, own
from allocator.domain.plan import Assignment
from allocator.domain.round import Key, Query
from allocator.reasons.spoken import lost_to_sip, name_of, unmet_to_sip
from allocator.reasons.told import ROLE, in_words
from allocator.reasons.turns import losses
from allocator.reasons.why import explain
from allocator.report.letters import LetterOffice, closes, contact, made
from allocator.report.wording import FIELDS, Letter, LetterKind, merge, state_of
from allocator.rounds import Desk, above, deadline, offered, sip_due
from allocator.words import PERIODS, day, days, listed, noun, number


def gets(desk: Desk, kind: LetterKind, sip: str) -> bool:
    """Whether this SIP has something that a letter of this kind would tell, as the round stands."""
    state, mine = state_of(kind), [p for p in desk.round.everyone if p.sip == sip]
    if state == "school":
        return bool(mine)
    if state == "confirmed":
        return bool(mine) and all(p.stage == "confirmed" for p in mine)
    if state == "decided":
        return any(q.sip == sip and q.outcome for q in desk.round.queries)
    return state in sip_due(desk, sip)


def sip_letter(desk: Desk, sip: str, office: LetterOffice, link: str | None = None, kind: LetterKind = "sip") -> Letter:
    """To a SIP with pairs in this plan, or with some that they were told of."""
    rows, r = sip_rows(desk, sip), desk.round
    asked, link = r.soundings.get(sip), link or office.sip_link
    by = day(
        asked.answer_by
        if asked and not offered(desk, sip) and office.answer_by is None
        else deadline(desk, office.today, office.answer_by)
    )
    schools = len({a.urn for a in rows})
    count = f"{number(schools)} {noun(schools, 'school')}"
    total, on = days(sum(a.days for a in rows)), r.told_on.get(("sip", sip))
    wants = bool(offered(desk, sip)) or kind == "sip"
    values = dict.fromkeys(FIELDS["sip"], "") | {
        "sip": name_of(desk.facts, sip),
        "count": count,
        "days": total,
        "periods": in_parts(rows) + _extra(rows),
        "offered": of_offered(desk, sip),
        "schools": "\n\n".join(_offer(desk, office, a) for a in rows),
        "list": "\n".join(
            f"{a.school}{'' if a.post == 'lead' else f' ({ROLE[a.post]})'}: {in_words(a.days)}, from {day(a.from_)} "
            f"to {day(a.to)}"
            for a in rows
        ),
        "changes": "\n\n".join(changes(desk, sip, office)),
        "whole": whole(desk, sip),
        "lost": "\n\n".join(lost(desk, sip)),
        "decided": "\n\n".join(decided(desk, q) for q in outcomes(desk, sip)),
        "next_step": next_step(desk, outcomes(desk, sip)),
        "since": f"On {day(on)} I wrote to you about your schools. This has changed since:" if on else "",
        "answer_by": by if wants else "",
        "link": link,
        "ask": f"Please tell me by {by} whether you can take what is new, at {link}" if wants else "",
        "no_answer": ""
        if wants
        else f"You need not answer. If it does not suit you, or you wish to ask something, write to me: {link}",
        "made": made(rows, state_of(kind) == "confirmed"),
        "again": (
            "If you think something is wrong, ask me: I look at it again, and you have an answer within "
            f"{days(desk.rules.query_days)}."
        ),
        "year": desk.facts.case.year,
        "manager": office.manager,
        "programme": office.programme,
        "contact": contact(office.office, office.telephone),
        "ring": office.ring,
        "today": day(office.today),
    }
    urns = tuple(sorted({a.urn for a in rows}))
    return merge(kind, office.wordings[kind], values, sip, values["sip"], urns)


def sip_rows(desk: Desk, sip: str) -> list[Assignment]:
    """Everything that a SIP holds from here on, also what ends within the year with somebody else's return."""
    mine = [a for a in desk.plan.assignments if a.sip == sip and not a.settled]
    return sorted(mine, key=lambda a: (a.urn, a.post != "lead", a.post, a.from_))


def whole(desk: Desk, sip: str) -> str:
    """How many schools they have now, and their days in the whole year, what lies behind a change included."""
    rows = sip_rows(desk, sip)
    if not rows:
        return "That leaves you without a school in this plan."
    year = [a for a in desk.plan.assignments if a.sip == sip]
    n = len({a.urn for a in rows})
    total = f"{days(sum(a.days for a in year))} in the whole year{_split(year)}{_extra(year)}"
    return f"You have {number(n)} {noun(n, 'school')} now, and {total}."


def _extra(rows: Iterable[Assignment]) -> str:
    """The time beside schools' days that goes to getting to know a school, and to a head who is new."""
    more = sum(a.extra_days for a in rows)
    return f"; and {in_words(more)} more where the school is new to you, or its head is new" if more else ""


def of_offered(desk: Desk, sip: str) -> str:
    """Days offered, days that can go to schools, days that do; blank where hardly any are left."""
    load, row = next((x for x in desk.plan.loads if x.sip == sip), None), desk.facts.sips.get(sip)
    if load is None or row is None or load.capacity - load.days < 1:
        return ""
    return (
        f"You offered {days(row.days)}; {load.capacity:g} of them can go to schools once training and a "
        f"reserve are taken off, and this plan uses {load.days:g}."
    )


def lost(desk: Desk, sip: str) -> list[str]:
    """Schools that were this SIP's and have somebody else, and what they asked for and have not: why, as far as it
    is theirs to read."""
    held = {a.urn for a in sip_rows(desk, sip)}
    gone = losses(desk.plan, sip)
    asked = [w for w in desk.plan.wishes if w.by == "sip" and w.sip == sip and not w.met and w.urn not in held]
    return [lost_to_sip(desk.facts, c) for c in gone] + [unmet_to_sip(desk.facts, w) for w in asked]


def changes(desk: Desk, sip: str, office: LetterOffice) -> list[str]:
    """What this SIP has now against what they were told: what is new each by itself, the rest by what has become
    of it."""
    r, new, rest = desk.round, list[str](), dict[str, list[str]]()
    told = r.told_sips.get(sip, {})
    for key in sorted({*told, *(k for k, up in r.now.items() if own(up, sip))}):
        was, now = told.get(key, ()), own(r.now.get(key, ()), sip)
        if was == now:
            continue
        where = desk.facts.name(key[0]) + ("" if key[1] == "lead" else f" ({ROLE[key[1]]})")
        ahead = [a for a in sip_rows(desk, sip) if (a.urn, a.post) == key]
        if not was and ahead:
            new.append(_offer(desk, office, ahead[0]))
        elif not was:
            when = f"yours from {day(now[0].from_)} to {day(now[-1].to)}, of which I had not written to you."
            rest.setdefault(when, []).append(where)
        else:
            rest.setdefault(_become(desk, sip, key, was, now), []).append(where)
    return new + [
        f"{listed(at)}: {text.format(each=' each' if len(at) > 1 else '', it='them' if len(at) > 1 else 'it')}"
        for text, at in rest.items()
    ]


def _become(desk: Desk, sip: str, key: Key, was: LineUp, now: LineUp) -> str:
    """What has become of a post that the SIP was told of."""
    mine = [q for q in desk.round.queries if q.opens and (q.urn, q.sip) == (key[0], sip)]
    tied, let_go = any(q.about == "interest" for q in mine), any(q.post == key[1] for q in mine)
    own = ", for the tie that you declared" if tied else ", as you asked" if let_go else ""
    if not now:
        after = desk.round.now.get(key, ())
        empty = any((u.urn, u.post) == key for u in desk.plan.unfilled)
        gone = "nobody has {it} for now" if empty else "no longer in this year's plan"
        gone = "somebody else has {it}" if after else gone
        return f"{gone}{own or '; the plan has had to change since'}."
    if len(now) > len(was):
        back = now[-1]
        return (
            f"somebody stands in for you from {day(now[-2].to + dt.timedelta(days=1))}, and you go on from "
            f"{day(back.from_)}, "
            f"with {days(back.days)}{{each}} from then."
        )
    if now[-1].to < was[-1].to:
        moved = [c for c in desk.plan.changes if (c.urn, c.post, c.from_) == (*key, sip)]
        gone = ", as you are leaving us" if any(isinstance(x, Gone) for c in moved for x in c.claims) else ""
        gone = gone or closes(desk, key[0], now[-1].to) or own
        then = ", and somebody else takes {it} on from then" if desk.round.now[key][-1].sip != sip else ""
        return f"your work there ends on {day(now[-1].to)}{gone}{then}."
    before, total = sum(s.days for s in was), sum(s.days for s in now)
    if before != total:
        return f"{days(total)}{{each}} in the year, where it was {before:g}."
    return f"from {day(now[0].from_)} to {day(now[-1].to)}, where it was from {day(was[0].from_)} to {day(was[-1].to)}."


def outcomes(desk: Desk, sip: str) -> list[Query]:
    """What this SIP asked and was answered: what they have not yet in a letter, else all."""
    done = [q for q in desk.round.queries if q.sip == sip and q.outcome]
    return [q for q in done if not q.told] or done


def decided(desk: Desk, q: Query) -> str:
    """The outcome of what a SIP asked: what, why, by whom, when."""
    where = desk.facts.name(q.urn)
    task = f"{TASKS[q.post]} at {where}" if q.post in TASKS else where
    asked = {
        "move_on": f"You asked to move on from {task}.",
        "decline": f"You said that you would rather not take {task}.",
        "interest": f"You declared a tie to {where}.",
        "query": f"You asked about {where}.",
    }[q.about]
    who = f"{q.closed_by or 'The SIP manager'} {'considered it' if q.about != 'query' else 'answered'}"
    when = f" on {day(q.closed_on)}" if q.closed_on else ""
    outcome = (q.outcome or "").strip().rstrip(".")
    if q.about == "query":
        return f"{asked} {who}{when}: {outcome}."
    if q.about == "interest":
        how = "it bars you from the school, which is proposed somebody else" if q.opens else "it does not bar you"
    else:
        how = "you are let go, and the school is proposed somebody else" if q.opens else "you are asked to stay"
    return f"{asked} {who} and decided{when}: {how}. The reason: {outcome}."


def next_step(desk: Desk, closed: Iterable[Query]) -> str:
    """Whom a SIP who is asked to stay may turn to."""
    if not any(q.about in ("move_on", "decline") and not q.opens for q in closed):
        return ""
    rung = above(desk, desk.rules.ladder[0])
    return f"If you do not agree, ask the {rung} to look at it." if rung else ""


def in_parts(rows: Iterable[Assignment]) -> str:
    """Days in each part of the year, of all rows together: 3 in spring, and so on; parts without any left out."""
    given = list(rows)
    total = {part: sum(getattr(a.periods, part) for a in given) for part in PERIODS}
    return listed([f"{total[part]:g} in {name}" for part, name in PERIODS.items() if total[part]])


def _split(rows: Iterable[Assignment]) -> str:
    """In which parts of the year days fall: after a comma where in one alone."""
    said = in_parts(given := list(rows))
    one = [name for part, name in PERIODS.items() if any(getattr(a.periods, part) for a in given)]
    return f", in {one[0]}" if len(one) == 1 else f": {said}" if said else ""


def _offer(desk: Desk, office: LetterOffice, a: Assignment) -> str:
    told = explain(office.ready, desk.plan, a.urn, a.post, audience="sip", holder=a.sip, on=office.today).text
    said = told if a.school in told else f"{a.school}: {told}"
    because = concern(desk, a.urn)
    return f"{said} {because}" if because else said


def concern(desk: Desk, urn: str) -> str:
    """That the school is in a category which policy gives only to SIPs with experience of it (public, as Ofsted
    publishes it)."""
    asked = desk.facts.policy.need.requires if desk.facts.policy.need.on else {}
    found = [CATEGORY[f.name] for f in desk.facts.flags(urn) if f.name in asked and f.name in CATEGORY]
    return (
        (
            f"The school is {listed(found)}, which is why you are asked: our policy gives it to people with "
            "experience of that."
        )
        if found
        else ""
    )


CATEGORY = {
    "special_measures": "in special measures",
    "significant_improvement": "in need of significant improvement",
}
