"""The menu of changes that may fill an empty post: when each applies, its words, and the change itself (contract
2, 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any

from allocator.allocate import Choice, Key, Setup
from allocator.domain.case import Interest
from allocator.domain.change import BY
from allocator.domain.change_args import Change
from allocator.domain.interests import concerns
from allocator.rules.own_ties import firm_tie

NEW = "new_sip"


@dataclass(frozen=True)
class Remedy:
    """One thing to do: in words (a clause), as changes, and whom it is about."""

    text: str
    changes: tuple[Change, ...]
    sip: str | None = None
    name: str | None = None


def lifts(ready: Setup, choice: Choice, rule: str) -> str | None:
    """What on the menu lifts this rule for a barred pair; None when nothing does."""
    facts, urn, sip = ready.facts, choice[0], choice[2]
    school, row = facts.schools[urn], facts.sips[sip]
    if rule == "tenure":
        return "extend_tenure"
    if rule == "own_ties":  # a manager's yes accepts a local head, and no other tie (domain C8)
        return None if firm_tie(facts, school, row) else "accept_local_head"
    if rule == "interest":
        mine = _open(ready, urn, sip)
        bars = [r for r in facts.interests.get(sip, ()) if r.outcome == "barred" and concerns(facts, r, school)]
        return "decide_interest" if mine and not bars else None
    if rule == "dbs":  # a check that came too late for this start cannot be made earlier
        starts = facts.starts(ready.pairs.posts[choice[:2]], row)
        return None if row.dbs_checked_on and row.dbs_checked_on > starts else "renew_check"
    return None


def _open(ready: Setup, urn: str, sip: str) -> list[Interest]:
    """Declared interests of this pair that nobody has decided yet."""
    facts = ready.facts
    rows = facts.interests.get(sip, ())
    return [
        r
        for r in rows
        if r.kind != "former_adviser" and r.outcome in (None, "open") and concerns(facts, r, facts.schools[urn])
    ]


def of_gate(ready: Setup, what: str, urn: str | None, sip: str | None, days: Fraction) -> Remedy:
    """The remedy behind an opened gate; `days` more are needed where it is about days."""
    facts = ready.facts
    name = facts.sips[sip].name if sip else ""
    at = facts.name(urn) if urn else ""
    if what == "budget":
        now = Fraction(str(facts.policy.budget.days or 0))
        past = facts.standing.fixed if facts.standing else ()
        gone = Fraction(sum(sum(part.periods) + part.extra for part in past), 4)  # a cap cut under it leaves nothing
        most = max(now, gone) + days
        text = f"{float(most - now):g} more days in the budget ({float(most):g} instead of {float(now):g})"
        return Remedy(text, ({"budget": {"days": float(most)}},))
    if what == "ask_lead_appraisal":
        text = f"ask {at} whether its own lead SIP may support the appraisal, and record that anybody may"
        return Remedy(text, ({"school_says": {"urn": urn, "appraisal": "any"}},))
    assert sip is not None, what
    row = facts.sips[sip]
    if what == "days":
        gross = days_for(ready, sip, facts.capacity(row) + math.ceil(4 * days))
        text = f"{gross - row.days:g} more days from {name} ({gross:g} instead of {row.days:g})"
        return Remedy(text, ({"days": {"sip": sip, "days": gross}},), sip, name)
    if what == "max_schools":
        most_schools = facts.most_schools(row) + 1
        many = "one school" if most_schools == 1 else f"{most_schools} schools"
        return Remedy(
            f"let {name} lead {many}", ({"max_schools": {"sip": sip, "max_schools": most_schools}},), sip, name
        )
    if what == "min_schools":
        text = f"let {name} lead fewer than {facts.fewest_schools(row)} schools"
        return Remedy(text, ({"min_schools": {"sip": sip, "min_schools": 0}},), sip, name)
    if what == "unlock":
        post = next((d.post for d in facts.decisions("lock", urn or "", sip) if d.post), "lead")
        return Remedy(f"unlock {name} from {at}", ({"unlock": {"urn": urn, "sip": sip, "post": post}},), sip, name)
    if what == "decide_interest":
        return _decided(ready, urn or "", sip, name, at)
    if what == "renew_check":
        return _renewed(ready, sip, name)
    verb = {"extend_tenure": "extend the tenure of", "accept_local_head": "accept the local head"}[what]
    given = {"reason": f"{at} would have nobody otherwise", "by": BY, "on": facts.year.first.isoformat()}
    return Remedy(
        f"{verb} {name} at {at}", ({"decision": {"decision": what, "urn": urn, "sip": sip, **given}},), sip, name
    )


def _decided(ready: Setup, urn: str, sip: str, name: str, at: str) -> Remedy:
    rows = [r.model_copy(update={"outcome": "cleared", "decided_by": BY}) for r in _open(ready, urn, sip)]
    changes = tuple({"interest": r.model_dump(mode="json", exclude_none=True)} for r in rows)
    return Remedy(f"decide the open interest of {name} at {at}: cleared, {name} may take it", changes, sip, name)


def _renewed(ready: Setup, sip: str, name: str) -> Remedy:
    """A check in order for the whole year; its first day of validity is that of the year where none is on record."""
    year, row = ready.facts.year, ready.facts.sips[sip]
    on = row.dbs_checked_on or year.first
    check = {"sip": sip, "dbs_checked_on": on.isoformat(), "dbs_valid_until": year.last.isoformat()}
    return Remedy(f"renew the DBS check of {name}", ({"check": check},), sip, name)


def new_sip(ready: Setup, key: Key) -> Remedy:
    """One more SIP, made for this post."""
    school, row = ready.facts.schools[key[0]], _profile(ready, key)
    text = f"one more SIP who may take {school.name} ({school.phase.replace('_', ' ')})"
    return Remedy(text, ({"sip_joins": row},), str(row["sip"]), "the new SIP")


def _profile(ready: Setup, key: Key) -> dict[str, Any]:
    """A SIP who would fit this post and nothing else: phase, tags demanded, days, checks in order, a base nearby."""
    facts, school = ready.facts, ready.facts.schools[key[0]]
    post = ready.pairs.posts[key]
    tags = sorted({tags[0] for f in facts.flags(key[0]) if (tags := facts.policy.need.requires.get(f.name))})
    middle = {"middle_primary": ["primary"], "middle_secondary": ["secondary"]}
    phases = middle.get(school.phase, [school.phase])
    quarters = Fraction(
        post.due + math.ceil(4 * facts.policy.days.new_pairing) + math.ceil(4 * facts.policy.days.new_head)
    )
    name = next(f"NEW{n}" for n in count(1) if f"NEW{n}" not in facts.sips)
    return {
        "sip": name,
        "name": "A new SIP",
        "kind": "consultant",
        "phases": phases,
        "headship_phases": phases,
        "ever_head": True,
        "experience": tags,
        "days": float(_gross(ready, quarters)),
        "max_schools": 1,
        "min_schools": 0,
        "trained": True,
        "board_approved": True,
        "dbs_checked_on": facts.year.first.isoformat(),
        "appraisal_trained": post.kind == "appraisal",
        "easting": school.easting,
        "northing": school.northing,
    }


def _gross(ready: Setup, capacity: Fraction | int) -> Fraction:
    """Fewest days, in quarters, whose capacity after overhead and reserve is at least this many quarter-days."""
    c = ready.facts.policy.capacity
    overhead, full = Fraction(str(c.overhead)), Fraction(str(c.full_time_days))
    reserve = Fraction(str(c.reserve_percent)) / 100
    days = Fraction(0)
    part = 1 - overhead / full - reserve
    if part > 0:
        days = Fraction(math.ceil(Fraction(capacity) / 4 / part * 4), 4)
    if part <= 0 or days > full:
        days = Fraction(math.ceil((Fraction(capacity) / 4 + overhead) / (1 - reserve) * 4), 4)
    return days


def days_for(ready: Setup, sip: str, capacity: int) -> float:
    """Gross days this SIP must offer for a capacity of so many quarter-days."""
    return max(float(_gross(ready, capacity)), ready.facts.sips[sip].days)
