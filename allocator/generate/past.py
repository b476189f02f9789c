"""An invented past: who led which school, how it ended, what was declared and what was asked for."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allocator.domain.calendar import year_label
from allocator.domain.facts import Facts, same_text
from allocator.domain.national_grid import Grid, Point
from allocator.generate.invented_team import InventedSip

NEAR = 8  # people or schools looked at around a point
# How last year's lead stands to the school this year; ours, after domain F4, F5, F12 and A10.
KEPT, ROTATED, ELSEWHERE, ENDED = 0.74, 0.07, 0.07, 0.06  # the rest have no history
TENURES, WEIGHTS = (1, 2, 3, 4), (30, 30, 25, 15)
ENDINGS, OFTEN = ("school_asked", "sip_asked", "manager", "rotation"), (3, 2, 2, 3)
May = Callable[[str, str], bool]  # (urn, sip): no rule bars the lead post


@dataclass
class Past:
    """Rows of the tables of the past, and who had each school last year without an end."""

    history: list[dict[str, Any]] = field(default_factory=list)
    interests: list[dict[str, Any]] = field(default_factory=list)
    wishes: list[dict[str, Any]] = field(default_factory=list)
    leavers: list[InventedSip] = field(default_factory=list)
    incumbent: dict[str, str] = field(default_factory=dict)


def past(
    rng: random.Random,
    facts: Facts,
    team: Sequence[InventedSip],
    names: Sequence[str],
    place: Mapping[str, Point],
    may: May,
) -> Past:
    """The whole past of a team."""
    out = Past()
    _history(rng, facts, team, names, place, may, out)
    _interests(rng, facts, team, place, out)
    _wishes(rng, team, place, out)
    return out


def _history(
    rng: random.Random,
    facts: Facts,
    team: Sequence[InventedSip],
    names: Sequence[str],
    place: Mapping[str, Point],
    may: May,
    out: Past,
) -> None:
    limit = facts.policy.tenure.limit
    homes = Grid({p.sip: p.home for p in team})
    served = {p.sip: p.served for p in team}
    width = len(str(len(team)))

    def other(urn: str, but: str, years: int) -> str | None:
        """Somebody else near who was in the service so long and might have led the school."""
        for (_, sip), _ in zip(homes.near(place[urn]), range(NEAR), strict=False):
            if sip != but and served[sip] >= years and may(urn, sip):
                return sip
        return None

    for p in team:
        leaver: InventedSip | None = None
        for urn in p.schools:
            years = rng.choices(TENURES, WEIGHTS)[0]
            if p.served == 0:  # a newcomer takes over from somebody who left
                if leaver is None:
                    n = len(out.leavers)
                    leaver = InventedSip(
                        f"L{n + 1:0{width}d}", names[n], "consultant", 0, p.home, phases=list(p.phases)
                    )
                    out.leavers.append(leaver)
                if rng.random() < 0.85:
                    _led(facts, out, urn, leaver.sip, years, "sip_left")
                continue
            roll = rng.random()
            if roll < KEPT:
                _led(facts, out, urn, p.sip, min(years, p.served, limit - 1))
            elif roll < KEPT + ROTATED and (was := other(urn, p.sip, limit)):
                _led(facts, out, urn, was, limit)
            elif roll < KEPT + ROTATED + ELSEWHERE and (was := other(urn, p.sip, years)):
                _led(facts, out, urn, was, min(years, limit - 1))
            elif roll < KEPT + ROTATED + ELSEWHERE + ENDED and (was := other(urn, p.sip, years)):
                _led(facts, out, urn, was, years, rng.choices(ENDINGS, OFTEN)[0])


def _led(facts: Facts, out: Past, urn: str, sip: str, years: int, ended: str | None = None) -> None:
    """So many years as lead up to last year's."""
    last = facts.year.start_year - 1
    if years < 1:
        return
    for back in range(years - 1, -1, -1):
        row: dict[str, Any] = {"urn": urn, "sip": sip, "year": year_label(last - back), "role": "lead"}
        if back == 0 and ended:
            row |= {"ended": ended, "ended_on": dt.date(last + 1, 7, 31)}
        out.history.append(row)
    if ended is None:
        out.incumbent[urn] = sip


def _interests(
    rng: random.Random, facts: Facts, team: Sequence[InventedSip], place: Mapping[str, Point], out: Past
) -> None:
    """About one SIP in two declares a tie to a school near home that the plan does not need."""
    schools = Grid(place)
    had: dict[str, set[str]] = defaultdict(set)
    for led in out.history:
        had[led["sip"]].add(led["urn"])
    for p in team:
        taken = {*p.schools, *(u for u, _ in p.others)}
        trusts = [facts.schools[u].trust for u in taken | had[p.sip]]
        for _ in range(rng.choices((0, 1, 2), (5, 4, 1))[0]):
            near = [u for (_, u), _ in zip(schools.near(p.home), range(5 * NEAR), strict=False)]
            free = [u for u in near if u not in taken and u not in had[p.sip]]
            if not free:
                break
            urn = rng.choice(free)
            taken.add(urn)
            kind = rng.choices(
                ("governor", "family", "former_head", "employed", "paid_work", "former_adviser", "inspected"),
                (4, 4, 3, 2, 2, 3, 1),
            )[0]
            outcome = rng.choices((None, "barred", "cleared"), (3, 5, 2))[0]
            row: dict[str, Any] = {"sip": p.sip, "urn": urn, "kind": kind, "outcome": outcome}
            trust = facts.schools[urn].trust
            if trust and kind == "employed" and not any(same_text(trust, t) for t in trusts):
                row |= {"urn": None, "trust": trust}  # working for a trust bars all its schools
            row["declared_on"] = facts.year.first - dt.timedelta(days=rng.randrange(40, 700))
            row["decided_by"] = "SIP manager" if outcome else None
            out.interests.append(row)


def _wishes(rng: random.Random, team: Sequence[InventedSip], place: Mapping[str, Point], out: Past) -> None:
    """One school in five asks for something; a few SIPs ask to move on."""
    homes = Grid({p.sip: p.home for p in team})
    made_for = {urn: p.sip for p in team for urn in p.schools}
    for urn, sip in sorted(made_for.items()):
        roll, was = rng.random(), out.incumbent.get(urn)
        strength = rng.choices((None, 1, 2, 3), (4, 2, 2, 1))[0]
        row: dict[str, Any] = {"by": "school", "urn": urn, "strength": strength}
        if roll < 0.08 and was:
            out.wishes.append(row | {"wish": "keep"})
        elif roll < 0.11 and was:
            firm = 3 if was != sip and rng.random() < 0.5 else rng.choice((1, 2))  # a firm wish to change is a bar
            out.wishes.append(row | {"wish": "change", "strength": firm})
        elif 0.11 <= roll < 0.18:
            out.wishes.append(row | {"wish": rng.choice(("known_locally", "fresh_eyes"))})
        elif roll < 0.20:
            out.wishes.append(row | {"wish": rng.choice(("flexible_diary", "not_serving_head"))})
        elif roll < 0.22:
            near = [s for (_, s), _ in zip(homes.near(place[urn]), range(3), strict=False)]
            out.wishes.append(row | {"wish": "named", "sip": rng.choice(near)})
        elif roll < 0.23 and was:
            firm = 3 if was != sip and rng.random() < 0.5 else 2
            out.wishes.append({"by": "sip", "urn": urn, "sip": was, "wish": "move_on", "strength": firm})
