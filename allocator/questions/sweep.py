"""Who is critical, and what would help: every SIP leaving in turn, or one more day or SIP of each profile.

Each question is one job, answered apart, so any number of processes gives the same answer, byte for byte.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from allocator.domain import tiers as tier
from allocator.domain.change_args import Change
from allocator.domain.plan import Plan
from allocator.engine.tiers import Stop
from allocator.errors import AllocatorError
from allocator.questions.apart import apart
from allocator.questions.scenario import scenario
from allocator.reasons.answer import world

WISHES = ("wish", "local")  # rules that give points for what a school or a SIP asked


@dataclass(frozen=True)
class SweepQuestion:
    """One question: its key (also its place in the answer), what it is called, its changes."""

    key: str
    label: str
    changes: tuple[Change, ...]
    rebuild: bool


@dataclass(frozen=True)
class SweepResult:
    """`stranded`: posts that nobody fills; `lost_sip`: schools of the leaver; `moved`: other schools that move;
    `tiers`: (name, change for the better; negative = worse) against the plan; `gained`: what more help brings, in
    words."""

    key: str
    label: str
    stranded: int
    lost_sip: int
    moved: int
    days_short: float
    tiers: tuple[tuple[str, int], ...]
    error: str = ""
    gained: tuple[str, ...] = ()


def leaving(plan: Plan, size: int = 1) -> list[SweepQuestion]:
    """Every SIP with a post leaving, or every pair of them."""
    names = {a.sip: a.name for a in plan.assignments if not a.settled}
    on = _now(plan)
    return [
        SweepQuestion(
            "+".join(group),
            " and ".join(names[s] for s in group),
            tuple({"sip_leaves": {"sip": s, **on}} for s in group),
            False,
        )
        for group in combinations(sorted(names), size)
    ]


def _now(plan: Plan) -> dict[str, str]:
    """A plan already repaired in the year is left from that day on."""
    if plan.inputs.repaired is None or plan.inputs.repaired.since.month == 9:
        return {}
    return {"on": str(plan.inputs.repaired.since)}


def gains(plan: Plan) -> list[SweepQuestion]:
    """One more day of each SIP; one new SIP like each kind and phase already on the team (the recruitment question)."""
    case, _ = world(plan)
    jobs = [
        SweepQuestion(
            f"day {s.sip}", f"one more day of {s.name}", ({"days": {"sip": s.sip, "days": s.days + 1}},), True
        )
        for s in sorted(case.sips, key=lambda s: s.sip)
        if s.status in (None, "active")
    ]
    profiles: dict[tuple[str, tuple[str, ...]], Any] = {}
    for s in sorted(case.sips, key=lambda s: s.sip):
        if s.status in (None, "active"):
            profiles.setdefault((s.kind, tuple(sorted(s.phases))), s)
    for (kind, phases), s in profiles.items():
        like = s.model_dump(mode="json", exclude_none=True)
        for own in ("current_urn", "current_trust", "current_cluster", "email", "pen_portrait", "joined_on"):
            like.pop(own, None)
        like |= {"sip": f"new {kind} {'+'.join(phases)}", "name": f"A new {kind.replace('_', ' ')}", "status": "active"}
        label = f"a new {kind.replace('_', ' ')} ({', '.join(phases)}; {s.days:g} days, otherwise like {s.name})"
        jobs.append(SweepQuestion(str(like["sip"]), label, ({"sip_joins": like},), True))
    return jobs


def answer(plan: Plan, job: SweepQuestion, stop: Stop | None = None) -> SweepResult | None:
    """One job's answer, audited; a refusal is an answer too. None where `stop` has struck before it was proved."""
    try:
        new = scenario(plan, job.changes, rebuild=job.rebuild).plan(stop, words=False)
    except AllocatorError as error:
        return SweepResult(job.key, job.label, 0, 0, 0, 0.0, (), error.text)
    if stop and new.status != "optimal" and (stop.work is not None or (stop.event and stop.event.is_set())):
        return None
    gone = {c["sip_leaves"]["sip"] for c in job.changes if "sip_leaves" in c}
    before, now = plan.held(), new.held()
    lost = {u for (u, _), a in before.items() if a.sip in gone}
    moved = {k[0] for k, a in before.items() if a.sip not in gone and now.get(k, a).sip != a.sip}
    old = {t.name: t.value for t in plan.certificate.tiers}
    tiers = tuple(
        (t.name, -tier.lost(t.name, old[t.name], t.value))
        for t in new.certificate.tiers
        if t.name in old and t.name != tier.LOT and t.value != old[t.name]
    )
    short = sum(a.days_short for a in new.assignments)
    gained = () if gone else tuple(_gained(_done(plan), _done(new)))
    return SweepResult(job.key, job.label, len(new.unfilled), len(lost), len(moved), short, tiers, gained=gained)


def _done(plan: Plan) -> dict[str, float]:
    """What a plan does for schools, in figures of which more is better: a day given is a day less short of what is
    due."""
    leads = [a for a in plan.assignments if a.post == "lead" and not a.settled]
    met = sum(r.points > 0 for a in leads for r in a.reasons if r.rule in WISHES)
    return {
        "post": plan.summary.filled,
        "day": sum(a.days for a in plan.assignments),
        "wish": met,
        "keep": plan.summary.kept,
    }


def _gained(was: dict[str, float], now: dict[str, float]) -> Iterator[str]:
    """What is better, in words: posts and days first. Wishes and bonds are a gain only where neither costs the
    other."""
    more = {what: now[what] - was[what] for what in was}
    firm, soft = [more["post"], more["day"]], [more["wish"], more["keep"]]
    if min(firm) < 0 or (max(firm) == 0 and min(soft) < 0):
        return
    words = {
        "post": ("more post filled", "more posts filled"),
        "day": ("fewer day short", "fewer days short"),
        "wish": ("more wish met", "more wishes met"),
        "keep": ("more school keeps its SIP", "more schools keep their SIP"),
    }
    for what, (one, many) in words.items():
        if more[what] > 0:
            yield f"{more[what]:g} {one if more[what] == 1 else many}"


def answering(
    plan: Plan, event: threading.Event, work: float | None = None
) -> Callable[[SweepQuestion], SweepResult | None]:
    """What answers the questions of one plan, with so much work for each."""
    return partial(answer, plan, stop=Stop(event=event, work=work))


def read(row: dict[str, Any]) -> SweepResult:
    """An answer as it was written down."""
    lists = {"tiers": tuple((a, b) for a, b in row["tiers"]), "gained": tuple(row.get("gained", ()))}
    return SweepResult(**{**row, **lists})


def sweep(
    plan: Plan,
    jobs: Sequence[SweepQuestion],
    stop: Stop | None = None,
    *,
    workers: int = 1,
    journal: Path | None = None,
) -> Iterator[SweepResult]:
    """Answers as they come. With `journal` those already there are not worked out again, and new ones are added.

    `stop`: its event ends all, its work is shared out alike; what is not proved by then is left out.
    """
    stop, asked = stop or Stop(), {job.key: job for job in jobs}
    make = partial(answering, work=None if stop.work is None else stop.work / max(1, len(asked)))
    for _, found in apart(plan, asked, make, read, workers=workers, journal=journal, event=stop.event):
        yield found


def ranked(results: Sequence[SweepResult]) -> list[SweepResult]:
    """Worst (or for gains, best) first: by posts, then schools moved, days short, points; ties by key."""

    def tier_key(r: SweepResult) -> tuple[int, ...]:
        found = dict(r.tiers)
        return tuple(found.get(n, 0) for n in tier.TIERS)

    def nothing(r: SweepResult) -> bool:
        return not (r.lost_sip or r.gained)

    def stranded(r: SweepResult) -> int:
        return -r.stranded if r.lost_sip else r.stranded

    return sorted(results, key=lambda r: (nothing(r), stranded(r), *signed(tier_key(r), r), -r.moved, r.key))


def signed(key: tuple[int, ...], r: SweepResult) -> tuple[int, ...]:
    """A leaver's losses: most lost first; a gain: most gained first."""
    return key if r.lost_sip > 0 else tuple(-v for v in key)
