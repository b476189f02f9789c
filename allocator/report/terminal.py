"""The plan in a terminal: by SIP, what is empty and why, what changed. Points stay out until asked for."""

from __future__ import annotations

import datetime as dt
import math
import textwrap
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from allocator.domain import tiers
from allocator.domain.case import POST_KINDS
from allocator.domain.characters import visible
from allocator.domain.plan import Assignment, Plan
from allocator.reasons.emptied import emptied
from allocator.reasons.in_a_word import why_they_change
from allocator.words import counted, day, days, keeps, no_longer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from allocator.intake.problems import Problem

BAR = 12  # characters of a load bar
MANY = 100  # schools, above which a terminal gets a headline and where the rest is
NAME = 44  # characters of a school's name that leave room for days and marks at 80
SHOWN = 5  # people named in a headline


def tell(console: Console, text: str, indent: int = 0, *, bold: int = 0) -> None:
    """A line. On a terminal it goes on below at a word, further in; into a pipe or file it is one line, whatever
    its length.

    `bold`: so many characters at its beginning.
    """
    from rich.text import Text

    begin, text = " " * indent, visible(text)
    if console.is_terminal:
        further = begin + "  "
        text = textwrap.fill(
            text,
            console.width,
            initial_indent=begin,
            subsequent_indent=further,
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        text = begin + text
    shown = Text(text)
    shown.stylize("bold", indent, indent + bold)
    console.print(shown, soft_wrap=True)


class NamesPrinted:
    """People and schools as a command prints them: the name, and the id that the next command may be given."""

    def __init__(self, plan: Plan) -> None:
        self.sips = {x.sip: x.name for x in plan.loads} | {a.sip: a.name for a in plan.assignments}
        self.schools = {u.urn: u.school for u in plan.unfilled} | {a.urn: a.school for a in plan.assignments}
        self.ids: dict[str, list[str]] = defaultdict(list)
        for sip, name in self.sips.items():
            self.ids[name].append(sip)

    def sip(self, sip: str | None) -> str:
        """Amira Khan (amira); of one whom the case knows by id alone, that too."""
        if not sip:
            return "nobody"
        return f"{self.sips[sip]} ({sip})" if sip in self.sips else no_longer(sip)

    def named(self, name: str | None) -> str:
        """A SIP of whom only the name is at hand."""
        ids = self.ids.get(name or "", [])
        return f"{name} ({ids[0]})" if len(ids) == 1 else name or "nobody"

    def placed(self, name: str) -> str:
        """A school of which only the name is at hand."""
        urns = [u for u, n in self.schools.items() if n == name]
        return f"{name} ({urns[0]})" if len(urns) == 1 else name

    def school(self, urn: str) -> str:
        return f"{self.schools[urn]} ({urn})" if urn in self.schools else urn


def show_plan(
    plan: Plan, console: Console, *, detail: bool = False, every: bool = False, kept: str | None = None
) -> None:
    """Print the plan, by SIP; of more than MANY schools a headline, unless `every`. `detail`: points and bounds too.

    `kept`: the file that the plan was written to, for what to do next.
    """
    called, s = NamesPrinted(plan), plan.summary
    title = f"Plan for {plan.inputs.case['year']}: {counted(s.schools, 'school')}, {counted(len(plan.loads), 'SIP')}"
    tell(console, title, bold=len(title))
    if s.schools > MANY and not every:
        _headline(plan, console)
    else:
        _by_sip(plan, console, called)
        for empty in plan.unfilled:
            tell(console, f"No SIP: {empty.text or called.school(empty.urn)}", bold=7)
            for fix in empty.fixes:
                tell(console, f"could be mended: {fix.text}", 2)
        _changes(plan, console, called)
    for notice in plan.notices:
        tell(console, f"Note: {notice}")
    console.print()
    tell(
        console,
        f"{counted(s.schools, 'school')}: {counted(s.filled, 'post')} filled, {s.unfilled} not; {s.kept} "
        f"{keeps(s.kept)} SIP, {s.changed} "
        f"{'changes' if s.changed == 1 else 'change'}{f', {s.had_none} had none' if s.had_none else ''}. "
        f"{s.days_used:g} of {s.days_offered:g} days. {shortfall(plan)}{standing(plan)}",
    )
    if s.schools > MANY and not every:
        whole = f"allocator export {kept}" if kept else "keep it with -o plan.json, then allocator export plan.json"
        tell(console, f"Every school and SIP: {whole} --excel plan.xlsx, or --all here.")
    if detail:
        for t in plan.certificate.tiers:
            tier = tiers.TIERS.get(t.name)
            if tier is not None:
                tell(
                    console, f"{tier.many}: {tier.figure(t.value):,.12g}, proved bound {tier.figure(t.bound):,.12g}", 2
                )


def _by_sip(plan: Plan, console: Console, called: NamesPrinted) -> None:
    """A block for each SIP, by name: their days, then a line a school; whoever holds nothing in one line at the end."""
    held: dict[str, list[Assignment]] = defaultdict(list)
    for a in plan.assignments:
        held[a.sip].append(a)
    for load in sorted(plan.loads, key=lambda x: (x.name, x.sip)):
        mine = held.pop(load.sip, [])
        if not mine:
            continue
        name = called.sip(load.sip)
        console.print()
        tell(
            console, f"{name}  {bar(load.days, load.capacity)}  {load.days:g} of {load.capacity:g} days", bold=len(name)
        )
        for school in _schools(mine):
            tell(console, school, 2)
    idle = [called.sip(x.sip) for x in plan.loads if x.posts == 0]
    if idle:
        console.print()
        tell(console, f"No school: {', '.join(sorted(idle))}.")
    console.print()


def _changes(plan: Plan, console: Console, called: NamesPrinted) -> None:
    within = plan.inputs.repaired is not None
    if plan.changes:
        against = "who was there before each day named" if within else "last year"
        tell(console, f"Changes from {against} ({len(plan.changes)}):")
    for c in sorted(plan.changes, key=lambda c: (called.school(c.urn), c.post, c.on or dt.date.min)):
        post = "" if c.post == "lead" else f", {c.post}"
        post += f", {day(c.on)}" if within and c.on else ""
        tell(console, f"{called.school(c.urn)}{post}: {called.sip(c.from_)} to {called.sip(c.to)}. {c.because}", 2)


def _headline(plan: Plan, console: Console) -> None:
    """What a manager of hundreds of schools reads first: causes, not rows."""
    s = plan.summary
    empty = {u.urn for u in plan.unfilled if u.post == "lead"}
    tell(
        console,
        (
            f"{s.schools - len(empty)} of {counted(s.schools, 'school')} "
            f"{'has' if s.schools - len(empty) == 1 else 'have'} a SIP."
        ),
    )
    for cause in emptied(plan):
        tell(console, cause.text, 2)
    if found := why_they_change(plan):
        tell(console, f"Why they change: {', '.join(f'{word} {n}' for word, n in found)}.")
    short = [a for a in plan.assignments if a.days_short]
    if short:
        tell(
            console,
            f"Short of days: {len({a.urn for a in short})} schools, {sum(a.days_short for a in short):g} days in all.",
        )
    room = sorted(((x.capacity - x.days, x) for x in plan.loads if x.capacity), key=lambda r: (-r[0], r[1].name))
    free = [f"{x.name} ({x.sip}) {left:g}" for left, x in room if left >= 1]
    if free:
        more = f" and {len(free) - SHOWN} more" if len(free) > SHOWN else ""
        tell(console, f"Most days left: {', '.join(free[:SHOWN])}{more}.")
    tied = sum(bool(a.tied_with) for a in plan.assignments)
    if tied:
        tell(console, f"Equal choices, settled by the lot: {tied}.")


def shortfall(plan: Plan) -> str:
    """How many of the days that schools are due they are not given, as a sentence and a blank; empty when none."""
    given, due = sum(a.days for a in plan.assignments), plan.summary.days_due
    if given >= due:
        return ""
    return (
        f"Schools are given {given:g} of the {due:g} days they are due: {due - given:g} "
        f"({(due - given) / due:.0%}) short. "
    )


def to_begin(plan: Plan) -> float:
    """Days of the service's own on top of the schools': new pairings, and heads in their first year."""
    return sum(a.extra_days for a in plan.assignments)


SECOND = "a second program that shares no code with the first"


def standing(plan: Plan) -> str:
    """Whether this is the best plan, in words."""
    if plan.certificate.proved:
        return f"No better plan exists: proved, and checked by {SECOND}."
    return f"Checked by {SECOND}, but not proved best: {unproved(plan)}."


def unproved(plan: Plan) -> str:
    """What it is that is not proved of a plan, and how much better it could get at most."""
    first = next((t for t in plan.certificate.tiers if t.value != t.bound), None)
    if first is None or first.name == tiers.LOT:
        return "only which of equally good plans the lot would take is not"
    gap = abs(first.bound - first.value)
    if first.name != tiers.POINTS:
        return (
            "more time may find one with up to "
            f"{tiers.text(first.name, tiers.lost(first.name, first.value, first.bound))}"
        )
    per_post = math.ceil(plan.certificate.gap_points_per_post)
    most = f"{counted(gap, 'point')} in all" if gap < plan.summary.filled else f"{counted(per_post, 'point')} a post"
    return f"more time may find one that fits better, by at most {most}"


def _schools(mine: Sequence[Assignment]) -> list[str]:
    """A SIP's schools by name, a line each: URN, name, days, and what is special."""
    out = []
    for urn, name in sorted({(a.urn, a.school) for a in mine}, key=lambda x: (x[1], x[0])):
        here = [a for a in mine if a.urn == urn]
        posts = list(dict.fromkeys(a.post for a in sorted(here, key=lambda a: POST_KINDS.index(a.post))))
        marks = [] if posts == ["lead"] else [" and ".join(posts)]
        marks += ["new"] if any(a.new_pairing for a in here) else []
        marks += ["locked"] if any(a.locked for a in here) else []
        if missing := sum(a.days_short for a in here):
            marks.append(f"{days(missing)} short")
        out.append(
            f"{urn:<6} {name:<{NAME}} {sum(a.days for a in here):>5g} days{', ' if marks else ''}{', '.join(marks)}"
        )
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


def show_problems(problems: Sequence[Problem], console: Console) -> None:
    """Every problem: errors first, then notices."""
    for p in sorted(problems, key=lambda p: (p.severity != "error", p.table, p.row or 0)):
        tell(console, f"{p.severity}: {p.text}", bold=len(p.severity))
