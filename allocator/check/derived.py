"""What the auditor works out for itself from the tables: posts, days, loads, tenure, position, distance.

Written from docs/reference/rules.md and the contract, not from the rules' code, so that a slip there shows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from math import isqrt

from allocator.check.ledger import Keeping, Ledger, by, once
from allocator.domain.case import Case, DecisionKind, History, NeedChange, School, Sip
from allocator.domain.policy import Policy

Quarter = int
ORDER = {"lead": 0, "support": 1, "appraisal": 2}


@lru_cache(maxsize=65536)
def norm(text: str | None) -> str:
    return " ".join((text or "").split()).casefold()


def alike(a: str | None, b: str | None) -> bool:
    return a is not None and b is not None and norm(a) != "" and norm(a) == norm(b)


@lru_cache(maxsize=65536)
def dec(x: float) -> Decimal:
    return Decimal(str(x))


def floor(x: Decimal) -> int:
    return int(x.to_integral_value(ROUND_FLOOR))


def nearest(x: Decimal) -> int:
    """Half up, for figures that are not negative."""
    return int(x.to_integral_value(ROUND_HALF_UP))


def split(total: int, weights: list[int]) -> list[int]:
    """Largest remainder; a tie goes to the earlier."""
    whole = sum(weights)
    parts = [total * w // whole for w in weights]
    rests = [total * w % whole for w in weights]
    for _ in range(total - sum(parts)):
        best = max(range(len(weights)), key=lambda n: (rests[n], -n))
        parts[best] += 1
        rests[best] = -1
    return parts


@dataclass(frozen=True)
class Post:
    """A post as the auditor sees it, or a part of one; `trims` maps quarter-days short to the periods then given."""

    urn: str
    kind: str
    need: str
    due: Quarter
    begin: dt.date
    end: dt.date
    periods: tuple[int, ...]
    trims: dict[int, tuple[int, ...]] = field(default_factory=dict, compare=False, hash=False)
    part: int = 1

    @cached_property
    def key(self) -> tuple[str, str]:
        """URN and slot: the kind, and within the year the number of the part from the second on."""
        return self.urn, self.kind if self.part == 1 else f"{self.kind}/{self.part}"

    def meets(self, other: Post) -> bool:
        """Whether the two share a day."""
        return max(self.begin, other.begin) <= min(self.end, other.end)


def apart(a: tuple[int, int] | None, b: tuple[int, int] | None) -> int | None:
    """Whole metres between two places, as the crow flies."""
    if a is None or b is None:
        return None
    return isqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)


class Book(Keeping):
    """The tables of a case, opened for audit."""

    useful: frozenset[str] = frozenset()  # SIPs who may hold some post; set before points are asked for

    def __init__(self, case: Case, policy: Policy) -> None:
        self.case, self.policy = case, policy
        self.start = int(case.year[:4])
        self.first = dt.date(self.start, 9, 1)
        self.schools = {s.urn: s for s in case.schools}
        self.sips = {s.sip: s for s in case.sips}
        self.school_at = {s.urn: _spot(s) for s in case.schools}  # in whole metres
        self.sip_at = {s.sip: _spot(s) for s in case.sips}
        self.find, self.kept = Ledger(case), {}
        self.old: dict[str, set[str]] = {}
        for urn in self.schools:
            found, todo = {urn}, [urn]
            while todo:
                here = todo.pop()
                for row in self.find.old.get(here, ()):
                    if row.old_urn not in found:
                        found.add(row.old_urn)
                        todo.append(row.old_urn)
            self.old[urn] = found
        self.rows = {
            u: [h for old in sorted(self.old[u]) for h in self.find.history.get(old, ())] for u in self.schools
        }
        self.year_posts = self._posts()

    @once
    def on(self, month_day: str) -> dt.date:
        """A month-day in the academic year."""
        m, d = (int(x) for x in month_day.split("-"))
        year = self.start if m >= 9 else self.start + 1
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return dt.date(year, m, 28 if (m, d) == (2, 29) and not leap else d)

    # -- posts -------------------------------------------------------------------------------------

    def enters(self, s: School) -> bool:
        here = s.participation is None or s.participation in ("needs_sip", "buys_in")
        is_open = s.status is None or s.status in ("open", "proposed_to_close")
        comes = s.opens_on is None or s.opens_on <= self.on(self.policy.calendar.last_day)
        gone = s.closes_on is not None and s.closes_on <= self.first
        return comes and not gone and (not self.policy.participation.on or (here and is_open))

    def turns(self, urn: str) -> list[NeedChange]:
        """Changes of need or category within the year, by date."""
        return sorted(self.find.needs.get(urn, ()), key=lambda n: n.on)

    @once
    def need(self, urn: str) -> str:
        """The need as it now stands."""
        out = self.schools[urn].need or "standard"
        for n in self.turns(urn):
            out = n.need or out
        return out

    @once
    def bounds(self) -> list[tuple[dt.date, dt.date]]:
        """First and last day of each period."""
        c = self.policy.calendar
        begins = [self.first, self.on(c.autumn_2_starts), self.on(c.spring_starts), self.on(c.summer_starts)]
        return list(zip(begins, [b - dt.timedelta(days=1) for b in begins[1:]] + [self.on(c.last_day)], strict=True))

    @once
    def period_of(self, day: dt.date) -> int:
        return max([n for n, (begin, _) in enumerate(self.bounds()) if begin <= day], default=0)

    def _posts(self) -> list[Post]:
        out: list[Post] = []
        p = self.policy
        heads: set[str] = set()
        for urn in sorted(self.schools):
            s = self.schools[urn]
            if not self.enters(s):
                continue
            need = self.need(urn)
            lead = self._lead(s)
            if lead.end < lead.begin:
                continue  # closed before it opens: no day on which anybody could come
            out.append(lead)
            apart = need in p.separation.needs or self.decided("separate_support", urn)
            if p.separation.on and apart and s.support_days != 0:
                days = p.days.support if s.support_days is None else s.support_days
                out.append(
                    self._post(s, "support", split(nearest(4 * dec(days)), self._weights("support")), self._apart(s))
                )
            if s.appraisal not in (None, "none") and s.appraisal_days != 0:
                if p.shared_head.on and s.head is not None and s.head in heads:
                    continue
                days = p.days.appraisal if s.appraisal_days is None else s.appraisal_days
                post = self._post(s, "appraisal", [0, nearest(4 * dec(days)), 0, 0])
                if post.begin <= post.end and s.head is not None:
                    heads.add(s.head)
                out.append(post)
        return [post for post in out if post.begin <= post.end]

    def _apart(self, s: School) -> dt.date | None:
        """The date from which only a change of need asks for separate support."""
        needs = self.policy.separation.needs
        if s.need in needs or self.decided("separate_support", s.urn):
            return None
        return next((n.on for n in self.turns(s.urn) if n.need in needs), None)

    def _lead(self, s: School) -> Post:
        def full(need: str) -> list[int]:
            d = self.policy.days
            by_policy = d.flat if d.model == "flat" else next((v for k, v in d.graduated.items() if k == need), d.flat)
            return split(nearest(4 * dec(by_policy if s.days is None else s.days)), self._weights("lead"))

        parts = full(s.need or "standard")
        turned = [n for n in self.turns(s.urn) if n.need]
        year_end = dt.date(self.start + 1, 8, 31)
        for n in turned:
            new = full(n.need or "")
            for k, (begin, end) in enumerate(self.bounds()):
                length = (end - begin).days + 1
                later = max(0, (min(end, year_end) - max(begin, n.on, self.first)).days + 1)
                parts[k] = nearest(Decimal(parts[k] * (length - later) + new[k] * later) / length) if length > 0 else 0
        return self._post(s, "lead", parts, None, bool(turned))

    @once
    def _weights(self, kind: str) -> list[int]:
        c = self.policy.calendar
        return [0, 1, 0, 0] if kind == "appraisal" else [c.autumn_1, c.autumn_2, c.spring, c.summer]

    def _post(self, s: School, kind: str, parts: list[int], begin: dt.date | None = None, uneven: bool = False) -> Post:
        c = self.policy.calendar
        begin, end = begin or self.first, self.on(c.appraisal_by if kind == "appraisal" else c.last_day)
        whole = (self.first, end)
        begin, end = max(begin, s.opens_on or begin), min(end, s.closes_on or end)
        if (begin, end) != whole:
            kept = []
            for q, (b, e) in zip(parts, self.bounds(), strict=True):
                length, inside = (e - b).days + 1, (min(e, end) - max(b, begin)).days + 1
                kept.append(nearest(Decimal(q) * max(0, inside) / length) if length > 0 else 0)
            parts, uneven = kept, True
        due, weights = sum(parts), parts if uneven else self._weights(kind)
        step, low = nearest(4 * dec(self.policy.days.trim_step)), 4 * dec(self.policy.days.floor)
        trims: dict[int, tuple[int, ...]] = {}
        short = step
        while step > 0 and short <= due and due - short >= low:
            trims[short] = tuple(split(due - short, weights))
            short += step
        return Post(s.urn, kind, self.need(s.urn), due, begin, end, tuple(parts), trims)

    def begins(self, post: Post, sip: Sip) -> dt.date:
        """The SIP's own start; one who joins after the post's end is taken to be there (*availability* off)."""
        return sip.joined_on if sip.joined_on and post.begin < sip.joined_on <= post.end else post.begin

    def waits(self, sip: str, start: dt.date) -> bool:
        """Whether a row that starts so is of a SIP who joins then, in time: the days before it are theirs, too."""
        in_time = not self.policy.availability.on or start <= self.on(self.policy.calendar.latest_start)
        return in_time and sip in self.sips and self.sips[sip].joined_on == start

    @once
    def new_head(self, urn: str) -> bool:
        s = self.schools[urn].head_started
        return bool(s and s > dt.date(self.start - 1, 9, 1))

    # -- people --------------------------------------------------------------------------------------

    def capacity(self, sip: Sip) -> int:
        c, d = self.policy.capacity, dec(sip.days)
        full = dec(c.full_time_days)
        # one division at the end keeps the arithmetic exact
        overhead_times_full = dec(c.overhead) * min(full, d)
        exact = (d * 100 - d * dec(c.reserve_percent)) * full - overhead_times_full * 100
        return max(0, int((4 * exact) // (100 * full)))

    def limits(self, sip: Sip) -> list[int | None]:
        given = [sip.autumn_1_days, sip.autumn_2_days, sip.spring_days, sip.summer_days]
        return [None if g is None else floor(4 * dec(g)) for g in given]

    def hard(self, limit: int) -> int:
        return floor(limit * dec(self.policy.capacity.period_stretch))

    # -- relationships ---------------------------------------------------------------------------------

    def decided(self, what: DecisionKind, urn: str, sip: str | None = None) -> bool:
        return any(
            (d.until is None or d.until >= self.first) and (sip is None or d.sip is None or d.sip == sip)
            for d in self.find.decisions.get((what, urn), ())
        )

    def lead_years(self, urn: str, sip: str) -> dict[int, bool]:
        """Year led -> whether the tenure went on after it."""
        out: dict[int, bool] = {}
        for h in self.with_sip(urn, sip):
            y = int(h.year[:4])
            if (h.role or "lead") == "lead" and y < self.start:
                out[y] = out.get(y, True) and h.ended in (None, "end_of_year")
        return out

    def with_sip(self, urn: str, sip: str) -> Sequence[History]:
        """Rows of a school's history, and of those before it, with one SIP."""
        return self._by_sip(urn).get(sip, ())

    @once
    def _by_sip(self, urn: str) -> dict[str, list[History]]:
        return by(self.rows[urn], lambda h: h.sip)

    def tenure(self, urn: str, sip: str) -> int:
        led, n = self.lead_years(urn, sip), 1
        while led.get(self.start - n):
            n += 1
        return n

    @once
    def incumbent(self, urn: str) -> str | None:
        held = [s for s in self._by_sip(urn) if self.tenure(urn, s) > 1]
        return min(held, key=lambda s: (-self.tenure(urn, s), s)) if held else None

    @once
    def last_lead(self, urn: str) -> str | None:
        """Who led when last year ended, or ended last in it, however it ended: whom an unnamed wish is about."""
        if self.incumbent(urn):
            return self.incumbent(urn)
        best: tuple[dt.date, str] | None = None
        for h in self.rows[urn]:
            if int(h.year[:4]) == self.start - 1 and (h.role or "lead") == "lead":
                until = h.ended_on or dt.date(self.start, 8, 31)
                if best is None or until > best[0] or (until == best[0] and h.sip < best[1]):
                    best = until, h.sip
        return best[1] if best else None

    @once
    def protected(self, urn: str) -> bool:
        part = self.policy.protection
        if not part.on or self.decided("allow_change", urn):
            return False
        months = self.start * 12 + 8 - part.months
        since = dt.date(months // 12, months % 12 + 1, 1)
        for h in self.rows[urn]:
            if (h.role or "lead") == "lead" and h.ended in ("sip_left", "sip_asked", "manager"):
                on = h.ended_on or dt.date(int(h.year[:4]) + 1, 8, 31)
                if since <= on < self.first:
                    return True
        return False

    @once
    def flags(self, urn: str) -> set[str]:
        s, out = self.schools[urn], set()
        category = s.category_of_concern
        for n in self.turns(urn):
            category = n.category_of_concern or category
        if category == "SM":
            out.add("special_measures")
        if category in ("SWK", "RSI"):
            out.add("significant_improvement")
        areas = [
            s.card_inclusion,
            s.card_curriculum,
            s.card_achievement,
            s.card_attendance,
            s.card_development,
            s.card_early_years,
            s.card_post_16,
            s.card_leadership,
        ]
        has_card = s.card_safeguarding is not None or any(a is not None for a in areas)
        if s.card_safeguarding == "not_met" or (not has_card and s.oeif_safeguarding is False):
            out.add("safeguarding_not_met")
        if "urgent_improvement" in areas:
            out.add("urgent_improvement")
        if s.card_leadership == "needs_attention":
            out.add("leadership_needs_attention")
        low = ("3", "4")
        if s.oeif_overall in low or s.previous_oeif_overall in low:
            out.add("earlier_ri")
        if s.oeif_overall == "not_judged" and (s.oeif_quality_of_education in low or s.oeif_leadership in low):
            out.add("earlier_ri")
        if s.stuck:
            out.add("stuck")
        if self.need(urn) == "top":
            out.add("top_need")
        return out

    def metres(self, urn: str, sip: str) -> int | None:
        km = self.find.km.get((urn, sip)) if self.find.km else None
        if km is not None:
            return nearest(dec(km) * 1000)
        return apart(self.school_at[urn], self.sip_at[sip])

    def rates(self) -> list[Decimal]:
        """Day rates known of those who may hold some post or part."""
        return self._rates(self.useful)

    @once
    def _rates(self, of: frozenset[str]) -> list[Decimal]:
        return [dec(s.day_rate) for s in self.sips.values() if s.day_rate is not None and s.sip in of]


def _spot(row: School | Sip) -> tuple[int, int] | None:
    east, north = row.easting, row.northing
    return None if east is None or north is None else (nearest(dec(east)), nearest(dec(north)))


def lot(seed: int, urn: str, post: str, sip: str) -> int:
    return int(hashlib.sha256(f"{seed}|{urn}|{post}|{sip}".encode()).hexdigest()[:5], 16)
