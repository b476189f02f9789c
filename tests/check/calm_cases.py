"""Random cases in which nearly everybody may go anywhere, so that wishes, bonds and team rules decide."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from allocator.domain.case import Case
from allocator.domain.policy import Policy
from tests import make

TAGS = ("special_measures", "small_school", "rural", "high_fsm", "ri_to_good", "new_head")


def calm(r: random.Random) -> tuple[Case, Policy]:
    """Three or four primaries, two or three SIPs who mostly may take any of them."""
    urns, ids = [str(200 + i) for i in range(r.randint(3, 4))], list("ABC")[: r.randint(2, 3)]
    schools = [_school(r, u, urns) for u in urns]
    people = [_sip(r, i, urns) for i in ids]
    history = [row for u in urns if r.random() < 0.8 for row in _past(r, u, ids)]
    wishes = [_wish(r, u, ids) for u in urns if r.random() < 0.6]
    decided = {"reason": "x", "by": "m", "on": dt.date(2026, 6, 1)}
    decisions = []
    if r.random() < 0.2:
        what = {"decision": r.choice(["lock", "forbid"]), "urn": r.choice(urns), "sip": r.choice(ids)}
        decisions.append({**what, **decided})
    if r.random() < 0.25:
        decisions.append({"decision": "one_sip_for_cluster", "urn": urns[0], **decided})
    interests = [{"sip": r.choice(ids), "urn": r.choice(urns), "kind": "former_adviser"}] if r.random() < 0.4 else []
    if r.random() < 0.25:
        interests.append({"sip": r.choice(ids), "urn": r.choice(urns), "kind": "governor"})
    policy = make.policy(
        days={"flat": 3, "trim_step": 1, "support": 2, "new_pairing": r.choice([0, 0.5])},
        separation={"needs": ["top", "high"]},
        cost={"on": True, "weight": 4},
        own_ties={"on": r.random() < 0.3, "serving_head_same_la": "off", "near_km": 1},
        continuity={"weight": r.choice([10, 25])},
        eligibility={"serving_head_all_of": ["headship_years >= 5"] if r.random() < 0.15 else []},
        wish={"weight": r.choice([6, 30])},
        local={"weight": r.choice([20, 40])},
        former_tie={"weight": r.choice([2, 20])},
        churn={"weight": r.choice([30, 60])},
        diary={"weight": r.choice([10, 30])},
        halves={"price": r.choice([200, 900])},
        balance={"price": r.choice([8, 40])},
        spread={"price": r.choice([400, 900])},
    )
    refusals = [
        {"urn": u, "sip": r.choice(ids), "kind": r.choice(["veto", "breakdown"]), "year": "2025/26"}
        for u in urns
        if r.random() < 0.08
    ]
    tables = {
        "refusals": refusals,
        "history": history,
        "wishes": wishes,
        "decisions": decisions,
        "interests": interests,
    }
    return make.case(schools, people, **tables), policy


def _school(r: random.Random, urn: str, urns: list[str]) -> Any:
    return make.school(
        urn,
        head=r.choice(["h1", None, None, None]),
        cluster=r.choice(["North", "North", None]),
        cluster_wants_one_sip=r.random() < 0.3 or None,
        paired_with=r.choice([*urns, None, None]),
        easting=r.randint(400_000, 450_000),
        northing=r.randint(100_000, 110_000),
        pupils=r.choice([80, 300]),
        fsm_percent=r.choice([10, 50]),
        rural=r.choice([True, False]),
        need=r.choice(["low", "low", "standard", "raised", "raised", "high"]),
        days=3,
        category_of_concern="SM" if r.random() < 0.08 else None,
        support_days=r.choice([0, 0, 2]),
        appraisal=r.choice([None, None, None, "same", "different"]),
        inspection_due=r.random() < 0.5 or None,
        focus=tuple(r.sample(["reading", "maths"], r.randint(0, 2))),
        head_started=r.choice([None, dt.date(2026, 9, 1)]),
    )


def _sip(r: random.Random, sip: str, urns: list[str]) -> Any:
    return make.sip(
        sip,
        kind=r.choice(["la_adviser", "serving_head", "serving_head", "serving_head", "consultant"]),
        days=r.choice([8, 14, 20, 26]),
        trained=r.random() < 0.97,
        board_approved=r.random() < 0.97,
        headship_years=r.choice([3, 8, 8]),
        las=("Vale",) if r.random() < 0.05 else (),
        dbs_valid_until=dt.date(2027, 7, 30) if r.random() < 0.05 else None,
        joined_on=r.choice([None, dt.date(2026, 3, 1), dt.date(2026, 3, 1)]),
        current_urn=r.choice(urns) if r.random() < 0.8 else None,
        current_la=r.choice([None, "Hart"]),
        max_schools=r.choice([None, None, 2]),
        autumn_2_days=r.choice([None, None, 2, 3]),
        easting=r.randint(400_000, 450_000),
        northing=r.randint(100_000, 110_000),
        flexible_diary=r.choice([True, None]),
        appraisal_trained=True,
        experience=tuple(r.sample(TAGS, r.randint(1, 3))),
        specialisms=tuple(r.sample(["reading", "maths"], r.randint(0, 2))),
        day_rate=r.choice([None, 300, 450]),
    )


def _past(r: random.Random, urn: str, ids: list[str]) -> list[dict[str, Any]]:
    """An unbroken tenure; or one that was broken off; or one that ended some time ago."""
    who, length, end = r.choice([*ids, *ids, "Z"]), r.randint(1, 6), r.choice([2026, 2026, 2026, 2025])
    years = [f"{y}/{(y + 1) % 100:02d}" for y in range(end - length, end)]
    ended = r.choice([None, None, None, "sip_left", "manager", "rotation"])
    rows = make.led(urn, who, *years, ended=ended)
    if ended in ("sip_left", "manager") and len(rows) > 1:  # then somebody else took over, and is protected now
        rows[-2] |= {"ended": ended}
        rows[-1] = {"urn": urn, "sip": r.choice(ids), "year": rows[-1]["year"]}
    return rows


def _wish(r: random.Random, urn: str, ids: list[str]) -> dict[str, Any]:
    wish = r.choice(
        [
            "keep",
            "change",
            "change",
            "known_locally",
            "fresh_eyes",
            "known_locally",
            "fresh_eyes",
            "named",
            "not_serving_head",
        ]
    )
    return {
        "by": "school",
        "urn": urn,
        "wish": wish,
        "strength": r.choice([1, 3, 3]),
        "sip": r.choice(ids) if wish == "named" else None,
    }
