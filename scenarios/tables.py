"""Where the ready cases live, and how their tables are written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """One table as CSV, columns in order of first use."""
    columns = list(dict.fromkeys(k for r in rows for k in r))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def words(text: str) -> tuple[str, ...]:
    """A list of words, written as a text."""
    return tuple(text.split())
