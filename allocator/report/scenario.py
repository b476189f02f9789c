"""What-if, choices, veto, frontier and sweep in a terminal: who, why in one line, what it costs whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allocator.report.terminal import bar, escape, standing

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.choices import Choices
    from allocator.compare import Comparison
    from allocator.domain.plan import Plan
    from allocator.frontier import Point
    from allocator.sweep import Result
    from allocator.veto import Resubmission


def show_unfilled(plan: Plan, console: Console) -> None:
    for empty in plan.unfilled:
        console.print(f"[bold]No SIP:[/bold] {escape(empty.text or empty.school)}", soft_wrap=True)
        for fix in empty.fixes:
            console.print(f"  could be mended: {escape(fix.text)}", soft_wrap=True)


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
            f"  {escape(d.school)}{post}: {escape(d.a or 'nobody')} to {escape(d.b or 'nobody')}{escape(why)}",
            soft_wrap=True,
        )
    if c.days_only:
        console.print(f"Same SIP, other days: {len(c.days_only)}.")
        for d in c.days_only:
            console.print(f"  {escape(d.school)} ({d.post}): {d.days_a:g} to {d.days_b:g} days", soft_wrap=True)
    if plan is not None:
        held = [a for a in plan.assignments if a.settled]
        if held:
            console.print(f"Already given, and not touched: {sum(a.days for a in held):g} days in {len(held)} parts.")
        for text in plan.notices:
            console.print(f"Note: {escape(text)}", soft_wrap=True)
        s = plan.summary
        console.print(
            f"{s.unfilled} posts without a SIP; {s.days_used:g} of {s.days_offered:g} days. {standing(plan)}",
            soft_wrap=True,
        )
    if detail:
        for name, a, b in c.tiers:
            if a != b:
                console.print(f"  tier {name}: {'-' if a is None else a} to {'-' if b is None else b}")


def show_choices(found: Choices, console: Console) -> None:
    """The telephone round: a school, who has it now, whom to offer first, and what that does to others."""
    if not found.lists:
        console.print("No school loses its SIP: nobody needs to be telephoned.")
    for c in found.lists:
        post = "" if c.post == "lead" else f", {c.post}"
        console.print(f"\n[bold]{escape(c.school)}[/bold] ({c.urn}{post}), now {escape(c.was)}:", soft_wrap=True)
        for o in c.offers:
            console.print(f"  {o.rank}. {escape(o.text)}", soft_wrap=True)
        if c.none_because:
            console.print(f"  {escape(c.none_because)}")
    for text in found.contests:
        console.print(f"\n{escape(text)}", soft_wrap=True)


def show_veto(found: Resubmission, console: Console) -> None:
    r = found.refused
    console.print(
        f"{escape(r.school)} will not have {escape(r.name)}; it is now offered {escape(found.now or 'nobody yet')}.",
        soft_wrap=True,
    )
    if found.affected:
        console.print(f"To make that possible {len(found.affected)} other posts change:")
        for school, was, now, why in found.affected:
            console.print(f"  {escape(school)}: {escape(was)} to {escape(now)}. {escape(why)}", soft_wrap=True)
    else:
        console.print("Nobody else is affected.")
    show_unfilled(found.plan, console)
    if found.private_word:
        console.print(f"Note: {escape(found.private_word)}", soft_wrap=True)
    console.print(standing(found.plan), soft_wrap=True)


def show_frontier(points: Sequence[Point], console: Console) -> None:
    """A table: schools changed, what the last change bought, and whether it is proved."""
    from rich.table import Table

    if not points:
        console.print("No plan keeps every post filled: there is nothing to trade off.")
        return
    table = Table(
        "schools changed", "points", "gained by the last", "", "proved", title="What one more change would buy"
    )
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
            table.add_row(escape(r.label), escape(r.error or worth(r)))
    else:
        table = Table("who leaves", "schools", "stranded posts", "others moved", "days short", "first loss",
                      title="Who is critical", title_justify="left")  # fmt: skip
        for r in results:
            table.add_row(
                escape(r.label), str(r.lost_sip), str(r.stranded), str(r.moved), f"{r.days_short:g}",
                escape(r.error or worth(r)),
            )  # fmt: skip
    console.print(table)


def worth(r: Result) -> str:
    """The first tier that differs, in words."""
    from allocator.explain.why_not import tier_text

    for name, better in r.tiers:
        if name == "4":
            return f"{better:+d} points"
        return ("gains: " if better > 0 else "") + tier_text(name, -better)
    return "nothing"
