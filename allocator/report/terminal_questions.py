"""What-if, choices, veto, frontier and sweep in a terminal: who, why in one line, what it costs whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from allocator.domain import tiers
from allocator.report.frontier_svg import sentence
from allocator.report.terminal import NamesPrinted, bar, shortfall, standing, tell
from allocator.words import day, listed, noun

MOST = 6  # schools whose days change alike that are named

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.domain.plan import Plan
    from allocator.questions.choices import Choice, Choices
    from allocator.questions.compare import Comparison, Difference
    from allocator.questions.frontier import Point
    from allocator.questions.sweep import SweepResult
    from allocator.questions.veto import Resubmission


def show_unfilled(plan: Plan, console: Console) -> None:
    for empty in plan.unfilled:
        tell(console, f"No SIP: {empty.text or empty.school}", bold=7)
        for fix in empty.fixes:
            tell(console, f"could be mended: {fix.text}", 2)


def show_comparison(
    c: Comparison,
    console: Console,
    *,
    heading: str,
    plan: Plan | None = None,
    detail: bool = False,
    every: bool = False,
) -> None:
    """Who moves and why, whose days change, and in one line what it comes to. `plan`: the one that it came to."""
    n, called = c.schools_moved, NamesPrinted(plan) if plan else None
    tell(console, f"{heading[:1].upper()}{heading[1:]}: {n} {noun(n, 'school')} with another SIP.")
    for d in c.moved:
        post = "" if d.post == "lead" else f", {d.post}"
        why = f". {d.because}" if d.because else "."
        was, now = (called.named(x) if called else x or "nobody" for x in (d.a, d.b))
        tell(console, f"{d.school} ({d.urn}){post}: {was} to {now}{_when(d)}{why}", 2)
    _show_days(c, console, plan, every)
    if plan is not None:
        held = [a for a in plan.assignments if a.settled]
        if held:
            tell(console, f"Already given, and not touched: {sum(a.days for a in held):g} days in {len(held)} parts.")
        for text in plan.notices:
            tell(console, f"Note: {text}")
        s = plan.summary
        tell(
            console,
            (
                f"{s.unfilled} posts without a SIP; {s.days_used:g} of {s.days_offered:g} days. "
                f"{shortfall(plan)}{standing(plan)}"
            ),
        )
    if detail:
        _show_tiers(c, console)


def _when(d: Difference) -> str:
    """From when, for somebody who comes within the year; and until when, for one who goes again."""
    begins = d.on is not None and (d.on.month, d.on.day) != (9, 1)
    start = f" from {day(d.on)}" if d.on and begins else ""
    return start if d.lasts or d.until is None else f"{start} to {day(d.until)}"


def _show_days(c: Comparison, console: Console, plan: Plan | None, every: bool) -> None:
    """Posts that are given other days, also where the SIP is another; those that lose or gain alike in one line."""
    if not c.days:
        return
    less, more = (sum(max(0.0, k * (d.days_b - d.days_a)) for d in c.days) for k in (-1, 1))
    total = listed([f"{n:g} {word}" for n, word in ((less, "fewer"), (more, "more")) if n])
    least = min(d.days_b for d in c.days)
    floor = f", and the floor is {plan.inputs.policy['days']['floor']:g}" if plan else ""
    tell(
        console,
        (
            f"Other days: {len(c.days)} {'post' if len(c.days) == 1 else 'posts'}, {total} in all. The least "
            f"is {least:g}{floor}."
        ),
    )
    alike: dict[tuple[float, float], list[str]] = {}
    for d in c.days:
        post = "" if d.post == "lead" else f", {d.post}"
        alike.setdefault((d.days_a, d.days_b), []).append(f"{d.school} ({d.urn}){post}")
    for (a, b), schools in sorted(alike.items(), key=lambda x: (x[0][1] - x[0][0], x[0])):
        some = (
            schools if every or len(schools) <= MOST + 1 else [*schools[:MOST], f"{len(schools) - MOST} others (--all)"]
        )
        tell(console, f"{a:g} to {b:g} days: {'; '.join(some)}", 2)


def _show_tiers(c: Comparison, console: Console) -> None:
    """What it cost, aim by aim in their order; an aim that only one plan has is left out. Within the year: in
    figures of all posts, as the aims of a plan that decided a part of it count only that part."""
    for what, x, y in c.figures if c.part_of_year else ():
        if x != y:
            tell(console, f"{what}: {x:g} to {y:g}", 2)
    for name, a, b in c.tiers:
        if a is None or b is None or a == b:
            continue
        tier = tiers.TIERS[name]
        if name == tiers.POINTS:
            fit = "a better fit" if b > a else "a weaker fit"
            tell(console, f"{fit}: {tiers.text(name, a - b)} of {a:,}", 2)
            continue
        tell(console, f"{tier.many}: {tier.figure(a):g} to {tier.figure(b):g}", 2)


def show_choice(c: Choice, after: Plan, console: Console) -> None:
    """One call of the telephone round: a school, who has it now, whom to offer first, and what that does to others."""
    post = "" if c.post == "lead" else f", {c.post}"
    was = NamesPrinted(after).named(c.was)
    tell(console, f"{c.school} ({', '.join((c.urn, *c.beside))}{post}), now {was}:", bold=len(c.school))
    for o in c.offers:
        tell(console, f"{o.rank}. {o.text.replace(o.name, f'{o.name}, {o.sip}', 1)}", 2)
    if c.not_worked_out:
        tell(console, f"Not worked out in the time allowed: {listed(c.not_worked_out)}.", 2)
    if c.none_because:
        tell(console, c.none_because, 2)
    console.print()


def show_contests(found: Choices, console: Console) -> None:
    """What comes after the lists: where two schools want one place."""
    if not found.lists:
        tell(console, "No school loses its SIP: nobody needs to be telephoned.")
    for text in found.contests:
        tell(console, text)


def show_veto(found: Resubmission, console: Console) -> None:
    r, called = found.refused, NamesPrinted(found.plan)
    kept = found.plan.inputs.repaired
    until = kept.latest if kept and kept.latest and kept.latest > r.from_ else None  # who is there stays till then
    start = f"From {day(until)} " if until else ""
    tell(
        console,
        (
            f"{start}{r.school} ({r.urn}) will not have {called.sip(r.sip)}; it is now offered "
            f"{called.named(found.now) if found.now else 'nobody yet'}."
        ),
    )
    n = len(found.affected)
    if found.affected:
        tell(console, f"To make that possible {n} other post{' changes' if n == 1 else 's change'}:")
        for school, was, now, why in found.affected:
            tell(console, f"{called.placed(school)}: {called.named(was)} to {called.named(now)}. {why}", 2)
    else:
        tell(console, "Nobody else is affected.")
    show_unfilled(found.plan, console)
    if found.private_word:
        tell(console, f"Note: {found.private_word}")
    tell(console, standing(found.plan))


def show_frontier(points: Sequence[Point], console: Console) -> None:
    """A table: schools changed, what the last change bought, and whether it is proved."""
    from rich.table import Table

    if not points:
        console.print("No plan keeps every post filled: there is nothing to trade off.")
        return
    table = Table(
        "schools changed",
        "of all that changing could bring",
        "proved",
        "points",
        "gained by the last",
        title="What one more change would buy",
        title_justify="left",
    )
    low, high = points[0].points, max(points[-1].points, points[0].points + 1)
    for p in points:
        share = f"{bar(p.points - low, high - low)} {100 * (p.points - low) // (high - low)} %"
        gain = f"+{p.gain}" if p.gain else "0"
        table.add_row(str(p.changed), share, "yes" if p.proved else "no", f"{p.points:,}", gain)
    console.print(table)
    tell(console, sentence(points))


def show_sweep(results: Sequence[SweepResult], console: Console, *, gains: bool) -> None:
    """A line a question, the weightiest first."""
    tell(
        console,
        "What would help most:" if gains else "Who is critical: what would happen if one left, the worst first.",
    )
    for r in results:
        if gains or r.error:
            tell(console, f"{r.label}: {r.error or worth(r)}", 2)
            continue
        own = f"{r.lost_sip} of their own {'school goes' if r.lost_sip == 1 else 'schools go'} to others"
        tell(
            console,
            f"{r.label}: {r.stranded} {noun(r.stranded, 'post')} left empty; {own}, {r.moved} more move; "
            f"{r.days_short:g} days short. First loss: {worth(r)}.",
            2,
        )


def worth(r: SweepResult) -> str:
    """The first tier that differs, in words; of more help, all that is gained by it."""
    if not r.lost_sip:
        return "; ".join(r.gained) or "nothing"
    for name, better in r.tiers:
        if name == tiers.POINTS:
            return f"a {'better' if better > 0 else 'weaker'} fit ({tiers.text(name, -better)})"
        return tiers.text(name, -better)
    return "nothing"
