"""What Python raises for a zip (and so a workbook), for TOML or JSON that cannot be read, whoever reads it: one
list for all readers; and the one reader of JSON that somebody wrote."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import Counter
from typing import Any

from allocator.domain.characters import visible

NAMED = 80  # characters of a name that are said

BROKEN_ZIP = (
    zipfile.BadZipFile,  # not a zip, a table of contents or a checksum that is wrong
    RuntimeError,  # protected by a password
    NotImplementedError,  # compressed in a way that Python does not know
    OSError,
    EOFError,  # cut off
    ValueError,  # a name that is none
    zlib.error,  # packed bytes that are damaged
)
BROKEN_TEXT = (
    ValueError,  # no TOML or JSON, no text, or a number of more digits than Python takes
    RecursionError,  # thousands of brackets
)


class Twice(ValueError):
    """A name that stands twice in one object of JSON."""


def json_of(text: str | bytes) -> Any:
    """What JSON says, every name of an object once. Raises BROKEN_TEXT: of two the first would be gone unsaid."""
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(k for k, _ in pairs)
        twice = next(k for k, _ in pairs if times[k] > 1)
        raise Twice(f"“{visible(twice if len(twice) <= NAMED else twice[:NAMED] + '…')}” stands twice in one object")
    return found
