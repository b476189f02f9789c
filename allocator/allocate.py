"""The order of the steps, and the only file that knows it: case -> pairs -> instance -> solution -> plan.

The plan made here is bare: `explain.complete` fills in the words, `check.audit` tests it.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from allocator import rules
from allocator.domain import canon
from allocator.domain.case import NEEDS, Case
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
from allocator.engine import instance as en
from allocator.engine.model import loads, prices
from allocator.engine.tiers import Conflict, Stop, solve
from allocator.errors import CaseError, Stopped
from allocator.rules.base import Draft, Structure
from allocator.rules.reach import Pairs

Key = tuple[str, str]  # (urn, post kind)
Choice = tuple[str, str, str]  # (urn, post kind, SIP id)


@dataclass(frozen=True)
class Setup:
    """A case ready for the engine, with the way back from indices to schools and SIPs."""

    facts: Facts
    pairs: Pairs
    structures: tuple[Structure, ...]
    inst: en.Instance
    choices: tuple[Choice, ...]  # by pair index
    index: Mapping[Choice, int]
    post_index: Mapping[Key, int]
    person_index: Mapping[str, int]
    seed: int
    baseline: Mapping[Key, str] | None


def setup(
    case: Case,
    policy: Policy,
    seed: int = 1,
    baseline: Mapping[Key, str] | None = None,
    held: Mapping[Key, str] | None = None,
    uncounted: frozenset[Key] = frozenset(),
) -> Setup:
    """Facts, pairs and the instance of a case.

    `baseline` is the plan to stay near (tier 3), `held` the pairs a repair may not touch, `uncounted` the
    posts whose move is the event itself (a leaver's, a refused pair's).
    """
    facts = Facts(case, policy, baseline=baseline)
    pairs = rules.pairs(facts)
    return instance(facts, pairs, seed, baseline, held or {}, uncounted)


def instance(
    facts: Facts,
    pairs: Pairs,
    seed: int,
    baseline: Mapping[Key, str] | None = None,
    held: Mapping[Key, str] | None = None,
    uncounted: frozenset[Key] = frozenset(),
) -> Setup:
    """The engine's Instance for allowed pairs, with everything in canonical order."""
    posts = facts.posts
    people = sorted(facts.sips)
    post_index = {p.key: n for n, p in enumerate(posts)}
    person_index = {s: n for n, s in enumerate(people)}
    choices: tuple[Choice, ...] = tuple(
        (p.urn, p.kind, s) for p in posts for s in people if (p.urn, p.kind, s) in pairs.allowed
    )
    index = {c: i for i, c in enumerate(choices)}
    draft = Draft(facts, posts, frozenset(choices))
    structures = tuple(s for rule in rules.RULES if rule.on(facts) for s in rule.structures(draft))
    blocked_locks = [s for s in structures if s.kind == "fixed" and any(c not in index for c in s.pairs)]
    if blocked_locks:
        raise CaseError(_lock_text(facts, pairs, blocked_locks))
    by = _Translate(post_index, person_index, index)
    fixed = by.fixed(structures) | {index[u, k, s] for (u, k), s in (held or {}).items() if (u, k, s) in index}
    inst = en.Instance(
        posts=tuple(
            en.Post(f"{p.urn} {p.kind}", 1, p.kind == "lead", tuple(en.Trim(q, (q, *less)) for q, less in p.trims))
            for p in posts
        ),
        people=tuple(person(facts, s) for s in people),
        pairs=tuple(
            en.Pair(
                post_index[u, k],
                person_index[s],
                facts.load(posts[post_index[u, k]], facts.sips[s]),
                pairs.points(u, k, s),
                facts.lot(seed, (u, k), s),
            )
            for u, k, s in choices
        ),
        tiers=tiers(facts, posts, index, baseline, uncounted)[0],
        bonds=tiers(facts, posts, index, baseline, uncounted)[1],
        same=by.same(structures),
        different=by.different(structures),
        never_both=by.never_both(structures),
        fixed=tuple(sorted(fixed)),
        above=by.above(structures),
        together=by.together(structures),
    )
    return Setup(facts, pairs, structures, inst, choices, index, post_index, person_index, seed, baseline)


def person(facts: Facts, sip: str) -> en.Person:
    """A SIP's limits in quarter-days: the year, then four periods."""
    row, policy = facts.sips[sip], facts.policy
    limits: list[en.Limit] = []
    if policy.capacity.on:
        limits.append(en.Limit(0, facts.capacity(row)))
        for n, (soft, hard) in enumerate(zip(facts.period_limits(row), facts.period_hard(row), strict=True), 1):
            if soft is not None and hard is not None:
                limits.append(en.Limit(n, hard, soft, policy.capacity.stretch_price))
    if not policy.portfolio.on:
        return en.Person(sip, tuple(limits))
    return en.Person(sip, tuple(limits), facts.most_schools(row), facts.fewest_schools(row))


def tiers(
    facts: Facts,
    posts: Sequence[Post],
    index: Mapping[Choice, int],
    baseline: Mapping[Key, str] | None,
    uncounted: frozenset[Key],
) -> tuple[tuple[en.Tier, ...], tuple[en.Kept, ...]]:
    """The tiers of contract 2, as data, and the bonds that tiers 2 and 3 count."""
    bonds: list[en.Kept] = []
    protected: dict[int, int] = {}
    moved: dict[int, int] = {}
    for p in posts:
        incumbent = facts.incumbent_now(p.urn) if p.kind == "lead" else None
        if incumbent and facts.protected(p.urn) and (p.urn, "lead", incumbent) in index:
            protected[len(bonds)] = 1
            bonds.append(en.Kept(f"protected {p.urn}", (index[p.urn, "lead", incumbent],)))
    if baseline is not None:
        by_school: dict[str, list[int]] = {}
        for (urn, kind), sip in sorted(baseline.items()):
            if (urn, kind) not in uncounted and (urn, kind, sip) in index:
                by_school.setdefault(urn, []).append(index[urn, kind, sip])
        for urn, held in sorted(by_school.items()):
            moved[len(bonds)] = 1
            bonds.append(en.Kept(f"school {urn}", tuple(held)))
    numbered = list(enumerate(posts))

    def of(kind: str, need: str | None = None) -> dict[int, int]:
        return {n: 1 for n, p in numbered if p.kind == kind and need in (None, p.need)}

    out = [en.Tier(f"1a_{need}", "most", filled=of("lead", need)) for need in NEEDS]
    out += [en.Tier("1b", "most", filled=of("support")), en.Tier("1c", "most", filled=of("appraisal"))]
    out += [en.Tier(f"1d_{need}", "least", short={n: 1 for n, p in numbered if p.need == need}) for need in NEEDS]
    out.append(en.Tier("2", "least", broken=protected))
    if baseline is not None:
        out.append(en.Tier("3", "least", broken=moved))
    out += [en.Tier("4", "most", points=True), en.Tier("5", "least", lot=True)]
    return tuple(out), tuple(bonds)


@dataclass(frozen=True)
class _Translate:
    """Structures in schools' words to the engine's indices; what names nobody present is left out."""

    posts: Mapping[Key, int]
    people: Mapping[str, int]
    pairs: Mapping[Choice, int]

    def fixed(self, structures: Sequence[Structure]) -> set[int]:
        return {self.pairs[c] for s in structures if s.kind == "fixed" for c in s.pairs}

    def same(self, structures: Sequence[Structure]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(self.posts[p] for p in s.posts) for s in structures if s.kind == "same")

    def different(self, structures: Sequence[Structure]) -> tuple[tuple[int, int], ...]:
        return tuple((self.posts[s.posts[0]], self.posts[s.posts[1]]) for s in structures if s.kind == "different")

    def never_both(self, structures: Sequence[Structure]) -> tuple[tuple[int, int], ...]:
        return tuple((self.pairs[s.pairs[0]], self.pairs[s.pairs[1]]) for s in structures if s.kind == "never_both")

    def above(self, structures: Sequence[Structure]) -> tuple[en.Above, ...]:
        return tuple(
            en.Above(
                s.rule,
                self.people[s.sip or ""],
                s.free,
                s.price,
                None if s.measure == "load" else tuple(self.posts[p] for p in s.posts),
            )
            for s in structures
            if s.kind == "above"
        )

    def together(self, structures: Sequence[Structure]) -> tuple[en.Together, ...]:
        return tuple(
            en.Together(s.rule, tuple(self.posts[p] for p in s.posts), s.price)
            for s in structures
            if s.kind == "together"
        )


def _lock_text(facts: Facts, pairs: Pairs, locks: Sequence[Structure]) -> str:
    lines = []
    for urn, kind, sip in (c for s in locks for c in s.pairs):
        school = facts.schools[urn].name if urn in facts.schools else urn
        name = facts.sips[sip].name if sip in facts.sips else sip
        why = "; ".join(text for _, text in pairs.blocked.get((urn, kind, sip), ()))
        lines.append(
            f"The lock of {name} ({sip}) to {school} ({urn}, {kind}) breaks a hard rule: "
            f"{why or 'this school has no such post this year'}. Remove the lock or mend its cause."
        )
    return "\n".join(lines)


def allocate(ready: Setup, stop: Stop | None = None, hint: Mapping[Key, str] | None = None) -> tuple[Plan, en.Solution]:
    """Solve a setup and lay the answer out as a bare plan.

    Raises CaseError naming the decisions when locks clash, Stopped when nothing was found in time.
    """
    start = [ready.index[u, k, s] for (u, k), s in (hint or ready.baseline or {}).items() if (u, k, s) in ready.index]
    try:
        solution = solve(ready.inst, stop, start)
    except Conflict as clash:
        raise CaseError(_clash_text(ready, clash.pairs)) from None
    if solution.status == "stopped":
        raise Stopped("Stopped before any plan was found. Give more time: --time-limit or --work-limit.")
    return lay_out(ready, solution), solution


def _clash_text(ready: Setup, pairs: Sequence[int]) -> str:
    facts = ready.facts
    named = []
    need: dict[str, int] = {}
    for i in pairs:
        urn, kind, sip = ready.choices[i]
        named.append(f"{facts.sips[sip].name} ({sip}) to {facts.schools[urn].name} ({urn}, {kind})")
        need[sip] = need.get(sip, 0) + ready.inst.pairs[i].load[0]
    if not pairs:
        return "The structural rules of this case cannot all hold. This should not be possible: please report it."
    detail = " ".join(
        f"{facts.sips[s].name} has {facts.capacity(facts.sips[s]) / 4:g} days for schools; these need {q / 4:g}."
        for s, q in sorted(need.items())
    )
    return (
        f"These {len(pairs)} locks cannot stand together: {'; '.join(named)}. {detail} "
        "Unlock one of them, or change what limits them."
    )


def lay_out(ready: Setup, solution: en.Solution) -> Plan:
    """The bare plan: who, when, how many days; reasons as points without words."""
    facts, inst = ready.facts, ready.inst
    held = {ready.choices[i][:2]: ready.choices[i][2] for i in solution.chosen}
    locked = {c for s in ready.structures if s.kind == "fixed" for c in s.pairs}
    short = {facts.posts[n].key: q for n, q in solution.short.items() if q}
    assignments = tuple(
        _assignment(ready, p, held[p.key], short.get(p.key, 0), (p.urn, p.kind, held[p.key]) in locked)
        for p in facts.posts
        if p.key in held
    )
    unfilled = tuple(
        Unfilled(urn=p.urn, school=facts.schools[p.urn].name, post=p.kind, need=p.need)
        for p in facts.posts
        if p.key not in held
    )
    load = loads(inst, solution.chosen, solution.short)
    team = -sum(price for _, price in prices(inst, solution.chosen, solution.short))
    changes = moved(ready, held)
    people = []
    for sip, n in ready.person_index.items():
        q = [*load[n], 0, 0, 0, 0][:5]
        people.append(
            Load(
                sip=sip,
                name=facts.sips[sip].name,
                posts=sum(s == sip for s in held.values()),
                days=q[0] / 4,
                capacity=facts.capacity(facts.sips[sip]) / 4,
                periods=periods(q[1:]),
            )
        )
    leads = {u: s for (u, k), s in held.items() if k == "lead"}
    summary = Summary(
        schools=sum(p.kind == "lead" for p in facts.posts),
        filled=len(assignments),
        unfilled=len(unfilled),
        kept=sum(facts.incumbent(u) == s for u, s in leads.items()),
        changed=sum(facts.incumbent(u) not in (None, s) for u, s in leads.items()),
        points=sum(a.points for a in assignments),
        team_points=team,
        days_used=sum(x.days for x in people),
        days_offered=sum(x.capacity for x in people),
        km_total=round(sum((facts.metres(u, s) or 0) for u, s in leads.items()) / 1000, 1),
    )
    return Plan(
        status=solution.status,
        inputs=Inputs(
            base_sha256=canon.case_sha256(facts.case),
            case=canon.case_out(facts.case),
            policy=facts.policy.model_dump(mode="json"),
        ),
        certificate=certificate(solution, len(assignments)),
        made_with=MadeWith(
            case_sha256=canon.case_sha256(facts.case),
            policy_sha256=canon.policy_sha256(facts.policy),
            seed=ready.seed,
            versions=versions(),
            created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            deterministic_time=round(solution.deterministic_time, 6),
        ),
        assignments=assignments,
        unfilled=unfilled,
        loads=tuple(people),
        changes=changes,
        summary=summary,
        notices=tuple(ready.pairs.notices),
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
            "school": facts.schools[post.urn].name,
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
            "reasons": tuple(Reason(rule=r, points=v, text="") for r, v in given.items() if v),
            "locked": locked,
        }
    )


def periods(q: Sequence[int]) -> Periods:
    return Periods(autumn_1=q[0] / 4, autumn_2=q[1] / 4, spring=q[2] / 4, summer=q[3] / 4)


def moved(ready: Setup, held: Mapping[Key, str]) -> tuple[Moved, ...]:
    """Posts whose SIP differs from the baseline's, or from last year's lead; words come later."""
    facts = ready.facts
    before = ready.baseline
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


def model_out(ready: Setup) -> dict[str, Any]:
    """The model beside `--pairs`: capacities, counts, team rules, tiers (docs/reference/model-file.md)."""
    facts, inst = ready.facts, ready.inst
    post = [{"urn": p.urn, "post": p.kind} for p in facts.posts]

    def pair(i: int) -> dict[str, str]:
        urn, kind, sip = ready.choices[i]
        return {"urn": urn, "post": kind, "sip": sip}

    names = ("year", "autumn_1", "autumn_2", "spring", "summer")
    return {
        "format": "allocator.model/1",
        "seed": ready.seed,
        "units": {"load": "quarter-days", "points": "points"},
        "posts": [
            {
                **post[n],
                "need": p.need,
                "due": p.due,
                "counts": p.kind == "lead",
                "trims": [{"short": t.short, **dict(zip(names, t.less, strict=True))} for t in inst.posts[n].trims],
            }
            for n, p in enumerate(facts.posts)
        ],
        "people": [
            {
                "sip": p.key,
                "limits": [
                    {"load": names[x.resource], "hard": x.hard, "soft": x.soft, "price": x.price} for x in p.limits
                ],
                "max_schools": p.at_most,
                "min_schools_if_any": p.at_least,
            }
            for p in inst.people
        ],
        "same_person": [[post[n] for n in group] for group in inst.same],
        "different_person": [[post[n] for n in group] for group in inst.different],
        "never_both": [[pair(i) for i in both] for both in inst.never_both],
        "fixed": [pair(i) for i in inst.fixed],
        "above": [
            {
                "rule": a.rule,
                "sip": inst.people[a.person].key,
                "measure": "load_year" if a.posts is None else [post[n] for n in a.posts],
                "free": a.free,
                "price": a.price,
            }
            for a in inst.above
        ],
        "together": [{"rule": t.rule, "posts": [post[n] for n in t.posts], "price": t.price} for t in inst.together],
        "tiers": [
            {
                "name": t.name,
                "sense": t.sense,
                "filled": [post[n] for n in t.filled],
                "short": [post[n] for n in t.short],
                "broken": [[pair(i) for i in inst.bonds[b].pairs] for b in t.broken],
                "points": t.points,
                "lot": t.lot,
            }
            for t in inst.tiers
        ],
    }
