"""Which schools, or which SIP, a letter is about: who has lost one of them reads it no more"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("letters", sa.Column("about", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("letters", "about")
