"""Real stores for tests: a SQLite file, and a PostgreSQL database made for the test and dropped after it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest

from allocator.store import migrate
from allocator.store.database import Database

SERVER = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
KINDS = ("sqlite", "postgresql")


@contextmanager
def ready_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a store with its tables and nothing in them: a copy, as to migrate takes longer than most tests."""
    if kind == "sqlite":
        shutil.copy(_sqlite(), folder / "store.db")
        yield f"sqlite:///{folder / 'store.db'}"
        return
    with store_url(kind, folder, _postgresql()) as url:
        yield url


@cache
def _sqlite() -> Path:
    path = Path(tempfile.mkdtemp()) / "store.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    _migrated(f"sqlite:///{path}")
    return path


@cache
def _postgresql() -> str:
    """The name of a database of this process to copy from; dropped at its end."""
    made = store_url("postgresql", Path())
    url = made.__enter__()
    atexit.register(made.__exit__, None, None, None)
    _migrated(url)
    return url.rsplit("/", 1)[1]


def _migrated(url: str) -> None:
    db = Database(url)
    migrate.upgrade(db)
    db.close()


@contextmanager
def store_url(kind: str, folder: Path, template: str = "template1") -> Iterator[str]:
    """The URL of an empty store of this kind, or of one made from a template."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    name = f"allocator_test_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as c:
            c.execute(f"create database {name} template {template}")
            c.execute(f"alter database {name} set synchronous_commit = off")  # no test takes the machine's power away
    except psycopg.OperationalError:
        pytest.skip("NOT RUN: no PostgreSQL answers; set TEST_POSTGRES to its URL")
    try:
        yield SERVER.rsplit("/", 1)[0] + "/" + name
    finally:
        with psycopg.connect(SERVER, autocommit=True) as c:
            c.execute(f"drop database {name} with (force)")
