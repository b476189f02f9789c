"""Which round follows which, where next year was opened before that was written down: the log says that it was opened,
and the year and the pairs of its history from which round"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MADE = """select r.id, r.programme_id, a.at from audit a join rounds r on r.id = a.subject
          where a.action = 'next year made' and r.programme_id = a.programme_id and r.follows is null
          order by a.at, a.n"""
FROM = """select r.id from rounds r where r.programme_id = :programme and r.id <> :made and exists
          (select 1 from events e where e.round_id = r.id and e.kind = 'in_force' and e.at <= :at) order by r.id"""
TAKEN = "select 1 from rounds where follows = :follows"
CASE = 'select cast("case" as text) from cases where round_id = :round order by n {order} limit 1'
PLAN = "select body from plans where round_id = :round and created_at <= :at order by created_at desc, id limit 1"


def upgrade() -> None:
    c = op.get_bind()
    for made, programme, at in c.execute(sa.text(MADE)).all():
        first = _read(c, CASE.format(order="asc"), round=made)
        pairs = _pairs(first.get("history"))
        found = [
            (len(_pairs(_read(c, PLAN, round=before, at=at).get("assignments")) & pairs), before)
            for (before,) in c.execute(sa.text(FROM), {"programme": programme, "made": made, "at": at})
            if _before(first.get("year")) == _read(c, CASE.format(order="desc"), round=before).get("year")
        ]
        best = [before for alike, before in found if alike == max(found)[0]]
        if len(best) == 1 and not c.execute(sa.text(TAKEN), {"follows": best[0]}).first():
            c.execute(sa.text("update rounds set follows = :f where id = :made"), {"f": best[0], "made": made})


def downgrade() -> None:
    """What is known stays known."""


def _read(c: sa.Connection, query: str, **of: object) -> dict[str, object]:
    """An object as it is kept; of one that is spoilt nothing."""
    text = c.execute(sa.text(query), of).scalar()
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _pairs(rows: object) -> set[tuple[object, object]]:
    given = rows if isinstance(rows, list) else []
    return {(str(x.get("urn")), str(x.get("sip"))) for x in given if isinstance(x, dict)}


def _before(year: object) -> str:
    """2026/27 of 2027/28; nothing of what is no year."""
    first = str(year)[:4]
    return f"{int(first) - 1}/{first[2:]}" if first.isdecimal() else ""
