"""What would one more change buy? Best points for every number of schools changed, each proved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from allocator.allocate import Setup
from allocator.domain import tiers
from allocator.domain.before import last_year
from allocator.domain.facts import Post
from allocator.domain.plan import Plan
from allocator.engine.instance import Kept
from allocator.engine.pareto import Frontier
from allocator.engine.tiers import Stop
from allocator.questions.apart import apart
from allocator.reasons.answer import ready_from


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


class Question:
    """The question about one plan, set up once; each number of changes can then be asked apart from the others.

    Changes are counted as every page counts them (contract 2, *before*): against last year's leads, and within the year
    against who holds each part. Posts filled and days are no worse than in the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self.ready = ready_from(plan)
        self.bonds, forced = _bonds(self.ready)
        self.must = tuple(self.ready.facts.name(urn) for urn in forced)
        floors = {t.name: t.value for t in plan.certificate.tiers if t.name in (*tiers.FILLED, *tiers.SHORT)}
        self.engine = Frontier(self.ready.inst, [kept for _, kept in self.bonds], floors)

    def numbers(self, stop: Stop | None = None) -> range:
        """Bonds broken, from the fewest to where nothing more is gained."""
        return self.engine.ends(stop)

    def point(self, most: int, stop: Stop | None = None) -> Point | None:
        """The point for so many bonds broken, its `gain` not known yet (see `gained`); None when stopped without
        one."""
        step = self.engine.step(most, stop)
        if step is None:
            return None
        chosen = set(step.chosen)
        names = (self.ready.facts.name(urn) for urn, kept in self.bonds if not chosen.issuperset(kept.pairs))
        return Point(len(self.must) + most, step.points, 0, step.proved, (*self.must, *names))


def answering(plan: Plan, event: threading.Event, work: float | None = None) -> Callable[[int], Point | None]:
    """What answers the questions of one plan, in a process of its own, with so much work for each."""
    return partial(Question(plan).point, stop=Stop(event=event, work=work))


def read(row: dict[str, Any]) -> Point:
    """A point as it was written down."""
    return Point(**{**row, "schools": tuple(row["schools"])})


def gained(points: Iterable[Point]) -> list[Point]:
    """Points in order of changes, each with what it gains on the one before."""
    out: list[Point] = []
    for p in sorted(points, key=lambda p: p.changed):
        out.append(replace(p, gain=p.points - out[-1].points if out else 0))
    return out


def frontier(plan: Plan, stop: Stop | None = None, *, workers: int = 1, journal: Path | None = None) -> list[Point]:
    """From the fewest changes to where nothing more is gained; the same whatever the number of `workers`.

    Stopped, those found so far. With `journal` points already there are not worked out again, and new ones are added.
    """
    stop, asked = stop or Stop(), Question(plan)
    half = None if stop.work is None else stop.work / 2  # of the work: the ends, and then the points between them
    questions = {f"frontier {n}": n for n in asked.numbers(replace(stop, work=half))}
    each = None if half is None else half / max(1, len(questions))
    found = apart(
        plan,
        questions,
        partial(answering, work=each),
        read,
        workers=workers,
        journal=journal,
        event=stop.event,
        here=partial(asked.point, stop=replace(stop, work=each)),
    )
    return gained(point for _, point in found)


def _before(ready: Setup, post: Post) -> str | None:
    """Who a change at this post is counted against."""
    facts = ready.facts
    if facts.standing is None or facts.standing.since == facts.year.first:
        return last_year(facts, post.urn, "lead") if post.kind == "lead" else None
    return None if (post.urn, post.kind) in ready.uncounted else facts.incumbent_of(post)


def _bonds(ready: Setup) -> tuple[list[tuple[str, Kept]], list[str]]:
    """Schools whose SIP may stay, each with the pairs to keep; and schools whose SIP may not."""
    facts = ready.facts
    held = {p.key: s for p in facts.posts if (s := _before(ready, p))}
    by_school: dict[str, list[int]] = {}
    for (urn, kind), sip in sorted(held.items()):
        if (urn, kind, sip) in ready.index:
            by_school.setdefault(urn, []).append(ready.index[urn, kind, sip])
    forced = sorted({urn for urn, _ in held if urn not in by_school})
    return [(urn, Kept(urn, tuple(pairs))) for urn, pairs in by_school.items()], forced
