"""A case to outside files: a folder of CSV, a workbook, or JSON; read back it is the same case."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from allocator.domain import canon
from allocator.domain.case import TABLES, Case
from allocator.intake.plain import guarded, put


def cell(value: Any) -> str:
    """A value as a table's cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(str(v) for v in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def tables(case: Case) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """Table -> (columns in use, rows); required columns always, others where any row fills them."""
    out = {}
    for name, rows in canon.case_out(case).items():
        if name == "year":
            continue
        fields = TABLES[name].model_fields
        used = [f for f, info in fields.items() if info.is_required() or any(f in r for r in rows)]
        out[name] = (used, [[r.get(f) for f in used] for r in rows])
    return out


def whole(path: Path, writer: Callable[[Path], None]) -> None:
    """Through a temporary file beside the target, so that nothing is ever half written."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    try:
        writer(Path(name))
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_csv(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    def run(target: Path) -> None:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([guarded(h) for h in header])
            writer.writerows([guarded(v) if isinstance(v, str) else cell(v) for v in row] for row in rows)

    whole(path, run)


def write_case(case: Case, path: Path) -> None:
    """To a folder, an .xlsx or a .json, by the path's ending."""
    if path.suffix.lower() == ".json":
        whole(path, lambda p: _save(p, json.dumps(canon.case_out(case), indent=1, ensure_ascii=False) + "\n"))
    elif path.suffix.lower() == ".xlsx":
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell

        book = Workbook(write_only=True)
        for name, (header, rows) in tables(case).items():
            sheet = book.create_sheet(name)
            for row in (header, *rows):
                sheet.append([put(WriteOnlyCell(sheet), cell(v)) for v in row])
        whole(path, lambda p: book.save(p))
    else:
        path.mkdir(parents=True, exist_ok=True)
        for name, (header, rows) in tables(case).items():
            write_csv(path / f"{name}.csv", header, rows)


def _save(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
