"""Sheets and files that are no table of ours: told, and not passed over where they would protect somebody or hold
schools or people of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.domain.case import TABLES
from allocator.intake.cells import blank, text
from allocator.intake.grid import columns_in, header_at, looks_like
from allocator.intake.problems import nearest
from allocator.intake.usual import usual_column, usual_table, year_in

if TYPE_CHECKING:
    from allocator.intake.source import Raw

TITLE = 0.7  # how alike a sheet's title is to a table of ours at least, to be taken for a slip of it
PROTECTING = (  # no sheet that looks like one of these is passed over
    "interests",
    "refusals",
    "decisions",
    "absences",
    "wishes",
    "answers",
    "history",
)
WHOLE = {"schools": ("urn", "name"), "sips": ("sip", "name")}  # tables whose second sheet may hold others
KNOWN = (*TABLES, "policy")
SETTINGS = ("policy", "mapping")  # files that must be called so, and end in .toml
SHOWN = 3  # schools or people named of a sheet that is not read
Rows = Sequence[Sequence[Any]]


def unknown(title: str, called: str, name: str, rows: Rows, raw: Raw) -> None:
    """A sheet or file that is no table of ours; one that by its headers would protect somebody is not passed over."""
    raw.unknown.append(title)
    like, near = looks_like(rows), nearest(name, KNOWN, TITLE)
    if like is None and near in PROTECTING and len(rows) > 1 and len(columns_in(near, rows)) > 1:
        like = near
    if like:
        raw.likely[title] = like
    if like in PROTECTING:
        if usual_table(title) != like:  # else it is told that two sheets are taken for one table
            raw.error(
                "unread_sheet",
                title,
                f"{called} has the headers of {like}, and by its title is no table. Call it {like}, or say what it "
                "is: under [sheets] in a mapping, or on the page *The data*.",
                expected=like,
            )
        return
    if like is None and rows and {"urn", "sip"} <= columns_in("history", rows):
        raw.error(
            "unread_sheet",
            title,
            f"{called} pairs schools with SIPs, and by its title is no table. Say what it is, history, interests, "
            "refusals or no table: under [sheets] in a mapping, or on the page *The data*.",
        )
        return
    if like and like != near:
        hint = (
            f" It has the headers of {like}: call it so, or say it under [sheets] in "
            "a mapping or on the page *The data*."
        )
    else:
        hint = f" Did you mean {near}?" if near else f" The tables are {', '.join(KNOWN)}."
    raw.notice("unknown_sheet", title, f"{called} is not a table and is not read.{hint}")


def left_out(sheets: Mapping[str, Rows], raw: Raw) -> None:
    """Sheets that look like schools or SIPs beside the one read as such, of no other year, and hold some that it
    has not: a part of the case would be missing."""
    for title, rows in sheets.items():
        like = raw.likely.get(title, "")
        table = raw.tables.get(like)
        if like not in WHOLE or table is None or year_in(title):
            continue
        have = _keys(like, [table.header, *(cells for _, cells in table.rows)])
        mine = [k for k in dict.fromkeys(_keys(like, rows[header_at(like, rows) :])) if k not in set(have)]
        if mine:
            more = f" and {len(mine) - SHOWN} more" if len(mine) > SHOWN else ""
            raw.problems = [p for p in raw.problems if (p.code, p.table) != ("unknown_sheet", title)]
            raw.error(
                "unread_sheet",
                title,
                f"The sheet {title} has the headers of {like}, and holds {', '.join(mine[:SHOWN])}{more}, whom "
                f"{table.title or like}, which is read, has not. Put them on one sheet, or say under [sheets] in a "
                "mapping or on the page *The data* that it is no table.",
                expected=like,
            )


def _keys(table: str, rows: Rows) -> list[str]:
    """What tells the rows apart: the texts under the first of the columns that the sheet has."""
    header, *below = rows
    columns = [usual_column(table, text(c)) if not blank(c) else None for c in header]
    at = next((columns.index(c) for c in WHOLE[table] if c in columns), None)
    return [text(r[at]) for r in below if at is not None and at < len(r) and not blank(r[at])]


def other_files(files: Iterable[Path], raw: Raw) -> None:
    """Files of a folder that are no CSV, and by their names are tables or settings which nothing else gives."""
    for file in files:
        plain = re.sub(r"\W+$", "", file.name.partition(".")[0].casefold())
        if file.name[:1] in ".~" or file.is_dir() or file.suffix.lower() == ".csv":
            continue
        if plain in SETTINGS:
            if file.name.casefold() != f"{plain}.toml":
                raw.error("not_read", plain, f"{file.name} is not read: call it {plain}.toml.", value=file.name)
            continue
        table = plain if plain in TABLES else usual_table(plain)
        if table is not None and table not in raw.tables:
            raw.error(
                "not_read",
                table,
                f"{file.name} is not read: of a folder the CSV files are read. Save it as {table}.csv, or put all "
                "tables as sheets into one workbook.",
                value=file.name,
                expected=f"{table}.csv",
            )
