"""How much a run tries: a slice in `make test`, all that takes minutes in `make test-long`, what takes hours where they are given.

A test that is long by nature says so with `long`, and where its slice is: in its own parameters (`but`), in a shorter test
of its file (nothing to say), or elsewhere (`slice`). tests/test_sizes.py holds it to that.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

import pytest

HOURS = os.environ.get("ALLOCATOR_HOURS") == "1"
LONG = HOURS or os.environ.get("ALLOCATOR_LONG") == "1"
T = TypeVar("T")


def whole_or(whole: T, slice: T, short: T | None = None) -> T:
    """`whole` where hours are given, `slice` otherwise, or `short` in `make test`: numbers of random cases, seconds, lists."""
    return whole if HOURS else slice if LONG or short is None else short


def long(*, but: str | tuple[str, ...] = (), slice: str = "") -> pytest.MarkDecorator:
    """Left to `make test-long`: a test, a file (`pytestmark`) or one parameter (`marks`).

    `but` names the parameters that stay, by a part of the test's id between its dashes; `slice` is the test elsewhere
    (`tests/file.py::test_name`) that asks the same in short.
    """
    return pytest.mark.long(but=(but,) if isinstance(but, str) else but, slice=slice)


def is_long(item: Any) -> bool:
    """Whether `make test` leaves it out."""
    words = parts(item)
    return any(not words & set(mark.kwargs["but"]) for mark in item.iter_markers("long"))


def parts(item: Any) -> set[str]:
    """The id of its parameters, whole and between dashes."""
    inner = item.name.partition("[")[2].partition("@")[0].removesuffix("]")
    return {inner, *inner.split("-")}


def without_slice(items: Iterable[Any]) -> list[str]:
    """What would be asked in no way by `make test`: files all long whose marks name no slice, slices and `but` that are nowhere."""
    files: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        files[item.nodeid.partition("::")[0]].append(item)
    known = {item.nodeid.partition("[")[0].partition("@")[0] for item in items if not is_long(item)}
    wrong = set()
    for file, inside in files.items():
        short = any(not is_long(item) for item in inside)
        kept: dict[str, set[str]] = defaultdict(set)
        for item in inside:
            kept[item.nodeid.partition("[")[0]] |= parts(item)
        for item in inside:
            for mark in item.iter_markers("long"):
                name, elsewhere = item.nodeid.partition("[")[0], mark.kwargs["slice"]
                wrong |= {f"{name}: no {one}" for one in set(mark.kwargs["but"]) - kept[name]}
                if elsewhere and elsewhere.partition("::")[0] in files and elsewhere not in known:
                    wrong.add(f"{name}: its slice {elsewhere} is not in `make test`")
                if not short and not elsewhere:
                    wrong.add(f"{file}: all long, and no slice is named")
    return sorted(wrong)
