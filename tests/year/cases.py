"""Small random cases, and chains of events that befall them in the year; the same for the same number."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from allocator.domain.case import Case
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from tests import make

Change = dict[str, Any]
DAYS = [
    "2026-09-01",
    "2026-09-15",
    "2026-10-14",
    "2026-11-02",
    "2026-11-20",
    "2026-12-31",
    "2027-01-01",
    "2027-01-18",
    "2027-02-01",
    "2027-03-05",
    "2027-04-15",
    "2027-04-16",
    "2027-05-03",
    "2027-06-30",
]
NEEDS = ["low", "standard", "standard", "raised", "high", "top"]


def maybe(r: random.Random, p: float, *values: Any) -> Any:
    return r.choice(values) if r.random() < p else None


def case_of(r: random.Random) -> tuple[Case, Policy]:
    """Two to four primaries and as many SIPs, everything that a year can stir."""
    urns = [str(100 + i) for i in range(r.choice([2, 2, 3, 3, 4]))]
    ids = list("ABCD")[: r.choice([2, 3, 3, 4])]
    schools = [
        make.school(
            u,
            days=r.choice([2, 3, 3.25, 4, 5]),
            need=maybe(r, 0.7, *NEEDS),
            head=maybe(r, 0.25, "h"),
            cluster=maybe(r, 0.4, "North"),
            cluster_wants_one_sip=maybe(r, 0.4, True),
            trust=maybe(r, 0.3, "Oak"),
            paired_with=maybe(r, 0.25, *urns),
            appraisal=maybe(r, 0.45, "same", "different", "any"),
            support_days=maybe(r, 0.4, 0, 1, 2),
            participation=maybe(r, 0.08, "own_sip"),
            opens_on=_day(maybe(r, 0.06, "2027-01-04", "2026-11-15")),
            closes_on=_day(maybe(r, 0.06, *DAYS[5:9])),
            head_started=_day(maybe(r, 0.2, "2026-09-01")),
            focus=tuple(r.sample(["reading", "maths"], r.randint(0, 2))),
            easting=maybe(r, 0.6, 400_000, 410_000),
            northing=maybe(r, 0.6, 100_000, 115_000),
        )
        for u in urns
    ]
    people = [_sip(r, i, urns) for i in ids]
    history = [row for u in urns if r.random() < 0.7 for row in _past(r, u, ids)]
    policy = make.policy(
        days={
            "trim_step": r.choice([0.5, 1, 1]),
            "support": 2,
            "new_pairing": r.choice([0, 0.5]),
            "floor": r.choice([1, 2, 2]),
        },
        capacity={
            "overhead": 0,
            "reserve_percent": 0,
            "period_stretch": r.choice([1, 1.1, 1.5]),
            "on": r.random() < 0.95,
        },
        separation={"needs": r.choice([["top"], ["top", "high"]]), "on": r.random() < 0.9},
        tenure={"limit": 3, "review": 2, "sole_specialist": r.choice(["extend", "rotate"])},
        repair={"handover": r.choice([0, 50, 300, 900]), "days_first": r.choice(["auto", "auto", "always", "never"])},
        own_ties={"serving_head_same_la": "off", "near_km": 1},
        balance={"price": r.choice([0, 8, 40])},
        spread={"price": r.choice([0, 60, 400])},
        halves={"price": r.choice([100, 900])},
        availability={"on": r.random() < 0.95},
        require_dbs=r.random() < 0.8,
        portfolio={"on": r.random() < 0.95},
    )
    tables: dict[str, Any] = {
        "history": history,
        "wishes": [w for u in urns if r.random() < 0.3 for w in [_wish(r, u, ids)]],
        "absences": [_absence(r, r.choice(ids)) for _ in range(r.choice([0, 0, 0, 1, 1, 2]))],
        "worked": [{"urn": r.choice(urns), "post": "lead", "sip": r.choice(ids), "on": dt.date(2026, 10, 1), "days": 1}]
        * (r.random() < 0.12),
        "decisions": [_decision(r, r.choice(urns), r.choice(ids)) for _ in range(r.choice([0, 0, 0, 1, 1, 2]))],
    }
    return make.case(schools, people, **tables), policy


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _sip(r: random.Random, sip: str, urns: list[str]) -> Any:
    return make.sip(
        sip,
        kind=r.choice(["consultant", "consultant", "serving_head"]),
        days=r.choice([3, 5, 6, 8, 10, 20]),
        max_schools=maybe(r, 0.6, 1, 1, 2, 3),
        min_schools=maybe(r, 0.05, 1, 2),
        appraisal_trained=r.random() < 0.8,
        current_urn=maybe(r, 0.3, *urns),
        las=("Vale",) if r.random() < 0.05 else (),
        day_rate=maybe(r, 0.3, 300, 450),
        joined_on=_day(maybe(r, 0.15, "2026-10-31", "2026-09-20", "2027-02-01", "2026-03-01")),
        leaves_on=_day(maybe(r, 0.06, "2027-02-26")),
        dbs_valid_until=_day(maybe(r, 0.1, "2027-03-31", "2027-08-31")),
        autumn_2_days=maybe(r, 0.25, 1, 2, 2.5),
        spring_days=maybe(r, 0.15, 1, 1.5, 2),
        specialisms=tuple(r.sample(["reading", "maths"], r.randint(0, 2))),
        experience=("special_measures",),
        easting=maybe(r, 0.6, 400_000, 420_000),
        northing=maybe(r, 0.6, 100_000, 130_000),
    )


def _past(r: random.Random, urn: str, ids: list[str]) -> list[dict[str, Any]]:
    years = ["2022/23", "2023/24", "2024/25", "2025/26"][r.randint(0, 3) :]
    rows = make.led(
        urn, r.choice([*ids, *ids, "Z"]), *years, ended=maybe(r, 0.2, "sip_left", "manager", "rotation", "breakdown")
    )
    if rows[-1].get("ended") == "manager" and r.random() < 0.5:
        rows.append({"urn": urn, "sip": r.choice(ids), "year": "2025/26"})
    if r.random() < 0.2:
        rows.append({"urn": urn, "sip": r.choice(ids), "year": "2025/26", "role": r.choice(["support", "appraisal"])})
    return rows


def _wish(r: random.Random, urn: str, ids: list[str]) -> dict[str, Any]:
    wish = r.choice(["keep", "change", "named", "known_locally", "fresh_eyes", "not_serving_head"])
    named = r.choice(ids) if wish == "named" or r.random() < 0.4 else None
    return {"by": "school", "urn": urn, "wish": wish, "strength": r.choice([1, 2, 3]), "sip": named}


def _decision(r: random.Random, urn: str, sip: str) -> dict[str, Any]:
    kind = r.choice(["lock", "forbid", "one_sip_for_cluster", "separate_support", "extend_tenure"])
    named = sip if kind in ("lock", "forbid") else None
    return {"decision": kind, "urn": urn, "sip": named, "reason": "x", "by": "m", "on": dt.date(2026, 6, 1)}


def _absence(r: random.Random, sip: str) -> dict[str, Any]:
    first, last = sorted(r.sample(DAYS, 2))
    return {"sip": sip, "away_from": dt.date.fromisoformat(first), "away_to": dt.date.fromisoformat(last)}


# -- events ------------------------------------------------------------------------------------------------


def event(r: random.Random, case: Case, plan: Plan, n: int) -> Change:
    """A change that may befall this plan; not every one can be made, and then it is refused. `n` tells ids apart."""
    urn, sip = r.choice(case.schools).urn, r.choice(case.sips).sip
    held = [x for x in plan.assignments if not x.settled]
    pair = {"urn": urn, "sip": sip}
    if held and r.random() < 0.75:
        x = r.choice(held)
        urn, sip = x.urn, x.sip
        pair = {"urn": urn, "sip": sip}
    day, dated = r.choice(DAYS), (lambda on: {"on": on} if r.random() < 0.6 else {})(r.choice(DAYS))
    first, last = sorted(r.sample(DAYS, 2))
    by = {"reason": "x", "by": "m", "on": r.choice(["2026-06-01", day])}
    kinds: dict[str, Any] = {
        "sip_leaves": {"sip": sip, **dated},
        "sip_absent": {"sip": sip, "from": first, "to": last},
        "sip_joins": _joiner(r, f"N{n}", day),
        "days": {"sip": sip, "days": r.choice([0, 2, 4, 8, 20])},
        "period_days": {
            "sip": sip,
            "period": r.choice(["autumn_2", "spring", "summer"]),
            "days": r.choice([0, 1, 2.5]),
        },
        "max_schools": {"sip": sip, "max_schools": r.choice([0, 1, 2, 3])},
        "budget": {"days": round(plan.summary.days_used * r.choice([0.5, 0.8, 0.95])), "from": day},
        "need": {"urn": urn, "need": r.choice(NEEDS), **dated},
        "category": {"urn": urn, "category_of_concern": r.choice(["SM", "RSI"]), **dated},
        "participation": {"urn": urn, "participation": r.choice(["own_sip", "needs_sip"])},
        "school_joins": _school(r, f"2{n:02d}", day),
        "school_closes": {"urn": urn, "on": day},
        "succession": {"old_urn": urn, "new_urn": f"3{n:02d}", "on": day, "kind": "conversion"},
        "amalgamation": {"old_urn": urn, "new_urn": r.choice(case.schools).urn, "on": day, "kind": "amalgamation"},
        "head_moves": {"urn": urn, "to_urn": r.choice(case.schools).urn, **dated},
        "cluster": {"urn": urn, "cluster": "North", "cluster_wants_one_sip": r.random() < 0.5},
        "veto": {**pair, **dated},
        "breakdown": {**pair, **dated},
        "lock": {**pair, "post": maybe(r, 0.3, "lead", "support", "appraisal"), **dated},
        "forbid": {**pair, "post": maybe(r, 0.4, "lead", "support", "appraisal"), **dated},
        "interest": {
            "sip": sip,
            "urn": urn,
            "kind": r.choice(["family", "governor"]),
            "declared_on": maybe(r, 0.6, day),
        },
        "wish": _wish(r, urn, [s.sip for s in case.sips]),
        "decision": {
            "decision": r.choice(["separate_support", "one_sip_for_cluster", "extend_tenure", "allow_change"]),
            "urn": urn,
            **by,
        },
        "policy": {"key": "repair.handover", "value": r.choice([0, 500])},
    }
    often = ["sip_leaves", "sip_absent", "sip_absent", "sip_joins", "veto", "breakdown", "forbid", "lock", "interest"]
    kind = r.choice([*kinds, *often])
    args = {k: v for k, v in kinds[kind].items() if v is not None}
    return {"succession" if kind == "amalgamation" else kind: args}


def _joiner(r: random.Random, sip: str, day: str) -> Change:
    return {
        "sip": sip,
        "name": f"Sip {sip}",
        "kind": "consultant",
        "phases": ["primary"],
        "days": r.choice([3, 6, 20]),
        "joined_on": day if r.random() < 0.85 else None,
        "trained": True,
        "board_approved": True,
        "appraisal_trained": True,
        "dbs_checked_on": r.choice(["2026-01-01", "2026-01-01", "2027-02-10"]),
        "max_schools": maybe(r, 0.6, 1, 2),
    }


def _school(r: random.Random, urn: str, day: str) -> Change:
    return {
        "urn": urn,
        "name": f"School {urn}",
        "phase": "primary",
        "la": "Hart",
        "days": r.choice([2, 3]),
        "opens_on": day if r.random() < 0.8 else None,
        "need": maybe(r, 0.5, "top", "low"),
        "head": maybe(r, 0.2, "h"),
        "appraisal": maybe(r, 0.3, "same", "different"),
        "cluster": maybe(r, 0.3, "North"),
    }


def chain(r: random.Random) -> list[int]:
    """How many changes each what-if of a chain takes: one to six in all."""
    left, out = r.randint(1, 6), []
    while left:
        out.append(r.randint(1, min(3, left)))
        left -= out[-1]
    return out
