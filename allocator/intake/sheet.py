"""A workbook's sheet, as it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from allocator.intake.colours import Cells

Place = tuple[int, int]  # row and column, from 1, as the sheet counts them


@dataclass
class Sheet:
    """`rows[0]` is the sheet's first row, blank cells None. Places count from 1; `merged`: first and last place of
    each area."""

    title: str
    rows: list[list[Any]]
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    struck_rows: list[int] = field(default_factory=list)  # with a cell whose letters are struck through
    comments: list[Place] = field(default_factory=list)  # but for our marks
    coloured: Cells = field(default_factory=dict)
    percent: set[Place] = field(default_factory=set)
    unsaved: set[Place] = field(default_factory=set)  # formulas without a value
    errors: dict[Place, str] = field(default_factory=dict)  # cells that show #REF! and the like
