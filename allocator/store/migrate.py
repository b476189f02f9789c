"""Bring the store's tables up to date. Alembic keeps the steps; nobody runs it by hand."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

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
        command.upgrade(config(database), to)


def downgrade(database: Database, to: str = "base") -> None:
    with _turn:
        command.downgrade(config(database), to)


def newest() -> str:
    """The step that this version of the program needs."""
    c = Config()
    c.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return str(ScriptDirectory.from_config(c).get_current_head())
