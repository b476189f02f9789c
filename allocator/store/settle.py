"""What was taken out of a store leaves its files."""

from __future__ import annotations

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
        for table in Base.metadata.sorted_tables:
            c.exec_driver_sql(f"vacuum (full) {table.name}")
