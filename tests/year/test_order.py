"""Dated changes leave the same days open, in whatever order they are given, together or one after another."""

from __future__ import annotations

import datetime as dt
import itertools
import random

from allocator import allocate
from allocator.check.score import Auditor
from allocator.domain.case import Case
from allocator.domain.change import apply
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import CaseError, UsageError
from allocator.questions.scenario import scenario
from tests.sizes import whole_or
from tests.year.cases import Change, case_of, event

KINDS = {"sip_leaves", "sip_absent", "veto", "breakdown", "forbid", "interest", "category"}
ONE = dt.timedelta(days=1)
Day = tuple[str, str, dt.date]


def dated(r: random.Random, case: Case, policy: Policy, plan: Plan) -> list[Change]:
    """Two or three events with a date, each of another SIP."""
    out: dict[str, Change] = {}
    for n in range(30):
        change = event(r, case, plan, n)
        (kind, args), *_ = change.items()
        who = args.get("sip") or args.get("urn")
        if kind in KINDS and {"on", "from", "declared_on"} & args.keys() and who not in out:
            try:
                apply(case, policy, [*out.values(), change])
            except UsageError:
                continue
            out[who] = change
    return list(out.values())[:3]


def step(plan: Plan, given: list[Change]) -> tuple[Plan, set[Day]]:
    """The plan after these changes, and the days that were open before it was made."""
    ready = scenario(plan, given)
    found, _ = ready.solve()
    stand = Auditor(ready.case, ready.policy, 1, ready.inputs).stand
    spans = [(p.urn, p.kind, p.begin, p.end) for p in stand.posts if p.key not in stand.holders]
    return found, {(u, k, a + n * ONE) for u, k, a, z in spans for n in range((z - a).days + 1)}


def held(plan: Plan) -> dict[Day, str]:
    return {
        (x.urn, str(x.post), x.from_ + n * ONE): x.sip
        for x in plan.assignments
        for n in range((x.to - x.from_).days + 1)
    }


def test_order_and_grouping_leave_the_same_days_open() -> None:
    tried = moved_on = 0
    for n in range(whole_or(60, 24, 12)):
        r = random.Random(f"order {n}")
        case, policy = case_of(r)
        try:
            plan, _ = allocate.allocate(allocate.setup(case, policy))
            changes = dated(r, case, policy, plan)
            if len(changes) < 2:
                continue
            whole = [step(plan, list(order)) for order in itertools.permutations(changes)]
            assert all(days == whole[0][1] for _, days in whole), f"case {n}: {changes}"
            together, first = whole[0][1], held(plan)
            now, seen = plan, set[Day]()
            for change in changes:
                before = held(now)
                now, days = step(now, [change])
                seen |= days
                strange = {d for d in days - together if before.get(d) == first.get(d)}
                assert not strange, f"case {n}: {changes}: {min(strange)} is open after {change}, and not after all"
                after = held(now)
                seen |= {d for d, sip in first.items() if after.get(d, sip) != sip}  # others moved there for the event
            assert together <= seen, f"case {n}: {changes}: {min(together - seen)} is open only together"
        except CaseError:  # locks that clash
            continue
        tried += 1
        moved_on += bool(together)
    assert tried > whole_or(10, 10, 5)
    assert moved_on > whole_or(8, 8, 4)
