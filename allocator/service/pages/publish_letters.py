"""The letters that a manager sends from the page *publish*: whom each is to, what it says, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from allocator import rounds
from allocator.domain.round import State
from allocator.reasons.spoken import name_of
from allocator.report.wording import TO_SIPS, Letter
from allocator.service import outbox, posting
from allocator.service.access import Office, fresh
from allocator.service.outbox import addressed, batch
from allocator.service.pages.place import Place, place_in
from allocator.service.roles import Who
from allocator.service.sent import REMINDER
from allocator.store import keep
from allocator.store.tables import PlanRow, RoundRow
from allocator.words import counted, listed


def asking(desk: rounds.Desk, urns: Sequence[str]) -> dict[tuple[str, ...], tuple[State, ...]]:
    """The letter that asks for an answer, for each head of these schools."""
    return {g: (rounds.asks(desk, g) or "school",) for g in rounds.together(desk, urns)}


def about(desk: rounds.Desk, letter: Letter) -> tuple[str, str, str]:
    """The schools, their URNs and the SIPs that a letter is about: a SIP's own, or who leads them."""
    schools, urns = (listed([f(u) for u in letter.urns]) for f in (desk.facts.name, str))
    if letter.kind in TO_SIPS:
        return schools, urns, name_of(desk.facts, letter.key)
    leads = [rows[-1].name for u in letter.urns if (rows := desk.plan.holders(u, "lead"))]
    return schools, urns, listed(list(dict.fromkeys(leads)))


def looked_at(request: Request, office: Office, id: str, who: Who) -> Place:
    """The round as the page that sent this form showed it; refused where it has changed since."""
    with office.db.read() as s:
        at = place_in(s, id, who)
        fresh(request, at.row)
    request.state.if_match = None  # letters take their time; an answer that comes in meanwhile does not undo them
    return at


def again(s: Any, at: Place) -> tuple[RoundRow, PlanRow, rounds.Desk]:
    """The same place in this session, as it now stands."""
    plan, desk = keep.desk(s, at.row.id)
    return keep.the_round(s, at.row.id), plan, desk


@dataclass(frozen=True)
class Posted:
    """What became of letters: the schools or SIPs that may be written down as told, and what to say of it."""

    told: frozenset[str]
    said: str


def mail_out(
    request: Request,
    office: Office,
    who: Who,
    at: Place,
    schools: outbox.States,
    sips: Mapping[str, Sequence[State]],
    *,
    answer_by: dt.date | None = None,
    reminder: bool = False,
    by_hand: bool = False,
) -> Posted:
    """Letters by mail where a mail server is set: told is who had theirs taken, and, where the manager brings them
    by hand, those without an address. Without one a manager rings or prints, and all are told."""
    whole = frozenset([*(u for g in schools for u in g), *sips])
    if not office.settings.smtp_url:
        return Posted(whole, "No mail server is set: ring them, or print or copy the letters with their links.")
    with office.db.write() as s:
        row, plan, desk = again(s, at)
        shared = batch(office, s, request, who, row, plan, desk, answer_by)
        to, without = addressed(s, row, desk, shared, schools, sips)
        heading, base = REMINDER if reminder else "", outbox.base_of(office, request)
        box = outbox.outbox(office, s, row, base, to, heading)
    taken = posting.send(office, who.person(row.programme_id), row.programme_id, [o for o, _ in box])
    told = {key for o, tells in box if o in taken for key in tells}
    reached = {key for _, tells in box for key in tells}
    if by_hand:
        told |= whole - reached
    said = f"{counted(len(taken), 'letter')} sent by mail."
    if failed := [f"{o.email} ({o.fate})" for o, _ in box if o not in taken]:
        said += f" Not sent: {', '.join(failed)}. Whoever had no letter is not written down as told."
    if without:
        said += f" No address for {', '.join(without)}: " + (
            "print theirs." if by_hand else "not told. Print theirs, and say so."
        )
    return Posted(frozenset(told), said)
