"""The parts of a job that is spread, in the queue."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from dbos import DBOSClient

from allocator.errors import Defect
from allocator.jobs.queue import LEFT, LOST, PARTS, VERSION
from allocator.store.tables import Job

MOST_ATTEMPTS = 5  # a job that has brought down this many workers is not given to another

log = logging.getLogger("allocator.worker")


class AskedParts:
    """The parts of a job in the queue. One that ended without an answer, its worker dead at a bad moment, is asked
    again."""

    def __init__(self, client: DBOSClient, job: Job, numbers: Iterable[int]) -> None:
        self.client, self.job_id, self.turn = client, job.id, max(1, job.turn)
        self.tries = dict.fromkeys(numbers, 0)
        self.looked = time.monotonic()
        for n in self.tries:
            self._ask(n)

    def _name(self, n: int) -> str:
        return f"{self.job_id}:{n}:{self.tries[n]}" if self.tries[n] else f"{self.job_id}:{n}"

    def _ask(self, n: int) -> None:
        what: Any = {
            "workflow_name": "run_part",
            "queue_name": PARTS,
            "workflow_id": self._name(n),
            "app_version": VERSION,
            "priority": self.turn,
        }
        self.client.enqueue(what, self.job_id, n)

    def ask_again(self, done: set[int]) -> None:
        """Look every few seconds. Raises Defect for a part that has ended MOST_ATTEMPTS times without an answer."""
        if time.monotonic() - self.looked < LOST:
            return
        self.looked = time.monotonic()
        open_ = {self._name(n): n for n in self.tries if n not in done}
        for flow in self.client.list_workflows(workflow_ids=list(open_), load_input=False, load_output=False):
            if flow.status in ("PENDING", "ENQUEUED", "DELAYED"):
                continue
            if flow.status == LEFT:  # by an older worker
                self.client.resume_workflow(flow.workflow_id, queue_name=PARTS)
                continue
            n = open_[flow.workflow_id]
            self.tries[n] += 1
            if self.tries[n] >= MOST_ATTEMPTS:
                raise Defect(f"Part {n} of this work ended {MOST_ATTEMPTS} times without an answer.")
            log.warning("part asked again", extra={"job": self.job_id, "part": n, "ended": flow.status})
            self._ask(n)

    def cancel(self) -> None:
        self.client.cancel_workflows([self._name(n) for n in self.tries])
