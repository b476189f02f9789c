"""Letters as they were written, and what became of each"""

import sqlalchemy as sa
from alembic import op

from allocator.store.tables import Utc

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("round_id", sa.Text(), sa.ForeignKey("rounds.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, unique=True),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
    )
    op.create_index("ix_letters_round_id", "letters", ["round_id"])


def downgrade() -> None:
    op.drop_table("letters")
