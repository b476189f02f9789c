"""Two plans side by side: who holds which post on which days, whose days differ, and what it cost."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from allocator.domain.plan import Assignment, Plan
from allocator.domain.tiers import LOT

Key = tuple[str, str]
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Difference:
    """A post whose SIP differs from `on` to `until`, or (both None) whose days do. None = nobody."""

    urn: str
    school: str
    post: str
    a: str | None
    b: str | None
    days_a: float
    days_b: float
    because: str
    on: dt.date | None = None
    until: dt.date | None = None
    lasts: bool = True  # to the end of the post


@dataclass(frozen=True)
class Comparison:
    """`tiers`: (name, value in A, value in B), None where one plan has no such tier; none of them where a plan was
    repaired within the year, as its tiers count only what was open. `figures`: (in words, in A, in B) of all posts
    of the year."""

    moved: tuple[Difference, ...]
    days_only: tuple[Difference, ...]
    tiers: tuple[tuple[str, int | None, int | None], ...]
    same_case: bool
    part_of_year: bool
    figures: tuple[tuple[str, float, float], ...] = ()

    @property
    def days(self) -> tuple[Difference, ...]:
        """Posts held in both that are given other days in the year, each once, whoever holds them."""
        found = {
            (d.urn, d.post): d for d in (*self.moved, *self.days_only) if d.days_a != d.days_b and d.days_a and d.days_b
        }
        return tuple(found[k] for k in sorted(found))

    @property
    def schools_moved(self) -> int:
        return len({d.urn for d in self.moved})


def compare(a: Plan, b: Plan) -> Comparison:
    """Plan A against plan B, day by day for who holds each post, and by the days the school is given in the year.

    A school of A that B knows under a successor's URN is compared with that.
    """
    heirs = _heirs(a, b)
    one, two = _rows(a, heirs), _rows(b, {})
    why: dict[tuple[str, str, dt.date | None], str] = {(c.urn, c.post, c.on): c.because for c in (*b.changes, *b.moves)}
    schools = {x.urn: x.school for plan in (a, b) for x in plan.unfilled}
    schools |= {x.urn: x.school for plan in (a, b) for x in plan.assignments}
    moved: list[Difference] = []
    days_only: list[Difference] = []
    for key in sorted(one.keys() | two.keys()):
        mine, theirs = one.get(key, []), two.get(key, [])
        days = sum(x.days for x in mine), sum(x.days for x in theirs)
        found = list(_apart(mine, theirs))
        end = max(x.to for x in (*mine, *theirs))
        moved += [
            Difference(
                key[0],
                schools[key[0]],
                key[1],
                was.name if was else None,
                now.name if now else None,
                *days,
                why.get((*key, on), why.get((*key, None), "")),
                on,
                until,
                until >= end,
            )
            for was, now, on, until in found
        ]
        if not found and days[0] != days[1]:
            name = theirs[-1].name
            days_only.append(Difference(key[0], schools[key[0]], key[1], name, name, *days, ""))
    values_a = {t.name: t.value for t in a.certificate.tiers}
    values_b = {t.name: t.value for t in b.certificate.tiers}
    names = list(values_a) + [n for n in values_b if n not in values_a]
    part = any(_in_year(p) for p in (a, b))
    tiers = tuple((n, values_a.get(n), values_b.get(n)) for n in names if n != LOT and not part)
    same_case = a.made_with.case_sha256 == b.made_with.case_sha256
    in_a, in_b = _figures(a), _figures(b)
    figures = tuple((what, in_a[what], in_b[what]) for what in in_a)
    return Comparison(tuple(moved), tuple(days_only), tiers, same_case, part, figures)


def _figures(plan: Plan) -> dict[str, float]:
    """What is done for schools in the whole year, whatever part of it the plan decided."""
    empty = {(u.urn, u.post) for u in plan.unfilled}
    posts = plan.posts() - empty
    kinds = Counter(kind for _, kind in posts)
    return {
        "schools with a SIP": kinds["lead"],
        "support posts filled": kinds["support"],
        "appraisals filled": kinds["appraisal"],
        "days given to schools": sum(x.days for x in plan.assignments),
        "days short": sum(x.days_short for x in plan.assignments),
    }


def _in_year(plan: Plan) -> bool:
    return plan.inputs.repaired is not None and plan.inputs.repaired.since.month != 9


def _heirs(a: Plan, b: Plan) -> dict[str, str]:
    """URN in A -> URN under which B has the school: conversions and amalgamations among B's changes."""
    here = {x.urn for x in b.assignments} | {x.urn for x in b.unfilled}
    new = [c["succession"] for c in b.inputs.changes[len(a.inputs.changes) :] if "succession" in c]
    return {s["old_urn"]: s["new_urn"] for s in new if s["old_urn"] not in here}


def _rows(plan: Plan, heirs: Mapping[str, str]) -> dict[Key, list[Assignment]]:
    """Post -> its rows in order of time."""
    out: dict[Key, list[Assignment]] = defaultdict(list)
    for x in sorted(plan.assignments, key=lambda x: x.from_):
        out[heirs.get(x.urn, x.urn), x.post].append(x)
    return out


Apart = tuple[Assignment | None, Assignment | None, dt.date, dt.date]


def _apart(a: Sequence[Assignment], b: Sequence[Assignment]) -> Iterator[Apart]:
    """Each stretch of days on which two plans have other SIPs at a post: who, who, first and last day."""
    edges = sorted({d for x in (*a, *b) for d in (x.from_, x.to + DAY)})
    last: Apart | None = None
    for on, after in pairwise(edges):
        was, now = _on(a, on), _on(b, on)
        if (was and was.sip) == (now and now.sip):
            found = None
        else:
            found = (was, now, on, after - DAY)
            if last and [x and x.sip for x in last[:2]] == [x and x.sip for x in found[:2]] and last[3] + DAY == on:
                found, last = (was, now, last[2], after - DAY), None
        if last:
            yield last
        last = found
    if last:
        yield last


def _on(rows: Sequence[Assignment], day: dt.date) -> Assignment | None:
    return next((x for x in rows if x.from_ <= day <= x.to), None)
