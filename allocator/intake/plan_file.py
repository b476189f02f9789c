"""A plan from its file; a clear error when it is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from allocator.domain.plan import Plan
from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT
from allocator.intake.ordinary import unreadable

P = TypeVar("P", bound=Plan)
FORMAT = "allocator.plan/1"


def read_plan(path: Path, kind: type[P]) -> P:
    """The plan that `solve -o` or `Plan.save` wrote, as this class of plan. Raises UsageError for anything else."""
    if not path.is_fifo() and (told := unreadable(path)):  # `<(…)` gives a plan by a pipe, and ends
        raise UsageError(told)
    try:
        data = json.loads(path.read_text("utf-8"))
        form = data.get("format") if isinstance(data, dict) else None
        if isinstance(form, str) and form != FORMAT and form.startswith("allocator.plan/"):
            raise UsageError(
                f"{path}: a plan of form {form}; this version reads {FORMAT}. Use the version that wrote it."
            )
        return kind.model_validate(data)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file. `allocator solve CASE -o {path}` writes one.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(x) for x in first["loc"]) or "top"
        raise UsageError(
            f"{path}: this is not a plan (allocator.plan/1): {where}: {first['msg']}; "
            f"{error.error_count()} such problems. Give the file that `solve -o` wrote."
        ) from None
    except BROKEN_TEXT:  # a number of thousands of digits is no JSON to Python, either
        raise UsageError(f"{path}: this is not a plan: it is not JSON. Give the file that `solve -o` wrote.") from None
