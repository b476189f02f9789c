"""Whose checks, contract or training run out, and who has declared an interest in a school of the plan (domain D4,
D5, D9, D10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from allocator.domain.case import Interest, Sip
from allocator.domain.facts import Facts
from allocator.domain.interests import reached_by
from allocator.domain.plan import Plan
from allocator.words import day, words

SOON = dt.timedelta(days=90)  # a check that runs out so soon is said before it does; ours


@dataclass(frozen=True)
class Lapse:
    """One thing on record about a SIP. `warns` says what is wrong or soon will be; empty where all is well."""

    name: str
    state: str
    warns: str = ""


def checks(facts: Facts, sip: Sip, last_visit: dt.date | None, today: dt.date) -> tuple[Lapse, ...]:
    """DBS, contract, training, approval. `last_visit` is the last planned day of this SIP, None without a post."""
    needed = last_visit or facts.year.last_planned
    dbs = f"checked on {day(sip.dbs_checked_on)}" if sip.dbs_checked_on else "no check on record"
    if sip.dbs_valid_until:
        dbs += f", valid until {day(sip.dbs_valid_until)}"
    missing = "not on record" if not sip.dbs_checked_on and not sip.dbs_valid_until else ""
    leaves = min((d for d in (sip.contract_ends, sip.leaves_on) if d), default=None)
    ends = f"ends on {day(leaves)}" if leaves else "no end on record"
    trained = facts.policy.require_training
    approved = facts.policy.require_board_approval
    return (
        Lapse("DBS", dbs, missing or _lapses(sip.dbs_valid_until, needed, today)),
        Lapse("Contract", ends, _lapses(leaves, needed, today)),
        Lapse("Training", _yes(sip.trained), "" if sip.trained or not trained else "without it no school can be taken"),
        Lapse(
            "Approved by the board",
            _yes(sip.board_approved),
            "" if sip.board_approved or not approved else "without it no school can be taken",
        ),
        Lapse("Trained for appraisal", _yes(sip.appraisal_trained)),
    )


def _yes(value: bool | None) -> str:
    return "not on record" if value is None else "yes" if value else "no"


def _lapses(ends: dt.date | None, needed: dt.date, today: dt.date) -> str:
    if ends is None:
        return ""
    if ends < today:
        return f"ran out on {day(ends)}"
    if ends < needed:
        return f"runs out on {day(ends)}, before the last planned day, {day(needed)}"
    return f"runs out on {day(ends)}: renew it in time" if ends - today <= SOON else ""


def last_visits(plan: Plan) -> dict[str, dt.date]:
    """SIP -> the last planned day among their posts."""
    out: dict[str, dt.date] = {}
    for a in plan.assignments:
        out[a.sip] = max(a.to, out.get(a.sip, a.to))
    return out


@dataclass(frozen=True)
class DeclaredTie:
    """A declared interest that reaches a school. `kind` is withheld for family, of which only the outcome is kept."""

    sip: str
    name: str
    kind: str
    scope: str
    outcome: str
    decided_by: str
    declared_on: dt.date | None
    schools: tuple[tuple[str, str], ...]  # (urn, name) of schools of the plan that it reaches
    held: tuple[str, ...]  # names of those that the SIP has in this plan


def ties(facts: Facts, plan: Plan) -> tuple[DeclaredTie, ...]:
    """Every interest in force that reaches a school of the plan, by SIP."""
    return tuple(_ties(facts, plan))


def _ties(facts: Facts, plan: Plan) -> Iterator[DeclaredTie]:
    urns = {a.urn for a in plan.assignments} | {u.urn for u in plan.unfilled}
    held = {(a.sip, a.urn) for a in plan.assignments}
    for sip, rows in sorted(facts.interests.items()):
        for row in rows:
            reached = sorted(urns & reached_by(facts, row))
            if reached and sip in facts.sips:
                yield tie(facts, row, reached, {u for u in reached if (sip, u) in held})


def tie(facts: Facts, row: Interest, reached: list[str], held: set[str]) -> DeclaredTie:
    """One interest as a manager reads it."""
    scope = facts.name(row.urn) if row.urn else f"the trust {row.trust}" if row.trust else f"the authority {row.la}"
    bars = "a plus, not a bar" if row.kind == "former_adviser" else "open, and bars until it is cleared"
    return DeclaredTie(
        row.sip,
        facts.sips[row.sip].name,
        "not kept in words" if row.kind == "family" else words(row.kind),
        scope,
        row.outcome if row.outcome in ("cleared", "barred") else bars,
        row.decided_by or "not recorded",
        row.declared_on,
        tuple((u, facts.name(u)) for u in reached),
        tuple(facts.name(u) for u in sorted(held)),
    )
