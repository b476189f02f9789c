"""Next year before it is planned, as lists: the coming three years, who comes to a turn, what runs out, what
lapses (practice, "The year")."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocator import rules
from allocator.domain.before import last_year
from allocator.domain.calendar import year_label
from allocator.domain.case import Decision, Interest, Row, Sip
from allocator.domain.facts import Facts
from allocator.domain.plan import Plan
from allocator.domain.policy import Policy
from allocator.questions.rollover import Rollover, next_year
from allocator.questions.years_ahead import Ahead, Turn, Turning, YearAhead, years_ahead
from allocator.reasons.answer import world
from allocator.reasons.spoken import name_of
from allocator.report.changes_told import DECISION
from allocator.report.lapses import checks
from allocator.report.listing import FactToMend, Listing
from allocator.words import counted, day, days, listed, noun, words

Kept = Callable[[Sip, Sequence[str]], str]  # what a renewal of this SIP's check would keep of these schools, in words
RULE_OF = {"DBS": "dbs", "Contract": "availability", "Training": "training", "Approved by the board": "approval"}


@dataclass(frozen=True)
class NextYear:
    """A year that is not planned yet: its case, what comes, and all of it as lists, the coming years first."""

    facts: Facts
    found: Ahead
    lists: tuple[Listing, ...]


def before_planning(facts: Facts, today: dt.date, turn: Rollover | None = None) -> NextYear:
    """Of a case that is not planned yet. `turn`: the roll-over it came from, where that is known."""
    found = years_ahead(facts)
    lists = (years(facts, found), runs_out(facts, today), turns(facts, found))
    return NextYear(facts, found, (*lists, lapses(facts, turn.lapsed)) if turn is not None else lists)


def after(plan: Plan, today: dt.date) -> NextYear:
    """The year after this plan's."""
    turn = next_year(plan)
    return before_planning(Facts(turn.case, world(plan)[1]), today, turn)


def coming(plan: Plan, policy: Policy) -> Listing:
    """The three years after this plan's, alone."""
    facts = Facts(next_year(plan).case, policy)
    return years(facts, years_ahead(facts))


# -- the coming years -----------------------------------------------------------------------------------------------


def years(facts: Facts, found: Ahead) -> Listing:
    """A row a year: days due against days offered by today's team, and the pairs that come to a turn."""
    rows = tuple(
        (
            year_label(y.year),
            y.schools,
            y.due,
            y.offered,
            y.left,
            y.only_if,
            *(len(found.of(y.year, turn)) for turn in ("review", "limit", "gone")),
        )
        for y in found.years
    )
    head = ("year", "schools", "due", "offered", "left", "renew", "review", "limit", "gone")
    said = " ".join(x for x in (_room(found.years), _cliff(facts, found), _nobody(found)) if x)
    return Listing("years", "The coming three years with today's team, in days and pairs", head, rows, said)


def _room(years: Sequence[YearAhead]) -> str:
    """The first year that is short, and what hangs on renewals."""
    short = next((y for y in years if y.left < 0), None)
    first = years[0]
    least = min(years, key=lambda y: y.left)
    out = (
        (
            f"In {year_label(short.year)} {days(-short.left)} {noun(-short.left, 'is', 'are')} wanting: "
            f"{short.due:g} due, {short.offered:g} offered."
        )
        if short
        else f"The days suffice in each; fewest are left in {year_label(least.year)}: {least.left:g}."
    )
    if first.only_if:
        n = "All" if first.only_if == first.offered else f"{first.only_if:g} of the"
        out += f" {n} {first.offered:g} days offered in {year_label(first.year)} come only with a renewal (renew)."
    return out


def _cliff(facts: Facts, found: Ahead) -> str:
    """The year with most pairs at the limit, and whose they are."""
    worst = max(found.years, key=lambda y: (len(found.of(y.year, "limit")), -y.year))
    pairs = found.of(worst.year, "limit")
    if not pairs:
        part = facts.policy.tenure
        if not part.on:
            return "No limit of years is in force."
        return (
            "The first run's amnesty is on: nobody is at the limit."
            if part.first_year_amnesty
            else "No pair reaches the limit."
        )
    whose = Counter(t.sip for t in pairs).most_common()
    most = [(s, n) for s, n in sorted(whose, key=lambda x: (-x[1], name_of(facts, x[0]))) if n == whose[0][1]]
    who = listed([name_of(facts, s) for s, _ in most[:3]])
    tail = f", {most[0][1]} of them {who}'s" if len(most) == 1 and most[0][1] > 1 else ""
    return (
        f"Most change in {year_label(worst.year)} for the limit alone: {len(pairs)} of "
        f"{counted(worst.schools, 'school')}{tail}. An extension spreads them."
    )


def _nobody(found: Ahead) -> str:
    n = len(found.nobody)
    return f"{counted(n, 'school begins', 'schools begin')} with nobody." if n else ""


TURN = {
    "gone": "its SIP is gone",
    "limit": "may not go on unless it is extended",
    "review": "ask both sides whether to go on",
}


SHORT: dict[Turn, str] = {"limit": "at the limit", "review": "to review", "gone": "whose SIP is gone"}


def turns(facts: Facts, found: Ahead) -> Listing:
    """Every pair that comes to a turn, by year."""
    rows = tuple(
        (facts.name(t.urn), t.urn, name_of(facts, t.sip), year_label(t.year), t.led, TURN[t.turn]) for t in found.turns
    )
    head = ("school", "URN", "SIP", "year", "years by then", "to do")
    said = (
        "If every pair goes on as it is; whoever comes anew begins to count anew."
        if rows
        else "No pair comes to a turn."
    )
    return Listing(
        "turns", "Who reaches review and limit, year by year", head, rows, said, tuple(map(_extension, found.turns))
    )


def by_year(ahead: NextYear) -> tuple[Listing, ...]:
    """The pairs that come to a turn, a list a year, each headed with how many come to which: what a page folds."""
    whole = next(x for x in ahead.lists if x.name == "turns")
    col, out = whole.head.index("year"), []
    for y in ahead.found.years:
        year, n = year_label(y.year), {turn: len(ahead.found.of(y.year, turn)) for turn in SHORT}
        said = listed([f"{n[t]} {text}" for t, text in SHORT.items() if n[t]])
        here = [i for i, row in enumerate(whole.rows) if row[col] == year]
        rows = tuple(whole.rows[i][:col] + whole.rows[i][col + 1 :] for i in here)
        facts = tuple(whole.facts[i] for i in here)
        if rows:
            head = whole.head[:col] + whole.head[col + 1 :]
            out.append(Listing(f"turns-{y.year}", f"{year}: {said}", head, rows, "", facts))
    return tuple(out)


def _extension(t: Turning) -> FactToMend | None:
    """Where an extension would be written down: a new decision."""
    return FactToMend("decisions", urn=t.urn, sip=t.sip) if t.turn == "limit" else None


# -- what runs out ---------------------------------------------------------------------------------------------------


def runs_out(facts: Facts, today: dt.date, kept: Kept | None = None) -> Listing:
    """What ends or is missing for every SIP on the team, with or without a school, and what it bars.

    `kept` says what a renewal would keep; without it that column is left out.
    """
    rows: list[tuple[Any, ...]] = []
    where: list[FactToMend | None] = []
    for sip in facts.sips.values():
        if sip.status not in (None, "active"):
            continue
        for check in checks(facts, sip, None, today):
            if check.warns:
                n, alone = barred_by(facts, sip, check.name)
                then = (kept(sip, alone) if check.name == "DBS" else "not asked") if kept and alone else ""
                rows.append((sip.name, check.name, check.warns, n, _schools(facts, alone), *([then] if kept else [])))
                where.append(FactToMend("sips", sip.sip))
    said = "What is barred is barred by a published rule; renewed on record, the plan can be made again."
    if not rows:
        said = (
            "Every SIP on the team has DBS, contract and training beyond the last planned day, "
            f"{day(facts.year.last_planned)}."
        )
    head = (
        "SIP",
        "what",
        "how it stands",
        "posts that it bars",
        "of these theirs last year, barred by this alone",
        *(["renewed, they would keep"] if kept else []),
    )
    title = "Checks, contracts and training that end or are missing, and what each bars"
    return Listing("checks", title, head, tuple(rows), said, tuple(where))


def barred_by(facts: Facts, sip: Sip, what: str) -> tuple[int, list[str]]:
    """(posts of the year that this one check bars, schools the SIP led last year that nothing else bars)."""
    rule = RULE_OF.get(what, "")
    by_id = {r.id: r for r in rules.RULES if r.on(facts)}
    one = by_id.get(rule)
    barred = [p for p in facts.year_posts if one is not None and one.block(facts, p, sip)]
    alone = [
        p.urn
        for p in barred
        if p.kind == "lead"
        and last_year(facts, p.urn, "lead") == sip.sip
        and not any(r.block(facts, p, sip) for id, r in by_id.items() if id != rule)
    ]
    return len(barred), alone


def _schools(facts: Facts, urns: Sequence[str]) -> str:
    return listed([facts.name(u) for u in urns]) or "none"


# -- what lapses at the turn of the year ------------------------------------------------------------------------------

AGAIN = {
    "wishes": "ask schools and SIPs again",
    "answers": "nothing: each year has its own",
    "worked": "nothing: they stay with this year",
    "refusals": "nothing: a veto holds for its year and the next",
    "absences": "record those of next year",
}
WHY = {"lock": "a lock is for its year", "allow_change": "was for this year", "extend_tenure": "was for this year"}


def lapses(facts: Facts, lapsed: Mapping[str, Sequence[Row]]) -> Listing:
    """Decisions and interests one by one, what lapses as a whole by its count."""
    rows: list[tuple[str, str, str, str]] = []
    for row in lapsed.get("decisions", ()):
        if isinstance(row, Decision):
            rows.append(_decision(facts, row))
    for row in lapsed.get("interests", ()):
        if isinstance(row, Interest):
            about = facts.name(row.urn) if row.urn else row.trust or row.la or ""
            rows.append(
                ("interest", f"{name_of(facts, row.sip)} in {about}", _ran(row.until), "nothing: it bars no more")
            )
    for table, todo in AGAIN.items():
        if n := len(lapsed.get(table, ())):
            rows.append(
                (
                    words(table),
                    f"all {n}" if n > 1 else "one",
                    "is for its year" if n == 1 else "are for their year",
                    todo,
                )
            )
    said = "What else was decided goes on until its date, or until it is taken back." if rows else "Nothing lapses."
    return Listing("lapses", "What lapses with this year", ("what", "about whom", "why", "to do"), tuple(rows), said)


def _decision(facts: Facts, row: Decision) -> tuple[str, str, str, str]:
    about = DECISION[row.decision].format(
        sip=name_of(facts, row.sip) if row.sip else "whoever leads", urn=facts.name(row.urn)
    )
    led = facts.tenure_year(row.urn, row.sip) - 1 if row.sip and row.urn in facts.schools else 0
    again = row.decision == "extend_tenure" and led >= facts.policy.tenure.limit
    todo = "extend it again, or they may not go on" if again else "decide again if it is still meant"
    return words(row.decision), about, _ran(row.until) if row.until else WHY[row.decision], todo


def _ran(until: dt.date | None) -> str:
    return f"ran to {day(until)}" if until else ""
