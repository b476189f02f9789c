"""What letters said, kept word for word"""

import sqlalchemy as sa
from alembic import op

from allocator.store.tables import Utc

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "sent_letters",
        sa.Column("id", sa.Text(), primary_key=True, nullable=False),
        sa.Column("round_id", sa.Text(), sa.ForeignKey("rounds.id"), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
    )
    op.create_index("ix_sent_letters_round_id", "sent_letters", ["round_id"])


def downgrade() -> None:
    op.drop_table("sent_letters")
