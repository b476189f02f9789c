"""Rules over several pairs at once: locks, one lead for several schools, different people, counts, capacity, budget."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from allocator.check.derived import Post, dec, floor
from allocator.check.ledger import by
from allocator.check.standing import Stand
from allocator.check.together import one_lead

Key = tuple[str, str]
Choice = Mapping[Key, str]
Short = Mapping[Key, int]
PERIODS = ("autumn_1", "autumn_2", "spring", "summer")


@dataclass(frozen=True)
class Breach:
    """A rule broken, or a figure that does not agree, in words."""

    rule: str
    text: str
    urn: str | None = None
    post: str | None = None
    sip: str | None = None


def locks(stand: Stand) -> dict[Key, set[str]]:
    """Part -> the SIPs whom a lock in force holds there. It falls away where a rule bars its pair: in an annual
    allocation only before a refusal or breakdown."""
    b, out = stand.b, dict[Key, set[str]]()
    if not b.policy.decision.on:
        return out
    for d in b.case.decisions:
        if d.decision != "lock" or not d.sip or (d.until is not None and d.until < b.first):
            continue
        post = d.urn, d.post or "lead"
        for part in stand.parts.get(post, ()):
            barred = yields(stand, part, d.sip)
            if not ("refusal" in barred or (barred and stand.earlier)):
                out.setdefault(part.key, set()).add(d.sip)
    return out


def yields(stand: Stand, part: Post, sip: str) -> list[str]:
    """The rules that bar a pair at its part, or else at the first of those that must have the same lead and are
    barred."""
    row = stand.b.sips.get(sip)
    if row is None:
        return ["availability"]
    found, todo = {part.key: part}, [part]
    groups = [[p for u in urns for p in stand.parts.get((u, "lead"), ())] for _, urns in one_lead(stand.b)]
    while todo:
        one = todo.pop()
        more = {q.key: q for g in groups if one in g for q in g if stand.meet(one, q) and q.key not in found}
        found |= more
        todo += more.values()
    others = (rules for key in sorted(found) if (rules := stand.bars.rules(found[key], row)))
    return stand.bars.rules(part, row) or next(others, [])


def joint(stand: Stand, choice: Choice) -> Iterator[Breach]:
    """Breaches of locks, one-lead groups, different-person rules and reciprocal pairs."""
    b = stand.b
    for (urn, kind), sips in sorted(locks(stand).items()):
        for sip in sorted(sips):
            if choice.get((urn, kind)) != sip:
                yield Breach("decision", f"The lock of {sip} to {urn} ({kind}) is not kept.", urn, kind, sip)
    for rule, urns in one_lead(b):
        leads = [p for u in urns for p in stand.parts.get((u, "lead"), ())]
        if not all(choice.get(p.key) == choice.get(q.key) for p in leads for q in leads if stand.meet(p, q)):
            text = f"Schools {', '.join(urns)} must have one lead SIP, or none of them one."
            yield Breach(rule, text, urns[0], "lead")
    for p in stand.posts:
        here = choice.get(p.key)
        leads = [q for q in stand.parts.get((p.urn, "lead"), ()) if stand.meet(q, p) and choice.get(q.key) == here]
        if p.kind == "lead" or here is None or not leads:
            continue
        if p.kind == "appraisal" and b.policy.appraisal.on and b.schools[p.urn].appraisal == "different":
            yield Breach("appraisal", f"School {p.urn} asked for a different SIP at the appraisal.", *p.key, here)
        if p.kind == "support" and b.policy.separation.on:
            yield Breach("separation", f"Support at {p.urn} must be kept apart from its lead.", *p.key, here)
    if b.policy.reciprocal.on:
        yield from reciprocal(stand, choice)


def reciprocal(stand: Stand, choice: Choice) -> Iterator[Breach]:
    """Serving heads who are SIP to each other's schools on the same day."""
    b = stand.b
    heads = {s: r.current_urn for s, r in b.sips.items() if r.kind == "serving_head" and r.current_urn}
    visits: dict[tuple[str, str], list[Post]] = {}
    for key, sip in choice.items():
        if sip in heads:
            visits.setdefault((key[0], sip), []).append(stand.by_key[key])
    leads = by(heads.items(), lambda head: head[1])
    carries: dict[str, list[str]] = {}  # URN -> schools that are it, or carry it on
    for u, olds in b.old.items():
        for old in olds:
            carries.setdefault(old, []).append(u)
    for (urn, sip), here in sorted(visits.items(), key=lambda v: v[0]):
        for other, _ in (head for old in b.old[urn] for head in leads.get(old, ())):
            there = [p for u in carries.get(heads[sip] or "", ()) for p in visits.get((u, other), ())]
            if sip < other and any(stand.meet(p, q) for p in here for q in there):
                text = f"{sip} and {other} are SIP to each other's schools."
                yield Breach("reciprocal", text, urn, None, sip)


def person_loads(stand: Stand, choice: Choice, short: Short) -> dict[str, list[int]]:
    """SIP -> quarter-days by period, without what is past."""
    out = {s: [0, 0, 0, 0] for s in stand.b.sips}
    for key, sip in choice.items():
        for n, q in enumerate(stand.loads(stand.by_key[key], stand.b.sips[sip], short.get(key, 0))):
            out[sip][n] += q
    return out


def people(stand: Stand, choice: Choice, loads: dict[str, list[int]]) -> Iterator[Breach]:
    """Breaches of budget, of year and period capacity, and of the counts of schools led."""
    b = stand.b
    # what is past may already be over a limit; only what is added is judged
    added, given = sum(map(sum, loads.values())), sum(sum(stand.spent(s)) for s in everyone(stand))
    cap = b.policy.budget.days
    if cap is not None and added > max(0, floor(4 * dec(cap)) - given):
        yield Breach("budget", f"The budget is {cap:g} days; the plan takes {(added + given) / 4:g}.")
    for sip, row in b.sips.items() if b.policy.capacity.on else ():
        used, past = loads[sip], stand.spent(sip)
        whole, taken = b.capacity(row), sum(used) + sum(past)
        if sum(used) > max(0, whole - sum(past)):
            text = f"{row.name} has {whole / 4:g} days; the plan takes {taken / 4:g}."
            yield Breach("capacity", text, sip=sip)
        for n, most in enumerate(b.limits(row)):
            if most is not None and used[n] > max(0, b.hard(most) - past[n]):
                text = f"{row.name} has {most / 4:g} days in {PERIODS[n]}; the plan takes {(used[n] + past[n]) / 4:g}."
                yield Breach("capacity", text, sip=sip)
    if b.policy.portfolio.on:
        yield from counts(stand, choice)


def most_schools(stand: Stand, sip: str) -> int:
    """How many schools a SIP may lead."""
    row = stand.b.sips[sip]
    return stand.b.policy.capacity.max_schools.get(row.kind, 15) if row.max_schools is None else row.max_schools


def counts(stand: Stand, choice: Choice) -> Iterator[Breach]:
    """Schools led too many or too few: by the last part of each lead post, and the most on every day."""
    b = stand.b
    last = {parts[-1].key for (_, kind), parts in stand.parts.items() if kind == "lead"}
    leading = Counter(sip for key, sip in choice.items() if key in last)
    held = by((k for k in choice if stand.by_key[k].kind == "lead"), lambda k: choice[k])
    for sip, keys in sorted(held.items()):
        row, led, most = b.sips[sip], leading[sip], most_schools(stand, sip)
        least = b.policy.capacity.min_schools.get(row.kind, 0) if row.min_schools is None else row.min_schools
        if led > most or 0 < led < least:
            text = f"{row.name} leads {led} schools; {least} to {most} are allowed."
            yield Breach("portfolio", text, sip=sip)
        elif (day := _crowded([stand.by_key[k] for k in keys], most)) is not None:
            yield Breach("portfolio", f"{row.name} leads more than {most} schools on {day}.", sip=sip)


def _crowded(parts: list[Post], most: int) -> dt.date | None:
    """The first day on which more than `most` of these parts run."""
    for day in sorted({p.begin for p in parts}):
        if sum(p.begin <= day <= p.end for p in parts) > most:
            return day
    return None


def everyone(stand: Stand) -> set[str]:
    """SIPs of the case, and those with past time who are no longer in it."""
    return set(stand.b.sips) | {k.sip for k in stand.past}


def blocked_text(stand: Stand, p: Post, sip: str, rule: str) -> str:
    b = stand.b
    return f"{b.sips[sip].name} ({sip}) may not hold {p.kind} at {b.schools[p.urn].name} ({p.urn}): {rule}."
