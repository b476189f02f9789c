"""Letters of a round: the programme's wording, one for each head and SIP, sent by mail where a mail server is set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.orm import Session

from allocator.domain.round import State
from allocator.report import letters, sip_letters
from allocator.report.wording import DEFAULTS, Letter, LetterKind, kind_of
from allocator.rounds import Desk
from allocator.service import posting, roles
from allocator.service.access import Office
from allocator.service.inviting import Invited, letter_link
from allocator.service.posting import SENT
from allocator.service.roles import GrantRole, Who
from allocator.service.views import ready_of
from allocator.store import keep
from allocator.store.tables import AuditRow, Called, Grant, LetterRow, PlanRow, Programme, RoundRow, Someone, Wording


def wordings(s: Session, programme: str) -> dict[str, str]:
    """The wording of each kind: the programme's own, or the one we ship."""
    own = s.scalars(sa.select(Wording).where(Wording.programme_id == programme))
    return {**{str(k): text for k, text in DEFAULTS.items()}, **{w.kind: w.text for w in own}}


def keep_wording(s: Session, programme: str, kind: LetterKind, text: str | None, who: Who) -> None:
    """The programme's own wording from now on; None = back to the one we ship."""
    found = s.get(Wording, (programme, kind))
    if found is not None:
        s.delete(found)
        s.flush()
    if text is not None:
        s.add(Wording(programme_id=programme, kind=kind, text=text, by=who.id, at=keep.now()))
    keep.note(s, who.person(programme), "wording changed" if text else "wording put back", kind, programme=programme)


def base_of(office: Office, request: Request) -> str:
    """The address that people use, without a slash at its end."""
    return (office.settings.public_url or str(request.base_url)).rstrip("/")


def batch(
    office: Office,
    s: Session,
    request: Request,
    who: Who,
    row: RoundRow,
    plan: PlanRow,
    desk: Desk,
    answer_by: dt.date | None = None,
) -> letters.LetterOffice:
    """What the letters of this round share, as they would be written today."""
    at, programme = base_of(office, request), s.get_one(Programme, row.programme_id)
    return letters.LetterOffice(
        ready=ready_of(plan, desk.plan),
        wordings=wordings(s, row.programme_id),
        manager=who.name,
        programme=programme.name,
        office=programme.office,
        telephone=programme.telephone,
        today=dt.date.today(),
        school_link=f"{at}/school",
        sip_link=f"{at}/sip",
        answer_by=answer_by,
    )


@dataclass(frozen=True)
class Addressee:
    """Somebody who gets a letter: a person with a role, or an address of the case not yet enrolled."""

    invited: Invited
    next: str  # the page that their link opens


def heads_in(
    s: Session, programme: str, desk: Desk, groups: Iterable[tuple[str, ...]]
) -> dict[tuple[str, ...], list[Addressee]]:
    """Heads and chairs of each of these groups of schools: those with a role, else those whose address the case gives;
    each once. Asked for at once: a county has hundreds."""
    roles_of: dict[str, list[Invited]] = {}
    grants = sa.select(Grant, Someone, Called.name).join(Someone, Someone.id == Grant.person_id)
    called = (Called.person_id == Someone.id) & (Called.programme_id == Grant.programme_id)
    for g, p, name in s.execute(
        grants.join(Called, called).where(Grant.programme_id == programme, Grant.role.in_(("head", "chair")))
    ):
        role: GrantRole = "chair" if g.role == "chair" else "head"
        roles_of.setdefault(g.urn, []).append(Invited(p.email, name, role, urn=g.urn))
    return {urns: _heads(desk, urns, roles_of) for urns in groups}


def _heads(desk: Desk, urns: Sequence[str], roles_of: Mapping[str, Sequence[Invited]]) -> list[Addressee]:
    found: dict[str, Addressee] = {}
    for invited in (i for u in urns for i in roles_of.get(u, ())):
        found.setdefault(invited.email, Addressee(invited, "/school"))
    held = {(a.invited.urn, a.invited.role) for a in found.values()}
    for urn in urns:
        school = desk.facts.schools[urn]
        addresses: dict[GrantRole, str | None] = {"head": school.head_email, "chair": school.chair_email}
        for role, email in addresses.items():
            if email and (urn, role) not in held:
                name = f"{role.title()} of {school.name}"
                invited = Invited(roles.plain_email(email), name, role, urn=urn)
                found.setdefault(invited.email, Addressee(invited, "/school"))
    return list(found.values())


def sip_of(s: Session, programme: str, desk: Desk, sip: str) -> list[Addressee]:
    """The SIP: those with the role, else the address that the case gives."""
    grants = sa.select(Someone).join(Grant, Someone.id == Grant.person_id)
    own = list(s.scalars(grants.where(Grant.programme_id == programme, Grant.role == "sip", Grant.sip == sip)))
    if own:
        names = roles.names_in(s, programme)
        return [Addressee(Invited(p.email, names[p.id], "sip", sip=sip), "/sip") for p in own]
    row = desk.facts.sips.get(sip)
    return (
        [Addressee(Invited(roles.plain_email(row.email), row.name, "sip", sip=sip), "/sip")]
        if row and row.email
        else []
    )


@dataclass(frozen=True)
class Outgoing:
    """A letter with the address and the link of one who gets it, to be handed over."""

    letter: Letter
    email: str
    link: str


@dataclass(frozen=True)
class Addressed:
    """Whom a letter goes to, and the letter with this link in it."""

    to: Addressee
    written: Callable[[str], Letter]


States = Mapping[tuple[str, ...], Sequence[State]]  # letters to the schools of a head


def addressed(
    s: Session,
    row: RoundRow,
    desk: Desk,
    shared: letters.LetterOffice,
    schools: States,
    sips: Mapping[str, Sequence[State]],
) -> tuple[list[Addressed], list[str]]:
    """A letter of each state for the head and the chair of these schools, and for each SIP; and which heads and
    SIPs have no address."""
    out: list[Addressed] = []
    without: list[str] = []
    every = heads_in(s, row.programme_id, desk, schools)
    for group, states in schools.items():
        whom = every[group]
        for a in whom:
            for urn in group:  # one letter and one link open every school of a shared head
                roles.enrol(s, a.invited.email, a.invited.name, row.programme_id, a.invited.role, urn=urn)
            for state in states:
                kind = kind_of("chair" if a.invited.role == "chair" else "head", state)
                out.append(Addressed(a, partial(letters.school_letter, desk, group, shared, kind=kind)))
        without += [desk.facts.name(u) for u in group] if all(a.invited.role != "head" for a in whom) else []
    for sip, states in sips.items():
        asked = sip_of(s, row.programme_id, desk, sip)
        for state in states:
            write = partial(sip_letters.sip_letter, desk, sip, shared, kind=kind_of("sip", state))
            out += [Addressed(a, write) for a in asked]
        without += [desk.facts.sips[sip].name] if not asked else []
    return out, without


def on_paper(
    s: Session,
    row: RoundRow,
    desk: Desk,
    shared: letters.LetterOffice,
    schools: States,
    sips: Mapping[str, Sequence[State]],
) -> list[Letter]:
    """The letters to heads and SIPs who have no address: these above all are to be printed."""
    every = heads_in(s, row.programme_id, desk, schools)
    heads = [
        letters.school_letter(desk, group, shared, kind=kind_of("head", state))
        for group, states in schools.items()
        if all(a.invited.role != "head" for a in every[group])
        for state in states
    ]
    team = [
        sip_letters.sip_letter(desk, sip, shared, kind=kind_of("sip", state))
        for sip, states in sips.items()
        if not sip_of(s, row.programme_id, desk, sip)
        for state in states
    ]
    return heads + team


def handed(
    office: Office, s: Session, row: RoundRow, base: str, going: Sequence[Addressed], *, personal: bool
) -> list[Outgoing]:
    """Letters to print or copy: with a link of one's own where `personal`, else with the page where its reader
    asks for one."""
    out = []
    for a in going:
        link = (
            letter_link(office, s, row.programme_id, a.to.invited, base, a.to.next)
            if personal
            else f"{base}{a.to.next}"
        )
        out.append(Outgoing(a.written(link), a.to.invited.email, link))
    return out


def outbox(
    office: Office, s: Session, row: RoundRow, base: str, going: Sequence[Addressed], heading: str = ""
) -> list[tuple[LetterRow, tuple[str, ...]]]:
    """Letters to be mailed, kept as they are written, each with whom it tells: its schools, or its SIP; a chair's
    nobody."""
    out = []
    for a in going:
        about: list[Letter] = []

        def words(link: str, a: Addressed = a, about: list[Letter] = about) -> tuple[str, str]:
            about.append(a.written(link))
            return f"{heading}{about[0].heading}", about[0].text

        i = a.to.invited
        kind, key = ("sip", i.sip) if i.sip else ("chair" if i.role == "chair" else "school", i.urn)
        kept = posting.write(office, s, row, kind, key, i, a.to.next, base, words)
        if not i.sip:
            kept.about = list(about[0].urns)
        out.append((kept, (i.sip,) if i.sip else about[0].urns if i.role == "head" else ()))
    return out


def sent(s: Session, row: RoundRow) -> dict[tuple[str, str], dt.datetime]:
    """(kind, key) of each letter that was mailed in this round, with when it last was."""
    rows = sa.select(AuditRow.subject, sa.func.max(AuditRow.at)).where(
        AuditRow.programme_id == row.programme_id,
        AuditRow.action == SENT,
        AuditRow.subject.startswith(f"{row.id}/", autoescape=True),
    )
    out = {}
    for subject, at in s.execute(rows.group_by(AuditRow.subject)):
        _, kind, key = subject.split("/", 2)
        out[kind, key] = at
    return out
