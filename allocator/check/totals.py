"""A plan's totals: summary, loads and certificate, added up again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from allocator.check.ledger import by
from allocator.check.plan_rows import Row
from allocator.check.score import Auditor, Score
from allocator.check.structure import Breach, Choice, Short, person_loads
from allocator.domain.case import Sip
from allocator.domain.plan import Certificate, Plan

LEAST = ("1d", "2", "3", "5")  # tiers that are best at their least


def loads(a: Auditor, choice: Choice, short: Short) -> dict[str, list[int]]:
    """SIP -> quarter-days by period in the whole year."""
    added = person_loads(a.stand, choice, short)
    return {s: [q + g for q, g in zip(added[s], a.stand.spent(s), strict=True)] for s in a.book.sips}


def _stays(a: Auditor, s: Sip) -> bool:
    """Whether a SIP works until the last planned day, absences aside (*availability*)."""
    if not a.book.policy.availability.on:
        return True
    last = a.book.on(a.book.policy.calendar.last_day)
    gone = any(day and day < last for day in (s.leaves_on, s.contract_ends))
    return s.status in (None, "active") and not gone


def offered(a: Auditor, used: Mapping[str, list[int]]) -> int:
    """Quarter-days that can be given: capacities; of those not there at the end, what the plan gives them."""
    return sum(a.book.capacity(s) if _stays(a, s) else sum(used[s.sip]) for s in a.book.sips.values())


def summary(
    a: Auditor, plan: Plan, choice: Choice, used: Mapping[str, list[int]], score: Score, tally: Mapping[str, int]
) -> Iterator[Breach]:
    b = a.book
    visits = {(key[0], sip) for key, sip in choice.items() if a.stand.by_key[key].kind == "lead"}
    metres = [b.metres(urn, sip) or 0 for urn, sip in visits]
    right: dict[str, object] = {
        **tally,
        "points": score.pair_points,
        "team_points": score.team_points,
        "days_used": sum(map(sum, used.values())) / 4,
        "days_offered": offered(a, used) / 4,
        "days_due": sum(p.due for p in b.year_posts) / 4,
        "km_total": round(sum(metres) / 1000, 1),
    }
    for what, value in right.items():
        given = getattr(plan.summary, what)
        if given != value:
            yield Breach("figures", f"summary: {what} is {given}, and should be {value}.")


def of_people(a: Auditor, plan: Plan, used: Mapping[str, list[int]], right: list[Row]) -> Iterator[Breach]:
    b = a.book
    given = {x.sip: x for x in plan.loads}
    if sorted(given) != sorted(b.sips) or len(given) != len(plan.loads):
        yield Breach("figures", "loads: not one row for every SIP.")
        return
    held = by((r for r in right if r.parts), lambda r: r.sip)
    for sip, row in b.sips.items():
        x, posts = given[sip], len({r.post for r in held.get(sip, ())})
        found = (x.name, x.posts, x.days, x.capacity, tuple(x.periods.model_dump().values()))
        true = (row.name, posts, sum(used[sip]) / 4, b.capacity(row) / 4, tuple(q / 4 for q in used[sip]))
        if found != true:
            yield Breach("figures", f"loads: {row.name}: {found} should be {true}.", sip=sip)


def certificate(plan: Plan, score: Score, posts: int) -> Iterator[Breach]:
    c = plan.certificate
    given = {t.name: t for t in c.tiers}
    if [t.name for t in c.tiers] != list(score.tiers):
        yield Breach("certificate", f"Tiers are {', '.join(given)}; they should be {', '.join(score.tiers)}.")
        return
    for name, value in score.tiers.items():
        t = given[name]
        if t.value != value:
            yield Breach("certificate", f"Tier {name} is given as {t.value}, and is {value}.")
        if (t.bound > t.value) if name.startswith(LEAST) else (t.bound < t.value):
            yield Breach("certificate", f"Tier {name}: the bound {t.bound} contradicts the value {t.value}.")
    proved = all(t.value == t.bound for t in c.tiers)
    if c.proved != proved:
        text = "but a tier's bound differs from its value" if c.proved else "but every bound is met"
        yield Breach("certificate", f"The plan says that it is {'' if c.proved else 'not '}proved, {text}.")
    if (plan.status == "optimal") != c.proved:
        yield Breach("certificate", f"The plan's status is {plan.status}, and its proof says otherwise.")
    yield from _gap(c, given["4"].bound - given["4"].value, posts)


def _gap(c: Certificate, gap: int, posts: int) -> Iterator[Breach]:
    """What tier 4 may still lack: as a share of its points, and by post filled."""
    right = {
        "gap": round(gap / max(1, abs(c.tiers[-2].value)), 6),
        "gap_points_per_post": round(gap / max(1, posts), 4),
    }
    for what, value in right.items():
        if getattr(c, what) != value:
            yield Breach("certificate", f"{what} is {getattr(c, what)}, and should be {value}.")
