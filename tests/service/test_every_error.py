"""Every error that the description names, of every route, is provoked; what cannot happen is not named."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator.domain import canon
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import passes
from allocator.service.http_problems import CODES, MEDIA
from allocator.store import keep
from allocator.store.tables import Grant, Job, Once, Programme
from tests.service.office import Desk, facts, open_office
from tests.service.test_matrix import MATRIX, address
from tests.sizes import whole_or

WITH_PROVIDER = (("GET", "/oidc"), ("GET", "/oidc/back"))  # need a provider: test_oidc
OTHERWISE = {  # a good request where the matrix sends less
    ("PUT", "/rounds/{id}/case"): canon.case_out(facts()),
    ("POST", "/plans/{id}/answers"): {"urn": "1", "answer": "accept", "by": "head", "via": "telephone"},
}


class Asked:
    """One route, asked on a desk of its own; each method below provokes the error of its name."""

    def __init__(self, folder: Path, method: str, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.method, self.route, self.monkeypatch, self.folder = method, route, monkeypatch, folder
        self.desk = self.open()
        self.body = OTHERWISE.get((method, route), MATRIX[method, route][1])

    def open(self, **settings: object) -> Desk:
        where = self.folder / str(len(list(self.folder.iterdir())))
        where.mkdir()
        return open_office(where, upload_mb=1, **settings)

    def send(self, who: str | None = "manager", path: str = "", desk: Desk | None = None, **kw: Any) -> httpx.Response:
        desk = desk or self.desk
        headers = {**desk.headers(who), **kw.pop("headers", {})}
        if not kw and self.body is not None:
            kw = {"json": self.body}
        answer: httpx.Response = desk.client.request(
            self.method, path or address(desk, self.route), headers=headers, **kw
        )
        return answer

    def elsewhere(self, id: str) -> str:
        """The same route of another thing."""
        path = address(self.desk, self.route)
        if "{id}" not in self.route:
            return path.replace("programme=p", f"programme={id}")
        before = self.route.split("{id}")[0]
        return before + id + "".join(path.removeprefix(before).partition("/")[1:])

    def not_signed_in(self) -> httpx.Response:
        return self.send(None)

    def forbidden(self) -> httpx.Response:
        if self.route == "/metrics":  # as through a proxy
            return self.send(None, headers={"X-Forwarded-For": "192.0.2.7"})
        if self.route.startswith("/sign-in"):
            return self.send(headers={"Origin": "https://evil.example"})
        if self.method == "GET":
            return self.send("head")
        token = self.desk.client.post("/tokens", json={"name": "r"}, headers=self.desk.headers("manager")).json()
        return self.send(None, headers={"Authorization": f"Bearer {token['token']}"})

    def second_factor(self) -> httpx.Response:
        """In a session begun where every manager is asked for one."""
        with self.desk.db.write() as s:
            s.execute(sa.update(Programme).where(Programme.id == "p").values(second_factor=True))
            mel = s.scalars(sa.select(Grant.person_id).where(Grant.programme_id == "p", Grant.role == "manager")).one()
            key, _ = passes.begin(s, mel, "manager", "session", dt.timedelta(hours=1), programme="p")
        return self.send(None, headers={"Cookie": f"{passes.COOKIE}={key}"})

    def not_found(self) -> httpx.Response:
        if self.route == "/users":
            return self.send(path=self.elsewhere("none"), json={**(self.body or {}), "programme": "none"})
        return self.send(path=self.elsewhere("none"))

    def invalid(self) -> httpx.Response:
        if "{id}" in self.route:
            return self.send(path=self.elsewhere("!"))
        if "{secret}" in self.route:
            return self.send(path="/sign-in/!")
        if self.method == "GET":
            return self.send(path=self.route + "?limit=0")
        return self.send(json={"nonsense": 1})

    def bad_request(self) -> httpx.Response:
        if self.method == "POST" and not self.route.startswith(("/sign-in", "/second-factor")):
            return self.send(headers={"Idempotency-Key": "k" * 201})
        return self.send(content=b"{", headers={"Content-Type": "application/json"})

    def too_large(self) -> httpx.Response:
        return self.send(content=b'"' + b"x" * 2**20 + b'"', headers={"Content-Type": "application/json"})

    def too_many(self) -> httpx.Response:
        few = (
            "sign_ins_per_minute"
            if self.route == "/sign-in"
            else f"{'read' if self.method == 'GET' else 'write'}s_per_minute"
        )
        desk = self.open(**{few: 1})
        if self.method == "GET":
            desk.client.get("/me", headers=desk.headers("manager"))
        first = ("/sign-in", {"email": "x@y.z"}) if self.route == "/sign-in" else ("/tokens", {"name": "t"})
        desk.client.post(first[0], json=first[1], headers=desk.headers("manager"))
        return self.send(desk=desk)

    def store_away(self) -> httpx.Response:
        return self.broken(sa.exc.OperationalError("select 1", {}, Exception("gone")))

    def defect(self) -> httpx.Response:
        return self.broken(ZeroDivisionError("a secret"))

    def broken(self, error: Exception) -> httpx.Response:
        def fail(*_: object) -> None:
            raise error

        with self.monkeypatch.context() as patch:
            for way in ("read", "write"):
                patch.setattr(self.desk.db, way, fail)
            answer = self.send()
        assert "secret" not in answer.text
        return answer

    def once(self, key: str, asked: str | None = None, gone: bool = False, **values: object) -> httpx.Response:
        """As if the request had been begun with this key, and is at work yet; with `gone` by a server that is dead."""
        made = self.desk.client.build_request(self.method, address(self.desk, self.route), json=self.body)
        parts = [self.method.encode(), f"{made.url.path}?{made.url.query.decode()}".encode(), made.content]
        me = self.desk.client.get("/me", headers=self.desk.headers("manager")).json()["id"] + "/manager/p"
        server = "gone" if gone else self.desk.client.app.state.office.life  # type: ignore[attr-defined]
        with self.desk.db.write() as s:
            s.add(
                Once(
                    asker=me,
                    key=key,
                    request=asked or hashlib.sha256(b"\0".join(parts)).hexdigest(),
                    created_at=keep.now(),
                    server=server,
                    **values,
                )
            )
        return self.send(headers={"Idempotency-Key": key})

    def in_progress(self) -> httpx.Response:
        return self.once("in progress")

    def answer_lost(self) -> httpx.Response:
        return self.once("lost", gone=True, headers={})

    def key_reused(self) -> httpx.Response:
        return self.once("reused", "another")

    def stale(self) -> httpx.Response:
        if self.route == "/rounds/{id}/case":  # the one in force, sent again, would be no change
            whole = canon.case_out(facts())
            other = {**whole, "schools": [{**whole["schools"][0], "name": "Other"}, *whole["schools"][1:]]}
            return self.send(json=other, headers={"If-Match": '"0"'})
        return self.send(headers={"If-Match": '"0"'})

    def link_used(self) -> httpx.Response:
        return self.send()

    def unknown_media(self) -> httpx.Response:
        return self.send(content=b"x", headers={"Content-Type": "text/plain"})

    def case_errors(self) -> httpx.Response:
        return self.send(json={"schools": [], "nonsense": 1})

    def not_finished(self) -> httpx.Response:
        with self.desk.db.write() as s:
            s.execute(sa.update(Job).where(Job.id == "exported").values(state="running"))
        return self.send()

    def round_refuses(self) -> httpx.Response:
        method, route = self.method, self.route
        if method == "GET":  # of a plan that is not on the desk
            with self.desk.db.write() as s:
                other = keep.keep_plan(s, "r", solve(facts(), Policy(), seed=2)).id
            return self.send(path=self.elsewhere(other))
        if route == "/rounds/{id}/case":  # a row about the manager who sends it
            whole = canon.case_out(facts())
            me = self.desk.client.get("/me", headers=self.desk.headers("manager")).json()["email"]
            return self.send(json={**whole, "sips": [{**whole["sips"][0], "email": me}, *whole["sips"][1:]]})
        if route == "/rounds/{id}/policy":  # of a round without a case
            return self.send("manager elsewhere", path="/rounds/rq/policy")
        if route == "/solves/{id}":  # ended
            return self.send(path="/solves/exported")
        if route == "/users/{id}":  # the last manager
            with self.desk.db.read() as s:
                last = s.scalars(sa.select(Grant.id).where(Grant.programme_id == "p", Grant.role == "manager")).one()
            return self.send(path=f"/users/{last}")
        if route == "/queries/{id}":
            self.send()  # answered already
        body = {
            "/plans/{id}/publication": {"action": "remind"},  # none is due
            "/queries/{id}": {"outcome": "another"},
            "/plans/{id}/answers": {"urn": "1", "answer": "veto", "by": "chair", "via": "telephone"},
            "/plans/{id}/what-ifs": {"changes": [{"sip_leaves": {"sip": "A"}}], "adopt": True},  # without a reason
            "/rounds/{id}/solves": {"adopt": True},  # proposals are out
        }.get(route)
        return self.send(json=body) if body else self.send()


ROUTES = [k for k in MATRIX if k not in WITH_PROVIDER]


@pytest.mark.parametrize(("method", "route"), ROUTES[:: whole_or(1, 1, 3)])
def test_every_error_named_for_a_route_can_be_provoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, route: str
) -> None:
    asked = Asked(tmp_path, method, route, monkeypatch)
    client = asked.desk.client
    found = client.get("http://testserver/api/openapi.json").json()["paths"][f"/api/v1{route}"][method.lower()]
    codes = [
        part.split(":")[0].strip()
        for status, r in found["responses"].items()
        if status >= "400"
        for part in r["description"].split(";")
    ]
    assert len(codes) == len(set(codes))
    for code in codes:
        provoke: Callable[[], httpx.Response] = getattr(asked, code)
        answer = provoke()
        assert answer.headers["content-type"] == MEDIA, (code, answer.status_code, answer.text)
        body = answer.json()
        assert (body["code"], answer.status_code, body["status"]) == (code, CODES[code][0], CODES[code][0]), body
        assert body["title"]
        assert body["detail"]
        assert (answer.status_code in (429, 503)) <= ("retry-after" in answer.headers)
