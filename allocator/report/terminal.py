"""The plan in a terminal: by SIP, what is empty and why, what changed. Points stay out until asked for."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from allocator.domain.case import POST_KINDS
from allocator.domain.characters import visible
from allocator.domain.plan import Assignment, Plan

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from allocator.intake.problems import Problem

BAR = 12  # characters of a load bar


def show_plan(plan: Plan, console: Console, *, detail: bool = False) -> None:
    """Print the plan; `detail` adds points, bounds and the lot."""
    from rich.table import Table

    held: dict[str, list[Assignment]] = defaultdict(list)
    for a in plan.assignments:
        held[a.sip].append(a)
    names = {load.sip: load.name for load in plan.loads}
    table = Table(title=f"Plan for {plan.inputs.case['year']}", title_justify="left", show_lines=False, expand=False)
    table.add_column("SIP", no_wrap=True)
    table.add_column("days", justify="right", no_wrap=True)
    table.add_column("load", no_wrap=True)
    table.add_column("schools (* new this year)", overflow="fold")
    for load in plan.loads:
        table.add_row(
            load.name,
            f"{load.days:g}/{load.capacity:g}",
            bar(load.days, load.capacity),
            "; ".join(_schools(held[load.sip])) or "none",
        )
    console.print(table)
    for empty in plan.unfilled:
        console.print(bold("No SIP:", f" {empty.text or empty.school}"))
        for fix in empty.fixes:
            console.print(f"  could be mended: {fix.text}")
    if plan.changes:
        console.print(f"\nChanges from last year ({len(plan.changes)}):")
        schools = {a.urn: a.school for a in plan.assignments} | {u.urn: u.school for u in plan.unfilled}
        for c in plan.changes:
            to = names.get(c.to or "", c.to or "nobody")
            was = names.get(c.from_ or "", c.from_ or "nobody")
            console.print(f"  {schools[c.urn]}: {was} to {to}. {c.because}")
    for notice in plan.notices:
        console.print(f"Note: {notice}")
    s = plan.summary
    console.print(
        f"\n{s.schools} schools: {s.filled} posts filled, {s.unfilled} not; {s.kept} keep their SIP, {s.changed} change. "
        f"{s.days_used:g} of {s.days_offered:g} days. {shortfall(plan)}{standing(plan)}"
    )
    if detail:
        tiers = Table("tier", "value", "bound", title="Certificate", title_justify="left")
        for t in plan.certificate.tiers:
            tiers.add_row(t.name, str(t.value), str(t.bound))
        console.print(tiers)


def shortfall(plan: Plan) -> str:
    """How many of the days that schools are due they are not given, as a sentence and a blank; empty when none."""
    given, due = sum(a.days for a in plan.assignments), plan.summary.days_due
    if given >= due:
        return ""
    return f"Schools are given {given:g} of the {due:g} days they are due: {due - given:g} ({(due - given) / due:.0%}) short. "


def to_begin(plan: Plan) -> float:
    """Days of the service's own on top of the schools': new pairings, and heads in their first year."""
    return sum(a.extra_days for a in plan.assignments)


def standing(plan: Plan) -> str:
    """Whether this is the best plan, in words."""
    if plan.certificate.proved:
        return "No better plan exists: proved, and checked by the auditor."
    per_post = plan.certificate.gap_points_per_post
    return f"Checked by the auditor, but not proved best: at most {math.ceil(per_post)} points a post could still be gained."


def _schools(mine: Sequence[Assignment]) -> list[str]:
    """A SIP's schools by name, once each: what they hold there when it is not the lead alone."""
    out = []
    for urn, name in sorted({(a.urn, a.school) for a in mine}, key=lambda x: (x[1], x[0])):
        here = [a for a in mine if a.urn == urn]
        star = "*" if any(a.new_pairing for a in here) else ""
        posts = list(dict.fromkeys(a.post for a in sorted(here, key=lambda a: POST_KINDS.index(a.post))))
        held = "" if posts == ["lead"] else f" ({' and '.join(posts)})"
        missing = sum(a.days_short for a in here)
        short = f", {missing:g} days short" if missing else ""
        out.append(f"{name}{star}{held}{short}")
    return out


def why(a: Assignment) -> str:
    """The reasons in words, strongest first, as sentences begin."""
    text = "; ".join(r.text for r in a.reasons if r.text) or "allowed, and nobody fits better"
    return f"{text[:1].upper()}{text[1:]}."


def bar(used: float, capacity: float) -> str:
    """A load bar that reads without colour."""
    full = round(BAR * min(1.0, used / capacity)) if capacity else 0
    return "#" * full + "." * (BAR - full)


def plain_console(**how: Any) -> Console:
    """A terminal that shows what is in the data and obeys none of it: neither its markup nor its control characters."""
    from rich.console import Console

    class Plain(Console):
        def render_str(self, text: str, **also: Any) -> Text:
            return super().render_str(visible(text), **also)

    return Plain(highlight=False, markup=False, **how)


def bold(head: str, rest: str = "") -> Text:
    """A line that begins in bold."""
    from rich.text import Text

    return Text.assemble((visible(head), "bold"), visible(rest))


def show_problems(problems: Sequence[Problem], console: Console) -> None:
    """Every problem: errors first, then notices."""
    for p in sorted(problems, key=lambda p: (p.severity != "error", p.table, p.row or 0)):
        console.print(bold(p.severity, f": {p.text}"), soft_wrap=True)
