"""The first reason that a head reads, taken away and the year planned again: the pair changes, or the text did not
promise that it would.

A fact (somebody has left, we chose) or one reason of several (*partly because*) promises nothing; a bare *because* does.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import pytest

from allocator import allocate, rules
from allocator.allocate import Setup
from allocator.domain.case import Case, Decision, Sip
from allocator.domain.claims import Cause
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Moved, Plan
from allocator.errors import CaseError
from allocator.reasons.answer import ready_from, solve, world
from allocator.reasons.spoken import lost_to_sip
from allocator.reasons.told import told
from allocator.reasons.turns import news
from allocator.setup import instance
from tests.check.random_cases import random_case
from tests.make import sip
from tests.reasons.test_counterfactual import crowded, locked
from tests.sizes import HOURS, whole_or

pytestmark = pytest.mark.xdist_group("first reason")  # its plans are made once
CASES = whole_or(2000, 60, 20)
EXTEND: dict[str, Any] = {"decision": "extend_tenure", "reason": "to see", "by": "m", "on": dt.date(2026, 6, 1)}
FREE: dict[str, Any] = {"status": None, "leaves_on": None, "contract_ends": None}
ROOM: dict[str, Any] = {"days": 60, "max_schools": 9} | {
    f"{p}_days": None for p in ("autumn_1", "autumn_2", "spring", "summer")
}


First = tuple[Plan, Assignment, Moved | None, str]


def without(plan: Plan, change: Moved) -> Setup | None:
    """The case without the first claim of a change, for that pair alone; None for what is no fact to take away."""
    (case, policy), c, seed = world(plan), change.claims[0], plan.made_with.seed
    if c.kind == "gone":
        return allocate.setup(_of_sip(case, c.sip, FREE), policy, seed)
    if c.kind == "no_room":
        return allocate.setup(_of_sip(case, c.sip, ROOM), policy, seed)
    if c.kind == "by_hand":
        rest = [d for d in case.decisions if (d.decision, d.urn, d.sip) != (c.decision, c.urn, c.sip)]
        return allocate.setup(case.model_copy(update={"decisions": tuple(rest)}), policy, seed)
    if c.kind == "limit_reached":
        more = (*case.decisions, Decision(urn=c.urn, sip=c.sip, **EXTEND))
        return allocate.setup(case.model_copy(update={"decisions": more}), policy, seed)
    if c.kind == "one_for_all":
        rest = [d for d in case.decisions if d.decision != "one_sip_for_cluster"]
        alone = tuple(s.model_copy(update={"head": None}) if s.urn == change.urn else s for s in case.schools)
        return allocate.setup(case.model_copy(update={"decisions": tuple(rest), "schools": alone}), policy, seed)
    if c.kind == "barred_by":
        facts = Facts(case, policy)
        pairs = rules.pairs(facts)
        if {rule for rule, _ in pairs.blocks(c.urn, c.post, c.sip)} <= {x.rule for x in _bars(change.claims)}:
            pairs.allowed[c.urn, c.post] = tuple(sorted({*pairs.allowed[c.urn, c.post], c.sip}))
        return instance(facts, pairs, seed)
    return None


def _of_sip(case: Case, who: str, update: dict[str, Any]) -> Case:
    """The case with somebody as they would be; one whom it knows by history alone is as any other."""
    rows: list[Sip] = [s.model_copy(update=update) if s.sip == who else s for s in case.sips]
    return case.model_copy(update={"sips": (*rows, *(() if any(s.sip == who for s in rows) else (sip(who),)))})


def _bars(claims: tuple[Cause, ...]) -> list[Any]:
    return [x for x in claims if x.kind == "barred_by"]


def _firsts() -> Iterator[First]:
    """Plans, their rows, the change that is news to the school, and the first reason that its head reads."""
    for n in range(CASES):
        for made in (random_case(n, 6, 4), *([crowded(n)] if n < CASES // 2 else [])):
            try:
                plan = solve(*made)
            except CaseError:  # locks beyond what somebody may take
                continue
            ready = ready_from(plan)
            for row in plan.assignments:
                if ready.held_by(row) and (why := told(ready, plan, row, "school").why):
                    yield plan, row, news(plan, plan.open(row.urn, row.post)), why


# thousands of plans are not kept
firsts: Callable[[], Iterable[First]] = _firsts if HOURS else cache(lambda: list(_firsts()))


def test_without_the_first_reason_the_pair_changes_or_the_text_did_not_promise_it() -> None:
    seen: Counter[str] = Counter()
    for plan, row, change, why in firsts():
        if change is None or not change.claims:
            assert why.startswith("partly because"), why
            continue
        first = change.claims[0]
        try:
            lifted = without(plan, change)
            then = allocate.allocate(lifted)[0] if lifted else None
        except CaseError:  # without it there is no plan at all
            continue
        same = then is not None and row.sip in {a.sip for a in then.holders(row.urn, row.post)}
        seen[f"{first.kind}: {'not tried' if then is None else 'the same' if same else 'another'}"] += 1
        said = [why, lost_to_sip(ready_from(plan).facts, change)]
        assert not same or not any("because" in x.replace("partly because", "") for x in said), said
    print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    assert seen.keys() >= {
        f"{kind}: {how}" for kind in ("barred_by", "by_hand", "gone") for how in ("the same", "another")
    }


def test_what_the_rules_are_said_to_ask_cannot_be_otherwise_even_by_a_lock() -> None:
    tried = 0
    for plan, row, change, why in firsts():
        if change is None or why != "; under our published rules it has to be somebody else this year":
            continue
        if (row.urn, row.post) == (change.urn, change.post) and change.claims[-1].kind != "one_for_all":
            try:
                then = locked(plan, row.urn, row.post, change.from_ or "")
            except CaseError:
                then = None
            assert then is None or change.from_ not in {a.sip for a in then.holders(row.urn, row.post)}  # fell away
            tried += 1
    assert tried > CASES // 10
