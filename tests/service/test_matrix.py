"""Who may ask what: every route, every role, own and other's school, SIP and programme. No route without a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from allocator.service import passes, roles
from tests.service.office import PEOPLE, Desk, open_office
from tests.sizes import whole_or

ALL, STAFF, MANAGER = ("manager", "auditor", "head", "chair", "sip"), ("manager", "auditor"), ("manager",)
ANYBODY = tuple(PEOPLE)
OPEN = "no sign-in"

# route -> (who may, in the programme where the thing is; the body to send)
MATRIX: dict[tuple[str, str], tuple[Any, dict[str, Any] | None]] = {
    ("POST", "/sign-in"): (OPEN, {"email": "x@example.org"}),
    ("GET", "/sign-in/{secret}"): (OPEN, None),
    ("POST", "/sign-in/{secret}"): (OPEN, {}),
    ("GET", "/oidc"): (OPEN, None),
    ("GET", "/oidc/back"): ("the provider", None),
    ("GET", "/healthz"): (OPEN, None),
    ("GET", "/readyz"): (OPEN, None),
    ("GET", "/metrics"): (OPEN, None),
    ("GET", "/me"): (ANYBODY, None),
    ("DELETE", "/me"): (ANYBODY, None),
    ("GET", "/sessions"): (ANYBODY, None),
    ("POST", "/sessions"): ("a session of one's own", {"role": "manager", "programme": "p"}),
    ("DELETE", "/sessions"): (ANYBODY, None),
    ("DELETE", "/sessions/{id}"): (ANYBODY, None),
    ("GET", "/tokens"): (ANYBODY, None),
    ("POST", "/tokens"): (ANYBODY, {"name": "t"}),
    ("DELETE", "/tokens/{id}"): ("own token", None),
    ("POST", "/second-factor"): ("a session of one's own", {"code": "1"}),
    ("GET", "/users"): (STAFF, None),
    ("POST", "/users"): (MANAGER, {"email": "n@example.org", "name": "N", "programme": "p", "role": "auditor"}),
    ("DELETE", "/users/{id}"): (MANAGER, None),
    ("GET", "/audit"): (STAFF, None),
    ("GET", "/programmes"): (ANYBODY, None),
    ("POST", "/programmes"): (("manager", "manager elsewhere"), {"name": "New"}),
    ("GET", "/programmes/{id}"): ((*ALL, "other head", "other sip"), None),
    ("PUT", "/programmes/{id}"): (MANAGER, {"name": "Primary", "telephone": "01632 960018"}),
    ("GET", "/programmes/{id}/rounds"): (STAFF, None),
    ("POST", "/programmes/{id}/rounds"): (MANAGER, {"name": "2027/28"}),
    ("GET", "/rounds/{id}"): (STAFF, None),
    ("PUT", "/rounds/{id}/case"): (MANAGER, {"schools": []}),
    ("GET", "/rounds/{id}/case"): (STAFF, None),
    ("GET", "/rounds/{id}/policy"): (STAFF, None),
    ("PUT", "/rounds/{id}/policy"): (MANAGER, {"name": "steady"}),
    ("GET", "/rounds/{id}/solves"): (STAFF, None),
    ("POST", "/rounds/{id}/solves"): (MANAGER, {"adopt": False}),
    ("POST", "/rounds/{id}/resubmissions"): (MANAGER, None),
    ("POST", "/rounds/{id}/refusals"): (MANAGER, {"urn": "1", "stands": True, "reason": "x"}),
    ("POST", "/rounds/{id}/in-force"): (MANAGER, None),
    ("POST", "/rounds/{id}/next-year"): (MANAGER, None),
    ("GET", "/rounds/{id}/events"): (STAFF, None),
    ("GET", "/rounds/{id}/letters"): (STAFF, None),
    ("GET", "/rounds/{id}/queries"): (STAFF, None),
    ("GET", "/queries/{id}"): (STAFF, None),
    ("PATCH", "/queries/{id}"): (MANAGER, {"outcome": "told"}),
    ("GET", "/solves/{id}"): (STAFF, None),
    ("DELETE", "/solves/{id}"): (MANAGER, None),
    ("GET", "/solves/{id}/events"): (STAFF, None),
    ("GET", "/solves/{id}/file"): (STAFF, None),
    ("GET", "/plans/{id}"): (("manager", "auditor", "head", "chair", "other head", "sip"), None),
    ("GET", "/plans/{id}/assignments/{urn}"): (("manager", "auditor", "head", "chair", "sip"), None),
    ("GET", "/plans/{id}/why-not"): (STAFF, None),
    ("GET", "/plans/{id}/comparison"): (STAFF, None),
    ("POST", "/plans/{id}/what-ifs"): (MANAGER, {"changes": [{"sip_leaves": {"sip": "A"}}]}),
    ("POST", "/plans/{id}/choices"): (MANAGER, {"changes": [{"sip_leaves": {"sip": "A"}}]}),
    ("POST", "/plans/{id}/sweeps"): (MANAGER, {}),
    ("POST", "/plans/{id}/frontier"): (MANAGER, None),
    ("POST", "/plans/{id}/exports"): (MANAGER, {}),
    ("GET", "/plans/{id}/publication"): (STAFF, None),
    ("POST", "/plans/{id}/publication"): (MANAGER, {"action": "withdraw", "urns": ["2"], "reason": "error"}),
    ("GET", "/plans/{id}/answers"): (("manager", "auditor", "head", "chair", "other head", "sip"), None),
    ("POST", "/plans/{id}/answers"): ("own answer", None),
    ("GET", "/plans/{id}/confirmations"): (STAFF, None),
    ("POST", "/plans/{id}/confirmations"): (MANAGER, {"pairs": [{"urn": "1"}]}),
}
QUERY = {"/users": "programme=p", "/audit": "programme=p", "why-not": "urn=1&sip=B", "comparison": "with={plan}"}
DENIED = (401, 403, 404)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def address(desk: Desk, route: str) -> str:
    kind = route.split("/")[1]
    id = {
        "programmes": "p",
        "rounds": "r",
        "plans": desk.ids["plan"],
        "queries": "r-1",
        "users": "none",
        "tokens": "none",
    }
    job = desk.ids["file" if route.endswith("file") else "job"]
    path = route.replace("{id}", {**id, "solves": job}.get(kind, "x")).replace("{urn}", "1").replace("{secret}", "none")
    query = next((q for end, q in QUERY.items() if route.endswith(end)), "")
    return f"{path}?{query.format(plan=desk.ids['plan'])}" if query else path


def routes(client: TestClient) -> set[tuple[str, str]]:
    found = client.get("http://testserver/api/openapi.json").json()["paths"]
    return {(m.upper(), p.removeprefix("/api/v1")) for p, item in found.items() for m in item}


def test_no_route_is_without_a_row(desk: Desk) -> None:
    assert routes(desk.client) == set(MATRIX)


@pytest.mark.parametrize(("method", "route"), [k for k in MATRIX if k != ("GET", "/solves/{id}/events")])
def test_who_may_ask(desk: Desk, method: str, route: str) -> None:
    allowed, body = MATRIX[method, route]
    if isinstance(allowed, str) and allowed != OPEN:
        return  # told apart below
    may = [n for n in PEOPLE if n in allowed]  # they come last: they change things
    others, turn = [n for n in PEOPLE if n not in may], list(MATRIX).index((method, route))
    for name in [None, *whole_or(others, others, others[turn % 5 :: 5]), *may]:  # in turn: over the rows, everybody
        answer = desk.client.request(method, address(desk, route), json=body, headers=desk.headers(name))
        if allowed == OPEN:
            assert answer.status_code not in (401, 403, 500), (name, answer.text)
        elif name is None:
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        elif name in allowed:
            missing = route in ("/users/{id}", "/tokens/{id}", "/sessions/{id}")  # the thing itself is not there
            assert answer.status_code in ((404,) if missing else (200, 201, 202, 204, 409, 422)), (name, answer.text)
            assert answer.status_code != 422 or route.endswith("/case"), (name, answer.text)
        else:
            assert answer.status_code in DENIED, (name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


def test_listening_is_for_staff_of_the_programme(desk: Desk) -> None:
    address = f"/solves/{desk.ids['file']}/events"
    for name in (None, *PEOPLE):
        answer = desk.client.get(address, headers=desk.headers(name))
        assert (answer.status_code == 200) == (name in STAFF), name
    heard = desk.client.get(address, headers=desk.headers("auditor")).text
    assert re.match(r"id: (\w+)\nevent: progress\ndata: ", heard)
    assert "event: ended" in heard
    again = {**desk.headers("auditor"), "Last-Event-ID": heard.split()[1]}
    assert desk.client.get(address, headers=again).text.startswith("event: ended")  # not what it has heard already


ANSWERS: dict[str, dict[str, int]] = {  # who -> urn -> status of accepting
    "head": {"1": 200, "2": 404, "3": 404},
    "chair": {"1": 200, "2": 404, "3": 404},
    "other head": {"3": 200, "1": 404},
    "sip": {"1": 200, "2": 200, "3": 422},
    "other sip": {"1": 404, "3": 404},
    "auditor": {"1": 403},
    "manager": {"1": 422},  # not without saying whose answer it is
    "manager elsewhere": {"1": 404},
    "auditor elsewhere": {"1": 403},
    "head elsewhere": {"1": 404},
    "sip elsewhere": {"1": 404},
}


def test_each_answers_for_their_own(desk: Desk) -> None:
    assert set(ANSWERS) == set(PEOPLE)
    for name, cases in ANSWERS.items():
        for urn, status in cases.items():
            body = {"urn": urn, "answer": "accept"}
            answer = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers(name))
            assert answer.status_code == status, (name, urn, answer.text)
    assert (
        desk.client.post(f"/plans/{desk.ids['plan']}/answers", json={"urn": "1", "answer": "accept"}).status_code == 401
    )


def test_a_manager_takes_down_an_answer_by_telephone(desk: Desk) -> None:
    body = {"urn": "2", "answer": "accept", "by": "head", "via": "telephone"}
    answer = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers("manager"))
    assert answer.status_code == 200, answer.text
    log = desk.client.get("/rounds/r/events", headers=desk.headers("manager")).json()["items"]
    assert (log[-1]["by"]["role"], log[-1]["data"]["via"]) == ("manager", "telephone")


def test_tokens_are_ones_own(desk: Desk) -> None:
    made = {
        name: desk.client.post("/tokens", json={"name": name}, headers=desk.headers(name)).json() for name in PEOPLE
    }
    for name in PEOPLE:
        listed = desk.client.get("/tokens", headers=desk.headers(name)).json()["items"]
        assert made[name]["id"] in [t["id"] for t in listed]
        assert not any("token" in t or "hash" in t for t in listed)
    stranger = desk.client.delete(f"/tokens/{made['head']['id']}", headers=desk.headers("manager"))
    assert stranger.status_code == 404
    assert desk.client.delete(f"/tokens/{made['head']['id']}", headers=desk.headers("head")).status_code == 204
    dead = desk.client.get("/me", headers={"Authorization": f"Bearer {made['head']['token']}"})
    assert dead.status_code == 401


FORBIDDEN = ("points", "runner_up", "tier", "lot", "certificate", "price", "chain", "unfilled", "loads", "interests")


@pytest.mark.parametrize(
    ("name", "own", "others"),
    [
        ("head", ["1 Hill School"], ["2 Hill", "3 Hill", "4 Hill", "Sip B", "Sip C"]),
        ("other head", ["3 Hill School"], ["1 Hill", "2 Hill", "4 Hill", "Sip A", "Sip C"]),
        ("sip", ["1 Hill School", "2 Hill School"], ["3 Hill", "4 Hill", "Sip B", "Sip C"]),
    ],
)
def test_nobody_sees_what_they_may_not(desk: Desk, name: str, own: list[str], others: list[str]) -> None:
    for end in ("", "/answers", "/assignments/1" if name != "other head" else "/assignments/3"):
        answer = desk.client.get(f"/plans/{desk.ids['plan']}{end}", headers=desk.headers(name))
        assert answer.status_code == 200, answer.text
        whole = answer.text + str(answer.headers)
        assert any(text in whole for text in own)
        assert [text for text in (*others, *FORBIDDEN) if text in whole] == []


def test_a_refusals_reason_is_for_managers_only(desk: Desk) -> None:
    secret = "he shouted at my deputy"
    body = {"urn": "1", "answer": "veto", "reason": secret}
    said = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers("head"))
    assert said.json()["told"].startswith("We will propose somebody else")
    for name, sees in (("manager", True), ("auditor", False)):
        log = desk.client.get("/rounds/r/events", headers=desk.headers(name)).text
        assert (secret in log) == sees
        assert secret not in desk.client.get("/audit?programme=p", headers=desk.headers(name)).text
    assert secret not in desk.client.get(f"/plans/{desk.ids['plan']}", headers=desk.headers("sip")).text


def test_a_draft_is_nobodys_business(desk: Desk) -> None:
    back = {"action": "withdraw", "urns": ["1"], "reason": "sent in error"}
    desk.client.post(f"/plans/{desk.ids['plan']}/publication", json=back, headers=desk.headers("manager"))
    assert desk.client.get(f"/plans/{desk.ids['plan']}", headers=desk.headers("head")).status_code == 404
    seen = desk.client.get(f"/plans/{desk.ids['plan']}", headers=desk.headers("sip")).text
    assert "2 Hill" in seen
    assert "1 Hill" not in seen


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("head", "GET", "/rounds/r", None),  # not for that role
        ("auditor", "POST", "/rounds/r/in-force", None),
        ("auditor", "POST", "/plans/{plan}/answers", {"urn": "1", "answer": "accept"}),
        ("head", "GET", "/plans/{plan}/assignments/3", None),  # another's school
        ("head", "POST", "/plans/{plan}/answers", {"urn": "3", "answer": "accept"}),
        ("other sip", "GET", "/plans/{plan}", None),
        ("manager", "GET", "/programmes/q", None),  # another's programme
        ("manager", "GET", "/rounds/rq", None),
        ("manager", "POST", "/rounds/rq/solves", None),
    ],
)
def test_every_refusal_of_access_is_in_the_audit_log(
    desk: Desk, name: str, method: str, path: str, body: dict[str, str] | None
) -> None:
    path = path.format(plan=desk.ids["plan"])
    assert desk.client.request(method, path, json=body, headers=desk.headers(name)).status_code in (403, 404)
    rows = desk.client.get("/audit?programme=p&limit=500", headers=desk.headers("auditor")).json()["items"]
    refused = [r for r in rows if r["action"] == "access refused"]
    assert [(r["role"], r["subject"]) for r in refused] == [(name.split()[-1], f"{method} /api/v1{path}")]


def test_signing_in_and_tokens_are_in_the_audit_log(desk: Desk) -> None:
    with desk.db.write() as s:
        person = roles.person_by_email(s, "manager@example.org")
        assert person is not None
        secret = passes.link(s, person, 5)
    desk.client.post(f"/sign-in/{secret}")
    token = desk.client.post("/tokens", json={"name": "t"}, headers=desk.headers("manager")).json()["id"]
    desk.client.delete(f"/tokens/{token}", headers=desk.headers("manager"))
    rows = desk.client.get("/audit?programme=p&limit=500", headers=desk.headers("auditor")).json()["items"]
    assert [r["action"] for r in rows][-3:] == ["signed in", "token made", "token revoked"]
    elsewhere = desk.client.get("/audit?programme=q&limit=500", headers=desk.headers("auditor elsewhere")).json()
    assert elsewhere["items"] == []
