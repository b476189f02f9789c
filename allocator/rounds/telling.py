"""Telling people: SIPs sounded out first, proposals in stages, reminders, withdrawals (practice, July)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection

from allocator.domain.happened import Proposed, Reminded, Sounded, Withdrawn
from allocator.errors import RoundRefuses, UsageError
from allocator.questions.veto import one_answer
from allocator.rounds.desk import Desk
from allocator.words import day, listed

HOLDS = {"decline": "has said no to it", "interest": "has declared a tie"}  # what a SIP said before a school is told


def sound(desk: Desk, sips: Collection[str] | None, on: dt.date, answer_by: dt.date | None = None) -> Sounded:
    """SIPs are asked before schools are told. None = everyone with a pair."""
    team = {p.sip for p in desk.round.everyone}
    asked = sorted(team if sips is None else set(sips))
    strangers = [s for s in asked if s not in team]
    if strangers or not asked:
        raise UsageError(f"{listed(strangers) or 'Nobody'}: no pair of this plan, so nothing to be sounded about.")
    by = deadline(desk, on, answer_by)
    return Sounded(sips=tuple(asked), on=on, answer_by=by)


def propose(desk: Desk, urns: Collection[str] | None, on: dt.date, answer_by: dt.date | None = None) -> Proposed:
    """Letters go out to these schools (None = all that have not had one), with a date to answer by.

    Schools that share a head are told together, in one letter.
    """
    drafts, held = {p.urn for p in desk.round.everyone if p.stage == "draft"}, held_back(desk)
    if not drafts:
        raise RoundRefuses("Every proposal is already out. Withdraw one to send it again.")
    chosen = sorted(drafts - set(held) if urns is None else set(urns))
    if waits := [u for u in (held if urns is None and not chosen else chosen) if u in held]:
        raise RoundRefuses(
            f"{listed([f'{desk.name(u)} ({held[u]})' for u in waits])}: the school hears nothing "
            "until you have decided on it. Answer the SIP first, or leave it out."
        )
    wrong = [u for u in chosen if u not in drafts]
    if wrong or not chosen:
        raise RoundRefuses(
            f"{listed([desk.name(u) for u in wrong]) or 'No school named'}: no proposal that is still a draft. Leave "
            "it out, or withdraw what was sent first."
        )
    chosen = sorted({u for urn in chosen for u in one_answer(desk.facts, urn) if u in drafts})
    if desk.rules.sips_first:
        _sounded_out(desk, chosen, on)
    by = deadline(desk, on, answer_by)
    return Proposed(urns=tuple(chosen), on=on, answer_by=by)


def held_back(desk: Desk) -> dict[str, str]:
    """Schools whose letter waits: their SIP has said no, or declared a tie, and nobody has decided yet.

    Each with what the SIP said. All schools of one head wait together: they get one letter.
    """
    out: dict[str, str] = {}
    for q in desk.round.queries:
        if q.outcome is not None or q.about not in HOLDS or q.sip is None:
            continue
        if any(
            p.stage == "draft" and (p.urn, p.sip) == (q.urn, q.sip) and (q.about == "interest" or p.post == q.post)
            for p in desk.round.everyone
        ):
            said = f"{desk.facts.sips[q.sip].name} {HOLDS[q.about]}"
            out |= {u: said for u in one_answer(desk.facts, q.urn) if (u, "lead") in desk.round.pairs} | {q.urn: said}
    return out


def _sounded_out(desk: Desk, urns: Collection[str], on: dt.date) -> None:
    """Every SIP of these schools has said yes, or has let the date pass."""
    missing = []
    for sip in sorted({p.sip for p in desk.round.everyone if p.urn in urns and p.stage == "draft"}):
        asked = desk.round.soundings.get(sip)
        if asked is None or (asked.said is None and on <= asked.answer_by) or asked.said not in (None, "accept"):
            missing.append(desk.facts.sips[sip].name)
    if missing:
        raise RoundRefuses(
            f"{listed(missing)}: not yet asked, not yet answered, or with a query open. SIPs are sounded first "
            "(round.sips_first). Ask them, answer the query, or leave their schools for the next stage."
        )


def withdraw(desk: Desk, urns: Collection[str], reason: str) -> Withdrawn:
    """A proposal sent in error is taken back; what was answered to it falls away."""
    if not reason.strip():
        raise RoundRefuses("A withdrawal is kept with its reason. Say why in a sentence.")
    for urn in urns:
        stages = {p.stage for p in desk.round.everyone if p.urn == urn}
        if not stages - {"draft"}:
            raise RoundRefuses(f"{desk.name(urn)} has had no proposal: there is nothing to withdraw.")
        if "confirmed" in stages:
            raise RoundRefuses(f"{desk.name(urn)} is confirmed. Change it by hand, with the reason.")
    return Withdrawn(urns=tuple(sorted(set(urns))), reason=reason)


def outstanding(desk: Desk) -> dict[str, dt.date]:
    """Schools still to answer, with the date they were given."""
    return {p.urn: p.answer_by for p in desk.round.everyone if p.stage == "proposed" and p.answer_by}


def reminders(desk: Desk, on: dt.date) -> tuple[str, ...]:
    """Schools whose reminder is due on this day and has not been sent for this proposal."""
    waiting = outstanding(desk)
    if not waiting:
        return ()
    early = dt.timedelta(days=desk.rules.remind_days)
    sent = {p.urn for p in desk.round.everyone if p.stage == "proposed" and p.reminded_on}
    return tuple(sorted(u for u, by in waiting.items() if by - early <= on <= by and u not in sent))


def remind(desk: Desk, on: dt.date) -> Reminded:
    """The reminders due today are sent."""
    urns = reminders(desk, on)
    if not urns:
        raise RoundRefuses(f"No reminder is due on {day(on)}.")
    return Reminded(urns=urns, on=on)


def sealed(heading: str, text: str) -> str:
    """The SHA-256 by which a letter's heading and text are known again."""
    return hashlib.sha256(f"{heading}\n\n{text}".encode()).hexdigest()


LATEST = 366  # days after a letter by which it is answered


def deadline(desk: Desk, on: dt.date, answer_by: dt.date | None) -> dt.date:
    """The date to answer by: as given, else `round.answer_days` after the letter."""
    by = answer_by or on + dt.timedelta(days=desk.rules.answer_days)
    if by < on:
        raise UsageError(f"The date to answer by ({by}) is before the day of the letter ({on}).")
    if by > on + dt.timedelta(days=LATEST):
        raise UsageError(f"The date to answer by ({by}) is more than a year after the letter ({on}).")
    return by
