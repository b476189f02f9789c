"""A solution laid out as a bare plan: who, when, how many days; reasons as points without words."""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from allocator.domain import canon
from allocator.domain.case import Case
from allocator.domain.facts import Post
from allocator.domain.plan import (
    Assignment,
    Certificate,
    Inputs,
    Load,
    MadeWith,
    Moved,
    Periods,
    Plan,
    Reason,
    Summary,
    TierResult,
    Unfilled,
)
from allocator.domain.policy import Policy
from allocator.domain.standing import DAY, Stretch
from allocator.engine import instance as en
from allocator.engine.model import loads, prices
from allocator.setup import Key, Setup


def lay_out(ready: Setup, solution: en.Solution, inputs: Inputs | None = None) -> Plan:
    """The bare plan. `inputs` says where a changed case came from; by default the case is its own origin."""
    facts = ready.facts
    held = {ready.choices[i][:2]: ready.choices[i][2] for i in solution.chosen}
    locked = {c for s in ready.structures if s.kind == "fixed" for c in s.pairs}
    short = {facts.posts[n].key: q for n, q in solution.short.items() if q}
    chosen = [
        _assignment(ready, p, held[p.key], short.get(p.key, 0), (p.urn, p.kind, held[p.key]) in locked)
        for p in facts.posts
        if p.key in held
    ]
    unfilled = tuple(
        Unfilled(urn=p.urn, school=facts.name(p.urn), post=p.kind, need=p.need)
        for p in facts.posts
        if p.key not in held
    )
    here = origin(facts.case, facts.policy)
    return Plan(
        status=solution.status,
        inputs=inputs or here,
        certificate=certificate(solution, len(chosen)),
        made_with=MadeWith(
            case_sha256=here.base_sha256,
            policy_sha256=canon.policy_sha256(facts.policy),
            seed=ready.seed,
            versions=versions(),
            created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            deterministic_time=round(solution.deterministic_time, 6),
        ),
        assignments=tuple(_with_settled(ready, chosen)),
        unfilled=unfilled,
        loads=_loads(ready, solution, held),
        changes=moved(ready, held),
        summary=_summary(ready, solution, held, chosen),
        notices=(*facts.case.notices, *ready.pairs.notices),
    )


def origin(case: Case, policy: Policy) -> Inputs:
    """The inputs of a plan made straight from a case."""
    rows = canon.case_out(case)
    return Inputs(base_sha256=canon.sha256(rows), case=rows, policy=policy.model_dump(mode="json"))


def _loads(ready: Setup, solution: en.Solution, held: Mapping[Key, str]) -> tuple[Load, ...]:
    facts, out = ready.facts, []
    load = loads(ready.inst, solution.chosen, solution.short)
    posts = Counter(held.values())
    for sip, n in ready.person_index.items():
        q = [a + b for a, b in zip([*load[n], 0, 0, 0, 0][:5], facts.spent(sip), strict=True)]
        out.append(
            Load(
                sip=sip,
                name=facts.sips[sip].name,
                posts=posts[sip],
                days=q[0] / 4,
                capacity=facts.capacity(facts.sips[sip]) / 4,
                periods=periods(q[1:]),
            )
        )
    return tuple(out)


def _summary(ready: Setup, solution: en.Solution, held: Mapping[Key, str], chosen: Sequence[Assignment]) -> Summary:
    facts = ready.facts
    load = loads(ready.inst, solution.chosen, solution.short)
    leads = {u: s for (u, k), s in held.items() if k == "lead"}
    before = {u: facts.incumbent_now(u) for u in leads}
    return Summary(
        schools=sum(p.kind == "lead" for p in facts.posts),
        filled=len(chosen),
        unfilled=len(facts.posts) - len(chosen),
        kept=sum(before[u] == s for u, s in leads.items()),
        changed=sum(before[u] not in (None, s) for u, s in leads.items()),
        points=sum(a.points for a in chosen),
        team_points=-sum(price for _, price in prices(ready.inst, solution.chosen, solution.short)),
        days_used=(sum(q[0] for q in load) + sum(facts.spent(s)[0] for s in facts.sips)) / 4,
        days_offered=sum(facts.capacity(row) for row in facts.sips.values()) / 4,
        km_total=round(sum((facts.metres(u, s) or 0) for u, s in leads.items()) / 1000, 1),
    )


def _assignment(ready: Setup, post: Post, sip: str, short: int, locked: bool) -> Assignment:
    facts = ready.facts
    row = facts.sips[sip]
    split = post.periods
    if short:
        less = dict(post.trims)[short]
        split = (split[0] - less[0], split[1] - less[1], split[2] - less[2], split[3] - less[3])
    given = ready.pairs.weighted(post.urn, post.kind, sip)
    return Assignment.model_validate(
        {
            "urn": post.urn,
            "school": facts.name(post.urn),
            "post": post.kind,
            "sip": sip,
            "name": row.name,
            "from": facts.starts(post, row),
            "to": post.end,
            "days": (post.due - short) / 4,
            "periods": periods(split),
            "new_pairing": facts.new_pairing(post, row),
            "tenure_year": facts.tenure_year(post.urn, sip) if post.kind == "lead" else 1,
            "points": sum(given.values()),
            "days_short": short / 4,
            "extra_days": (facts.load(post, row)[0] - post.due) / 4,
            "reasons": tuple(Reason(rule=r, points=v, text="") for r, v in given.items() if v),
            "locked": locked,
        }
    )


def _with_settled(ready: Setup, chosen: Sequence[Assignment]) -> list[Assignment]:
    """Chosen rows with what was settled before: joined where one person goes on, else rows of their own."""
    facts = ready.facts
    if facts.standing is None:
        return list(chosen)
    settled: dict[tuple[str, str], list[Assignment]] = defaultdict(list)
    for part in facts.standing.fixed:
        settled[part.key].append(_settled(ready, part))
    rows: list[Assignment] = []
    for a in chosen:
        for row in [p for p in settled[a.urn, a.post] if p.sip == a.sip]:
            if row.to + DAY == a.from_ or a.to + DAY == row.from_:
                settled[a.urn, a.post].remove(row)
                a = _joined(a, row)
        rows.append(a)
    rows += [row for parts in settled.values() for row in parts]
    order = {"lead": 0, "support": 1, "appraisal": 2}
    return sorted(rows, key=lambda a: (a.urn, order[a.post], a.from_))


def _settled(ready: Setup, part: Stretch) -> Assignment:
    facts = ready.facts
    return Assignment.model_validate(
        {
            "urn": part.urn,
            "school": facts.name(part.urn),
            "post": part.kind,
            "sip": part.sip,
            "name": facts.sips[part.sip].name if part.sip in facts.sips else part.sip,
            "from": part.start,
            "to": part.end,
            "days": sum(part.periods) / 4,
            "periods": periods(part.periods),
            "new_pairing": part.new_pairing,
            "tenure_year": facts.tenure_year(part.urn, part.sip) if part.kind == "lead" else 1,
            "points": 0,
            "extra_days": part.extra / 4,
            "settled": True,
        }
    )


def _joined(a: Assignment, part: Assignment) -> Assignment:
    """One row for one person who goes on: days and periods added up, the earlier start's new-pairing mark."""
    both = zip(a.periods.model_dump().values(), part.periods.model_dump().values(), strict=True)
    return a.model_copy(
        update={
            "from_": min(a.from_, part.from_),
            "to": max(a.to, part.to),
            "days": a.days + part.days,
            "periods": periods([round(4 * (x + y)) for x, y in both]),
            "extra_days": a.extra_days + part.extra_days,
            "new_pairing": part.new_pairing if part.from_ < a.from_ else a.new_pairing,
        }
    )


def periods(q: Sequence[int]) -> Periods:
    return Periods(autumn_1=q[0] / 4, autumn_2=q[1] / 4, spring=q[2] / 4, summer=q[3] / 4)


def moved(ready: Setup, held: Mapping[Key, str]) -> tuple[Moved, ...]:
    """Posts whose SIP differs from the baseline's, or from last year's lead; words come later."""
    facts = ready.facts
    before = ready.holders
    if before is None:
        before = {p.key: s for p in facts.posts if p.kind == "lead" and (s := facts.incumbent(p.urn))}
    return tuple(
        Moved.model_validate(
            {"urn": u, "post": k, "from": s, "to": held.get((u, k)), "because": "", "voluntary": False}
        )
        for (u, k), s in sorted(before.items())
        if (u, k) in ready.post_index and held.get((u, k)) != s
    )


def certificate(solution: en.Solution, posts: int) -> Certificate:
    """Tier values with their proved bounds; the gap is that of the points tier."""
    points = next((t for t in solution.tiers if t.name == "4"), None)
    gap = abs(points.bound - points.value) if points else 0
    return Certificate(
        tiers=tuple(TierResult(name=t.name, value=t.value, bound=t.bound) for t in solution.tiers),
        gap=round(gap / max(1, abs(points.value)), 6) if points else 0.0,
        gap_points_per_post=round(gap / max(1, posts), 4),
        proved=solution.status == "optimal",
    )


def versions() -> dict[str, str]:
    """What the plan depends on to be made again: our version, the solver's, Python's."""
    return {
        "sip-allocator": version("sip-allocator"),
        "ortools": version("ortools"),
        "python": platform.python_version(),
    }
