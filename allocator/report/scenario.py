"""What-if, choices, veto, frontier and sweep in a terminal: who, why in one line, what it costs whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allocator.domain import tiers
from allocator.report.terminal import bar, bold, shortfall, standing
from allocator.rules.base import day, listed

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.domain.plan import Plan
    from allocator.questions.choices import Choices
    from allocator.questions.compare import Comparison, Difference
    from allocator.questions.frontier import Point
    from allocator.questions.sweep import Result
    from allocator.questions.veto import Resubmission


def show_unfilled(plan: Plan, console: Console) -> None:
    for empty in plan.unfilled:
        console.print(bold("No SIP:", f" {empty.text or empty.school}"), soft_wrap=True)
        for fix in empty.fixes:
            console.print(f"  could be mended: {fix.text}", soft_wrap=True)


def show_comparison(
    c: Comparison, console: Console, *, heading: str, plan: Plan | None = None, detail: bool = False
) -> None:
    """Who moves and why, whose days change, and in one line what it comes to."""
    n = c.schools_moved
    console.print(
        f"{heading[:1].upper()}{heading[1:]}: {n} school{'' if n == 1 else 's'} with another SIP.", soft_wrap=True
    )
    for d in c.moved:
        post = "" if d.post == "lead" else f" ({d.post})"
        why = f". {d.because}" if d.because else "."
        console.print(
            f"  {d.school}{post}: {d.a or 'nobody'} to {d.b or 'nobody'}{_when(d)}{why}",
            soft_wrap=True,
        )
    _show_days(c, console, plan)
    if plan is not None:
        held = [a for a in plan.assignments if a.settled]
        if held:
            console.print(f"Already given, and not touched: {sum(a.days for a in held):g} days in {len(held)} parts.")
        for text in plan.notices:
            console.print(f"Note: {text}", soft_wrap=True)
        s = plan.summary
        console.print(
            f"{s.unfilled} posts without a SIP; {s.days_used:g} of {s.days_offered:g} days. {shortfall(plan)}{standing(plan)}",
            soft_wrap=True,
        )
    if detail:
        _show_tiers(c, console)


def _when(d: Difference) -> str:
    """From when, for somebody who comes within the year; and until when, for one who goes again."""
    begins = d.on is not None and (d.on.month, d.on.day) != (9, 1)
    start = f" from {day(d.on)}" if d.on and begins else ""
    return start if d.lasts or d.until is None else f"{start} to {day(d.until)}"


def _show_days(c: Comparison, console: Console, plan: Plan | None) -> None:
    """Posts that are given other days, also where the SIP is another; those that lose or gain alike in one line."""
    if not c.days:
        return
    less, more = (sum(max(0.0, k * (d.days_b - d.days_a)) for d in c.days) for k in (-1, 1))
    total = listed([f"{n:g} {word}" for n, word in ((less, "fewer"), (more, "more")) if n])
    least = min(d.days_b for d in c.days)
    floor = f", and the floor is {plan.inputs.policy['days']['floor']:g}" if plan else ""
    console.print(
        f"Other days: {len(c.days)} {'post' if len(c.days) == 1 else 'posts'}, {total} in all. The least is {least:g}{floor}.",
        soft_wrap=True,
    )
    alike: dict[tuple[float, float], list[str]] = {}
    for d in c.days:
        post = "" if d.post == "lead" else f" ({d.post})"
        alike.setdefault((d.days_a, d.days_b), []).append(f"{d.school}{post}")
    for (a, b), schools in sorted(alike.items(), key=lambda x: (x[0][1] - x[0][0], x[0])):
        console.print(f"  {a:g} to {b:g} days: {', '.join(schools)}", soft_wrap=True)


def _show_tiers(c: Comparison, console: Console) -> None:
    """What it cost, aim by aim in their order; an aim that only one plan has is left out. Within the year: in figures of
    all posts, as the aims of a plan that decided a part of it count only that part."""
    for what, x, y in c.figures if c.part_of_year else ():
        if x != y:
            console.print(f"  {what}: {x:g} to {y:g}")
    for name, a, b in c.tiers:
        if a is None or b is None or a == b:
            continue
        tier = tiers.TIERS[name]
        console.print(f"  {tier.many}: {tier.figure(a):g} to {tier.figure(b):g}")


def show_choices(found: Choices, console: Console) -> None:
    """The telephone round: a school, who has it now, whom to offer first, and what that does to others."""
    if not found.lists:
        console.print("No school loses its SIP: nobody needs to be telephoned.")
    for c in found.lists:
        post = "" if c.post == "lead" else f", {c.post}"
        console.print(
            bold(f"\n{c.school}", f" ({', '.join((c.urn, *c.beside))}{post}), now {c.was}:"),
            soft_wrap=True,
        )
        for o in c.offers:
            console.print(f"  {o.rank}. {o.text}", soft_wrap=True)
        if c.none_because:
            console.print(f"  {c.none_because}")
    for text in found.contests:
        console.print(f"\n{text}", soft_wrap=True)


def show_veto(found: Resubmission, console: Console) -> None:
    r = found.refused
    console.print(
        f"{r.school} will not have {r.name}; it is now offered {found.now or 'nobody yet'}.",
        soft_wrap=True,
    )
    n = len(found.affected)
    if found.affected:
        console.print(f"To make that possible {n} other post{' changes' if n == 1 else 's change'}:")
        for school, was, now, why in found.affected:
            console.print(f"  {school}: {was} to {now}. {why}", soft_wrap=True)
    else:
        console.print("Nobody else is affected.")
    show_unfilled(found.plan, console)
    if found.private_word:
        console.print(f"Note: {found.private_word}", soft_wrap=True)
    console.print(standing(found.plan), soft_wrap=True)


def show_frontier(points: Sequence[Point], console: Console) -> None:
    """A table: schools changed, what the last change bought, and whether it is proved."""
    from rich.table import Table

    if not points:
        console.print("No plan keeps every post filled: there is nothing to trade off.")
        return
    table = Table(
        "schools changed", "points", "gained by the last", "", "proved", title="What one more change would buy",
        title_justify="left",
    )  # fmt: skip
    low, high = points[0].points, max(points[-1].points, points[0].points + 1)
    for p in points:
        table.add_row(
            str(p.changed), str(p.points), f"+{p.gain}" if p.gain else "0", bar(p.points - low, high - low),
            "yes" if p.proved else "no",
        )  # fmt: skip
    console.print(table)


def show_sweep(results: Sequence[Result], console: Console, *, gains: bool) -> None:
    from rich.table import Table

    if gains:
        table = Table("what", "gains", title="What would help most", title_justify="left")
        for r in results:
            table.add_row(r.label, r.error or worth(r))
    else:
        table = Table("who leaves", "posts left empty", "own", "others", "days short", "first loss",
                      title="Who is critical: schools that would move if one left", title_justify="left")  # fmt: skip
        for r in results:
            table.add_row(
                r.label, str(r.stranded), str(r.lost_sip), str(r.moved), f"{r.days_short:g}",
                r.error or worth(r),
            )  # fmt: skip
    console.print(table)


def worth(r: Result) -> str:
    """The first tier that differs, in words; of more help, all that is gained by it."""
    if not r.lost_sip:
        return "; ".join(r.gained) or "nothing"
    for name, better in r.tiers:
        if name == tiers.POINTS:
            return f"{better:+d} points"
        return tiers.text(name, -better)
    return "nothing"
