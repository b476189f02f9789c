"""What a repair goes on from, as far as its inputs tell: rows, the day it takes effect, absences accepted before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from allocator.domain.case import Absence, Case
from allocator.domain.change import apply
from allocator.domain.plan import HeldRow, Inputs
from allocator.domain.policy import Policy

ONE = dt.timedelta(days=1)
Run = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Earlier:
    """The plan gone on from. `accepted`: (SIP, first day, last day) of the absences in its own case."""

    since: dt.date
    rows: tuple[HeldRow, ...]
    accepted: frozenset[tuple[str, dt.date, dt.date]]
    rebuild: bool


def earlier(inputs: Inputs | None) -> Earlier | None:
    """Where a repair starts; None for an annual allocation, as a rebuild of the whole year is one too."""
    r = inputs.repaired if inputs else None
    if inputs is None or r is None:
        return None
    case, policy = Case.model_validate(inputs.case), Policy.model_validate(inputs.policy)
    if r.rebuild and r.since <= dt.date(int(case.year[:4]), 9, 1):
        return None
    case, _ = apply(case, policy, inputs.changes[: r.known])
    of_sip: dict[str, list[Absence]] = {}
    for a in case.absences:
        of_sip.setdefault(a.sip, []).append(a)
    accepted = frozenset((sip, *run) for sip, rows in of_sip.items() for run in runs(rows))
    return Earlier(r.since, r.rows, accepted, r.rebuild)


def turning(case: Case, since: dt.date) -> list[dt.date]:
    """The days after *since* from which a refusal, forbid, interest or change of need tells."""
    days = [r.on for r in case.refusals] + [i.declared_on for i in case.interests] + [n.on for n in case.needs]
    days += [d.on for d in case.decisions if d.decision == "forbid"]
    return sorted({day for day in days if day and day > since})


def standing_on(case: Case, day: dt.date) -> Case:
    """The case without refusals, forbids, interests and changes of need that are dated after a day."""

    def told(on: dt.date | None) -> bool:
        return on is None or on <= day

    return case.model_copy(
        update={
            "refusals": tuple(r for r in case.refusals if told(r.on)),
            "interests": tuple(i for i in case.interests if told(i.declared_on)),
            "needs": tuple(n for n in case.needs if told(n.on)),
            "decisions": tuple(d for d in case.decisions if d.decision != "forbid" or told(d.on)),
        }
    )


def runs(absences: Iterable[Absence]) -> list[Run]:
    """Absences of one SIP that overlap, or follow one another without a day between, as one."""
    out: list[Run] = []
    for a in sorted(absences, key=lambda a: a.away_from):
        if out and a.away_from <= out[-1][1] + ONE:
            out[-1] = out[-1][0], max(out[-1][1], a.away_to)
        else:
            out.append((a.away_from, a.away_to))
    return out
