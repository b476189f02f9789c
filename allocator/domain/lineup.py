"""Who holds a post over the year, as people are told it: SIP, dates and days (contract 2, *told*)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from allocator.domain.case import PostKind
from allocator.domain.plan import Plan

PostKey = tuple[str, PostKind]


@dataclass(frozen=True)
class Spell:
    """A SIP at a post from one day to another, both included, with so many days of work."""

    sip: str
    from_: dt.date
    to: dt.date
    days: float


LineUp = tuple[Spell, ...]  # in order of time; a day in none of them is a gap


def line_up(spells: Iterable[Spell]) -> LineUp:
    """In order of time, rows of one SIP that meet told as one."""
    out: list[Spell] = []
    for s in sorted(spells, key=lambda s: s.from_):
        last = out[-1] if out else None
        if last is not None and last.sip == s.sip and last.to + dt.timedelta(days=1) >= s.from_:
            out[-1] = replace(last, to=max(last.to, s.to), days=last.days + s.days)
        else:
            out.append(s)
    return tuple(out)


def line_ups(plan: Plan) -> dict[PostKey, LineUp]:
    """Of every post that anybody holds in the year."""
    by: dict[PostKey, list[Spell]] = {}
    for a in plan.assignments:
        by.setdefault((a.urn, a.post), []).append(Spell(a.sip, a.from_, a.to, a.days))
    return {key: line_up(spells) for key, spells in by.items()}


def own(up: LineUp, sip: str) -> LineUp:
    """This SIP's part of it."""
    return tuple(s for s in up if s.sip == sip)


SpellRow = tuple[str, PostKind, str, dt.date, dt.date, float]  # school, post, SIP, from, to, days


def kept(ups: dict[PostKey, LineUp]) -> tuple[SpellRow, ...]:
    """A row a spell, for the log."""
    return tuple((u, k, s.sip, s.from_, s.to, s.days) for (u, k), up in sorted(ups.items()) for s in up)


def read(rows: Iterable[SpellRow]) -> dict[PostKey, LineUp]:
    """What `kept` wrote."""
    by: dict[PostKey, list[Spell]] = {}
    for urn, post, sip, from_, to, days in rows:
        by.setdefault((urn, post), []).append(Spell(sip, from_, to, days))
    return {key: tuple(spells) for key, spells in by.items()}
