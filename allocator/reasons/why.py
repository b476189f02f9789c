"""Why this SIP? One post's answer for a manager, the school or the SIP, each told what they may know.

A school and a SIP never see points, a runner-up, a price or another school (contract 5, domain N).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from allocator.allocate import Setup
from allocator.domain.case import PostKind
from allocator.domain.plan import Assignment, Plan, Reason, Unfilled
from allocator.engine.tiers import Stop
from allocator.errors import UsageError
from allocator.reasons.position import position
from allocator.reasons.spoken import name_of, wish_to_manager
from allocator.reasons.told import ROLE, Told, invitation, to_school_past, to_sip_past, told
from allocator.reasons.turns import spoken_on, turn
from allocator.reasons.why_not import WhyNot, why_not
from allocator.rules.base import Audience
from allocator.words import day, days, words


@dataclass(frozen=True)
class Explanation:
    """`text` is the whole answer in prose; the parts are there for pages and machines.

    `facts`: the school's position as published (manager). `answer`: what to do if it does not suit (school, SIP),
    for a letter; a page with buttons has its own. `told`: the same text in parts.
    """

    urn: str
    post: PostKind
    audience: Audience
    text: str
    sip: str | None = None
    points: int | None = None
    reasons: tuple[Reason, ...] = ()
    runner_up: str | None = None
    why_not: WhyNot | None = None
    facts: tuple[str, ...] = ()
    answer: str = ""
    told: Told | None = None


def explain(
    ready: Setup,
    plan: Plan,
    urn: str,
    post: PostKind = "lead",
    *,
    sip: str | None = None,
    audience: Literal["manager", "school", "sip"] = "manager",
    holder: str | None = None,
    on: dt.date | None = None,
    agreed: bool = True,
    stop: Stop | None = None,
) -> Explanation:
    """Explain a post of `plan`; with `sip`, why that one does not hold it (manager only), worked out within `stop`.

    `holder`: whose part of the year is meant, where several hold the post one after another (default: to a manager
    everyone's that is still decided, and what nobody holds; to others the last). `on`: the day on which a school or SIP
    reads it (default: the day from which the plan speaks, `told.spoken_on`); not `agreed`: it is a proposal as yet.
    """
    if urn not in ready.facts.schools:
        raise UsageError(f"School {urn} is not in this plan.", urn=urn)
    mine = plan.holders(urn, post)
    theirs = [a for a in mine if holder in (None, a.sip)] or [*mine]
    row = next((a for a in reversed(theirs) if not a.settled), theirs[-1] if theirs else None)
    empty = [u for u in plan.unfilled if (u.urn, u.post) == (urn, post)]
    if row is None and not empty:
        raise UsageError(f"{ready.facts.schools[urn].name} ({urn}) has no {post} post this year.", urn=urn)
    if sip is not None:
        if audience != "manager":
            raise UsageError("A comparison with another SIP is for the manager only (domain N).")
        found = why_not(ready, plan, (urn, post), sip, stop)
        return Explanation(urn, post, audience, found.text, sip, why_not=found)
    if row is None:
        return Explanation(urn, post, audience, _empty(empty, audience))
    if not ready.held_by(row):
        if audience == "sip":
            return Explanation(urn, post, audience, to_sip_past(row, on or spoken_on(plan, ready.facts)), row.sip)
        if audience == "school":
            text = " ".join(to_school_past(a, on or spoken_on(plan, ready.facts)) for a in mine)
            return Explanation(urn, post, audience, f"{text} {_empty(empty, audience) if empty else ''}".rstrip())
        text = "; ".join(f"{a.name}, {days(a.days)} from {day(a.from_)} to {day(a.to)}" for a in mine)
        then = f"\n{_empty(empty, audience)}" if empty else ""
        return Explanation(urn, post, audience, f"{row.school}: {text}.{then}", row.sip)
    if audience == "manager":
        rows = [a for a in mine if ready.held_by(a)] if holder is None else [row]
        text = "\n".join(line for a in rows for line in _of_row(ready, plan, a, last=a == row))
        text += f"\n{_empty(empty, audience)}" if empty and holder is None else ""
        return Explanation(
            urn,
            post,
            audience,
            text,
            row.sip,
            row.points,
            row.reasons,
            row.runner_up.sip if row.runner_up else None,
            facts=position(ready.facts.as_it_stands(urn)),
        )
    said = told(ready, plan, row, audience, on, agreed=agreed)
    return Explanation(
        urn,
        post,
        audience,
        said.text,
        row.sip if audience == "sip" else None,
        reasons=said.reasons,
        answer=invitation(ready, row, audience),
        told=said,
    )


def _of_row(ready: Setup, plan: Plan, a: Assignment, *, last: bool) -> list[str]:
    """Who, who was there before and why not now, what to mind, who was next; the points last, in one line. What
    holds of the post whoever is there stands with the last of its rows."""
    year = _year(plan, a)
    when = f", from {day(a.from_)} to {day(a.to)}" if year else ""
    lines = [f"{a.school} ({a.urn}), {a.post}: {a.name}, {days(a.days)}{when}."]
    if year and last:
        lines.append(f"  In the year: {year}.")
    if change := turn(plan, a):
        lines.append(f"  Before: {name_of(ready.facts, change.from_)}. {change.because}")
    for wish in plan.wishes if last else ():
        if wish.urn == a.urn and a.post == "lead" and not wish.met:
            lines.append(f"  {wish_to_manager(ready, wish)}")
    for title, mine in (
        ("For", [r for r in a.reasons if r.points > 0]),
        ("Against", [r for r in a.reasons if r.points < 0]),
        ("To know", [r for r in a.reasons if r.points == 0]),
    ):
        lines += [f"  {title}: {r.text}." for r in mine if r.text]
    if not a.reasons:
        lines.append("  Allowed, and no rule speaks for or against.")
    if a.locked:
        lines.append("  This pair is locked by a recorded decision.")
    if a.days_short:
        lines.append(f"  {days(a.days_short)} short of what is due: nobody has the time without leaving a post empty.")
    lines += [f"  {text}" for text in position(ready.facts.as_it_stands(a.urn))] if last else []
    points = [f"{words(r.rule)} {r.points:+d}" for r in a.reasons if r.points]
    figures = f"{', '.join(points)}: {a.points} in all" if points else f"{a.points}"
    if a.runner_up:
        lines.append(f"  Next choice: {a.runner_up.text}")
        figures += (
            f"; {ready.facts.sips[a.runner_up.sip].name} {a.runner_up.points}, a margin of "
            f"{a.points - a.runner_up.points}"
        )
    if a.tied_with:
        names = ", ".join(ready.facts.sips[s].name for s in a.tied_with)
        lines.append(f"  Tied with {names}: the published lot decided. Lock the one you prefer.")
    lines.append(f"  In points: {figures}.")
    return lines


def _year(plan: Plan, a: Assignment) -> str:
    """Who holds the post from when to when, nobody too; empty where one person holds it all the time."""
    rows = [(x.from_, x.to, x.name) for x in plan.holders(a.urn, a.post)]
    gaps = [u for u in plan.unfilled if (u.urn, u.post) == (a.urn, a.post)]
    rows += [(u.from_, u.to, "nobody") for u in gaps if u.from_ and u.to]
    return "; ".join(f"{who} from {day(on)} to {day(to)}" for on, to, who in sorted(rows)) if len(rows) > 1 else ""


def _empty(empty: list[Unfilled], audience: Audience) -> str:
    """The post, or parts of it, that nobody holds."""
    if audience == "school":
        return (
            f"We have not yet named your {ROLE[empty[0].post]}. Your SIP manager is working on it and will "
            "write to you."
        )
    if audience == "sip":
        raise UsageError("This post has no SIP; there is nothing a SIP may see.")
    lines = []
    for part in empty:
        lines.append(part.text)
        lines += [f"  Could be mended: {fix.text}" for fix in part.fixes]
    return "\n".join(lines)
