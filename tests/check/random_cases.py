"""Random tiny cases, rich in every rule, the same for the same number."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from allocator.check.score import Auditor
from allocator.check.structure import locks
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from tests import make
from tests.check.calm_cases import calm

MOST_PLANS = 40_000
PHASES = ("primary", "primary", "primary", "secondary", "middle_primary", "all_through", "special", "nursery")
EXPERIENCE = (
    "special_measures",
    "ri_to_good",
    "small_school",
    "rural",
    "high_fsm",
    "new_head",
    "high_performing",
)
DECISIONS = (
    "forbid",
    "extend_tenure",
    "allow_change",
    "allow_return",
    "accept_local_head",
    "clear_breakdown",
    "separate_support",
    "one_sip_for_cluster",
)
JOINED = (dt.date(2025, 9, 2), dt.date(2026, 10, 31), dt.date(2026, 11, 1), dt.date(2020, 9, 1))


def random_case(n: int, schools: int = 4, sips: int = 3) -> tuple[Case, Policy]:
    """Case number n; its search space is small enough to try whole."""
    attempt = 0
    while True:
        r = random.Random(f"{n}/{attempt}")
        if n % 4:
            case, policy = calm(r)
        else:
            case, policy = drawn(r, r.randint(1, schools), r.randint(1, sips))
        a = Auditor(case, policy)
        size = 1
        for p in a.stand.posts:
            size *= 1 + len(a.allowed(p.key)) * (1 + len(p.trims))
        locked = {key: min(sips) for key, sips in locks(a.stand).items()}
        if a.stand.posts and size <= MOST_PLANS and not a.breaches(locked, {}):
            return case, policy
        attempt += 1


def drawn(r: random.Random, n: int, m: int) -> tuple[Case, Policy]:
    """Any case of n schools and m SIPs, rich in every rule."""

    def maybe(p: float, value: Any) -> Any:
        return value if r.random() < p else None

    urns, ids = [str(100 + i) for i in range(n)], [chr(65 + i) for i in range(m)]
    needs = ["low", "standard", "standard", "raised", "high", "top"]
    schools = [
        make.school(
            u,
            phase=r.choice(PHASES),
            la=maybe(0.9, r.choice(["Hart", "Vale"])),
            trust=maybe(0.3, "Oak Trust"),
            cluster=maybe(0.5, r.choice(["North", "South"])),
            cluster_wants_one_sip=maybe(0.4, True),
            head=maybe(0.25, r.choice(["h1", "h2"])),
            paired_with=maybe(0.2, r.choice(urns)),
            easting=maybe(0.9, r.randint(400_000, 440_000)),
            northing=maybe(0.9, r.randint(100_000, 140_000)),
            pupils=maybe(0.8, r.choice([80, 120, 121, 300, 900, 1200])),
            fsm_percent=maybe(0.7, r.choice([10, 34.9, 35, 60])),
            rural=maybe(0.3, True),
            religious_character=maybe(0.3, r.choice(["Church of England", "Does not apply"])),
            status=maybe(0.1, r.choice(["proposed_to_close", "closed"])),
            closes_on=maybe(0.1, r.choice([dt.date(2026, 9, 1), dt.date(2027, 2, 10)])),
            participation=maybe(0.2, r.choice(["buys_in", "own_sip"])),
            need=maybe(0.8, r.choice(needs)),
            days=maybe(0.4, r.choice([2, 2.5, 3, 3.25, 4])),
            support_days=maybe(0.5, r.choice([0, 1, 2])),
            inspection_due=maybe(0.3, True),
            head_started=maybe(0.3, r.choice([dt.date(2025, 9, 1), dt.date(2025, 9, 2), dt.date(2026, 9, 1)])),
            appraisal=maybe(0.3, r.choice(["same", "different", "any"])),
            focus=tuple(r.sample(["reading", "maths", "attendance"], r.randint(0, 2))),
            category_of_concern=maybe(0.15, r.choice(["SM", "RSI"])),
            oeif_overall=maybe(0.6, r.choice(["1", "2", "3", "4", "not_judged"])),
            oeif_leadership=maybe(0.3, r.choice(["2", "3"])),
            stuck=maybe(0.1, True),
        )
        for u in urns
    ]
    people = [
        make.sip(
            i,
            kind=r.choice(["la_adviser", "serving_head", "retired_head", "consultant"]),
            phases=tuple(r.sample(["primary", "secondary", "special", "nursery"], r.randint(1, 3))),
            days=r.choice([3, 5, 6.5, 8, 12, 20]),
            status=maybe(0.05, "paused"),
            joined_on=maybe(0.3, r.choice(JOINED)),
            leaves_on=maybe(0.1, r.choice([dt.date(2027, 7, 30), dt.date(2027, 7, 31)])),
            contract_ends=maybe(0.1, r.choice([dt.date(2026, 12, 31), dt.date(2027, 8, 31)])),
            trained=r.random() < 0.95,
            board_approved=r.random() < 0.95,
            dbs_valid_until=maybe(0.2, r.choice([dt.date(2027, 7, 30), dt.date(2027, 7, 31), dt.date(2028, 1, 1)])),
            headship_years=maybe(0.7, r.choice([2, 5, 9])),
            current_urn=maybe(0.5, r.choice([*urns, "999"])),
            current_la=maybe(0.5, r.choice(["Hart", "Vale", "Dale"])),
            current_trust=maybe(0.2, "oak  trust"),
            current_cluster=maybe(0.1, "North"),
            current_grade=maybe(0.5, r.choice(["good", "outstanding", "requires improvement"])),
            evidence=tuple(r.sample(["nle", "own_grade", "lle"], r.randint(0, 2))),
            max_schools=maybe(0.4, r.choice([1, 2, 3])),
            min_schools=maybe(0.2, r.choice([1, 2])) if r.random() < 0.5 else None,
            autumn_2_days=maybe(0.3, r.choice([1, 2, 2.5, 3])),
            las=("Hart",) if r.random() < 0.2 else (),
            easting=maybe(0.9, r.randint(400_000, 460_000)),
            northing=maybe(0.9, r.randint(100_000, 160_000)),
            max_km=maybe(0.3, r.choice([20, 30, 45])),
            flexible_diary=maybe(0.4, True),
            appraisal_trained=maybe(0.7, True),
            experience=tuple(r.sample(EXPERIENCE, r.randint(1, 5))),
            specialisms=tuple(r.sample(["reading", "maths", "attendance"], r.randint(0, 2))),
            day_rate=maybe(0.6, r.choice([300, 400, 450])),
        )
        for i in ids
    ]
    people = [
        p.model_copy(update={"min_schools": None})
        if (p.min_schools or 0) > (9 if p.max_schools is None else p.max_schools)
        else p
        for p in people
    ]
    history: list[dict[str, Any]] = []
    for u in urns:
        if r.random() < 0.75:
            who, length = r.choice([*ids, "Z"]), r.randint(1, 6)
            years = [f"{y}/{(y + 1) % 100:02d}" for y in range(2026 - length, 2026)]
            if r.random() < 0.15:
                years = years[:-1] or years
            ended = maybe(
                0.25,
                r.choice(["end_of_year", "sip_left", "manager", "rotation", "school_asked", "breakdown", "sip_asked"]),
            )
            history += make.led(u, who, *years, ended=ended)
        if r.random() < 0.2:
            history += make.led(
                u, r.choice(ids), f"{r.choice([2022, 2023, 2024])}/00".replace("/00", "/" + "23"), ended=None
            )[:0]
    interests = [
        {
            "sip": r.choice(ids),
            r.choice(["urn", "trust", "la"]): None,
            "kind": r.choice(["governor", "family", "former_adviser", "employed"]),
            "outcome": maybe(0.6, r.choice(["open", "cleared", "barred"])),
            "until": maybe(0.2, r.choice([dt.date(2026, 8, 31), dt.date(2026, 9, 1)])),
        }
        for _ in range(r.randint(0, 2))
    ]
    for row in interests:
        scope = next(k for k in ("urn", "trust", "la") if k in row)
        row[scope] = {"urn": r.choice(urns), "trust": "Oak Trust", "la": "Vale"}[scope]
    wishes = []
    for _ in range(r.randint(0, 3)):
        by = r.choice(["school", "school", "sip"])
        kind = r.choice(
            ["keep", "change", "known_locally", "fresh_eyes", "named", "not_serving_head", "flexible_diary"]
            if by == "school"
            else ["keep", "move_on", "named"]
        )
        named = r.choice(ids) if by == "sip" or kind == "named" else maybe(0.3, r.choice(ids))
        wishes.append(
            {
                "by": by,
                "urn": r.choice(urns) if by == "school" or r.random() < 0.7 else None,
                "sip": named,
                "wish": kind,
                "strength": maybe(0.8, r.choice([1, 2, 3])),
            }
        )
    decisions = [
        {
            "decision": r.choice(DECISIONS),
            "urn": r.choice(urns),
            "sip": r.choice(ids),
            "post": maybe(0.3, "lead"),
            "until": maybe(0.3, r.choice([dt.date(2026, 8, 31), dt.date(2026, 9, 1)])),
            "reason": "x",
            "by": "m",
            "on": dt.date(2026, 6, 1),
        }
        for _ in range(r.randint(0, 2))
    ]
    refusals = [
        {
            "urn": r.choice(urns),
            "sip": r.choice(ids),
            "kind": r.choice(["veto", "breakdown"]),
            "year": r.choice(["2024/25", "2025/26", "2026/27"]),
        }
        for _ in range(r.randint(0, 1))
    ]
    policy = make.policy(
        days={
            "model": r.choice(["flat", "graduated"]),
            "flat": r.choice([3, 5]),
            "trim_step": r.choice([0.5, 1]),
            "support": 2,
            "graduated": {"low": 2, "standard": 3, "raised": 3, "high": 4, "top": 4},
        },
        capacity={"overhead": r.choice([0, 4]), "period_stretch": r.choice([1, 1.1, 1.5]), "on": r.random() < 0.95},
        own_ties={"serving_head_same_la": r.choice(["off", "notice", "needs_yes"]), "near_km": r.choice([3, 15])},
        eligibility={
            "headship_in_phase": r.random() < 0.05,
            "serving_head_all_of": ["headship_years >= 5"] if r.random() < 0.3 else [],
            "serving_head_one_of": ["nle", "own_grade"] if r.random() < 0.3 else [],
        },
        tenure={
            "limit": r.choice([3, 5]),
            "review": 2,
            "sole_specialist": r.choice(["extend", "rotate"]),
            "first_year_amnesty": r.random() < 0.1,
        },
        travel={"soft_km": r.choice([5, 25])},
        cost={"on": r.random() < 0.4},
        separation={"needs": ["top", "high"] if r.random() < 0.5 else ["top"]},
        continuity={"weight": r.choice([0, 10, {"top": 7, "standard": 3}])},
    )
    tables = {
        "history": history,
        "interests": interests,
        "wishes": wishes,
        "decisions": decisions,
        "refusals": refusals,
    }
    return make.case(schools, people, **tables), policy
