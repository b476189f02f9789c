"""Tables as pandas DataFrames: the way in from a notebook, and a case handed back. pandas loads only when these
are called."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from allocator.domain.case import TABLES, Case
from allocator.errors import UsageError
from allocator.intake.problems import nearest
from allocator.intake.write import tables

if TYPE_CHECKING:
    import pandas as pd

KNOWN = (*TABLES, "policy")


def document_of(frames: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Frames by table as one JSON-like case, for `read_document`. Missing values (NaN, NaT, NA) are blanks.

    A frame whose index bears a column's name (`urn`, say) is read with it as that column. `policy` may be a frame
    of key and value. Raises UsageError for a name that is no table, something that is no frame, or a column that
    stands twice.
    """
    import pandas as pd

    out: dict[str, Any] = {}
    for name, given in frames.items():
        if name not in KNOWN:
            near = nearest(str(name), KNOWN)
            hint = f"Did you mean {near}?" if near else f"The tables are {', '.join(KNOWN)}."
            raise UsageError(f"{name} is not a table of a case. {hint}")
        if not isinstance(given, pd.DataFrame):
            raise UsageError(f"{name}: give a pandas DataFrame; this is a {type(given).__name__}.")
        frame = given.reset_index() if given.index.name is not None else given
        twice = [str(c) for c in frame.columns[frame.columns.duplicated()]]
        if twice:
            raise UsageError(f"{name}: the column {twice[0]} stands twice. Rename or drop one.")
        labels = [str(c) for c in frame.columns]
        rows = [
            {k: v for k, c in zip(labels, cells, strict=True) if (v := _value(c)) is not None}
            for cells in frame.itertuples(index=False, name=None)
        ]
        if name == "policy":
            out["policy"] = {str(r["key"]): r["value"] for r in rows if {"key", "value"} <= set(r)}
        elif rows:
            out[name] = rows
    return out


def _value(cell: Any) -> Any:
    """A cell as plain Python; None for what is missing."""
    import pandas as pd

    if isinstance(cell, list | tuple | set | frozenset):
        return [_value(c) for c in cell]
    if cell is None or pd.isna(cell):
        return None
    if isinstance(cell, pd.Timestamp):
        return cell.to_pydatetime()
    return cell.item() if hasattr(cell, "item") else cell


def frames(case: Case) -> dict[str, pd.DataFrame]:
    """Every table of a case that has rows: the columns in use, days and figures as numbers, dates as dates, lists
    joined by `;`.

    `read_case` of them gives the same case again.
    """
    import pandas as pd

    out = {}
    for name, (columns, rows) in tables(case).items():
        made = pd.DataFrame(rows, columns=pd.Index(columns), dtype=object)
        fields = TABLES[name].model_fields
        out[name] = made.assign(**{c: _typed(made[c], fields[c].annotation) for c in columns})
    return out


def _typed(column: pd.Series[Any], kind: Any) -> pd.Series[Any]:
    """The column in the dtype that says what it holds and keeps its blanks."""
    import pandas as pd

    if get_origin(kind) in (Union, types.UnionType):
        kind = next(a for a in get_args(kind) if a is not type(None))
    if kind is dt.date:
        return pd.to_datetime(column)
    if get_origin(kind) is tuple:
        return column.map(lambda c: ";".join(map(str, c)) if isinstance(c, list) else None).astype("string")
    dtype: Any = {bool: "boolean", int: "Int64", float: "Float64"}.get(kind, "string")
    return column.astype(dtype)
