"""What is said of what might have been, tried: the old pair locked and the whole year planned again, by the front door."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from allocator.domain import tiers
from allocator.domain.case import Case, Decision
from allocator.domain.claims import Cause, CouldNotBe, LimitReached, Outweighed, Tied
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import CaseError
from allocator.intake.read import read_case
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.contrast import priced
from allocator.reasons.why import explain
from scenarios.tables import HERE
from tests.make import case, led, policy, school, sip
from tests.sizes import whole_or

ON = dt.date(2026, 6, 1)
READY = whole_or(("hartwell", "st-oswin"), ())
CROWDED = whole_or(200, 8, 4)


def crowded(n: int) -> tuple[Case, Policy]:
    """Six schools that three SIPs led, and who cannot all go on as they were: one has less room, and some is fixed by hand."""
    r = random.Random(f"crowded {n}")
    topics = ["reading", "maths", "attendance"]
    schools = [
        school(str(k), focus=tuple(r.sample(topics, 1)), need=r.choice(["low", "standard", "high"]))
        for k in range(1, 7)
    ]
    team = [sip(s, specialisms=tuple(r.sample(topics, 1)), max_schools=r.choice([1, 2, 2, 3])) for s in "ABC"] + [
        sip("D", max_schools=3)
    ]
    past = [row for k in range(1, 7) for row in led(str(k), r.choice("ABC"), "2025/26")]
    tables: dict[str, Any] = {"history": past}
    if r.random() < 0.5:
        fixed = [
            {"decision": "lock", "urn": str(k), "sip": s, "reason": "x", "by": "m", "on": ON}
            for k, s in ((1, "A"), (2, "B"))
        ]
        tables["decisions"] = fixed
        tables["wishes"] = [{"by": "school", "urn": "3", "wish": "named", "sip": "A"}]
    return case(schools, team, **tables), policy()


def plans() -> Iterator[Plan]:
    for n in range(CROWDED):
        try:
            yield solve(*crowded(n))
        except CaseError:  # locks beyond what somebody may take
            continue
    for name in READY:
        reading = read_case(HERE / name)
        assert reading.case is not None
        yield solve(reading.case, reading.policy)


def locked(plan: Plan, urn: str, post: str, sip: str, *more: Decision) -> Plan:
    """The whole year planned again with this pair decided by hand."""
    made, rules = world(plan)
    lock = Decision(decision="lock", urn=urn, post=post, sip=sip, reason="to see", by="m", on=ON)
    return solve(made.model_copy(update={"decisions": (*made.decisions, *more, lock)}), rules, seed=plan.made_with.seed)


def lost(plan: Plan, then: Plan) -> dict[str, int]:
    """By how much each tier is worse, the lot left out."""
    both = zip(plan.certificate.tiers, then.certificate.tiers, strict=True)
    found = {t.name: tiers.lost(t.name, t.value, n.value) for t, n in both if t.name != tiers.LOT}
    return {name: by for name, by in found.items() if by}


def causes(plan: Plan) -> list[Cause]:
    rows: list[Cause] = [c for change in plan.changes for c in change.claims]
    return rows + [c for w in plan.wishes for c in w.because]


def test_to_have_kept_the_pair_would_have_cost_exactly_what_is_claimed() -> None:
    tried: Counter[str] = Counter()
    for plan in plans():
        for c in causes(priced(ready_from(plan), plan)):
            if isinstance(c, Outweighed) and c.sip:
                assert c.price is not None
                assert lost(plan, locked(plan, c.urn, c.post, c.sip)) == {x.tier: x.by for x in c.price.lost}
            elif isinstance(c, Tied):
                assert lost(plan, locked(plan, c.urn, "lead", c.sip)) == {}
            elif isinstance(c, CouldNotBe):
                with pytest.raises(CaseError):
                    locked(plan, c.urn, c.post, c.sip)
            else:
                continue
            tried[c.kind] += 1
    print(dict(tried))
    assert tried.keys() >= {"outweighed", "could_not_be"}


def test_one_more_year_holds_wherever_it_is_offered() -> None:
    years = [f"20{n}/{n + 1}" for n in range(21, 26)]
    schools = [school(str(k)) for k in range(1, 4)]
    small = case(
        schools,
        [sip(), sip("B")],
        history=[row for k in "123" for row in led(k, "A", *years)],
        wishes=[{"by": "school", "urn": "3", "wish": "fresh_eyes"}],
    )
    offered = 0
    for plan in [solve(small, policy()), *([p for p in plans() if len(p.assignments) > 20])]:
        ready = ready_from(plan)
        for change in plan.changes:
            if not any(isinstance(c, LimitReached) for c in change.claims):
                continue
            if "one more year" in explain(ready, plan, change.urn, audience="school").text:
                more = Decision(
                    decision="extend_tenure", urn=change.urn, sip=change.from_, reason="asked", by="m", on=ON
                )
                after = locked(plan, change.urn, "lead", change.from_ or "", more)
                assert {a.sip for a in after.assignments if (a.urn, a.post) == (change.urn, "lead")} == {change.from_}
                offered += 1
            else:
                assert [w for w in plan.wishes if w.urn == change.urn and w.wish in ("fresh_eyes", "change")]
    print(f"{offered} offers")
    assert offered > 1
