"""A manager's second factor: what is closed until it is shown, what a code is worth, and what is left when it is lost."""

from __future__ import annotations

import datetime as dt
import html
import os
import re
from pathlib import Path

import httpx2 as httpx
import pyotp
import pytest
import sqlalchemy as sa

from allocator.service import passes, roles, second
from allocator.service.http_problems import HttpProblem
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import AuditRow, Factor, Grant, Pass, Programme
from tests.command import run
from tests.service.office import Desk, open_office
from tests.service.test_trust import enrol, get, session
from tests.stores import KINDS, ready_url

SITE, ME = "http://testserver", "manager@example.org"
Cookie = dict[str, str]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def post(desk: Desk, who: Cookie, path: str, **form: str) -> httpx.Response:
    answer: httpx.Response = desk.client.post(SITE + path, data=form, headers=who, follow_redirects=False)
    return answer


def renewed(desk: Desk, answer: httpx.Response) -> Cookie:
    """The session's new key: the one before a code was right opens nothing any more."""
    desk.client.cookies.clear()
    return {"Cookie": answer.headers["set-cookie"].split(";")[0]}


def back(desk: Desk, minutes: float) -> None:
    """What was tried and taken was so many minutes ago."""
    with desk.db.write() as s:
        for row in s.scalars(sa.select(Factor)):
            row.counter -= int(minutes * 2)
            row.wrong_at = row.wrong_at and row.wrong_at - dt.timedelta(minutes=minutes)


def code(desk: Desk) -> str:
    with desk.db.read() as s:
        return pyotp.TOTP(s.scalars(sa.select(Factor.secret)).one()).now()


SLOW = second.WORK  # as it is shipped


def test_a_guess_at_a_code_takes_its_time() -> None:
    """Sixteen megabytes and some fifty milliseconds each, for whoever has read the store."""
    assert SLOW >= 2**14


def have(desk: Desk) -> tuple[Cookie, list[str]]:
    """A manager with a second factor: the session in which it was enrolled, and the codes to keep."""
    me = session(desk, "manager", "p", ME)
    shown = html.unescape(post(desk, me, "/second-factor/begin").text)
    with desk.db.read() as s:
        secret = s.scalars(sa.select(Factor.secret)).one()
    assert secret in shown
    assert f"otpauth://totp/School%20Improvement%20Partners:manager%40example.org?secret={secret}" in shown
    assert "<svg" in shown
    answer = post(desk, me, "/second-factor", code=code(desk))
    kept = re.findall(r"<code>([0-9a-f]{5}-[0-9a-f]{5})</code>", answer.text)
    assert (answer.status_code, len(kept)) == (200, 10)
    new = renewed(desk, answer)
    assert get(desk, me, "/me").status_code == 401
    return new, kept


def test_until_a_code_is_right_a_session_opens_nothing(desk: Desk) -> None:
    before = session(desk, "manager", "p", ME)
    me, _ = have(desk)
    assert get(desk, me, "/rounds/r").status_code == 200
    later = session(desk, "manager", "p", ME)
    for who in (before, later):  # what was open is asked, too
        for path in ("/rounds/r", "/me", "/users?programme=p", "/sessions", "/tokens"):
            answer = get(desk, who, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "second_factor"), path
        assert desk.client.post("/tokens", json={"name": "t"}, headers=who).json()["code"] == "second_factor"
        assert (
            desk.client.post("/tokens", json={"name": "t"}, headers=who | {"Idempotency-Key": "k"}).status_code == 403
        )
        page = desk.client.get(f"{SITE}/rounds/r", headers=who, follow_redirects=False)
        assert page.headers["location"] == "/second-factor?next=/rounds/r"
        assert (
            post(desk, who, "/programmes/p/people", name="N", email="n@example.org", role="auditor").status_code == 403
        )
        for path in ("codes", "away"):
            assert post(desk, who, f"/second-factor/{path}", code=code(desk)).status_code == 403
        assert post(desk, who, "/second-factor/begin").status_code == 409  # no other secret takes its place
    back(desk, 2)
    answer = post(desk, later, "/second-factor", code=code(desk), next="/rounds/r")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rounds/r")
    assert get(desk, renewed(desk, answer), "/rounds/r").status_code == 200
    assert get(desk, later, "/rounds/r").status_code == 401
    assert get(desk, before, "/rounds/r").status_code == 403
    assert post(desk, before, "/sign-out").status_code == 303


def test_a_code_is_taken_once(desk: Desk) -> None:
    have(desk)
    back(desk, 2)
    right, one, two = code(desk), session(desk, "manager", "p", ME), session(desk, "manager", "p", ME)
    answer = desk.client.post("/second-factor", json={"code": right}, headers=one)
    assert answer.status_code == 204
    desk.client.cookies.clear()
    assert desk.client.post("/second-factor", json={"code": right}, headers=two).status_code == 422
    with desk.db.read() as s:
        actions = list(
            s.scalars(sa.select(AuditRow.action).where(AuditRow.action.like("second%")).order_by(AuditRow.n))
        )
    assert actions == ["second factor enrolled", "second factor shown", "second factor refused"]


def test_a_kept_code_is_taken_once_and_new_ones_end_the_old(desk: Desk) -> None:
    _, kept = have(desk)
    for n, typed in enumerate((kept[0], kept[1].replace("-", " ").upper())):
        assert (
            desk.client.post(
                "/second-factor", json={"code": typed}, headers=session(desk, "manager", "p", ME)
            ).status_code
            == 204
        ), n
    me = session(desk, "manager", "p", ME)
    assert desk.client.post("/second-factor", json={"code": kept[0]}, headers=me).status_code == 422
    me = renewed(desk, desk.client.post("/second-factor", json={"code": kept[2]}, headers=me))
    answer = post(desk, me, "/second-factor/codes", code=kept[3])
    fresh = re.findall(r"<code>([0-9a-f]{5}-[0-9a-f]{5})</code>", answer.text)
    other = session(desk, "manager", "p", ME)
    assert desk.client.post("/second-factor", json={"code": kept[4]}, headers=other).status_code == 422
    assert desk.client.post("/second-factor", json={"code": fresh[0]}, headers=other).status_code == 204
    with desk.db.read() as s:
        raw = str(s.scalars(sa.select(Factor.codes)).one())
    assert not [c for c in fresh if c.replace("-", "") in raw]


def test_guessing_ends_after_five(desk: Desk) -> None:
    have(desk)
    back(desk, 2)
    me = session(desk, "manager", "p", ME)
    told = [desk.client.post("/second-factor", json={"code": f"{n:06}"}, headers=me).json()["detail"] for n in range(7)]
    assert [t.startswith("Too many") for t in told] == [False] * 5 + [True] * 2
    assert (
        desk.client.post("/second-factor", json={"code": code(desk)}, headers=me).status_code == 422
    )  # the right one, too
    back(desk, 16)
    assert desk.client.post("/second-factor", json={"code": code(desk)}, headers=me).status_code == 204


def test_a_programme_asks_it_of_every_manager_and_of_nobody_else(desk: Desk) -> None:
    plain = session(desk, "manager", "p", ME)
    assert post(desk, plain, "/programmes/p/second-factor", asked="yes").status_code == 409  # not by one without
    me, kept = have(desk)
    assert post(desk, me, "/programmes/q/second-factor", asked="yes").status_code == 404
    assert post(desk, me, "/programmes/p/second-factor", asked="yes").status_code == 303
    assert post(desk, me, "/second-factor/away", code=kept[0]).status_code == 409
    enrol(desk, "second@example.org", "Second", "p", "manager")
    enrol(desk, "second@example.org", "Second", "q", "manager")
    other = session(desk, "manager", "p", "second@example.org")
    assert get(desk, other, "/rounds/r").status_code == 403
    led = desk.client.get(f"{SITE}/second-factor", headers=other).text
    assert "Programme p asks every manager" in led
    for role, programme, path in (("auditor", "p", "/rounds/r"), ("manager", "q", "/rounds/rq")):
        email = "auditor@example.org" if role == "auditor" else "second@example.org"
        assert get(desk, session(desk, role, programme, email), path).status_code == 200
    assert (
        get(desk, desk.headers("manager"), "/rounds/r").status_code == 200
    )  # a token, made in a session that was whole
    assert post(desk, me, "/programmes/p/second-factor", asked="no").status_code == 303
    assert get(desk, other, "/rounds/r").status_code == 200


def test_what_a_session_made_is_asked_for_as_itself(desk: Desk) -> None:
    """A programme made in a session is opened by it; where that programme asks for a second factor, so does the session."""
    me, _ = have(desk)
    made = desk.client.post("/programmes", json={"name": "New"}, headers=me).json()["id"]
    assert post(desk, me, f"/programmes/{made}/second-factor", asked="yes").status_code == 303
    with desk.db.write() as s:  # as if it had been made before, by one who has none
        s.execute(sa.update(Pass).values(second=False))
        s.execute(sa.delete(Factor))
    assert get(desk, me, f"/programmes/{made}").status_code == 403


def test_on_changing_roles_it_is_shown_once(desk: Desk) -> None:
    enrol(desk, ME, "manager", "p", "auditor")
    have(desk)
    back(desk, 2)
    reader = session(desk, "auditor", "p", ME, own=True)
    answer = desk.client.post("/sessions", json={"role": "manager", "programme": "p"}, headers=reader)
    manager = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    desk.client.cookies.clear()
    assert get(desk, manager, "/rounds/r").status_code == 403
    manager = renewed(desk, desk.client.post("/second-factor", json={"code": code(desk)}, headers=manager))
    for role in ("auditor", "manager"):
        answer = desk.client.post("/sessions", json={"role": role, "programme": "p"}, headers=manager)
        manager = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        desk.client.cookies.clear()
    assert get(desk, manager, "/rounds/r").status_code == 200


def test_taken_away_by_its_owner_or_by_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    me, _ = have(desk)
    back(desk, 2)
    assert post(desk, me, "/second-factor/away", code="000000").status_code == 422
    assert post(desk, me, "/second-factor/away", code=code(desk)).status_code == 303
    assert get(desk, me, "/rounds/r").status_code == 401
    assert get(desk, session(desk, "manager", "p", ME), "/rounds/r").status_code == 200
    me, _ = have(desk)
    for name in [n for n in os.environ if n.startswith("ALLOCATOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALLOCATOR_DATABASE_URL", f"sqlite:///{desk.db.url.database}")
    ran = run("user", "second-factor-off", ME)
    assert (ran.returncode, ran.stdout) == (0, f"{ME} has no second factor any more.\n")
    assert get(desk, me, "/rounds/r").status_code == 401
    assert run("user", "second-factor-off", ME).returncode == 2
    with desk.db.read() as s:
        lines = list(s.scalars(sa.select(AuditRow.detail).where(AuditRow.action == "second factor taken away")))
    assert lines == ["", "by command"]


@pytest.mark.parametrize("kind", KINDS)
def test_kept_in_either_store(kind: str, tmp_path: Path) -> None:
    now = keep.now()
    with ready_url(kind, tmp_path) as url:
        db = Database(url)
        with db.write() as s:
            s.add(Programme(id="p", name="P", created_at=now))
            s.flush()
            grant = roles.enrol(s, ME, "Mel", "p", "manager")
            key, _ = passes.begin(s, grant.person_id, "manager", "session", dt.timedelta(hours=1), programme="p")
        person = grant.person_id
        with db.write() as s:
            found = passes.who(s, key, dt.timedelta(hours=1))
            assert found is not None
            who = found[0]
            secret = second.begin(s, who).secret
            assert not passes.who(s, key, dt.timedelta(hours=1))[0].waits  # type: ignore[index]  # it is there
        right = pyotp.TOTP(secret)
        for n, (typed, taken) in enumerate(
            [
                ("1", False),
                (right.at(now), True),
                (right.at(now), False),
                (right.at(now - dt.timedelta(seconds=30)), False),
            ]
        ):
            with db.write() as s:
                assert (second.wrong(s, person, typed, now) is None) == taken, n
        with db.write() as s:
            first, _ = second.shown(s, who, now)
            assert first
            kept = second.new_codes(s, person)
        with db.write() as s, pytest.raises(HttpProblem):
            second.begin(s, who)
        with db.write() as s:
            row = s.get_one(Factor, person)
            assert (row.confirmed_at, row.wrong, len(row.codes)) == (now, 2, 10)
            assert second.wrong(s, person, kept[0], now) is None
        with db.read() as s:
            assert len(s.get_one(Factor, person).codes) == 9
            assert list(s.scalars(sa.select(Grant.role))) == ["manager"]
        db.close()
