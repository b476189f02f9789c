"""What an outsider found who came once more with ideas of their own, each as they tried it; and what held."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from openpyxl import Workbook, load_workbook

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.intake.read import read_case
from allocator.reasons.answer import solve
from allocator.service import roles
from allocator.service.limits import AtOnce
from allocator.store import erase, keep
from allocator.store.backup import backup, restore
from allocator.store.database import Database
from allocator.store.tables import AuditRow, Factor
from tests.service.office import MEL as BY
from tests.service.office import Desk, client_of, facts, open_office, refused
from tests.service.test_trust import enrol, link, session
from tests.sizes import long
from tests.stores import KINDS, store_url

SITE, MEL = "http://testserver", "mel@example.org"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


# -- one person, several chairs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("known_by", ["role", "address"])
def test_a_manager_who_heads_the_school_does_not_decide_its_refusal(desk: Desk, known_by: str) -> None:
    """Who refused was judge of the refusal."""
    case = facts()
    if known_by == "address":
        led = case.schools[0].model_copy(update={"head_email": "Mel@Example.org"})
        case = case.model_copy(update={"schools": (led, *case.schools[1:])})
    refused(desk, case)
    enrol(desk, MEL, "Mel", "q", "manager")
    if known_by == "role":
        enrol(desk, MEL, "Mel", "q", "chair", urn="1")
    word = {"urn": "1", "stands": True, "reason": "We would rather have another."}
    for headers, status in ((session(desk, "manager", "q", MEL), 409), (desk.headers("manager elsewhere"), 200)):
        answer = desk.client.post("/rounds/rq/refusals", json=word, headers=headers)
        assert answer.status_code == status, answer.text


def test_a_concern_about_a_managers_own_school_is_not_theirs_to_close(desk: Desk) -> None:
    """As its head they read it; as a manager they answered it, and closed it."""
    enrol(desk, MEL, "Mel", "p", "manager")
    enrol(desk, MEL, "Mel", "p", "head", urn="1")
    said = {"urn": "1", "begin": "second", "text": "Two heads of year left."}
    opened = desk.client.post(f"{SITE}/sip/ladders", data=said, headers=desk.headers("sip"), follow_redirects=False)
    assert opened.status_code == 303, opened.text
    path = f"{SITE}/programmes/p/ladders"
    mine = desk.client.get(path, headers=session(desk, "manager", "p", MEL)).text
    theirs = desk.client.get(path, headers=desk.headers("manager")).text
    assert "Two heads of year left." in mine
    assert ('value="closed"' in mine, 'value="closed"' in theirs) == (False, True)


@pytest.mark.parametrize("says", ["accept", "veto", "query"])
def test_what_a_school_says_of_a_managers_own_pair_is_taken_down_by_another(desk: Desk, says: str) -> None:
    """By telephone they wrote their own head's yes, and a colleague confirmed the pair on the strength of it."""
    enrol(desk, MEL, "Mel", "p", "manager")
    enrol(desk, MEL, "Mel", "p", "sip", sip="A")
    path = f"/plans/{desk.ids['plan']}/answers"
    word = {"answer": says, "by": "head", "via": "telephone", "reason": "said so"}
    mine = session(desk, "manager", "p", MEL)
    assert desk.client.post(path, json={"urn": "1", **word}, headers=mine).status_code == 409
    assert desk.client.post(path, json={"urn": "3", **word}, headers=mine).status_code == 200  # B's
    assert desk.client.post(path, json={"urn": "1", **word}, headers=desk.headers("manager")).status_code == 200


def test_a_version_that_one_role_knows_is_nothing_to_another(desk: Desk) -> None:
    path = f"/plans/{desk.ids['plan']}"
    whole = desk.client.get(path, headers=desk.headers("manager"))
    asked = {"If-None-Match": whole.headers["etag"]}
    assert desk.client.get(path, headers=desk.headers("auditor") | asked).status_code == 304
    for who in ("head", "sip"):
        own = desk.client.get(path, headers=desk.headers(who) | asked)
        assert (own.status_code, "etag" in own.headers) == (200, False)
        assert len(own.content) < len(whole.content) / 5
    others: list[tuple[str | None, int]] = [("manager elsewhere", 404), ("head elsewhere", 404), (None, 401)]
    for whom, status in others:
        for more in (asked, {"If-None-Match": "*"}, {"If-Match": whole.headers["etag"]}):
            assert desk.client.get(path, headers=desk.headers(whom) | more).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/rounds/r/",
        "//rounds/r",
        "/rounds//r",
        "/rounds/r/../rq",
        "/rounds/r%2f",
        "/rounds/r;x",
        "/rounds/r%00",
        "/RoUnDs/r",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/vendor/..%5c..%5capp.py",
        "/rounds/\u202er",
    ],
)
def test_another_spelling_of_a_path_is_no_path(desk: Desk, path: str) -> None:
    assert desk.client.get(SITE + path, headers=desk.headers("manager")).status_code == 404


@pytest.mark.parametrize("spelt", ["ſam@example.org", "\u212aim@example.org", "sam@exampl\u00e9.org"])
def test_no_other_letter_becomes_somebody_elses_address(desk: Desk, spelt: str) -> None:
    """A provider that knows ſam signed them in as Sam: folded, a long s is an s, and a Kelvin sign a k."""
    for email in ("sam@example.org", "kim@example.org"):
        enrol(desk, email, "Sam", "p", "manager")
    with desk.db.read() as s:
        assert roles.person_by_email(s, spelt) is None
        assert roles.person_by_email(s, " SAM@Example.ORG ") is not None


# -- waiting, sending again, at the same moment -----------------------------------------------------------------------


def test_who_waits_is_one_of_few_listeners(desk: Desk) -> None:
    """One program could have hundreds of answers held open, each looking at the store four times a second."""
    listeners: AtOnce = desk.client.app.state.office.listeners  # type: ignore[attr-defined]
    me = desk.client.get("/me", headers=desk.headers("manager")).json()["id"]
    headers = {**desk.headers("manager"), "Prefer": "wait=20", "Idempotency-Key": "k"}
    for _ in range(listeners.each):
        listeners.take(me)
    try:
        for _ in range(2):  # the second time the answer that is kept, or the job that it stands for
            began = time.monotonic()
            told = desk.client.post("/rounds/r/solves", json={"seed": 5, "adopt": False}, headers=headers)
            assert (told.status_code, "preference-applied" in told.headers) == (202, False)
            assert time.monotonic() - began < 10
    finally:
        for _ in range(listeners.each):
            listeners.free(me)
    assert not listeners.now


def test_a_key_is_nobody_elses_to_send_again(desk: Desk) -> None:
    """Nor one's own in another role or programme: each does the request for themselves."""
    enrol(desk, MEL, "Mel", "p", "manager")
    enrol(desk, MEL, "Mel", "q", "manager")
    body, key = {"name": "Made"}, {"Idempotency-Key": "the same"}
    first = desk.client.post("/programmes/p/rounds", json=body, headers=session(desk, "manager", "p", MEL) | key)
    assert first.status_code == 201
    for who, status in (
        (desk.headers("manager"), 201),
        (session(desk, "manager", "q", MEL), 404),
        (desk.headers("head"), 403),
        (desk.headers("manager elsewhere"), 404),
        ({}, 401),
    ):
        again = desk.client.post("/programmes/p/rounds", json=body, headers=who | key)
        assert again.status_code == status
        assert first.json()["id"] not in again.text
        assert "idempotency-replayed" not in again.headers


def test_of_two_who_confirm_a_pair_at_once_one_does(desk: Desk) -> None:
    said = {"urn": "1", "answer": "accept"}
    answers = f"/plans/{desk.ids['plan']}/answers"
    assert desk.client.post(answers, json=said, headers=desk.headers("head")).status_code == 200
    enrol(desk, MEL, "Mel", "p", "manager")
    both = (desk.headers("manager"), session(desk, "manager", "p", MEL))
    path, pairs = f"/plans/{desk.ids['plan']}/confirmations", {"pairs": [{"urn": "1"}]}
    with ThreadPoolExecutor(8) as at_once:
        told = list(
            at_once.map(lambda n: desk.client.post(path, json=pairs, headers=both[n % 2]).status_code, range(8))
        )
    assert sorted(told) == [200] + [409] * 7
    with desk.db.read() as s:
        assert [e.kind for e in keep.events_of(s, "r")].count("confirmed") == 1
        lines = sa.select(sa.func.count()).where(AuditRow.action == "confirmed")
        assert s.scalar(lines) == 1


@long(but="postgresql")
@pytest.mark.parametrize("store", KINDS)
def test_of_eight_who_come_with_one_link_or_one_code_at_once_one_comes_in(
    store: str, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "race").mkdir()
    file = tmp_path / "b.gz"
    backup(desk.db, file)
    with store_url(store, tmp_path / "race") as url:
        db = Database(url)
        restore(db, file, move=True)
        at = Desk(db, client_of(db, f"{SITE}/api/v1"), desk.tokens, desk.ids)
        enrol(at, MEL, "Mel", "p", "manager")
        secret = link(at, "manager", "p", MEL)
        with ThreadPoolExecutor(8) as at_once:
            told = list(at_once.map(lambda _: at.client.post(f"/sign-in/{secret}").status_code, range(8)))
        assert sorted(told) == [200] + [410] * 7
        at.client.cookies.clear()
        with db.write() as s:
            person = roles.person_by_email(s, MEL)
            assert person is not None
            key = pyotp.random_base32()
            s.add(Factor(person_id=person.id, secret=key, confirmed_at=keep.now(), codes=[]))
        waiting = [session(at, "manager", "p", MEL) for _ in range(8)]
        code = {"code": pyotp.TOTP(key).now()}

        def show(headers: dict[str, str]) -> int:
            return int(at.client.post("/second-factor", json=code, headers=headers).status_code)

        with ThreadPoolExecutor(8) as at_once:
            shown = list(at_once.map(show, waiting))
        at.client.cookies.clear()
        assert len([x for x in shown if x < 300]) == 1, shown
        db.close()


# -- names and files that lead out -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["P\nBEGIN:VEVENT", "P\rBEGIN:VEVENT", "P\u2028BEGIN:VEVENT"])
def test_a_name_is_one_line_wherever_it_goes(desk: Desk, name: str) -> None:
    """Into headings of mail, calendars, the log and a terminal."""
    me = desk.headers("manager")
    made = desk.client.post("/programmes", json={"name": name}, headers=me).json()
    assert made["name"] == "P BEGIN:VEVENT"
    opened = desk.client.post("/programmes/p/rounds", json={"name": name}, headers=me).json()
    assert opened["name"] == "P BEGIN:VEVENT"
    person = {"email": "new@example.org", "name": name, "role": "auditor", "programme": "p"}
    assert desk.client.post("/users", json=person, headers=me).status_code == 201
    names = {u["name"] for u in desk.client.get("/users?programme=p", headers=me).json()["items"]}
    assert "P BEGIN:VEVENT" in names


def with_names(desk: Desk, school: str, sip: str, head: str) -> Desk:
    """The office's round q with these names everywhere, proposed; letters would be mailed."""
    case, today = facts(), keep.now().date()
    case = case.model_copy(
        update={
            "schools": tuple(x.model_copy(update={"name": f"{school}{x.urn}", "head": head}) for x in case.schools),
            "sips": tuple(x.model_copy(update={"name": f"{sip}{x.sip}"}) for x in case.sips),
        }
    )
    plan = solve(case, Policy())
    with desk.db.write() as s:
        row = keep.the_round(s, "rq", lock=True)
        keep.keep_case(s, row, case, Policy(), [], BY)
        desk.ids["q plan"] = keep.keep_plan(s, "rq", plan).id
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "rq"), plan), BY)
        keep.step(s, "rq", BY, lambda d: rounds.propose(d, None, today))
        keep.step(s, "rq", BY, lambda d: rounds.answer(d, "1", "query", "head", today, reason="=1+1 why?"))
    return desk


LEADS = ("=", "+", "-", "@", "\t", "\r")


def test_no_name_is_worked_out_in_a_table_or_filled_in_in_a_letter(desk: Desk) -> None:
    at = with_names(desk, "=HYPERLINK(1){link}{date}", "@SUM(1)", "+cmd")
    me, base = at.headers("manager elsewhere"), f"{SITE}/rounds/rq"
    letters = at.client.post(f"{base}/publish/links", data={"as": "csv"}, headers=me)
    cells: list[str] = []
    for got in (at.client.get(f"{base}/plan.csv", headers=me), letters):
        assert got.headers["content-type"] == "text/csv; charset=utf-8"
        cells += [c for row in csv.reader(io.StringIO(got.content.decode("utf-8-sig"))) for c in row]
    assert [c for c in cells if c.startswith(LEADS) and not c.lstrip("-").replace(".", "").isdigit()] == []
    assert any("'=HYPERLINK(1){link}{date}1" in c for c in cells)
    assert any("To the headteacher of =HYPERLINK(1){link}{date}1" in c for c in cells)  # a name is not read as wording
    book = load_workbook(io.BytesIO(at.client.get(f"{base}/plan.xlsx", headers=me).content))
    values = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert "f" not in {c.data_type for c in values}
    assert any("=HYPERLINK(1){link}{date}1" in str(c.value) for c in values)
    dates = at.client.get(f"{base}/out/calendar.ics", headers=me).text
    assert {line.split(":")[0].split(";")[0] for line in dates.split("\r\n") if line and line[0] != " "} <= {
        "BEGIN",
        "END",
        "VERSION",
        "PRODID",
        "X-WR-CALNAME",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "DESCRIPTION",
        "TRANSP",
    }


# -- what is held on a person -----------------------------------------------------------------------------------------


def test_a_sip_does_not_read_a_year_later_that_a_school_let_them_go(desk: Desk) -> None:
    """The head was told that nobody else sees it; next year's data say *school asked*, or *breakdown*."""
    told = {}
    for ended in ("manager", "rotation", "school_asked", "breakdown", "sip_asked"):
        with desk.db.write() as s:
            row, kept = keep.the_round(s, "r", lock=True), keep.case_row(s, "r")
            assert kept is not None
            case, policy = keep.case_of(kept)
            last = case.history[0].model_copy(update={"ended": ended})
            keep.keep_case(s, row, case.model_copy(update={"history": (last, *case.history[1:])}), policy, [], BY)
        told[ended] = desk.client.get(f"{SITE}/sip/held", headers=desk.headers("sip")).text
    assert told["manager"] == told["rotation"] == told["school_asked"] == told["breakdown"]
    assert "1 Hill School, ended" in told["manager"]
    assert "ended: sip asked" in told["sip_asked"]  # their own word
    users = desk.client.get("/users?programme=p", headers=desk.headers("manager")).json()["items"]
    (grant,) = [u["id"] for u in users if u["role"] == "sip" and u["sip"] == "A"]
    copy = desk.client.get(f"{SITE}/programmes/p/people/{grant}/held", headers=desk.headers("manager")).text
    assert "sip asked" in copy


def test_a_person_erased_is_at_once_on_no_page_of_a_server_that_had_read_of_them(desk: Desk) -> None:
    """Erased by a command, while the server keeps plans, facts and setups ready."""
    at = with_names(desk, "School ", "Amira Khan ", "Ann")
    enrol(at, "amira@example.org", "Amira Khan A", "q", "sip", sip="A")
    plan = at.ids["q plan"]
    pages = [("head elsewhere", "/school")] + [
        ("manager elsewhere", path)
        for path in (
            "/rounds/rq/plan",
            "/rounds/rq/board",
            "/rounds/rq/schools/1",
            "/rounds/rq/sips/A",
            "/rounds/rq/publish",
            "/rounds/rq/data/facts/sips",
            f"/api/v1/plans/{plan}",
            f"/api/v1/plans/{plan}/why-not?urn=1&sip=C",
        )
    ]

    def named() -> list[bool]:
        return ["Amira Khan A" in at.client.get(SITE + path, headers=at.headers(who)).text for who, path in pages]

    assert sum(named()) >= 7
    assert erase.person(at.db, "q", "amira@example.org").left == 0
    assert not any(named())


# -- what a file says, and what comes back of it ----------------------------------------------------------------------


def test_a_table_that_stands_twice_in_a_file_is_not_half_taken(desk: Desk, tmp_path: Path) -> None:
    """Of two lists of schools the first was gone, with nobody told."""
    text = '{"year": "2026/27", "schools": [{"urn": "1"}], "sips": [], "schools": []}'
    (tmp_path / "case.json").write_text(text)
    found = read_case(tmp_path / "case.json")
    assert [p.text for p in found.problems if "“schools” stands twice" in p.text]
    sent = {**desk.headers("manager"), "Content-Type": "application/json"}
    answer = desk.client.put("/rounds/r/case", content=text, headers=sent)
    assert (answer.status_code, "“schools” stands twice" in answer.json()["detail"]) == (400, True)
    (tmp_path / "case.json").write_text('{"year": "2026/27", "schools": [{"urn": "1", "urn": "2"}], "sips": []}')
    assert any("“urn” stands twice" in p.text for p in read_case(tmp_path / "case.json").problems)


def test_the_marked_copy_of_a_workbook_has_no_macro_and_nothing_embedded(desk: Desk) -> None:
    """The one file of somebody's own that comes back, and no scanner has seen it."""
    book = Workbook()
    book.active.title = "schools"  # type: ignore[union-attr]
    book.active.append(["urn", "name", "phase"])  # type: ignore[union-attr]
    book.active.append(["1", "Hill", "primry"])  # type: ignore[union-attr]
    plain, armed = io.BytesIO(), io.BytesIO()
    book.save(plain)
    kinds = (
        b'<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.oleObject"/>'
        b'<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    )
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(armed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</Types>", kinds))
        new.writestr("xl/vbaProject.bin", b"Sub AutoOpen")
        new.writestr("xl/embeddings/oleObject1.bin", b"MZ embedded")
    me, page = desk.headers("manager"), f"{SITE}/rounds/r/data"
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    given = desk.client.post(page, files={"file": ("own.xlsx", armed.getvalue(), xlsx)}, headers=me)
    assert given.status_code == 200
    back = desk.client.get(f"{page}/marked", headers=me)
    assert back.status_code == 200
    with zipfile.ZipFile(io.BytesIO(back.content)) as parts:
        assert not [n for n in parts.namelist() if n.endswith(".bin") or "embed" in n or "external" in n]
    assert load_workbook(io.BytesIO(back.content))["schools"]["B2"].value == "Hill"


def test_a_name_that_stands_twice_in_what_is_asked_is_refused_by_every_route(desk: Desk) -> None:
    """Who reads a request before us may go by the first of two names, and we by the last."""
    app: Any = desk.client.app
    tried = 0
    for path, ways in app.openapi()["paths"].items():
        for method in (
            m for m, way in ways.items() if "application/json" in way.get("requestBody", {}).get("content", {})
        ):
            sent = {**desk.headers("manager"), "Content-Type": "application/json"}
            where = "http://testserver" + re.sub(r"{\w+}", "x", path)
            answer = desk.client.request(method, where, content='{"name": "one", "name": "two"}', headers=sent)
            if answer.status_code in (404, 405):  # what it is about is looked up first
                continue
            tried += 1
            assert (answer.status_code, "“name” stands twice" in answer.text) == (400, True), (
                method,
                path,
                answer.text,
            )
    assert tried > 15
