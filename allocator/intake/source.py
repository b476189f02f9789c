"""Raw tables from a folder of CSV files, a workbook or a JSON document: text in rows, nothing judged yet."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from allocator.domain.bodies import ReadAs
from allocator.domain.case import TABLES
from allocator.errors import CaseError
from allocator.intake.broken import BROKEN_TEXT, json_of
from allocator.intake.grid import csv_rows, from_sheet, lay_out, swallowed, year_of_title
from allocator.intake.ordinary import unreadable
from allocator.intake.problems import Problem, nearest
from allocator.intake.spelling import squeezed
from allocator.intake.unread import KNOWN, PROTECTING, left_out, other_files, unknown
from allocator.intake.usual import usual_table, year_in
from allocator.intake.workbook import open_book

WORKBOOKS = (".xlsx", ".xlsm", ".ods", ".xls")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_ROWS = 120_000  # of one table: five years of history of every school in England
MOST_COLUMNS = 500  # the register has about 140
LOOKED_AT = 100_000  # bytes of a file that is no table, to tell by its headers what it may be
IGNORED = (
    "read me",
    "readme",
    "lists",
    "plan",
    "loads",
    "unfilled",
    "changes",
    "notices",
    "settings in force",
    "for the auditor",
    "problems",
    *(
        f"list {name}"
        for name in (
            "room",
            "tenure",
            "changes",
            "checks",
            "years",
            "days",
            "needs",
            "clusters",
            "interests",
            "appraisal",
        )
    ),
)


@dataclass
class RawTable:
    """Header texts and rows of cells with their row numbers; cells are text, numbers, dates or None.

    `title`: the sheet's own. `kept`: labels that a person has said are their own, to be handed back and not used.
    """

    name: str
    header: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[Any]]] = field(default_factory=list)
    title: str = ""
    kept: set[str] = field(default_factory=set)
    header_row: int = 1  # where the header stands
    labels: dict[int, str] = field(default_factory=dict)  # position -> the header as written, before it was made ours
    spoilt: bool = False  # it could not be read, and that has been said


@dataclass
class Raw:
    tables: dict[str, RawTable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    policy_toml: str | None = None
    policy: dict[str, Any] | None = None
    year: str | None = None
    read_titles: dict[str, str] = field(default_factory=dict)  # titles that are not ours -> the table each was read as
    alike: list[ReadAs] = field(
        default_factory=list
    )  # names of bodies that were taken for one they are only alike to, or may be two
    unknown: list[str] = field(default_factory=list)  # titles of sheets and files that are no table of ours
    likely: dict[str, str] = field(default_factory=dict)  # such a title -> the table that its headers are of

    def error(self, code: str, table: str, text: str, **at: Any) -> None:
        self.problems.append(Problem(code, "error", table, text, **at))

    def notice(self, code: str, table: str, text: str, **at: Any) -> None:
        self.problems.append(Problem(code, "notice", table, text, **at))


def read_raw(path: Path, sheets: Mapping[str, str] | None = None) -> Raw:
    """All raw tables of a case, whatever form it has; what could not be read is in `problems`.

    `sheets`: a programme's own titles, as compared -> our tables; blank = not a table.
    """
    raw = Raw()
    if not path.exists():
        near = nearest(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else None
        hint = f" Did you mean {near}?" if near else ""
        raw.error("no_such_file", "", f"{path}: there is no such file or folder.{hint}")
    elif not path.is_dir() and (told := unreadable(path)):
        raw.error("no_file", "", told)
    elif path.is_dir():
        _folder(path, raw, sheets or {})
    elif path.stat().st_size == 0:
        raw.error("empty_file", "", f"{path.name} is empty (0 bytes). Save it again, or give another file.")
    elif path.suffix.lower() in WORKBOOKS:
        _workbook(path, raw, sheets or {})
    elif path.suffix.lower() == ".json":
        _json(path, raw)
    else:
        raw.error(
            "unknown_form",
            "",
            f"{path.name}: a case is a folder of CSV files, a workbook (.xlsx, .ods, .xls) or a .json file.",
        )
    return raw


def decode(data: bytes) -> str:
    """UTF-8 (BOM allowed), UTF-16 where its mark says so, else Windows-1252 with its unused bytes kept as marks."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _folder(path: Path, raw: Raw, sheets: Mapping[str, str]) -> None:
    files = sorted(path.iterdir())
    for odd in [f for f in files if f.suffix.lower() in (".csv", ".toml") and not f.is_dir()]:
        if told := unreadable(odd):
            raw.error("no_file", "", told)
            files.remove(odd)
    named = _tables_of([f.stem for f in files if f.suffix.lower() == ".csv"], sheets, raw)
    for file in files:
        name = named.get(file.stem, "")
        if file.suffix.lower() == ".csv" and name in TABLES:
            _csv(file, name, raw)
        elif file.suffix.lower() == ".csv" and name:
            few = decode(file.read_bytes()[:LOOKED_AT])
            unknown(
                file.stem,
                file.name,
                name,
                [cells for _, cells in csv_rows(few, name, MOST_ROWS)[0]] if few.strip() else [],
                raw,
            )
    other_files(files, raw)
    policy = path / "policy.toml"
    if policy in files:
        raw.policy_toml = decode(policy.read_bytes())


def _csv(file: Path, name: str, raw: Raw) -> None:
    data = file.read_bytes()
    if not data.strip():
        raw.error("empty_file", name, f"{file.name} is empty. Put the header row in, or remove the file.")
        return
    if b"\0" in data and data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raw.error("nul_byte", name, f"{file.name} holds a NUL byte: it is not a text file. Save it as CSV (UTF-8).")
        return
    table = RawTable(name)
    old = csv.field_size_limit(10_000_000)
    try:
        rows, separator = csv_rows(decode(data), name, MOST_ROWS)
    except csv.Error as error:
        raw.error("not_csv", name, f"{file.name}: not readable as CSV ({error}).")
        return
    finally:
        csv.field_size_limit(old)
    if not _fits(name, file.name, len(rows), max((len(r) for _, r in rows), default=0), raw):
        return
    lay_out(table, rows, raw)
    swallowed(table, separator, raw)
    year_of_title(table, file.stem, raw)
    if separator != ",":
        called = SEPARATORS.get(separator, separator)
        raw.notice("separator", name, f"{file.name}: its columns are separated by {called}, and read so.")
    raw.tables[name] = table


def _fits(table: str, called: str, rows: int, columns: int, raw: Raw) -> bool:
    """Whether a table is one that can be read in a bounded time; else that is said, and it is not read."""
    for n, most, what in ((rows, MOST_ROWS, "rows"), (columns, MOST_COLUMNS, "columns")):
        if n > most:
            raw.error(
                "too_large",
                table,
                f"{called} has more than {most:,} {what}, the limit. Give only what this round needs.",
            )
            return False
    return True


def _workbook(path: Path, raw: Raw, sheets: Mapping[str, str]) -> None:
    try:
        book = open_book(path.read_bytes(), path.name)
    except CaseError as error:
        raw.error("not_a_workbook", "", error.text)
        return
    if book.macros:
        raw.notice("macros", "", f"{path.name} holds macros; they are not run, only the cells are read.")
    if book.links:
        raw.notice("external_links", "", f"{path.name} links to other workbooks; the values last saved are used.")
    if book.old:
        raw.notice(
            "old_form",
            "",
            f"{path.name}: of an .xls, hidden and struck rows, percentages, colours and comments are not looked for; "
            "save it as .xlsx to be told of them.",
        )
    named = _tables_of([s.title for s in book.sheets], sheets, raw)
    unread: dict[str, list[list[Any]]] = {}
    for sheet in book.sheets:
        name = named[sheet.title]
        if name not in KNOWN:
            if name and name not in IGNORED:
                unknown(sheet.title, f"The sheet {sheet.title}", name, sheet.rows, raw)
                unread[sheet.title] = sheet.rows
            continue
        if name in raw.tables:
            raw.error(
                "table_twice",
                name,
                f"The sheets {raw.tables[name].title} and {sheet.title} are both taken for {name}. "
                "Take one out, or say that it is no table.",
            )
            continue
        if not _fits(name, f"Sheet {sheet.title}", len(sheet.rows), max(map(len, sheet.rows), default=0), raw):
            continue
        table = RawTable(name, title=sheet.title)
        from_sheet(sheet, table, raw)
        if not table.spoilt:
            raw.tables[name] = table
    left_out(unread, raw)


def _tables_of(titles: Sequence[str], said: Mapping[str, str], raw: Raw) -> dict[str, str]:
    """Title -> our table, by what somebody has said, by our own name, else by a usual one where no other sheet has
    that table; a title that is none of these stays as it is compared."""
    out = {t: said.get(squeezed(t), t.strip().casefold()) for t in titles}
    taken = {n for n in out.values() if n in KNOWN}
    for title, name in sorted(
        out.items(), key=lambda x: year_in(x[0]) or "", reverse=True
    ):  # of several years' allocations the newest
        usual = usual_table(title) if name and name not in KNOWN and name not in IGNORED else None
        if usual in taken and usual in PROTECTING:
            raw.error(
                "table_twice",
                usual,
                f"{title} looks like {usual}, which is read from another sheet already. Put them on one sheet, or "
                "say what it is under [sheets] in a mapping.",
            )
        elif usual is not None and usual not in taken:
            out[title] = usual
            taken.add(usual)
            raw.read_titles[title] = usual
            raw.notice("title_read", usual, f"{title} is read as {usual}, by its usual name.")
    return out


def _json(path: Path, raw: Raw) -> None:
    try:
        data = json_of(decode(path.read_bytes()))
    except BROKEN_TEXT as error:
        raw.error("not_json", "", f"{path.name} is not readable as JSON: {error}.")
        return
    if not isinstance(data, dict):
        raw.error("not_json", "", f'{path.name}: a case is an object such as {{"schools": [...], "sips": [...]}}.')
        return
    document(data, raw)


def document(data: dict[str, Any], raw: Raw) -> None:
    """Tables of one JSON document (contract 1) into `raw`."""
    for key, rows in data.items():
        if key == "year" and isinstance(rows, str):
            raw.year = rows
        elif key == "policy" and isinstance(rows, dict):
            raw.policy = rows
        elif key == "extras":
            continue
        elif key not in TABLES:
            near = nearest(key, KNOWN)
            raw.notice(
                "unknown_table", key, f"{key} is not a table of a case." + (f" Did you mean {near}?" if near else "")
            )
        elif not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raw.error("not_rows", key, f"{key} must be a list of objects, one a row.")
        else:
            if not _fits(key, key, len(rows), max(map(len, rows), default=0), raw):
                continue
            header = list(islice(dict.fromkeys(k for r in rows for k in r), MOST_COLUMNS + 1))
            if not _fits(key, key, 0, len(header), raw):
                continue
            table = RawTable(key, header)
            table.rows = [(n, [r.get(k) for k in header]) for n, r in enumerate(rows, 1)]
            raw.tables[key] = table
