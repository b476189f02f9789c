"""A team invented around portfolios: kinds, homes, authorities, checks and experience, as domain A3 has them."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allocator.domain.case import Kind, School, Sip
from allocator.domain.facts import Facts, plain
from allocator.domain.national_grid import Grid, Point, middle
from allocator.domain.phases import STANDS_FOR, serves
from allocator.generate.invented_names import SPECIALISMS
from allocator.generate.portfolios import Unit

MIX: dict[Kind, float] = {"la_adviser": 0.27, "serving_head": 0.25, "retired_head": 0.18, "consultant": 0.30}  # A3
SHARE: dict[Kind, float] = {"la_adviser": 1.6, "serving_head": 0.5, "retired_head": 1.0, "consultant": 1.1}  # ours
RATE: dict[Kind, tuple[int, int] | None] = {
    "la_adviser": None,
    "serving_head": (320, 400),
    "retired_head": (350, 450),
    "consultant": (400, 600),
}
HEAD_SCHOOLS = 3  # domain C13: a serving head's most
NEWCOMERS = 0.08  # domain A10: one or two of a dozen go each year
MANY_AUTHORITIES = 0.22  # share of SIPs made to serve two or more; at least 15 % is asked (domain J1)
OUTSIDE = "an authority outside (invented)"
CONTEXTS = ("small_school", "large_school", "high_fsm", "rural", "faith_school", "new_head", "high_performing")


@dataclass
class InventedSip:
    """A SIP in the making: what its portfolio asks, then what is added; `row` makes the table row."""

    sip: str
    name: str
    kind: Kind
    served: int  # years in the service before this one; 0 = new this year
    home: Point
    schools: list[str] = field(default_factory=list)  # URNs it is made to lead
    others: list[tuple[str, str]] = field(default_factory=list)  # (urn, post) beyond lead it is made to hold
    phases: list[str] = field(default_factory=list)
    las: dict[str, str] = field(default_factory=dict)  # as compared -> as written
    tags: set[str] = field(default_factory=set)
    farthest: float = 0.0  # metres to a school it is made for
    cells: dict[str, Any] = field(default_factory=dict)

    def add_phases(self, school: School) -> None:
        for phase in ("primary", "secondary") if school.phase == "all_through" else (school.phase,):
            named = STANDS_FOR.get(phase, phase)
            if named not in self.phases:
                self.phases.append(named)

    def takes(self, school: School, place: Point) -> None:
        """Whatever the rules ask so that this SIP may have this school."""
        self.add_phases(school)
        if school.la and plain(school.la) not in self.las:
            self.las[plain(school.la)] = school.la
        if school.easting is not None and school.northing is not None:
            self.farthest = max(self.farthest, math.dist(self.home, place))


def kinds(rng: random.Random, count: int) -> list[Kind]:
    """The mix of kinds, by largest remainder, in random order."""
    exact = {kind: share * count for kind, share in MIX.items()}
    out: list[Kind] = [kind for kind, x in exact.items() for _ in range(math.floor(x))]
    spare = sorted(exact, key=lambda k: (math.floor(exact[k]) - exact[k], k))
    out += spare[: count - len(out)]
    rng.shuffle(out)
    return out


def shares(rng: random.Random, team: Sequence[Kind], schools: int) -> list[float]:
    """How large each portfolio is to be; a serving head's is held to a few schools, whatever the mean."""
    mean = schools / len(team)
    spread = min(1.0, 12 / mean)  # where everybody is full, nobody can have half as much again
    out = []
    for kind in team:
        share = 1 + (SHARE[kind] - 1) * spread if kind != "serving_head" else SHARE[kind]
        share *= rng.uniform(0.9, 1.1)
        out.append(min(share, HEAD_SCHOOLS / mean) if kind == "serving_head" else share)
    return out


def people(
    rng: random.Random,
    facts: Facts,
    pieces: Sequence[Sequence[Unit]],
    team: Sequence[Kind],
    names: Sequence[str],
    place: Mapping[str, Point],
) -> list[InventedSip]:
    """One person for each portfolio."""
    width = len(str(len(pieces)))
    new = set(rng.sample(range(len(pieces)), max(1, round(NEWCOMERS * len(pieces)))) if len(pieces) > 4 else ())
    out = []
    for n, (piece, kind) in enumerate(zip(pieces, team, strict=True)):
        e, north = middle([u.place for u in piece])
        home = round(e + rng.gauss(0, 2500), -2), round(north + rng.gauss(0, 2500), -2)
        served = 0 if n in new else min(12, 1 + int(rng.expovariate(1 / 4.5)))
        person = InventedSip(f"S{n + 1:0{width}d}", names[n], kind, served, home)
        for urn in (u for unit in piece for u in unit.urns):
            person.schools.append(urn)
            person.takes(facts.schools[urn], place[urn])
            _experience(facts, person, urn)
        out.append(person)
    return out


def _experience(facts: Facts, person: InventedSip, urn: str) -> None:
    """What the school's position demands (rule need): the first tag of each that would do."""
    for flag in facts.flags(urn):
        asked = facts.policy.need.requires.get(flag.name, [])
        if asked and not person.tags & set(asked):
            person.tags.add(asked[0])


def second_chances(facts: Facts, team: Sequence[InventedSip]) -> None:
    """No phase hangs on one person where there are two: the nearest other learns it."""
    if len(team) < 2:
        return
    homes = Grid({p.sip: p.home for p in team})
    by_id = {p.sip: p for p in team}
    asked: dict[str, School] = {}
    for post in facts.posts:
        asked.setdefault(facts.schools[post.urn].phase, facts.schools[post.urn])
    for school in asked.values():
        able = [p for p in team if serves(p.phases, school, facts.policy.phase)]
        if len(able) == 1:
            other = next(s for _, s in homes.near(able[0].home) if s != able[0].sip)
            by_id[other].add_phases(school)


def other_posts(facts: Facts, team: Sequence[InventedSip], place: Mapping[str, Point]) -> None:
    """Support and appraisal posts to the nearest person who may: not the lead where the post asks that."""
    homes = Grid({p.sip: p.home for p in team})
    by_id = {p.sip: p for p in team}
    lead = {urn: p for p in team for urn in p.schools}
    for post in facts.posts:
        if post.kind == "lead":
            continue
        school, mine = facts.schools[post.urn], lead[post.urn]
        chosen = mine
        if post.kind == "support" or school.appraisal == "different":
            near = [by_id[s] for _, s in _first(homes, place[post.urn], 12) if s != mine.sip]
            fits = [p for p in near if serves(p.phases, school, facts.policy.phase)]
            chosen = (fits or near or [mine])[0]
            chosen.takes(school, place[post.urn])
            _experience(facts, chosen, post.urn)
        chosen.others.append(post.key)


def _first(grid: Grid, point: Point, count: int) -> list[tuple[float, str]]:
    return [found for found, _ in zip(grid.near(point), range(count), strict=False)]


def more_authorities(facts: Facts, team: Sequence[InventedSip], place: Mapping[str, Point]) -> None:
    """Enough people work for two or more: those nearest to the next authority, which they add.

    In a case of one authority they add one outside it: their other work is not in view (domain J1).
    """
    wanted = math.ceil(MANY_AUTHORITIES * len(team))
    many = sum(len(p.las) > 1 for p in team)
    if many >= wanted:
        return
    if len({plain(s.la) for s in facts.schools.values() if s.la}) < 2:  # the other one is not in the case
        single = sorted((p for p in team if len(p.las) == 1), key=lambda p: (p.kind == "la_adviser", p.sip))
        for p in single[: wanted - many]:
            p.las[plain(OUTSIDE)] = OUTSIDE
        return
    schools = Grid(place)
    near: list[tuple[float, str, InventedSip, str]] = []
    for p in team:
        if len(p.las) == 1 and (found := next_authority(facts, schools, p)):
            factor = 2.0 if p.kind == "la_adviser" else 1.0  # an adviser works for its own, mostly
            near.append((found[0] * factor, p.sip, p, found[1]))
    for _, _, p, la in sorted(near, key=lambda row: row[:2])[: wanted - many]:
        p.las[plain(la)] = la


def next_authority(facts: Facts, schools: Grid, person: InventedSip) -> tuple[float, str] | None:
    """(metres, authority) of the nearest school in an authority the person does not work for."""
    for metres, urn in schools.near(person.home):
        la = facts.schools[urn].la
        if la and plain(la) not in person.las:
            return metres, la
    return None


def fill(rng: random.Random, facts: Facts, team: Sequence[InventedSip], place: Mapping[str, Point]) -> None:
    """Everything else of a row: dates, checks, experience, travel; all of it fit for the posts planned."""
    first = facts.year.first
    focus = Counter(w for s in facts.schools.values() for w in s.focus)
    special = sorted(set(SPECIALISMS) | {w for w, _ in focus.most_common(20)})
    tags = sorted({t for asked in facts.policy.need.requires.values() for t in asked})
    schools = Grid(place)
    for p in team:
        checked = first - dt.timedelta(days=rng.randrange(60, 540))
        limit = p.farthest / 1000
        p.tags |= {t for t in CONTEXTS if rng.random() < 0.4} | {t for t in tags if rng.random() < 0.3}
        if {"special", "alternative"} & set(p.phases):
            p.tags.add("special_school")
        head = p.kind in ("serving_head", "retired_head") or rng.random() < 0.7
        p.cells = {
            "joined_on": dt.date(first.year - p.served, 9, 1),
            "contract_ends": None if p.kind == "la_adviser" else dt.date(first.year + rng.randint(1, 3), 8, 31),
            "trained": True,
            "board_approved": True,
            "dbs_checked_on": checked,
            "dbs_valid_until": dt.date(checked.year + 3, checked.month, min(checked.day, 28)),
            "ever_head": head,
            "headship_phases": tuple(p.phases) if head else (),
            "headship_years": rng.randint(5, 18) if head else None,
            "max_km": _reach(rng, limit, facts.policy.travel.max_km),
            "flexible_diary": rng.random() < 0.35,
            "appraisal_trained": rng.random() < 0.7 or any(kind == "appraisal" for _, kind in p.others),
            "specialisms": tuple(sorted(rng.sample(special, min(len(special), rng.randint(2, 4))))),
            "day_rate": _rate(rng, p.kind),
        }
        if p.kind == "serving_head":
            found = next_authority(facts, schools, p)
            p.cells |= {
                "current_la": found[1] if found else OUTSIDE,
                "current_grade": rng.choice(("1", "2", "2")),
                "governor_release": True,
                "evidence": ("own_grade", *rng.sample(("nle", "school_to_school", "ofsted_inspector"), 1)),
            }


def _reach(rng: random.Random, farthest: float, usual: float) -> float | None:
    """Kilometres a SIP will go: their own limit for a third of them, and for whoever must go farther than usual."""
    if farthest * 1.05 > usual:
        return float(math.ceil(farthest * 1.1 / 5) * 5)
    own = max(25, math.ceil(farthest * 1.2 / 5) * 5)
    return float(own) if rng.random() < 1 / 3 and own < usual else None


def _rate(rng: random.Random, kind: Kind) -> int | None:
    span = RATE[kind]
    return rng.randrange(span[0], span[1] + 1, 10) if span else None


def most_schools(facts: Facts, person: InventedSip) -> int | None:
    """The person's own limit, only where the policy's for their kind would not do."""
    usual = facts.policy.capacity.max_schools.get(person.kind, 15)
    return len(person.schools) + 1 if len(person.schools) >= usual else None


def row(facts: Facts, person: InventedSip, days: float) -> Sip:
    """The table row."""
    return Sip.model_validate(
        {
            "sip": person.sip,
            "name": person.name,
            "kind": person.kind,
            "phases": tuple(person.phases),
            "days": days,
            "status": "active",
            "max_schools": most_schools(facts, person),
            "las": tuple(person.las.values()),
            "easting": person.home[0],
            "northing": person.home[1],
            "experience": tuple(sorted(person.tags)),
            **person.cells,
        }
    )
