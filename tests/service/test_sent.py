"""Letters as they went; a SIP who says no to one school; Gorse of Hartwell, refused, overruled, and one step up."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from allocator import rounds
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.store import keep
from allocator.store.tables import SentRow
from tests.make import case, led, school, sip
from tests.pages.site import hartwell
from tests.service.office import MEL, Desk, open_office, planned

SITE, GORSE = "http://testserver", "900020"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def read(desk: Desk, name: str, path: str) -> str:
    """The words of a page, as people read them."""
    answer = desk.client.get(SITE + path, headers=desk.headers(name), follow_redirects=False)
    assert answer.status_code == 200, answer.text
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


def send(desk: Desk, name: str, path: str, **form: Any) -> int:
    answer = desk.client.post(SITE + path, data=form, headers=desk.headers(name), follow_redirects=False)
    return int(answer.status_code)


def about(desk: Desk, name: str, path: str) -> str:
    page = desk.client.get(SITE + path, headers=desk.headers(name)).text
    found = re.search(r'about(?:=|" value=")([0-9a-f]{16})', page)
    assert found
    return found[1]


def test_a_letter_is_kept_as_it_went_and_shown_to_those_it_went_to(desk: Desk) -> None:
    send(desk, "manager", "/rounds/r/publish/withdraw", urn="1", reason="again")
    assert send(desk, "manager", "/rounds/r/publish/send", urns=["1"]) == 303
    for name, path in (
        ("head", "/school"),
        ("chair", "/school"),
        ("manager", "/rounds/r/sent"),
        ("auditor", "/rounds/r/sent"),
    ):
        page = read(desk, name, path)
        assert "As sent by manager" in page, name
        assert ("To the chair of governors of 1 Hill School" in page) == (name != "head"), name
        assert ("To the headteacher of 1 Hill School" in page) == (name != "chair"), name
    for name, path in (("other head", "/school"), ("sip", "/sip")):
        assert "To the headteacher of 1 Hill School" not in read(desk, name, path), name
    kept = desk.client.get("/rounds/r/letters", headers=desk.headers("auditor")).json()["items"]
    assert {(x["kind"], x["to"], x["whole"]) for x in kept} == {
        ("school", "The headteacher, 1 Hill School", True),
        ("chair", "The chair of governors, 1 Hill School", True),
    }
    with desk.db.write() as s:
        s.execute(sa.update(SentRow).values(text="Something else."))
    assert "not the one that the log has sealed" in read(desk, "manager", "/rounds/r/sent")


def test_what_was_sent_stays_when_the_plan_changes(desk: Desk) -> None:
    send(desk, "manager", "/rounds/r/publish/withdraw", urn="1", reason="again")
    send(desk, "manager", "/rounds/r/publish/send", urns=["1"])
    read(desk, "manager", "/rounds/r/sent")  # takes the notice of the page before along
    before = read(desk, "manager", "/rounds/r/sent")
    with desk.db.write() as s:
        _, at = keep.desk(s, "r")
        plan, fact = rounds.by_hand(at, [{"lock": {"urn": "1", "sip": "C"}}], "the head asked")
        keep.keep_plan(s, "r", plan)
        keep.keep_fact(s, keep.the_round(s, "r", lock=True), fact, MEL)
    assert read(desk, "manager", "/rounds/r/sent") == before
    assert "Sip A stays your" in before
    checked = desk.client.post(f"{SITE}/rounds/r/publish/check", data={"urns": ["1"]}, headers=desk.headers("manager"))
    assert (
        "I named Sip A as your School Improvement Partner" in checked.text
    )  # the new one says what was written before


def test_a_sip_says_no_to_one_school_and_is_let_go(desk: Desk) -> None:
    send(desk, "manager", "/rounds/r/publish/sound", sips=["A"])
    token = about(desk, "sip", "/sip")
    assert send(desk, "sip", "/sip/answer", about=token, say="decline") == 422  # the reason is wanted
    assert send(desk, "sip", "/sip/answer", about=token, say="decline", reason="my brother works there") == 303
    assert "my brother works there" in read(desk, "manager", "/rounds/r/answers")
    for name, path in (("auditor", "/rounds/r/answers"), ("auditor", "/rounds/r/log"), ("head", "/school")):
        assert "my brother" not in read(desk, name, path), (name, path)
    asked = desk.client.get("/rounds/r/queries", headers=desk.headers("auditor")).json()["items"]
    assert [q["text"] for q in asked if q["about"] == "decline"] == [None]
    events = desk.client.get("/rounds/r/events", headers=desk.headers("auditor")).text
    assert "my brother" not in events
    form = {"n": "2", "outcome": "I see", "decides": "1"}
    assert send(desk, "manager", "/rounds/r/answers/query", **form) == 422
    assert send(desk, "manager", "/rounds/r/answers/query", **form, opens="go") == 303
    page = read(desk, "head", "/school")
    assert "Sip A cannot be with you after all." in page
    assert "You asked" not in page
    assert "decided on" in read(desk, "sip", "/sip")
    assert "To be planned again" in read(desk, "manager", "/rounds/r/answers")
    assert "Plan again for 1 school whose SIP was let go" in read(desk, "manager", "/rounds/r")
    with desk.db.read() as s:
        stands = keep.standing(s, "r")
    assert [(p.urn, p.declined) for p in stands.waiting] == [("1", True)]
    assert stands.refused == ()


@pytest.fixture
def gorse(desk: Desk) -> Desk:
    """Hartwell's round `h` in programme p, Gorse told; its head and chair, and its SIP, are people of it."""
    with desk.db.write() as s:
        planned(s, "h", *hartwell(), programme="p")
        given: tuple[tuple[str, roles.GrantRole, str, str], ...] = (
            ("gorse head", "head", GORSE, ""),
            ("gorse chair", "chair", GORSE, ""),
            ("owen", "sip", "", "owen"),
        )
        for name, role, urn, sip in given:
            grant = roles.enrol(s, f"{name.replace(' ', '.')}@example.org", name, "p", role, urn=urn, sip=sip)
            life = dt.timedelta(days=1)
            desk.tokens[name], _ = passes.begin(s, grant.person_id, roles.ROLE_OF[role], "token", life, programme="p")
    assert send(desk, "manager", "/rounds/h/publish/send", urns=[GORSE]) == 303
    return desk


def test_gorse_refuses_is_overruled_and_reads_so_why_by_whom_and_where_to_turn(gorse: Desk) -> None:
    assert (
        send(
            gorse,
            "gorse head",
            "/school/answer",
            about=about(gorse, "gorse head", "/school"),
            say="veto",
            reason="We have met",
        )
        == 303
    )
    why = "Of those with the experience that you need now, Owen alone has the time"
    assert send(gorse, "manager", "/rounds/h/answers/decide", urn=GORSE, post="lead", word="stays", reason=why) == 303
    decided = (
        r"You asked for somebody else\. manager considered it and decided on \d+ \w+ \d{4} that it is to be Owen Price all the same\. "
        rf"The reason: {why}\."
    )
    turn = "If you do not agree, you can ask the assistant director, who decides within 10 days, to look at it again"
    page = read(gorse, "gorse head", "/school")
    assert re.search(decided, page), page
    assert turn in page
    assert "Your yes" not in page
    assert send(gorse, "manager", "/rounds/h/publish/tell") == 303
    letter = read(gorse, "manager", f"/rounds/h/answers/{GORSE}")
    assert re.search(decided, letter)
    assert turn in letter
    for name, path in (("gorse chair", "/school"), ("owen", "/sip"), ("auditor", f"/rounds/h/answers/{GORSE}")):
        assert "We have met" not in read(gorse, name, path), name
    assert "refus" not in read(gorse, "owen", "/sip").lower()
    token = about(gorse, "gorse head", "/school")
    assert send(gorse, "gorse chair", "/school/answer", about=token, say="raise") in (403, 409, 422)
    assert send(gorse, "gorse head", "/school/answer", about=token, say="raise", reason="He knows our governors") == 303
    page = read(gorse, "gorse head", "/school")
    assert re.search(
        r"You did not agree, and it is with the assistant director, who decides by \d+ \w+ \d{4} and writes to you",
        page,
    ), page
    assert "He knows our governors" in read(gorse, "manager", f"/rounds/h/answers/{GORSE}")
    assert "He knows our governors" not in read(gorse, "auditor", f"/rounds/h/answers/{GORSE}")


def test_a_sip_reads_that_a_school_is_in_special_measures_and_a_head_reads_no_category(gorse: Desk) -> None:
    assert "The school is in special measures, which is why you are asked" in read(gorse, "owen", "/sip")
    for name in ("gorse head", "gorse chair"):
        page = read(gorse, name, "/school")
        assert "special measures" not in page, name
        assert "Owen Price is an adviser of the authority" in page, name
        assert "A computer program proposed this, by rules that we publish" in page, name


def test_a_request_that_the_sip_come_with_the_head_is_decided_and_read_on_the_page_and_in_a_letter(desk: Desk) -> None:
    team = [sip("A", name="Siân Llŷr", max_schools=1), sip("B", name="Łukasz Żak")]
    wish = {"by": "school", "urn": "2", "sip": "A", "wish": "follow_head"}
    tables = case([school("1"), school("2")], team, history=led("1", "A", "2025/26"), wishes=[wish])
    with desk.db.write() as s:
        planned(s, "f", tables, Policy(), solve(tables, Policy()), programme="p")
        grant = roles.enrol(s, "dale@example.org", "dale head", "p", "head", urn="2")
        desk.tokens["dale head"], _ = passes.begin(
            s, grant.person_id, "school", "token", dt.timedelta(days=1), programme="p"
        )
    assert send(desk, "manager", "/rounds/f/publish/send", urns=["2"]) == 303
    assert "That Siân Llŷr come with the head You have an answer by" in read(desk, "dale head", "/school")
    assert "A request that the SIP come with the head, from the head of" in read(desk, "manager", "/rounds/f/answers")
    assert send(desk, "manager", "/rounds/f/answers/query", n="1", outcome="She is needed where she is") == 303
    said = r"manager considered it and decided on \d+ \w+ \d{4}: Siân Llŷr does not come with the head\. The reason: She is needed where she is\. "
    assert re.search(
        said + "If you do not agree, ask the assistant director to look at it", read(desk, "dale head", "/school")
    )
    assert send(desk, "manager", "/rounds/f/publish/tell") == 303
    assert re.search(said, read(desk, "manager", "/rounds/f/answers/2"))


def test_no_letter_goes_while_its_sip_has_said_no_or_declared_a_tie(desk: Desk) -> None:
    with desk.db.write() as s:
        planned(s, "h", *hartwell(), programme="p")
        grant = roles.enrol(s, "owen@example.org", "owen", "p", "sip", sip="owen")
        desk.tokens["owen"], _ = passes.begin(s, grant.person_id, "sip", "token", dt.timedelta(days=1), programme="p")
    assert send(desk, "manager", "/rounds/h/publish/sound", sips=["owen"]) == 303
    token = about(desk, "owen", "/sip")
    assert send(desk, "owen", "/sip/answer", about=token, say="decline", reason="too far") == 303
    with desk.db.read() as s:
        held = rounds.held_back(keep.desk(s, "h")[1])
    assert set(held.values()) == {"Owen Price has said no to it"}
    page = read(desk, "manager", "/rounds/h/publish")
    assert "1 school waits until you have answered the SIP" in page
    assert "Look at the letters of all 62 shown" in page
    assert "too far" not in page
    assert send(desk, "manager", "/rounds/h/publish/send", urns=list(held)) == 409
    checked = desk.client.get(f"{SITE}/rounds/h/publish/check", headers=desk.headers("manager")).text
    assert "62 schools, to answer by" in html.unescape(checked)
    assert "Answer 1 question" in read(desk, "manager", "/rounds/h")
    form = {"n": "1", "outcome": "I see", "decides": "1", "opens": "go"}
    assert send(desk, "manager", "/rounds/h/answers/query", **form) == 303
    page = read(desk, "manager", "/rounds/h")
    assert "Plan again for 1 school whose SIP was let go" in page
    assert re.search(r" 0 of \d+ pairs told", page), page
