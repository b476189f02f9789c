"""What was taken out of a store leaves its files."""

from __future__ import annotations

from time import monotonic, sleep

import sqlalchemy as sa

from allocator.store.database import Database
from allocator.store.tables import Base


def settle(db: Database) -> None:
    """What was erased leaves the files, too: both stores keep what was there until a table is written anew."""
    if db.sqlite:
        with db.engine.connect() as c:
            c.exec_driver_sql("commit")
            c.exec_driver_sql("vacuum")
            c.exec_driver_sql("pragma wal_checkpoint(truncate)")
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("set statement_timeout = 0")
        _nobody_looks_back(c)
        for table in Base.metadata.sorted_tables:
            c.exec_driver_sql(f"vacuum (full) {table.name}")


def _nobody_looks_back(c: sa.Connection, seconds: float = 30) -> None:
    """Waits until no other session of the server still sees what was there before, or writes since then, in whatever
    database: PostgreSQL copies rows that such a one might still see. Whoever is at it for longer than this keeps them
    there until the next time."""
    now = c.exec_driver_sql("select pg_current_xact_id()::xid::text").scalar_one()
    older = sa.text(
        "select count(*) from pg_stat_activity"
        " where pid <> pg_backend_pid() and greatest(age(backend_xmin), age(backend_xid)) > age(cast(:now as xid))"
    )
    until = monotonic() + seconds
    while c.execute(older, {"now": now}).scalar_one() and monotonic() < until:
        sleep(0.05)
