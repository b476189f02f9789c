"""The connection: one URL, SQLite or PostgreSQL; readers never wait for writers."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from allocator.errors import Spoilt, UsageError

_also: ContextVar[sa.Executable | None] = ContextVar("also", default=None)
BUSY_MS = 30_000  # how long a writer waits for another on SQLite
PROBE_MS = 1_000  # how long a probe waits for a writer
POOL_SECONDS = 10  # to wait for a connection of our own
# PostgreSQL: nobody waits for ever. A host that is gone is noticed by its silence; what a dead client held is let go.
NETWORK = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
PATIENCE = {"lock_timeout": "10s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Spoilt("What the store has is not JSON any more. Restore it from a backup.") from None


class Overtaken(Exception):
    """What a write was to carry along is no longer there to be changed: somebody else does it."""


class Database:
    """An engine with our ways of beginning: `read()` sees one moment, `write()` commits whole or not at all."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy writes it. Raises UsageError for anything but SQLite or PostgreSQL."""
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise UsageError(
                "That is not a database URL. Write sqlite:///FILE or postgresql://USER@HOST/NAME."
            ) from None
        name = parsed.get_backend_name()
        if name not in ("sqlite", "postgresql"):
            raise UsageError(f"{name}: the store is SQLite or PostgreSQL.")
        if name == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url, self.sqlite = parsed, name == "sqlite"
        options: dict[str, Any] = {"json_deserializer": _json}
        if not self.sqlite:
            said = " ".join(f"-c {k}={v}" for k, v in PATIENCE.items())
            asked = parsed.query.get("options")
            network = NETWORK | {"options": f"{said} {asked}" if isinstance(asked, str) else said}
            options |= {
                "pool_pre_ping": True,
                "pool_size": 10,
                "max_overflow": 20,
                "pool_timeout": POOL_SECONDS,
                "connect_args": network,
            }
        self.engine = sa.create_engine(parsed, hide_parameters=True, **options)  # values are people's, logs are not
        if self.sqlite:
            _private(parsed.database)
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)
        self._writer = self.engine.execution_options(writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session
            if (also := _also.get()) is not None:
                done: Any = session.execute(also)
                if done.rowcount != 1:
                    raise Overtaken

    def takes_writes(self) -> None:
        """Write something that changes nothing, as a probe does. Raises DBAPIError where it cannot be kept; a
        writer at work is no failure."""
        same = "update alembic_version set version_num = version_num"
        try:
            if self.sqlite:  # beside our own connections, which wait longer
                with closing(sqlite3.connect(str(self.url.database), timeout=PROBE_MS / 1000)) as own, own:
                    own.execute(same)
            else:
                with self.engine.begin() as c:
                    c.exec_driver_sql(f"set local lock_timeout = {PROBE_MS}")
                    c.exec_driver_sql(same)
        except (DBAPIError, sqlite3.Error) as error:
            found = error if isinstance(error, DBAPIError) else sa.exc.OperationalError(same, {}, error)
            if cause(found) not in ("SQLITE_BUSY", "55P03"):
                raise found from None

    def clock(self) -> float:
        """Seconds on the database's own clock, so that machines need not agree on the time."""
        if self.sqlite:
            return time.time()
        with self.engine.connect() as c:
            return float(c.execute(sa.text("select extract(epoch from clock_timestamp())")).scalar_one())

    @property
    def queue_url(self) -> str:
        """Where DBOS keeps its queue: a schema of the same PostgreSQL database, or a file beside the SQLite one.

        It can be thrown away: what is to be done is in our own table `jobs`.
        """
        if self.sqlite:
            assert self.url.database is not None
            path = Path(self.url.database)
            queue = path.with_name(path.stem + "-queue.db")
            _private(str(queue))
            return f"sqlite:///{queue}"
        return self.url.render_as_string(hide_password=False)

    def close(self) -> None:
        self.engine.dispose()


def cause(error: DBAPIError) -> str:
    """Why a database failed, in its own code and nobody's data: SQLSTATE, or SQLite's name of the error."""
    return str(
        getattr(error.orig, "sqlstate", None)
        or getattr(error.orig, "sqlite_errorname", None)
        or type(error.orig).__name__
    )


def open_store(url: str, *, make: bool = True) -> Database:
    """The database, once it has answered; an SQLite file is made where there is none only with `make`. Raises
    UsageError, without the password of the URL."""
    file = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None
    if file and not make and not Path(file).exists():
        raise UsageError(f"{file}: there is no such store. Check ALLOCATOR_DATABASE_URL.")
    database = Database(url)
    try:
        with database.engine.connect():
            return database
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0]
        raise UsageError(f"The store {database.url.render_as_string()} does not answer: {said}.") from None


@contextmanager
def with_this(statement: sa.Executable) -> Iterator[None]:
    """Every write meanwhile carries this statement in its own transaction, and is undone (Overtaken) where it
    changes no row."""
    token = _also.set(statement)
    try:
        yield
    finally:
        _also.reset(token)


def _private(file: str | None) -> None:
    """A file of the store is its owner's alone: it holds everything about everybody. SQLite's files beside it
    follow it."""
    if file and file != ":memory:":
        with suppress(OSError):  # what cannot be made or changed is told when it is opened
            os.close(os.open(file, os.O_CREAT | os.O_RDONLY, 0o600))
            os.chmod(file, 0o600)


def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
