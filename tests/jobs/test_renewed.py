"""A program that is being renewed: the server is newer than some of its workers, and nothing asked fails for that."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from allocator.jobs import worker
from allocator.store.database import Database
from allocator.store.tables import Job
from tests.jobs.test_faults import MOVES, ROOM, Client, asker
from tests.servers import NEWER, serving, until
from tests.sizes import long
from tests.stores import KINDS, ready_url

MANY = 6


@long(
    slice="tests/store/test_versions.py::test_a_job_that_a_newer_program_accepted_waits_for_a_newer_worker_and_says_so"
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_newer_server_accepted_waits_beside_old_workers_for_a_newer_one(kind: str, tmp_path: Path) -> None:
    with ready_url(kind, tmp_path) as url, serving(url, tmp_path, {**ROOM, "TEST_NEWER": "yes"}) as server:
        client = Client(server, MOVES)
        server.hire(older=True)
        jobs = [client.accepted(f"job {n}", n) for n in range(MANY)]
        waits = asker(url, sa.select(sa.func.count()).where(Job.reason == worker.TOO_NEW, Job.state == "queued"))
        until(lambda: waits() == MANY)
        server.hire()
        ended = [client.ended(job) for job in jobs]
        assert [job["state"] for job in ended] == ["done"] * MANY
        # in parts, which the older one is handed, too
        plan = ended[0]["result"]["plan"]
        jobs.append(client.http.post(f"/plans/{plan}/sweeps", json={"leaving": 1}).json()["id"])
        assert client.ended(jobs[-1])["state"] == "done"
        db = Database(url)
        with db.read() as s:
            found = s.execute(sa.select(Job.version, Job.attempt, Job.reason).where(Job.id.in_(jobs))).all()
        assert found == [(NEWER, 1, None)] * len(jobs)
        db.close()
        assert '"log": "dbos"' not in server.log.read_text()
