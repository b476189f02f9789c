"""Which round a round follows: next year is opened once"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("rounds", sa.Column("follows", sa.Text()))
    op.create_index("ix_rounds_follows", "rounds", ["follows"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_rounds_follows", "rounds")
    op.drop_column("rounds", "follows")
