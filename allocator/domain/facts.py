"""What follows from a case and a policy: posts, loads, tenure, flags, distance (docs/reference/rules.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from allocator.domain.calendar import Four, Year, first_year, half_up, largest_remainder, quarters
from allocator.domain.case import Case, Decision, History, Interest, Need, PostKind, Refusal, School, Sip, Wish
from allocator.domain.flags import Flag, flags_of
from allocator.domain.policy import Policy

Five = tuple[int, int, int, int, int]
ENTERS = (None, "needs_sip", "buys_in")


@dataclass(frozen=True)
class Post:
    """Something at a school that one SIP fills. `due`, `periods` and `trims` are in quarter-days."""

    urn: str
    kind: PostKind
    need: Need
    due: int
    start: dt.date
    end: dt.date
    periods: Four
    trims: tuple[tuple[int, Four], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.urn, self.kind


def plain(text: str | None) -> str:
    """A text as it is compared: no case, no outer or repeated blanks; blank is the empty text."""
    return " ".join(text.split()).casefold() if text else ""


def same_text(a: str | None, b: str | None) -> bool:
    """Both filled and equal as compared."""
    return bool(plain(a)) and plain(a) == plain(b)


class Facts:
    """A case seen through a policy. Everything is worked out once, on demand, without schools x SIPs products."""

    def __init__(self, case: Case, policy: Policy, *, baseline: Mapping[tuple[str, str], str] | None = None) -> None:
        self.case, self.policy, self.baseline = case, policy, baseline
        self.year = Year(case.year, policy.calendar)
        self.schools: dict[str, School] = {s.urn: s for s in sorted(case.schools, key=lambda s: s.urn)}
        self.sips: dict[str, Sip] = {s.sip: s for s in sorted(case.sips, key=lambda s: s.sip)}
        self._cache: dict[tuple[str, str], tuple[str, ...]] = {}
        self._tenure: dict[tuple[str, str], int] = {}
        self._capacity: dict[str, int] = {}
        self._flags: dict[str, tuple[Flag, ...]] = {}

    # -- posts and days ------------------------------------------------------------------------------

    def need(self, urn: str) -> Need:
        return self.schools[urn].need or "standard"

    def in_run(self, school: School) -> bool:
        """Whether the school has posts (rules participation and school status, domain K1, 3.2)."""
        if not self.policy.participation.on:
            return True
        return (
            school.participation in ENTERS
            and school.status in (None, "open", "proposed_to_close")
            and (school.closes_on is None or school.closes_on > self.year.first)
        )

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """All posts, by URN, then lead, support, appraisal."""
        out = []
        for school in self.schools.values():
            if not self.in_run(school):
                continue
            out.append(self._post(school, "lead", school.days, self._due(school)))
            if self.separated(school) and school.support_days != 0:
                out.append(self._post(school, "support", school.support_days, self.policy.days.support))
            if school.urn in self._appraised:
                out.append(self._post(school, "appraisal", school.appraisal_days, self.policy.days.appraisal))
        return tuple(out)

    def _due(self, school: School) -> float:
        d = self.policy.days
        return d.flat if d.model == "flat" else d.graduated.get(self.need(school.urn), d.flat)

    def _post(self, school: School, kind: PostKind, own: float | None, default: float) -> Post:
        due = half_up(quarters(default if own is None else own))
        year = self.year
        end = year.appraisal_by if kind == "appraisal" else year.last_planned
        cut = school.closes_on is not None and school.closes_on < end and self.policy.participation.on
        if cut and school.closes_on is not None:
            end = school.closes_on
        split = self.spread(kind, due)
        if cut:
            split = self._shortened(split, end)
            due = sum(split)
        return Post(
            school.urn, kind, self.need(school.urn), due, year.first, end, split, self._trims(kind, due, split, cut)
        )

    def spread(self, kind: PostKind, total: int) -> Four:
        """Quarter-days by period; an appraisal's fall in the peak (domain H5)."""
        return (0, total, 0, 0) if kind == "appraisal" else self.year.split(total)

    def _shortened(self, split: Four, end: dt.date) -> Four:
        shares = [half_up(q * self.year.within(n, self.year.first, end)) for n, q in enumerate(split)]
        return shares[0], shares[1], shares[2], shares[3]

    def _trims(self, kind: PostKind, due: int, split: Four, cut: bool) -> tuple[tuple[int, Four], ...]:
        step, floor = half_up(quarters(self.policy.days.trim_step)), quarters(self.policy.days.floor)
        out = []
        for short in range(step, due + 1, step) if step else ():
            if due - short < floor:
                break
            smaller = largest_remainder(due - short, split) if cut else self.spread(kind, due - short)
            less = tuple(a - b for a, b in zip(split, smaller, strict=True))
            out.append((short, (less[0], less[1], less[2], less[3])))
        return tuple(out)

    def separated(self, school: School) -> bool:
        """Whether support is kept apart from validation here (domain G1-G4)."""
        sep = self.policy.separation
        return sep.on and (self.need(school.urn) in sep.needs or bool(self.decisions("separate_support", school.urn)))

    @cached_property
    def _appraised(self) -> set[str]:
        out: set[str] = set()
        heads: set[str] = set()
        for school in self.schools.values():
            wants = school.appraisal in ("same", "different", "any") and school.appraisal_days != 0
            if wants and self.in_run(school) and (school.head is None or school.head not in heads):
                out.add(school.urn)
                if school.head is not None and self.policy.shared_head.on:
                    heads.add(school.head)
        return out

    def starts(self, post: Post, sip: Sip) -> dt.date:
        return max(post.start, sip.joined_on) if sip.joined_on else post.start

    def extra(self, post: Post, sip: Sip) -> int:
        """Quarter-days beyond the school's own: a new pairing (domain B10), a new head (B18)."""
        days = self.policy.days
        out = 0
        if post.kind == "lead" and self.new_head(post.urn):
            out += half_up(quarters(days.new_head))
        if self.new_pairing(post, sip):
            out += half_up(quarters(days.new_pairing))
        return out

    def load(self, post: Post, sip: Sip) -> Five:
        """Quarter-days this pair takes: the year, then the four periods."""
        p = list(post.periods)
        p[self.year.period(self.starts(post, sip))] += self.extra(post, sip)
        return sum(p), p[0], p[1], p[2], p[3]

    def new_pairing(self, post: Post, sip: Sip) -> bool:
        return post.kind != "appraisal" and sip.sip not in self._last_year.get(post.urn, ())

    def new_head(self, urn: str) -> bool:
        """A head in the first year: started after 1 September of the year before."""
        started = self.schools[urn].head_started
        return started is not None and started > self.year.first.replace(year=self.year.start_year - 1)

    # -- people ----------------------------------------------------------------------------------------

    def capacity(self, sip: Sip) -> int:
        """Quarter-days for schools after overhead (in proportion for part-timers) and reserve."""
        if sip.sip not in self._capacity:
            c, days = self.policy.capacity, Fraction(str(sip.days))
            overhead = Fraction(str(c.overhead)) * min(Fraction(1), days / Fraction(str(c.full_time_days)))
            left = days - overhead - days * Fraction(str(c.reserve_percent)) / 100
            self._capacity[sip.sip] = max(0, math.floor(4 * left))
        return self._capacity[sip.sip]

    def period_limits(self, sip: Sip) -> tuple[int | None, ...]:
        """Plain limits by period in quarter-days; None = no limit."""
        given = (sip.autumn_1_days, sip.autumn_2_days, sip.spring_days, sip.summer_days)
        return tuple(None if d is None else math.floor(quarters(d)) for d in given)

    def period_hard(self, sip: Sip) -> tuple[int | None, ...]:
        """Limits after the stretch that policy allows at a price."""
        stretch = Fraction(str(self.policy.capacity.period_stretch))
        return tuple(None if q is None else math.floor(q * stretch) for q in self.period_limits(sip))

    def most_schools(self, sip: Sip) -> int:
        return self.policy.capacity.max_schools.get(sip.kind, 15) if sip.max_schools is None else sip.max_schools

    def fewest_schools(self, sip: Sip) -> int:
        return self.policy.capacity.min_schools.get(sip.kind, 0) if sip.min_schools is None else sip.min_schools

    def newcomer(self, sip: Sip) -> bool:
        """Joined within `churn.newcomer_months` before the first day (domain F14)."""
        return sip.joined_on is not None and sip.joined_on > months_before(
            self.year.first, self.policy.churn.newcomer_months
        )

    # -- relationships -----------------------------------------------------------------------------------

    @cached_property
    def _older(self) -> dict[str, frozenset[str]]:
        direct: dict[str, set[str]] = defaultdict(set)
        for row in self.case.successions:
            direct[row.new_urn].add(row.old_urn)
        out = {}
        for urn in direct:
            seen, todo = {urn}, [urn]
            while todo:
                for old in direct.get(todo.pop(), ()):
                    if old not in seen:
                        seen.add(old)
                        todo.append(old)
            out[urn] = frozenset(seen)
        return out

    def predecessors(self, urn: str) -> frozenset[str]:
        """The school itself and the URNs whose history it carries on."""
        return self._older.get(urn, frozenset((urn,)))

    def successors(self, urn: str) -> list[str]:
        """Schools of the case that are, or carry on, this URN."""
        found = [new for new, old in self._older.items() if urn in old and new in self.schools]
        return sorted({*found, *([urn] if urn in self.schools else [])})

    @cached_property
    def _history_by_urn(self) -> dict[str, list[History]]:
        out: dict[str, list[History]] = defaultdict(list)
        for row in self.case.history:
            out[row.urn].append(row)
        return out

    def history(self, urn: str) -> list[History]:
        """All rows of the school and its predecessors."""
        return [row for old in sorted(self.predecessors(urn)) for row in self._history_by_urn.get(old, ())]

    @cached_property
    def _last_year(self) -> dict[str, set[str]]:
        before = self.year.start_year - 1
        return {u: {r.sip for r in self.history(u) if first_year(r.year) == before} for u in self.schools}

    def led(self, urn: str, sip: str) -> dict[int, str | None]:
        """Years (first calendar year) this SIP led the school -> how each ended."""
        out: dict[int, str | None] = {}
        for row in self.history(urn):
            if row.sip == sip and row.role in (None, "lead"):
                year = first_year(row.year)
                if year < self.year.start_year:
                    out[year] = row.ended if row.ended not in (None, "end_of_year") else out.get(year)
        return out

    def tenure_year(self, urn: str, sip: str) -> int:
        """Which consecutive year as lead this one would be (contract 2, domain F5)."""
        key = (urn, sip)
        if key not in self._tenure:
            led = self.led(urn, sip)
            year = self.year.start_year - 1
            while year in led and led[year] is None:
                year -= 1
            self._tenure[key] = self.year.start_year - year
        return self._tenure[key]

    @cached_property
    def _incumbents(self) -> dict[str, str]:
        out: dict[str, str] = {}
        before = self.year.start_year - 1
        for urn in self.schools:
            rows = self.history(urn)
            leads = {r.sip for r in rows if r.role in (None, "lead") and first_year(r.year) == before}
            leads = {s for s in leads if self.led(urn, s)[before] is None}
            if leads:
                out[urn] = min(leads, key=lambda s: (-self.tenure_year(urn, s), s))
        return out

    def incumbent(self, urn: str) -> str | None:
        """The lead of the year before whose tenure did not end."""
        return self._incumbents.get(urn)

    def incumbent_now(self, urn: str) -> str | None:
        """In a repair the baseline's lead; otherwise the lead of the year before."""
        return self.incumbent(urn) if self.baseline is None else self.baseline.get((urn, "lead"))

    @cached_property
    def led_last_year(self) -> dict[str, list[str]]:
        """SIP -> schools they led the year before in an unbroken tenure."""
        out: dict[str, list[str]] = defaultdict(list)
        for urn, sip in self._incumbents.items():
            out[sip].append(urn)
        return out

    @cached_property
    def _protected(self) -> set[str]:
        since = months_before(self.year.first, self.policy.protection.months)
        out = set()
        for urn in self.schools:
            for row in self.history(urn):
                if row.role in (None, "lead") and row.ended in ("sip_left", "sip_asked", "manager"):
                    on = row.ended_on or dt.date(first_year(row.year) + 1, 8, 31)
                    if since <= on < self.year.first and not self.decisions("allow_change", urn):
                        out.add(urn)
        return out

    def protected(self, urn: str) -> bool:
        """Changed against its will within the time policy gives (domain F13)."""
        return self.policy.protection.on and urn in self._protected

    @cached_property
    def _decisions(self) -> dict[tuple[str, str], list[Decision]]:
        out: dict[tuple[str, str], list[Decision]] = defaultdict(list)
        for row in self.case.decisions:
            if row.until is None or row.until >= self.year.first:
                out[row.decision, row.urn].append(row)
        return out

    def decisions(self, kind: str, urn: str, sip: str | None = None) -> list[Decision]:
        """Decisions in force for a school; with `sip`, those that name that SIP or nobody."""
        rows = self._decisions.get((kind, urn), [])
        return [r for r in rows if sip is None or r.sip in (None, sip)]

    @cached_property
    def _wishes(self) -> dict[str, list[Wish]]:
        out: dict[str, list[Wish]] = defaultdict(list)
        for w in self.case.wishes:
            if w.urn is not None:
                out[w.urn].append(w)
            elif w.by == "sip" and w.sip:
                for urn in self.led_last_year.get(w.sip, ()):
                    out[urn].append(w)
        return out

    def wishes_about(self, urn: str) -> list[Wish]:
        """The school's wishes and SIPs' wishes about it; a SIP's wish without a URN is about all it led."""
        return self._wishes.get(urn, [])

    def extended(self, urn: str, sip: str) -> list[Decision]:
        """Extensions of tenure that reach into this year (contract 1: `until` blank, or on/after the first day)."""
        return self.decisions("extend_tenure", urn, sip)

    @cached_property
    def _refusals(self) -> dict[tuple[str, str], list[Refusal]]:
        out: dict[tuple[str, str], list[Refusal]] = defaultdict(list)
        for row in self.case.refusals:
            out[row.urn, row.sip].append(row)
        return out

    def refusals(self, urn: str, sip: str) -> list[Refusal]:
        """Refusals of this pair, the school's predecessors included."""
        if not self._refusals:
            return []
        return [r for old in self.predecessors(urn) for r in self._refusals.get((old, sip), ())]

    @cached_property
    def paired(self) -> tuple[tuple[str, str], ...]:
        """Infant and junior halves, each couple once, sorted; either may name the other."""
        out = set()
        for urn, school in self.schools.items():
            if school.paired_with in self.schools and school.paired_with != urn:
                out.add((min(urn, school.paired_with or ""), max(urn, school.paired_with or "")))
        return tuple(sorted(out))

    @cached_property
    def halves(self) -> dict[str, str]:
        return {a: b for pair in self.paired for a, b in (pair, pair[::-1])}

    @cached_property
    def rates(self) -> tuple[Fraction, Fraction] | None:
        """Least and most day rate known in the case."""
        known = [Fraction(str(s.day_rate)) for s in self.sips.values() if s.day_rate is not None]
        return (min(known), max(known)) if known else None

    def cached(self, what: str, urn: str, work: Callable[[Facts, str], tuple[str, ...]]) -> tuple[str, ...]:
        """A school-side fact worked out once."""
        key = (what, urn)
        if key not in self._cache:
            self._cache[key] = work(self, urn)
        return self._cache[key]

    @cached_property
    def interests(self) -> dict[str, list[Interest]]:
        """SIP -> declared interests not lapsed before the first day (domain D9)."""
        out: dict[str, list[Interest]] = defaultdict(list)
        for row in self.case.interests:
            if row.until is None or row.until >= self.year.first:
                out[row.sip].append(row)
        return out

    @cached_property
    def _local(self) -> dict[str, set[str]]:
        out: dict[str, set[str]] = defaultdict(set)
        for urn, school in self.schools.items():
            for row in self.history(urn) if school.la else ():
                out[row.sip].add(plain(school.la))
        return out

    def known_locally(self, urn: str, sip: Sip) -> bool:
        """LA adviser, own school in the authority, or history there (contract 2)."""
        la = plain(self.schools[urn].la)
        return sip.kind == "la_adviser" or (bool(la) and (plain(sip.current_la) == la or la in self._local[sip.sip]))

    # -- place and position -------------------------------------------------------------------------------

    @cached_property
    def _travel(self) -> dict[tuple[str, str], float]:
        return {(t.urn, t.sip): t.km for t in self.case.travel if t.km is not None}

    def given_km(self, urn: str, sip: str) -> bool:
        """True when the distance is the `travel` table's, not a straight line."""
        return (urn, sip) in self._travel

    def metres(self, urn: str, sip: str) -> int | None:
        """Distance in metres, given or straight line; None when unknown."""
        if (urn, sip) in self._travel:
            return half_up(Fraction(str(self._travel[urn, sip])) * 1000)
        a, b = self.schools[urn], self.sips[sip]
        return straight(a.easting, a.northing, b.easting, b.northing)

    def flags(self, urn: str) -> tuple[Flag, ...]:
        if urn not in self._flags:
            self._flags[urn] = flags_of(self.schools[urn])
        return self._flags[urn]

    @staticmethod
    def lot(seed: int, key: tuple[str, str], sip: str) -> int:
        """First 20 bits of SHA-256 of `seed|urn|post|sip` (contract 2)."""
        digest = hashlib.sha256(f"{seed}|{key[0]}|{key[1]}|{sip}".encode()).digest()
        return int.from_bytes(digest[:3], "big") >> 4


def straight(e1: float | None, n1: float | None, e2: float | None, n2: float | None) -> int | None:
    """Whole metres between two grid points, rounded down; None when a coordinate is unknown."""
    if e1 is None or n1 is None or e2 is None or n2 is None:
        return None
    de, dn = (half_up(Fraction(str(a))) - half_up(Fraction(str(b))) for a, b in ((e1, e2), (n1, n2)))
    return math.isqrt(de * de + dn * dn)


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day of the month, so many months earlier (the year's first day is always the 1st)."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, day.day)
