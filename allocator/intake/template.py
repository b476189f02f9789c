"""`allocator template`: an empty workbook with drop-downs, notes and an example row on every table (contract 3)."""

from __future__ import annotations

import datetime as dt
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from allocator.domain.case import TABLES

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ROWS = 1000  # rows that have drop-downs
EXAMPLES: dict[str, dict[str, Any]] = {
    "schools": {
        "urn": "900001",
        "name": "Example Primary School",
        "phase": "primary",
        "la": "Your authority",
        "need": "standard",
        "participation": "needs_sip",
        "easting": 450000,
        "northing": 250000,
        "pupils": 210,
    },
    "sips": {
        "sip": "ex1",
        "name": "An Example",
        "kind": "consultant",
        "phases": "primary",
        "days": 20,
        "trained": "yes",
        "board_approved": "yes",
        "dbs_checked_on": dt.date(2026, 3, 1),
        "easting": 451000,
        "northing": 251000,
    },
    "history": {"urn": "900001", "sip": "ex1", "year": "2025/26"},
    "wishes": {"by": "school", "urn": "900001", "wish": "keep", "strength": 2},
    "interests": {"sip": "ex1", "urn": "900001", "kind": "former_adviser", "declared_on": dt.date(2026, 5, 1)},
}
GUIDE = (
    "How to fill this workbook",
    "One sheet a table. Only `schools` and `sips` are needed; leave any other empty.",
    "Row 1 holds the column names: keep them. Columns with a red head must be filled; blank means unknown, never zero.",
    "Row 2 of the first sheets is an example: type over it, or delete the row. Lists are separated by ;",
    "Dates are 2026-09-01 or 01/09/2026. Days may be quarters: 4.75. Point at a column's name to see what it means.",
    "Then run: allocator check this-file.xlsx. It names every problem at once, with sheet, row and column.",
)
# openpyxl is loaded by what writes: the examples above are asked for by every case that is read


def write_template(path: Path) -> None:
    """Write the workbook; `allocator check` accepts it once its example rows are typed over or deleted."""
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    guide = book.active
    assert isinstance(guide, Worksheet)
    guide.title = "read me"
    for n, text in enumerate(GUIDE, 1):
        guide.cell(n, 1, text).font = Font(bold=n == 1)
    guide.column_dimensions["A"].width = 110
    for name, model in TABLES.items():
        _sheet(book.create_sheet(name), name, model.model_fields)
    settings = book.create_sheet("policy")
    settings.append(["key", "value"])
    settings.column_dimensions["A"].width = 34
    settings["A1"].comment = Comment(
        "a setting, as `allocator policy show` lists them; leave empty for the defaults", ""
    )
    book.save(path)


def _sheet(sheet: Worksheet, name: str, fields: dict[str, FieldInfo]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    example = EXAMPLES.get(name, {})
    for n, (column, info) in enumerate(fields.items(), 1):
        cell = sheet.cell(1, n, column)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="8A1C1C" if info.is_required() else "1D3557")
        note = Comment(meaning(column, info), "")
        note.width, note.height = 320, 110
        cell.comment = note
        if column in example:
            sheet.cell(2, n, example[column]).font = Font(italic=True, color="6C757D")
        letter = get_column_letter(n)
        sheet.column_dimensions[letter].width = max(12, len(column) + 4)
        choices = closed_list(info)
        if choices:
            drop = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
            drop.error = f"{column}: choose one of {', '.join(choices)}"[:255]
            drop.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(drop)
    sheet.freeze_panes = "C2" if len(fields) > 8 else "A2"


def meaning(column: str, info: FieldInfo) -> str:
    """What a header's note says: required or not, kind of value, choices, and what it is for."""
    choices = closed_list(info)
    kind = f"one of {', '.join(choices)}" if choices else kind_of(info.annotation)
    must = "must be filled" if info.is_required() else "may be blank"
    return f"{column} ({must}): {kind}.\n{info.description}"


def filled(annotation: Any) -> Any:
    """What a column holds where it is filled: of an optional what is not None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(a for a in get_args(annotation) if a is not type(None))
    return annotation


def closed_list(info: FieldInfo) -> list[str]:
    """The values of a column that has a closed list; drop-downs hold 255 characters at most."""
    part = filled(info.annotation)
    if part is bool:
        return ["yes", "no"]
    values = [str(v) for v in get_args(part)] if get_origin(part) is Literal else []
    return values if len(",".join(values)) <= 250 else []


def kind_of(annotation: Any) -> str:
    """What a cell of the column holds, in a few words."""
    part = filled(annotation)
    if get_origin(part) is tuple:
        return "a list, separated by ;"
    return {int: "a whole number", float: "a number", dt.date: "a date"}.get(part, "text")
