"""A part of a sweep that ended without an answer is asked again under a name of its own, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from allocator.errors import Defect
from allocator.jobs import asked_parts as module
from allocator.jobs.asked_parts import MOST_ATTEMPTS, AskedParts
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
    resumed: list[str] = field(default_factory=list)

    def enqueue(self, what: dict[str, Any], job_id: str, n: int) -> None:
        self.asked.append(what["workflow_id"])

    def list_workflows(self, workflow_ids: list[str], **_: Any) -> list[Flow]:
        return [Flow(name, self.ended.get(name, "PENDING")) for name in workflow_ids]

    def resume_workflow(self, name: str, queue_name: str) -> None:
        self.resumed.append(f"{queue_name} {name}")


def test_a_part_that_ended_without_an_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOST", -1.0)  # look every time
    queue = FakeQueue({"j:1": "ERROR", "j:2": "ERROR"})
    parts = AskedParts(queue, Job(id="j", turn=3), range(3))  # type: ignore[arg-type]  # as much of a client as is used
    parts.ask_again(done={2})
    parts.ask_again(done={2})
    assert queue.asked == ["j:0", "j:1", "j:2", "j:1:1"]


def test_a_part_that_never_answers_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOST", -1.0)
    names = ["j:0", *(f"j:0:{n}" for n in range(1, MOST_ATTEMPTS))]
    parts = AskedParts(FakeQueue(dict.fromkeys(names, "ERROR")), Job(id="j", turn=0), [0])  # type: ignore[arg-type]
    for _ in range(MOST_ATTEMPTS - 1):
        parts.ask_again(set())
    with pytest.raises(Defect, match="Part 0"):
        parts.ask_again(set())


def test_a_part_that_an_older_worker_left_is_asked_again_as_often_as_it_leaves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOST", -1.0)
    queue = FakeQueue({"j:1": "CANCELLED"})
    parts = AskedParts(queue, Job(id="j", turn=3), range(2))  # type: ignore[arg-type]
    for _ in range(2 * MOST_ATTEMPTS):
        parts.ask_again(set())
    assert queue.resumed == ["parts j:1"] * 2 * MOST_ATTEMPTS
    assert queue.asked == ["j:0", "j:1"]
