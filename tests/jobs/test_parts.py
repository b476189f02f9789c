"""A part of a sweep that ended without an answer is asked again under a name of its own, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from allocator.errors import Defect
from allocator.jobs import worker
from allocator.store.tables import Job


@dataclass
class Flow:
    workflow_id: str
    status: str


@dataclass
class FakeQueue:
    """What the queue was asked, and how it says that each part ended."""

    ended: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def enqueue(self, what: dict[str, Any], job_id: str, n: int) -> None:
        self.asked.append(what["workflow_id"])

    def list_workflows(self, workflow_ids: list[str], **_: Any) -> list[Flow]:
        return [Flow(name, self.ended.get(name, "PENDING")) for name in workflow_ids]


def test_a_part_that_ended_without_an_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOST", -1.0)  # look every time
    queue = FakeQueue({"j:1": "ERROR", "j:2": "ERROR"})
    parts = worker._Parts(queue, Job(id="j", turn=3), range(3))  # type: ignore[arg-type]  # as much of a client as is used
    parts.ask_again(done={2})
    parts.ask_again(done={2})
    assert queue.asked == ["j:0", "j:1", "j:2", "j:1:1"]


def test_a_part_that_never_answers_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LOST", -1.0)
    names = ["j:0", *(f"j:0:{n}" for n in range(1, worker.MOST_ATTEMPTS))]
    parts = worker._Parts(FakeQueue(dict.fromkeys(names, "ERROR")), Job(id="j", turn=0), [0])  # type: ignore[arg-type]
    for _ in range(worker.MOST_ATTEMPTS - 1):
        parts.ask_again(set())
    with pytest.raises(Defect, match="Part 0"):
        parts.ask_again(set())
