"""What follows from a case and a policy: posts, loads, tenure, flags, distance (docs/reference/rules.md)."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Hashable
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from allocator.domain import posts
from allocator.domain.calendar import Year, first_year, half_up, months_before, quarters
from allocator.domain.case import Case, Decision, History, Interest, Need, NeedChange, Refusal, School, Sip, Wish
from allocator.domain.flags import Flag, flags_of
from allocator.domain.national_grid import metres_apart, whole_metres
from allocator.domain.policy import Policy
from allocator.domain.posts import Five
from allocator.domain.posts import Post as Post  # rules name it from here

if TYPE_CHECKING:
    from allocator.domain.standing import Standing

T = TypeVar("T")
ENTERS = (None, "needs_sip", "buys_in")


def plain(text: str | None) -> str:
    """A text as it is compared: no case, no outer or repeated blanks; blank is the empty text."""
    return " ".join(text.split()).casefold() if text else ""


def same_text(a: str | None, b: str | None) -> bool:
    """Both filled and equal as compared."""
    return bool(plain(a)) and plain(a) == plain(b)


class Facts:
    """A case seen through a policy. Everything is worked out once, on demand, without schools x SIPs products."""

    def __init__(self, case: Case, policy: Policy, *, standing: Standing | None = None) -> None:
        self.case, self.policy, self.standing = case, policy, standing
        self.year = Year(case.year, policy.calendar)
        self.schools: dict[str, School] = {s.urn: s for s in sorted(case.schools, key=lambda s: s.urn)}
        self.sips: dict[str, Sip] = {s.sip: s for s in sorted(case.sips, key=lambda s: s.sip)}
        self.useful: frozenset[str] = frozenset(self.sips)  # SIPs who may take some post, once pairs are known (rules)
        self._once: dict[Hashable, Any] = {}
        self._tenure: dict[tuple[str, str], int] = {}
        self._capacity: dict[str, int] = {}
        self._flags: dict[str, tuple[Flag, ...]] = {}

    # -- posts and days ------------------------------------------------------------------------------

    @cached_property
    def _need_changes(self) -> dict[str, list[NeedChange]]:
        out: dict[str, list[NeedChange]] = defaultdict(list)
        for row in sorted(self.case.needs, key=lambda r: r.on):
            out[row.urn].append(row)
        return out

    def need_changes(self, urn: str) -> list[NeedChange]:
        """Changes of need or category within the year, by date."""
        return self._need_changes.get(urn, [])

    def need(self, urn: str) -> Need:
        """The need as it now stands."""
        changed = [n.need for n in self.need_changes(urn) if n.need]
        return changed[-1] if changed else self.schools[urn].need or "standard"

    def name(self, urn: str) -> str:
        """The school's name; its URN when it is not in the case any more."""
        return self.schools[urn].name if urn in self.schools else urn

    def in_run(self, school: School) -> bool:
        """Whether the school has posts (rules participation and school status, domain K1, 3.2); its dates always
        count."""
        enters = school.participation in ENTERS and school.status in (None, "open", "proposed_to_close")
        return (
            (enters or not self.policy.participation.on)
            and (school.closes_on is None or school.closes_on > self.year.first)
            and (school.opens_on is None or school.opens_on <= self.year.last_planned)
        )

    @cached_property
    def year_posts(self) -> tuple[Post, ...]:
        """All posts of the whole year, by URN, then lead, support, appraisal."""
        return posts.year_posts(self)

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """The posts to be filled: the year's, or in a repair the part of each that is still open."""
        return self.year_posts if self.standing is None else self.standing.open

    def starts(self, post: Post, sip: Sip) -> dt.date:
        """When the SIP's own time at a post begins; one who joins after its end is taken to be there
        (*availability* off)."""
        late = sip.joined_on is not None and post.start < sip.joined_on <= post.end
        return sip.joined_on if late and sip.joined_on else post.start

    def load(self, post: Post, sip: Sip) -> Five:
        """Quarter-days this pair takes: the year, then the four periods."""
        return posts.load(self, post, sip)

    def new_pairing(self, post: Post, sip: Sip) -> bool:
        """No post of any role here in the year before, nor earlier this year (domain B10)."""
        return self.new_at(post)(sip)

    def new_at(self, post: Post) -> Callable[[Sip], bool]:
        """`new_pairing` of anybody at this post."""
        if post.kind == "appraisal":
            return lambda _: False
        served = self.standing.served(post.urn) if self.standing else ()
        known = {*self._last_year.get(post.urn, ()), *served, *post.earlier}
        if not post.late:
            return lambda sip: sip.sip not in known
        return lambda sip: sip.sip not in known and sip.joined_on is not None and sip.joined_on >= post.start

    def spent(self, sip: str) -> Five:
        """Quarter-days already given or arranged, whatever is decided now; none outside a repair."""
        return (0, 0, 0, 0, 0) if self.standing is None else self.standing.spent(sip)

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
        if urn not in self._older:
            return self._history_by_urn.get(urn, [])
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

    def incumbent_of(self, post: Post) -> str | None:
        """Who holds a post or part now: in a repair its holder, else, for a lead, the lead of the year before."""
        if self.standing is not None:
            return self.standing.holders.get(post.key)
        return self.incumbent(post.urn) if post.kind == "lead" else None

    @cached_property
    def _last_leads(self) -> dict[str, str]:
        out = dict(self._incumbents)
        for urn in self.schools.keys() - out.keys():
            rows = [r for r in self.history(urn) if r.role in (None, "lead")]
            last = [r for r in rows if first_year(r.year) == self.year.start_year - 1]
            if last:
                end = dt.date(self.year.start_year, 8, 31)
                out[urn] = min(last, key=lambda r: (-(r.ended_on or end).toordinal(), r.sip)).sip
        return out

    def last_lead(self, urn: str) -> str | None:
        """Who led at the end of the year before, whatever way it ended (contract 2): whom a wish without a name is
        about."""
        return self._last_leads.get(urn)

    @cached_property
    def led_last_year(self) -> dict[str, list[str]]:
        """SIP -> schools whose last lead they were, whatever way it ended."""
        out: dict[str, list[str]] = defaultdict(list)
        for urn, sip in sorted(self._last_leads.items()):
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

    def once(self, what: Hashable, work: Callable[[], T]) -> T:
        """Something that a rule needs, worked out once for this case."""
        if what not in self._once:
            self._once[what] = work()
        kept: T = self._once[what]
        return kept

    @cached_property
    def interests(self) -> dict[str, list[Interest]]:
        """SIP -> declared interests not lapsed before the first day (domain D9)."""
        out: dict[str, list[Interest]] = defaultdict(list)
        for row in self.case.interests:
            if row.until is None or row.until >= self.year.first:
                out[row.sip].append(row)
        return out

    # -- place and position -------------------------------------------------------------------------------

    @cached_property
    def _travel(self) -> dict[tuple[str, str], float]:
        return {(t.urn, t.sip): t.km for t in self.case.travel if t.km is not None}

    def given_km(self, urn: str, sip: str) -> bool:
        """True when the distance is the `travel` table's, not a straight line."""
        return (urn, sip) in self._travel

    def metres(self, urn: str, sip: str) -> int | None:
        """Distance in metres, given or straight line; None when unknown."""
        if self._travel and (urn, sip) in self._travel:
            return half_up(Fraction(str(self._travel[urn, sip])) * 1000)
        return metres_apart(self.school_at[urn], self.sip_at[sip])

    @cached_property
    def school_at(self) -> dict[str, tuple[int, int] | None]:
        """URN -> grid point in whole metres."""
        return {urn: whole_metres(row.easting, row.northing) for urn, row in self.schools.items()}

    @cached_property
    def sip_at(self) -> dict[str, tuple[int, int] | None]:
        """SIP -> grid point in whole metres."""
        return {sip: whole_metres(row.easting, row.northing) for sip, row in self.sips.items()}

    def as_it_stands(self, urn: str) -> School:
        """The school's row with need and category as they now are."""
        school = self.schools[urn]
        for change in self.need_changes(urn):
            given = change.model_dump(include={"need", "category_of_concern"}, exclude_none=True)
            school = school.model_copy(update=given)
        return school

    def flags(self, urn: str) -> tuple[Flag, ...]:
        if urn not in self._flags:
            self._flags[urn] = flags_of(self.as_it_stands(urn))
        return self._flags[urn]
