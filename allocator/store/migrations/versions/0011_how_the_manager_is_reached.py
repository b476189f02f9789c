"""The office and the telephone number of a programme's SIP manager, for whoever is told to ring"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for name in ("office", "telephone"):
        op.add_column("programmes", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("telephone", "office"):
        op.drop_column("programmes", name)
