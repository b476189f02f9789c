"""Two plans side by side in a manager's words: who moves, what it costs in posts, days and people, and who stays."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from allocator.domain import tiers
from allocator.domain.plan import Assignment, Plan, Unfilled
from allocator.questions.compare import Comparison, Difference, compare
from allocator.words import counted, days, listed


@dataclass(frozen=True)
class MovedSchool:
    """One school whose SIP differs, in full: `why` the new one, in sentences of the rules; `since` where it is within
    the year, and `days` the days from then on."""

    difference: Difference
    why: tuple[str, ...]
    since: dt.date | None
    days: float


@dataclass(frozen=True)
class SipSides:
    """A SIP on both sides; days of capacity and load."""

    sip: str
    name: str
    leads_a: int
    leads_b: int
    days_a: float
    days_b: float
    capacity: float

    @property
    def text(self) -> str:
        """leads 3 schools instead of 2; 17 of 20 days."""
        leads = f"leads {counted(self.leads_b, 'school')}"
        return (
            f"{leads}{'' if self.leads_a == self.leads_b else f' instead of {self.leads_a}'}; {self.days_b:g} "
            f"of {self.capacity:g} days"
        )


@dataclass(frozen=True)
class Sides:
    """What a page shows of two plans. `moved` in full, `stays` folded; `costs` are sentences, the weightiest first."""

    comparison: Comparison
    moved: tuple[MovedSchool, ...]
    stays: tuple[Assignment, ...]
    people: tuple[SipSides, ...]  # whose posts or days differ
    emptied: tuple[Unfilled, ...]  # nobody now, somebody before
    still_empty: tuple[Unfilled, ...]
    filled: tuple[str, ...]
    costs: tuple[str, ...]
    tiers: tuple[tuple[str, float | None, float | None], ...]  # in words


def sides(a: Plan, b: Plan) -> Sides:
    """Plan `a` (before) against plan `b` (after)."""
    c = compare(a, b)
    now = _last(b)
    first = min((x.from_ for x in b.assignments), default=None)
    moved = tuple(
        MovedSchool(d, _why(x), x.from_ if x and x.from_ != first else None, x.days if x else 0.0)
        for d in c.moved
        for x in [now.get((d.urn, d.post))]
    )
    changed = {(d.urn, d.post) for d in (*c.moved, *c.days_only)}
    stays = tuple(x for k, x in sorted(now.items()) if k not in changed)
    before = {(u.urn, u.post) for u in a.unfilled}
    emptied = tuple(u for u in b.unfilled if (u.urn, u.post) not in before)
    still = tuple(u for u in b.unfilled if (u.urn, u.post) in before)
    after = {(u.urn, u.post) for u in b.unfilled}
    filled = tuple(u.school for u in a.unfilled if (u.urn, u.post) not in after and (u.urn, u.post) in now)
    people = tuple(_people(a, b))
    costs = tuple(_costs(a, b, c, emptied, filled))
    return Sides(c, moved, stays, people, emptied, still, filled, costs, tuple(_figures(c)))


def _figures(c: Comparison) -> Iterable[tuple[str, float | None, float | None]]:
    """Tiers that differ, in words and in the unit of the words; None where a plan has no such tier."""
    yield from ((what, x, y) for what, x, y in c.figures if c.part_of_year and x != y)
    for name, x, y in c.tiers:
        if x != y:
            tier = tiers.TIERS[name]
            yield tier.many, None if x is None else tier.figure(x), None if y is None else tier.figure(y)


def _costs(a: Plan, b: Plan, c: Comparison, emptied: Iterable[Unfilled], filled: Iterable[str]) -> Iterable[str]:
    """Posts, then schools moved, then days; what did not change is not said."""
    names = [u.school + ("" if u.post == "lead" else f" ({u.post})") for u in emptied]
    if names:
        yield f"Nobody can take {_some(names)}."
    if filled := list(filled):
        yield f"{_some(filled)} {'has' if len(filled) == 1 else 'have'} a SIP again."
    n = c.schools_moved
    yield f"{counted(n, 'school')} {'gets' if n == 1 else 'get'} another SIP." if n else "No school gets another SIP."
    before, after = ({t.name: t.value for t in p.certificate.tiers}.get("2", 0) for p in (a, b))
    again = after if c.part_of_year else after - before
    if again > 0:
        yield (
            f"{counted(again, 'school')} changed against {'its' if again == 1 else 'their'} will lately "
            f"{'is' if again == 1 else 'are'} changed again."
        )
    less, more = _days(c, -1), _days(c, 1)
    if less:
        yield f"{_posts(less)} given fewer days, {_total(less):g} in all: {_some(sorted({d.school for d in less}))}."
    if more:
        yield f"{_posts(more)} given more days, {_total(more):g} in all: {_some(sorted({d.school for d in more}))}."
    used = b.summary.days_used - a.summary.days_used
    spare = b.summary.days_offered - b.summary.days_used
    if used:
        yield f"The team works {days(abs(used))} {'more' if used > 0 else 'less'}; {spare:g} are left."
    if not n and not less and not more and not names and not used:
        yield "Nothing else changes."


def _days(c: Comparison, sign: int) -> list[Difference]:
    return [d for d in c.days if sign * (d.days_b - d.days_a) > 0]


def _posts(found: list[Difference]) -> str:
    n = len({d.urn for d in found})
    return f"{counted(n, 'school')} {'is' if n == 1 else 'are'}"


def _total(found: Iterable[Difference]) -> float:
    return round(sum(abs(d.days_b - d.days_a) for d in found), 2)


def _some(names: list[str], most: int = 4) -> str:
    return listed(names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} others"])


def _people(a: Plan, b: Plan) -> Iterable[SipSides]:
    """SIPs whose schools or days differ. Schools are counted by who holds them last, so that work done is no loss."""
    one, two = {x.sip: x for x in a.loads}, {x.sip: x for x in b.loads}
    leads_a, leads_b = (Counter(x.sip for (_, post), x in _last(p).items() if post == "lead") for p in (a, b))
    known = {**one, **two}
    for sip in sorted(known, key=lambda s: known[s].name):
        x, y = one.get(sip), two.get(sip)
        row = SipSides(
            sip,
            known[sip].name,
            leads_a[sip],
            leads_b[sip],
            x.days if x else 0.0,
            y.days if y else 0.0,
            y.capacity if y else 0.0,
        )
        if (row.leads_a, row.days_a) != (row.leads_b, row.days_b):
            yield row


def _why(now: Assignment | None) -> tuple[str, ...]:
    """What speaks for the new SIP, without figures."""
    return tuple(r.text for r in now.reasons if r.points > 0)[:3] if now else ()


def _last(plan: Plan) -> dict[tuple[str, str], Assignment]:
    """The latest holder of each post."""
    return {(x.urn, x.post): x for x in sorted(plan.assignments, key=lambda x: x.from_)}
