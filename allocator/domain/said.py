"""What schools and SIPs say when they are asked first, as changes of the case (domain C10, D9, E6, F3, F6, X17).

Asked again, the new word replaces the old: wishes of the kinds asked about, days, absences. A declared interest is
never taken back by silence: it stands until a manager clears it.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from allocator.domain.calendar import Year
from allocator.domain.case import PERIODS, Absence, Interest, InterestKind, Wish
from allocator.domain.change_args import Args
from allocator.domain.change_rows import World, edit, on_team, school_of, sip_of
from allocator.errors import UsageError

SchoolWish = Literal["keep", "change", "known_locally", "fresh_eyes", "named", "not_serving_head"]
ASKED: tuple[SchoolWish, ...] = ("keep", "change", "known_locally", "fresh_eyes", "named", "not_serving_head")


class Wanted(Args):
    """One wish of a school."""

    wish: SchoolWish
    sip: str | None = None
    strength: Literal[1, 2, 3] | None = None
    note: str | None = None


class SchoolSays(Args):
    """A school's word when asked first; what is left out stays as it was."""

    urn: str
    wishes: tuple[Wanted, ...] | None = None
    focus: tuple[str, ...] | None = None
    appraisal: Literal["none", "same", "different", "any"] | None = None
    other_support: str | None = None


class AwayBetween(Args):
    """Away and back within the year; both days included."""

    from_: dt.date = Field(alias="from")
    to: dt.date


class Tie(Args):
    """A declared tie to a school."""

    urn: str
    kind: InterestKind


class MovesOn(Args):
    """A school the SIP asks to be moved on from."""

    urn: str
    note: str | None = None


class SipSays(Args):
    """A SIP's word when asked first; what is left out stays as it was. `periods`: a period not named has no limit."""

    sip: str
    declared_on: dt.date | None = None
    days: float | None = Field(None, ge=0)
    periods: dict[Literal["autumn_1", "autumn_2", "spring", "summer"], float] | None = None
    flexible_diary: bool | None = None
    absences: tuple[AwayBetween, ...] | None = None
    interests: tuple[Tie, ...] | None = None
    move_on: tuple[MovesOn, ...] | None = None


def school_says(world: World, a: SchoolSays) -> World:
    school = school_of(world, a.urn)
    told = {c: getattr(a, c) for c in ("focus", "appraisal", "other_support") if getattr(a, c) is not None}
    world = edit(world, "schools", school, **told)
    if a.wishes is None:
        return world
    for w in a.wishes:
        if w.sip is not None:
            sip_of(world, w.sip)
    case, policy = world
    kept = [w for w in case.wishes if not (w.by == "school" and w.urn == a.urn and w.wish in ASKED)]
    new = [Wish(by="school", urn=a.urn, sip=w.sip, wish=w.wish, strength=w.strength, note=w.note) for w in a.wishes]
    return case.model_copy(update={"wishes": (*kept, *new)}), policy


def sip_says(world: World, a: SipSays) -> World:
    row = on_team(world, a.sip)
    told = {c: getattr(a, c) for c in ("days", "flexible_diary") if getattr(a, c) is not None}
    if a.periods is not None:
        given = {str(p): most for p, most in a.periods.items()}
        told |= {f"{p}_days": given.get(p) for p in PERIODS}
    world = edit(world, "sips", row, **told)
    case, policy = world
    update: dict[str, object] = {}
    if a.absences is not None:
        others = [x for x in case.absences if x.sip != a.sip]
        update["absences"] = (*others, *(_away(a.sip, x, Year(case.year, policy.calendar)) for x in a.absences))
    if a.interests is not None:
        had = {(i.urn, i.kind) for i in case.interests if i.sip == a.sip}
        new = [_tie(world, a, t) for t in a.interests if (t.urn, t.kind) not in had]
        update["interests"] = (*case.interests, *new)
    if a.move_on is not None:
        kept = [w for w in case.wishes if not (w.by == "sip" and w.sip == a.sip and w.wish == "move_on")]
        asks = [
            Wish(by="sip", sip=a.sip, urn=school_of(world, m.urn).urn, wish="move_on", note=m.note) for m in a.move_on
        ]
        update["wishes"] = (*kept, *asks)
    return case.model_copy(update=update), policy


def _away(sip: str, x: AwayBetween, year: Year) -> Absence:
    if not year.first <= x.from_ <= x.to <= year.last:
        raise UsageError(
            f"sip_says: {sip} is away from {x.from_} to {x.to}; the end must not be "
            "before the start, and both must fall "
            f"between {year.first} and {year.last}."
        )
    return Absence(sip=sip, away_from=x.from_, away_to=x.to)


def _tie(world: World, a: SipSays, t: Tie) -> Interest:
    """Of a family tie only that it bars is kept; others wait for a manager's decision, and bar until then
    (practice)."""
    outcome: Literal["barred"] | None = "barred" if t.kind == "family" else None
    return Interest(sip=a.sip, urn=school_of(world, t.urn).urn, kind=t.kind, declared_on=a.declared_on, outcome=outcome)
