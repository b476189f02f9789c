"""A worker at rest asks little of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOSClient

from allocator.jobs.queue import PARTS, QUEUE, Queue
from allocator.jobs.quiet import quieten
from allocator.store.database import Database
from tests.stores import KINDS, store_url


@pytest.mark.parametrize("kind", KINDS)
def test_the_queue_is_asked_for_work_only_where_some_waits(kind: str, tmp_path: Path) -> None:
    with store_url(kind, tmp_path) as url:
        client = Queue(Database(url)).client
        system, said = client._sys_db, list[str]()
        system.run_migrations()
        quieten(system)
        sa.event.listen(system.engine, "before_cursor_execute", lambda *did: said.append(did[2]))
        assert [system.dequeue_scopes(QUEUE) for _ in range(5)] == [[]] * 5
        assert len(said) == 5
        _put(client, QUEUE)
        assert (system.dequeue_scopes(QUEUE), system.dequeue_scopes(PARTS)) == ([None], [])
        client.destroy()


def test_what_a_queue_allows_is_read_once_in_a_while(tmp_path: Path) -> None:
    client = Queue(Database(f"sqlite:///{tmp_path / 's.db'}")).client
    system, asked = client._sys_db, list[str]()

    def read(name: str, **_: Any) -> Any:
        asked.append(name)
        return name

    system.get_queue = read  # type: ignore[method-assign]
    quieten(system)
    assert [system.get_queue(q) for q in (QUEUE, PARTS, QUEUE)] == [QUEUE, PARTS, QUEUE]
    assert asked == [QUEUE, PARTS]
    client.destroy()


def _put(client: DBOSClient, queue: str) -> None:
    what: Any = {"workflow_name": "run_job", "queue_name": queue, "workflow_id": "j", "app_version": "2"}
    client.enqueue(what, "j")
