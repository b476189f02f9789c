"""Lists that a manager is asked for (domain part 4), each a table: for a terminal, a page and a sheet of the workbook.

A list reads the plan and its case. Those in DEARER plan the year again for some of their rows; a page and the
plan's own workbook leave that out, the command does it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from allocator.allocate import Setup
from allocator.domain.calendar import first_year
from allocator.domain.case import Sip
from allocator.domain.facts import Facts, Post
from allocator.domain.plan import Assignment, Plan
from allocator.engine.tiers import Stop
from allocator.errors import UsageError
from allocator.intake.problems import nearest
from allocator.questions import wanted
from allocator.reasons.answer import ready_from
from allocator.report.ahead import coming, runs_out
from allocator.report.lapses import ties
from allocator.report.listing import Listing as Listing
from allocator.report.listing import ListSource
from allocator.report.tenures import changes, tenure
from allocator.rounds import facts_of
from allocator.words import counted, day, days, listed
from allocator.words import words as plain_words

PERIODS = ("autumn_1", "autumn_2", "spring", "summer")


def make(
    plan: Plan,
    name: str,
    *,
    today: dt.date,
    dearer: bool = False,
    stop: Stop | None = None,
    setup: Callable[[], Setup] | None = None,
) -> Listing:
    """One list of a plan. `setup`: how its setup is come by, where that may be known. Raises UsageError for a name
    that is none."""
    if name not in LISTS:
        near = nearest(name, LISTS)
        raise UsageError(
            f"There is no list {name}.{f' Did you mean {near}?' if near else ''} They are {', '.join(LISTS)}."
        )
    return LISTS[name][1](_source(plan, today, setup, dearer, stop))


def first_day(plan: Plan) -> dt.date:
    """The day by which a list from the command line judges what ends soon: the year's first, whatever the clock
    says."""
    return dt.date(first_year(str(plan.inputs.case["year"])), 9, 1)


def every(plan: Plan, *, today: dt.date, setup: Callable[[], Setup] | None = None) -> list[Listing]:
    """All lists without planning again."""
    desk = _source(plan, today, setup)
    return [made(desk) for _, made in LISTS.values()]


def _source(
    plan: Plan, today: dt.date, setup: Callable[[], Setup] | None, dearer: bool = False, stop: Stop | None = None
) -> ListSource:
    return ListSource(plan, facts_of(plan), setup or partial(ready_from, plan), today, dearer, stop)


# -- checks, contracts, training ------------------------------------------------------------------------------------


def lapses(desk: ListSource) -> Listing:
    """What runs out or is missing for every SIP on the team in the year of the plan, and what a renewal would keep."""
    return runs_out(desk.facts, desk.today, lambda sip, alone: _kept(desk, sip))


def _kept(desk: ListSource, sip: Sip) -> str:
    if not desk.dearer:
        return "the command says"
    until = dt.date(desk.facts.year.start_year + 2, 8, 31).isoformat()
    kept = wanted.renewed(desk.facts, desk.plan, sip.sip, until, desk.stop)
    return "not found out" if kept is None else desk.schools(kept) or "none"


def coming_years(desk: ListSource) -> Listing:
    """The three years after this one, from the plan."""
    return coming(desk.plan, desk.facts.policy)


# -- days by term ---------------------------------------------------------------------------------------------------


def by_term(desk: ListSource) -> Listing:
    facts = desk.facts
    rows: list[tuple[Any, ...]] = []
    for x in desk.plan.loads:
        q = x.periods.model_dump()
        limits = dict(zip(PERIODS, facts.period_limits(facts.sips[x.sip]), strict=True))
        over = [
            f"{plain_words(p)}: {q[p]:g} of {limit / 4:g}"
            for p in PERIODS
            if (limit := limits[p]) is not None and q[p] > limit / 4
        ]
        peak = limits["autumn_2"]
        rows.append(
            (
                x.name,
                x.posts,
                *(q[p] for p in PERIODS),
                x.days,
                x.capacity,
                x.capacity - x.days,
                peak / 4 if peak is not None else None,
                "; ".join(over),
            )
        )
    total = ("all", sum(r[1] for r in rows), *(sum(r[k] for r in rows) for k in range(2, 9)), None, "")
    over_now = [r[0] for r in rows if r[10]]
    said = f"Over a limit of theirs: {listed(over_now)}." if over_now else "Nobody is over a limit of theirs."
    open_ = sum(r[9] is None and r[6] > 0 for r in rows)
    said += (
        f" {counted(open_, 'SIP')} with a school {'has' if open_ == 1 else 'have'} no limit for November and "
        "December on record."
    )
    head = (
        "SIP",
        "posts",
        "Sep and Oct",
        "Nov and Dec",
        "spring",
        "summer",
        "days",
        "can give",
        "left",
        "limit Nov and Dec",
        "over",
    )
    return Listing("days", "Days by term", head, (*rows, total), said)


# -- a need that changed ----------------------------------------------------------------------------------------------


def needs(desk: ListSource) -> Listing:
    facts = desk.facts
    rows: list[tuple[Any, ...]] = []
    was = Facts(facts.case.model_copy(update={"needs": ()}), facts.policy)
    before = {(p.urn, p.kind): p for p in was.year_posts}
    repaired = desk.plan.inputs.repaired
    old: dict[tuple[str, str], list[str]] = {}
    for r in sorted(repaired.rows if repaired else (), key=lambda r: r.from_):
        old.setdefault((r.urn, r.post), []).append(r.sip)
    for urn in sorted({n.urn for n in facts.case.needs}):
        if urn not in facts.schools:
            continue
        on = facts.need_changes(urn)[-1].on
        for kind in ("lead", "support"):
            a, b = before.get((urn, kind)), next((p for p in facts.year_posts if p.key == (urn, kind)), None)
            if a or b:
                rows.append(
                    (
                        facts.name(urn),
                        urn,
                        kind,
                        day(on),
                        was.need(urn),
                        facts.need(urn),
                        (a.due if a else 0) / 4,
                        (b.due if b else 0) / 4,
                        listed([desk.name(s) for s in dict.fromkeys(old.get((urn, kind), []))]) or "nobody",
                        listed([x.name for x in _of(desk.plan, urn, kind)]) or "nobody",
                        _able(desk, urn, kind),
                    )
                )
    said = (
        f"{counted(len({r[1] for r in rows}), 'school')} whose need or category changed within the year."
        if rows
        else "No need has changed within the year."
    )
    head = (
        "school",
        "URN",
        "post",
        "from",
        "need before",
        "need now",
        "days due before",
        "days due now",
        "who before",
        "who now",
        "who may take it, days left",
    )
    return Listing("needs", "A need that changed: days and people before and after", head, tuple(rows), said)


def _of(plan: Plan, urn: str, kind: str) -> list[Assignment]:
    return list({a.sip: a for a in plan.holders(urn, kind)}.values())


def _able(desk: ListSource, urn: str, kind: str) -> str:
    """Everybody whom no rule bars from what is still open of the post, with the days they have left."""
    left = {x.sip: x.capacity - x.days for x in desk.plan.loads}
    parts: Sequence[Post] = desk.ready.parts.of.get((urn, kind), ())
    able = {s for p in parts for s in desk.ready.pairs.allowed[p.key]}
    return listed([f"{desk.name(s)} ({left.get(s, 0):g})" for s in sorted(able)]) or "nobody"


# -- clusters, interests, wishes ---------------------------------------------------------------------------------------


def of_clusters(desk: ListSource) -> Listing:
    rows = tuple(
        _cluster(desk, c)
        for c in (wanted.clusters(desk.plan, desk.stop) if desk.dearer else wanted.named(desk.plan, desk.facts))
    )
    head = ("cluster", "schools", "asked for one SIP", "led by", "with one SIP for all", "who would change")
    said = (
        "With one SIP: the year planned again with that decided, all else free."
        if rows
        else "No cluster has two schools in the run."
    )
    return Listing("clusters", "One SIP for a cluster: what it would cost whom", head, rows, said)


def _cluster(desk: ListSource, c: wanted.ClusterInRun) -> tuple[Any, ...]:
    asked, led = "yes" if c.asked else "no", listed([desk.name(s) for s in c.led_by]) or "nobody"
    if c.one:
        return c.name, len(c.urns), asked, led, "has one", ""
    if c.then is None:
        return c.name, len(c.urns), asked, led, "the command says", ""
    if c.then.plan is None:
        return c.name, len(c.urns), asked, led, "no plan has it: nobody may or can take all of them", ""
    moved = [f"{desk.facts.name(u)}: {desk.name(a)} to {desk.name(b)}" for u, a, b in c.then.moved]
    return c.name, len(c.urns), asked, led, listed(c.then.lost) or "no loss", "; ".join(moved)


def interests(desk: ListSource) -> Listing:
    rows = tuple(
        (t.name, t.scope, t.kind, t.outcome, t.decided_by, listed(t.held) or "none")
        for t in ties(desk.facts, desk.plan)
    )
    said = (
        f"{counted(len(rows), 'interest')} in schools of this plan."
        if rows
        else "No interest in a school of this plan is on record."
    )
    head = ("SIP", "interest in", "kind", "outcome", "decided by", "has in this plan")
    return Listing("interests", "Interests declared in schools of this plan, and who cleared them", head, rows, said)


def room(desk: ListSource) -> Listing:
    """Posts that nobody holds, and everybody who may take them with the days they have left."""
    rows = tuple((u.school, u.urn, u.post, u.need, u.text, _able(desk, u.urn, u.post)) for u in desk.plan.unfilled)
    left = [
        f"{x.name} {days(x.capacity - x.days)}"
        for x in sorted(desk.plan.loads, key=lambda x: x.days - x.capacity)
        if x.capacity > x.days
    ]
    said = f"{f'{len(rows)} without a SIP.' if rows else 'Every post has a SIP.'} Days left: {listed(left) or 'none'}."
    return Listing(
        "room",
        "Who has no SIP, and who has days left",
        ("school", "URN", "post", "need", "why nobody", "who may take it, days left"),
        rows,
        said,
    )


def appraisers(desk: ListSource) -> Listing:
    """For each school with an appraisal post: who may do it, and is not its lead."""
    lead = wanted.leads(desk.plan)
    rows = []
    for post in desk.facts.year_posts:
        if post.kind == "appraisal":
            parts = desk.ready.parts.of.get(post.key, ())
            able = sorted({s for p in parts for s in desk.ready.pairs.allowed[p.key]} - {lead.get(post.urn, "")})
            rows.append(
                (
                    desk.facts.name(post.urn),
                    post.urn,
                    plain_words(desk.facts.schools[post.urn].appraisal or ""),
                    desk.name(lead.get(post.urn)),
                    listed([x.name for x in _of(desk.plan, post.urn, "appraisal")]) or "nobody",
                    listed([desk.name(s) for s in able]) or "nobody",
                )
            )
    said = f"{counted(len(rows), 'school')} with an appraisal arranged through us."
    return Listing(
        "appraisal",
        "Who can do a head's appraisal and is not the school's lead",
        ("school", "URN", "asked for", "lead", "in the plan", "may do it, the lead aside"),
        tuple(rows),
        said,
    )


LISTS: dict[str, tuple[str, Callable[[ListSource], Listing]]] = {
    "room": ("who has no SIP, and who has days left", room),
    "tenure": ("who reaches review and limit, and when", tenure),
    "changes": ("schools with more than one change of lead in two years", changes),
    "checks": ("checks, contracts and training that end or are missing, and what each bars", lapses),
    "years": ("the coming three years: days due against days offered, and who reaches review and limit", coming_years),
    "days": ("days by term of every SIP, against their limits", by_term),
    "needs": ("a need that changed: days and people before and after", needs),
    "clusters": ("what one SIP for a cluster would cost whom", of_clusters),
    "interests": ("interests declared in schools of the plan, and who cleared them", interests),
    "appraisal": ("who can do a head's appraisal and is not the school's lead", appraisers),
}
