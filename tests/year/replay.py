"""Chains of events replayed through the product, each plan beside the one that trying them all finds."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain.case import Case
from allocator.domain.change import apply, parse
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.errors import CaseError, UsageError
from allocator.questions.scenario import scenario
from tests.year.brute import Year
from tests.year.cases import Change, case_of, chain, event

FIRST = dt.date(2026, 9, 1)
NAMES = {
    "sip_joins": "joined_on",
    "school_joins": "opens_on",
    "interest": "declared_on",
    "sip_absent": "from_",
    "budget": "from_",
}


@dataclass
class Tally:
    """What was tried, and each difference found."""

    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def tells(change: Change, before: dt.date) -> dt.date:
    """The day on which a change tells; `before` that of the change given before it."""
    kind, args = parse(change)
    on: dt.date | None = getattr(args, NAMES.get(kind, "on"), None)
    if on is not None and kind in ("sip_leaves", "school_closes"):
        on += dt.timedelta(days=1)
    return before if on is None or on < FIRST else on


def replay(n: int, tally: Tally, most: int) -> None:
    """Chain number n, step by step; steps with more than `most` plans to try are solved and audited only."""
    r = random.Random(f"chain {n}")
    case, policy = case_of(r)
    try:
        plan, _ = allocate.allocate(allocate.setup(case, policy))
    except CaseError:
        tally.seen["locks clash"] += 1
        return
    latest = FIRST
    tally.seen["chains"] += 1
    for step, size in enumerate(chain(r)):
        given, world, since = [], (case, policy), []
        for j in range(size):
            change = event(r, world[0], plan, 6 * step + j)
            try:
                world = apply(*world, [change])
            except UsageError:
                tally.seen["changes refused"] += 1
                continue
            latest = tells(change, latest)
            since.append(latest)
            given.append(change)
        if not given:
            continue
        rebuild = r.random() < 0.08
        found = _step(f"chain {n}, step {step}: {given}", plan, world, given, min(since), rebuild, most, tally)
        if found is None:
            return
        (case, policy), plan = world, found


def _step(
    name: str, plan: Plan, world: tuple[Case, Policy], given: Sequence[Change], since: dt.date, rebuild: bool, most: int, tally: Tally
) -> Plan | None:  # fmt: skip
    """The plan after a step; None ends the chain."""
    uncounted = [(c["veto"]["urn"], "lead") for c in given if "veto" in c]
    try:
        ready = scenario(plan, given, rebuild=rebuild, uncounted=uncounted)  # type: ignore[arg-type]  # a post's kind
        found, solution = ready.solve()
    except CaseError as error:
        tally.seen["locks clash"] += 1
        if _possible(plan, world, given, since, rebuild, most):
            tally.wrong.append(f"{name}\n  refused, though it can be: {error}")
        return None
    tally.seen["steps"] += 1
    kept = found.inputs.repaired
    whole = rebuild and since <= FIRST
    if (kept.since if kept else FIRST if whole else None) != since:
        tally.wrong.append(f"{name}\n  since {kept and kept.since}, and should be {since}")
        return None
    breaches = audit(*world, found, plan if kept else None)
    if breaches:
        tally.wrong.append(f"{name}\n  audit: " + "\n    ".join(f"{b.rule}: {b.text}" for b in breaches[:6]))
        return None
    if whole:
        tally.seen["rebuilt whole"] += 1
        return found
    year = Year(*world, plan, found)
    if year.size() > most:
        tally.seen["too many plans to try"] += 1
        return found
    best = year.best()
    tally.seen["tried by brute force"] += 1
    tally.seen["with posts in parts"] += len(year.parts) > len(year.by_post)
    tiers = {t.name: t.value for t in solution.tiers}
    held = holding(world, found)
    if tiers != best.tiers or held != best.choice:
        tally.wrong.append(f"{name}\n  solved {tiers} {held}\n  best   {best.tiers} {best.choice}")
        return None
    return found


def _possible(
    plan: Plan, world: tuple[Case, Policy], given: Sequence[Change], since: dt.date, rebuild: bool, most: int
) -> bool:
    """Whether any plan keeps the locks of a step that was refused."""
    kept = {"since": since, "rows": (), "known": len(plan.inputs.changes), "rebuild": rebuild}
    from allocator.domain.plan import Repaired

    inputs = plan.inputs.model_copy(update={"repaired": Repaired.model_validate(kept)})
    year = Year(*world, plan, plan.model_copy(update={"inputs": inputs}))
    if year.size() > most or (rebuild and since <= FIRST):
        return False
    for lock in (c["lock"] for c in given if "lock" in c):  # one asked for now must hold somewhere
        parts = [p for p in year.parts if (p.urn, p.kind) == (lock["urn"], lock.get("post") or "lead")]
        if not any(lock["sip"] in year.may[p.key] for p in parts):
            return False
    try:
        year.best()
    except AssertionError:
        return False
    return True


def holding(world: tuple[Case, Policy], plan: Plan) -> dict[tuple[str, str], str]:
    """Part -> SIP, as the plan's rows say."""
    out = {}
    for part in Auditor(*world, plan.made_with.seed, plan.inputs).stand.posts:
        for x in plan.assignments:
            if (x.urn, x.post) == (part.urn, part.kind) and x.from_ <= part.end <= x.to:
                out[part.key] = x.sip
    return out


def space(case: Case, policy: Policy) -> int:
    """How many plans an annual case has, trims aside."""
    a = Auditor(case, policy)
    return math.prod(1 + len(a.allowed(p.key)) for p in a.stand.posts)
