"""Asking first: by link on a phone without script, by telephone, chased, and taken into the data (domain X17)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from allocator import rounds
from allocator.domain.case import Case
from allocator.domain.policy import Policy
from allocator.reasons.answer import solve
from allocator.service import passes, roles
from allocator.store import keep, questionnaires
from allocator.store.database import Database
from allocator.store.tables import Programme, RoundRow
from allocator.words import day
from tests.make import case, led, school, sip
from tests.pages.site import PHONE, Site, accessible
from tests.service.office import MEL, Desk, open_office
from tests.sizes import long


def team() -> Case:
    """Ann leads Alder and Birch, whose head they share; Ben leads Cedar. Dale has no address."""
    schools = [
        school("1", name="Alder School", head="h1", head_email="h1@x.example", focus=("maths",)),
        school("2", name="Birch School", head="h1", head_email="h1@x.example"),
        school("3", name="Cedar School", head="h3", head_email="h3@x.example"),
        school("4", name="Dale School"),
    ]
    sips = [sip("A", name="Ann Lee", email="ann@x.example", specialisms=("maths", "writing")), sip("B", name="Ben Roe")]
    history = [*led("1", "A", "2025/26"), *led("2", "A", "2025/26"), *led("3", "B", "2025/26")]
    return case(schools, sips, history=history)


def open_round(db: Database, id: str, facts: Case | None = None) -> None:
    with db.write() as s:
        s.add(Programme(id=id, name="Asking", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id=id, programme_id=id, name="2026/27", created_at=keep.now()))
        s.flush()
        keep.keep_case(s, keep.the_round(s, id, lock=True), facts or team(), Policy(), [], MEL)


@long()
def test_from_the_offer_to_the_data(at: Site) -> None:
    open_round(at.db, "ask")
    at.manages_all("ask")
    page = at.enter("ask", "manager")
    page.goto(f"{at.base}/rounds/ask/ask")
    expect(page.get_by_role("heading", name="Schools: 0 of 4 answered")).to_be_visible()
    accessible(page)
    until = keep.now().date() + dt.timedelta(days=30)
    for part, n in (("Day", until.day), ("Month", until.month), ("Year", until.year)):
        page.get_by_role("group", name="Answer by").get_by_label(part).fill(str(n))
    page.get_by_role("button", name="Make links for the 4 not yet asked").click()
    expect(page.get_by_role("heading", name="4 links to send")).to_be_visible()
    accessible(page)
    links = dict(
        zip(page.locator("tbody th").all_inner_texts(), page.locator("tbody code").all_inner_texts(), strict=True)
    )

    head = at.context(width=PHONE, script=False).new_page()
    head.goto(links["Head of Alder School"])
    head.get_by_role("button", name="Sign in").click()
    expect(head.get_by_text("Alder School and Birch School")).to_be_visible()
    expect(head.get_by_text(f"Please answer by {day(until)}.")).to_be_visible()
    assert "Cedar" not in head.content()
    assert "Ben" not in head.content()
    head.get_by_role("button", name="Send my answer").click()
    expect(head.get_by_role("alert")).to_contain_text("Say whether to keep your SIP, change, or talk first")
    head.get_by_label("We would like a change").check()
    head.get_by_label("Fresh eyes").check()
    head.get_by_label("Is there a SIP you would like by name?").fill("mr ben roe")
    head.get_by_label("writing").check()
    head.get_by_label("Yes, but a different person").check()
    head.get_by_role("button", name="Send my answer").click()
    expect(head.get_by_text("Your answer is kept")).to_be_visible()
    expect(head.get_by_label("We would like a change")).to_be_checked()
    head.goto(f"{at.base}/school")
    expect(head.get_by_role("heading", name="What you told us for 2026/27")).to_be_visible()
    head.get_by_text("Answered on").click()
    for said in ("We would like a change", "Fresh eyes, someone from elsewhere", "mr ben roe", "maths and writing"):
        expect(head.get_by_text(said)).to_be_visible()
    expect(head.get_by_role("link", name="Change your answer")).to_be_visible()
    seen = at.enter("ask", "head", urn="1", email="h1@x.example", width=PHONE)
    assert "Head of Alder School" in seen.content()
    assert "for your school" not in seen.content()  # who has no name of their own is called by the school already
    seen.get_by_text("Answered on").click()
    accessible(seen)
    assert seen.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    ann = at.context(width=PHONE, script=False).new_page()
    ann.goto(links["Ann Lee"])
    ann.get_by_role("button", name="Sign in").click()
    ann.get_by_label("Days in the year").fill("12.3")
    ann.get_by_role("button", name="Send my answer").click()
    expect(ann.get_by_role("alert")).to_contain_text("quarters, such as 12 or 4.75")
    expect(ann.get_by_role("alert")).to_contain_text("looked at every school")
    ann.get_by_label("Days in the year").fill("12")
    ann.get_by_label("November and December").fill("4")
    ann.get_by_label("Cedar School").select_option(label="I have a tie that bars me (nobody is told what it is)")
    ann.get_by_label("I have looked at every school in this list").check()
    ann.get_by_role("group", name="Have you done what you can").get_by_label("Birch School").check()
    ann.get_by_text("Time away 1").click()
    for side, n in (("First", 2), ("Last", 20)):
        group = ann.get_by_role("group", name=f"{side} day away").first
        for part, text in (("Day", n), ("Month", 11), ("Year", 2026)):
            group.get_by_label(part).fill(str(text))
    ann.get_by_role("button", name="Send my answer").click()
    expect(ann.get_by_text("Your answer is kept")).to_be_visible()

    page.goto(f"{at.base}/rounds/ask/ask")
    expect(page.get_by_role("heading", name="Schools: 2 of 4 answered")).to_be_visible()
    for told in (
        "Alder School asks for a change from its SIP",
        "Ann Lee: days 12, was 20",
        "Ann Lee asks to move on from Birch School",
        "Alder School asks for Ben Roe",
        "Ann Lee is away from 2 November 2026 to 20 November 2026",
        "Ann Lee declares an interest in Cedar School: barred",
    ):
        expect(page.get_by_text(told)).to_be_visible()
    accessible(page)
    page.get_by_role("link", name="Dale School").click()
    accessible(page)
    page.get_by_label("Someone known locally").check()
    page.get_by_label("Who that is").select_option("Ben Roe")
    page.get_by_role("button", name="Keep the answer").click()
    page.get_by_role("button", name="Remind the 1 who have not answered").click()
    expect(page.get_by_role("heading", name="1 links to send")).to_be_visible()
    page.goto(f"{at.base}/rounds/ask/ask")
    page.get_by_role("button", name="Take 4 answers into the data").click()
    expect(page.get_by_text("4 answers are in the data, as its version 2")).to_be_visible()
    with at.db.read() as s:
        row = keep.case_row(s, "ask")
        assert row is not None
        new, _ = keep.case_of(row)
        assert {(w.urn, w.wish) for w in new.wishes if w.by == "school"} == {
            (u, w) for u in "12" for w in ("change", "fresh_eyes", "named")
        } | {("4", "known_locally"), ("4", "named")}
        assert new.schools[0].appraisal == "different"
        assert new.schools[0].focus == ("maths", "writing")
        log = questionnaires.asked(s, "ask")
        assert log["school", "3"].reminded != ()
        assert log["school", "4"].by is not None
        assert log["school", "4"].by.role == "manager"  # by telephone
    page.goto(f"{at.base}/rounds/ask")
    expect(page.get_by_text("4 of 6 have answered")).to_be_visible()


@long()
def test_the_forms_are_accessible_and_fit_a_phone(at: Site) -> None:
    open_round(at.db, "ask2")
    for page, path in (
        (at.enter("ask2", "head", urn="1", width=PHONE), "/school/ask"),
        (at.enter("ask2", "sip", sip="A", width=PHONE), "/sip/ask"),
    ):
        page.goto(f"{at.base}{path}")
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="Send my answer").click()
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        accessible(page)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_office(tmp_path)


def test_once_proposals_are_out_the_forms_are_closed(desk: Desk) -> None:
    seen = desk.client.get("http://testserver/school/ask", headers=desk.headers("head"))
    assert "Your SIP before 2026/27 was planned was Sip A. What would you like?" in seen.text
    assert "Your SIP is" not in seen.text
    assert "this form is closed" in seen.text
    sent = desk.client.post("http://testserver/school/ask", headers=desk.headers("head"), data={"going_on": "keep"})
    assert sent.status_code == 409
    by_phone = desk.client.post(
        "http://testserver/rounds/r/ask/schools/1",
        headers=desk.headers("manager"),
        data={"going_on": "keep"},
        follow_redirects=False,
    )
    assert by_phone.status_code == 303  # a manager still writes down what is said


def test_a_head_in_force_says_what_they_would_like_next_year_and_it_is_their_answer_there(desk: Desk) -> None:
    site, head, manager = "http://testserver", desk.headers("head"), desk.headers("manager")

    def get(path: str, who: dict[str, str]) -> str:
        return desk.client.get(f"{site}{path}", headers=who).text

    def post(path: str, who: dict[str, str], **form: str) -> int:
        return desk.client.post(f"{site}{path}", headers=who, data=form, follow_redirects=False).status_code

    early = desk.client.get(f"{site}/school/next-year", headers=head)
    assert (early.status_code, "not in force yet" in early.text) == (409, True)
    today = keep.now().date()
    with desk.db.write() as s:
        for urn in "123":
            keep.step(s, "r", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
        keep.step(s, "r", MEL, lambda d: rounds.close_query(d, 1, "You know each other.", today))
        keep.step(s, "r", MEL, partial(rounds.answer, urn="4", says="accept", by="head", on=today))
        keep.step(s, "r", MEL, lambda d: rounds.confirm(d, list(d.round.pairs), MEL))
        keep.step(s, "r", MEL, lambda d: rounds.put_in_force(d, today))
    assert "What would you like for 2027/28" in get("/school", head)
    form = get("/school/next-year?round=r&urn=1", head)
    assert "Your SIP is Sip A. What would you like?" in form
    assert "is your answer when 2027/28 is planned" in form
    assert post("/school/next-year?round=r&urn=1", head) == 422
    assert post("/school/next-year?round=r&urn=1", head, going_on="keep") == 303
    assert post("/school/next-year?round=r&urn=1", head, going_on="change", known="fresh_eyes") == 303
    assert post("/school/next-year?round=r&urn=1", head, going_on="keep") == 303  # as at first, and no press twice
    with desk.db.read() as s:
        assert questionnaires.for_next_year(s, "r")["school", "1"].word["going_on"] == "keep"
    for focus in ("reading\x07", "r" * 201):
        assert post("/school/next-year?round=r&urn=1", head, going_on="keep", focus=focus) == 422
    assert post("/school/next-year?round=r&urn=1", head, going_on="change", known="fresh_eyes", note="again") == 303
    assert post("/school/next-year?round=r&urn=3", head, going_on="change") == 404  # another's school
    assert "What you told us for 2027/28" in get("/school", head)
    held = get("/school/held", head)
    assert held.count("what was said of next year") == 4  # all that was said is held, and so it is shown
    assert "fresh eyes" in held
    assert "what was said of next year" not in get("/school/held", desk.headers("other head"))
    with desk.db.read() as s:
        assert questionnaires.asked(s, "r") == {}  # this year's answers are what they were
    assert "1 school has said what they would like" in get("/rounds/r/next-year", manager)
    opened = desk.client.post(f"{site}/rounds/r/next-year", headers=manager, follow_redirects=False)
    new = opened.headers["location"].split("/")[2]
    with desk.db.read() as s:
        said = questionnaires.asked(s, new)
        assert list(said) == [("school", "1")]
        word, by = said["school", "1"].word, said["school", "1"].by
        assert (word["going_on"], word["known"], by and by.role) == ("change", "fresh_eyes", "head")
    assert "1 Hill School asks for a change from its SIP" in get(f"/rounds/{new}/ask", manager)
    to = desk.client.get(f"{site}/school/next-year?round=r&urn=1", headers=head, follow_redirects=False)
    assert to.headers["location"] == f"/school/ask?round={new}&urn=1"  # from now on it is said there
    assert post("/school/next-year?round=r&urn=1", head, going_on="discuss") == 409


def test_a_school_that_closes_this_year_is_not_offered_the_next(desk: Desk) -> None:
    schools = [school("1", closes_on=dt.date(2027, 4, 30)), school("2")]
    given, today = case(schools, [sip("A")], history=led("1", "A", "2025/26")), keep.now().date()
    plan = solve(given, Policy())
    with desk.db.write() as s:
        row = keep.the_round(s, "rq", lock=True)
        keep.keep_case(s, row, given, Policy(), [], MEL)
        keep.keep_plan(s, "rq", plan)
        keep.keep_fact(s, row, rounds.adopt(keep.standing(s, "rq"), plan), MEL)
        keep.step(s, "rq", MEL, lambda d: rounds.propose(d, None, today))
        for urn in "12":
            keep.step(s, "rq", MEL, partial(rounds.answer, urn=urn, says="accept", by="head", on=today))
        keep.step(s, "rq", MEL, lambda d: rounds.confirm(d, list(d.round.pairs), MEL))
        keep.step(s, "rq", MEL, lambda d: rounds.put_in_force(d, today))
    page = desk.client.get("http://testserver/school", headers=desk.headers("head elsewhere"))
    assert (page.status_code, "next-year" in page.text) == (200, False)


@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 200), (400, 422), (None, 200)])
def test_the_letter_that_asks_says_a_date_to_come(desk: Desk, days: int | None, status: int) -> None:
    open_round(desk.db, "new")
    with desk.db.write() as s:
        for programme in ("p", "q", "new"):  # who manages all is shown links
            grant = roles.enrol(s, "mel@example.org", "Mel", programme, "manager")
        token, _ = passes.begin(s, grant.person_id, "manager", "token", dt.timedelta(days=1), programme="new")
        s.execute(sa.update(Programme).where(Programme.id == "new").values(telephone="01632 960018"))
    until = keep.now().date() + dt.timedelta(days=14 if days is None else days)
    parts = {f"offered_by-{p}": str(getattr(until, p)) for p in ("day", "month", "year")} if days is not None else {}
    form = {"step": "offered", "as": "csv", **parts}
    key = {"Authorization": f"Bearer {token}"}
    answer = desk.client.post("http://testserver/rounds/new/ask", headers=key, data=form)
    assert answer.status_code == status
    with desk.db.read() as s:
        log = questionnaires.asked(s, "new")
    if status == 200:
        letter = next(iter(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))))["Letter"]
        assert f"Please answer by {day(until)}." in letter
        assert letter.rstrip().endswith("Asking\nTelephone 01632 960018")
        assert log["school", "1"].answer_by == until
    else:
        assert not log


def test_the_letter_to_a_sip_asks_what_they_can_give_and_a_wish_to_move_on_is_ticked(desk: Desk) -> None:
    wish = {"by": "sip", "sip": "A", "urn": "1", "wish": "move_on"}
    with desk.db.write() as s:
        s.add(Programme(id="fold", name="Fold", created_at=keep.now()))
        s.flush()
        s.add(RoundRow(id="fold", programme_id="fold", name="2026/27", created_at=keep.now()))
        s.flush()
        keep.keep_case(s, keep.the_round(s, "fold", lock=True), a_county(wishes=[wish]), Policy(), [], MEL)
        for programme in ("p", "q", "fold"):
            grant = roles.enrol(s, "mel@example.org", "Mel", programme, "manager")
        token, _ = passes.begin(s, grant.person_id, "manager", "token", dt.timedelta(days=1), programme="fold")
    key = {"Authorization": f"Bearer {token}"}
    asked = desk.client.post("http://testserver/rounds/fold/ask", headers=key, data={"step": "offered", "as": "csv"})
    rows = {r["To"]: r for r in csv.DictReader(io.StringIO(asked.content.decode("utf-8-sig")))}
    assert "what can you give?" in rows["Ann Lee"]["Subject"]
    assert "we ask everyone for their days, times away and ties to schools." in rows["Ann Lee"]["Letter"]
    assert "what would you like?" in rows["Head of Ash School 1"]["Subject"]
    form = desk.client.get("http://testserver/rounds/fold/ask/sips/A", headers=key).text
    assert re.search(r'name="move_on"[^>]* value="1"[^>]* checked', form)


def a_county(n: int = 60, **tables: Any) -> Case:
    """Ash School 1, Bay School 2, Cod School 3, Ash School 4 …, the first led by Ann and asked by mail."""
    names = ("Ash", "Bay", "Cod")
    rows = [
        school(str(k), name=f"{names[(k - 1) % 3]} School {k}", head_email="h1@x.example" if k == 1 else None)
        for k in range(1, n + 1)
    ]
    return case(rows, [sip("A", name="Ann Lee", email="ann@x.example")], history=led("1", "A", "2025/26"), **tables)


@long()
def test_the_form_of_a_sip_who_could_meet_many_schools_is_folded_and_loses_none(at: Site) -> None:
    open_round(at.db, "many-ties", a_county(interests=[{"sip": "A", "urn": "5", "kind": "governor"}]))
    plain = at.enter("many-ties", "sip", sip="A", width=PHONE, script=False)
    plain.goto(f"{at.base}/sip/ask")
    assert plain.locator(".sip-ties select").count() == 60
    assert plain.locator(".sip-ties select:visible").count() == 2  # theirs, and the one with a tie
    assert plain.get_by_label("Find a school").is_hidden()
    assert plain.evaluate("document.documentElement.scrollHeight") < 5000
    page = at.enter("many-ties", "sip", sip="A", width=PHONE)
    page.goto(f"{at.base}/sip/ask")
    page.get_by_label("Find a school").fill("school 33")
    expect(page.get_by_label("Cod School 33")).to_be_visible()
    assert page.locator(".sip-ties select:visible").count() == 1
    page.get_by_label("Cod School 33").select_option("paid_work")
    page.get_by_label("Find a school").fill("")
    accessible(page)
    page.get_by_label("I have looked at every school").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_label("Cod School 33")).to_be_visible()  # what has been said stands first
    with at.db.read() as s:
        assert questionnaires.asked(s, "many-ties")["sip", "A"].word["ties"] == {"5": "governor", "33": "paid_work"}


def test_a_head_asks_about_their_own_school_only(desk: Desk) -> None:
    other = desk.client.get("http://testserver/school/ask?urn=3", headers=desk.headers("head"))
    assert other.status_code == 404
    mine = desk.client.get("http://testserver/school/ask", headers=desk.headers("head")).text
    assert "1 Hill School" in mine
    assert all(f"{n} Hill School" not in mine for n in (2, 3, 4))
    assert "Sip B" not in mine


def test_the_mail_merge_of_the_offer_names_school_and_sip(at: Site) -> None:
    open_round(at.db, "merge")
    at.manages_all("merge")
    page = at.enter("merge", "manager")
    page.goto(f"{at.base}/rounds/merge/ask")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="As a mail-merge file").click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8-sig"))))
    found = {(r["To"], r["School"], r["URN"], r["SIP"]) for r in rows}
    assert ("Head of Alder School", "Alder School", "1", "Ann Lee") in found
    assert ("Ann Lee", "", "", "Ann Lee") in found
    assert all(r["Link"] and r["Link"] in r["Letter"] for r in rows)
    assert all(
        "\n" not in part.strip() for r in rows for part in r["Letter"].split("\n\n")[:-1]
    )  # no line is broken off
