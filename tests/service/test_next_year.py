"""A round has one next year, however often, by whom and at the same moment it is opened."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from allocator import rounds
from allocator.domain.case import Case, History
from allocator.domain.policy import Policy
from allocator.questions.rollover import next_year
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.service.actions import rounds as actions
from allocator.store import keep, migrate
from allocator.store.database import Database
from allocator.store.tables import RoundRow
from tests.service.office import MEL, client_of, facts, planned
from tests.stores import KINDS, ready_url

SITE = "http://testserver"


def in_force(db: Database) -> dict[str, dict[str, str]]:
    """Round r of programme r in force; two managers of it, by name, with the headers that they come with."""
    found = {}
    with db.write() as s:
        put_in_force(s, "r", facts())
        for name in ("a", "b"):
            grant = roles.enrol(s, f"{name}@example.org", name, "r", "manager")
            token, _ = passes.begin(s, grant.person_id, "manager", "token", dt.timedelta(days=1), programme="r")
            found[name] = {"Authorization": f"Bearer {token}"}
    return found


def put_in_force(s: Session, id: str, its: Case, programme: str = "") -> None:
    """A round told, accepted, confirmed and in force."""
    today = keep.now().date()
    planned(s, id, its, Policy(), solve(its, Policy()), programme)
    keep.step(s, id, MEL, lambda d: rounds.propose(d, None, today))
    for urn in "1234":
        keep.step(s, id, MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
    keep.step(s, id, MEL, lambda d: rounds.confirm(d, [p.beside for p in d.round.everyone], MEL))
    keep.step(s, id, MEL, lambda d: rounds.put_in_force(d, today))


def open_page(client: TestClient, me: dict[str, str], **form: Any) -> str:
    answer = client.post(f"{SITE}/rounds/r/next-year", data=form, headers=me, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def following(db: Database) -> list[str]:
    with db.read() as s:
        return list(s.scalars(sa.select(RoundRow.id).where(RoundRow.id != "r")))


@pytest.mark.parametrize("kind", KINDS)
def test_at_the_same_moment_two_managers_open_one(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def together(*given: Any) -> Any:
        """Each has found no next year before either makes it, unless one holds the other up."""
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return next_year(*given)

    monkeypatch.setattr(actions, "next_year", together)
    with ready_url(kind, tmp_path) as url:
        db = Database(url)
        people = in_force(db)
        clients = [client_of(db, SITE), client_of(db, SITE)]
        with ThreadPoolExecutor(2) as pool:
            led_to = set(pool.map(open_page, clients, people.values()))
        (made,) = following(db)
        assert led_to == {f"/rounds/{made}/next-year"}
        db.close()


def test_pressed_again_it_leads_to_the_first_and_by_http_too(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate.upgrade(db)
    me = in_force(db)["a"]
    client = client_of(db, SITE)
    version = client.get(f"{SITE}/api/v1/rounds/r", headers=me).headers["etag"]
    first = client.post(f"{SITE}/api/v1/rounds/r/next-year", headers=me)
    assert (first.status_code, first.json()["opened"]) == (201, True)
    assert open_page(client, me, version="1") == f"/rounds/{first.json()['round']}/next-year"
    assert "open already" in client.get(f"{SITE}/rounds/{first.json()['round']}/next-year", headers=me).text
    again = client.post(f"{SITE}/api/v1/rounds/r/next-year", headers={**me, "If-Match": version})
    assert (again.status_code, again.json()["round"], again.json()["opened"]) == (200, first.json()["round"], False)
    assert again.headers["location"] == first.headers["location"]
    assert following(db) == [first.json()["round"]]
    db.close()


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_was_opened_before_the_store_said_whose_it_is_stays_the_one(kind: str, tmp_path: Path) -> None:
    """Another round of the same year and programme has pairs of its own, and a next year still to be opened."""
    with ready_url(kind, tmp_path) as url:
        db = Database(url)
        me = in_force(db)["a"]
        with db.write() as s:
            swapped = [History(urn=str(n), sip="B" if n < 3 else "A", year="2025/26") for n in range(1, 5)]
            put_in_force(s, "t", facts().model_copy(update={"history": tuple(swapped)}), "r")
        client = client_of(db, SITE)
        first = open_page(client, me).split("/")[2]
        with db.write() as s:
            s.execute(sa.update(RoundRow).values(follows=None))
        second = open_page(client, me).split("/")[2]  # as it could be once
        migrate.downgrade(db, "0013")
        with db.write() as s:
            s.execute(sa.update(RoundRow).values(follows=None))
        migrate.upgrade(db)
        assert open_page(client, me) == f"/rounds/{first}/next-year"
        with db.read() as s:
            known = {r.id: r.follows for r in s.scalars(sa.select(RoundRow))}
        assert known == {"r": None, "t": None, first: "r", second: None}
        others = client.post(f"{SITE}/api/v1/rounds/t/next-year", headers=me)
        assert (others.status_code, others.json()["opened"]) == (201, True)
        db.close()


def test_a_store_holds_one_next_year_to_a_round(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate.upgrade(db)
    in_force(db)
    two = [{"id": x, "programme_id": "r", "name": x, "created_at": keep.now(), "follows": "r"} for x in "xy"]
    with db.write() as s, pytest.raises(sa.exc.IntegrityError, match=r"rounds\.follows"):
        s.execute(sa.insert(RoundRow), two)
    db.close()
