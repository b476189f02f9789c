"""Nobody where they do not belong: what a link, a session and a token open, how long, and what ends them."""

from __future__ import annotations

import datetime as dt
import re
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.domain.fold import fold
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.service.roles import GrantRole
from allocator.service.views import sips_of
from allocator.store import keep
from allocator.store.tables import Grant, Pass, SignIn, Someone
from tests.make import case, school, sip
from tests.service.office import MEL, Desk, open_office
from tests.sizes import whole_or

MANY = "mel@example.org"  # manager of p, head in q, SIP in both


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = open_office(tmp_path)
    enrol(made, MANY, "Mel", "p", "manager")
    enrol(made, MANY, "Melanie Q", "q", "head", urn="1")
    enrol(made, MANY, "Mel", "p", "sip", sip="A")
    enrol(made, MANY, "Melanie Q", "q", "sip", sip="A")
    return made


def enrol(desk: Desk, email: str, name: str, programme: str, role: GrantRole, *, urn: str = "", sip: str = "") -> str:
    with desk.db.write() as s:
        return roles.enrol(s, email, name, programme, role, urn=urn, sip=sip).id


def link(desk: Desk, role: str | None = None, programme: str | None = None, email: str = MANY, **how: Any) -> str:
    with desk.db.write() as s:
        person = roles.person_by_email(s, email)
        assert person is not None
        return passes.link(s, person, 5, role, programme, **how)


def session(desk: Desk, role: str, programme: str, email: str = MANY, *, own: bool = False) -> dict[str, str]:
    """The header of a session begun by such a link."""
    desk.client.cookies.clear()
    answer = desk.client.post(f"/sign-in/{link(desk, role, programme, email, own=own)}")
    assert answer.status_code == 200, answer.text
    cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    desk.client.cookies.clear()
    return cookie


def get(desk: Desk, headers: dict[str, str], path: str) -> httpx.Response:
    answer: httpx.Response = desk.client.get(path, headers=headers)
    return answer


# -- one role, one programme ------------------------------------------------------------------------------------------

DOORS = [("manager", "p"), ("school", "q"), ("sip", "p"), ("sip", "q")]


@pytest.mark.parametrize("made", DOORS)
def test_a_link_opens_its_own_role_and_programme_whatever_is_asked(desk: Desk, made: tuple[str, str]) -> None:
    for role in ("manager", "auditor", "school", "sip", None):
        for programme in ("p", "q", None):
            answer = desk.client.post(f"/sign-in/{link(desk, *made)}", json={"role": role, "programme": programme})
            if role in (None, made[0]) and programme in (None, made[1]):
                assert (answer.json()["role"], answer.json()["programme"]) == made
            else:
                assert answer.status_code == 422, (made, role, programme, answer.text)


def test_two_programmes_one_person(desk: Desk) -> None:
    """Manager in one, head in the other, SIP in both: what each session sees."""
    plan = f"/plans/{desk.ids['plan']}"
    asked = (
        "/programmes/p",
        "/programmes/q",
        "/users?programme=p",
        "/users?programme=q",
        "/audit?programme=p",
        "/rounds/r",
        "/rounds/r/events",
        "/rounds/rq",
        plan,
    )
    sees = {
        ("manager", "p"): (200, 404, 200, 404, 200, 200, 200, 404, 200),
        ("school", "q"): (404, 200, 403, 403, 403, 403, 403, 403, 404),
        ("sip", "p"): (200, 404, 403, 403, 403, 403, 403, 403, 200),
        ("sip", "q"): (404, 200, 403, 403, 403, 403, 403, 403, 404),
    }
    for door, statuses in sees.items():
        me = session(desk, *door)
        assert tuple(get(desk, me, path).status_code for path in asked) == statuses, door
        told = get(desk, me, "/me").json()
        assert ({g["programme_id"] for g in told["grants"]}, told["name"]) == (
            {door[1]},
            "Mel" if door[1] == "p" else "Melanie Q",
        )
        assert [p["id"] for p in get(desk, me, "/programmes").json()["items"]] == [door[1]]
    assert desk.client.post("/users", headers=session(desk, "sip", "p"), json={}).status_code == 403


def test_the_manager_of_one_programme_does_not_become_the_manager_of_another(desk: Desk) -> None:
    """As was done: give them a role here, take the link, ask for the manager's role there."""
    new = {"email": "manager@example.org", "name": "X", "programme": "q", "role": "head", "urn": "9"}
    assert desk.client.post("/users", json=new, headers=desk.headers("manager elsewhere")).status_code == 201
    for role in ("manager", "school"):
        secret = link(desk, "school", "q", "manager@example.org")
        desk.client.post(f"/sign-in/{secret}", json={"role": role})
        assert desk.client.get("/users?programme=p").status_code in (401, 403)
        assert desk.client.get(f"/plans/{desk.ids['plan']}").status_code in (401, 404)
        desk.client.cookies.clear()
    with desk.db.read() as s:
        lines = s.scalars(sa.text("select action from audit where programme_id = 'p'"))
        assert "signed in" not in set(lines)


def test_whoever_adds_a_person_learns_nothing_of_them(desk: Desk) -> None:
    """The same answer for an address that another programme knows and for a new one; no name but the one that was sent."""
    seen = []
    for email in (" Manager@Example.org", "Stranger@Example.org"):
        new = {"email": email.strip(), "name": "As we say", "programme": "q", "role": "auditor"}
        answer = desk.client.post("/users", json=new, headers=desk.headers("manager elsewhere"))
        assert answer.status_code == 201
        seen.append({k: v for k, v in answer.json().items() if k not in ("id", "person_id")})
        assert answer.json()["email"] == email.strip().casefold()
    assert [{**s, "email": ""} for s in seen] == [{**seen[0], "email": ""}] * 2
    listed = desk.client.get("/users?programme=q", headers=desk.headers("manager elsewhere")).json()["items"]
    assert [u["name"] for u in listed if "manager@" in u["email"]] == ["As we say"]
    mine = desk.client.get("/users?programme=p", headers=desk.headers("manager")).json()["items"]
    assert "As we say" not in [u["name"] for u in mine]


def test_a_programme_is_opened_by_what_it_was_made_with_and_by_nothing_else_of_its_maker(desk: Desk) -> None:
    token = desk.client.post("/tokens", json={"name": "t"}, headers=desk.headers("manager")).json()
    made = desk.client.post("/programmes", json={"name": "New"}, headers=desk.headers("manager")).json()["id"]
    assert get(desk, desk.headers("manager"), f"/programmes/{made}").status_code == 200
    assert get(desk, {"Authorization": f"Bearer {token['token']}"}, f"/programmes/{made}").status_code == 404
    assert (
        get(desk, session(desk, "manager", made, "manager@example.org"), "/programmes").json()["items"][0]["id"] == made
    )


# -- links ------------------------------------------------------------------------------------------------------------


def test_a_new_link_ends_the_one_before_it_and_no_other(desk: Desk) -> None:
    first, other = link(desk, "manager", "p"), link(desk, "sip", "p")
    elsewhere = link(desk, "sip", "p", about="/sip/ask?round=r")
    second = link(desk, "manager", "p")
    assert desk.client.get(f"/sign-in/{first}").status_code == 410
    assert [desk.client.get(f"/sign-in/{x}").status_code for x in (second, other, elsewhere)] == [200] * 3


def asked(desk: Desk, email: str) -> list[SignIn]:
    """Ask for a link, and the links of this address thereafter."""
    desk.client.post("/sign-in", json={"email": email})
    desk.settle()
    with desk.db.read() as s:
        return list(s.scalars(sa.select(SignIn).join(Someone).where(Someone.email == email)))


def test_however_often_anybody_asks_in_ones_name_few_letters_come_and_one_link_works(tmp_path: Path) -> None:
    desk, email, most = open_office(tmp_path, sign_ins_per_minute=10_000), "head@example.org", 0
    for _ in range(30):
        most = max(most, len(asked(desk, email)))
    assert most == 1
    for minute in range(2, whole_or(40, 40, 14)):  # as the minutes go by
        with desk.db.write() as s:
            for row in s.scalars(sa.select(SignIn)):
                row.created_at -= dt.timedelta(seconds=61)
                row.expires_at -= dt.timedelta(seconds=61)
        rows = asked(desk, email)
        live = [r for r in rows if r.used_at is None and r.expires_at > keep.now()]
        assert len(live) == 1, minute  # whoever has the mailbox can always come in
        assert len([r for r in rows if r.created_at > keep.now() - dt.timedelta(hours=1)]) <= 10


def test_a_link_is_never_in_a_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With no mail server it goes to a person's terminal; what is no terminal keeps it."""
    desk = open_office(tmp_path, public_url="https://sip.example.org")
    assert len(asked(desk, "manager@example.org")) == 1
    said = capfd.readouterr()
    assert "sign-in/" not in said.err + said.out


def test_a_link_is_pressed_on_our_own_page_only(desk: Desk) -> None:
    """Another site cannot bring a visitor in as somebody else."""
    secret, site = link(desk, "manager", "p"), "http://testserver"
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        for path in (f"/api/v1/sign-in/{secret}", f"/sign-in/{secret}", "/api/v1/sign-in", "/sign-in"):
            json = {"email": "manager@example.org"} if path.endswith("/sign-in") else None
            answer = desk.client.post(
                f"{site}{path}",
                headers={"Origin": origin},
                data=json if "api" not in path else None,
                json=json if "api" in path else None,
            )
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), (origin, path)
    shown = desk.client.get(f"{site}/sign-in/{secret}").text
    assert MANY in shown  # as whom one would come in
    assert (
        desk.client.post(f"{site}/sign-in/{secret}", headers={"Origin": site}, follow_redirects=False).status_code
        == 303
    )


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/programmes/p/people/{head}/link", {}),
        ("/rounds/r/publish/links", {"urns": "1"}),
        ("/rounds/r/ask", {"step": "offered"}),
    ],
)
def test_a_link_is_shown_only_to_who_manages_everything_here(tmp_path: Path, path: str, form: dict[str, str]) -> None:
    """Where another manages a programme, nobody is shown a link, whether or not its person is known there."""
    where = "http://testserver"

    def page(desk: Desk, name: str) -> str:
        with desk.db.read() as s:
            head = s.scalars(
                sa.select(Grant.id).where(Grant.programme_id == "p", Grant.urn == "1", Grant.role == "head")
            )
            at = f"{where}{path.format(head=head.first())}"
        answer = desk.client.post(at, data=form, headers=desk.headers(name), follow_redirects=False)
        assert answer.status_code in (200, 303, 409), answer.text
        return str(answer.text)

    for name in "ab":
        (tmp_path / name).mkdir()
    two = open_office(tmp_path / "a")
    before = page(two, "manager")
    assert "/sign-in/" not in before
    enrol(two, "head@example.org", "X", "q", "auditor")
    assert page(two, "manager") == before  # nor does the page tell who is known elsewhere
    alone = open_office(tmp_path / "b")
    enrol(alone, "manager@example.org", "manager", "q", "manager")
    if path != "/rounds/r/ask":  # nobody has an address in that case
        assert "/sign-in/" in page(alone, "manager")


# -- sessions and tokens ------------------------------------------------------------------------------------------------


def test_a_role_given_again_revives_nothing(desk: Desk) -> None:
    grant = enrol(desk, "late@example.org", "Late", "p", "auditor")
    me = session(desk, "auditor", "p", "late@example.org")
    token = desk.client.post("/tokens", json={"name": "t"}, headers=me).json()["token"]
    links = [link(desk, "auditor", "p", "late@example.org"), link(desk, None, None, "late@example.org", own=True)]
    assert desk.client.delete(f"/users/{grant}", headers=desk.headers("manager")).status_code == 204
    enrol(desk, "late@example.org", "Late", "p", "auditor")
    bearer = {"Authorization": f"Bearer {token}"}
    assert [get(desk, h, "/me").status_code for h in (me, bearer)] == [401, 401]
    assert [desk.client.post(f"/sign-in/{secret}").status_code for secret in links] == [410, 410]


def test_a_token_makes_none_that_outlives_it(desk: Desk) -> None:
    short = desk.client.post(
        "/tokens", json={"name": "s", "days": 3, "scope": "write"}, headers=session(desk, "manager", "p")
    ).json()
    bearer = {"Authorization": f"Bearer {short['token']}"}
    assert desk.client.post("/tokens", json={"name": "l", "days": 730}, headers=bearer).status_code == 422
    child = desk.client.post("/tokens", json={"name": "c", "scope": "write"}, headers=bearer).json()
    assert child["expires_at"] <= short["expires_at"]
    below = {"Authorization": f"Bearer {child['token']}"}
    last = desk.client.post("/tokens", json={"name": "g", "days": 1}, headers=below).json()
    assert desk.client.delete(f"/tokens/{short['id']}", headers=desk.headers("manager")).status_code == 404
    assert desk.client.delete("/me", headers=bearer).status_code == 204  # given up; what it made goes with it
    for secret in (short["token"], child["token"], last["token"]):
        assert get(desk, {"Authorization": f"Bearer {secret}"}, "/me").status_code == 401


def test_a_session_left_alone_ends(desk: Desk) -> None:
    me = session(desk, "manager", "p")

    def left(minutes: int) -> None:
        with desk.db.write() as s:
            s.execute(
                sa.update(Pass).where(Pass.kind == "session").values(seen_at=keep.now() - dt.timedelta(minutes=minutes))
            )

    left(50)
    get(desk, me, "http://testserver/rounds/r/news?since=9")  # asked by an open page, with nobody there
    desk.settle()
    with desk.db.read() as s:
        seen = s.scalars(sa.select(Pass.seen_at).where(Pass.kind == "session")).one()
    assert keep.now() - seen > dt.timedelta(minutes=40)
    assert get(desk, me, "/me").status_code == 200  # somebody is there
    desk.settle()
    with desk.db.read() as s:
        seen = s.scalars(sa.select(Pass.seen_at).where(Pass.kind == "session")).one()
    assert keep.now() - seen < dt.timedelta(minutes=1)
    left(61)
    assert get(desk, me, "/me").status_code == 401


def test_ones_sessions_are_listed_and_ended(desk: Desk) -> None:
    here, there = session(desk, "manager", "p", own=True), session(desk, "school", "q")
    bound = session(desk, "manager", "p")
    assert [s["role"] for s in get(desk, here, "/sessions").json()["items"]].count("school") == 1
    assert {s["programme"] for s in get(desk, bound, "/sessions").json()["items"]} == {"p"}  # made by another's link
    (other,) = [s["id"] for s in get(desk, here, "/sessions").json()["items"] if s["role"] == "school"]
    assert desk.client.delete(f"/sessions/{other}", headers=bound).status_code == 404
    assert desk.client.delete(f"/sessions/{other}", headers=here).status_code == 204
    assert get(desk, there, "/me").status_code == 401
    assert desk.client.delete("/sessions", headers=here).status_code == 204
    assert [get(desk, h, "/me").status_code for h in (here, bound)] == [401, 401]


def test_one_goes_on_in_another_role_only_by_a_link_of_ones_own(desk: Desk) -> None:
    bound, own = session(desk, "sip", "q"), session(desk, "sip", "q", own=True)
    manager = {"role": "manager", "programme": "p"}
    assert desk.client.post("/sessions", json=manager, headers=bound).status_code == 403
    assert desk.client.post("/sessions", json={"role": "manager", "programme": "q"}, headers=own).status_code == 404
    assert get(desk, own, "/rounds/r").status_code == 403
    answer = desk.client.post("/sessions", json=manager, headers=own)
    assert answer.status_code == 201
    new = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    desk.client.cookies.clear()
    assert get(desk, new, "/rounds/r").status_code == 200
    assert get(desk, own, "/me").status_code == 401  # a session is in one role at a time
    token = desk.client.post("/tokens", json={"name": "t", "scope": "write"}, headers=new).json()["token"]
    away = desk.client.post(
        "/sessions", json={"role": "sip", "programme": "q"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert away.status_code == 403


def test_the_page_of_ones_sessions(desk: Desk) -> None:
    site = "http://testserver"
    own, other = session(desk, "manager", "p", own=True), session(desk, "sip", "p")
    page = get(desk, own, f"{site}/sessions").text
    assert "Go on as Head or chair of a school, Programme q" in page
    (id,) = re.findall(r"/sessions/(\w+)/end", page)
    assert desk.client.post(f"{site}/sessions/{id}/end", headers=own, follow_redirects=False).status_code == 303
    assert get(desk, other, "/me").status_code == 401
    assert "Go on as" not in get(desk, session(desk, "sip", "p"), f"{site}/sessions").text
    moved = desk.client.post(f"{site}/sessions", data={"door": "school q"}, headers=own, follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    desk.client.cookies.clear()
    for wrong in ("", "manager q", "king p"):
        me = session(desk, "manager", "p", own=True)
        assert desk.client.post(f"{site}/sessions", data={"door": wrong}, headers=me).status_code == 404
    assert desk.client.post(f"{site}/sessions/end", headers=me, follow_redirects=False).status_code == 303
    assert get(desk, me, "/me").status_code == 401


def test_what_one_role_was_told_is_not_told_to_another_by_its_key(desk: Desk) -> None:
    key = {"Idempotency-Key": "k"}
    manager, body = session(desk, "manager", "p"), {"name": "Private"}
    assert desk.client.post("/programmes", json=body, headers={**manager, **key}).status_code == 201
    again = desk.client.post("/programmes", json=body, headers={**session(desk, "manager", "p"), **key})
    assert again.headers["idempotency-replayed"] == "true"
    for door in (("sip", "p"), ("school", "q")):
        answer = desk.client.post("/programmes", json=body, headers={**session(desk, *door), **key})
        assert (answer.status_code, "Private" in answer.text) == (403, False)


def test_a_key_is_the_same_at_every_server_of_ours(desk: Desk) -> None:
    told = {
        desk.client.post(
            f"http://{host}/api/v1/programmes",
            json={"name": "One"},
            headers={**desk.headers("manager"), "Idempotency-Key": "k"},
        ).json()["id"]
        for host in ("testserver", "localhost", "127.0.0.1:8001")
    }
    assert len(told) == 1


def test_over_https_the_cookie_is_this_hosts_alone_and_pages_in_the_clear_are_another_site(tmp_path: Path) -> None:
    desk = open_office(tmp_path, public_url="https://sip.example.org")  # no more need be said
    host = {"Host": "sip.example.org"}
    answer = desk.client.post(f"/sign-in/{link(desk, 'manager', 'p', 'manager@example.org')}", headers=host)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"__Host-{passes.COOKIE}=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"]
    secret = cookie.split(";")[0].split("=")[1]
    planted = desk.client.get("/me", headers={**host, "Cookie": f"{passes.COOKIE}={secret}"})
    assert planted.status_code == 401
    me = {**host, "Cookie": cookie.split(";")[0]}
    for origin, status in (("https://sip.example.org", 201), ("http://sip.example.org", 403)):
        said = desk.client.post("/programmes", json={"name": "x"}, headers={**me, "Origin": origin})
        assert said.status_code == status, origin


# -- what was promised ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["veto", "accept", "query"])
def test_what_a_school_says_is_not_told_to_its_sip(tmp_path: Path, said: str) -> None:
    """Neither its words nor that it has answered: the head was told that nobody else will see it."""
    desk = open_office(tmp_path)
    plan, sip = f"/plans/{desk.ids['plan']}", desk.headers("sip")
    paths = (plan, f"{plan}/answers", f"{plan}/assignments/1", "http://testserver/sip", "http://testserver/sip/held")
    before = [desk.client.get(path, headers=sip).text for path in paths]
    body = {"urn": "1", "answer": said, "reason": "because of the stairs"}
    answer = desk.client.post(f"{plan}/answers", json=body, headers=desk.headers("head"))
    assert answer.status_code == 200, answer.text
    assert [desk.client.get(path, headers=sip).text for path in paths] == before
    assert desk.client.get(plan, headers=desk.headers("head")).json()["assignments"][0]["stage"] != "proposed"


def test_nobody_confirms_a_pair_of_their_own_however_they_are_called(tmp_path: Path) -> None:
    """Another spelling of the name, the SIP's role taken back first: the address in the case is the person."""
    desk = open_office(tmp_path)
    plan = f"/plans/{desk.ids['plan']}"
    for urn in "12":
        body = {"urn": urn, "answer": "accept", "by": "head", "via": "telephone"}
        assert desk.client.post(f"{plan}/answers", json=body, headers=desk.headers("manager")).status_code == 200
    grant = enrol(desk, "manager@example.org", "manager", "p", "sip", sip="A")

    def confirms() -> int:
        body = {"pairs": [{"urn": "1"}]}
        status: int = desk.client.post(f"{plan}/confirmations", json=body, headers=desk.headers("manager")).status_code
        return status

    assert confirms() == 409
    assert desk.client.delete(f"/users/{grant}", headers=desk.headers("manager")).status_code == 409  # not by oneself
    with desk.db.write() as s:
        s.delete(s.get_one(Grant, grant))
    assert confirms() == 200  # nothing tells any more that the two are one


def test_the_address_in_the_case_tells_that_two_are_one() -> None:
    given = case([school("1")], [sip("A", name="Mel Jones", email="Melanie@X.example"), sip("B")])
    place = rounds.Desk(solve(given, Policy()), fold([]))

    def me(email: str) -> roles.Who:
        return roles.Who("m", "Melanie Jones", email, "manager", "p", (), "write", "x", "session", True)

    assert sips_of(place, me("melanie@x.example"), "p") == {"A"}
    assert sips_of(place, me("other@x.example"), "p") == set()


def test_a_head_who_presses_twice_has_asked_once(tmp_path: Path) -> None:
    desk = open_office(tmp_path)
    site, head = "http://testserver", desk.headers("head")
    (about,) = set(re.findall(r'name="about" value="(\w+)"', desk.client.get(f"{site}/school", headers=head).text))
    form, seen = (
        {"about": about, "say": "query", "query": "Who is that?", "reason": "Who is that?", "question": "Who is that?"},
        [],
    )

    def press() -> None:
        answer = desk.client.post(f"{site}/school/answer", data=form, headers=head, follow_redirects=False)
        seen.append((answer.status_code, answer.headers.get("location")))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(seen)) == 1
    assert seen[0][0] == 303
    with desk.db.read() as s:
        asked = [q for q in keep.standing(s, "r").queries if q.urn == "1"]
    assert len(asked) == 1


# -- what is not yours is not there ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/solves/{}"),
        ("DELETE", "/solves/{}"),
        ("GET", "/solves/{}/file"),
        ("GET", "/rounds/{}"),
        ("GET", "/rounds/{}/events"),
        ("POST", "/rounds/{}/solves"),
        ("GET", "/plans/{}"),
        ("POST", "/plans/{}/frontier"),
        ("POST", "/plans/{}/sweeps"),
        ("GET", "/programmes/{}"),
        ("DELETE", "/users/{}"),
    ],
)
def test_anothers_thing_is_answered_as_one_that_is_not_there(desk: Desk, method: str, path: str) -> None:
    """By status, code and words: nobody learns that it exists, or what it belongs to."""
    with desk.db.read() as s:
        grant = s.scalars(sa.select(Grant.id).where(Grant.programme_id == "p")).first()
    ids = {"solves": "waiting", "rounds": "r", "plans": desk.ids["plan"], "programmes": "p", "users": grant}
    theirs = str(ids[path.split("/")[1]])
    told = []
    for id in (theirs, "nothing"):
        answer = desk.client.request(method, path.format(id), headers=desk.headers("manager elsewhere"))
        told.append((answer.status_code, answer.json()["code"], answer.json()["detail"].replace(f" {id}.", " it.")))
    assert told[0] == told[1]
    assert told[0][:2] == (404, "not_found")


@pytest.mark.parametrize(
    "page", ["/rounds/{}/frontier", "/rounds/{}/resilience", "/rounds/{}/solve", "/rounds/{}/publish/send"]
)
def test_nor_does_a_page_tell(desk: Desk, page: str) -> None:
    told = []
    for id in ("r", "nothing"):
        where = f"http://testserver{page.format(id)}"
        answer = desk.client.post(where, data={"gains": "no"}, headers=desk.headers("manager elsewhere"))
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1]))
        told.append((answer.status_code, words.replace(f" {id}.", " it.")))
    assert told[0] == told[1]
    assert told[0][0] == 404


def test_a_sip_reads_a_pair_until_the_day_it_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.db.read() as s:
        _, place = keep.desk(s, "r")
    last = max(a.to for a in place.plan.assignments if a.sip == "A")

    today = [last]
    clock = mock.Mock(wraps=dt, date=mock.Mock(wraps=dt.date, today=lambda: today[0]))
    monkeypatch.setattr("allocator.service.views.dt", clock)
    with desk.db.write() as s:
        keep.step(s, "r", MEL, lambda d: rounds.sound(d, None, keep.now().date()))
    plan, me = f"/plans/{desk.ids['plan']}", desk.headers("sip")
    assert get(desk, me, plan).status_code == 200
    today[0] = last + dt.timedelta(days=1)
    assert get(desk, me, plan).status_code == 404
    assert "1 Hill School" not in desk.client.get("http://testserver/sip", headers=me).text
    assert get(desk, desk.headers("head"), plan).status_code == 200
