"""A link, a session and a token open one role of one programme; a person's name is each programme's own"""

import sqlalchemy as sa
from alembic import op

from allocator.store.tables import Utc

revision = "0005"
down_revision = "0004"

# what a pass or link of a role opened: the programmes in which its person has that role
OPENS = """select g.programme_id from grants g where g.person_id = passes.person_id and passes.role =
           case when g.role in ('head', 'chair') then 'school' else g.role end"""


def upgrade() -> None:
    op.add_column("programmes", sa.Column("made_with", sa.Text(), nullable=True))
    op.create_table(
        "called",
        sa.Column("person_id", sa.Text(), sa.ForeignKey("people.id"), primary_key=True, nullable=False),
        sa.Column("programme_id", sa.Text(), sa.ForeignKey("programmes.id"), primary_key=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
    )
    op.execute(
        "insert into called select p.id, x.programme_id, p.name from people p join "
        "(select person_id, programme_id from grants union select person_id, programme_id from audit "
        "where programme_id in (select id from programmes)) x on x.person_id = p.id"
    )
    op.drop_column("people", "name")
    op.drop_table("sign_ins")  # links live minutes; those not yet used are asked for again
    _sign_ins(
        sa.Column("programme_id", sa.Text(), sa.ForeignKey("programmes.id"), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
    )
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["person_id"])
    with op.batch_alter_table("passes") as table:
        table.add_column(sa.Column("programme_id", sa.Text(), nullable=True))
        table.add_column(sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("parent", sa.Text(), nullable=True))
        table.add_column(sa.Column("seen_at", Utc(), nullable=True))
    op.execute(f"delete from passes where (select count(distinct o.programme_id) from ({OPENS}) o) <> 1")
    op.execute(f"update passes set programme_id = (select min(o.programme_id) from ({OPENS}) o), seen_at = created_at")
    with op.batch_alter_table("passes") as table:
        table.alter_column("programme_id", existing_type=sa.Text(), nullable=False)
        table.alter_column("seen_at", existing_type=Utc(), nullable=False)
        table.create_foreign_key("fk_passes_programme_id", "programmes", ["programme_id"], ["id"])
    op.drop_table("once")  # keys are kept a week, and now belong to a role too
    _once("asker")


def downgrade() -> None:
    op.drop_table("once")
    _once("person_id")
    with op.batch_alter_table("passes") as table:
        table.drop_constraint("fk_passes_programme_id", type_="foreignkey")
        for column in ("seen_at", "parent", "own", "programme_id"):
            table.drop_column(column)
    op.drop_table("sign_ins")
    _sign_ins()
    op.add_column("people", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "update people set name = coalesce((select min(c.name) from called c where c.person_id = people.id), email)"
    )
    op.drop_table("called")
    op.drop_column("programmes", "made_with")


def _sign_ins(*more: sa.Column[object]) -> None:
    op.create_table(
        "sign_ins",
        sa.Column("hash", sa.Text(), primary_key=True, nullable=False),
        sa.Column("person_id", sa.Text(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        *more,
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("used_at", Utc(), nullable=True),
    )


def _once(whose: str) -> None:
    op.create_table(
        "once",
        sa.Column(whose, sa.Text(), primary_key=True, nullable=False),
        sa.Column("key", sa.Text(), primary_key=True, nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", Utc(), nullable=False),
    )
