"""`changes.toml`: a list of `[[change]]` tables (contract 4), every problem in it at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from allocator.domain.change import canonical
from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT


def read_changes(path: Path) -> list[dict[str, Any]]:
    """The changes of a file, in canonical form. Raises UsageError with every problem, numbered."""
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: this is a folder; give the changes file in it.") from None
    except BROKEN_TEXT as error:
        raise UsageError(f"{path}: this is not TOML: {error}.") from None
    rows = data.get("change")
    extra = [k for k in data if k != "change"]
    if extra or not isinstance(rows, list) or not rows:
        named = f" It holds {', '.join(extra)}." if extra else ""
        raise UsageError(f"{path}: a changes file is a list of [[change]] tables and nothing else.{named}")
    out, problems = [], []
    for n, row in enumerate(rows, 1):
        try:
            out.append(canonical(row))
        except UsageError as error:
            problems.append(f"{path}, change {n}: {error.text}")
    if problems:
        raise UsageError("\n".join(problems))
    return out
