"""Restores attacked: what is no backup of ours, twice at once, killed in the middle, and what was ended since."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from allocator.errors import UsageError
from allocator.service import passes, roles
from allocator.store import keep, migrate
from allocator.store.backup import backup, digest, restore
from allocator.store.database import Database
from allocator.store.tables import AuditRow, Job, Pass, Programme
from tests.servers import serving, until
from tests.service.office import Desk, client_of, open_office
from tests.service.test_trust import link
from tests.sizes import long
from tests.stores import KINDS, store_url

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "empty").mkdir()
    with store_url(request.param, tmp_path / "empty") as url:
        db = Database(url)
        yield db
        db.close()


def file_of(desk: Desk, tmp_path: Path, change: Callable[[list[Any]], None] = lambda rows: None) -> Path:
    """A backup whose rows somebody changed, with a count and hash that fit."""
    path = tmp_path / "b.jsonl.gz"
    backup(desk.db, path)
    lines = gzip.decompress(path.read_bytes()).decode().rstrip("\n").split("\n")
    rows = [json.loads(x) for x in lines[1:-1]]
    change(rows)
    made = [json.dumps(row, sort_keys=True) for row in rows]
    end = {"rows": len(made), "sha256": hashlib.sha256("".join(f"{x}\n" for x in made).encode()).hexdigest()}
    path.write_bytes(gzip.compress("\n".join([lines[0], *made, json.dumps(end), ""]).encode()))
    return path


# -- what was ended since ---------------------------------------------------------------------------------------------


@long(but="sqlite")
def test_nothing_that_was_open_when_it_was_made_is_open_after_a_restore(
    desk: Desk, empty: Database, tmp_path: Path
) -> None:
    """A session ended, a token taken back and a link used since would all have opened the service again."""
    ended = link(desk, "manager", "p", "manager@example.org")
    with desk.db.write() as s:
        person = roles.person_by_email(s, "manager@example.org")
        assert person is not None
        key, _ = passes.begin(s, person.id, "manager", "session", HOUR, programme="p")
        gone, before = passes.begin(s, person.id, "manager", "token", HOUR, programme="p")
        before.revoked_at = long_ago = keep.now() - HOUR
    file = tmp_path / "b.gz"
    backup(desk.db, file)
    done = restore(empty, file)
    assert done.ended == len(desk.tokens) + 2
    client = client_of(empty, "http://testserver/api/v1")
    for secret in (key, gone, desk.tokens["manager"]):
        assert client.get("/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert client.post(f"/sign-in/{ended}").status_code == 410
    with empty.read() as s:
        kept = s.scalars(sa.select(Pass.revoked_at).where(Pass.hash == passes.hashed(gone))).one()
        assert kept == long_ago
        assert set(s.scalars(sa.select(AuditRow.programme_id).where(AuditRow.action == "restored"))) == {"p", "q"}


@long(but="postgresql")
def test_a_move_keeps_them_open(desk: Desk, empty: Database, tmp_path: Path) -> None:
    file = tmp_path / "b.gz"
    rows = backup(desk.db, file)
    assert restore(empty, file, move=True) == (rows, 0)
    assert digest(empty) == digest(desk.db)
    client = client_of(empty, "http://testserver/api/v1")
    assert client.get("/me", headers=desk.headers("manager")).status_code == 200


# -- no backup of ours ------------------------------------------------------------------------------------------------


def no_such_table(rows: list[Any]) -> None:
    rows[0][0] = "passwords"


def no_such_column(rows: list[Any]) -> None:
    rows[0][1]["hidden"] = "x"


def left_empty(rows: list[Any]) -> None:
    rows[0][1]["name"] = None


def no_row(rows: list[Any]) -> None:
    rows[0] = ["programmes", "p"]


def no_pair(rows: list[Any]) -> None:
    rows[0] = {"programmes": {}}


def no_moment(rows: list[Any]) -> None:
    rows[0][1]["created_at"] = {"at": "yesterday"}


def text_for_a_moment(rows: list[Any]) -> None:
    rows[0][1]["created_at"] = "2026-01-01"


def twice(rows: list[Any]) -> None:
    rows.insert(1, rows[0])


def of_nobody(rows: list[Any]) -> None:
    rows[:] = [row for row in rows if row[0] != "people"]


def another_order(rows: list[Any]) -> None:
    rows.reverse()


def left_out(rows: list[Any]) -> None:
    del next(row for row in rows if row[0] == "people")[1]["email"]


def more_than_a_column_holds(rows: list[Any]) -> None:
    next(row for row in rows if row[0] == "rounds")[1]["version"] = 2**70


@long(but=("sqlite", "postgresql-more_than_a_column_holds", "postgresql-no_pair"))
@pytest.mark.parametrize(
    "change",
    [
        no_such_table,
        no_such_column,
        left_empty,
        no_row,
        no_pair,
        no_moment,
        text_for_a_moment,
        twice,
        of_nobody,
        another_order,
        left_out,
        more_than_a_column_holds,
    ],
)
def test_rows_that_are_not_ours_are_told_in_a_sentence_and_leave_the_store_empty(
    desk: Desk, empty: Database, tmp_path: Path, change: Callable[[list[Any]], None]
) -> None:
    """Whoever can write the file can write its hash."""
    file = file_of(desk, tmp_path, change)
    with pytest.raises(UsageError, match=r"b\.jsonl\.gz: "):
        restore(empty, file)
    if change is not no_pair:  # which is seen before the store is opened
        assert digest(empty)[0] == 0


@long(but="sqlite")
def test_another_version_and_half_a_file_are_told(desk: Desk, empty: Database, tmp_path: Path) -> None:
    file = file_of(desk, tmp_path)
    whole = file.read_bytes()
    for cut in range(0, len(whole), max(1, len(whole) // 60)):
        file.write_bytes(whole[:cut])
        with pytest.raises(UsageError):
            restore(empty, file)
    text = gzip.decompress(whole).replace(migrate.newest().encode(), b"0001_older", 1)
    file.write_bytes(gzip.compress(text))
    with pytest.raises(UsageError, match="of step 0001_older"):
        restore(empty, file)


@long(but="sqlite")
def test_an_object_that_reads_like_a_moment_stays_an_object(desk: Desk, empty: Database, tmp_path: Path) -> None:
    """What a program says of itself in a request, kept as JSON, ended every restore."""
    with desk.db.write() as s:
        s.get_one(Job, "waiting").progress = {"at": "2026-09-01T00:00:00+00:00"}
        s.get_one(Job, "exported").progress = {"at": "the second part"}
    file = tmp_path / "b.gz"
    backup(desk.db, file)
    restore(empty, file)
    with empty.read() as s:
        assert s.get_one(Job, "waiting").progress == {"at": "2026-09-01T00:00:00+00:00"}


# -- others at work ---------------------------------------------------------------------------------------------------


def test_a_store_in_use_is_never_written_over(desk: Desk, tmp_path: Path) -> None:
    """Its own backup, and another programme's."""
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    migrate.upgrade(other)
    with other.write() as s:
        s.add(Programme(id="x", name="Another", created_at=keep.now()))
    theirs, ours = tmp_path / "theirs.gz", tmp_path / "ours.gz"
    backup(other, theirs)
    backup(desk.db, ours)
    before = digest(desk.db)
    for file in (theirs, ours):
        with pytest.raises(UsageError, match="not empty"):
            restore(desk.db, file)
    assert digest(desk.db) == before


@long(but="postgresql")
def test_of_two_at_once_one_is_done_and_one_is_told(desk: Desk, empty: Database, tmp_path: Path) -> None:
    file = tmp_path / "b.gz"
    rows = backup(desk.db, file)
    migrate.upgrade(empty)
    told: list[Any] = []

    def one() -> None:
        try:
            told.append(restore(empty, file, move=True))
        except Exception as error:
            told.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    done, refused = [t for t in told if t == (rows, 0)], [t for t in told if isinstance(t, UsageError)]
    assert (len(done), len(refused)) == (1, 2), told
    assert digest(empty) == digest(desk.db)


@long(but="sqlite")
def test_killed_in_the_middle_it_leaves_an_empty_store(desk: Desk, empty: Database, tmp_path: Path) -> None:
    """And is done again."""
    file = tmp_path / "b.gz"
    backup(desk.db, file)
    migrate.upgrade(empty)
    url = empty.url.render_as_string(hide_password=False)
    code = (
        "import sys, time; from pathlib import Path; from allocator.store import backup, database; "
        "real = backup._lines; backup._lines = lambda s: (print('in', flush=True), time.sleep(60), real(s))[2]; "
        "backup.restore(database.Database(sys.argv[1]), Path(sys.argv[2]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, url, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"  # every row is in, and none is kept
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    until(lambda: digest(empty)[0] == 0, 10)
    restore(empty, file, move=True)
    assert digest(empty) == digest(desk.db)


@long()
def test_a_server_that_is_there_first_keeps_its_store_and_a_restored_one_goes_on(desk: Desk, tmp_path: Path) -> None:
    """A server's first act is a programme of its own; jobs that waited when the backup was made are done."""
    with desk.db.write() as s:
        s.get_one(Job, "waiting").request = {"case": 1, "seed": 1, "adopt": False}
    file, (first, new) = tmp_path / "b.gz", (f"sqlite:///{tmp_path / name}" for name in ("first.db", "new.db"))
    backup(desk.db, file)
    with serving(first, tmp_path), pytest.raises(UsageError, match="not empty"):
        restore(Database(first), file)
    db = Database(new)
    restore(db, file)

    def done() -> bool:
        with db.read() as s:
            return s.get_one(Job, "waiting").state == "done"

    with serving(new, tmp_path, workers=1):
        until(done, 60)
