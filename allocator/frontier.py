"""What would one more change buy? Best points for every number of schools changed, each proved (issue: trade off)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from allocator.allocate import Setup
from allocator.domain.plan import Plan
from allocator.engine import frontier as engine
from allocator.engine.instance import Kept
from allocator.engine.tiers import Stop
from allocator.explain.answer import ready_from


@dataclass(frozen=True)
class Point:
    """At most `changed` schools changed, best `points`; `gain` on the point before; `schools`: those that change.

    Schools that must change whatever is chosen (their SIP has left, or may not stay) are counted in every point.
    """

    changed: int
    points: int
    gain: int
    proved: bool
    schools: tuple[str, ...]


def frontier(plan: Plan, stop: Stop | None = None) -> Iterator[Point]:
    """From the fewest changes to where nothing more is gained, posts filled and days no worse than in `plan`.

    Changes are counted against what the plan was measured by: last year's leads, or in a repair the plan before.
    """
    ready = ready_from(plan)
    bonds, forced = _bonds(ready)
    must = tuple(ready.facts.name(urn) for urn in forced)
    floors = {t.name: t.value for t in plan.certificate.tiers if t.name.startswith("1")}
    before: int | None = None
    for step in engine.frontier(ready.inst, [kept for _, kept in bonds], floors, stop):
        chosen = set(step.chosen)
        schools = tuple(ready.facts.name(urn) for urn, kept in bonds if not chosen.issuperset(kept.pairs))
        gain = step.points - (step.points if before is None else before)
        yield Point(len(must) + step.broken, step.points, gain, step.proved, (*must, *schools))
        before = step.points


def _bonds(ready: Setup) -> tuple[list[tuple[str, Kept]], list[str]]:
    """Schools whose SIP may stay, each with the pairs to keep; and schools whose SIP may not."""
    facts = ready.facts
    if ready.holders is None:
        held = {(p.urn, p.kind): s for p in facts.posts if p.kind == "lead" and (s := facts.incumbent(p.urn))}
    else:
        held = {k: s for k, s in ready.holders.items() if k not in ready.uncounted}  # type: ignore[misc]  # keys alike
    by_school: dict[str, list[int]] = {}
    for (urn, kind), sip in sorted(held.items()):
        if (urn, kind, sip) in ready.index:
            by_school.setdefault(urn, []).append(ready.index[urn, kind, sip])
    forced = sorted({urn for urn, _ in held if urn not in by_school})
    return [(urn, Kept(urn, tuple(pairs))) for urn, pairs in by_school.items()], forced
