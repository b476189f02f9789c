"""Complaints and concerns on their ladders; a second factor for managers"""

import sqlalchemy as sa
from alembic import op

from allocator.store.tables import Utc

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "matters",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("programme_id", sa.Text(), sa.ForeignKey("programmes.id"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "owner", "urn", "sip")),
        sa.Column("rungs", sa.JSON(), nullable=False),
    )
    op.create_index("ix_matters_programme_id", "matters", ["programme_id"])
    op.create_table(
        "matter_steps",
        sa.Column("matter_id", sa.Text(), sa.ForeignKey("matters.id"), primary_key=True, nullable=False),
        sa.Column("n", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reply_by", sa.Text()),
    )
    op.create_table(
        "factors",
        sa.Column("person_id", sa.Text(), sa.ForeignKey("people.id"), primary_key=True, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", Utc()),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("wrong_at", Utc()),
    )
    op.add_column("programmes", sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("passes", sa.Column("second", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("passes", "second")
    op.drop_column("programmes", "second_factor")
    for table in ("factors", "matter_steps", "matters"):
        op.drop_table(table)
