"""Alembic's entry: runs the steps on the database it is given (allocator.store.migrate)."""

import sqlalchemy as sa
from alembic import context

from allocator.store.tables import Base

LOCK = 7_314_159  # one migrator at a time on PostgreSQL


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Our own tables only: DBOS keeps its in a schema or file of its own."""
    return kind != "table" or name in Base.metadata.tables


database = context.config.attributes["database"]
with database.engine.execution_options(writes=True).begin() as connection:
    if not database.sqlite:
        for patience in ("lock_timeout", "statement_timeout"):  # a step takes as long as it takes
            connection.execute(sa.text(f"set local {patience} = 0"))
        connection.execute(sa.text("select pg_advisory_xact_lock(:k)"), {"k": LOCK})
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_object=ours, render_as_batch=database.sqlite
    )
    context.run_migrations()
