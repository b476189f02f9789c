"""The board's cards and columns: a card for each post, a column for each SIP, worked out from the plan and the
round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from allocator.domain.case import NEEDS, Sip
from allocator.domain.facts import Facts
from allocator.domain.plan import Assignment, Load, Plan, Unfilled
from allocator.domain.round import Round
from allocator.words import days

PERIODS = ("September–October", "November–December", "Spring", "Summer")
PEAK = 1
STAGES = {
    "proposed": "Told",
    "queried": "Question",
    "accepted": "Accepted",
    "overruled": "Decided: stays",
    "refused": "Refused",
    "confirmed": "Confirmed",
}
TAGS = {  # what a card may be filtered by
    "new": "New SIP",
    "locked": "Locked",
    "tie": "Equal choice",
    "short": "Short of days",
    "need": "High need",
    "unfilled": "Nobody yet",
}
ORDERS: dict[str, str] = {
    "name": "name",
    "left": "days left, most first",
    "peak": "November load, fullest first",
    "schools": "schools, most first",
}
SORTS: dict[str, str] = {"name": "name", "need": "need, highest first", "days": "days, most first"}


@dataclass(frozen=True)
class Card:
    """A post on the board. `line` says why in one line; `tags` are (key of TAGS or "", words)."""

    urn: str
    post: str
    school: str
    sip: str | None
    days: float
    need: str
    line: str
    tags: tuple[tuple[str, str], ...]
    search: str

    @property
    def id(self) -> str:
        return f"{self.urn}-{self.post}"


@dataclass(frozen=True)
class Bar:
    """Days against a limit, in days. `limit` None = none was given; `width` and `mark` are hundredths of the
    drawing."""

    name: str
    days: float
    limit: float | None
    width: float
    mark: float | None

    @property
    def over(self) -> float:
        return max(0.0, self.days - self.limit) if self.limit is not None else 0.0

    @property
    def text(self) -> str:
        if self.limit is None:
            return days(self.days)
        return f"{self.days:g} of {self.limit:g} days" + (f", over by {self.over:g}" if self.over else "")


@dataclass(frozen=True)
class SipColumn:
    """A SIP with what is on the board under them."""

    sip: Sip
    load: Load
    cards: tuple[Card, ...]
    year: Bar
    periods: tuple[Bar, ...]
    hidden: int  # cards that the filter leaves out

    @property
    def left(self) -> float:
        return self.load.capacity - self.load.days


def bars(facts: Facts, sip: Sip, load: Load) -> tuple[Bar, tuple[Bar, ...]]:
    """The year against capacity, and the four periods against the limits given, all on one scale a group."""
    limits = [None if q is None else q / 4 for q in facts.period_limits(sip)]
    days = list(load.periods.model_dump().values())
    most = max([1.0, *days, *(x for x in limits if x is not None)])
    year = _bar("Year", load.days, load.capacity, max(1.0, load.days, load.capacity))
    return year, tuple(_bar(n, d, x, most) for n, d, x in zip(PERIODS, days, limits, strict=True))


def _bar(name: str, days: float, limit: float | None, most: float) -> Bar:
    return Bar(name, days, limit, round(100 * days / most, 1), None if limit is None else round(100 * limit / most, 1))


def line(a: Assignment) -> str:
    """The strongest reasons for the pair, and the strongest against, in one line that does not repeat the SIP's
    name."""

    def about(text: str) -> str:
        return text.rstrip(".").removeprefix(f"{a.name} ").replace(f"{a.name}'s", "their").replace(a.name, "them")

    good = [about(r.text) for r in a.reasons if r.points > 0 and r.text][:2]
    bad = [about(r.text) for r in a.reasons if r.points < 0 and r.text][:1]
    told = "; ".join(good) or ("" if bad or a.post != "lead" else "allowed, and no rule speaks for or against")
    told += (", but " if told else "") + bad[0] if bad else ""
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def cards(facts: Facts, plan: Plan, stands: Round) -> list[Card]:
    """Every open post of the plan, filled or not, in order of URN; what is settled has no card."""
    held = [a for a in plan.assignments if not a.settled]
    return [_held(facts, a, stands) for a in held] + [_empty(facts, u) for u in plan.unfilled]


def _held(facts: Facts, a: Assignment, stands: Round) -> Card:
    need = facts.need(a.urn)
    tags: list[tuple[str, str]] = []
    if a.post != "lead":
        tags.append(("", a.post.capitalize()))
    if a.new_pairing:
        tags.append(("new", "New"))
    if a.locked:
        tags.append(("locked", "Locked"))
    if a.tied_with:
        tags.append(("tie", "Equal choice"))
    if a.days_short:
        tags.append(("short", f"{days(a.days_short)} short"))
    if need in ("high", "top"):
        tags.append(("need", f"{need.capitalize()} need"))
    pair = stands.pairs.get((a.urn, a.post))
    if pair is not None and pair.stage in STAGES:
        tags.append(("", STAGES[pair.stage]))
    return Card(a.urn, a.post, a.school, a.sip, a.days, need, line(a), tuple(tags), _search(facts, a.urn, a.name))


def _empty(facts: Facts, u: Unfilled) -> Card:
    tags = [("unfilled", "Nobody yet"), *([("", u.post.capitalize())] if u.post != "lead" else [])]
    if u.need in ("high", "top"):
        tags.append(("need", f"{u.need.capitalize()} need"))
    due = next((p.due / 4 for p in facts.posts if p.key == (u.urn, u.post)), 0.0)
    return Card(u.urn, u.post, u.school, None, due, u.need, u.text, tuple(tags), _search(facts, u.urn, ""))


def _search(facts: Facts, urn: str, name: str) -> str:
    s = facts.schools[urn]
    return " ".join(str(x) for x in (s.name, urn, s.la, s.trust, s.cluster, name) if x).casefold()


def wanted(card: Card, q: str, tag: str) -> bool:
    """Whether the card passes the search (every word somewhere in it) and the filter."""
    return all(word in card.search for word in q.casefold().split()) and (not tag or tag in {k for k, _ in card.tags})


def sorted_cards(found: Iterable[Card], sort: str) -> tuple[Card, ...]:
    def key(c: Card) -> tuple[float, str, str]:
        first = {"name": 0.0, "need": float(NEEDS.index(c.need)), "days": -c.days}[sort]
        return first, c.school, c.id

    return tuple(sorted(found, key=key))


def columns(
    facts: Facts,
    plan: Plan,
    all_cards: Sequence[Card],
    *,
    q: str = "",
    tag: str = "",
    order: str = "name",
    sort: str = "name",
) -> list[SipColumn]:
    """A column for each SIP who offers days or holds a post; `order` is one of ORDERS, `sort` one of SORTS."""
    mine: dict[str, list[Card]] = defaultdict(list)
    for c in all_cards:
        if c.sip:
            mine[c.sip].append(c)
    out = []
    for load in plan.loads:
        sip, own = facts.sips[load.sip], mine[load.sip]
        if not own and (sip.status not in (None, "active") or not load.capacity):
            continue
        shown = [c for c in own if wanted(c, q, tag)]
        year, periods = bars(facts, sip, load)
        out.append(SipColumn(sip, load, sorted_cards(shown, sort), year, periods, len(own) - len(shown)))
    return sorted(out, key=lambda c: (_first(c, order), c.sip.name, c.sip.sip))


def _first(c: SipColumn, order: str) -> float:
    """What columns are put in order by, least first."""
    return {"name": 0.0, "left": -c.left, "schools": -float(c.load.posts), "peak": -_fullness(c.periods[PEAK])}[order]


def _fullness(bar: Bar) -> float:
    return bar.days / bar.limit if bar.limit else bar.days / 1000


def over_peak(found: Sequence[SipColumn]) -> list[str]:
    """Who is over their days in the second half of the autumn (domain question 8)."""
    return [f"{c.sip.name} by {c.periods[PEAK].over:g}" for c in found if c.periods[PEAK].over]
