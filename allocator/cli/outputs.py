"""Files that commands write: options that name them (tried before the work that fills them), and a note of what
was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.app import may_write, note, plan_text, write

if TYPE_CHECKING:
    from allocator.domain.plan import Plan

ExcelOpt = Annotated[
    Path | None, typer.Option("--excel", callback=may_write, help="the plan as a workbook, the tables with it")
]
ReportOpt = Annotated[
    Path | None, typer.Option("--report", callback=may_write, help="the plan as one HTML page, to read or print")
]
PairsOpt = Annotated[
    Path | None, typer.Option("--pairs", callback=may_write, help="every allowed or nearly allowed pair, as CSV")
]
ModelOpt = Annotated[
    Path | None, typer.Option("--model", callback=may_write, help="the rest of the model, as JSON, beside --pairs")
]
OutOpt = Annotated[Path | None, typer.Option("--output", "-o", callback=may_write, help="the new plan, as JSON")]


def save_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def write_all(files: list[tuple[Path | None, Callable[[Path], None]]]) -> None:
    """Each file asked for, and one note of all."""
    written = []
    for path, writer in files:
        if path is not None:
            write(path, writer)
            written.append(str(path))
    if written:
        note(f"Written: {', '.join(written)}")


def of_plan(plan: Plan, output: Path | None, excel: Path | None, report: Path | None) -> None:
    """A plan's own files; its world is that of its inputs and changes."""
    write_all(
        [
            (output, lambda p: save_text(p, plan_text(plan))),
            (excel, lambda p: _book(plan, p)),
            (report, lambda p: _page(plan, p)),
        ]
    )


def _book(plan: Plan, path: Path) -> None:
    from allocator.reasons.answer import world
    from allocator.report.plan_workbook import write_workbook

    write_workbook(*world(plan), plan, path)


def _page(plan: Plan, path: Path) -> None:
    from allocator.domain.facts import Facts
    from allocator.reasons.answer import world
    from allocator.report.page import page

    save_text(path, page(Facts(*world(plan)), plan))
