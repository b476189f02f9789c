"""Chains of events replayed through the product, each plan beside the one that trying them all finds."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from allocator import allocate
from allocator.check.audit import audit
from allocator.check.score import Auditor
from allocator.domain.case import Case, PostKind
from allocator.domain.change import apply, parse
from allocator.domain.plan import Plan, Repaired
from allocator.domain.policy import Policy
from allocator.errors import CaseError, UsageError
from allocator.questions.scenario import scenario
from tests.year.brute import Year
from tests.year.cases import Change, case_of, chain, event
from tests.year.plain import strange

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


def replay(n: int, tally: Tally, most: int, words: bool = False) -> None:
    """Chain number n, step by step; steps with more than `most` plans to try are solved and audited only. With `words`
    each plan is put into words too, as a manager sees it."""
    r = random.Random(f"chain {n}")
    case, policy = case_of(r)
    try:
        plan, _ = allocate.allocate(allocate.setup(case, policy))
    except CaseError:
        tally.seen["locks clash"] += 1
        return
    latest = FIRST
    tally.seen["chains"] += 1
    for number, size in enumerate(chain(r)):
        given, world, since = [], (case, policy), []
        for j in range(size):
            change = event(r, world[0], plan, 6 * number + j)
            try:
                world = apply(*world, [change])
            except UsageError:
                tally.seen["changes refused"] += 1
                continue
            latest = tells(change, latest)
            since.append(latest)
            given.append(change)
        if given:
            name = f"chain {n}, step {number}: {given}"
            step = Step(name, plan, world, given, min(since), r.random() < 0.08, most, tally, words)
            found = step.solved()
            if found is None or not step.right(found):
                return
            (case, policy), plan = world, found


@dataclass
class Step:
    """One what-if of a chain."""

    name: str
    before: Plan
    world: tuple[Case, Policy]
    given: Sequence[Change]
    since: dt.date
    rebuild: bool
    most: int
    tally: Tally
    words: bool

    def solved(self) -> Plan | None:
        """The product's plan; None where it is refused because of locks."""
        uncounted: list[tuple[str, PostKind]] = [(c["veto"]["urn"], "lead") for c in self.given if "veto" in c]
        try:
            ready = scenario(self.before, self.given, rebuild=self.rebuild, uncounted=uncounted)
            return ready.plan() if self.words else ready.solve()[0]
        except CaseError as error:
            self.tally.seen["locks clash"] += 1
            if self.possible():
                self.wrong(f"refused, though it can be: {error}")
        return None

    def wrong(self, text: str) -> bool:
        self.tally.wrong.append(f"{self.name}\n  {text}")
        return False

    @property
    def whole(self) -> bool:
        """Whether it is a rebuild of the whole year, which is an annual allocation."""
        return self.rebuild and self.since <= FIRST

    def right(self, found: Plan) -> bool:
        """Whether the plan begins when it should, passes the auditor, and is the best there is."""
        seen, kept = self.tally.seen, found.inputs.repaired
        seen["steps"] += 1
        seen["put into words"] += self.words
        if (kept.since if kept else FIRST if self.whole else None) != self.since:
            return self.wrong(f"since {kept and kept.since}, and should be {self.since}")
        if breaches := audit(*self.world, found, self.before if kept else None):
            return self.wrong("audit: " + "\n    ".join(f"{b.rule}: {b.text}" for b in breaches[:6]))
        if odd := strange(*self.world, found, self.before):
            return self.wrong("by the tables: " + "\n    ".join(odd[:6]))
        if self.whole:
            seen["rebuilt whole"] += 1
            return True
        year = Year(*self.world, self.before, found)
        if year.size() > self.most:
            seen["too many plans to try"] += 1
            return True
        best = year.best()
        seen["tried by brute force"] += 1
        seen["with posts in parts"] += len(year.parts) > len(year.by_post)
        tiers, held = {t.name: t.value for t in found.certificate.tiers}, holding(self.world, found)
        if tiers != best.tiers or held != best.choice:
            return self.wrong(f"solved {tiers} {held}\n  best   {best.tiers} {best.choice}")
        return True

    def possible(self) -> bool:
        """Whether any plan keeps the locks of a step that was refused."""
        kept = {"since": self.since, "rows": (), "known": len(self.before.inputs.changes), "rebuild": self.rebuild}
        inputs = self.before.inputs.model_copy(update={"repaired": Repaired.model_validate(kept)})
        year = Year(*self.world, self.before, self.before.model_copy(update={"inputs": inputs}))
        if year.size() > self.most or self.whole:
            return False
        year.prepare()
        for lock in (c["lock"] for c in self.given if "lock" in c):  # one asked for now must hold somewhere
            parts = [p for p in year.parts if (p.urn, p.kind) == (lock["urn"], lock.get("post") or "lead")]
            if all(year.yields(p, lock["sip"]) for p in parts):
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
