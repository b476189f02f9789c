"""Turns in the queue, the request a job came by, the server at work on a request, when a backup was made"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from allocator.store.tables import Utc

revision = "0007"
down_revision = "0006"
NEW: dict[str, list[tuple[str, sa.types.TypeEngine[Any], str]]] = {
    "jobs": [("turn", sa.Integer(), "0"), ("asked", sa.Text(), "")],
    "once": [("server", sa.Text(), "")],
    "workers": [("kind", sa.Text(), "worker")],
}


def upgrade() -> None:
    for table, columns in NEW.items():
        for name, kind, was in columns:
            op.add_column(table, sa.Column(name, kind, nullable=False, server_default=was))
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), primary_key=True, nullable=False),
        sa.Column("at", Utc(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("marks")
    for table, columns in NEW.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
