"""Bring the store's tables up to date. Alembic keeps the steps; nobody runs it by hand."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from allocator.errors import UsageError
from allocator.store.database import Database

_turn = threading.Lock()  # Alembic's context is one a process


def config(database: Database) -> Config:
    c = Config()
    c.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    c.attributes["database"] = database
    return c


def upgrade(database: Database, to: str = "head") -> None:
    """All steps not yet taken. Safe to run from several processes at once: PostgreSQL takes turns, SQLite locks."""
    with _turn:
        try:
            command.upgrade(config(database), to)
        except CommandError as error:
            raise UsageError(f"The store was made by a newer version of this program: {error}. Use that one.") from None


def downgrade(database: Database, to: str = "base") -> None:
    with _turn:
        command.downgrade(config(database), to)


def check(database: Database) -> None:
    """Raises UsageError unless the store's tables are of this version."""
    with database.engine.connect() as c:
        there = sa.inspect(c).has_table("alembic_version")
        at = c.execute(sa.text("select version_num from alembic_version")).scalar() if there else None
    if at != newest():
        raise UsageError(
            f"The store is at step {at or 'none'}, this version works at {newest()}. `allocator serve` brings it there."
        )


@cache
def newest() -> str:
    """The step that this version of the program needs."""
    c = Config()
    c.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return str(ScriptDirectory.from_config(c).get_current_head())
