"""Backup and restore: every row of every table as JSON lines, gzipped, with a count and a hash to check by."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.orm import Session

from allocator.errors import UsageError
from allocator.intake.broken import BROKEN_TEXT
from allocator.store import migrate
from allocator.store.database import Database
from allocator.store.tables import AuditRow, Base, Mark, Pass, Programme, SignIn, Utc, WorkerRow

FORMAT = "allocator.backup/1"
LEFT_OUT = {WorkerRow.__tablename__, Mark.__tablename__}  # who is alive now, what was done last to this very store
MADE = "backup"  # the mark of the last one


def _tables() -> list[sa.Table]:
    return [t for t in Base.metadata.sorted_tables if t.name not in LEFT_OUT]


def _lines(session: Session) -> Iterator[str]:
    """Each row as one line, tables in an order that foreign keys allow, rows by primary key."""
    for table in _tables():
        for row in session.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings():
            plain = {
                k: {"at": v.astimezone(dt.UTC).isoformat()} if isinstance(v, dt.datetime) else v for k, v in row.items()
            }
            yield json.dumps([table.name, plain], sort_keys=True)  # ASCII, so whatever is in the text, a row is a line


def digest(db: Database) -> tuple[int, str]:
    """(rows, SHA-256) of everything kept: equal exactly when two stores hold the same."""
    whole, count = hashlib.sha256(), 0
    with db.read() as s:
        for line in _lines(s):
            whole.update(line.encode() + b"\n")
            count += 1
    return count, whole.hexdigest()


def backup(db: Database, path: Path) -> int:
    """Everything of one moment into `path`; the number of rows. Read back before it counts as written."""
    whole, count = hashlib.sha256(), 0
    migrate.check(db)
    steady = _steady(db)
    with _part(path) as part:
        with steady.read() as s, gzip.open(part, "wt", encoding="utf-8", newline="\n") as out:
            if not db.sqlite:
                s.execute(sa.text("set local statement_timeout = 0"))  # it takes as long as it takes
            out.write(json.dumps({"format": FORMAT, "step": migrate.newest()}) + "\n")
            for line in _lines(s):
                out.write(line + "\n")
                whole.update(line.encode() + b"\n")
                count += 1
            out.write(json.dumps({"rows": count, "sha256": whole.hexdigest()}) + "\n")
        read(part)
    with suppress(DBAPIError), db.write() as s:  # a store that only reads can be backed up too
        s.merge(Mark(name=MADE, at=dt.datetime.now(dt.UTC)))
    return count


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place once it is whole and on the disk; gone if anything fails."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))  # it holds everything about everybody
    try:
        yield part
        with part.open("rb+") as whole:
            os.fsync(whole.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _steady(db: Database) -> Database:
    """The same store, read as of one moment for all tables (SQLite reads so anyway)."""
    if db.sqlite:
        return db
    same = copy(db)
    same.engine = db.engine.execution_options(isolation_level="REPEATABLE READ")
    return same


def read(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """All rows, once the count and hash at the end agree. Raises UsageError."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            lines = file.read().removesuffix("\n").split("\n")  # `splitlines` would cut rows at U+2028 and its like
        head, last = json.loads(lines[0]), json.loads(lines[-1])
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except (OSError, EOFError, *BROKEN_TEXT, zlib.error):
        raise UsageError(f"{path}: not a backup, or cut off.") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise UsageError(f"{path}: not a backup of this program ({FORMAT}).")
    if head.get("step") != migrate.newest():
        raise UsageError(
            f"{path}: of step {head.get('step')}; this version reads {migrate.newest()}. Restore it with "
            "the version that wrote it."
        )
    rows = lines[1:-1]
    whole = hashlib.sha256("".join(line + "\n" for line in rows).encode()).hexdigest()
    if last != {"rows": len(rows), "sha256": whole}:
        raise UsageError(f"{path}: damaged: its rows do not agree with its own hash.")
    try:
        return [(name, row) for name, row in map(json.loads, rows)]
    except (*BROKEN_TEXT, TypeError):
        raise UsageError(f"{path}: its rows are not those of a backup.") from None


class Restored(NamedTuple):
    """`rows` that came back, and of those the sessions, tokens and links that `ended`: they open nothing any more."""

    rows: int
    ended: int


def restore(db: Database, path: Path, *, move: bool = False) -> Restored:
    """Everything back into an empty store; checked row for row before it is kept. Raises UsageError.

    What was open when the backup was made may have been ended since, so it ends here, and each programme's audit log
    says so. With `move` everything stays as it was: for a store that nobody has used since.
    """
    rows = read(path)
    migrate.upgrade(db)
    with db.write() as s:
        if not db.sqlite:  # a server that is begun on this store meanwhile waits; on SQLite it does anyway
            s.execute(sa.text(f"lock table {', '.join(t.name for t in _tables())} in exclusive mode"))
        if any(s.execute(sa.select(sa.func.count()).select_from(t)).scalar() for t in _tables()):
            raise UsageError("This store is not empty. Restore into a new one: nothing is written over.")
        try:
            _put(s, rows)
        except (*BROKEN_TEXT, OverflowError, KeyError, TypeError, AttributeError, sa.exc.SQLAlchemyError) as error:
            if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError | InterfaceError):
                raise  # the store itself
            raise UsageError(f"{path}: its rows are not those of this version's tables. Nothing was kept.") from None
        if not db.sqlite:  # the audit log goes on counting after its last line
            s.execute(
                sa.text("select setval(pg_get_serial_sequence('audit', 'n'), (select coalesce(max(n), 1) from audit))")
            )
        back = list(_lines(s))
        if [json.loads(line) for line in back] != [[n, r] for n, r in rows]:
            raise UsageError(f"{path}: what came back is not what went in. Nothing was kept.")
        return Restored(len(rows), 0 if move else _end_all(s, path.name))


def _put(s: Session, rows: list[tuple[str, dict[str, Any]]]) -> None:
    by_name = {t.name: t for t in _tables()}
    for name, row in rows:
        table = by_name[name]
        values = {k: _moment(v) if isinstance(table.c[k].type, Utc) and v is not None else v for k, v in row.items()}
        s.execute(sa.insert(table).values(**values))


def _moment(kept: dict[str, str]) -> dt.datetime:
    return dt.datetime.fromisoformat(kept["at"])


def _end_all(s: Session, file: str) -> int:
    """The number of sessions, tokens and links that were still open."""
    now = dt.datetime.now(dt.UTC)
    ends = (
        sa.update(Pass).where(Pass.revoked_at.is_(None), Pass.expires_at > now).values(revoked_at=now),
        sa.update(SignIn).where(SignIn.used_at.is_(None), SignIn.expires_at > now).values(used_at=now),
    )
    done: list[Any] = [s.execute(end) for end in ends]
    for programme in s.scalars(sa.select(Programme.id)):
        s.add(AuditRow(at=now, programme_id=programme, action="restored", subject=file, detail="from a backup"))
    return sum(x.rowcount for x in done)
