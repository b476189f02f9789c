"""Raw tables from a folder of CSV files, a workbook or a JSON document: text in rows, nothing judged yet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from allocator.domain.case import TABLES
from allocator.intake.problems import Problem, nearest
from allocator.intake.spelling import squeezed

LARGEST = 200 * 1024 * 1024  # bytes a workbook may unpack to
MOST_ROWS = 200_000  # rows of one sheet; the largest real register has about 53,000
KNOWN = (*TABLES, "policy")
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


@dataclass
class Raw:
    tables: dict[str, RawTable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    policy_toml: str | None = None
    policy: dict[str, Any] | None = None
    year: str | None = None
    unknown: list[str] = field(default_factory=list)  # titles of sheets and files that are no table of ours

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
    elif path.is_dir():
        _folder(path, raw, sheets or {})
    elif path.stat().st_size == 0:
        raw.error("empty_file", "", f"{path.name} is empty (0 bytes). Save it again, or give another file.")
    elif path.suffix.lower() in (".xlsx", ".xlsm"):
        _workbook(path, raw, sheets or {})
    elif path.suffix.lower() == ".json":
        _json(path, raw)
    else:
        raw.error(
            "unknown_form",
            "",
            f"{path.name}: a case is a folder of CSV files, an .xlsx workbook or a .json file. "
            "An older .xls or .ods must be saved as .xlsx first.",
        )
    return raw


def decode(data: bytes) -> str:
    """UTF-8 (BOM allowed), else Windows-1252 with its unused bytes kept as marks."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _folder(path: Path, raw: Raw, sheets: Mapping[str, str]) -> None:
    for file in sorted(path.iterdir()):
        name = sheets.get(squeezed(file.stem), file.stem.casefold())
        if file.suffix.lower() == ".csv" and name in TABLES:
            _csv(file, name, raw)
        elif file.suffix.lower() == ".csv" and name:
            raw.unknown.append(file.stem)
            near = nearest(name, TABLES)
            hint = f" Did you mean {near}.csv?" if near else f" The tables are {', '.join(TABLES)}."
            raw.notice("unknown_table", name, f"{file.name} is not a table of a case and is not read.{hint}")
    policy = path / "policy.toml"
    if policy.exists():
        raw.policy_toml = decode(policy.read_bytes())


def _csv(file: Path, name: str, raw: Raw) -> None:
    data = file.read_bytes()
    if not data.strip():
        raw.error("empty_file", name, f"{file.name} is empty. Put the header row in, or remove the file.")
        return
    if b"\0" in data:
        raw.error("nul_byte", name, f"{file.name} holds a NUL byte: it is not a text file. Save it as CSV (UTF-8).")
        return
    table = RawTable(name)
    old = csv.field_size_limit(10_000_000)
    try:
        first = True
        reader = csv.reader(io.StringIO(decode(data), newline=""))
        for cells in reader:
            if first:
                table.header, first = [c.strip() for c in cells], False
            elif any(c.strip() for c in cells):
                table.rows.append((reader.line_num, list(cells)))
    except csv.Error as error:
        raw.error("not_csv", name, f"{file.name}, line {reader.line_num}: not readable as CSV ({error}).")
        return
    finally:
        csv.field_size_limit(old)
    raw.tables[name] = table


def _workbook(path: Path, raw: Raw, sheets: Mapping[str, str]) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(i.file_size for i in archive.infolist())
            names = archive.namelist()
    except zipfile.BadZipFile:
        raw.error(
            "not_a_workbook",
            "",
            f"{path.name} is not a readable .xlsx workbook: it may be damaged, protected by a password, or "
            "another kind of file with that name. Save a copy without a password as .xlsx.",
        )
        return
    if size > LARGEST:
        raw.error("too_large", "", f"{path.name} unpacks to {size // 2**20} MiB; the limit is {LARGEST // 2**20} MiB.")
        return
    if any("vbaProject" in n for n in names):
        raw.notice("macros", "", f"{path.name} holds macros; they are not run, only the cells are read.")
    if any(n.startswith("xl/externalLinks/") for n in names):
        raw.notice("external_links", "", f"{path.name} links to other workbooks; the values last saved are used.")
    from openpyxl import load_workbook

    try:
        values = load_workbook(path, data_only=True, read_only=False, keep_links=False)
        formulas = load_workbook(path, data_only=False, read_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises many kinds on a damaged file; all mean the same to a user
        raw.error("not_a_workbook", "", f"{path.name} could not be read as a workbook ({type(error).__name__}).")
        return
    for sheet in values.worksheets:
        name = sheets.get(squeezed(sheet.title), sheet.title.strip().casefold())
        if name not in KNOWN:
            if name and name not in IGNORED:
                raw.unknown.append(sheet.title)
                near = nearest(name, KNOWN)
                hint = f" Did you mean {near}?" if near else f" The tables are {', '.join(KNOWN)}."
                raw.notice(
                    "unknown_sheet", sheet.title, f"The sheet {sheet.title} is not a table and is not read.{hint}"
                )
            continue
        if name in raw.tables:
            raw.error(
                "table_twice", name, f"The sheets {raw.tables[name].title} and {sheet.title} are both taken for {name}. "
                "Take one out, or say that it is no table.",
            )  # fmt: skip
            continue
        merged = [r for r in sheet.merged_cells.ranges if r.min_row == 1]
        if merged:
            raw.error(
                "merged_header",
                name,
                f"Sheet {sheet.title}: the header has merged cells ({merged[0]}). Unmerge them: one name a column.",
                row=1,
            )
            continue
        raw.tables[name] = _sheet(sheet, formulas[sheet.title], name, raw)
        raw.tables[name].title = sheet.title
    formulas.close()


def _sheet(sheet: Any, formulas: Any, name: str, raw: Raw) -> RawTable:
    table = RawTable(name)
    rows = zip(sheet.iter_rows(values_only=True), _formula_rows(formulas), strict=False)
    for number, (cells, written) in enumerate(rows, 1):
        if number > MOST_ROWS:
            raw.error("too_many_rows", name, f"Sheet {sheet.title} has more than {MOST_ROWS:,} rows.")
            break
        if number == 1:
            table.header = ["" if c is None else str(c).strip() for c in cells]
            continue
        out = list(cells)
        for n, cell in enumerate(cells):
            label = table.header[n] if n < len(table.header) else f"column {n + 1}"
            if isinstance(cell, str) and cell.startswith("#") and cell.rstrip("!?").isupper() and " " not in cell:
                raw.error(
                    "formula_error", name, f"Sheet {sheet.title}, row {number}, {label}: the cell shows {cell}. "
                    "Mend the formula or type the value.", row=number, column=label, value=cell,
                )  # fmt: skip
                out[n] = None
            elif cell is None and n < len(written) and isinstance(written[n], str) and written[n].startswith("="):
                raw.error(
                    "formula_unsaved", name, f"Sheet {sheet.title}, row {number}, {label}: a formula with no saved "
                    "value. Open and save the workbook in Excel, or type the value.", row=number, column=label,
                )  # fmt: skip
        if any(c is not None and str(c).strip() for c in out):
            table.rows.append((number, out))
    while table.header and not table.header[-1]:
        table.header.pop()
    return table


def _formula_rows(sheet: Any) -> Iterator[Sequence[Any]]:
    yield from sheet.iter_rows(values_only=True)
    while True:
        yield ()


def _json(path: Path, raw: Raw) -> None:
    try:
        data = json.loads(decode(path.read_bytes()))
    except (json.JSONDecodeError, RecursionError) as error:
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
            header = list(dict.fromkeys(k for r in rows for k in r))
            table = RawTable(key, header)
            table.rows = [(n, [r.get(k) for k in header]) for n, r in enumerate(rows, 1)]
            raw.tables[key] = table
