"""What all tests share: NOT RUN is said aloud, and what is dear comes first and in one place (docs/how-to/run-the-tests.md).

Tests that need something this machine lacks say NOT RUN; with ALLOCATOR_ALL_TESTS=1 they fail instead.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest

gc.disable()  # until all is read

SITE = "whole_site"  # the fixture of one server and one browser
# half of what looks at pages, by time, in one process; the rest in another
ONE_SITE = ("test_every_page", "test_three_jobs", "test_ask", "test_board")
FIRST = (
    "tests/test_wheel.py",
    "tests/jobs",
    "tests/service/test_life.py",
    "tests/check",
    "tests/service",
    "tests/engine",
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a NOT RUN skip into a failure where everything must run."""
    report = yield
    if os.environ.get("ALLOCATOR_ALL_TESTS") == "1" and report.skipped and "NOT RUN" in str(report.longrepr):
        report.outcome = "failed"
    return report


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, or each process would open a site of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages are looked at in two processes, and begun first; then what takes long by itself, so that all end together."""
    for item in filter(_looks, items):
        module = item.path.stem
        item.add_marker(pytest.mark.xdist_group("site one" if module in ONE_SITE else "site two"))
    items.sort(key=_turn)


def _looks(item: pytest.Item) -> bool:
    return SITE in getattr(item, "fixturenames", ())


def _turn(item: pytest.Item) -> tuple[bool, int]:
    place = next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))
    return not _looks(item), place


def pytest_collection_finish() -> None:
    """What reading the program and the tests made lives to the end: nothing of it is looked through for garbage."""
    gc.freeze()
    gc.enable()
