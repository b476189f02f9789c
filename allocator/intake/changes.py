"""`changes.toml`, a list of `[[change]]` tables (contract 4), and other such lists: every problem in one at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from allocator.domain.change import canonical
from allocator.domain.change_args import Change
from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT

T = TypeVar("T")


def read_changes(path: Path) -> list[Change]:
    """The changes of a file, in canonical form. Raises UsageError with every problem, numbered."""
    return tables_of(path, "change", "changes file", canonical)


def tables_of(path: Path, name: str, what: str, read: Callable[[Any], T]) -> list[T]:
    """What `read` makes of each `[[name]]` table of a TOML file, which holds nothing else. Raises UsageError with every
    problem, numbered."""
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: this is a folder; give the {what} in it.") from None
    except BROKEN_TEXT as error:
        raise UsageError(f"{path}: this is not TOML: {error}.") from None
    rows = data.get(name)
    extra = [k for k in data if k != name]
    if extra or not isinstance(rows, list) or not rows:
        named = f" It holds {', '.join(extra)}." if extra else ""
        raise UsageError(f"{path}: a {what} is a list of [[{name}]] tables and nothing else.{named}")
    out, problems = [], []
    for n, row in enumerate(rows, 1):
        try:
            out.append(read(row))
        except UsageError as error:
            problems.append(f"{path}, {name} {n}: {error.text}")
    if problems:
        raise UsageError("\n".join(problems))
    return out
