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

from allocator.errors import Newer, UsageError
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
        except CommandError:
            if (at := _at(database)) is not None and not _known(at):
                raise _newer(at) from None
            raise


def downgrade(database: Database, to: str = "base") -> None:
    with _turn:
        command.downgrade(config(database), to)


def check(database: Database) -> None:
    """Raises UsageError unless the store's tables are of this version."""
    at = _at(database)
    if at is not None and not _known(at):
        raise _newer(at)
    if at != newest():
        raise UsageError(
            f"The store is at step {at or 'none'}, this version works at {newest()}. `allocator serve` brings it there."
        )


def _at(database: Database) -> str | None:
    """The step at which the store's tables are."""
    with database.engine.connect() as c:
        there = sa.inspect(c).has_table("alembic_version")
        at = c.execute(sa.text("select version_num from alembic_version")).scalar() if there else None
    return None if at is None else str(at)


def _newer(at: str) -> Newer:
    return Newer(
        f"The store was brought to step {at} by a newer version of this program; this one knows steps up to "
        f"{newest()}. Nothing was changed. Use the newer version. To go back, restore a backup that this one made, "
        "into a new store."
    )


def _known(step: str) -> bool:
    return step in {s.revision for s in _steps().walk_revisions()}


@cache
def newest() -> str:
    """The step that this version of the program needs."""
    return str(_steps().get_current_head())


def _steps() -> ScriptDirectory:
    c = Config()
    c.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return ScriptDirectory.from_config(c)
