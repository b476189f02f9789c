"""What all tests share: NOT RUN is said aloud, and what is dear comes first and in one place (docs/how-to/run-the-tests.md).

Tests that need something this machine lacks say NOT RUN; with ALLOCATOR_ALL_TESTS=1 they fail instead.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator

import pytest

from tests.sizes import LONG, is_long

gc.disable()  # until all is read

COLLECTED: list[pytest.Item] = []  # also what is left to `make test-long`
ONCE_READ: list[Callable[[], None]] = []  # what modules of tests would do between reading and the first test
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
    "tests/store",
    "tests/reasons",
    "tests/year",
    "tests/test_repo.py",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long(but, slice): left to `make test-long` (tests/sizes.py)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a NOT RUN skip into a failure where everything must run."""
    report = yield
    if os.environ.get("ALLOCATOR_ALL_TESTS") == "1" and report.skipped and "NOT RUN" in str(report.longrepr):
        report.outcome = "failed"
    return report


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file's bytes are called by their argument: an archive holds its hour, so each process would name its test otherwise."""
    return argname if isinstance(val, bytes) and len(val) > 64 else None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, or each process would open a site of its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long is left to `make test-long`. Pages are looked at in two processes, and begun first; then what takes long by itself, so that all end together."""
    COLLECTED[:] = items
    if not LONG and not any("::" in word for word in config.args):  # what is named is run, however long
        short = [item for item in items if not is_long(item)]
        config.hook.pytest_deselected(items=[item for item in items if is_long(item)])
        items[:] = short
    for item in filter(_looks, items):
        module = item.path.stem
        item.add_marker(pytest.mark.xdist_group("site one" if module in ONE_SITE else "site two"))
    for item in items:  # a file in one process: what it shares is made once
        if not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_turn)


def _looks(item: pytest.Item) -> bool:
    return SITE in getattr(item, "fixturenames", ())


def _turn(item: pytest.Item) -> tuple[bool, int]:
    place = next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))
    return not _looks(item), place


def pytest_collection_finish(session: pytest.Session) -> None:
    """What reading the program and the tests made lives to the end: nothing of it is looked through for garbage."""
    gc.freeze()
    gc.enable()
    capture = session.config.pluginmanager.getplugin("capturemanager")
    capture.resume_global_capture()  # what a process begun here prints is shown with the test that fails
    for do in ONCE_READ:
        do()
    capture.suspend_global_capture()
