"""The caretaker, beside a queue that is older than the store it serves."""

from __future__ import annotations

import base64
import datetime as dt
import json
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dbos
import pytest

from allocator.jobs import worker
from allocator.jobs.queue import AGAIN, PLAIN, Queue
from allocator.store.database import Database
from allocator.store.tables import Job
from tests.service.office import Desk, open_office


@dataclass
class Flow:
    workflow_id: str
    status: str
    executor_id: str = "w"


@dataclass
class Client:
    """A queue that remembers these flows."""

    flows: dict[str, str]
    asked: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)

    def list_workflows(self, *, workflow_ids: list[str] | None = None, **_: Any) -> list[Flow]:
        return [Flow(n, how) for n, how in self.flows.items() if n in (workflow_ids or ())]

    def resume_workflow(self, name: str, queue_name: str) -> None:
        self.resumed.append(f"{queue_name} {name}")

    def enqueue(self, options: dict[str, Any], job: str) -> None:
        assert job == "waiting"
        self.asked.append(options["workflow_id"])
        self.flows.setdefault(options["workflow_id"], "ENQUEUED")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def looked_after(desk: Desk, flows: dict[str, str], rounds: int = 3, free: bool = False) -> tuple[Client, str]:
    queue, client = Queue(desk.db), Client(flows)
    queue.__dict__["client"] = client
    for _ in range(rounds):
        queue.look_after(free)
    with desk.db.read() as s:
        return client, s.get_one(Job, "waiting").state


@pytest.mark.parametrize("how", ["SUCCESS", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"])
def test_a_job_that_an_older_queue_had_done_with_is_begun_again(desk: Desk, how: str) -> None:
    """As after a restore in place: nobody has claimed it in this store."""
    client, state = looked_after(desk, {"waiting": how})
    assert (client.asked, state) == (["waiting" + AGAIN], "queued")


def test_a_job_that_ends_so_again_has_failed(desk: Desk) -> None:
    _, state = looked_after(desk, {"waiting": "SUCCESS", "waiting" + AGAIN: "ERROR"})
    assert state == "failed"


def test_a_job_that_was_begun_and_ended_without_an_answer_has_failed(desk: Desk) -> None:
    with desk.db.write() as s:
        s.get_one(Job, "waiting").attempt = 1
    client, state = looked_after(desk, {"waiting": "ERROR"})
    assert (client.asked, state) == ([], "failed")


@pytest.mark.parametrize("name", ["waiting", "waiting" + AGAIN])
@pytest.mark.parametrize("attempt", [0, 1])
def test_what_an_older_worker_left_is_asked_for_by_a_worker_who_is_free_alone(
    name: str, attempt: int, desk: Desk
) -> None:
    with desk.db.write() as s:
        s.get_one(Job, "waiting").attempt = attempt
    flows = {"waiting": "SUCCESS", name: "CANCELLED"}
    client, state = looked_after(desk, dict(flows), rounds=1)
    assert (client.asked, client.resumed, state) == ([], [], "queued")
    client, state = looked_after(desk, dict(flows), rounds=1, free=True)
    assert (client.asked, client.resumed, state) == ([], [f"jobs {name}"], "queued")


@pytest.mark.parametrize("how", [{}, {"waiting": "CANCELLED"}, {"waiting": "ERROR"}])
def test_what_only_a_newer_program_reads_is_left_to_that(how: dict[str, str], desk: Desk) -> None:
    with desk.db.write() as s:
        job = s.get_one(Job, "waiting")
        job.version, job.created_at = 9, job.created_at - dt.timedelta(hours=1)
    client, state = looked_after(desk, dict(how), free=True)
    assert (client.asked, client.resumed, state) == ([], [], "queued")


@pytest.mark.parametrize(("claim", "now"), [(2, ("queued", 1)), (1, ("running", 2))])
def test_only_ones_own_claim_is_given_back(
    desk: Desk, claim: int, now: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_db", desk.db)
    with desk.db.write() as s:
        job = s.get_one(Job, "waiting")
        job.state, job.attempt = "running", 2
    worker._give_back("waiting", claim)
    with desk.db.read() as s:
        job = s.get_one(Job, "waiting")
        assert (job.state, job.attempt) == now


class Touches:
    """What makes a file by being read as a pickle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_no_row_of_the_queue_is_read_as_a_pickle(tmp_path: Path) -> None:
    """Whoever may write to the queue's file would else run what they like in a worker; ours are plain text."""
    made = tmp_path / "made"
    row = base64.b64encode(pickle.dumps(Touches(made))).decode()
    for named in ("py_pickle", None):
        with pytest.raises(ValueError, match=r"pickle|Expecting value"):
            dbos._serialization.deserialize_args(row, named, PLAIN)
    assert not made.exists()
    written, named = dbos._serialization.serialize_args(("job",), {}, None, PLAIN)
    assert (json.loads(written)["positionalArgs"], named) == (["job"], "portable_json")
    assert Queue(Database(f"sqlite:///{tmp_path / 's.db'}")).client._serializer is PLAIN
