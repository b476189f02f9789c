"""Invented teams for real schools, so that an authority can try the tool before typing its own (contract 3).

A plan is hidden in the team: schools are cut into portfolios, a person is made for each, and days are chosen so
that all capacity together is `tightness` times what the posts take. Everything follows from the seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator.domain.case import TABLES, Case, Sip
from allocator.domain.facts import Facts
from allocator.domain.policy import Policy
from allocator.errors import CaseError, UsageError
from allocator.generate import invented_team
from allocator.generate.by_hand import ByHandCounts, by_hand, hard_rules
from allocator.generate.harder import with_period_limits
from allocator.generate.invented_names import names
from allocator.generate.offered_days import days_for
from allocator.generate.past import Past, past
from allocator.generate.portfolios import cut, places, units

MOST_DAYS = 195.0  # school days in a year
LOOSEST, TIGHTEST = 3.0, 0.5
WRITTEN = ("sips", "history", "interests", "wishes")
MARK = "INVENTED.md"


@dataclass(frozen=True)
class Team:
    """An invented team beside its schools. Days; `made_for` is the plan hidden in it."""

    case: Case
    seed: int
    sips: int
    leavers: int
    demand_days: float
    capacity_days: float
    many_authorities: int
    made_for: Mapping[tuple[str, str], str]
    barred: tuple[str, ...]  # posts whose own SIP some rule of this policy bars
    hand: ByHandCounts
    incumbents: int
    posts: int = field(default=0)

    @property
    def tightness(self) -> float:
        return self.capacity_days / self.demand_days


def invent(
    case: Case, policy: Policy, sips: int, seed: int, tightness: float = 1.05, *, period_limits: bool = False
) -> Team:
    """A team of so many SIPs, with history, interests and wishes, for the schools of a case.

    Below a tightness of 1 the days offered are too few. `period_limits`: most SIPs say how much each period may take.
    Raises UsageError when the numbers cannot be: more SIPs than schools, more days than a year has.
    """
    if not TIGHTEST <= tightness <= LOOSEST:
        raise UsageError(f"--tightness {tightness:g}: capacity over demand, from {TIGHTEST:g} to {LOOSEST:g}.")
    bare = Facts(Case(year=case.year, schools=case.schools, sips=()), policy)
    place = places(bare)
    rows = units(bare, place)
    _possible(bare, len(rows), sips, tightness)
    rng = random.Random(seed)
    called = names(rng, 2 * sips)
    kinds = invented_team.kinds(rng, sips)
    pieces = cut(rows, invented_team.shares(rng, kinds, len(rows)))
    team = invented_team.people(rng, bare, pieces, kinds, called, place)
    invented_team.other_posts(bare, team, place)
    invented_team.second_chances(bare, team)
    invented_team.more_authorities(bare, team, place)
    invented_team.fill(rng, bare, team, place)
    made_for = {(u, "lead"): p.sip for p in team for u in p.schools} | {key: p.sip for p in team for key in p.others}
    draft = Facts(_case(case, [invented_team.row(bare, p, 0) for p in team], Past()), policy)
    then = past(rng, bare, team, called[sips:], place, _may(draft))
    leavers = [_leaver(p, bare) for p in then.leavers]
    noise = {p.sip: rng.uniform(0.98, 1.02) for p in team}
    before = Facts(_case(case, [*(invented_team.row(bare, p, 0) for p in team), *leavers], then), policy)
    loads = {p.sip: 0 for p in team}
    for post in before.posts:
        sip = made_for[post.key]
        loads[sip] += before.load(post, before.sips[sip])[0]
    days = days_for(bare, loads, tightness, noise)
    if max(days.values()) > MOST_DAYS:
        raise UsageError(_too_few(sips, max(days.values()), sum(days.values())))
    made = _case(case, [*(invented_team.row(bare, p, days[p.sip]) for p in team), *leavers], then)
    if period_limits:
        made = with_period_limits(made, policy, seed)
    facts = Facts(made, policy)
    hard = hard_rules(facts)
    return Team(
        case=made,
        seed=seed,
        sips=sips,
        leavers=len(leavers),
        demand_days=sum(loads.values()) / 4,
        capacity_days=sum(facts.capacity(facts.sips[p.sip]) for p in team) / 4,
        many_authorities=sum(len(p.las) > 1 for p in team),
        made_for=made_for,
        barred=tuple(
            f"{p.urn} {p.kind}"
            for p in facts.posts
            if any(r.block(facts, p, facts.sips[made_for[p.key]]) for r in hard)
        ),
        hand=by_hand(facts),
        incumbents=len(then.incumbent),
        posts=len(facts.posts),
    )


def _possible(facts: Facts, leads: int, sips: int, tightness: float) -> None:
    if not leads:
        raise CaseError("No school of this case is in the run, so there is nothing to make a team for.")
    if not 1 <= sips <= leads:
        raise UsageError(f"--sips {sips}: give a number from 1 to {leads}, the schools that want a lead.")
    mean = sum(p.due for p in facts.posts) / 4 * tightness / sips
    if mean > MOST_DAYS:
        raise UsageError(_too_few(sips, mean, mean * sips))


def _too_few(sips: int, each: float, total: float) -> str:
    return (
        f"--sips {sips} are too few: one of them would have to offer {each:g} days, and a year has {MOST_DAYS:g}. "
        f"Give at least {max(sips + 1, math.ceil(total / 120))}."
    )


def _may(draft: Facts) -> Any:
    """Whether rules let a SIP lead a school, by the draft team without a past."""
    hard = hard_rules(draft)
    lead = {p.urn: p for p in draft.posts if p.kind == "lead"}

    def may(urn: str, sip: str) -> bool:
        return not any(r.block(draft, lead[urn], draft.sips[sip]) for r in hard)

    return may


def _leaver(person: invented_team.InventedSip, facts: Facts) -> Sip:
    """Somebody who left last summer: kept for the history, and offers nothing."""
    return Sip.model_validate(
        {
            "sip": person.sip,
            "name": person.name,
            "kind": person.kind,
            "phases": tuple(person.phases),
            "days": 0,
            "status": "left",
            "leaves_on": facts.year.first.replace(month=7, day=31),
        }
    )


def _case(case: Case, sips: list[Sip], then: Past) -> Case:
    tables = {"history": then.history, "interests": then.interests, "wishes": then.wishes}
    return Case(
        year=case.year,
        schools=case.schools,
        sips=tuple(sorted(sips, key=lambda s: s.sip)),
        **{name: tuple(TABLES[name].model_validate(row) for row in rows) for name, rows in tables.items()},
    )


def write_team(team: Team, folder: Path) -> list[Path]:
    """The tables of the team and the notice beside the schools, each whole; returns what was written."""
    from allocator.intake.write import tables, whole, write_csv

    made = tables(team.case)
    out = [folder / MARK]
    whole(out[0], lambda p: _save(p, notice(team)))
    for name in WRITTEN:
        header, rows = made.get(name, (None, None))
        if header is None or rows is None:
            fields = TABLES[name].model_fields
            header, rows = [f for f, info in fields.items() if info.is_required()], []
        out.append(folder / f"{name}.csv")
        write_csv(out[-1], header, rows)
    return out


def _save(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def notice(team: Team) -> str:
    """What stands in the folder, so that nobody takes the team for a real one."""
    return f"""# Invented

The schools in this folder may be real. **Everybody and everything else in it is invented**: the SIPs, their
names, days and authorities, who led which school, how it ended, the interests declared and the wishes made.
Nothing here is a fact about any person or about any school's wishes.

Made by `allocator generate team` for {team.case.year} with `--sips {team.sips} --seed {team.seed}`; the same
command makes the same team. Capacity is {team.tightness:.3f} times what the posts take.

Use it to try the tool. Before planning in earnest, delete `sips.csv`, `history.csv`, `interests.csv`,
`wishes.csv` and this file, and type your own.
"""
