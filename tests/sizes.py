"""How much of what is long by nature a run tries: a slice in `make test`, all of it in `make test-long`."""

from __future__ import annotations

import os
from typing import TypeVar

LONG = os.environ.get("ALLOCATOR_LONG") == "1"
T = TypeVar("T")


def whole_or(whole: T, slice: T) -> T:
    """`whole` where all is tried, `slice` in the daily run: numbers of random cases, seconds, lists."""
    return whole if LONG else slice
