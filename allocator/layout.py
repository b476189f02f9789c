"""A solution laid out as a bare plan: who, when, how many days; reasons as points without words."""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from allocator.domain import canon
from allocator.domain.before import Change, changes, counts
from allocator.domain.case import Case, PostKind
from allocator.domain.facts import Facts, Post
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
from allocator.domain.seal import sealed
from allocator.domain.standing import DAY, Stretch
from allocator.engine import instance as en
from allocator.engine.model import loads, prices
from allocator.setup import Key, Setup
from allocator.words import day, listed

FEW_NAMED = 5  # so many schools are named in a notice; more are counted


def lay_out(ready: Setup, solution: en.Solution, inputs: Inputs | None = None) -> Plan:
    """The bare plan. `inputs` says where a changed case came from; by default the case is its own origin."""
    facts = ready.facts
    held = {ready.choices[i][:2]: ready.choices[i][2] for i in solution.chosen}
    locked = {c for s in ready.structures if s.kind == "fixed" for c in s.pairs}
    short = {facts.posts[n].key: q for n, q in solution.short.items() if q}
    chosen = [
        _assignment(ready, p, held[p.key], short.get(p.key, 0), (*p.key, held[p.key]) in locked)
        for p in facts.posts
        if p.key in held
    ]
    rows, empty = _rows(ready, chosen), _empty(ready, held)
    found = changes(facts, rows, empty)
    changed, inputs = inputs is not None, sealed(inputs or origin(facts.case, facts.policy))
    loads = _loads(ready, solution, held)
    return Plan(
        status=solution.status,
        inputs=inputs,
        certificate=certificate(solution, len(chosen)),
        made_with=MadeWith(
            case_sha256=canon.case_sha256(facts.case) if changed else inputs.base_sha256,
            policy_sha256=canon.policy_sha256(facts.policy),
            seed=ready.seed,
            versions=versions(),
            created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            deterministic_time=round(solution.deterministic_time, 6),
        ),
        assignments=rows,
        unfilled=empty,
        loads=loads,
        changes=tuple(_moved(c.urn, c.post, c.from_, c.to, c.on) for c in found),
        moves=moves(ready, held),
        summary=_summary(ready, solution, held, rows, empty, found, loads),
        notices=(*facts.case.notices, *ready.pairs.notices, *_awaited(facts, rows, empty)),
    )


def _empty(ready: Setup, held: Mapping[Key, str]) -> tuple[Unfilled, ...]:
    """Parts that nobody holds, and posts that ended without anybody."""
    facts, out = ready.facts, []
    held_to = {part.key: part.end for part in facts.standing.fixed} if facts.standing else {}  # in order of time
    for post in facts.year_posts:
        parts = ready.parts.of.get((post.urn, post.kind), ())
        since = held_to[post.key] + DAY if post.key in held_to else post.start
        gone = [replace(post, start=since)] if not parts and since <= post.end else []
        out += [
            Unfilled.model_validate(
                {
                    "urn": p.urn,
                    "school": facts.name(p.urn),
                    "post": p.kind,
                    "need": p.need,
                    "from": p.start,
                    "to": p.end,
                }
            )
            for p in (*gone, *parts)
            if p.key not in held
        ]
    return tuple(out)


def _awaited(facts: Facts, rows: Sequence[Assignment], empty: Sequence[Unfilled]) -> Iterator[str]:
    """The days that a plan decides and on which nobody is there, because a SIP joins later in time: one line a SIP
    and day."""
    since = facts.standing.since if facts.standing else facts.year.first
    joins = {s.sip: s.joined_on for s in facts.sips.values()}
    said: dict[tuple[str, dt.date, dt.date], list[str]] = defaultdict(list)
    spans: dict[Key, list[tuple[dt.date, dt.date, str]]] = defaultdict(list)
    for x in rows:
        spans[x.urn, x.post].append((x.from_, x.to, x.name if joins.get(x.sip) == x.from_ else ""))
    for u in empty:
        if u.from_ and u.to:
            spans[u.urn, u.post].append((u.from_, u.to, ""))
    for post in facts.year_posts:
        name, at = facts.name(post.urn) + ("" if post.kind == "lead" else f" ({post.kind})"), max(since, post.start)
        for start, end, who in sorted(spans[post.key]):
            if at < start:
                said[who, at, start].append(name)
            at = max(at, end + DAY)
    for (who, at, start), names in sorted(said.items()):
        until = f"{day(at)} to {day(start - DAY)}"
        why = f"{who} joins on {day(start)}" if who else "who was awaited does not come"
        more = [f"{len(names) - FEW_NAMED} more"] if len(names) > FEW_NAMED else []
        yield f"From {until} nobody is at {listed([*names[:FEW_NAMED], *more])}: {why}."


def origin(case: Case, policy: Policy) -> Inputs:
    """The inputs of a plan made straight from a case."""
    rows = canon.case_out(case)
    return Inputs(base_sha256=canon.sha256(rows), case=rows, policy=policy.model_dump(mode="json"))


def _loads(ready: Setup, solution: en.Solution, held: Mapping[Key, str]) -> tuple[Load, ...]:
    facts, out = ready.facts, []
    load = loads(ready.inst, solution.chosen, solution.short)
    kinds = {p.key: (p.urn, p.kind) for p in facts.posts}
    posts = Counter(sip for _, sip in {(kinds[key], sip) for key, sip in held.items()})
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


def _summary(
    ready: Setup,
    solution: en.Solution,
    held: Mapping[Key, str],
    rows: Sequence[Assignment],
    empty: Sequence[Unfilled],
    found: Sequence[Change],
    loads: Sequence[Load],
) -> Summary:
    facts = ready.facts
    lacking = {(u.urn, u.post) for u in empty}
    leads = [p.urn for p in facts.year_posts if p.kind == "lead"]
    kept, changed, none = counts(facts, [u for u in leads if (u, "lead") not in lacking], found)
    visits = {(p.urn, held[p.key]) for p in facts.posts if p.kind == "lead" and p.key in held}
    return Summary(
        schools=len(leads),
        filled=len(facts.year_posts) - len(lacking),
        unfilled=len(lacking),
        kept=kept,
        changed=changed,
        had_none=none,
        points=sum(a.points for a in rows),
        team_points=-sum(price for _, price in prices(ready.inst, solution.chosen, solution.short)),
        days_used=sum(x.days for x in loads),
        days_offered=sum(x.capacity if _stays(facts, x.sip) else x.days for x in loads),
        days_due=sum(p.due for p in facts.year_posts) / 4,
        km_total=round(sum(facts.metres(u, s) or 0 for u, s in visits) / 1000, 1),
    )


def _stays(facts: Facts, sip: str) -> bool:
    """Whether the SIP can still give days up to the last planned day."""
    row = facts.sips[sip]
    gone = [d for d in (row.leaves_on, row.contract_ends) if d is not None and d < facts.year.last_planned]
    return not facts.policy.availability.on or (row.status in (None, "active") and not gone)


def _assignment(ready: Setup, post: Post, sip: str, short: int, locked: bool) -> Assignment:
    facts = ready.facts
    row = facts.sips[sip]
    split = post.periods
    if short:
        less = dict(post.trims)[short]
        split = (split[0] - less[0], split[1] - less[1], split[2] - less[2], split[3] - less[3])
    given = ready.pairs.weighted(*post.key, sip)
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


def _rows(ready: Setup, chosen: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """Past pieces and chosen parts in order of time, one row where one person goes on without a day between."""
    facts = ready.facts
    past = [_settled(ready, part) for part in facts.standing.fixed] if facts.standing else []
    order = {"lead": 0, "support": 1, "appraisal": 2}
    out: list[Assignment] = []
    for row in sorted((*past, *chosen), key=lambda a: (a.urn, order[a.post], a.from_)):
        last = out[-1] if out else None
        goes_on = (
            last and (last.urn, last.post, last.sip) == (row.urn, row.post, row.sip) and last.to + DAY == row.from_
        )
        if last and goes_on and not row.settled:
            out[-1] = _joined(last, row)
        else:
            out.append(row)
    return tuple(out)


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


def _joined(a: Assignment, b: Assignment) -> Assignment:
    """One row for one person who goes on: days and points added up, the earlier start's new-pairing mark."""
    both = zip(a.periods.model_dump().values(), b.periods.model_dump().values(), strict=True)
    points: Counter[str] = Counter({r.rule: r.points for r in a.reasons})
    points.update({r.rule: r.points for r in b.reasons})
    return b.model_copy(
        update={
            "from_": a.from_,
            "days": a.days + b.days,
            "days_short": a.days_short + b.days_short,
            "periods": periods([round(4 * (x + y)) for x, y in both]),
            "extra_days": a.extra_days + b.extra_days,
            "new_pairing": a.new_pairing,
            "points": a.points + b.points,
            "reasons": tuple(Reason(rule=r, points=v, text="") for r, v in points.items() if v),
            "locked": a.locked or b.locked,
        }
    )


def periods(q: Sequence[int]) -> Periods:
    return Periods(autumn_1=q[0] / 4, autumn_2=q[1] / 4, spring=q[2] / 4, summer=q[3] / 4)


def moves(ready: Setup, held: Mapping[Key, str]) -> tuple[Moved, ...]:
    """Parts that another SIP holds than in the plan gone on from; none in an annual plan. Words come later."""
    stand = ready.facts.standing
    if stand is None:
        return ()
    return tuple(
        _moved(p.urn, p.kind, stand.was[p.key], held.get(p.key), p.start)
        for p in sorted(ready.facts.posts, key=lambda p: (p.urn, p.kind, p.n))
        if p.key in stand.was and held.get(p.key) != stand.was[p.key]
    )


def _moved(urn: str, post: PostKind, before: str, now: str | None, on: dt.date) -> Moved:
    data = {"urn": urn, "post": post, "from": before, "to": now, "on": on, "because": "", "voluntary": False}
    return Moved.model_validate(data)


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
