"""Every documented error, provoked; sign-in, tokens, stale and repeated requests."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import re
import socketserver
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator.domain import canon
from allocator.errors import UsageError
from allocator.service import passes, roles
from allocator.service.environment import from_env
from allocator.service.http_problems import CODES
from allocator.store import keep
from allocator.store.tables import Job, Once, Pass, SignIn, Someone
from tests.servers import until
from tests.service.office import Desk, facts, open_office


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path, upload_mb=1, open_jobs=3)


def ask(desk: Desk, method: str, path: str, who: str | None = "manager", **kw: Any) -> httpx.Response:
    headers = {**desk.headers(who), **kw.pop("headers", {})}
    answer: httpx.Response = desk.client.request(method, path, headers=headers, **kw)
    return answer


def the_link(desk: Desk, email: str = "manager@example.org", minutes: int = 5) -> str:
    with desk.db.write() as s:
        person = roles.person_by_email(s, email)
        assert person is not None
        return passes.link(s, person, minutes)


@contextmanager
def post_office() -> Iterator[tuple[int, list[str]]]:
    """A mail server on this machine: its port, and the letters it took."""
    letters: list[str] = []

    class Clerk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b"".join(iter(self.rfile.readline, b".\r\n"))
                    letters.append(text.decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clerk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], letters
        server.shutdown()


def provoke(desk: Desk) -> dict[str, httpx.Response]:
    """One answer for each code."""
    plan = f"/plans/{desk.ids['plan']}"
    spent = the_link(desk)
    desk.client.post(f"/sign-in/{spent}")
    desk.client.cookies.clear()
    out = {
        "bad_request": ask(
            desk, "POST", "/rounds/r/solves", content=b"{", headers={"Content-Type": "application/json"}
        ),
        "not_signed_in": ask(desk, "GET", "/me", None),
        "forbidden": ask(desk, "GET", "/rounds/r", "head"),
        "not_found": ask(desk, "GET", "/rounds/none"),
        "method_not_allowed": ask(desk, "PUT", "/me"),
        "round_refuses": ask(desk, "POST", "/rounds/r/in-force"),
        "link_used": desk.client.post(f"/sign-in/{spent}"),
        "stale": ask(desk, "PUT", "/rounds/r/policy", json={}, headers={"If-Match": '"0"'}),
        "too_large": ask(desk, "PUT", "/rounds/r/case", content=b" " * (2**20 + 1)),
        "unknown_media": ask(desk, "PUT", "/rounds/r/case", content=b"x", headers={"Content-Type": "text/plain"}),
        "invalid": ask(desk, "POST", "/programmes", json={"nome": "x"}),
        "case_errors": ask(desk, "PUT", "/rounds/r/case", json={"schools": []}),
        "not_finished": None,
    }
    with desk.db.write() as s:
        s.execute(sa.update(Job).where(Job.id == "exported").values(state="running"))
    out["not_finished"] = ask(desk, "GET", "/solves/exported/file")
    key = {"Idempotency-Key": "k"}
    ask(desk, "POST", "/programmes", json={"name": "A"}, headers=key)
    out["key_reused"] = ask(desk, "POST", "/programmes", json={"name": "B"}, headers=key)
    with desk.db.write() as s:
        s.execute(sa.update(Once).values(status=None))
    out["in_progress"] = ask(desk, "POST", "/programmes", json={"name": "A"}, headers=key)
    with desk.db.write() as s:  # done, but the server died before it had kept the answer
        s.execute(sa.update(Once).values(server="gone"))
    out["answer_lost"] = ask(desk, "POST", "/programmes", json={"name": "A"}, headers=key)
    for _ in range(3):
        out["too_many"] = ask(desk, "POST", f"{plan}/frontier")
    return {k: v for k, v in out.items() if v is not None}


def test_every_documented_error_can_happen(desk: Desk) -> None:
    found = provoke(desk)
    for code, answer in found.items():
        assert answer.headers["content-type"] == "application/problem+json", (code, answer.text)
        body = answer.json()
        assert (body["code"], answer.status_code, body["status"]) == (code, *[CODES[code][0]] * 2), answer.text
        assert body["title"]
        assert body["detail"]
    elsewhere = {"store_away", "defect", "provider_away", "second_factor"}  # below, test_oidc, and test_every_error
    assert set(CODES) - set(found) - elsewhere == set()


def test_a_store_that_is_away_is_said_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise sa.exc.OperationalError("select 1", {}, Exception("gone"))

    monkeypatch.setattr(desk.db, "read", away)
    answer = ask(desk, "GET", "/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert int(answer.headers["retry-after"]) > 0


def test_a_fault_of_ours_is_no_traceback(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(desk.db, "read", fault)
    answer = ask(desk, "GET", "/me")
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


# -- signing in ------------------------------------------------------------------------------------------------


def test_looking_at_a_link_does_not_spend_it(desk: Desk) -> None:
    secret = the_link(desk)
    for _ in range(3):
        assert desk.client.get(f"/sign-in/{secret}").json()["roles"] == ["manager"]
    assert desk.client.post(f"/sign-in/{secret}").status_code == 200
    assert desk.client.get("/me").json()["name"] == "manager"  # by the cookie
    assert desk.client.get(f"/sign-in/{secret}").status_code == 410


def test_a_link_spent_twice_at_once_opens_one_session(desk: Desk) -> None:
    secret, seen = the_link(desk), []

    def spend() -> None:
        seen.append(desk.client.post(f"/sign-in/{secret}").status_code)

    threads = [threading.Thread(target=spend) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(seen) == [200, 410, 410, 410, 410]


def test_an_old_link_is_refused_and_an_unknown_address_is_not_told_apart(desk: Desk) -> None:
    assert desk.client.post(f"/sign-in/{the_link(desk, minutes=-1)}").status_code == 410
    with desk.db.read() as s:
        before = s.scalar(sa.select(sa.func.count()).select_from(SignIn))
    known = desk.client.post("/sign-in", json={"email": "MANAGER@example.org"})
    unknown = desk.client.post("/sign-in", json={"email": "nobody@example.org"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    desk.settle()
    with desk.db.read() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(SignIn)) == (before or 0) + 1


def test_two_roles_are_two_sessions(desk: Desk) -> None:
    with desk.db.write() as s:
        roles.enrol(s, "manager@example.org", "manager", "p", "sip", sip="A")
    secret = the_link(desk)
    assert desk.client.get(f"/sign-in/{secret}").json()["roles"] == ["manager", "sip"]
    assert "manager or sip" in desk.client.post(f"/sign-in/{secret}").json()["detail"]
    assert desk.client.post(f"/sign-in/{secret}", json={"role": "sip"}).json()["role"] == "sip"
    assert desk.client.get("/rounds/r").status_code == 403  # this session is the SIP's
    own = ask(
        desk,
        "POST",
        f"/plans/{desk.ids['plan']}/answers",
        json={"urn": "1", "answer": "accept", "by": "head", "via": "telephone"},
    )
    assert own.status_code == 409  # the manager is that pair's SIP: somebody else writes its yes down
    refused = ask(desk, "POST", f"/plans/{desk.ids['plan']}/confirmations", json={"pairs": [{"urn": "1"}]})
    assert "another manager" in own.json()["detail"].lower()
    assert refused.status_code == 409


def test_secrets_are_kept_as_hashes_and_sessions_end(desk: Desk) -> None:
    secret = the_link(desk)
    desk.client.post(f"/sign-in/{secret}")
    cookie = desk.client.cookies[passes.COOKIE]
    with desk.db.read() as s:
        kept = " ".join([*s.scalars(sa.select(Pass.hash)), *s.scalars(sa.select(SignIn.hash))])
    assert cookie not in kept
    assert secret not in kept
    assert desk.client.delete("/me").status_code == 204
    again = desk.client.get("/me", headers={"Cookie": f"{passes.COOKIE}={cookie}"})
    assert again.status_code == 401


def test_a_pass_runs_out(desk: Desk) -> None:
    with desk.db.write() as s:
        person = s.scalars(sa.select(Someone)).first()
        assert person is not None
        old, _ = passes.begin(s, person.id, "manager", "token", dt.timedelta(seconds=-1), programme="p")
    assert desk.client.get("/me", headers={"Authorization": f"Bearer {old}"}).status_code == 401


def test_a_token_that_reads_does_not_write(desk: Desk) -> None:
    token = ask(desk, "POST", "/tokens", json={"name": "r", "scope": "read"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert desk.client.get("/rounds/r", headers=bearer).status_code == 200
    assert desk.client.post("/programmes", json={"name": "x"}, headers=bearer).json()["code"] == "forbidden"


def test_another_sites_page_cannot_write_with_our_cookie(desk: Desk) -> None:
    desk.client.post(f"/sign-in/{the_link(desk)}")
    other = desk.client.post("/programmes", json={"name": "x"}, headers={"Origin": "https://evil.example"})
    assert other.status_code == 403
    assert (
        desk.client.post("/programmes", json={"name": "x"}, headers={"Origin": "http://testserver"}).status_code == 201
    )


def test_too_many_sign_ins_from_one_place(tmp_path: Path) -> None:
    desk = open_office(tmp_path, sign_ins_per_minute=3)
    codes = [desk.client.post("/sign-in", json={"email": f"{n}@y.z"}).status_code for n in range(4)]
    assert codes == [202, 202, 202, 429]


def test_too_many_uploads(tmp_path: Path) -> None:
    desk = open_office(tmp_path, uploads_per_minute=1)
    codes = [ask(desk, "PUT", "/rounds/r/case", json={"schools": []}).status_code for _ in range(2)]
    assert codes == [422, 429]


def test_a_letters_link_leads_where_the_service_says_not_where_the_request_said(tmp_path: Path) -> None:
    with post_office() as (port, letters):
        desk = open_office(tmp_path, public_url="https://sip.example.org", smtp_url=f"smtp://127.0.0.1:{port}")
        desk.client.post("/sign-in", json={"email": "manager@example.org"}, headers={"Host": "evil.example"})
        desk.settle()
    assert "https://sip.example.org/sign-in/" in letters[0]
    assert "evil" not in letters[0]


def test_letters_go_by_smtp_and_a_server_that_is_away_is_not_told_of(tmp_path: Path) -> None:
    with post_office() as (port, letters):
        desk = open_office(tmp_path, public_url="https://sip.example.org", smtp_url=f"smtp://127.0.0.1:{port}")
        assert desk.client.post("/sign-in", json={"email": "manager@example.org"}).status_code == 202
        until(lambda: letters)
    assert "To: manager@example.org" in letters[0]
    secret = re.search(r"https://sip.example.org/sign-in/([\w-]+)", letters[0])
    assert secret is not None
    assert desk.client.post(f"/sign-in/{secret[1]}").json()["role"] == "manager"
    away = desk.client.post("/sign-in", json={"email": "manager@example.org"})
    assert (away.status_code, away.json()["told"][:12]) == (202, "If we know t")


def test_nothing_but_the_button_spends_a_link(desk: Desk) -> None:
    secret = the_link(desk)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
        desk.client.request(method, f"/sign-in/{secret}")
    answer = desk.client.post(f"/sign-in/{secret}", headers={"Cookie": f"{passes.COOKIE}=chosen-by-another"})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert "chosen-by-another" not in cookie  # a session is never one that somebody brought along
    assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/"))


def test_behind_a_proxy_cookies_and_headers_are_for_https_only(tmp_path: Path) -> None:
    desk = open_office(tmp_path, secure_cookies=True, public_url="https://sip.example.org")
    answer = desk.client.post(f"/sign-in/{the_link(desk)}")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]
    cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0], "Host": "inside:8000"}
    here = desk.client.post("/programmes", json={"name": "x"}, headers={**cookie, "Origin": "https://sip.example.org"})
    assert here.status_code == 201


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALLOCATOR_OPEN_JOB", "3", "Did you mean ALLOCATOR_OPEN_JOBS"),
        ("ALLOCATOR_OPEN_JOBS", "-1", "above 0"),
        ("ALLOCATOR_SOLVE_SECONDS", "nan", "above 0"),
        ("ALLOCATOR_SECURE_COOKIES", "perhaps", "yes or no"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        from_env({name: value})


# -- stale and repeated ---------------------------------------------------------------------------------------------


def test_a_stale_write_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    seen = ask(desk, "GET", "/rounds/r").headers["etag"]
    first = ask(desk, "PUT", "/rounds/r/policy", json={"name": "steady"}, headers={"If-Match": seen})
    assert first.status_code == 200
    second = ask(desk, "PUT", "/rounds/r/policy", json={"name": "need-first"}, headers={"If-Match": seen})
    assert (second.status_code, second.headers["etag"]) == (412, first.headers["etag"])
    assert ask(desk, "GET", "/rounds/r/policy").json()["name"] == "steady"


def test_the_same_key_is_the_same_answer(desk: Desk) -> None:
    key = {"Idempotency-Key": "one"}
    one, two = (ask(desk, "POST", "/programmes", json={"name": "Once"}, headers=key) for _ in range(2))
    assert (one.status_code, one.json()) == (two.status_code, two.json())
    assert two.headers["idempotency-replayed"] == "true"
    names = [p["name"] for p in ask(desk, "GET", "/programmes").json()["items"]]
    assert names.count("Once") == 1
    job = [
        ask(desk, "POST", f"/plans/{desk.ids['plan']}/frontier", headers={"Idempotency-Key": "j"}).json()["id"]
        for _ in range(3)
    ]
    assert len(set(job)) == 1


def test_a_server_that_dies_between_doing_and_answering_leaves_one_job_and_nothing_twice(desk: Desk) -> None:
    key, path = {"Idempotency-Key": "k"}, f"/plans/{desk.ids['plan']}/frontier"
    first = ask(desk, "POST", path, headers=key).json()["id"]
    with desk.db.write() as s:
        s.execute(sa.update(Once).values(status=None, body=None, server="gone"))
    again = ask(desk, "POST", path, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, first)
    with desk.db.write() as s:  # it died before it did anything: the request is made anew
        s.add(
            Once(
                asker=f"{_id_of(desk, 'manager')}/manager/p", key="n", request="?", server="gone", created_at=keep.now()
            )
        )
    assert ask(desk, "POST", "/programmes", json={"name": "N"}, headers={"Idempotency-Key": "n"}).status_code == 422
    with desk.db.write() as s:
        s.execute(sa.update(Once).where(Once.key == "k").values(headers=None))
    assert ask(desk, "POST", path, headers=key).json()["id"] == first  # the job's own name is its key's


def _id_of(desk: Desk, name: str) -> str:
    return str(ask(desk, "GET", "/me", name).json()["id"])


def test_a_tokens_secret_is_kept_nowhere_even_where_the_request_is_repeated(desk: Desk) -> None:
    key = {"Idempotency-Key": "t"}
    one, two = (ask(desk, "POST", "/tokens", json={"name": "t"}, headers=key).json() for _ in range(2))
    assert (two["id"], two["token"]) == (one["id"], None)
    desk.db.close()
    whole = b"".join(p.read_bytes() for p in Path(str(desk.db.url.database)).parent.iterdir())
    assert one["token"].encode() not in whole


def test_people_who_wait_hold_nobody_up(desk: Desk) -> None:
    """More callers with Prefer: wait than the server has threads; others are answered all the same. Eight of one person
    wait, and the others are told at once that the job is to be done."""
    path, me = f"/plans/{desk.ids['plan']}/frontier", desk.headers("manager")
    with desk.db.write() as s:
        s.execute(sa.delete(Job))

    async def seconds_of_a_read() -> float:
        transport = httpx.ASGITransport(app=desk.client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver/api/v1") as client:
            await client.post(path, headers={**me, "Idempotency-Key": "w"})
            with desk.db.write() as s:
                s.execute(sa.update(Once).values(status=None, server="gone"))
            waits = {**me, "Idempotency-Key": "w", "Prefer": "wait=20"}  # all for the one job
            waiting = [asyncio.create_task(client.post(path, headers=waits)) for _ in range(60)]
            await asyncio.sleep(1)
            began = time.monotonic()
            assert (await client.get("/me", headers=me)).status_code == 200
            took = time.monotonic() - began
            while sum(task.done() for task in waiting) < 52 and time.monotonic() - began < 10:
                await asyncio.sleep(0.1)
            told = [task.result() for task in waiting if task.done()]
            for task in waiting:
                task.cancel()
            assert len(told) == 52
            assert {(x.status_code, x.headers.get("preference-applied")) for x in told} == {(202, None)}
            return took

    with ThreadPoolExecutor(1) as own:  # a browser test of the same process may hold a loop in this thread
        assert own.submit(lambda: asyncio.run(seconds_of_a_read())).result() < 5


def test_the_same_key_sent_at_once_is_done_once(desk: Desk) -> None:
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(ask(desk, "POST", "/programmes", json={"name": "At once"}, headers={"Idempotency-Key": "x"}))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert [p["name"] for p in ask(desk, "GET", "/programmes").json()["items"]].count("At once") == 1


def test_a_refused_request_may_be_sent_again_with_its_key(desk: Desk) -> None:
    key = {"Idempotency-Key": "again"}
    assert ask(desk, "POST", "/programmes", json={"name": ""}, headers=key).status_code == 422
    assert ask(desk, "POST", "/programmes", json={"name": ""}, headers=key).json()["code"] == "invalid"


# -- plans and pages ------------------------------------------------------------------------------------------------


def test_a_plan_is_word_for_word_the_one_kept_and_has_a_tag(desk: Desk) -> None:
    path = f"/plans/{desk.ids['plan']}"
    answer = ask(desk, "GET", path)
    with desk.db.read() as s:
        assert answer.text == keep.plan_row(s, desk.ids["plan"]).body
    same = ask(desk, "GET", path, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.text) == (304, "")


def test_lists_come_in_pages(desk: Desk) -> None:
    for n in range(5):
        ask(desk, "POST", "/programmes", json={"name": f"P{n}"})
    seen: list[str] = []
    path = "/programmes?limit=2"
    while path:
        body = ask(desk, "GET", path).json()
        seen += [p["id"] for p in body["items"]]
        assert len(body["items"]) <= 2
        path = f"/programmes?limit=2&cursor={body['next']}" if body["next"] else ""
    assert len(seen) == len(set(seen)) == 6
    for wrong in ("nonsense", "W10=", "WyIAIl0="):
        assert ask(desk, "GET", f"/programmes?cursor={wrong}").json()["code"] == "invalid"


def test_a_case_comes_as_workbook_zip_or_json(desk: Desk, tmp_path: Path) -> None:
    from allocator.intake.write import write_case

    write_case(facts(), tmp_path / "case")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        for file in (tmp_path / "case").iterdir():
            z.write(file, f"a folder/{file.name}")
    for body, kind in (
        (packed.getvalue(), "application/zip"),
        (canon.text(canon.case_out(facts())).encode(), "application/json"),
    ):
        said = ask(desk, "PUT", "/rounds/r/case?year=2026/27", content=body, headers={"Content-Type": kind})
        assert said.json()["sha256"] == canon.case_sha256(facts()), said.text
    for kind in (
        "application/zip",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/json",
    ):
        said = ask(desk, "PUT", "/rounds/r/case", content=b"PK\x03\x04 not one", headers={"Content-Type": kind})
        assert said.status_code in (400, 422), said.text


def test_a_zip_with_damaged_contents_is_told_as_one(desk: Desk) -> None:
    packed, name = io.BytesIO(), "schools.csv"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(name, "urn,name,phase\n" * 400)
    broken = bytearray(packed.getvalue())
    broken[30 + len(name) : 36 + len(name)] = b"\xff" * 6  # just behind the member's header
    said = ask(desk, "PUT", "/rounds/r/case", content=bytes(broken), headers={"Content-Type": "application/zip"})
    assert (said.status_code, said.json()["code"]) == (400, "bad_request"), said.text


def test_headers_keep_browsers_careful(desk: Desk) -> None:
    for path in ("/me", "/nothing", "/healthz"):
        headers = desk.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"


def test_figures_and_health(desk: Desk) -> None:
    assert desk.client.get("http://testserver/healthz").json() == {"status": "ok"}
    assert desk.client.get("/readyz").json()["workers"] == 0
    text = desk.client.get("/metrics").text
    assert 'allocator_jobs{state="queued"} 1.0' in text
    assert "example.org" not in text
