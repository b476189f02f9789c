"""What a cluster's wish for one SIP would cost whom, and whose renewed check would keep which schools: the year
planned again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from allocator.domain import tiers
from allocator.domain.before import last_year
from allocator.domain.facts import Facts, plain
from allocator.domain.plan import Plan
from allocator.engine.tiers import Conflict, Stop
from allocator.errors import CaseError, Stopped
from allocator.questions.scenario import scenario
from allocator.reasons.answer import ready_from

Lead = tuple[str, str | None, str | None]  # URN, SIP in the plan, SIP then


@dataclass(frozen=True)
class Then:
    """The best plan with something granted. `lost`: what is worse, in words; `moved`: lead posts with another SIP.

    `plan` None where no plan has it.
    """

    plan: Plan | None
    lost: tuple[str, ...] = ()
    moved: tuple[Lead, ...] = ()


def granted(plan: Plan, changes: list[Mapping[str, Any]], stop: Stop | None = None) -> Then:
    """The plan made again with these changes, all else free."""
    try:
        then = scenario(plan, changes, rebuild=True).plan(stop)
    except (CaseError, Conflict):
        return Then(None)
    old, new = leads(plan), leads(then)
    moved = tuple((u, old.get(u), new.get(u)) for u in sorted({*old, *new}) if old.get(u) != new.get(u))
    both = {t.name: t.value for t in then.certificate.tiers}
    lost = [
        (t.name, tiers.lost(t.name, t.value, both[t.name]))
        for t in plan.certificate.tiers
        if t.name in both and t.name != tiers.LOT
    ]
    worse = [tiers.text(name, by) for name, by in lost if by and not name.startswith("4")]
    points = [(by, tiers.text(name, by)) for name, by in lost if by and name.startswith("4")]
    return Then(then, (*worse, *(f"a {'weaker' if by > 0 else 'better'} fit ({p})" for by, p in points)), moved)


def leads(plan: Plan) -> dict[str, str]:
    """URN -> who leads it at the end of the year."""
    rows = sorted((a for a in plan.assignments if a.post == "lead"), key=lambda a: a.from_)
    return {a.urn: a.sip for a in rows}


@dataclass(frozen=True)
class ClusterInRun:
    """A cluster with more than one school in the run: its name, schools, who leads them, whether it asked for one
    SIP."""

    name: str
    urns: tuple[str, ...]
    led_by: tuple[str, ...]
    asked: bool
    one: bool  # whether one SIP leads them all
    then: Then | None = None  # with one SIP for all, where that was worked out


def named(plan: Plan, facts: Facts) -> list[ClusterInRun]:
    """Every cluster as the plan has it."""
    held = leads(plan)
    found: dict[str, list[str]] = {}
    for post in facts.year_posts:
        if post.kind == "lead" and plain(facts.schools[post.urn].cluster):
            found.setdefault(plain(facts.schools[post.urn].cluster), []).append(post.urn)
    out = []
    for _, urns in sorted(found.items()):
        who = tuple(dict.fromkeys(held[u] for u in urns if u in held))
        asked = any(facts.schools[u].cluster_wants_one_sip for u in urns)
        one = len(who) == 1 and all(u in held for u in urns)
        if len(urns) > 1:
            out.append(ClusterInRun(facts.schools[urns[0]].cluster or "", tuple(urns), who, asked, one))
    return out


def clusters(plan: Plan, stop: Stop | None = None) -> Iterator[ClusterInRun]:
    """Each cluster, and what one SIP for it would cost: a solve each where it has not got one."""
    first = f"{str(plan.inputs.case['year'])[:4]}-09-01"
    for c in named(plan, ready_from(plan).facts):
        word = {
            "decision": "one_sip_for_cluster",
            "urn": c.urns[0],
            "reason": "to see its cost",
            "by": "manager",
            "on": first,
        }
        yield c if c.one else replace(c, then=granted(plan, [{"decision": word}], stop))


def keeps(facts: Facts, plan: Plan | None, sip: str) -> tuple[str, ...]:
    """Schools that this SIP led last year and leads at the end of this one."""
    held = leads(plan) if plan else {}
    return tuple(u for u in sorted(held) if held[u] == sip and last_year(facts, u, "lead") == sip)


def renewed(facts: Facts, plan: Plan, sip: str, until: str, stop: Stop | None = None) -> tuple[str, ...] | None:
    """Schools of last year that this SIP would keep beyond those in the plan, with a DBS check valid to `until`: a
    solve."""
    try:
        then = granted(plan, [{"check": {"sip": sip, "dbs_valid_until": until}}], stop).plan
    except Stopped:
        return None
    had = set(keeps(facts, plan, sip))
    return tuple(u for u in keeps(facts, then, sip) if u not in had)
