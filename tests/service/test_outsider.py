"""What an outsider found who did not build the service, each as they tried it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi import Request

from allocator.domain.case import Case
from allocator.domain.change import all_of
from allocator.domain.plan import Plan, plan_text
from allocator.domain.seal import sealed
from allocator.errors import UsageError
from allocator.reasons.answer import world
from allocator.service import bounded, oidc, passes, roles, second
from allocator.service.account.pair import verify
from allocator.service.actions.people import remove_user
from allocator.service.http_problems import HttpProblem, away
from allocator.service.limits import whence
from allocator.service.pages import ground
from allocator.service.pages.national import plain_name
from allocator.service.roles import Who
from allocator.store import keep
from allocator.store.database import Database
from allocator.store.tables import Pass, Programme, UploadRow
from tests.fuzz import readers as fuzzed
from tests.intake import own_books
from tests.service.office import MEL as BY
from tests.service.office import Desk, client_of, facts, open_office, refused
from tests.service.test_second import ME, have
from tests.service.test_trust import enrol, get, link, session
from tests.sizes import long
from tests.stores import KINDS, ready_url

SITE, MEL = "http://testserver", "mel@example.org"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


@pytest.fixture
def mel(desk: Desk) -> dict[str, str]:
    """A manager who is the SIP C, with an interest in school 4 on record."""
    enrol(desk, MEL, "Mel", "p", "manager")
    enrol(desk, MEL, "Mel", "p", "sip", sip="C")
    return session(desk, "manager", "p", MEL)


def answered(desk: Desk, who: str, **body: Any) -> dict[str, Any]:
    answer = desk.client.post(f"/plans/{desk.ids['plan']}/answers", json=body, headers=desk.headers(who))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return {**told, "etag": answer.headers.get("etag")}


def case_of(desk: Desk) -> Case:
    with desk.db.read() as s:
        row = keep.case_row(s, "r")
        assert row is not None
        return keep.case_of(row)[0]


# -- what others said ------------------------------------------------------------------------------------------------


def test_why_a_sip_declined_is_on_no_page_of_an_auditor(desk: Desk) -> None:
    answered(desk, "sip", urn="2", post="lead", answer="decline", reason="the stairs there")
    pages = ("/rounds/r/schools/2", "/rounds/r/answers", "/rounds/r/answers/2", "/rounds/r/log")
    for page in pages:
        seen = {
            n: "the stairs there" in desk.client.get(SITE + page, headers=desk.headers(n)).text
            for n in ("manager", "auditor")
        }
        assert not seen["auditor"], page
        assert seen["manager"] or page == "/rounds/r/answers/2", page


def test_a_sip_does_not_count_refusals_on_the_page_of_what_is_held(desk: Desk) -> None:
    """A head was told that nobody else sees it: not in number either."""
    before = desk.client.get(f"{SITE}/sip/held", headers=desk.headers("sip")).text
    with desk.db.write() as s:
        row, (case, policy) = keep.the_round(s, "r", lock=True), keep.case_of(keep.case_row(s, "r"))  # type: ignore[arg-type]
        new = Case.model_validate(
            {**case.model_dump(mode="json"), "refusals": [{"year": "2025/26", "urn": "1", "sip": "A", "kind": "veto"}]}
        )
        keep.keep_case(s, row, new, policy, [], BY)
    assert case_of(desk).refusals
    assert desk.client.get(f"{SITE}/sip/held", headers=desk.headers("sip")).text == before
    assert "Ask the SIP manager for a copy" in before


def test_what_is_answered_does_not_tell_how_much_others_did(tmp_path: Path) -> None:
    """Neither to a SIP nor to a head: no number of the log, no version, and none is asked of them."""
    told = []
    for n, first in enumerate(([], [("1", "veto")])):
        (tmp_path / str(n)).mkdir()
        desk = open_office(tmp_path / str(n))
        for urn, word in first:
            answered(desk, "manager", urn=urn, answer=word, by="head", via="telephone")
        told.append(
            [answered(desk, "sip", urn="1", answer="accept"), answered(desk, "other head", urn="3", answer="accept")]
        )
        body = {"urn": "2", "answer": "accept"}
        stale = desk.client.post(
            f"/plans/{desk.ids['plan']}/answers", json=body, headers={**desk.headers("sip"), "If-Match": '"1"'}
        )
        assert stale.status_code == 200
    assert told[0] == told[1]
    assert answered(desk, "manager", urn="2", answer="accept", by="head", via="telephone")["version"] > 4


# -- four eyes ----------------------------------------------------------------------------------------------------------


def test_national_files_do_not_carry_a_managers_own_rows(desk: Desk, mel: dict[str, str]) -> None:
    """What the page hands back comes by the browser, which can hand back anything."""
    made = {"base": 1, "tables": {"interests": []}, "now": {}}
    package = base64.b64encode(zlib.compress(json.dumps(made).encode())).decode()
    answer = desk.client.post(
        f"{SITE}/rounds/r/national/take", data={"package": package}, headers=mel, follow_redirects=False
    )
    assert (answer.status_code, len(case_of(desk).interests)) == (409, 1)
    other = desk.client.post(
        f"{SITE}/rounds/r/national/take",
        data={"package": package},
        headers=desk.headers("manager"),
        follow_redirects=False,
    )
    assert (other.status_code, len(case_of(desk).interests)) == (303, 0)


@pytest.mark.parametrize("spelt", ["C", "c", " C ", "C\u200b"])
def test_a_fact_about_oneself_is_changed_in_no_spelling(desk: Desk, mel: dict[str, str], spelt: str) -> None:
    form = {
        "decision": "forbid",
        "sip": spelt,
        "urn": "1",
        "reason": "far",
        "by": "Mel",
        "on-day": "1",
        "on-month": "9",
        "on-year": "2026",
    }
    path = f"{SITE}/rounds/r/data/facts/decisions/row"
    answer = desk.client.post(path, data=form, headers=mel, follow_redirects=False)
    assert (answer.status_code, case_of(desk).decisions) == (409, ())
    assert desk.client.post(path, data=form | {"sip": "B"}, headers=mel, follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ([{"interest": {"sip": "C", "urn": "4", "kind": "family", "outcome": "cleared", "decided_by": "Mel"}}], 409),
        ([{"days": {"sip": "C", "days": 5}}, {"lock": {"urn": "1", "sip": "B"}}], 409),
        ([{"veto": {"urn": "1", "sip": "C"}}], 409),
        ([{"sip_leaves": {"sip": "C", "on": "2026-12-31"}}], 409),
        ([{"lock": {"urn": "1", "sip": "C"}}], 202),
        ([{"forbid": {"urn": "1", "sip": "C"}}], 202),
        ([{"days": {"sip": "B", "days": 15}}], 202),
    ],
)
def test_a_change_by_hand_moves_ones_own_pairs_and_changes_nothing_else_about_oneself(
    desk: Desk, mel: dict[str, str], changes: list[dict[str, Any]], status: int
) -> None:
    """A what-if put on the desk cleared a manager's own interest, and gave them the school."""
    asked = {"changes": changes, "adopt": True, "reason": "balance"}
    path = f"/plans/{desk.ids['plan']}/what-ifs"
    assert desk.client.post(path, json=asked | {"adopt": False}, headers=mel).status_code == 202  # to ask is free
    assert desk.client.post(path, json=asked, headers=mel).status_code == status
    assert desk.client.post(path, json=asked, headers=desk.headers("manager")).status_code == 202


def test_a_manager_lets_nobody_go_who_is_themselves(desk: Desk, mel: dict[str, str]) -> None:
    """Nor answers their own wish to move on."""
    enrol(desk, MEL, "Mel", "p", "sip", sip="A")
    said = {"urn": "2", "post": "lead", "answer": "decline", "reason": "far", "by": "sip", "via": "telephone"}
    plan = f"/plans/{desk.ids['plan']}"
    assert desk.client.post(f"{plan}/answers", json=said, headers=mel).status_code == 200
    asked = desk.client.get("/rounds/r/queries", headers=mel).json()["items"][-1]
    outcome = {"outcome": "You are let go.", "opens": True}
    assert desk.client.patch(f"/queries/{asked['id']}", json=outcome, headers=mel).status_code == 409
    other = desk.headers("manager")
    assert desk.client.patch(f"/queries/{asked['id']}", json=outcome, headers=other).status_code == 200


def test_a_refusal_of_a_manager_is_decided_by_another(desk: Desk) -> None:
    refused(desk, facts())
    enrol(desk, MEL, "Mel", "q", "manager")
    enrol(desk, MEL, "Mel", "q", "sip", sip="A")
    word = {"urn": "1", "stands": False, "reason": "Nobody else has the time."}
    for headers, status in ((session(desk, "manager", "q", MEL), 409), (desk.headers("manager elsewhere"), 200)):
        answer = desk.client.post("/rounds/rq/refusals", json=word, headers=headers)
        assert answer.status_code == status, answer.text


def test_a_complaint_about_a_manager_is_not_theirs_to_read_by_address_or_by_copy(desk: Desk) -> None:
    """The role as a SIP is taken back; the case still has the address, and they are that SIP."""
    with desk.db.write() as s:
        row, (case, policy) = keep.the_round(s, "r", lock=True), keep.case_of(keep.case_row(s, "r"))  # type: ignore[arg-type]
        sips = tuple(x.model_copy(update={"email": "Mel@Example.org"}) if x.sip == "A" else x for x in case.sips)
        keep.keep_case(s, row, case.model_copy(update={"sips": sips}), policy, [], BY)
    enrol(desk, MEL, "Mel", "p", "manager")
    as_sip = enrol(desk, MEL, "Mel", "p", "sip", sip="A")
    said = {"sip": "A", "begin": "second", "text": "Came late thrice."}
    assert (
        desk.client.post(
            f"{SITE}/school/ladders", data=said, headers=desk.headers("head"), follow_redirects=False
        ).status_code
        == 303
    )
    mel = session(desk, "manager", "p", MEL)
    copy = desk.client.get(f"{SITE}/programmes/p/people/{as_sip}/held", headers=mel)
    assert (copy.status_code, "Came late" in copy.text) == (409, False)
    assert (
        "Came late"
        in desk.client.get(f"{SITE}/programmes/p/people/{as_sip}/held", headers=desk.headers("manager")).text
    )
    desk.client.post(f"{SITE}/programmes/p/people/{as_sip}/remove", headers=desk.headers("manager"))
    page = desk.client.get(f"{SITE}/programmes/p/ladders", headers=mel).text
    assert "with the" in page
    assert "Came late" not in page
    assert "Came late" in desk.client.get(f"{SITE}/programmes/p/ladders", headers=desk.headers("manager")).text


# -- sessions and the second factor -------------------------------------------------------------------------------------


def test_coming_in_again_ends_the_session_that_the_browser_had(desk: Desk) -> None:
    first, other = session(desk, "manager", "p", ME), session(desk, "manager", "p", ME)
    answer = desk.client.post(f"/sign-in/{link(desk, 'manager', 'p', ME)}", headers=first)
    assert answer.status_code == 200
    desk.client.cookies.clear()
    assert get(desk, first, "/me").status_code == 401
    assert get(desk, other, "/me").status_code == 200


def test_the_secret_of_a_second_factor_is_shown_where_it_was_begun_only(desk: Desk) -> None:
    """Somebody with the person's mail would read it beside them, and have every code from then on."""
    mine, theirs = session(desk, "manager", "p", ME), session(desk, "manager", "p", ME)
    begun = desk.client.post(f"{SITE}/second-factor/begin", headers=mine).text
    secret = re.search(r"Secret: <code>([A-Z2-7]+)</code>", begun)
    assert secret is not None
    peeked = desk.client.get(f"{SITE}/second-factor", headers=theirs).text
    peeked += desk.client.post(f"{SITE}/second-factor", data={"code": "000000"}, headers=theirs).text
    assert "Begin again" in peeked
    assert secret[1] not in peeked


def test_what_was_shown_of_a_factor_is_worth_nothing_once_it_is_gone(desk: Desk) -> None:
    """A session that went on in another role keeps no whole session as manager for the factor that comes after."""
    enrol(desk, ME, "manager", "p", "auditor")
    have(desk)
    with desk.db.write() as s:
        s.execute(sa.update(Pass).values(role="auditor", second=True, own=True))
    reader = session(desk, "auditor", "p", ME, own=True)
    with desk.db.write() as s:
        s.execute(sa.update(Pass).where(Pass.role == "auditor", Pass.kind == "session").values(second=True))
        person = roles.person_by_email(s, ME)
        assert person is not None
        assert second.drop(s, person.id)
    have(desk)
    answer = desk.client.post("/sessions", json={"role": "manager", "programme": "p"}, headers=reader)
    whole = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    desk.client.cookies.clear()
    assert get(desk, whole, "/rounds/r").json()["code"] == "second_factor"


def test_signing_out_empties_what_the_browser_kept(desk: Desk) -> None:
    for path in ("/sign-out", "/sessions/end"):
        answer = desk.client.post(SITE + path, headers=session(desk, "manager", "p", ME), follow_redirects=False)
        assert answer.headers["clear-site-data"] == '"cache", "storage"'


# -- the wire -------------------------------------------------------------------------------------------------------------


def post(desk: Desk, path: str, body: bytes, media: str) -> httpx.Response:
    answer: httpx.Response = desk.client.post(
        SITE + path, content=body, headers={"Content-Type": media, "Accept": "text/html"}
    )
    return answer


@pytest.mark.parametrize("path", ["/sign-in", "/letters/x", "/sign-in/x"])
def test_a_form_that_cannot_be_read_is_no_fault_of_ours(
    desk: Desk, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Else anybody fills the log with faults, and wakes whoever is on call."""
    bad = [
        (b"a=" + b"x" * 2**21, "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
        (b"&".join(b"a=1" for _ in range(20_001)), "application/x-www-form-urlencoded"),
    ]
    for body, media in bad:
        answer = post(desk, path, body, media)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (400, "text/html"), media
    assert not [r for r in caplog.records if r.levelname == "ERROR"]


def test_only_national_files_may_be_large(desk: Desk) -> None:
    body = b"x" * (11 * 2**20)
    for path in ("/sign-in/national", "/letters/national", "/api/v1/sign-in/national", "/rounds/r/data/national"):
        assert post(desk, path, body, "application/json").status_code == 413, path
    assert post(desk, "/rounds/r/national", body, "application/json").status_code != 413


def where(_: bytes) -> int:
    return os.getpid()


def test_an_old_workbook_is_read_in_a_process_of_its_own_however_small_it_is() -> None:
    """Five kilobytes of it took 780 MB of the server."""
    book = own_books.xls({"schools": [["urn", "name"], ["1", "Ash"]]})
    assert len(book) < bounded.SMALL
    assert bounded.read(book, where) != os.getpid()
    assert bounded.read(b"{}", where) == os.getpid()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("..", "file"), ("a/../b.csv", "b.csv"), ("", "file"), ("a\0b", "ab"), (".", "file"), ("漢" * 150, "漢" * 50)],
)
def test_a_files_name_is_one_that_this_machine_may_have(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_over_https_no_cookie_goes_in_the_clear_and_none_is_larger_than_a_browser_keeps(tmp_path: Path) -> None:
    desk = open_office(tmp_path, public_url="https://sip.example.org")
    cookie = f"__Host-{passes.COOKIE}={{}}"
    answer = desk.client.post(
        f"https://sip.example.org/api/v1/sign-in/{link(desk, 'manager', 'p', ME)}", headers={"host": "sip.example.org"}
    )
    me = {"host": "sip.example.org", "Cookie": cookie.format(answer.cookies.get(f"__Host-{passes.COOKIE}"))}
    name = "漢" * 200
    said = desk.client.post(
        "https://sip.example.org/programmes/p/rounds", data={"name": name}, headers=me, follow_redirects=False
    )
    assert said.status_code == 303
    for header in said.headers.get_list("set-cookie"):
        assert header.startswith("__Host-")
        assert "; Secure" in header
        assert len(header.split(";")[0]) < 4000
    assert said.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    told = said.headers["set-cookie"].split(";")[0]
    page = desk.client.get("https://sip.example.org/", headers={**me, "Cookie": f"{me['Cookie']}; {told}"})
    assert "Round 漢漢漢" in page.text
    assert f"__Host-{ground.NOTICE}=" in page.headers["set-cookie"]


# -- the store and what is read ---------------------------------------------------------------------------------------


@long(but="sqlite")
@pytest.mark.parametrize("kind", KINDS)
def test_two_managers_who_take_each_others_role_leave_one(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    def together(*_: Any, **__: Any) -> None:
        """Each has counted the managers before either is gone, unless one holds the other up."""
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)

    monkeypatch.setattr("allocator.service.actions.people.keep.note", together)
    with ready_url(kind, tmp_path) as url:
        db = Database(url)
        with db.write() as s:
            s.add(Programme(id="p", name="P", created_at=keep.now()))
            s.flush()
            grants = [roles.enrol(s, f"{n}@example.org", n, "p", "manager") for n in ("a", "b")]
        office = client_of(db, SITE).app.state.office  # type: ignore[attr-defined]
        whos = [Who(g.person_id, "", "", "manager", "p", (g,), "write", "x", "session", True) for g in grants]

        def take(n: int) -> str:
            try:
                remove_user(office, whos[n], grants[1 - n].id)
            except HttpProblem as refusal:
                return refusal.code
            return "gone"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(take, (0, 1))) == ["gone", "round_refuses"]
        db.close()


def test_a_plan_sealed_anew_by_another_hand_is_told_in_words() -> None:
    whole = json.loads(fuzzed.plan())
    whole["inputs"]["policy"]["round"]["mode"] = "assign^with"
    bad = Plan.model_validate(whole)
    plan = bad.model_copy(update={"inputs": sealed(bad.inputs)})
    with pytest.raises(UsageError, match=r"first at round\.mode"):
        world(plan)
    reader = fuzzed.within(fuzzed.pack(), "plans/1.json", verify)
    with pytest.raises(UsageError):
        reader(plan_text(plan).encode())


@pytest.mark.parametrize("name", ['pair-1"; filename="x.exe-lead.zip', "pair-漢-lead.zip", "pair-1\r\nX: y-lead.zip"])
def test_the_name_of_a_file_to_be_saved_is_one_that_a_header_may_hold(name: str) -> None:
    """A school's URN is whatever the data have."""
    assert re.fullmatch(
        r'attachment; filename="pair-[A-Za-z0-9.-]+-lead\.zip"', ground.attached(name)["Content-Disposition"]
    )


def test_no_folder_is_listed_and_only_the_methods_of_a_route_are_taken(desk: Desk) -> None:
    for path in (
        "/static/",
        "/static/vendor",
        "/static/../pyproject.toml",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
    ):
        assert desk.client.get(SITE + path).status_code == 404, path
    for method in ("TRACE", "CONNECT", "PROPFIND", "PUT"):
        assert desk.client.request(method, f"{SITE}/sign-in").status_code == 405, method


@long(but=("True", "None"))
@pytest.mark.parametrize(("amr", "whole"), [(["pwd", "mfa"], True), (["pwd"], False), ("mfa", False), (None, False)])
def test_a_provider_has_shown_a_second_factor_where_it_says_so_and_nowhere_else(
    desk: Desk, amr: Any, whole: bool
) -> None:
    have(desk)
    office = desk.client.app.state.office  # type: ignore[attr-defined]
    claims = {"email": ME, "email_verified": True, "amr": amr}
    answer = oidc._enter(Request({"type": "http", "headers": []}), office, claims, "manager", "p")
    me = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    assert get(desk, me, "/rounds/r").status_code == (200 if whole else 403)


def test_nothing_that_a_person_reads_is_kept_on_the_way(desk: Desk) -> None:
    pages = [("manager", SITE + p) for p in ("/", "/rounds/r", "/rounds/r/answers", "/programmes/p/people")]
    pages += [("manager", p) for p in ("/me", "/rounds/r/events", "/users?programme=p", "/nowhere")]
    pages += [("head", f"{SITE}/school"), ("sip", f"{SITE}/sip"), ("sip", f"{SITE}/sip/held")]
    for who, path in pages:
        answer = desk.client.get(path, headers=desk.headers(who))
        assert answer.headers["cache-control"] == "no-store", path
    assert desk.client.get("/rounds/r", headers=desk.headers("manager")).headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "other", False),
    ],
)
def test_a_network_of_one_line_is_counted_as_one_caller(one: str, other: str, same: bool) -> None:
    """Else whoever has IPv6 has as many sign-ins a minute as they like."""
    a, b = (whence(Request({"type": "http", "headers": [], "client": (host, 1)})) for host in (one, other))
    assert (a == b) == same


# -- what others have to answer ---------------------------------------------------------------------------------------


def test_nobody_buries_the_manager_in_questions(desk: Desk) -> None:
    """Ten open of one school or SIP: each is answered by hand, and no pair is confirmed before."""
    plan = f"/plans/{desk.ids['plan']}/answers"
    for who, urn in (("head", "1"), ("sip", "2")):
        body = {"urn": urn, "post": "lead", "answer": "query", "reason": "Why?"}
        told = [desk.client.post(plan, json=body, headers=desk.headers(who)).status_code for _ in range(12)]
        assert told == [200] * 10 + [429] * 2, who
        assert (
            desk.client.post(plan, json={"urn": urn, "answer": "accept"}, headers=desk.headers(who)).status_code == 200
        )
    asked = desk.client.get("/rounds/r/queries", headers=desk.headers("manager")).json()["items"]
    first = next(q["id"] for q in asked if q["urn"] == "2")
    desk.client.patch(f"/queries/{first}", json={"outcome": "So."}, headers=desk.headers("manager"))
    assert desk.client.post(plan, json=body, headers=desk.headers("sip")).status_code == 200


def test_nobody_is_sent_letter_after_letter_by_complaints(desk: Desk) -> None:
    def begin(n: int) -> int:
        form = {"sip": "A", "begin": "first", "text": f"Late, {n}."}
        answer = desk.client.post(
            f"{SITE}/school/ladders", data=form, headers=desk.headers("head"), follow_redirects=False
        )
        return int(answer.status_code)

    assert [begin(n) for n in range(7)] == [303] * 5 + [429] * 2


# -- numbers and characters that come another way ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"days": {"sip": "A", "days": 1e308}},
        {"budget": {"days": 10**30}},
        {"sip_joins": {"sip": "Z", "name": "\u202eZed", "kind": "consultant", "phases": ["primary"], "days": 5}},
        {"school_joins": {"urn": "9", "name": "Nul\x00", "phase": "primary"}},
        {"decision": {"decision": "lock", "urn": "1", "sip": "A", "by": "x", "on": "2026-09-01", "reason": "\ud800"}},
    ],
)
def test_a_change_takes_no_character_and_no_number_that_a_table_would_not(change: dict[str, Any]) -> None:
    """A nought character ended a what-if on PostgreSQL, and a turned name stood in the plan."""
    with pytest.raises(UsageError, match=r"cannot be kept|sensible size"):
        all_of([change])


@pytest.mark.parametrize("key", ["answer_days", "remind_days", "query_days"])
def test_days_of_a_round_are_those_of_a_year(desk: Desk, key: str) -> None:
    """A thousand million of them closed every page on which letters are told."""
    for days, status in ((367, 422), (10**9, 422), (366, 200)):
        answer = desk.client.put("/rounds/r/policy", json={f"round.{key}": days}, headers=desk.headers("manager"))
        assert answer.status_code == status, days


def test_a_letter_is_answered_within_a_year(desk: Desk) -> None:
    ask = {"action": "sound", "answer_by": "9999-12-31"}
    answer = desk.client.post(f"/plans/{desk.ids['plan']}/publication", json=ask, headers=desk.headers("manager"))
    assert answer.status_code == 422
    assert "more than a year" in answer.json()["detail"]


def test_no_character_that_postgresql_cannot_keep_comes_in_by_settings_words_or_the_name_of_a_file(desk: Desk) -> None:
    """Kept in SQLite it would end the move to PostgreSQL by backup and restore."""
    me = desk.headers("manager")
    for policy in ({"name": "a\0b"}, {"round.ladder": ["a\0b", "c"]}, {"round": {"ladder": ["\u202ea", "c"]}}):
        answer = desk.client.put("/rounds/r/policy", json=policy, headers=me)
        assert (answer.status_code, "cannot be kept" in answer.text) == (422, True), policy
    words = desk.client.post(f"{SITE}/rounds/r/data/words", data={"school|a\0b": "1"}, headers=me)
    assert words.status_code == 422
    given = {"file": ("a\u202eb.json", b"{}", "application/json")}
    desk.client.post(f"{SITE}/rounds/r/data", files=given, headers=me, follow_redirects=False)
    with desk.db.read() as s:
        assert s.scalars(sa.select(UploadRow.name)).one() == "ab.json"


def test_what_no_column_can_hold_is_the_askers_and_no_store_that_is_away() -> None:
    kinds = [(sa.exc.DataError, "invalid"), (sa.exc.OperationalError, "store_away")]
    assert [away(kind("select", {}, ValueError("x"))).code for kind, _ in kinds] == [code for _, code in kinds]
