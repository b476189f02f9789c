"""Where processors are fewer than what is at work: long work gives way, so that a short question is soon answered."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, get_args

import pytest

from allocator.jobs import asks, worker
from allocator.jobs.asks import JobAsk, JobKind
from allocator.store.tables import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
SHORT = {"export", "what_if", "resubmission"}


def lowered() -> int:
    """By how much the priority of this thread is lower than that of the process."""
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    return own - os.getpriority(os.PRIO_PROCESS, os.getpid())


def here(work: Callable[[], int]) -> int:
    return work()


def begun(work: Callable[[], int]) -> int:
    """What it answers in a thread of its own."""
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("within", [here, begun])
def test_what_gives_way_has_a_lower_priority_and_so_has_all_it_begins(within: Callable[..., int]) -> None:
    assert (worker.giving_way(lambda: within(lowered)), lowered()) == (worker.LOW, 0)


def test_what_goes_wrong_is_told_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        worker.giving_way(lambda: 1 // 0)


@pytest.mark.parametrize("kind", get_args(JobKind))
def test_a_job_gives_way_unless_it_is_short(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_too_new", lambda _: False)
    monkeypatch.setattr(worker, "_claim", lambda _: (Job(id="j", kind=kind, attempt=1), 1))
    monkeypatch.setattr(asks, "of", lambda _: JobAsk())
    monkeypatch.setattr(worker, "_watch", lambda *_: None)
    monkeypatch.setattr(worker, "_end", lambda *_: True)
    found: list[int] = []

    def do(*_: Any) -> dict[str, Any]:
        found.append(lowered())
        return {}

    worker._run("j", do)
    assert found == [0 if kind in SHORT else worker.LOW]
