"""Posts and their days: what must be filled in the year, and what each pair takes (docs/reference/rules.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from allocator.domain.calendar import Four, half_up, largest_remainder, quarters, whole_quarters
from allocator.domain.case import Need, PostKind, School, Sip

if TYPE_CHECKING:
    from allocator.domain.facts import Facts

Five = tuple[int, int, int, int, int]
Trims = tuple[tuple[int, Four], ...]


@dataclass(frozen=True)
class Post:
    """Something at a school that one SIP fills. `due`, `periods` and `trims` are in quarter-days.

    In a repair it is part `n` of `of` of the rest of the year, and `due` what is left to give in it.
    """

    urn: str
    kind: PostKind
    need: Need
    due: int
    start: dt.date
    end: dt.date
    periods: Four
    trims: Trims = ()
    begun: bool = False  # in a repair: part of the year was given before `start`, or is planned
    n: int = 1
    of: int = 1
    late: bool = False  # goes on from an open part, from the day on which a SIP joins
    earlier: tuple[str, ...] = ()  # holders of earlier parts

    @cached_property
    def slot(self) -> str:
        """The post's name within its school: `lead`, and `lead/2` for its second part."""
        return self.kind if self.n == 1 else f"{self.kind}/{self.n}"

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.urn, self.slot

    @property
    def last(self) -> bool:
        """Whether the post ends with this part."""
        return self.n == self.of

    def meets(self, other: Post) -> bool:
        """Whether the two share a day."""
        return self.start <= other.end and other.start <= self.end


def year_posts(facts: Facts) -> tuple[Post, ...]:
    """All posts of the whole year, by URN, then lead, support, appraisal."""
    out = []
    appraised = _appraised(facts)
    d = facts.policy.days
    for school in facts.schools.values():
        if not facts.in_run(school):
            continue
        out.append(_lead(facts, school))
        if separated(facts, school) and school.support_days != 0:
            days = d.support if school.support_days is None else school.support_days
            out.append(_post(facts, school, "support", whole_quarters(days), _apart_from(facts, school)))
        if school.urn in appraised:
            days = d.appraisal if school.appraisal_days is None else school.appraisal_days
            out.append(_post(facts, school, "appraisal", whole_quarters(days)))
    return tuple(post for post in out if post.start <= post.end)  # a window that is empty is no post


def separated(facts: Facts, school: School) -> bool:
    """Whether support is kept apart from validation here (domain G1-G4)."""
    sep = facts.policy.separation
    return sep.on and (facts.need(school.urn) in sep.needs or bool(facts.decisions("separate_support", school.urn)))


def _apart_from(facts: Facts, school: School) -> dt.date:
    """When support becomes a post of its own: the day the need arose, when it arose within the year."""
    sep, first = facts.policy.separation, facts.year.first
    if school.need in sep.needs or facts.decisions("separate_support", school.urn):
        return first
    return min((n.on for n in facts.need_changes(school.urn) if n.need in sep.needs), default=first)


def _appraised(facts: Facts) -> set[str]:
    """Schools with an appraisal post; of those that share a head only the first that asks (practice)."""
    out: set[str] = set()
    heads: set[str] = set()
    for school in facts.schools.values():
        wants = school.appraisal in ("same", "different", "any") and school.appraisal_days != 0
        begin, end = _window(school, facts.year.first, facts.year.appraisal_by)
        if not (wants and facts.in_run(school) and begin <= end):
            continue
        if school.head is None or school.head not in heads:
            out.add(school.urn)
            if school.head is not None and facts.policy.shared_head.on:
                heads.add(school.head)
    return out


def _due(facts: Facts, school: School, need: Need | None) -> int:
    d = facts.policy.days
    if school.days is not None:
        return whole_quarters(school.days)
    return whole_quarters(d.flat if d.model == "flat" else d.graduated.get(need or "standard", d.flat))


def _lead(facts: Facts, school: School) -> Post:
    """The lead post; where need changes within the year its days are pro rata from that date."""
    changes = [n for n in facts.need_changes(school.urn) if n.need]
    split = facts.year.split(_due(facts, school, school.need))
    for change in changes:
        new = facts.year.split(_due(facts, school, change.need))
        later = [facts.year.within(n, max(change.on, facts.year.first), facts.year.last) for n in range(4)]
        mixed = [half_up(a * (1 - x) + b * x) for a, b, x in zip(split, new, later, strict=True)]
        split = mixed[0], mixed[1], mixed[2], mixed[3]
    return _cut(facts, school, "lead", split, facts.year.first, facts.year.last_planned, bool(changes))


def _post(facts: Facts, school: School, kind: PostKind, due: int, start: dt.date | None = None) -> Post:
    year = facts.year
    end = year.appraisal_by if kind == "appraisal" else year.last_planned
    return _cut(facts, school, kind, spread(facts, kind, due), start or year.first, end, False)


def _window(school: School, start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of a post, between the school's opening and closing; the last before the first: no post."""
    return max(start, school.opens_on or start), min(end, school.closes_on or end)


def _cut(facts: Facts, school: School, kind: PostKind, split: Four, start: dt.date, end: dt.date, uneven: bool) -> Post:
    """The post between the school's opening and closing, with the days that fall there."""
    start, end = _window(school, start, end)
    full = facts.year.appraisal_by if kind == "appraisal" else facts.year.last_planned
    uneven = uneven or start > facts.year.first or end < full
    if start > facts.year.first or end < full:
        cut = [half_up(q * facts.year.within(n, start, end)) for n, q in enumerate(split)]
        split = cut[0], cut[1], cut[2], cut[3]
    due = sum(split)
    shares = split if uneven else spread_shares(facts, kind)
    trims = trims_of(facts, due, split, shares, quarters(facts.policy.days.floor))
    return Post(school.urn, kind, facts.need(school.urn), due, start, end, split, trims)


def spread_shares(facts: Facts, kind: PostKind) -> Four:
    """The policy's shares of the four periods; an appraisal falls in the peak (domain H5)."""
    part = facts.policy.calendar
    return (0, 1, 0, 0) if kind == "appraisal" else (part.autumn_1, part.autumn_2, part.spring, part.summer)


def spread(facts: Facts, kind: PostKind, total: int) -> Four:
    """Quarter-days by period."""
    return largest_remainder(total, spread_shares(facts, kind))


def trims_of(facts: Facts, due: int, split: Four, shares: Sequence[int | Fraction], floor: int | Fraction) -> Trims:
    """Smaller ways to fill a post, never under `floor`: (quarter-days short, less by period)."""
    return _trims(whole_quarters(facts.policy.days.trim_step), due, split, tuple(shares), floor)


@lru_cache(maxsize=65536)
def _trims(step: int, due: int, split: Four, shares: tuple[int | Fraction, ...], floor: int | Fraction) -> Trims:
    """Few differ."""
    out = []
    for short in range(step, due + 1, step) if step else ():
        if due - short < floor:
            break
        smaller = largest_remainder(due - short, shares)
        less = tuple(a - b for a, b in zip(split, smaller, strict=True))
        out.append((short, (less[0], less[1], less[2], less[3])))
    return tuple(out)


def extra(facts: Facts, post: Post, sip: Sip) -> int:
    """Quarter-days beyond the school's own: a new pairing (domain B10), a new head (B18)."""
    new = whole_quarters(facts.policy.days.new_pairing) if facts.new_pairing(post, sip) else 0
    return _for_head(facts, post) + new


def _for_head(facts: Facts, post: Post) -> int:
    new = post.kind == "lead" and facts.new_head(post.urn) and not post.begun
    return whole_quarters(facts.policy.days.new_head) if new else 0


def load(facts: Facts, post: Post, sip: Sip) -> Five:
    """Quarter-days this pair takes: the year, then the four periods."""
    return next(loads(facts, post, (sip,)))


def loads(facts: Facts, post: Post, sips: Iterable[Sip]) -> Iterator[Five]:
    """The same of each of these SIPs: few differ."""
    head, pairing = _for_head(facts, post), whole_quarters(facts.policy.days.new_pairing)
    soon = facts.year.period(post.start)
    known = {new: _with_extra(post.periods, soon, head + pairing * new) for new in (False, True)}
    is_new = facts.new_at(post)
    for sip in sips:
        new, start = is_new(sip), facts.starts(post, sip)
        if start == post.start:
            yield known[new]
        else:
            yield _with_extra(post.periods, facts.year.period(start), head + pairing * new)


@lru_cache(maxsize=65536)
def _with_extra(periods: Four, first: int, more: int) -> Five:
    """Few differ, so that a million pairs share them."""
    p = list(periods)
    p[first] += more
    return sum(p), p[0], p[1], p[2], p[3]
