"""A year told step by step in a terminal: what happened, who changes and why, and what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allocator.report.terminal import standing, tell
from allocator.report.terminal_questions import show_comparison, show_unfilled, show_veto
from allocator.words import counted, keeps

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.domain.plan import Plan
    from allocator.year import Chapter


def show_start(plan: Plan, console: Console) -> None:
    s = plan.summary
    tell(
        console,
        f"The year begins: {counted(s.schools, 'school')}, {counted(s.filled, 'post')} filled, {s.unfilled} "
        f"not; {counted(s.kept, 'school')} {keeps(s.kept)} SIP, {s.changed} "
        f"{'changes' if s.changed == 1 else 'change'}, {s.had_none} had none. {standing(plan)}",
        bold=15,
    )


def show_chapter(n: int, chapter: Chapter, console: Console) -> None:
    """One step: its title, then what it changes."""
    title = f"{n}. {chapter.step.title}"
    console.print()
    tell(console, title, bold=len(title))
    if chapter.refused is not None:
        show_veto(chapter.refused, console)
        return
    show_unfilled(chapter.plan, console)
    show_comparison(chapter.moved, console, heading="repaired", plan=chapter.plan)


def as_rows(chapter: Chapter) -> dict[str, Any]:
    """The machine form of a step."""
    plan = chapter.plan
    return {
        "title": chapter.step.title,
        "since": plan.inputs.repaired.since.isoformat() if plan.inputs.repaired else None,
        "moves": [m.model_dump(mode="json", by_alias=True) for m in plan.moves],
        "unfilled": [u.model_dump(mode="json", by_alias=True, exclude={"clash", "fixes"}) for u in plan.unfilled],
        "summary": plan.summary.model_dump(mode="json"),
        "proved": plan.certificate.proved,
    }
