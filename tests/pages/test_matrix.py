"""Which page is for whom: every page, every role, own and other programme. No page without a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from allocator.service import pages
from allocator.store.tables import Grant
from tests.service.office import PEOPLE, Desk, open_office
from tests.sizes import whole_or

OPEN = "no sign-in"
STAFF, MANAGER = ("manager", "auditor"), ("manager",)
MANAGERS = ("manager", "manager elsewhere")  # of any programme
READERS_OF_RULES = ("manager", "auditor", "head", "chair", "other head", "sip", "other sip")  # elsewhere has none yet
SCHOOL = ("head", "chair", "other head")
SIP = ("sip", "other sip")
HEADS = ("head", "chair", "other head", "head elsewhere")
SIPS = ("sip", "other sip", "sip elsewhere")
ANYBODY = tuple(PEOPLE)
QUERY = {"/rounds/{id}/answers/knock-on": "plan={plan}", "/rounds/{id}/account/pair": "urn={urn}"}

# page -> (who may, in the programme where the thing is; the form to send)
MATRIX: dict[tuple[str, str], tuple[Any, dict[str, str] | None]] = {
    ("GET", "/sign-in"): (OPEN, None),
    ("POST", "/sign-in"): (OPEN, {"email": "x@example.org"}),
    ("GET", "/sign-in/{secret}"): (OPEN, None),
    ("POST", "/sign-in/{secret}"): (OPEN, {}),
    ("POST", "/sign-out"): (OPEN, {}),
    ("GET", "/letters/{secret}"): (OPEN, None),
    ("POST", "/letters/{secret}"): (OPEN, {}),
    ("GET", "/sessions"): (ANYBODY, None),
    ("POST", "/sessions"): ((), {"door": "manager p"}),  # a session of one's own: tests/service/test_trust.py
    ("POST", "/sessions/end"): (ANYBODY, {}),
    ("POST", "/sessions/{id}/end"): ((), {}),  # one of one's own, likewise
    ("GET", "/"): (ANYBODY, None),
    ("POST", "/programmes"): (MANAGERS, {"programme": "New"}),
    ("POST", "/programmes/{id}"): (MANAGER, {"called": "Primary", "telephone": "01632 960018"}),
    ("POST", "/programmes/{id}/rounds"): (MANAGER, {"name": "2027/28"}),
    ("GET", "/rounds/{id}"): (STAFF, None),
    ("POST", "/rounds/{id}/solve"): (MANAGER, {}),
    ("GET", "/rounds/{id}/jobs/{job}"): (STAFF, None),
    ("POST", "/rounds/{id}/jobs/{job}/stop"): (MANAGER, {}),
    ("GET", "/rounds/{id}/ask"): (STAFF, None),
    ("POST", "/rounds/{id}/ask"): (MANAGER, {"step": "offered"}),
    ("POST", "/rounds/{id}/ask/take"): (MANAGER, {}),
    ("GET", "/rounds/{id}/ask/schools/{urn}"): (STAFF, None),
    ("POST", "/rounds/{id}/ask/schools/{urn}"): (MANAGER, {"going_on": "keep"}),
    ("GET", "/rounds/{id}/ask/sips/{sip}"): (STAFF, None),
    ("POST", "/rounds/{id}/ask/sips/{sip}"): (MANAGER, {"days": "9", "looked": "yes"}),
    ("GET", "/rounds/{id}/data"): (STAFF, None),
    ("POST", "/rounds/{id}/data"): (MANAGER, {"year": "2026/27"}),
    ("POST", "/rounds/{id}/data/words"): (MANAGER, {}),
    ("POST", "/rounds/{id}/data/forget"): (MANAGER, {"text": "x"}),
    ("POST", "/rounds/{id}/data/take"): (MANAGER, {}),
    ("POST", "/rounds/{id}/data/drop"): (MANAGER, {}),
    ("GET", "/rounds/{id}/data/marked"): (MANAGER, None),
    ("GET", "/rounds/{id}/data/workbook"): (MANAGER, None),
    ("GET", "/rounds/{id}/data/facts/{table}"): (STAFF, None),
    ("GET", "/rounds/{id}/data/facts/{table}/row"): (MANAGER, None),
    ("POST", "/rounds/{id}/data/facts/{table}/row"): (MANAGER, {"key": "A", "days": "21"}),
    ("POST", "/rounds/{id}/data/facts/{table}/many"): (MANAGER, {"key": "A", "column": "days"}),
    ("GET", "/rounds/{id}/data/versions"): (STAFF, None),
    ("GET", "/rounds/{id}/data/versions/{n}"): (STAFF, None),
    ("POST", "/rounds/{id}/data/versions/{n}/back"): (MANAGER, {}),
    ("GET", "/rounds/{id}/national"): (STAFF, None),
    ("POST", "/rounds/{id}/national"): (MANAGER, {"las": "Hart"}),
    ("POST", "/rounds/{id}/national/take"): (MANAGER, {"package": "x"}),
    ("GET", "/rounds/{id}/settings"): (STAFF, None),
    ("POST", "/rounds/{id}/settings"): (MANAGER, {"name": "steady"}),
    ("GET", "/rounds/{id}/settings/{key}"): (MANAGER, None),
    ("GET", "/rounds/{id}/settings/preview/{job}"): (STAFF, None),
    ("POST", "/rounds/{id}/settings/save"): (MANAGER, {"job": "waiting"}),
    ("GET", "/rules"): (READERS_OF_RULES, None),
    ("GET", "/school/ask"): (SCHOOL, None),
    ("POST", "/school/ask"): (SCHOOL, {"going_on": "keep"}),
    ("GET", "/school/next-year"): (SCHOOL, None),
    ("POST", "/school/next-year"): (SCHOOL, {"going_on": "keep"}),
    ("GET", "/sip/ask"): (SIP, None),
    ("POST", "/sip/ask"): (SIP, {"days": "9", "looked": "yes"}),
    ("POST", "/rounds/{id}/jobs/{job}/adopt"): (MANAGER, {}),
    ("POST", "/rounds/{id}/jobs/{job}/away"): (MANAGER, {}),
    ("GET", "/rounds/{id}/news"): (STAFF, None),
    ("GET", "/rounds/{id}/what-if"): (STAFF, None),
    ("POST", "/rounds/{id}/what-if"): (MANAGER, {"event": "sip_leaves", "sip": "A", "do": "add"}),
    ("GET", "/rounds/{id}/what-if/{plan}"): (STAFF, None),
    ("POST", "/rounds/{id}/what-if/{plan}/again"): (MANAGER, {"and": '{"sip_leaves": {"sip": "A"}}'}),
    ("POST", "/rounds/{id}/what-if/{plan}/keep"): (MANAGER, {"name": ""}),
    ("POST", "/rounds/{id}/what-if/{plan}/adopt"): (MANAGER, {"reason": "A leaves"}),
    ("POST", "/rounds/{id}/scenarios/{scenario}/drop"): (MANAGER, {}),
    ("GET", "/rounds/{id}/choices/{job}"): (STAFF, None),
    ("GET", "/rounds/{id}/choices/{job}/sheet"): (STAFF, None),
    ("POST", "/rounds/{id}/choices/{job}"): (MANAGER, {"choice": '["1", "B"]'}),
    ("GET", "/rounds/{id}/compare"): (STAFF, None),
    ("GET", "/rounds/{id}/frontier"): (STAFF, None),
    ("POST", "/rounds/{id}/frontier"): (MANAGER, {}),
    ("GET", "/rounds/{id}/resilience"): (STAFF, None),
    ("POST", "/rounds/{id}/resilience"): (MANAGER, {"gains": "no"}),
    ("GET", "/rounds/{id}/plan"): (STAFF, None),
    ("GET", "/rounds/{id}/plan.{kind}"): (STAFF, None),
    ("POST", "/rounds/{id}/plan/back"): (MANAGER, {}),
    ("GET", "/rounds/{id}/board"): (STAFF, None),
    ("GET", "/rounds/{id}/board/move"): (STAFF, None),
    ("GET", "/rounds/{id}/board/try"): (STAFF, None),
    ("POST", "/rounds/{id}/board/keep"): (MANAGER, {"urn": "1", "sip": "B", "reason": "why", "plan": "x"}),
    ("POST", "/rounds/{id}/board/unlock"): (MANAGER, {"urn": "1", "sip": "A", "reason": "why", "plan": "x"}),
    ("POST", "/rounds/{id}/board/fix"): (MANAGER, {"urn": "1", "post": "lead", "n": "0", "reason": "why"}),
    ("GET", "/rounds/{id}/map"): (STAFF, None),
    ("GET", "/rounds/{id}/schools/{urn}"): (STAFF, None),
    ("GET", "/rounds/{id}/sips/{sip}"): (STAFF, None),
    ("POST", "/rounds/{id}/sips/{sip}/one-more-day"): (MANAGER, {}),
    ("GET", "/rounds/{id}/checks"): (STAFF, None),
    ("GET", "/rounds/{id}/lists"): (STAFF, None),
    ("GET", "/rounds/{id}/publish"): (STAFF, None),
    ("POST", "/rounds/{id}/publish/sound"): (MANAGER, {"sips": "A"}),
    ("GET", "/rounds/{id}/publish/check"): (STAFF, None),
    ("POST", "/rounds/{id}/publish/check"): (MANAGER, {"urns": "1"}),
    ("POST", "/rounds/{id}/publish/send"): (MANAGER, {"urns": "1"}),
    ("GET", "/rounds/{id}/publish/due"): (STAFF, None),
    ("POST", "/rounds/{id}/publish/tell"): (MANAGER, {}),
    ("POST", "/rounds/{id}/publish/remind"): (MANAGER, {}),
    ("POST", "/rounds/{id}/publish/close"): (MANAGER, {}),
    ("POST", "/rounds/{id}/publish/withdraw"): (MANAGER, {"urn": "1", "reason": "an error"}),
    ("POST", "/rounds/{id}/publish/links"): (MANAGER, {"urns": "1"}),
    ("GET", "/rounds/{id}/answers"): (STAFF, None),
    ("POST", "/rounds/{id}/answers/decide"): (MANAGER, {"urn": "1", "word": "stands", "reason": "x"}),
    ("POST", "/rounds/{id}/answers/query"): (MANAGER, {"n": "1", "outcome": "because"}),
    ("POST", "/rounds/{id}/answers/try"): (MANAGER, {}),
    ("POST", "/rounds/{id}/answers/take"): (MANAGER, {}),
    ("GET", "/rounds/{id}/answers/knock-on"): (STAFF, None),
    ("GET", "/rounds/{id}/answers/sip/{sip}"): (STAFF, None),
    ("POST", "/rounds/{id}/answers/sip/{sip}"): (MANAGER, {"about": "1/lead", "answer": "accept", "via": "telephone"}),
    ("GET", "/rounds/{id}/answers/{urn}"): (STAFF, None),
    ("POST", "/rounds/{id}/answers/{urn}"): (MANAGER, {"by": "head", "answer": "accept", "via": "telephone"}),
    ("GET", "/rounds/{id}/telephone"): (STAFF, None),
    ("POST", "/rounds/{id}/telephone"): (MANAGER, {"word-1": "accept"}),
    ("POST", "/rounds/{id}/confirm/all-governors"): (MANAGER, {"urns": "1"}),
    ("GET", "/rounds/{id}/confirm"): (STAFF, None),
    ("GET", "/rounds/{id}/confirm/changed"): (STAFF, None),
    ("POST", "/rounds/{id}/confirm"): (MANAGER, {"pair": "1/lead"}),
    ("POST", "/rounds/{id}/confirm/governors"): (MANAGER, {"urn": "1", "word": "governors_yes"}),
    ("POST", "/rounds/{id}/confirm/in-force"): (MANAGER, {}),
    ("GET", "/rounds/{id}/plan/locks"): (MANAGER, None),
    ("POST", "/rounds/{id}/plan/locks"): (MANAGER, {"urns": "1", "word": "lock", "reason": "x"}),
    ("GET", "/rounds/{id}/next-year"): (STAFF, None),
    ("POST", "/rounds/{id}/next-year"): (MANAGER, {}),
    ("GET", "/rounds/{id}/log"): (STAFF, None),
    ("GET", "/rounds/{id}/out"): (STAFF, None),
    ("GET", "/rounds/{id}/sent"): (STAFF, None),
    ("POST", "/rounds/{id}/out/file"): (MANAGER, {"format": "xlsx"}),
    ("GET", "/rounds/{id}/out/print"): (STAFF, None),
    ("GET", "/rounds/{id}/out/calendar.ics"): (STAFF, None),
    ("GET", "/rounds/{id}/out/letters/{kind}/{name}"): (STAFF, None),
    ("GET", "/rounds/{id}/out/wording/{kind}"): (STAFF, None),
    ("POST", "/rounds/{id}/out/wording/{kind}"): (MANAGER, {"text": "Heading\n\n{{ sip }}"}),
    ("GET", "/rounds/{id}/account"): (STAFF, None),
    ("GET", "/rounds/{id}/account/documents/{name}"): (STAFF, None),
    ("GET", "/rounds/{id}/account/pair"): (STAFF, None),
    ("GET", "/programmes/{id}/people/{grant}/held"): (MANAGER, None),
    ("GET", "/published/{programme}"): (OPEN, None),
    ("GET", "/programmes/{id}/people"): (STAFF, None),
    ("POST", "/programmes/{id}/people"): (MANAGER, {"name": "N", "email": "n@example.org", "role": "auditor"}),
    ("POST", "/programmes/{id}/people/{grant}/remove"): (MANAGER, {}),
    ("POST", "/programmes/{id}/people/{grant}/link"): (MANAGER, {}),
    ("GET", "/programmes/{id}/ladders"): (STAFF, None),
    ("POST", "/programmes/{id}/ladders"): (MANAGER, {"kind": "concern", "urn": "1", "text": "x"}),
    ("GET", "/school/ladders"): (HEADS, None),
    ("POST", "/school/ladders"): (HEADS, {"text": "x"}),
    ("GET", "/sip/ladders"): (SIPS, None),
    ("POST", "/sip/ladders"): (SIPS, {"text": "x"}),
    ("GET", "/second-factor"): ((), None),  # a manager's own session: tests/service/test_second.py
    ("POST", "/second-factor"): ((), {"code": "1"}),
    ("POST", "/second-factor/begin"): ((), {}),
    ("POST", "/second-factor/codes"): ((), {}),
    ("POST", "/second-factor/away"): ((), {}),
    ("POST", "/programmes/{id}/second-factor"): (MANAGER, {"asked": "no"}),
    ("GET", "/school"): (HEADS, None),
    ("GET", "/school/answer"): (HEADS, None),
    ("POST", "/school/answer"): (HEADS, {"say": "accept"}),
    ("GET", "/school/held"): (HEADS, None),
    ("GET", "/sip"): (SIPS, None),
    ("GET", "/sip/answer"): (SIPS, None),
    ("POST", "/sip/answer"): (SIPS, {"say": "accept"}),
    ("GET", "/sip/held"): (SIPS, None),
}
SITE = "http://testserver"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def address(desk: Desk, page: str) -> str:
    """The page's address in the office of tests/service/office.py."""
    id = "p" if page.startswith("/programmes") else "r"
    ended = ("/adopt", "stopped"), ("/away", "stopped")
    job = next((j for part, j in (("/choices/", "chosen"), *ended) if part in page), desk.ids["job"])
    names = {
        "id": id,
        "job": job,
        "scenario": "none",
        "urn": "1",
        "sip": "A",
        "plan": desk.ids["plan"],
        "n": "1",
        "secret": "none",
        "key": "tenure.limit",
        "table": "sips",
        "programme": "p",
    } | {"name": "notice" if "/account/" in page else "all.pdf"}
    asks = "?urn=1&sip=B" if page.endswith(("/move", "/try")) else ""
    with desk.db.read() as s:
        grant = s.scalars(sa.select(Grant.id).where(Grant.programme_id == "p", Grant.role == "auditor")).one()
    query = QUERY.get(page, "").format(**names)
    whole = SITE + page.format(**names, kind="csv" if "plan." in page else "school", grant=grant) + asks
    return f"{whole}?{query}" if query else whole


def test_no_page_is_without_a_row() -> None:
    routes = [r for family in pages.FAMILIES for r in family.router.routes if isinstance(r, APIRoute)]
    assert {(m, r.path) for r in routes for m in r.methods or ()} == set(MATRIX)


@pytest.mark.parametrize(("method", "page"), list(MATRIX)[:: whole_or(1, 1, 2)])
def test_who_may_open_it(desk: Desk, method: str, page: str) -> None:
    allowed, form = MATRIX[method, page]
    may = [] if allowed == OPEN else [n for n in PEOPLE if n in allowed]  # they come last: they change things
    others, turn = [n for n in PEOPLE if n not in may], list(MATRIX).index((method, page))
    for name in [None, *whole_or(others, others, others[turn % 5 :: 5]), *may]:  # in turn: over the rows, everybody
        answer = desk.client.request(
            method, address(desk, page), data=form, headers=desk.headers(name), follow_redirects=False
        )
        if allowed == OPEN:
            assert answer.status_code not in (401, 403, 500), (name, answer.text)
        elif name is None:
            assert answer.status_code == (401 if method == "POST" else 303), answer.text
            assert method == "POST" or answer.headers["location"].startswith("/sign-in?next=")
        elif name in allowed:
            assert answer.status_code in (200, 303, 409, 422), (name, answer.status_code, answer.text)
        else:
            assert answer.status_code in (403, 404), (name, answer.status_code)
        is_page = answer.headers.get("content-type", "").startswith("text/html")
        assert answer.status_code == 303 or is_page or "attachment" in answer.headers["content-disposition"]
        if is_page:
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert "<script>" not in answer.text
            assert " style=" not in answer.text
            assert " onclick=" not in answer.text
