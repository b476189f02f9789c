"""Everything held on a person, for them to print (domain 3.7, subject access). Nothing of other people is in it.

What others wrote (why a school refused, a manager's reason for a decision) may name others, and a school was told that
nobody else sees its refusal: whether there is any is not said here, and the manager gives it out with others' names
taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from allocator.domain.case import Case, History
from allocator.domain.happened import Fact, QueryClosed, SchoolReplies, SipReplies, named
from allocator.errors import NotThere
from allocator.rounds.ask_first import Key
from allocator.service import ladders, roles
from allocator.service.roles import Who
from allocator.service.views import mine, own_pair, ready_of
from allocator.store import keep, questionnaires
from allocator.store import ladders as kept_ladders
from allocator.store.tables import AuditRow, Grant, LetterRow, Pass, Programme, RoundRow
from allocator.words import words

TAG = re.compile(r"[a-z]+(_[a-z]+)*")  # a word of a closed list, and no address or sentence
Part = tuple[str, list[tuple[str, str]]]  # heading, (what, value)


def held_on(s: Session, who: Who) -> list[Part]:
    """By kind of thing: you, your sign-ins, your row and what is recorded of you in each round, what you said."""
    parts: list[Part] = [("You", [("Name", who.name), ("Email address", who.email), ("Role", who.role)])]
    passes = s.scalars(
        sa.select(Pass).where(Pass.person_id == who.id, Pass.programme_id == who.programme).order_by(Pass.created_at)
    )
    parts.append(("Your sign-ins", [(f"{p.created_at:%d %B %Y %H:%M} UTC", f"{p.kind}, as {p.role}") for p in passes]))
    for programme in sorted(who.programmes()):
        name = s.get_one(Programme, programme).name
        for row in s.scalars(
            sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at)
        ):
            kept = keep.case_row(s, row.id)
            if kept is not None:
                parts += _of_case(f"{name}, {row.name}", keep.case_of(kept)[0], who, programme)
            said = [e for e in keep.events_of(s, row.id) if e.by.id == who.id]
            rows = [(f"{e.at:%d %B %Y %H:%M} UTC", _said(e.fact)) for e in said]
            parts.append((f"{name}, {row.name}: what you said here", rows))
            parts += _asked(s, f"{name}, {row.name}", row, who)
            parts += _decided(s, f"{name}, {row.name}", row, who)
            parts += _letters(s, f"{name}, {row.name}", row, who)
        parts += _ladders(s, name, who, programme)
    mine = sa.select(AuditRow).where(AuditRow.person_id == who.id, AuditRow.programme_id.in_(who.programmes()))
    lines = s.scalars(mine.order_by(AuditRow.n))
    parts.append(("What the audit log has of you", [(f"{a.at:%d %B %Y %H:%M} UTC", a.action) for a in lines]))
    if who.role in ("school", "sip"):
        parts.append(("How it is worked out", LOGIC))
    return [(heading, rows) for heading, rows in parts if rows]


LOGIC = [
    (
        "Who may",
        (
            "Published rules keep a SIP from a school: a tie, a phase never led, a refusal, a time limit, "
            "distance, too few days."
        ),
    ),
    (
        "What counts",
        "Among the rest, as many schools as possible have a SIP, the neediest first; schools changed lately "
        "are not changed again; then what "
        "schools and SIPs asked for and fitting experience are weighed, by the weights on the page of rules; "
        "last a published lot.",
    ),
    (
        "Who decides",
        (
            "A computer proposes. A person looks at every pair with its reason, may change it, and confirms "
            "it; nobody confirms a pair of their own."
        ),
    ),
    (
        "If you disagree",
        "Ask on your page: a person answers by a date that is told. After that, who hears you stands in the rules.",
    ),
]


def _asked(s: Session, where: str, row: RoundRow, who: Who) -> Iterable[Part]:
    """What was said on the form before planning, or of next year while the plan is in force, by them or for them."""
    sip, urns = who.sip(row.programme_id), who.urns(row.programme_id)
    own: set[Key] = {("school", urn) for urn in urns} if who.role == "school" else {("sip", sip)} if sip else set()
    for a in questionnaires.words_of(s, row.id, own):
        year = "next year" if a.kind == "next_year" else "the year"
        yield f"{where}: what was said of {year}, {a.at:%d %B %Y}, by {a.by['name']}", _row(a.data)


def _decided(s: Session, where: str, row: RoundRow, who: Who) -> Iterable[Part]:
    """What was proposed to them, with the reason as they were told it, and what came of it."""
    if who.role not in ("school", "sip") or keep.current(s, row.id) is None:
        return
    on_desk, desk = keep.desk(s, row.id)
    rows = []
    for pair in mine(desk, who, row.programme_id):
        told = own_pair(desk, ready_of(on_desk, desk.plan), pair, who)
        stage = f"{pair.stage}: " if who.role == "school" else ""
        heard = (
            f" Decided {pair.heard.on:%d %B %Y} by {pair.heard.by}: {pair.heard.reason}"
            if pair.heard and who.role == "school"
            else ""
        )
        rows.append((f"{told.school}, {pair.post}", f"{stage}{told.text}{heard}"))
    yield f"{where}: what was proposed, and why", rows


def _ladders(s: Session, where: str, who: Who, programme: str) -> Iterable[Part]:
    """Complaints and concerns, as far as their page shows them."""
    if who.role not in ("school", "sip"):
        return
    for x in ladders.seen_by(s, who, programme)[0]:
        rows = [
            (f"{step.at:%d %B %Y}, {step.word} by {step.by.name}", step.text or "not for you to read")
            for step in x.steps
        ]
        yield (
            f"{where}: a {x.matter.kind}, {x.school}, {'closed' if x.matter.closed else f'with the {x.matter.with_}'}",
            rows,
        )


def _letters(s: Session, where: str, row: RoundRow, who: Who) -> Iterable[Part]:
    sent = s.scalars(
        sa.select(LetterRow).where(LetterRow.round_id == row.id, LetterRow.person_id == who.id).order_by(LetterRow.at)
    )
    yield (
        f"{where}: letters to you",
        [(f"{x.at:%d %B %Y}: {x.heading}", f"{x.text} ({x.fate})") for x in sent if x.role == who.role],
    )


def copy_for(s: Session, programme: str, email: str) -> list[Part]:
    """The copy that a manager gives: everything of each of the person's roles, and what others wrote about them,
    in full. Others' names are to be taken out before it is given. Raises NotThere."""
    person = roles.person_by_email(s, email)
    grants = (
        []
        if person is None
        else list(s.scalars(sa.select(Grant).where(Grant.person_id == person.id, Grant.programme_id == programme)))
    )
    if person is None or not grants:
        raise NotThere("Nobody with that address has a role in this programme.")
    name = roles.names_in(s, programme)[person.id]
    parts: list[Part] = []
    for role in dict.fromkeys(roles.ROLE_OF[g.role] for g in grants):
        own = tuple(g for g in grants if roles.ROLE_OF[g.role] == role)
        who = Who(person.id, name, person.email, role, programme, own, "read", "", "session", False)
        parts += [p for p in held_on(s, who) if p not in parts]
    sips, urns = {g.sip for g in grants if g.sip}, {g.urn for g in grants if g.urn}
    for row in s.scalars(sa.select(RoundRow).where(RoundRow.programme_id == programme).order_by(RoundRow.created_at)):
        kept = keep.case_row(s, row.id)
        rows = list(_by_others(keep.case_of(kept)[0], sips, urns)) if kept else []
        for e in keep.events_of(s, row.id):
            schools, people = named(e.fact)
            if e.fact.words and e.by.id != person.id and (schools & urns or people & sips):
                rows.append((f"{e.at:%d %B %Y}, {e.by.name}", e.fact.words))
        parts.append((f"{row.name}: written by others, in full (take others' names out)", rows))
    heads = {g.urn for g in grants if g.role == "head"}
    for m in kept_ladders.matters(s, programme):
        if m.sip in sips or (m.kind == "concern" and m.urn in heads):
            rows = [
                (f"{x.at:%d %B %Y}, {x.word} by {x.by.name}", x.text or "") for x in m.steps if x.by.id != person.id
            ]
            parts.append((f"a {m.kind}, with the {m.with_}: by others, in full (take others' names out)", rows))
    return [(h, r) for h, r in parts if r]


def _by_others(case: Case, sips: set[str], urns: set[str]) -> Iterable[tuple[str, str]]:
    for w in case.wishes:
        if w.note and (w.sip in sips or w.urn in urns):
            yield f"wish of the {w.by}: {w.wish.replace('_', ' ')}", w.note
    for h in case.history:
        if h.sip in sips and h.ended not in (None, "end_of_year"):
            yield f"{h.year} at {h.urn}, {h.role or 'lead'}: how it ended", h.ended.replace("_", " ")
    for d in case.decisions:
        if d.sip in sips or d.urn in urns:
            yield f"decision ({d.decision.replace('_', ' ')}) by {d.by}, {d.on}", d.reason


def _said(fact: Fact) -> str:
    word = fact.answer.replace("_", " ") if isinstance(fact, SchoolReplies | SipReplies) else ""
    return f"{word}: {fact.words}" if fact.words and not isinstance(fact, QueryClosed) else word


def _of_case(where: str, case: Case, who: Who, programme: str) -> Iterable[Part]:
    if who.role == "school":
        for school in (x for x in case.schools if x.urn in who.urns(programme)):
            yield f"{where}: the row of {school.name}", _row(school.model_dump())
            wishes = [w for w in case.wishes if w.by == "school" and w.urn == school.urn]
            yield f"{where}: what {school.name} asked for", [(w.wish.replace("_", " "), w.note or "") for w in wishes]
            refused = [r for r in case.refusals if r.urn == school.urn]
            yield f"{where}: refusals by {school.name}", [(r.year, r.kind) for r in refused]
        return
    sip = who.sip(programme)
    names = {x.urn: x.name for x in case.schools}
    for person in (x for x in case.sips if x.sip == sip):
        yield f"{where}: your row", _row(person.model_dump())
    history = [h for h in case.history if h.sip == sip]
    yield (
        f"{where}: schools on record with you",
        [
            (
                f"{h.year} {h.role or 'lead'}",
                names.get(h.urn, h.urn) + _ended(h),
            )
            for h in history
        ],
    )
    ties = [i for i in case.interests if i.sip == sip]
    yield (
        f"{where}: ties declared",
        [
            (
                names.get(i.urn or "", i.urn or i.trust or i.la or ""),
                f"{i.kind.replace('_', ' ')}, {i.outcome or 'open'}",
            )
            for i in ties
        ],
    )
    wishes = [w for w in case.wishes if w.by == "sip" and w.sip == sip]
    yield f"{where}: what you asked for", [(w.wish.replace("_", " "), w.note or "") for w in wishes]
    away = [a for a in case.absences if a.sip == sip]
    yield f"{where}: times away", [(str(a.away_from), f"to {a.away_to}") for a in away]
    worked = [w for w in case.worked if w.sip == sip]
    yield f"{where}: days given", [(str(w.on), f"{w.days:g} at {names.get(w.urn, w.urn)}, {w.post}") for w in worked]
    told = "are not shown or counted here: they may name others too. Ask the SIP manager for a copy"
    yield f"{where}: written by others", [("Wishes, refusals and decisions, should any name you", told)]


def _ended(h: History) -> str:
    """That it ended; how, where the SIP ended it themselves. Else a school that refused within the year, and was told
    that nobody else sees it, would be told of a year later: by what is said, or by its not being said."""
    if h.ended in (None, "end_of_year"):
        return ""
    return f", ended: {h.ended.replace('_', ' ')}" if h.ended in ("sip_left", "sip_asked") else ", ended"


def _row(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Every filled cell, in words."""
    out = []
    for key, value in data.items():
        if value in (None, (), "", [], {}):
            continue
        values = value if isinstance(value, tuple | list) else [value]
        text = ", ".join(words(v) if isinstance(v, str) and TAG.fullmatch(v) else str(v) for v in values)
        out.append((key.replace("_", " "), {"True": "yes", "False": "no"}.get(text, text)))
    return out
