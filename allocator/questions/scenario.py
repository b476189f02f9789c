"""What-if: changes run against a plan. A repair keeps what stands; a rebuild leaves everything free.

A what-if is a new case, never a patched solver: `apply` the changes, cut the plan at the day they tell
(`domain.standing`), solve what is open. The plan that comes out carries all it needs to go on from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from allocator import allocate, yielding
from allocator.domain.calendar import Year
from allocator.domain.case import Case, PostKind
from allocator.domain.change import all_of, apply, effective
from allocator.domain.plan import HeldRow, Inputs, Moved, Plan, Repaired
from allocator.domain.policy import Policy
from allocator.domain.seal import unbroken
from allocator.engine.instance import Solution
from allocator.engine.tiers import Stop
from allocator.errors import UsageError
from allocator.reasons.answer import audited, reading, ready_for
from allocator.reasons.complete import SETTLED, complete
from allocator.rules.base import day, listed

Key = tuple[str, PostKind]
Changes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """A changed case made ready: `ready` to be solved, `inputs` for the plan that comes of it."""

    case: Case
    policy: Policy
    ready: allocate.Setup
    inputs: Inputs
    notices: tuple[str, ...]
    told: tuple[Moved, ...] = ()  # what changed, and why, in the plan gone on from

    def plan(self, stop: Stop | None = None, *, words: bool = True) -> Plan:
        """The answer, audited. Without `words` the texts are left out: for sweeps, which read figures only."""
        began = monotonic()
        with reading(self.case, self.policy, self.ready.seed, self.inputs, apart=words, stop=stop) as ahead:
            bare, solution = self.solve(stop)
            plan = self.worded(complete(self.ready, bare, solution, stop and stop.after(began)) if words else bare)
            return audited(self.case, self.policy, plan, ahead)

    def worded(self, plan: Plan) -> Plan:
        """The plan with what was decided before it said as it was said then."""
        why = {(c.urn, c.post, c.from_, c.to, c.on): c for c in self.told}
        earlier = (
            why.get((c.urn, c.post, c.from_, c.to, c.on), c) if c.because == SETTLED else c for c in plan.changes
        )
        return plan.model_copy(update={"notices": (*plan.notices, *self.notices), "changes": tuple(earlier)})

    def solve(self, stop: Stop | None = None) -> tuple[Plan, Solution]:
        return allocate.allocate(self.ready, stop, inputs=self.inputs)


def scenario(
    plan: Plan,
    changes: Changes,
    *,
    rebuild: bool = False,
    on: dt.date | None = None,
    held: Collection[Key] = (),
    uncounted: Collection[Key] = (),
) -> Scenario:
    """`plan` under further changes, from the earliest day on which one of them tells (or `on`).

    Raises UsageError for a change that cannot be, or that comes before the day the plan was last repaired.
    """
    unbroken(plan)
    given = all_of(changes)
    together = (*plan.inputs.changes, *given)
    case, policy = apply(Case.model_validate(plan.inputs.case), Policy.model_validate(plan.inputs.policy), together)
    year = Year(case.year, policy.calendar)
    days = _days(plan, given, year, on)
    since = min(days, default=_latest(plan, year))
    repaired = None
    if not (rebuild and since == year.first):
        if policy.repair.release == "never":
            locks = [(d.urn, d.post or "lead", d.sip) for d in case.decisions if d.decision == "lock"]
            new = {(urn, post) for urn, post, sip in locks if sip not in {a.sip for a in plan.holders(urn, post)}}
            held = {*held, *plan.posts()} - new
        repaired = Repaired(
            since=since,
            rows=rows_of(plan),
            uncounted=tuple(sorted(uncounted)),
            held=tuple(sorted(k for k in held if k not in set(uncounted))),
            rebuild=rebuild,
            days_first=_days_first(policy, given),
            known=len(plan.inputs.changes),
            latest=days[-1] if days else _latest(plan, year),
        )
    inputs = plan.inputs.model_copy(update={"changes": together, "repaired": repaired})
    ready = ready_for(case, policy, plan.made_with.seed, inputs)
    asked = [c["lock"] for c in given if "lock" in c]
    posts = [(x["urn"], x.get("post") or "lead", x["sip"]) for x in asked]
    yielding.insisted(ready.facts, ready.pairs, ready.structures, ready.index, posts)
    return Scenario(case, policy, ready, inputs, tuple(_assumed(ready)), plan.changes)


TAKES_NO_DAYS = {"veto", "breakdown", "forbid", "lock", "unlock", "interest", "wish", "decision", "answer", "cluster"}


def _days_first(policy: Policy, changes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether tier 1d comes before 2 and 3 (contract 2), or bonds are kept before days (domain F12).

    Where the team loses days, schools' days are trimmed before another bond is broken; where it does not, nobody's
    days are cut so that someone else's refusal moves fewer schools.
    """
    if policy.repair.days_first != "auto":
        return policy.repair.days_first == "always"
    return all(set(c) <= TAKES_NO_DAYS for c in changes)


def repair(plan: Plan, changes: Changes, *, on: dt.date | None = None, stop: Stop | None = None) -> Plan:
    """Everyone outside the event stays; the fewest schools are released (contract 2, tier 3; domain F12)."""
    return scenario(plan, changes, on=on).plan(stop)


def rebuild(plan: Plan, changes: Changes, *, on: dt.date | None = None, stop: Stop | None = None) -> Plan:
    """Everything not yet given is free: the best plan from here, for comparison."""
    return scenario(plan, changes, on=on, rebuild=True).plan(stop)


def rows_of(plan: Plan) -> tuple[HeldRow, ...]:
    """Who holds what from when to when: what a repair starts from."""
    return tuple(
        HeldRow.model_validate(
            {
                "urn": a.urn,
                "post": a.post,
                "sip": a.sip,
                "from": a.from_,
                "to": a.to,
                "periods": a.periods,
                "extra_days": a.extra_days,
                "new_pairing": a.new_pairing,
            }
        )
        for a in plan.assignments
    )


def _days(plan: Plan, changes: Iterable[Mapping[str, Any]], year: Year, on: dt.date | None) -> list[dt.date]:
    """The day on which each change tells: its own, `on`, or for one without a date that of the change before it."""
    if on is not None and not year.first <= on <= year.last:
        raise UsageError(f"{on} is outside the year {year.label}, which runs from {year.first} to {year.last}.")
    out: list[dt.date] = []
    for change in changes:
        out.append(on or effective(change, year) or (out[-1] if out else _latest(plan, year)))
    return out


def _latest(plan: Plan, year: Year) -> dt.date:
    """The day on which the plan's last change told; the first day where it had none."""
    repaired, day = plan.inputs.repaired, year.first
    if repaired is not None:
        return repaired.latest or repaired.since
    for change in plan.inputs.changes:  # a rebuild of the whole year
        day = effective(change, year) or day
    return day


def _assumed(ready: allocate.Setup) -> Iterable[str]:
    stand = ready.facts.standing
    if stand is not None and stand.assumed:
        names = [ready.facts.sips[s].name for s in stand.assumed if s in ready.facts.sips]
        shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} others"]
        yield (
            f"Days already given before {day(stand.since)} by {listed(shown)} are taken from the policy's calendar: "
            "the table `worked` says nothing of them."
        )
