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
    """`changed` schools at most, best `points`; `gain` on the point before; the schools that change."""

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
    bonds = _bonds(ready)
    floors = {t.name: t.value for t in plan.certificate.tiers if t.name.startswith("1")}
    before: int | None = None
    for step in engine.frontier(ready.inst, [kept for _, kept in bonds], floors, stop):
        chosen = set(step.chosen)
        schools = tuple(ready.facts.name(urn) for urn, kept in bonds if not chosen.issuperset(kept.pairs))
        yield Point(
            step.broken, step.points, step.points - (step.points if before is None else before), step.proved, schools
        )
        before = step.points


def _bonds(ready: Setup) -> list[tuple[str, Kept]]:
    facts = ready.facts
    if ready.holders is None:
        held = {(p.urn, p.kind): s for p in facts.posts if p.kind == "lead" and (s := facts.incumbent(p.urn))}
    else:
        held = {k: s for k, s in ready.holders.items() if k not in ready.uncounted}  # type: ignore[misc]  # keys alike
    by_school: dict[str, list[int]] = {}
    for (urn, kind), sip in sorted(held.items()):
        if (urn, kind, sip) in ready.index:
            by_school.setdefault(urn, []).append(ready.index[urn, kind, sip])
    return [(urn, Kept(urn, tuple(pairs))) for urn, pairs in by_school.items()]
